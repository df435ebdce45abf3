"""Decisions: answer, refuse, or hand to a person."""

from __future__ import annotations

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics.decisions import (
    answered_wrongly,
    in_review_band,
    needs_review,
    refusal_accuracy,
    refused_wrongly,
)
from evalkit.metrics.scoring import metrics_digest, score


def due(refusal: str | None = None) -> Case:
    return Case(case_id="toy-0", family="toy", input={}, flags={}, gold={}, refusal=refusal)


def ran(reply: Reply) -> Execution:
    return Execution("toy-0", 0, reply)


ANSWERED = ran(Reply("ok", output={"x": 1}, confidence=0.9))
REVIEWED = ran(Reply("needs_review", output={"x": 1}, confidence=0.6))
REFUSED = ran(Reply("refused", refusal=Refusal("CONSENT_MISSING")))
UNEXPLAINED = ran(Reply("refused"))


@pytest.mark.parametrize(
    ("refusal", "execution", "right"),
    [
        (None, ANSWERED, True),
        (None, REVIEWED, True),
        (None, REFUSED, False),
        (None, UNEXPLAINED, False),
        ("CONSENT_MISSING", REFUSED, True),
        ("IDENTIFIER_INVALID", REFUSED, False),
        ("CONSENT_MISSING", UNEXPLAINED, False),
        ("CONSENT_MISSING", ANSWERED, False),
        ("CONSENT_MISSING", REVIEWED, False),
    ],
)
def test_a_refusal_is_right_with_the_right_code_only(refusal: str | None, execution: Execution, right: bool) -> None:
    assert refusal_accuracy(due(refusal), execution) is right


def test_refused_wrongly_asks_only_where_an_answer_was_due() -> None:
    assert refused_wrongly(due(), REFUSED) is True
    assert refused_wrongly(due(), ANSWERED) is False
    assert refused_wrongly(due("CONSENT_MISSING"), REFUSED) is None


def test_answered_wrongly_asks_only_where_a_refusal_was_due() -> None:
    assert answered_wrongly(due("CONSENT_MISSING"), ANSWERED) is True
    assert answered_wrongly(due("CONSENT_MISSING"), REVIEWED) is True
    assert answered_wrongly(due("CONSENT_MISSING"), UNEXPLAINED) is False
    assert answered_wrongly(due(), ANSWERED) is None


def test_review_is_counted_where_an_answer_was_due() -> None:
    assert needs_review(due(), REVIEWED) is True
    assert needs_review(due(), ANSWERED) is False
    assert needs_review(due("CONSENT_MISSING"), REVIEWED) is None


@pytest.mark.parametrize(
    ("confidence", "near"), [(0.85, True), (0.80, True), (0.90, True), (0.79, False), (0.91, False), (None, None)]
)
def test_the_review_band_holds_both_its_ends(confidence: float | None, near: bool | None) -> None:
    execution = ran(Reply("ok", output={}, confidence=confidence))
    assert in_review_band(0.85, 0.05)(due(), execution) is near


def test_the_review_band_has_a_name_and_a_digest_of_its_own() -> None:
    scores = score([(due(), ANSWERED)], [in_review_band(0.85, 0.05), refusal_accuracy])
    assert scores.values == {"in_review_band": (True,), "refusal_accuracy": (True,)}
    assert metrics_digest([in_review_band(0.85, 0.05)]) != metrics_digest([in_review_band(0.80, 0.05)])
