"""Comparison: paired, joined to the edited rows, refused where it would not be honest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from evalkit.errors import MetricError, StatisticsError
from evalkit.evaluation.comparison import compare, difference_of
from evalkit.evaluation.run import Run
from evalkit.metrics.scoring import Value

Build = Callable[..., Run]
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


# Runs built from columns: every figure below is counted by hand


def outcomes(*kinds: tuple[Value, int]) -> list[Value]:
    return [value for value, times in kinds for _ in range(times)]


def test_moved_cases_stand_with_the_largest_drop_first_and_then_by_id(build: Build) -> None:
    before = build({"m": [0.5, 1.0, 1.0, 0.25, 0.5, None]})
    after = build({"m": [0.25, 0.0, 0.0, 0.75, 0.5, 1.0]}, version=1)
    changes = compare(before, after).changes
    assert [(one.case_id, one.kind, one.baseline, one.candidate) for one in changes] == [
        ("case-001", "broke", 1.0, 0.0),
        ("case-002", "broke", 1.0, 0.0),
        ("case-000", "broke", 0.5, 0.25),
        ("case-003", "fixed", 0.25, 0.75),
    ]


def test_a_rise_of_a_head_that_should_be_low_is_what_breaks_cases(build: Build) -> None:
    low = {"lower_is_better": frozenset({"m"})}
    found = compare(build({"m": [0.0, 1.0, 0.5]}, **low), build({"m": [1.0, 0.5, 0.5]}, version=1, **low))
    assert [(one.case_id, one.kind) for one in found.changes] == [("case-000", "broke"), ("case-001", "fixed")]
    assert (found.head.broke, found.head.fixed) == (1, 1)


def test_rounding_moves_no_case(build: Build) -> None:
    before, after = build({"m": [0.1 + 0.2]}), build({"m": [0.3]}, version=1)
    assert before.scores.values != after.scores.values
    assert compare(before, after).changes == ()


def test_a_row_that_either_version_touched_is_named_and_one_that_nobody_edited_is_not(build: Build) -> None:
    here, there = (
        [{"Modifiers/25"}, set(), set(), {"Codes/00012"}],
        [set(), {"Modifiers/25", "Codes/00012"}, set(), set()],
    )
    before = build({"m": [True, True, True, False]}, given={"traces": [frozenset(one) for one in here]})
    after = build({"m": [False, False, False, True]}, version=1, given={"traces": [frozenset(one) for one in there]})
    found = compare(before, after)
    assert [(one.case_id, one.rows) for one in found.changes] == [
        ("case-000", ("Modifiers/25",)),
        ("case-001", ("Modifiers/25",)),
        ("case-002", ()),
        ("case-003", ()),
    ]
    assert [(row.row_id, row.broke, row.fixed) for row in found.rows] == [("Modifiers/25", 2, 0)]


@pytest.mark.parametrize("kept", [(), ("before",), ("after",)])
def test_runs_that_kept_no_traces_are_compared_and_name_what_they_can(build: Build, kept: tuple[str, ...]) -> None:
    touched = {"traces": [frozenset({"Modifiers/25"}), frozenset()]}
    before = build({"m": [True, True]}, given=touched if "before" in kept else {})
    after = build({"m": [False, False]}, version=1, given=touched if "after" in kept else {})
    changes = compare(before, after).changes
    assert [one.rows for one in changes] == [("Modifiers/25",) if kept else (), ()]


def test_the_head_comes_first_then_the_other_metrics_then_the_head_by_tag(build: Build) -> None:
    tags = {"tags": [("b",), ("a",), ("a", "b"), ()]}
    columns = {"m": [True] * 4, "shown": [0.5] * 4, "other": [0.5] * 4, "label": ["x"] * 4}
    aside = {"descriptive": frozenset({"shown"})}
    found = compare(build(columns, given=tags, **aside), build(columns, version=1, given=tags, **aside))
    listed = [(one.metric, one.scope, one.n) for one in found.differences]
    assert listed == [("m", "all", 4), ("other", "all", 4), ("m", "tag:a", 2), ("m", "tag:b", 2)]


def test_a_metric_that_only_the_candidate_has_is_left_out_and_its_head_is_refused(build: Build) -> None:
    before, after = build({"m": [True, True]}), build({"m": [True, True], "new": [1.0, 0.0]}, version=1)
    assert [one.metric for one in compare(before, after).differences] == ["m"]
    for values in ([True, True], [None, None]):
        with pytest.raises(MetricError, match="do not both have new on all"):
            compare(build({"m": [True, True], "new": ["yes", None]}), replace(after, head_metric="new"))
        with pytest.raises(MetricError, match="do not both have m on all"):
            compare(
                build({"m": [None, None], "other": [1.0, 1.0]}), build({"m": values, "other": [1.0, 1.0]}, version=1)
            )


@pytest.mark.parametrize(("missing", "verdict"), [(2, "regressed"), (3, "undecided")])
def test_two_missing_pairs_of_a_hundred_are_borne_and_three_are_not(build: Build, missing: int, verdict: str) -> None:
    before = build({"m": [True] * 100})
    after = build({"m": outcomes((None, missing), (False, 40), (True, 60 - missing))}, version=1)
    found = compare(before, after)
    assert found.verdict == verdict
    assert (found.head.n, found.head.left_out, found.head.broke) == (100 - missing, missing, 40)
    assert any(f"{missing} cases left out" in warning for warning in found.warnings)


def test_a_case_that_neither_run_judged_is_missing_from_nothing(build: Build) -> None:
    found = compare(build({"m": [None, True, True]}), build({"m": [None, True, False]}, version=1)).head
    assert (found.n, found.left_out, found.broke) == (2, 0, 1)


def test_one_case_is_compared_and_proves_nothing(build: Build) -> None:
    found = compare(build({"m": [True]}), build({"m": [False]}, version=1))
    assert (found.verdict, found.head.effect, found.head.n) == ("undecided", -1.0, 1)
    assert "1 case: UNDECIDED" in found.sentence()


@pytest.mark.parametrize(
    ("about", "warning"),
    [
        ({"agent_id": "another"}, "both the spec and the agent differ"),
        ({"metrics_digest": "0" * 64}, "the metrics differ in name or code"),
    ],
)
def test_what_else_differs_between_two_runs_is_warned_of(build: Build, about: dict[str, str], warning: str) -> None:
    columns = {"m": [True] * 30}
    (said,) = compare(build(columns), build(columns, version=1, about=about)).warnings
    assert said.startswith(warning)
    assert compare(build(columns), build(columns, version=1)).warnings == ()


def test_another_agent_on_the_same_spec_is_what_a_comparison_is_for(build: Build) -> None:
    columns = {"m": [True] * 30}
    assert compare(build(columns), build(columns, about={"agent_id": "another"})).warnings == ()


def test_an_incomplete_baseline_is_warned_of_by_its_own_version(build: Build) -> None:
    columns = {"m": [True] * 30}
    (warning,) = compare(build(columns, incomplete=4), build(columns, version=1)).warnings
    assert warning == "billing_codes@1.0.0 is incomplete: 4 executions were left undone"


def test_the_sentence_says_which_trials_would_decide_beside_which_cases(build: Build) -> None:
    found = compare(
        build({"m": outcomes((True, 50), (False, 10))}), build({"m": outcomes((False, 4), (True, 56))}, version=1)
    )
    asks = replace(found, trials_needed=9, differences=(replace(found.head, need=1234, verdict="undecided"),))
    assert asks.sentence().endswith("UNDECIDED; about 1,234 cases, or 9 trials a case, would decide.")
    none = replace(asks, trials_needed=None)
    assert none.sentence().endswith("about 1,234 cases would decide.")


def test_a_card_keeps_hostile_names_as_text_and_is_the_same_again(build: Build) -> None:
    name = "<script>\x1b[2J"
    given = {"tags": [(name,)] * 2}
    columns = {name: [True, True]}
    found = compare(build(columns, given=given), build(columns, version=1, given=given))
    shown = found._repr_html_()
    assert "<script" not in shown
    assert "\x1b" not in shown
    assert shown.count("&lt;script&gt;\\x1b[2J") >= 4
    assert shown == compare(build(columns, given=given), build(columns, version=1, given=given))._repr_html_()
