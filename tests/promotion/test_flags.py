"""Flags: each kind of reason on what it is about and on nothing else, ranked, without copies, without a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit as ek
from evalkit.agents.agent import Refusal, Reply
from evalkit.cases.case import Case
from evalkit.cases.diversity import NEAR, grams_of, group_near, similarity
from evalkit.errors import PromotionError
from evalkit.executions.execution import Execution, Failure
from evalkit.promotion.flags import Flags, flag
from evalkit.promotion.production import Stored
from evalkit.promotion.reasons import NEW, WEIGHTS, Kind
from evalkit.spec.schema import Spec
from evalkit.stats.profile import profile_columns

CANARY = "Zqxj Nakamura 555-0199"
WORDS = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return ek.load_spec("billing_codes@2.0.0")


def note(number: int, more: str = "") -> dict[str, Any]:
    """An input with a text of its own."""
    draw = np.random.default_rng(number)
    text = " ".join(WORDS[i] for i in draw.integers(0, len(WORDS), 60))
    return {"note_text": f"{text} {more}", "new_patient": False, "patient_mrn": CANARY}


def done(number: int, *, confidence: float = 0.99, output: Mapping[str, Any] | None = None) -> Execution:
    body = {"lines": [{"code": "99213"}], "needs_review": False, "x": CANARY, **(output or {})}
    return Execution(f"case-{number}", 0, Reply("ok", body, confidence=confidence))


def stored(number: int, execution: Execution | None = None, input: Mapping[str, Any] | None = None) -> Stored:
    ran = execution or done(number)
    return Stored(
        number, f"run/{ran.case_id}/0", "billing_codes@2.0.0", "", input or note(number), {"consent": True}, ran
    )


def kinds(found: Flags) -> dict[str, set[str]]:
    return {one.execution: {kind.value for kind in one.kinds} for one in found}


def test_confidences_within_the_band_of_the_spec_are_near_and_others_are_not(spec: Spec) -> None:
    threshold, band = spec.review.threshold, spec.review.band
    at = [threshold - band - 0.01, threshold - band, threshold, threshold + band, threshold + band + 0.01]
    found = flag([done(n, confidence=c) for n, c in enumerate(at)], spec=spec, audit_share=0)
    assert sorted(kinds(found)) == ["case-1/0", "case-2/0", "case-3/0"]
    assert {one.words().split(" the ")[0] for one in found} == {"confidence below", "confidence at or above"}


def test_errors_and_refusals_are_flagged_by_class_and_code_and_what_never_ran_is_not(spec: Spec) -> None:
    code = spec.refuse[0].code
    ran = [
        Execution("a", 0, None, Failure("ValueError", CANARY)),
        Execution("b", 0, Reply("refused", refusal=Refusal(code))),
        Execution("c", 0, Reply("refused", refusal=Refusal(CANARY))),
        Execution("d", 0, None, Failure("NotRun"), attempts=0),
        done(5),
    ]
    found = flag(ran, spec=spec, audit_share=0)
    assert found.executions == 4
    assert kinds(found) == {"a/0": {"error"}, "b/0": {"refusal"}, "c/0": {"refusal"}}
    assert found[0].words() == "it failed: ValueError"
    assert [one.words() for one in found[1:]] == [f"refused: {code}", "refused with an undeclared code"]
    assert "Zqxj" not in str(found) + repr(found) + found._repr_html_() + json.dumps(found.summary())


def test_another_version_or_a_person_that_answers_otherwise_is_named_by_field(spec: Spec) -> None:
    ran = [done(n) for n in range(4)]
    other = [
        done(0, confidence=0.5),
        done(1, output={"lines": [{"code": "99214"}]}),
        done(2, output={"y": CANARY}),
        Execution("case-3", 0, Reply("refused", refusal=Refusal("NO_CONSENT"))),
    ]
    found = flag(ran, spec=spec, other=other, audit_share=0)
    assert {one.execution: one.words() for one in found} == {
        "case-1/0": "another version answers otherwise: lines",
        "case-2/0": "another version answers otherwise: undeclared fields",
        "case-3/0": "another version answers otherwise: refusal, lines, needs_review, undeclared fields",
    }
    right = {"case-0/0": {"lines": [{"code": "99213"}]}, "case-1/0": {"lines": []}, "case-2/0": "NO_CONSENT"}
    corrected = flag(ran, spec=spec, corrections=right, audit_share=0)
    assert sorted(kinds(corrected)) == ["case-1/0", "case-2/0"]
    assert corrected.of(Kind.CORRECTED)[0].words().startswith("a person corrected: ")
    assert kinds(flag([stored(1)], spec=spec, corrections={"run/case-1/0": {"lines": []}}, audit_share=0))


def test_inputs_beyond_the_reference_are_out_of_profile_and_the_column_is_named(spec: Spec) -> None:
    lengths = np.random.default_rng(1).normal(400, 20, 4000)
    reference = profile_columns({
        "input.note_text.length": lengths.tolist(),
        "input.new_patient": ["false"] * 3996 + ["true"] * 4,
        "confidence": [0.9] * 4000,
    })  # fmt: skip
    inputs: list[dict[str, Any]] = [
        {"note_text": "x" * 400, "new_patient": False},
        {"note_text": "x" * 900, "new_patient": False},
        {"note_text": "x" * 3, "new_patient": False},
        {"note_text": "x" * 400, "new_patient": True},
        {"new_patient": False},
    ]
    ran = [
        replace(done(n), reply=Reply("ok", {"lines": []}, confidence=0.1, received=(one,)))
        for n, one in enumerate(inputs)
    ]
    found = flag([*ran, done(9)], spec=spec, profile=reference, audit_share=0)
    assert {one.execution: one.words() for one in found} == {
        "case-1/0": "input.note_text.length is above nearly all of the reference",
        "case-2/0": "input.note_text.length is below nearly all of the reference",
        "case-3/0": "input.new_patient is rare in the reference",
        "case-4/0": "input.note_text.length is missing, which the reference never was",
    }


def test_a_request_that_says_what_no_gold_case_says_is_novel_and_its_like_is_not(spec: Spec) -> None:
    gold = [Case(f"gold-{n}", spec.family, note(n), {}, {}) for n in range(300)]
    like = [stored(n) for n in range(1000, 1200)]
    new = [
        stored(n, input=note(n, "an interpreter was on the line and the mother spoke for the child")) for n in range(5)
    ]
    found = flag([*like, *new], spec=spec, gold=gold, audit_share=0)
    assert {one.name for one in new} <= {name for one in found for name in (one.execution, *one.alike)}
    assert len(found) - len(new) <= 3 * NEW * len(like)
    assert all(one.kinds == {Kind.NOVEL} for one in found)
    assert "interpreter" not in str(found)


def test_the_audit_sample_is_a_share_of_all_drawn_by_seed_and_name(spec: Spec) -> None:
    ran = [done(n) for n in range(2000)]
    drawn = [{one.execution for one in flag(ran, spec=spec, audit_share=0.1, seed=seed)} for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 150 < len(drawn[0]) < 250
    assert {one.execution for one in flag(ran[::-1], spec=spec, audit_share=0.1)} == drawn[0]
    with pytest.raises(PromotionError, match="between 0 and 1"):
        flag(ran, spec=spec, audit_share=2)


def test_flags_are_ranked_by_all_their_reasons_together(spec: Spec) -> None:
    threshold = spec.review.threshold
    ran = [done(0, confidence=threshold), done(1), done(2, confidence=threshold)]
    found = flag(ran, spec=spec, corrections={"case-1/0": {"lines": []}, "case-2/0": {"lines": []}}, audit_share=1)
    assert [one.execution for one in found] == ["case-2/0", "case-1/0", "case-0/0"]
    assert [one.rank for one in found] == [1, 2, 3]
    rest = (1 - WEIGHTS[Kind.CORRECTED]) * (1 - WEIGHTS[Kind.NEAR_THRESHOLD]) * (1 - WEIGHTS[Kind.AUDIT_SAMPLE])
    assert found[0].score == pytest.approx(1 - rest)
    assert [reason.kind for reason in found[0].reasons] == [Kind.CORRECTED, Kind.NEAR_THRESHOLD, Kind.AUDIT_SAMPLE]
    assert list(found.frame()["count"]) == [1, 1, 1]
    assert found.why()["case-2/0"][0] == "a person corrected: lines"


def test_near_copies_are_one_flag_with_a_count_and_other_answers_are_not_copies(spec: Spec) -> None:
    code = spec.refuse[0].code
    failed = Failure("ValueError")
    ran = [
        stored(n, Execution(f"case-{n}", 0, None, failed), note(1, f"room {n}")) for n in range(4)
    ] + [
        stored(9, Execution("case-9", 0, Reply("refused", refusal=Refusal(code))), note(1)),
        stored(10, Execution("case-10", 0, None, failed), note(2)),
        stored(11, Execution("case-11", 0, None, failed), {**note(1), "new_patient": True}),
    ]  # fmt: skip
    found = flag(ran, spec=spec, audit_share=0)
    assert {one.execution: one.count for one in found} == {
        "run/case-0/0": 4, "run/case-9/0": 1, "run/case-10/0": 1, "run/case-11/0": 1,
    }  # fmt: skip
    assert found.counts() == {"error": 6, "refusal": 1}
    assert "(and 3 like it)" in str(found)


def test_executions_whose_input_nobody_saw_are_no_copies_of_one_another(spec: Spec) -> None:
    ran = [Execution(f"case-{n}", 0, None, Failure("ValueError")) for n in range(3)]
    assert len(flag(ran, spec=spec, audit_share=0)) == 3


def test_two_executions_of_one_name_are_refused(spec: Spec) -> None:
    with pytest.raises(PromotionError, match="two executions have one name"):
        flag([done(1), done(1)], spec=spec)


@given(st.lists(st.text("ab", max_size=9).map(" ".join), max_size=9))
def test_groups_of_near_copies_are_those_of_comparing_every_pair(texts: list[str]) -> None:
    firsts: list[int] = []
    expected = []
    for number, text in enumerate(texts):
        like = [one for one in firsts if similarity(grams_of(text), grams_of(texts[one])) >= NEAR]
        expected.append(like[0] if like else number)
        firsts += [] if like else [number]
    assert group_near(texts) == expected
