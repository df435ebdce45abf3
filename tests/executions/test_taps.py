"""Taps between real parties: an agent behind an address, its model, and the proxy in between."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from evalkit.agents.agent import Reply, Request
from evalkit.agents.endpoint import endpoint
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Sighting
from evalkit.executions.readable import MOST_BYTES
from evalkit.executions.runner import Settings, execute
from evalkit.executions.taps import Tap, watch_endpoint
from evalkit.executions.watching import OVERFLOW

SECRET = "Quillan Ostrander"
ANSWER = json.dumps({"status": "ok", "output": {"letter": "Seen."}}).encode()
Handle = Callable[[BaseHTTPRequestHandler, bytes], None]


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the play."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


@pytest.fixture
def serve(authority: tuple[trustme.CA, Path]) -> Iterator[Callable[..., int]]:
    """Start a server that hands every request to a function; the port comes back."""
    started: list[tuple[Listener, threading.Thread]] = []

    def start(handle: Handle, *, tls: bool = False) -> int:
        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                handle(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = Listener(("127.0.0.1", 0), Exchange)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority[0].issue_cert("localhost").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started.append((server, thread))
        port: int = server.server_address[1]
        return port

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def say(exchange: BaseHTTPRequestHandler, body: bytes, status: int = 200, reason: str = "OK", **headers: str) -> None:
    exchange.send_response(status, reason)
    for name, value in headers.items():
        exchange.send_header(name.replace("_", "-"), value)
    exchange.send_header("Content-Length", str(len(body)))
    exchange.end_headers()
    exchange.wfile.write(body)


def ask(agent: Any, count: int = 1) -> list[Execution]:
    cases = [Case(case_id=f"c-{n}", family="f", input={"n": n}, flags={}, gold={}) for n in range(count)]
    return list(execute(cases, agent, spec_ref="s@1", settings=Settings(concurrency=4)))


def seen(execution: Execution) -> list[tuple[str, str]]:
    return [(one.place, one.text) for one in execution.seen or () if one.sink != "watch"]


def test_headers_of_an_answer_are_seen(serve: Callable[..., int]) -> None:
    port = serve(lambda exchange, body: say(exchange, ANSWER, X_Patient=SECRET))
    (execution,) = ask(watch_endpoint(endpoint(f"http://127.0.0.1:{port}/")))
    assert execution.status == "ok"
    assert execution.watched("answer")
    ((place, text),) = seen(execution)
    assert place == "headers"
    assert f"x-patient: {SECRET}" in text.lower().replace(SECRET.lower(), SECRET)


@pytest.mark.parametrize(
    ("status", "body"), [(500, SECRET.encode()), (200, f'{{"oops": "{SECRET}"}}'.encode()), (302, b"")]
)
def test_what_is_no_reply_is_seen_whole(serve: Callable[..., int], status: int, body: bytes) -> None:
    port = serve(lambda exchange, _: say(exchange, body, status, f"No {SECRET}", Location=f"/{SECRET}"))
    (execution,) = ask(watch_endpoint(endpoint(f"http://127.0.0.1:{port}/", retries=0)))
    assert execution.failure is not None
    assert SECRET not in execution.failure.text
    told = dict(seen(execution))
    assert told["headers"].startswith(f"No {SECRET}")
    assert told["body"] == body.decode()


def test_an_endpoint_that_nobody_watches_reads_no_body_of_a_failure(serve: Callable[..., int]) -> None:
    port = serve(lambda exchange, _: say(exchange, SECRET.encode(), 500))
    (execution,) = ask(endpoint(f"http://127.0.0.1:{port}/", retries=0))
    assert execution.seen is None


def remote(tap: Tap, path: str = "/v1/chat") -> Handle:
    """An agent that asks its model through the tap."""

    def answer(exchange: BaseHTTPRequestHandler, body: bytes) -> None:
        told = json.loads(body)
        with urllib.request.urlopen(tap.url + path, data=json.dumps({"n": told["input"]["n"]}).encode()) as got:
            said = got.read()
        say(exchange, json.dumps({"status": "ok", "output": json.loads(said)}).encode())

    return answer


def test_what_an_agent_sends_its_model_is_seen_on_its_way_over_tls(
    serve: Callable[..., int], authority: tuple[trustme.CA, Path]
) -> None:
    asked: list[tuple[str, bytes]] = []

    def model(exchange: BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append((exchange.path, body))
        say(exchange, b'{"letter": "Fine."}')

    port = serve(model, tls=True)
    trust = ssl.create_default_context(cafile=str(authority[1]))
    with Tap(model_url=f"https://localhost:{port}/base", trust=trust) as tap:
        agent = endpoint(f"http://127.0.0.1:{serve(remote(tap))}/")
        executions = ask(tap.watch(agent), count=6)
    assert sorted(asked) == sorted(("/base/v1/chat", json.dumps({"n": n}).encode()) for n in range(6))
    for number, execution in enumerate(executions):
        assert execution.reply is not None
        assert execution.reply.output == {"letter": "Fine."}
        assert execution.watched("network")
        ((line, text),) = seen(execution)
        assert line == f"tls localhost:{port}"
        assert text.startswith("POST /v1/chat HTTP/1.1\n")
        assert text.endswith(f'\r\n\r\n{{"n": {number}}}'), "each execution has its own, though four were asked at once"


def through(tap: Tap, url: str, body: bytes = b"x") -> int:
    proxy = urllib.request.build_opener(urllib.request.ProxyHandler({"http": tap.url, "https": tap.url}))
    try:
        with proxy.open(url, data=body, timeout=5) as got:
            status: int = got.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_host_that_the_tap_does_not_lead_to_is_seen_and_not_reached(serve: Callable[..., int]) -> None:
    reached: list[bytes] = []
    port = serve(lambda exchange, body: (reached.append(body), say(exchange, b""))[1])
    with Tap() as tap:
        assert through(tap, f"http://127.0.0.1:{port}/x?who={SECRET.split()[0]}", SECRET.encode()) == 403
        assert through(tap, f"https://localhost:{port}/") == 0
        told = tap.take()
    assert reached == []
    assert [one.place for one in told] == [f"plain 127.0.0.1:{port}", f"connect localhost:{port}"]
    assert SECRET in told[0].text
    assert tap.take() == ()


def test_a_proxied_request_goes_on_to_a_host_that_is_allowed(serve: Callable[..., int]) -> None:
    reached: list[bytes] = []
    port = serve(lambda exchange, body: (reached.append(body), say(exchange, b"ok"))[1])
    with Tap(allow={f"127.0.0.1:{port}"}) as tap:
        assert through(tap, f"http://127.0.0.1:{port}/x", b"hello") == 200
    assert reached == [b"hello"]


def test_a_tunnel_leads_to_allowed_hosts_and_is_called_opaque(
    serve: Callable[..., int], authority: tuple[trustme.CA, Path]
) -> None:
    port = serve(lambda exchange, body: say(exchange, b"deep"), tls=True)
    with Tap(allow={f"localhost:{port}"}) as tap:
        host, _, number = tap.url.removeprefix("http://").partition(":")
        line = http.client.HTTPSConnection(
            host, int(number), context=ssl.create_default_context(cafile=str(authority[1])), timeout=5
        )
        line.set_tunnel("localhost", port)
        line.request("GET", "/")
        assert line.getresponse().read() == b"deep"
        line.close()
        assert [one.place for one in tap.take()] == [f"connect localhost:{port}", f"opaque localhost:{port}"]


def test_a_model_that_is_not_there_is_a_bad_gateway() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
    with Tap(model_url=f"http://127.0.0.1:{closed}") as tap:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(tap.url, data=b"x")
        assert caught.value.code == 502
        caught.value.close()
        assert through(tap, f"https://127.0.0.1:{closed}/") == 0


def test_a_chunked_body_is_put_together(serve: Callable[..., int]) -> None:
    reached: list[bytes] = []
    port = serve(lambda exchange, body: (reached.append(body), say(exchange, b""))[1])
    with Tap(model_url=f"http://127.0.0.1:{port}") as tap:
        line = http.client.HTTPConnection(*tap.url.removeprefix("http://").split(":"), timeout=5)
        line.request("POST", "/", body=iter([b"Quillan ", b"Ostrander"]), encode_chunked=True,
                     headers={"Transfer-Encoding": "chunked"})  # fmt: skip
        assert line.getresponse().status == 200
        line.close()
        (one,) = tap.take()
    assert reached == [SECRET.encode()]
    assert one.text.endswith(SECRET)


def test_more_than_a_tap_keeps_is_said_to_be_more() -> None:
    tap = Tap()
    tap.keep("plain x:80", "x" * (MOST_BYTES + 1))
    assert tap.take() == (Sighting("watch", OVERFLOW),)
    tap._server.server_close()


def test_a_plain_function_can_be_tapped_as_well() -> None:
    with Tap() as tap:

        def agent(request: Request) -> Reply:
            tap.keep("plain somewhere:80", SECRET)
            return Reply("ok", {})

        (execution,) = ask(tap.watch(agent))
    assert seen(execution) == [("plain somewhere:80", SECRET)]
    assert repr(tap) == f"Tap({tap.url})"
