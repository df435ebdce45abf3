"""The endpoint over real sockets: a server on the loopback interface with a certificate of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.agents import endpoint as module
from evalkit.agents.agent import Reply, Request, agent_id
from evalkit.agents.endpoint import LONGEST_PAUSE, MAX_REPLY_BYTES, endpoint, pause_before_retry
from evalkit.cases.case import Case
from evalkit.errors import AgentError
from evalkit.executions.runner import Settings, execute

TOKEN = "ek_abc_0123456789secret"
Serve = Callable[..., Any]


@pytest.fixture
def ask(request_: Request, authority: tuple[Any, Path]) -> Callable[..., Reply]:
    """Ask once, in an event loop of its own."""

    def ask(url: str, request: Request = request_, **options: Any) -> Reply:
        options.setdefault("ca", authority[1])
        options.setdefault("timeout", 10.0)
        return asyncio.run(endpoint(url, **options)(request))  # type: ignore[arg-type]

    return ask


def failure(ask: Callable[..., Reply], *args: Any, **options: Any) -> str:
    with pytest.raises(AgentError) as caught:
        ask(*args, **options)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return str(caught.value)


def send(exchange: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    exchange.send_response(status)
    for name, value in headers.items():
        exchange.send_header(name.replace("_", "-"), value)
    exchange.send_header("Content-Length", str(len(body)))
    exchange.end_headers()
    exchange.wfile.write(body)


def test_a_request_goes_out_in_the_wire_form_and_its_reply_comes_back(
    serve: Serve, ask: Callable[..., Reply], answer: bytes, request_: Request
) -> None:
    server = serve(answer)
    reply = ask(server.url, token=TOKEN)
    assert reply.status == "ok"
    assert reply.output == {"letter": "Seen.", "lines": []}
    assert reply.received is None, "nobody here watched the remote model"
    sent = json.loads(server.seen[0]["body"])
    assert sent.keys() == {"request_id", "spec_ref", "actor", "flags", "input"}, "without a purpose it is the spec's"
    assert sent["input"] == request_.input
    assert server.seen[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert server.seen[0]["headers"]["Accept-Encoding"] == "identity"


def test_a_raw_body_goes_out_byte_by_byte(serve: Serve, ask: Callable[..., Reply], answer: bytes) -> None:
    server = serve(answer)
    body = b'{"flags": {"payment_ack": false, "payment_ack": true}}'
    ask(server.url, Request("case-1", "letters@1.0.0", {}, {}, body=body))
    assert server.seen[0]["body"] == body


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_with_the_same_key(
    serve: Serve, ask: Callable[..., Reply], answer: bytes, status: int
) -> None:
    server = serve(status, answer)
    assert ask(server.url).status == "ok"
    keys = [seen["headers"]["Idempotency-Key"] for seen in server.seen]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_the_same_request_sent_anew_has_another_key(serve: Serve, ask: Callable[..., Reply], answer: bytes) -> None:
    server = serve(answer)
    ask(server.url)
    ask(server.url)
    assert len({seen["headers"]["Idempotency-Key"] for seen in server.seen}) == 2


def test_retries_end(serve: Serve, ask: Callable[..., Reply]) -> None:
    server = serve(503)
    assert "HTTP status 503" in failure(ask, server.url, retries=2)
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_other_statuses_are_not_tried_again(serve: Serve, ask: Callable[..., Reply], status: int) -> None:
    server = serve(status)
    assert f"HTTP status {status}" in failure(ask, server.url)
    assert len(server.seen) == 1


def test_a_connection_that_breaks_is_tried_again(serve: Serve, ask: Callable[..., Reply], answer: bytes) -> None:
    def hang_up(exchange: BaseHTTPRequestHandler) -> None:
        exchange.close_connection = True

    server = serve(hang_up, answer)
    assert ask(server.url).status == "ok"
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_its_target_is_never_asked(
    serve: Serve, ask: Callable[..., Reply], answer: bytes, status: int
) -> None:
    elsewhere = serve(answer)
    server = serve(lambda exchange: send(exchange, status, Location=elsewhere.url))
    assert "redirects are not followed" in failure(ask, server.url)
    assert elsewhere.seen == []


def test_a_body_that_never_ends_runs_into_the_timeout(serve: Serve, ask: Callable[..., Reply]) -> None:
    def drip(exchange: BaseHTTPRequestHandler) -> None:
        exchange.send_response(200)
        exchange.send_header("Content-Length", "1000")
        exchange.end_headers()
        while not server.released.wait(0.05):  # each byte comes well within any timeout between two reads
            exchange.wfile.write(b" ")
            exchange.wfile.flush()

    server = serve(drip)
    assert "no reply within 0.3 s" in failure(ask, server.url, timeout=0.3, retries=0)


def test_a_reply_that_is_too_large_is_cut_off(serve: Serve, ask: Callable[..., Reply]) -> None:
    def flood(exchange: BaseHTTPRequestHandler) -> None:
        exchange.send_response(200)
        exchange.send_header("Transfer-Encoding", "chunked")
        exchange.end_headers()
        chunk = b" " * 65536
        while not server.released.is_set():
            exchange.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    server = serve(flood)
    assert f"larger than {MAX_REPLY_BYTES} bytes" in failure(ask, server.url)


def test_a_compressed_reply_is_refused_unread(serve: Serve, ask: Callable[..., Reply]) -> None:
    server = serve(lambda exchange: send(exchange, 200, b"\x1f\x8b", Content_Encoding="gzip"))
    assert "compressed" in failure(ask, server.url)


def test_a_server_with_a_certificate_of_nobody_is_refused(
    serve: Serve, ask: Callable[..., Reply], answer: bytes
) -> None:
    server = serve(answer)
    assert "certificate is not trusted" in failure(ask, server.url, ca=None)
    assert server.seen == []


def test_a_certificate_for_another_host_is_refused(serve: Serve, ask: Callable[..., Reply], answer: bytes) -> None:
    server = serve(answer, host="elsewhere.example")
    assert "certificate is not trusted" in failure(ask, server.url)
    assert server.seen == []


def test_old_tls_is_not_spoken(authority: tuple[Any, Path]) -> None:
    agent = endpoint("https://agent.example/", ca=authority[1])
    assert agent._trust.minimum_version == ssl.TLSVersion.TLSv1_2
    assert agent._trust.verify_mode == ssl.CERT_REQUIRED
    assert agent._trust.check_hostname


def test_plain_http_reaches_the_loopback_interface_only(serve: Serve, ask: Callable[..., Reply], answer: bytes) -> None:
    assert ask(serve(answer, tls=False).url).status == "ok"
    for url in ("http://agent.example/", "http://192.0.2.1/", "http://localhost.example/", "ftp://localhost/"):
        with pytest.raises(AgentError, match="over https"):
            endpoint(url)


@pytest.mark.parametrize("url", [
    "https://user:secret@agent.example/", "https://agent.example/?code=secret", "https://agent.example/#secret",
    "https://", "agent.example", "https://agent.example:secret/", "https://agent example/secret", "https://ägent/secret",
])  # fmt: skip
def test_an_address_that_may_hold_a_secret_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(AgentError) as caught:
        endpoint(url)
    assert "secret" not in str(caught.value)


def test_a_refusal_may_come_with_a_client_error_status(serve: Serve, ask: Callable[..., Reply]) -> None:
    body = json.dumps(
        {"status": "refused", "refusal": {"code": "CONSENT_MISSING", "field": "flags.payment_ack"}}
    ).encode()
    reply = ask(serve(lambda exchange: send(exchange, 403, body)).url)
    assert reply.refusal is not None
    assert reply.refusal.code == "CONSENT_MISSING"


def test_an_answer_in_a_client_error_is_no_answer(serve: Serve, ask: Callable[..., Reply], answer: bytes) -> None:
    server = serve(lambda exchange: send(exchange, 422, answer))
    assert "HTTP status 422 with an answer" in failure(ask, server.url)


def test_a_cookie_is_not_carried_to_the_next_request(
    serve: Serve, authority: tuple[Any, Path], answer: bytes, request_: Request
) -> None:
    server = serve(lambda exchange: send(exchange, 200, answer, Set_Cookie="patient=1"), answer)

    async def twice() -> None:
        agent = endpoint(server.url, ca=authority[1])
        await agent(request_)
        await agent(request_)

    asyncio.run(twice())
    assert "Cookie" not in server.seen[1]["headers"]


def test_requests_of_one_loop_share_connections(
    serve: Serve, authority: tuple[Any, Path], answer: bytes, request_: Request
) -> None:
    server = serve(answer)

    async def thrice() -> None:
        agent = endpoint(server.url, ca=authority[1])
        for _ in range(3):
            await agent(request_)

    asyncio.run(thrice())
    assert len({seen["peer"] for seen in server.seen}) == 1


def test_an_agent_goes_from_loop_to_loop_and_leaves_no_socket_open(
    serve: Serve, authority: tuple[Any, Path], answer: bytes, request_: Request
) -> None:
    server = serve(answer)
    agent = endpoint(server.url, ca=authority[1])
    for _ in range(2):
        assert asyncio.run(agent(request_)).status == "ok"
    gc.collect()  # an open socket would warn here, and warnings are errors
    assert len({seen["peer"] for seen in server.seen}) == 2


def test_many_requests_at_once_open_one_pool(
    serve: Serve, authority: tuple[Any, Path], answer: bytes, request_: Request
) -> None:
    server = serve(answer)
    agent = endpoint(server.url, ca=authority[1])

    async def many() -> int:
        await asyncio.gather(*(agent(request_) for _ in range(8)))
        await agent.aclose()
        return len(agent._pools)

    assert asyncio.run(many()) == 0
    assert len(server.seen) == 8


def test_the_runner_asks_it_and_closes_its_connections(
    serve: Serve, authority: tuple[Any, Path], answer: bytes, request_: Request
) -> None:
    server = serve(answer)
    agent = endpoint(server.url, ca=authority[1])
    cases = [Case(f"case-{at}", "letters", request_.input, request_.flags, {}) for at in range(20)]
    executions = execute(cases, agent, spec_ref="letters@1.0.0", settings=Settings(concurrency=4))
    assert [execution.status for execution in executions] == ["ok"] * 20
    assert len({seen["peer"] for seen in server.seen}) <= 4
    assert len(agent._pools) == 0
    gc.collect()


def test_the_token_is_nowhere_but_in_its_header(
    serve: Serve,
    ask: Callable[..., Reply],
    authority: tuple[Any, Path],
    answer: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    agent = endpoint("https://agent.example/", token=TOKEN)
    shown = [repr(agent), str(agent), agent_id(agent)]
    for step in (answer, 500, 302, b"not json"):
        server = serve(step)
        try:
            ask(server.url, token=TOKEN, retries=0)
        except AgentError as error:
            shown += [str(error), repr(error)]
    shown.append(failure(ask, "https://localhost:9/", token=TOKEN, retries=0))
    shown.append(caplog.text)
    assert TOKEN not in "".join(shown)


def test_no_error_shows_request_or_reply(serve: Serve, ask: Callable[..., Reply]) -> None:
    leaky = json.dumps({"status": "ok", "output": {}, "Quillan Ostrander": 1}).encode()
    broken = json.dumps({"status": "Quillan Ostrander"}).encode()
    for step in (leaky, broken, b'"Quillan Ostrander"', lambda exchange: send(exchange, 500, b"Quillan Ostrander")):
        assert "Quillan" not in failure(ask, serve(step).url)


def test_a_token_comes_from_the_environment(
    serve: Serve, ask: Callable[..., Reply], answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTERS_TOKEN", TOKEN)
    server = serve(answer)
    ask(server.url, token_env="LETTERS_TOKEN")
    assert server.seen[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"
    monkeypatch.delenv("LETTERS_TOKEN")
    with pytest.raises(AgentError, match="LETTERS_TOKEN"):
        endpoint(server.url, token_env="LETTERS_TOKEN")


@pytest.mark.parametrize("token", ["", "two words", "new\nline", "näme"])
def test_a_malformed_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(AgentError) as caught:
        endpoint("https://agent.example/", token=token)
    assert not token or token not in str(caught.value)


def test_trust_needs_a_readable_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "absent.pem"):
        with pytest.raises(AgentError, match="trusted certificates"):
            endpoint("https://agent.example/", ca=path)


def test_the_agent_id_tells_addresses_apart_without_showing_their_paths() -> None:
    one, other = endpoint("https://agent.example/one"), endpoint("https://agent.example/other")
    assert agent_id(one) != agent_id(other)
    assert "one" not in agent_id(one)
    assert agent_id(one).startswith("endpoint:agent.example@")


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(0, 60))
def test_pauses_grow_stay_within_their_ceiling_and_repeat(request_id: str, attempt: int) -> None:
    pause = pause_before_retry(request_id, attempt)
    whole = min(module.FIRST_PAUSE * 2.0**attempt, LONGEST_PAUSE)
    assert whole / 2 <= pause <= whole
    assert pause == pause_before_retry(request_id, attempt)


def test_pauses_of_different_requests_differ() -> None:
    assert len({pause_before_retry(f"case-{index}", 0) for index in range(50)}) == 50


@pytest.mark.parametrize(("header", "seconds"), [
    ("0", 0.0), ("7", 7.0), (" 7 ", 7.0), ("86400", LONGEST_PAUSE), ("9" * 400, LONGEST_PAUSE),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), (format_datetime(datetime.now(UTC) + timedelta(days=9)), LONGEST_PAUSE),
], ids=["none", "seconds", "spaces", "a day", "many digits", "a day that is over", "a day to come"])  # fmt: skip
def test_retry_after_is_honoured_up_to_the_ceiling(header: str, seconds: float) -> None:
    assert pause_before_retry("case", 0, header) == seconds


@pytest.mark.parametrize("header", ["soon", "-5", "1.5", "", "١٢"])
def test_a_retry_after_that_says_nothing_is_passed_over(header: str) -> None:
    assert pause_before_retry("case", 0, header) == pause_before_retry("case", 0)
