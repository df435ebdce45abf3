"""Comparison: paired, joined to the edited rows, refused where it would not be honest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evalkit.errors import MetricError, StatisticsError
from evalkit.evaluation.comparison import compare, difference_of
from evalkit.evaluation.run import Run

Runs = tuple[Run, Run]


def test_the_narrowed_modifier_breaks_lines_and_leaves_the_codes_alone(runs: Runs) -> None:
    comparison = compare(*runs)
    assert comparison.verdict == "regressed"
    assert comparison.head.effect < -0.05
    code = next(d for d in comparison.differences if d.metric == "code_f1_micro" and d.scope == "all")
    assert code.effect == 0


def test_every_broken_case_is_joined_to_the_row_that_was_edited(runs: Runs) -> None:
    comparison = compare(*runs)
    broken = [change for change in comparison.changes if change.kind == "broke"]
    assert broken
    assert all(change.rows == ("Modifiers/25",) for change in broken)
    assert comparison.rows[0].row_id == "Modifiers/25"
    assert comparison.rows[0].broke == len(broken) == comparison.head.broke


def test_a_run_compared_with_itself_changes_nothing(runs: Runs) -> None:
    comparison = compare(runs[0], runs[0])
    assert comparison.changes == ()
    assert all(d.effect == 0 or d.effect != d.effect for d in comparison.differences)
    assert comparison.verdict in {"equivalent", "undecided"}


def test_the_way_back_is_an_improvement_of_the_same_size(runs: Runs) -> None:
    there, back = compare(*runs), compare(runs[1], runs[0])
    assert back.verdict == "improved"
    assert back.head.effect == pytest.approx(-there.head.effect)
    assert (back.head.fixed, back.head.broke) == (there.head.broke, there.head.fixed)


def test_a_rise_of_a_metric_that_should_be_low_is_a_regression(runs: Runs) -> None:
    difference = difference_of(*runs, "over_coded")
    assert difference.effect > 0
    assert difference.p_value < 0.05


def test_runs_on_other_cases_are_refused(runs: Runs) -> None:
    other = replace(runs[1], header=replace(runs[1].header, dataset_digest="0" * 64))
    with pytest.raises(StatisticsError, match="different cases"):
        compare(runs[0], other)


def test_runs_of_other_families_are_refused(runs: Runs) -> None:
    other = replace(runs[1], header=replace(runs[1].header, family="note_summary"))
    with pytest.raises(StatisticsError, match="families"):
        compare(runs[0], other)


def test_a_metric_that_one_run_lacks_is_refused_by_name(runs: Runs) -> None:
    with pytest.raises(MetricError, match="rouge_1"):
        difference_of(*runs, "rouge_1")


def test_an_incomplete_run_is_warned_of(runs: Runs) -> None:
    comparison = compare(runs[0], replace(runs[1], incomplete=3))
    assert any("3 executions" in warning for warning in comparison.warnings)


def test_the_summary_is_json_without_a_nan(runs: Runs) -> None:
    summary = json.loads(json.dumps(compare(*runs).summary(), allow_nan=False))
    assert summary["verdict"] == "regressed"


def test_the_repr_says_effect_and_verdict(runs: Runs) -> None:
    assert "REGRESSED" in repr(compare(*runs))
    assert "Modifiers/25" in compare(*runs)._repr_html_()
