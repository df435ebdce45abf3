"""Conversations by requests: the wire form of a turn, both ways, also over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evalkit.agents.agent import Agent, Refusal, Reply, Request, Usage
from evalkit.agents.conversation import Conversation, Exchange, ToolCall, Tools, Turn
from evalkit.agents.endpoint import endpoint
from evalkit.agents.turnwire import FIELD, MOST_ROUNDS, by_request, by_steps
from evalkit.errors import AgentError
from evalkit.executions.runner import Settings, execute
from evalkit.executions.talks import Seated
from evalkit.tasks import load_spec, offline_agent, seat, synthesize

SPEC = load_spec("patient_conversation@1.0.0")


def tools(tool: str, /, **arguments: Any) -> dict[str, Any]:
    return {"slots": [tool, *sorted(arguments)]}


def conversation(heard: str = "Hello", exchanges: tuple[Exchange, ...] = ()) -> Conversation:
    return Conversation(Request("c1", SPEC.ref, {"channel": "voice"}, {}), heard, exchanges)


def searching(one: Conversation, use: Tools) -> Turn:
    found = use("find_slots", day="2025-03-04")
    more = use("faq", topic="hours")
    return Turn(f"{one.heard}: {len(found['slots'])} and {len(more['slots'])}", "done", usage=Usage(1, 2, 3, 0.5))


def test_an_agent_that_takes_requests_calls_tools_and_is_asked_again_with_what_they_gave() -> None:
    asked: list[Any] = []

    def agent(request: Request) -> Reply:
        said = request.input[FIELD]
        asked.append(said)
        if not said["calls"]:
            call = {"tool": "faq", "arguments": {"topic": "hours"}}
            return Reply("ok", {"calls": [call]}, usage=Usage(model_calls=1))
        return Reply(
            "ok", {"say": "We are open.", "end": "done"}, usage=Usage(model_calls=1), trace=("Intents/question",)
        )

    before = Exchange("Hi", Turn("Yes?"), (ToolCall("faq", {"topic": "parking"}, {"answer": "free"}),))
    turn = by_request(agent)(conversation("Open?", (before,)), tools)
    assert turn == Turn("We are open.", "done", trace=("Intents/question",), usage=Usage(model_calls=2))
    call = {"tool": "faq", "arguments": {"topic": "parking"}, "result": {"answer": "free"}}
    assert asked[0] == {"heard": "Open?", "exchanges": [{"heard": "Hi", "say": "Yes?", "calls": [call]}], "calls": []}
    assert asked[1]["calls"] == [
        {"tool": "faq", "arguments": {"topic": "hours"}, "result": {"slots": ["faq", "topic"]}}
    ]  # fmt: skip


def test_a_refusal_by_request_is_a_refusal_of_the_conversation() -> None:
    turn = by_request(lambda _request: Reply("refused", refusal=Refusal("CONSENT_MISSING")))(conversation(), tools)
    assert isinstance(turn, Turn)
    assert turn.refusal == Refusal("CONSENT_MISSING")


@pytest.mark.parametrize(
    "output",
    [
        {}, {"say": 3}, {"say": "Jane Roe", "end": "never"}, {"say": "Jane Roe", "mood": "fine"}, {"calls": []},
        {"calls": [{"tool": "faq"}]}, {"calls": [{"tool": 1, "arguments": {}}]}, {"calls": "Jane Roe"},
        {"calls": [{"tool": "faq", "arguments": {}}], "say": "Jane Roe"},
    ],
)  # fmt: skip
def test_a_reply_that_is_no_turn_is_an_error_without_a_value(output: dict[str, Any]) -> None:
    with pytest.raises(AgentError) as raised:
        by_request(lambda _request: Reply("ok", output))(conversation(), tools)
    assert "Jane" not in str(raised.value)


def test_an_agent_that_only_calls_tools_is_stopped() -> None:
    def agent(_request: Request) -> Reply:
        return Reply("ok", {"calls": [{"tool": "faq", "arguments": {}}]})

    with pytest.raises(AgentError, match=f"more than {MOST_ROUNDS} requests"):
        by_request(agent)(conversation(), tools)


def test_a_conversing_agent_in_steps_says_what_it_says_at_once() -> None:
    steps = by_request(by_steps(searching))
    assert steps(conversation(), tools) == searching(conversation(), tools)
    before = Exchange(
        "Hi", Turn("x"),
        (ToolCall("find_slots", {"day": "2025-03-04"}, {"slots": []}), ToolCall("faq", {"topic": "hours"}, {"slots": []})),
    )  # fmt: skip
    again = conversation("Again", (before,))
    assert steps(again, tools) == searching(again, tools)
    with pytest.raises(AgentError, match="called other tools"):
        steps(conversation("Again", (Exchange("Hi", Turn("x")),)), tools)


def test_an_agent_that_does_not_do_the_same_again_cannot_be_run_in_steps() -> None:
    days = iter("123456")

    def agent(_one: Conversation, use: Tools) -> Turn:
        use("find_slots", day=next(days))
        return Turn("Done.", "done")

    with pytest.raises(AgentError, match="called other tools"):
        by_request(by_steps(agent))(conversation(), tools)


def test_a_coroutine_cannot_be_run_in_steps_and_a_request_without_a_conversation_is_none() -> None:
    async def agent(_one: Conversation, _use: Tools) -> Turn:
        return Turn("Never.")

    with pytest.raises(AgentError, match="plain function"):
        by_request(by_steps(agent))(conversation(), tools)
    with pytest.raises(AgentError, match="no conversation"):
        by_steps(searching)(Request("c1", SPEC.ref, {}, {}))


@pytest.fixture
def address() -> Iterator[str]:
    """The offline agent behind HTTP on loopback, one request a step."""
    seated = offline_agent(SPEC)
    assert isinstance(seated, Seated)
    agent: Agent = seated.asked

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = agent(Request(body["request_id"], body["spec_ref"], body["input"], body["flags"]))
            assert isinstance(reply, Reply)
            answer: dict[str, Any] = {"status": reply.status, "trace": list(reply.trace)}
            if reply.refusal is not None:
                answer["refusal"] = {"code": reply.refusal.code, "field": reply.refusal.field}
            else:
                answer["output"] = reply.output
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_over_http_the_same_calls_go_the_same_way(address: str) -> None:
    cases = synthesize(SPEC, n=12, seed=7).cases
    remote = seat(SPEC, endpoint(address))
    there = execute(cases, remote, spec_ref=SPEC.ref, settings=Settings(concurrency=4))
    here = execute(cases, offline_agent(SPEC), spec_ref=SPEC.ref)
    assert [one.failure for one in there] == [None] * len(cases)
    assert [one.talk for one in there] == [one.talk for one in here]
