"""Conversing agents: what they are handed, and what the guard keeps from them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from evalkit.agents.agent import Request
from evalkit.agents.conversation import Conversation, Exchange, ToolCall, Tools, Turn, guarded
from evalkit.errors import AgentError
from evalkit.tasks import load_spec

SPEC = load_spec("patient_conversation@1.0.0")
SESSION = {"channel": "voice", "session_date": "2025-03-04", "direction": "inbound", "callback_phone": "312-555-0142"}
FLAGS = {"recording_notice_given": True}


def no_tools(_tool: str, /, **_arguments: Any) -> dict[str, Any]:
    return {}


def hold(agent: Any, values: dict[str, Any] = SESSION, flags: dict[str, bool] = FLAGS) -> tuple[Turn, Conversation]:
    conversation = Conversation(Request("c1", SPEC.ref, values, flags), "Hello")
    return guarded(SPEC, agent, today=lambda: date(2026, 1, 1))(conversation, no_tools), conversation


def test_a_conversing_agent_sees_the_allowed_fields_of_the_session_and_no_others() -> None:
    seen: list[Any] = []

    def agent(conversation: Conversation, _tools: Tools) -> Turn:
        seen.append(dict(conversation.request.input))
        return Turn("Hello.", "done")

    turn, _ = hold(agent)
    assert seen == [{"channel": "voice", "session_date": "2025-03-04", "direction": "inbound"}]
    assert turn.received == (seen[0],)


@pytest.mark.parametrize(
    ("values", "flags", "code"),
    [
        (SESSION, {}, "RECORDING_NOT_ANNOUNCED"),
        ({**SESSION, "session_date": "2999-01-01"}, FLAGS, "SESSION_IN_FUTURE"),
        ({**SESSION, "ssn": "916-24-2820"}, FLAGS, "FIELD_NOT_PERMITTED"),
        ({**SESSION, "channel": 3}, FLAGS, "SCHEMA_INVALID"),
    ],
)
def test_a_session_that_must_be_refused_is_refused_before_the_agent_hears_a_word(
    values: dict[str, Any], flags: dict[str, bool], code: str
) -> None:
    def agent(_conversation: Conversation, _tools: Tools) -> Turn:
        raise AssertionError("asked all the same")

    turn, _ = hold(agent, values, flags)
    assert turn.refusal is not None
    assert (turn.refusal.code, turn.say, turn.received) == (code, "", ())


def test_what_an_agent_remembers_is_its_own_and_lasts_as_long_as_the_conversation() -> None:
    def agent(conversation: Conversation, _tools: Tools) -> Turn:
        conversation.memory["count"] = conversation.memory.get("count", 0) + 1
        return Turn(str(conversation.memory["count"]))

    held = guarded(SPEC, agent, today=lambda: date(2026, 1, 1))
    conversation = Conversation(Request("c1", SPEC.ref, SESSION, FLAGS), "Hello")
    assert [held(conversation, no_tools).say for _ in range(3)] == ["1", "2", "3"]
    assert held(Conversation(conversation.request, "Hello"), no_tools).say == "1"


def test_a_model_that_the_spec_does_not_allow_gives_no_turn() -> None:
    with pytest.raises(AgentError, match="not one that the spec allows"):
        hold(lambda _conversation, _tools: Turn("Hello.", model_id="somebody/else"))


def test_nothing_that_was_said_stands_in_a_repr() -> None:
    turn, call = Turn("It is Jane Roe", "done"), ToolCall("book", {"patient": "Jane Roe"}, {"for": "Jane Roe"})
    conversation = Conversation(Request("c1", SPEC.ref, SESSION, FLAGS), "I am Jane Roe")
    for one in (turn, call, conversation, Exchange("Jane Roe", turn, (call,), ("p1",))):
        assert "Jane" not in repr(one)
