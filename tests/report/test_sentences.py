from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from evalkit.evaluation.comparison import RowEffect
from evalkit.evaluation.run import Stopped
from evalkit.report import sentences


def with_estimates(run, **changes):
    changed = replace(run, **changes)
    changed.__dict__["estimates"] = run.estimates
    return changed


def test_without_a_baseline_the_headline_is_the_estimate(records: SimpleNamespace) -> None:
    assert sentences.headline(records.run) == "line_exact 89.0 % (95 % interval 85.0 to 92.1 %), 300 cases."


def test_with_a_baseline_the_headline_is_the_sentence_of_the_comparison(records: SimpleNamespace) -> None:
    assert sentences.headline(records.run, records.comparison) == records.comparison.sentence()


def test_a_breach_is_said_before_any_score(records: SimpleNamespace) -> None:
    headline = sentences.headline(records.leaky, records.comparison)
    assert headline.startswith("1 boundary check failed in 1 execution (no_identifier_in_output)")
    assert sentences.remarks(records.leaky, records.comparison)[0] == records.comparison.sentence()


def test_a_breach_outweighs_a_passed_gate(records: SimpleNamespace) -> None:
    passed = replace(records.gate, results=records.gate.results[:1])
    assert sentences.verdict_of(records.run, gate=passed) == "pass"
    assert sentences.verdict_of(records.leaky, gate=passed) == "fail"


def test_a_check_that_raised_counts_as_a_breach(records: SimpleNamespace) -> None:
    raised = with_estimates(records.run, checks=(records.check_result(error="KeyError"),))
    assert sentences.verdict_of(raised) == "fail"


def test_an_incomplete_run_is_no_evidence_whatever_else_it_says(records: SimpleNamespace) -> None:
    stopped = with_estimates(records.leaky, incomplete=7)
    assert sentences.verdict_of(stopped, records.comparison, records.gate) == "incomplete"
    assert sentences.remarks(stopped)[0] == "7 executions left undone: this run is no evidence for a gate."


def test_a_run_whose_checks_saw_nothing_has_not_passed(records: SimpleNamespace) -> None:
    unseen = with_estimates(records.run, checks=(records.check_result(passed=0, not_observed=300),))
    assert sentences.verdict_of(unseen) == "not_observed"
    assert sentences.boundary_sentence(unseen) == "0 of 1 boundary check passed; 1 check could not observe anything."


def test_a_check_that_applied_to_nothing_is_told_from_one_that_saw_nothing(records: SimpleNamespace) -> None:
    idle = records.check_result(passed=0, not_applicable=300)
    assert sentences.check_word(idle) == "nothing to check"
    assert sentences.check_word(replace(idle, not_observed=1)) == "not observed"


def test_an_undecided_comparison_is_said_to_be_no_pass(records: SimpleNamespace) -> None:
    open_ = replace(records.comparison, differences=(records.difference(verdict="undecided", need=640),))
    assert "no pass" in sentences.caveat(open_)


@pytest.mark.parametrize("verdict", ["regressed", "improved"])
def test_a_real_change_inside_the_margin_is_said_to_be_both(records: SimpleNamespace, verdict: str) -> None:
    small = replace(records.comparison, differences=(records.difference(verdict=verdict, within_margin=True),))
    assert sentences.caveat(small) == "The change is real and lies inside the margin of 2.0 points."


def test_the_row_that_broke_most_is_named(records: SimpleNamespace) -> None:
    assert sentences.row_sentence(records.comparison) == (
        "Row Modifiers/25 broke 14 cases and fixed 0; 1 other row broke cases too."
    )
    assert sentences.row_sentence(replace(records.comparison, rows=())) == ""


def test_gates_are_counted_by_verdict(records: SimpleNamespace) -> None:
    assert sentences.gate_sentence(records.gate) == "2 of 4 gates passed (1 failed, 1 undecided)."


def test_boundary_gates_are_told_apart_from_the_specs_only_where_they_did_not_pass(records: SimpleNamespace) -> None:
    failed = replace(records.gate.results[3], verdict="fail")
    shown = sentences.telling(replace(records.gate, results=(*records.gate.results, failed)))
    assert shown == (*records.gate.results[:3], failed)


def test_a_slice_in_which_nothing_was_judged_is_no_difference(records: SimpleNamespace) -> None:
    nothing = records.difference(effect=float("nan"), n=0)
    assert sentences.judged([nothing, records.difference()]) == (records.difference(),)


def test_a_head_metric_that_judged_nothing_is_said_so(records: SimpleNamespace) -> None:
    nothing = with_estimates(records.run, head_metric="needs_review")
    assert sentences.estimate_sentence(nothing) == "needs_review: nothing could be judged in 300 cases."


def test_every_verdict_has_a_word_and_a_tone() -> None:
    assert sentences.VERDICT_WORDS.keys() == sentences.TONES.keys()


