"""What a watched process sends: the text of every stream, taken before TLS takes it away, and where it goes.

A line says how and where to: ``tls HOST:PORT VERSION``, ``unverified HOST:PORT VERSION`` where nobody looked at the
certificate, ``plain HOST:PORT``, ``unix PATH``; ``opaque HOST:PORT`` is an encrypted stream whose text was never seen.
"""

from __future__ import annotations

import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from evalkit.executions.readable import MOST_BYTES, printable, text_of, words_of

_HANDSHAKE = b"\x16\x03"
"""How an encrypted stream begins (RFC 8446, section 5.1)."""
_TAPPED = (
    (socket.socket, ("send", "sendall", "sendto", "sendmsg")),
    (ssl.SSLSocket, ("send", "write")),
    (ssl.SSLObject, ("write",)),
)


class Wires:
    """The streams of one process."""

    def __init__(self) -> None:
        self._streams: dict[tuple[int, str], bytearray] = {}
        self._encrypted: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._unread: set[str] = set()
        self._names: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._inside = threading.local()

    def install(self) -> None:
        """From now on everything that Python sends goes through here. For good."""
        resolve = socket.getaddrinfo

        def resolved(host: Any, *rest: Any, **named: Any) -> Any:
            found = resolve(host, *rest, **named)
            self._names.update({str(entry[4][0]): words_of(host) for entry in found})
            return found

        socket.getaddrinfo = resolved
        for owner, names in _TAPPED:
            for name in names:
                setattr(owner, name, self._tap(getattr(owner, name)))

    def connect(self, address: Any) -> str:
        """A connection is about to be made; its line."""
        if not isinstance(address, tuple):
            return f"unix {words_of(address)}"
        host = self._host(address)
        self._ports[host] = int(address[1])
        return f"connect {host}:{address[1]}"

    def read(self) -> Iterator[tuple[str, str]]:
        """Every line since the last time, with what was sent on it."""
        streams, self._streams = self._streams, {}
        unread, self._unread = self._unread, set()
        readable = {line.split()[1] for _, line in streams if line.startswith(("tls ", "unverified "))}
        for (_, line), data in streams.items():
            yield line, text_of(bytes(data))
        yield from ((f"opaque {host}", "") for host in sorted(unread - readable))

    def _tap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def tapped(end: Any, data: Any, *rest: Any, **named: Any) -> Any:
            nested = getattr(self._inside, "on", False)  # an encrypted socket sends through the plain one
            self._inside.on = True
            sent = None
            try:
                sent = original(end, data, *rest, **named)
                return sent
            finally:
                self._inside.on = nested
                if not nested:
                    self._keep(end, data, sent if isinstance(sent, int) else None, rest)

        return tapped

    def _keep(self, end: Any, data: Any, count: int | None, rest: tuple[Any, ...]) -> None:
        parts = data if isinstance(data, (list, tuple)) else [data]
        sent = b"".join(map(bytes, parts))[:count]
        if _is_encrypted(end):
            line = self._encrypted_line(end)
        else:
            line = self._plain_line(end, rest)
            if end in self._encrypted or sent.startswith(_HANDSHAKE):
                self._encrypted.add(end)
                self._unread.add(line.partition(" ")[2])
                return
        stream = self._streams.setdefault((id(end), line), bytearray())
        if len(stream) <= MOST_BYTES:
            stream += sent

    def _encrypted_line(self, end: Any) -> str:
        host = printable(str(end.server_hostname or ""))
        checked = end.context.verify_mode is ssl.CERT_REQUIRED and end.context.check_hostname
        return f"{'tls' if checked else 'unverified'} {host}:{self._ports.get(host, 443)} {end.version()}"

    def _plain_line(self, end: Any, rest: tuple[Any, ...]) -> str:
        try:
            peer = end.getpeername()
        except OSError:
            peer = next((part for part in rest if isinstance(part, tuple)), ("", 0))
        return f"plain {self._host(peer)}:{peer[1]}" if isinstance(peer, tuple) else f"unix {words_of(peer)}"

    def _host(self, address: tuple[Any, ...]) -> str:
        host = str(address[0])
        return printable(self._names.get(host, f"[{host}]" if ":" in host else host))


def _is_encrypted(end: Any) -> bool:
    return isinstance(end, (ssl.SSLSocket, ssl.SSLObject)) and end.version() is not None
