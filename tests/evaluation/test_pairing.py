"""Pairing: the same cases in the same order, or one line that says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evalkit.errors import StatisticsError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.pairing import align, judge_stopped, watched_by
from evalkit.evaluation.run import Run, Stopped
from evalkit.stats.comparison import Difference

Build = Callable[..., Run]
STOPPED = Stopped("regressed", cases=2, of=4, e_value=50.0, margin=0.02, baseline="run-0")
ROWS = [frozenset({f"Codes/{row}"}) for row in range(4)]


def asked(build: Build, *ids: str, **changes: Any) -> Run:
    """A candidate that was asked these cases alone."""
    return build({"m": [True] * len(ids)}, version=1, given={"case_ids": ids}, stopped=STOPPED, **changes)


def test_runs_on_the_same_cases_are_given_back_untouched(build: Build) -> None:
    before, after = build({"m": [True, False]}), build({"m": [False, True]}, version=1)
    paired = align(before, after)
    assert paired[0] is before
    assert paired[1] is after


def test_a_baseline_takes_the_order_and_the_rows_of_what_a_stopped_run_was_asked(build: Build) -> None:
    before = build({"m": [True, False, None, False]}, given={"traces": ROWS})
    old, new = align(before, asked(build, "case-003", "case-000"))
    assert old.table.case_ids == new.table.case_ids == ("case-003", "case-000")
    assert old.scores.values["m"] == (False, True)
    assert list(old.traces) == [ROWS[3], ROWS[0]]
    assert before.table.case_ids[0] == "case-000"


def test_a_baseline_that_kept_no_rows_is_brought_down_all_the_same(build: Build) -> None:
    old, _ = align(build({"m": [True] * 4}), asked(build, "case-001"))
    assert old.table.case_ids == ("case-001",)
    assert len(old.traces) == 0


@pytest.mark.parametrize("ids", [("case-001", "case-000"), ("case-000",), ("case-000", "case-001", "case-002")])
def test_other_cases_under_one_digest_are_refused_where_nothing_was_stopped(build: Build, ids: tuple[str, ...]) -> None:
    before = build({"m": [True, True]})
    after = build({"m": [True] * len(ids)}, version=1, given={"case_ids": ids})
    with pytest.raises(StatisticsError, match="different cases"):
        align(before, after)


def test_a_stopped_run_with_a_case_of_its_own_is_refused(build: Build) -> None:
    with pytest.raises(StatisticsError, match="different cases"):
        align(build({"m": [True] * 4}), asked(build, "case-000", "case-999"))


def test_a_stopped_baseline_does_not_pair_with_a_whole_candidate(build: Build) -> None:
    with pytest.raises(StatisticsError, match="different cases"):
        align(asked(build, "case-000"), build({"m": [True, True]}))


def test_a_changed_gold_set_is_named_with_both_runs_and_the_way_out(build: Build) -> None:
    before = build({"m": [True]})
    after = build({"m": [True]}, version=1, about={"dataset_digest": "0" * 64, "dataset_name": "edited"})
    with pytest.raises(StatisticsError) as refused:
        align(before, after)
    assert str(refused.value) == (
        "run-0 and run-1: the two runs were made on different cases (built by hand; edited)"
        " -> evaluate the baseline version on the cases of the candidate"
    )


def test_another_family_is_said_before_other_cases_are(build: Build) -> None:
    other = build({"m": [True]}, about={"family": "note_summary", "dataset_digest": "0" * 64})
    with pytest.raises(StatisticsError, match="different families"):
        align(build({"m": [True]}), other)


def differences(build: Build) -> tuple[Difference, ...]:
    before = build({"m": [True] * 60, "other": [True] * 60})
    after = build({"m": [False] * 30 + [True] * 30, "other": [False] * 60}, version=1)
    return compare(before, after).differences


@pytest.mark.parametrize(
    ("decision", "verdict", "p_value", "p_adjusted", "noninferior"),
    [
        ("regressed", "regressed", 0.02, 0.02, False),
        ("improved", "improved", 0.98, 0.02, True),
        ("noninferior", "undecided", 0.5, 0.5, True),
    ],
)
def test_the_watched_head_has_the_decision_and_one_over_e(
    build: Build, decision: Any, verdict: str, p_value: float, p_adjusted: float, noninferior: bool
) -> None:
    head, *rest = judge_stopped(differences(build), replace(STOPPED, decision=decision), watched=True)
    assert (head.verdict, head.noninferior, head.test) == (verdict, noninferior, "e-process")
    assert (head.p_value, head.p_adjusted) == pytest.approx((p_value, p_adjusted))
    assert head.p_exact is None
    assert {(one.verdict, one.noninferior, one.need) for one in rest} == {("undecided", False, None)}


def test_evidence_below_one_is_no_p_value_above_one(build: Build) -> None:
    head = judge_stopped(differences(build), replace(STOPPED, e_value=0.5), watched=True)[0]
    assert head.p_value == head.p_adjusted == 1.0


def test_a_run_that_was_watched_against_another_baseline_decides_nothing(build: Build) -> None:
    found = differences(build)
    assert found[0].verdict == found[1].verdict == "regressed"
    judged = judge_stopped(found, STOPPED, watched=False)
    assert {one.verdict for one in judged} == {"undecided"}
    assert judged[0].test == found[0].test
    assert judged[0].effect == found[0].effect


def test_a_watch_says_nothing_in_units_that_it_did_not_have(build: Build) -> None:
    run = replace(build({"m": [True] * 40}), stopped=STOPPED)
    assert watched_by(run) == watched_by(run.by(cluster="patient")) == STOPPED.baseline
    assert watched_by(run.by(cluster="case")) == watched_by(build({"m": [True] * 40})) == ""