@pytest.mark.parametrize(
    ("passed", "unseen", "idle", "sentence"),
    [
        (2, 0, 0, "2 of 2 boundary checks passed."),
        (0, 1, 0, "0 of 1 boundary check passed; 1 check could not observe anything."),
        (1, 0, 2, "1 of 3 boundary checks passed; 2 checks had nothing to check."),
        (1, 2, 1, "1 of 4 boundary checks passed; 2 checks could not observe anything; 1 check had nothing to check."),
        (0, 0, 0, "No boundary check was made."),
    ],
)
def test_checks_are_counted_by_what_they_could_see(
    records: SimpleNamespace, passed: int, unseen: int, idle: int, sentence: str
) -> None:
    checks = [records.check_result(f"passed-{at}") for at in range(passed)]
    checks += [records.check_result(f"unseen-{at}", passed=0, not_observed=3) for at in range(unseen)]
    checks += [records.check_result(f"idle-{at}", passed=0, not_applicable=9) for at in range(idle)]
    assert sentences.boundary_sentence(replace(records.run, checks=tuple(checks))) == sentence


def test_breaches_are_counted_by_execution_and_named_in_order(records: SimpleNamespace) -> None:
    twice = (records.finding, replace(records.finding, place="logs[2]"), replace(records.finding, trial=1))
    checks = (
        records.check_result("b", findings=twice),
        records.check_result("raised", error="KeyError"),
        records.check_result("a", findings=twice[:1]),
    )
    run = replace(records.run, checks=checks)
    assert sentences.boundary_sentence(run) == "3 boundary checks failed in 3 executions (b, raised, a)."


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((), ""),
        (((0, 9),), ""),
        (((1, 0),), "Row R/0 broke 1 case and fixed 0."),
        (((14, 2), (0, 7)), "Row R/0 broke 14 cases and fixed 2."),
        (((14, 2), (5, 0), (1, 1), (0, 1)), "Row R/0 broke 14 cases and fixed 2; 2 other rows broke cases too."),
        (((14, 2), (5, 0)), "Row R/0 broke 14 cases and fixed 2; 1 other row broke cases too."),
    ],
)
def test_other_rows_are_counted_where_they_broke_something(
    records: SimpleNamespace, rows: tuple[tuple[int, int], ...], sentence: str
) -> None:
    effects = tuple(RowEffect(f"R/{at}", "row added", broke, fixed) for at, (broke, fixed) in enumerate(rows))
    assert sentences.row_sentence(replace(records.comparison, rows=effects)) == sentence


def test_what_is_most_pressing_is_said_first_and_nothing_twice(records: SimpleNamespace) -> None:
    stopped = Stopped("regressed", 50, 300, 40.0, 0.02, "run-0")
    run = with_estimates(records.leaky, incomplete=7, stopped=stopped)
    said = sentences.remarks(run, records.comparison, records.gate)
    assert said[0] == "7 executions left undone: this run is no evidence for a gate."
    assert said[1] == f"The run {stopped}."
    assert said[2] == records.comparison.sentence()
    assert said[-1] == sentences.gate_sentence(records.gate)
    assert sentences.boundary_sentence(run) not in said
    assert sentences.headline(run, records.comparison) == sentences.boundary_sentence(run)
    assert len(set(said)) == len(said)


def test_a_comparison_without_a_caveat_leaves_no_empty_sentence(records: SimpleNamespace) -> None:
    plain = replace(records.comparison, rows=())
    assert sentences.caveat(plain) == sentences.row_sentence(plain) == ""
    assert sentences.remarks(records.run, plain) == (sentences.boundary_sentence(records.run),)


@pytest.mark.parametrize(
    ("gate", "compared", "verdict"),
    [(True, True, "fail"), (False, True, "regressed"), (False, False, "pass"), (True, False, "fail")],
)
def test_a_gate_outweighs_a_comparison_and_a_comparison_the_checks(
    records: SimpleNamespace, gate: bool, compared: bool, verdict: str
) -> None:
    asked = records.comparison if compared else None, records.gate if gate else None
    assert sentences.verdict_of(records.run, *asked) == verdict


def test_trials_are_told_where_there_are_several(records: SimpleNamespace) -> None:
    again = with_estimates(records.run, header=replace(records.run.header, trials=3))
    assert sentences.estimate_sentence(again) == (
        "line_exact 89.0 % (95 % interval 85.0 to 92.1 %), 300 cases x 3 trials."
    )


def test_a_proposed_rule_says_that_it_is_one(records: SimpleNamespace) -> None:
    assert sentences.citation(records.check_result(basis="proposed")) == "45 CFR 164.508 [proposed]"
    assert sentences.citation(records.check_result()) == "45 CFR 164.508"
