"""The floor of a connection, tried for real: handshakes with one address, which the caller names.

45 CFR 164.312(e)(1). No request is sent and nothing but the handshake is spoken: not one byte of PHI is at stake. An
old TLS that the machine's own OpenSSL cannot speak any more is not observed, and said so.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from urllib.parse import urlsplit

from evalkit.agents.routing import host_of
from evalkit.boundary.finding import CheckResult, Finding
from evalkit.digests import digest
from evalkit.errors import AgentError

SECONDS = 5.0
"""For one attempt."""
CHECK_ID, TITLE, CITATION = "tls_floor", "The endpoint speaks TLS 1.2 or newer only", "45 CFR 164.312(e)(1), (e)(2)(i)"
_OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}


def check_floor(url: str, *, ca: str | None = None) -> CheckResult:
    """What an https address accepts: a verified TLS 1.2 or newer must work, TLS 1.0, 1.1 and plain HTTP must not.

    ``ca`` is a PEM file to trust instead of the system's. Raises AgentError for an address that is not one.
    """
    address = host_of(url)
    if address is None or urlsplit(url).scheme != "https":
        raise AgentError("the address is not https, or can be read two ways", where="tls floor")
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    seen = {
        "certificate": _verify(host, int(port), ca),
        **{name: _try_old(host, int(port), version) for name, version in _OLD.items()},
        "plain http": _try_plain(host, int(port)),
    }
    found = tuple(Finding(CHECK_ID, thing, 0, what, thing) for thing, what in seen.items() if what not in _GOOD)
    unseen = sum(what == _CANNOT for what in seen.values())
    passed = len(seen) - len(found) - unseen
    return CheckResult(
        CHECK_ID, TITLE, CITATION, "current", passed, 0, unseen, found, None, digest(seen), sampled=False
    )


_REFUSED, _CANNOT, _VERIFIED = "refused", "this machine cannot speak it", "verified"
_GOOD = frozenset({_REFUSED, _CANNOT, _VERIFIED})


def _verify(host: str, port: int, ca: str | None) -> str:
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        _shake_hands(context, host, port)
    except ssl.SSLCertVerificationError:
        return "the certificate is not trusted for this host"
    except ssl.SSLError:
        return "no TLS 1.2 or newer"
    except OSError:
        return "no connection"
    return _VERIFIED


def _try_old(host: str, port: int, version: ssl.TLSVersion) -> str:
    """Offer one old version and no other. Certificates do not matter here: nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is deprecated is why it is tried
            context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        return _CANNOT
    try:
        _shake_hands(context, host, port)
    except ssl.SSLError as error:
        return _CANNOT if error.reason in {"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE"} else _REFUSED
    except OSError:
        return _REFUSED
    return "an older protocol is accepted"


def _shake_hands(context: ssl.SSLContext, host: str, port: int) -> None:
    line = socket.create_connection((host, port), timeout=SECONDS)
    with line, context.wrap_socket(line, server_hostname=host):
        pass


def _try_plain(host: str, port: int) -> str:
    """Speak HTTP in clear; an answer that is one of HTTP's is a finding."""
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as line:
            line.settimeout(SECONDS)
            line.sendall(b"OPTIONS * HTTP/1.1\r\nHost: " + host.encode("ascii") + b"\r\nConnection: close\r\n\r\n")
            answer = line.recv(64)
    except OSError:
        return _REFUSED
    return "plain HTTP is answered" if answer.startswith(b"HTTP/") and b" 400 " not in answer[:13] else _REFUSED
