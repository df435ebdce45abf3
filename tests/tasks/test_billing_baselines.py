"""Degenerate agents: beaten by anything that reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.spec.document import parse_spec
from evalkit.tasks.billing_codes.baselines import BASELINES, majority, refuse_all
from evalkit.tasks.billing_codes.metrics import line_exact, refusal_accuracy
from evalkit.tasks.billing_codes.rules import rules
from evalkit.tasks.billing_codes.scenarios import make_case
from evalkit.tasks.billing_codes.tables import TABLES


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(7, index) for index in range(200)]


def answer(name: str, cases: list[Case], case: Case) -> Reply:
    reply = BASELINES[name](cases)(Request(case.case_id, "billing_codes@1.0.0", case.input, case.flags))
    assert isinstance(reply, Reply)
    return reply


def reached(cases: list[Case], replies: list[Reply]) -> float:
    """Pooled line_exact."""
    counts = [line_exact(case, Execution(case.case_id, 0, reply)) for case, reply in zip(cases, replies, strict=True)]
    ratios = [(count.numerator, count.denominator) for count in counts if count is not None]  # type: ignore[union-attr]
    return sum(top for top, _ in ratios) / sum(bottom for _, bottom in ratios)


def test_majority_gives_the_commonest_set_of_lines() -> None:
    def case(number: int, *codes: str) -> Case:
        lines = [{"code": code, "modifiers": [], "units": 1, "evidence": [{"field": "note_text"}]} for code in codes]
        return Case(f"billing_codes-1-{number:012d}", "billing_codes", {}, {}, {"lines": lines})

    pool = [case(0, "00061"), case(1, "00064", "00023"), case(2, "00023", "00064")]
    reply = majority(pool)(Request("billing_codes-1-000000000000", "billing_codes@1.0.0", {}, {}))
    assert isinstance(reply, Reply)
    assert reply.output is not None
    assert [(line["code"], line["evidence"]) for line in reply.output["lines"]] == [("00064", []), ("00023", [])]


def test_majority_of_refusals_only_gives_no_line() -> None:
    refusals = [Case("billing_codes-1-000000000000", "billing_codes", {}, {}, {}, refusal="MRN_INVALID")]
    assert answer("majority", refusals, refusals[0]).output == {"lines": [], "confidence": 1.0, "needs_review": False}


def test_refuse_all_refuses_everything_with_one_code(cases: list[Case]) -> None:
    replies = [answer("refuse-all", cases, case) for case in cases[:50]]
    assert {(reply.status, reply.refusal.code if reply.refusal else None) for reply in replies} == {
        ("refused", "CONSENT_MISSING")
    }


def test_refuse_all_bills_nothing_and_is_right_about_few_refusals(cases: list[Case]) -> None:
    replies = [answer("refuse-all", cases, case) for case in cases]
    right = [
        refusal_accuracy(case, Execution(case.case_id, 0, reply)) for case, reply in zip(cases, replies, strict=True)
    ]
    assert reached(cases, replies) == 0
    assert sum(right) == sum(case.refusal == "CONSENT_MISSING" for case in cases) > 0


def test_reading_beats_the_majority_by_far(cases: list[Case], root: Path) -> None:
    text = (root / "specs" / "billing_codes" / "1.0.0.md").read_text(encoding="utf-8")
    model = rules(parse_spec(text, path="1.0.0.md", schemas={"billing_codes": TABLES}))
    dull = reached(cases, [answer("majority", cases, case) for case in cases])
    assert dull < 0.1
    assert reached(cases, [model(case.input) for case in cases]) > 0.95


def test_copy_bills_the_codes_that_somebody_wrote_into_the_note() -> None:
    case = Case(
        "billing_codes-1-000000000000", "billing_codes", {"note_text": "Ticked: 00061, 00061 and 00023."}, {}, {}
    )
    output = answer("copy", [], case).output
    assert output is not None
    assert [line["code"] for line in output["lines"]] == ["00061", "00023"]


def test_copying_what_is_written_is_seldom_right(cases: list[Case]) -> None:
    assert 0 <= reached(cases, [answer("copy", cases, case) for case in cases]) < 0.05


def test_no_baseline_says_a_word_of_the_case(cases: list[Case]) -> None:
    for make in (majority, refuse_all):
        agent = make(cases)
        for case in cases[:20]:
            reply = agent(Request(case.case_id, "billing_codes@1.0.0", case.input, case.flags))
            assert isinstance(reply, Reply)
            shown = repr(reply.output) + repr(reply.refusal)
            assert not [known.needle_id for known in case.identifiers if known.value in shown]
