"""Conversations as executions: held turn by turn, recorded as they happen, resumed whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply, Request, Usage
from evalkit.agents.conversation import Conversation, ToolCall, Tools, Turn
from evalkit.cases.case import Case
from evalkit.executions.encoding import decode, encode
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal
from evalkit.executions.runner import Settings, execute
from evalkit.executions.talks import MOST_EXCHANGES, Seated, seated
from evalkit.executions.watched import can_watch, watched
from evalkit.vault.keys import FileKeyring

CASES = tuple(
    Case(f"talk-7-{at:012d}", "talk", {"words": ["one", "two", "three"][: at + 1]}, {}, {}) for at in range(3)
)


class Counter:
    """Somebody who says the words of the case, one a turn, and a tool that counts."""

    def __init__(self, case: Case, trial: int) -> None:
        self.words = [*case.input["words"], f"trial {trial}"]
        self.count = 0

    def open(self) -> str:
        return self.words.pop(0)

    def hear(self, turn: Turn) -> str | None:
        return self.words.pop(0) if self.words else None

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.count += 1
        return {"tool": tool, "count": self.count}

    @property
    def cleared(self) -> tuple[str, ...]:
        return ("p1",) if self.count > 1 else ()

    @property
    def state(self) -> dict[str, Any]:
        return {"count": self.count}


def counting(conversation: Conversation, tools: Tools) -> Turn:
    found = tools("count", word=conversation.heard)
    return Turn(f"{conversation.heard} is number {found['count']}", trace=(f"Words/{conversation.heard}",))


async def counting_async(conversation: Conversation, tools: Tools) -> Turn:
    await asyncio.sleep(0)
    return counting(conversation, tools)


def hold(agent: Any, *, trials: int = 1, settings: Settings | None = None) -> tuple[Execution, ...]:
    return execute(CASES, seated(agent, Counter), spec_ref="talk@1", trials=trials, settings=settings)


def without_time(executions: tuple[Execution, ...]) -> list[bytes]:
    return [encode(Execution(one.case_id, one.trial, one.reply, one.failure, talk=one.talk)) for one in executions]


@pytest.mark.parametrize("agent", [counting, counting_async, lambda c, t: counting_async(c, t)])
def test_a_conversation_is_recorded_exchange_by_exchange(agent: Any) -> None:
    done = hold(agent)
    assert [len(one.talk.exchanges) for one in done if one.talk] == [2, 3, 4]
    talk = done[1].talk
    assert talk is not None
    assert [(one.heard, one.turn.say, one.cleared) for one in talk.exchanges] == [
        ("one", "one is number 1", ()), ("two", "two is number 2", ("p1",)),
        ("trial 0", "trial 0 is number 3", ("p1",)),
    ]  # fmt: skip
    assert talk.calls[1] == ToolCall("count", {"word": "two"}, {"tool": "count", "count": 2})
    assert (talk.end, talk.state) == ("caller_left", {"count": 3})
    assert done[1].trace == ("Words/one", "Words/two", "Words/trial 0")
    assert done[1].output == {"end": "caller_left"}


def test_the_same_cases_give_the_same_bytes_at_any_concurrency() -> None:
    runs = [hold(counting, trials=3, settings=Settings(concurrency=n)) for n in (1, 7)]
    assert without_time(runs[0]) == without_time(runs[1])
    assert [one.talk.exchanges[-1].heard for one in runs[0][:3] if one.talk] == ["trial 0", "trial 1", "trial 2"]


def test_an_agent_ends_a_conversation_and_pays_for_it() -> None:
    def brief(_conversation: Conversation, _tools: Tools) -> Turn:
        return Turn("Goodbye.", "done", usage=Usage(1, 10, 5, 0.25))

    (first, *_) = hold(brief)
    assert first.talk is not None
    assert (first.talk.end, len(first.talk.exchanges)) == ("done", 1)
    assert first.reply is not None
    assert first.reply.usage == Usage(1, 10, 5, 0.25)


def test_what_was_said_before_an_agent_raised_is_kept_and_the_turn_that_never_came_is_empty() -> None:
    def breaking(conversation: Conversation, tools: Tools) -> Turn:
        turn = counting(conversation, tools)
        if conversation.heard == "two":
            raise RuntimeError("broken on purpose")
        return turn

    done = hold(breaking)
    assert [one.failure.kind if one.failure else "" for one in done] == ["", "RuntimeError", "RuntimeError"]
    talk = done[2].talk
    assert talk is not None
    assert [(one.heard, one.turn.say, len(one.calls)) for one in talk.exchanges] == [
        ("one", "one is number 1", 1), ("two", "", 1),
    ]  # fmt: skip
    assert talk.end == ""


def test_a_turn_that_hangs_ends_the_conversation_with_its_beginning_kept() -> None:
    def hanging(conversation: Conversation, tools: Tools) -> Turn:
        if conversation.heard == "two":
            time.sleep(30)
        return counting(conversation, tools)

    async def hanging_async(conversation: Conversation, tools: Tools) -> Turn:
        if conversation.heard == "two":
            await asyncio.sleep(30)
        return counting(conversation, tools)

    for agent in (hanging, hanging_async):
        done = hold(agent, settings=Settings(timeout_s=0.2))
        assert [one.failure.kind if one.failure else "" for one in done] == ["", "Timeout", "Timeout"]
        assert [len(one.talk.exchanges) for one in done if one.talk] == [2, 2, 2]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("words", "not a Turn"), (Reply("ok", {}), "not a Turn"), (Turn(3), "text"),  # type: ignore[arg-type]
        (Turn("x", "never"), "the end of a turn"), (Turn("x", trace=(1,)), "trace"),  # type: ignore[arg-type]
        (Turn("\ud800"), "surrogate"),
    ],
)  # fmt: skip
def test_what_is_no_turn_is_a_failure_of_the_agent(given: Any, says: str) -> None:
    (first, *_) = hold(lambda _conversation, _tools: given)
    assert first.failure is not None
    assert first.failure.kind == "BadReply"
    assert says in first.failure.text


def test_arguments_that_are_not_json_are_a_failure_of_the_agent() -> None:
    def strange(_conversation: Conversation, tools: Tools) -> Turn:
        tools("count", word=object())
        return Turn("Never.")

    assert {one.failure.kind for one in hold(strange) if one.failure} == {"BadReply"}


def test_a_tool_that_the_agent_goes_on_changing_stays_as_it_was() -> None:
    def changing(_conversation: Conversation, tools: Tools) -> Turn:
        words = ["one"]
        tools("count", word=words)
        words.append("two")
        return Turn("Done.", "done")

    talk = hold(changing)[0].talk
    assert talk is not None
    assert talk.calls[0].arguments == {"word": ["one"]}


def test_a_refusal_is_given_before_the_first_words_or_not_at_all() -> None:
    def late(conversation: Conversation, _tools: Tools) -> Turn:
        return Turn("", refusal=Refusal("CONSENT_MISSING")) if conversation.exchanges else Turn("Yes?")

    first = hold(lambda _conversation, _tools: Turn("", refusal=Refusal("CONSENT_MISSING")))[0]
    assert (first.status, first.refusal, first.output) == ("refused", Refusal("CONSENT_MISSING"), None)
    assert {one.failure.kind for one in hold(late) if one.failure} == {"BadReply"}


def test_a_conversation_without_end_is_ended() -> None:
    class Endless(Counter):
        def hear(self, turn: Turn) -> str | None:
            return "and"

    (first, *_) = execute(CASES, seated(counting, Endless), spec_ref="talk@1")
    assert first.talk is not None
    assert (first.talk.end, len(first.talk.exchanges)) == ("too_long", MOST_EXCHANGES)


def test_an_execution_with_a_conversation_comes_back_from_its_bytes_and_one_without_is_written_as_before() -> None:
    for one in hold(counting):
        assert decode(encode(one), case_id=one.case_id, trial=one.trial) == one
    plain = Execution("c1", 0, Reply("ok", {}))
    assert encode(plain).startswith(b"[2,")
    assert encode(hold(counting)[0]).startswith(b"[3,")


def test_a_resumed_run_holds_only_the_conversations_that_are_missing(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "keyring.json")
    held: list[str] = []

    def telling(conversation: Conversation, tools: Tools) -> Turn:
        held.append(conversation.request.request_id)
        return counting(conversation, tools)

    with Journal.create(tmp_path / "run.db", {"run_id": "r"}, keyring) as journal:
        execute(CASES[:1], seated(telling, Counter), spec_ref="talk@1", journal=journal)
    held.clear()
    with Journal.open(tmp_path / "run.db", keyring, writable=True) as journal:
        done = execute(CASES, seated(telling, Counter), spec_ref="talk@1", journal=journal)
        assert len(journal) == len(CASES)
    assert CASES[0].case_id not in held
    assert without_time(done) == without_time(hold(counting))


@pytest.mark.skipif(not can_watch(), reason="watching needs Linux")
def test_a_watched_agent_converses_and_its_tools_stay_on_this_side() -> None:
    import logging

    def careless(conversation: Conversation, tools: Tools) -> Turn:
        logging.getLogger("careless").warning("heard %s", conversation.heard)
        return counting(conversation, tools)

    seat = seated(careless, Counter)
    with watched(seat.asked) as child:
        done = execute(CASES, seat.through(child), spec_ref="talk@1")
    assert [one.talk for one in done] == [one.talk for one in hold(counting)]
    assert all(any("heard one" in line for line in one.logs) for one in done)
    assert all(one.watched("file") for one in done)


def test_an_agent_that_takes_one_argument_is_asked_by_requests() -> None:
    def by_request(_request: Request) -> Reply:
        return Reply("ok", {"say": "Goodbye.", "end": "done"})

    done = hold(by_request)
    assert [one.talk.end for one in done if one.talk] == ["done"] * 3
    again = seated(seated(counting, Counter), Counter)
    assert isinstance(again, Seated)
    assert again.converser is counting
    assert again.agent_id == seated(counting, Counter).agent_id


def test_a_conversing_agent_cannot_be_asked_without_a_case() -> None:
    with pytest.raises(Exception, match="case by case"):
        seated(counting, Counter)(Request("c1", "talk@1", {}, {}))


def test_a_record_shows_no_word_of_what_was_said() -> None:
    talk = hold(counting)[1].talk
    assert repr(talk) == str(talk) == "Talk(3 exchanges, caller_left)"
