"""The TLS floor, tried on real servers that allow what they should not."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from evalkit.boundary.transport import check_floor
from evalkit.errors import AgentError

Serve = Callable[..., str]


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the play."""


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, str(path)


@pytest.fixture
def serve(authority: tuple[trustme.CA, str]) -> Iterator[Serve]:
    """A TLS server of these versions; its address comes back."""
    started: list[tuple[Listener, threading.Thread]] = []

    def start(
        lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, *,
        host: str = "localhost", tls: bool = True,
    ) -> str:  # fmt: skip
        server = Listener(("127.0.0.1", 0), Exchange)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version, context.maximum_version = lowest, highest
            context.set_ciphers("ALL:@SECLEVEL=0")
            authority[0].issue_cert(host).configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started.append((server, thread))
        return f"https://localhost:{server.server_address[1]}/agent"

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def told(url: str, ca: str) -> dict[str, str]:
    return {found.case_id: found.what for found in check_floor(url, ca=ca).findings}


def test_a_server_of_today_passes(serve: Serve, authority: tuple[trustme.CA, str]) -> None:
    result = check_floor(serve(), ca=authority[1])
    assert result.findings == ()
    assert result.verdict == "pass"
    assert result.passed + result.not_observed == 4
    assert result.possible == ""


@pytest.mark.parametrize(("lowest", "name"), [(ssl.TLSVersion.TLSv1, "TLS 1.0"), (ssl.TLSVersion.TLSv1_1, "TLS 1.1")])
def test_a_server_that_accepts_an_older_protocol_fails(
    serve: Serve, authority: tuple[trustme.CA, str], lowest: ssl.TLSVersion, name: str
) -> None:
    if not (ssl.HAS_TLSv1 and ssl.HAS_TLSv1_1):
        pytest.skip("this machine's OpenSSL speaks no TLS 1.0 and 1.1")
    found = told(serve(lowest), authority[1])
    if not found:
        assert check_floor(serve(lowest), ca=authority[1]).not_observed, "a machine that cannot speak it has to say so"
        pytest.skip("this machine's OpenSSL is built without it")
    assert found[name] == "an older protocol is accepted"


def test_a_server_that_speaks_nothing_newer_fails(serve: Serve, authority: tuple[trustme.CA, str]) -> None:
    found = told(serve(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1), authority[1])
    assert found["certificate"] in {"no TLS 1.2 or newer", "no connection"}


def test_a_certificate_for_another_host_or_of_a_stranger_fails(
    serve: Serve, authority: tuple[trustme.CA, str], tmp_path: Path
) -> None:
    wrong = "the certificate is not trusted for this host"
    assert told(serve(host="elsewhere.example"), authority[1]) == {"certificate": wrong}
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    assert told(serve(), str(stranger)) == {"certificate": wrong}


def test_plain_http_on_the_same_port_fails(serve: Serve, authority: tuple[trustme.CA, str]) -> None:
    found = told(serve(tls=False), authority[1])
    assert found["plain http"] == "plain HTTP is answered"
    assert "certificate" in found


def test_where_nobody_listens_nothing_is_verified(authority: tuple[trustme.CA, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert told(f"https://localhost:{port}/", authority[1]) == {"certificate": "no connection"}


@pytest.mark.parametrize("url", ["http://localhost/", "https://a@b/", "localhost", ""])
def test_an_address_that_is_no_https_one_is_refused(url: str) -> None:
    with pytest.raises(AgentError, match="not https"):
        check_floor(url)
