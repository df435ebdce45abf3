"""Taps: watching an agent that lives behind an address.

`watch_endpoint` keeps what an HTTP agent says besides its reply: headers, and bodies that are no reply. `Tap` is a
proxy on the loopback interface for what the agent itself sends out: start the agent with ``HTTP_PROXY`` and
``HTTPS_PROXY`` set to ``tap.url``, or give it ``tap.url`` as the address of its model and the tap the real one as
``model_url``. What goes through is kept with the execution at hand, so one request is made at a time.

A tunnel (CONNECT) is encrypted from end to end: the tap sees where it leads and no more, and opens it only to hosts
that it was told of. What an agent sends past its proxy settings it sends unseen.
"""

from __future__ import annotations

import asyncio
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, urlsplit

from evalkit.agents.agent import Agent, Reply, Request, agent_id
from evalkit.agents.endpoint import Endpoint
from evalkit.executions.execution import Sighting
from evalkit.executions.logs import notice
from evalkit.executions.readable import MOST_BYTES, text_of
from evalkit.executions.watching import OVERFLOW

SECONDS = 30.0
"""For one exchange with what lies behind the tap."""
_TICK = 0.002
_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length",
})  # fmt: skip
"""Headers for one connection only (RFC 9110, section 7.6.1), and those that are written anew."""


def watch_endpoint(agent: Endpoint) -> Endpoint:
    """Have an endpoint's answers kept with the execution at hand; returns the same endpoint."""

    def tell(place: str, text: str) -> None:
        notice(Sighting("watch", "endpoint", "answer"), Sighting("answer", place, text))

    agent.notice = tell
    return agent


class Tap:
    """A watching proxy on 127.0.0.1. Use it in a ``with``; ``url`` is its address."""

    def __init__(
        self, *, model_url: str | None = None, allow: Iterable[str] = (), trust: ssl.SSLContext | None = None
    ) -> None:
        """``model_url`` is where requests without a host of their own go on to; ``allow`` are hosts (``host:port``)
        to which tunnels may lead; ``trust`` verifies the model's certificate."""
        self.model = urlsplit(model_url) if model_url else None
        self.allow = frozenset(allow)
        self.trust = trust or ssl.create_default_context()
        self._seen: list[Sighting] = []
        self._kept = 0
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Exchange)
        self._server.tap = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def watch(self, agent: Agent) -> Callable[[Request], Awaitable[Reply]]:
        """The agent, with everything that passes the tap meanwhile kept with its execution."""

        async def tapped(request: Request) -> Reply:
            while not self._turn.acquire(blocking=False):
                await asyncio.sleep(_TICK)
            try:
                self.take()  # what came between two requests is nobody's, and must not be the next one's
                answer = agent(request)
                return await answer if isinstance(answer, Awaitable) else answer
            finally:
                notice(Sighting("watch", "tap", "network"), *self.take())
                self._turn.release()

        tapped.agent_id = agent_id(agent)  # type: ignore[attr-defined]
        return tapped

    def keep(self, line: str, text: str = "") -> None:
        """Keep what was seen on one line: ``plain host:port``, ``tls host:port``, ``connect host:port``."""
        with self._lock:
            self._kept += len(text)
            over = self._kept > MOST_BYTES
            self._seen.append(Sighting("watch", OVERFLOW) if over else Sighting("network", line, text))

    def take(self) -> tuple[Sighting, ...]:
        """What was seen since the last time."""
        with self._lock:
            seen, self._seen, self._kept = tuple(self._seen), [], 0
        return seen

    def __enter__(self) -> Tap:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __repr__(self) -> str:
        return f"Tap({self.url})"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tap: Tap

    def handle_error(self, *_: object) -> None:
        """An agent that hangs up is not an error here, and a traceback would show what it sent."""


class _Exchange(BaseHTTPRequestHandler):
    """One connection of the agent's."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def _relay(self) -> None:
        tap, target = self.server.tap, urlsplit(self.path)
        body = self._body()
        model = tap.model if not target.netloc else target
        host = address_of(model) if model is not None else "nowhere:0"
        secure = model is not None and model.scheme == "https"
        head = f"{self.command} {self.path} HTTP/1.1\n{self.headers}"
        tap.keep(f"{'tls' if secure else 'plain'} {host}", f"{head}\r\n\r\n{text_of(body)}")
        if model is None or (target.netloc and host not in tap.allow):
            self.send_error(403, "not a host that this tap leads to")
            return
        try:
            self._forward(model, host, secure, body=body)
        except (OSError, http.client.HTTPException):
            self.send_error(502, "no answer from behind the tap")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _relay  # noqa: N815 - names of the protocol

    def _body(self) -> bytes:
        """The request's body. A chunked one is put together."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))
        body = bytearray()
        while (size := int(self.rfile.readline().split(b";")[0] or b"0", 16)) and len(body) + size <= MOST_BYTES:
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def _forward(self, model: SplitResult, host: str, secure: bool, *, body: bytes) -> None:
        name, _, port = host.rpartition(":")
        if secure:
            onward: http.client.HTTPConnection = http.client.HTTPSConnection(
                name, int(port), timeout=SECONDS, context=self.server.tap.trust
            )
        else:
            onward = http.client.HTTPConnection(name, int(port), timeout=SECONDS)
        target = urlsplit(self.path)
        path = target._replace(scheme="", netloc="").geturl() or "/"
        if not target.netloc:
            path = model.path.rstrip("/") + path
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            onward.request(self.command, path, body=body or None, headers=headers)
            answer = onward.getresponse()
            content = answer.read(MOST_BYTES)
        finally:
            onward.close()
        self.send_response(answer.status)
        for header, value in answer.getheaders():
            if header.lower() not in _HOP_BY_HOP:
                self.send_header(header, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _tunnel(self) -> None:
        """Open a tunnel to a host that is allowed, and to no other."""
        tap = self.server.tap
        tap.keep(f"connect {self.path}", str(self.headers))
        self.close_connection = True
        if self.path not in tap.allow:
            self.send_error(403, "not a host that this tap leads to")
            return
        name, _, port = self.path.rpartition(":")
        try:
            onward = socket.create_connection((name, int(port)), timeout=SECONDS)
        except (OSError, ValueError):
            self.send_error(502, "no answer from behind the tap")
            return
        tap.keep(f"opaque {self.path}")
        self.send_response(200)
        self.end_headers()
        with onward:
            _pump(self.connection, onward)

    do_CONNECT = _tunnel  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing: request lines hold what the agent sends."""


def address_of(url: SplitResult) -> str:
    """``host:port`` of an address, the port of its scheme where it names none."""
    return f"{url.hostname or ''}:{url.port or (443 if url.scheme == 'https' else 80)}"


def _pump(left: socket.socket, right: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    ends = {left: right, right: left}
    while True:
        ready, _, _ = select.select(list(ends), [], [], SECONDS)
        if not ready:
            return
        for end in ready:
            data = end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)
