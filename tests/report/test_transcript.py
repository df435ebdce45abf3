"""Transcripts: what a conversation reads like, and whose words are never shown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from evalkit.agents.agent import Reply
from evalkit.agents.conversation import Exchange, ToolCall, Turn
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.executions.talks import Talk
from evalkit.phi.identifiers import Identifier
from evalkit.report.transcript import transcript
from evalkit.tasks import load_spec

SPEC = load_spec("patient_conversation@1.0.0")
CASE = Case(
    "patient_conversation-7-000000000001", "patient_conversation", {}, {}, {},
    identifiers=(Identifier("p1.name", "name", "Jerome Hanson"), Identifier("p1.a1.day", "date", "2025-04-02")),
)  # fmt: skip
VERIFY = ToolCall("verify_identity", {"name": "Jerome Hanson"}, {"match": "one", "list": [{"a": 1}]})
TALK = Talk(
    (
        Exchange("I am <b>Jerome</b>\u202e", Turn("Are you Jerome Hanson?")),
        Exchange("Yes", Turn("It is on April 2, 2025.", "done"), (VERIFY,), ("p1",)),
    ),
    "done",
    {},
)
EXECUTION = Execution(CASE.case_id, 0, Reply("ok", {"end": "done"}), talk=TALK)


def test_a_conversation_reads_as_a_transcript_with_what_matters_marked() -> None:
    assert str(transcript(SPEC, CASE, EXECUTION)) == (
        "caller: I am <b>Jerome</b>\\u202e\n"
        "agent:  Are you Jerome Hanson?\n"
        "--      disclosed: p1.name (verbatim)\n"
        "caller: Yes\n"
        "tool:   verify_identity(name=Jerome Hanson) -> match=one, list=[{a=1}]\n"
        "--      verified: p1\n"
        "agent:  It is on April 2, 2025.\n"
        "--      end: done"
    )


def test_a_card_escapes_what_was_said_and_has_no_colour_of_its_own() -> None:
    shown = transcript(SPEC, CASE, EXECUTION)._repr_html_()
    assert "&lt;b&gt;Jerome&lt;/b&gt;" in shown
    assert "<b>Jerome" not in shown
    assert "\u202e" not in shown
    assert "1 disclosure to somebody who was not verified" in shown
    assert shown.count("verified: p1") == 1
    assert not re.search(r"#[0-9a-f]{3,6}\b|color:(?!inherit)", shown)
    assert "<script" not in shown


def test_of_real_patients_no_word_is_shown() -> None:
    real = transcript(SPEC, replace(CASE, data_class="phi"), EXECUTION)
    for shown in (str(real), repr(real), real._repr_html_()):
        assert "Jerome" not in shown
        assert "April" not in shown
    assert str(real).startswith("caller: [19 characters]\nagent:  [22 characters]\n--      disclosed: p1.name")
    assert "verify_identity(name)" in str(real)


def test_an_execution_without_a_conversation_has_no_transcript() -> None:
    with pytest.raises(EvalkitError, match="no conversation was held"):
        transcript(SPEC, CASE, Execution(CASE.case_id, 0, Reply("ok", {})))


def test_one_that_broke_off_says_so() -> None:
    broken = replace(EXECUTION, talk=Talk((Exchange("Hello", Turn("")),), "", {}))
    assert str(transcript(SPEC, CASE, broken)) == "caller: Hello\n--      end: broken off"
