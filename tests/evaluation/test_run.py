"""The run: estimates, tidy table, summary, repr."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from evalkit.cases.case import GoldSet
from evalkit.errors import MetricError
from evalkit.evaluation.run import Run, Stopped
from evalkit.metrics.scoring import Ratio

Build = Callable[..., Run]


def test_the_head_metric_has_an_interval_around_its_value(runs: tuple[Run, Run]) -> None:
    head = runs[0].estimate(runs[0].head_metric)
    assert 0 <= head.lo < head.value < head.hi <= 1
    assert head.n + sum(runs[0].casewise.not_applicable[head.metric]) == runs[0].header.cases


def test_a_slice_is_estimated_on_its_own_cases(runs: tuple[Run, Run], gold: GoldSet) -> None:
    tag = "mod25"
    carried = sum(tag in case.tags for case in gold)
    one = runs[0].estimate("refusal_accuracy", f"tag:{tag}")
    assert one.n == carried > 0


def test_an_unknown_metric_names_those_that_there_are(runs: tuple[Run, Run]) -> None:
    with pytest.raises(MetricError, match="line_exact"):
        runs[0].estimate("accuracy")


def test_the_tidy_table_has_a_row_for_each_metric_case_and_trial(runs: tuple[Run, Run]) -> None:
    frame = runs[0].frame()
    assert list(frame.columns) == ["case_id", "trial", "cluster", "metric", "value", "label", "error"]
    assert len(frame) == runs[0].header.cases * len(runs[0].scores.values)
    wrong = frame.query("metric == 'line_exact' and value == 0")
    assert set(wrong["case_id"]) <= set(runs[0].casewise.case_ids)


def test_a_pooled_figure_is_the_ratio_of_sums_and_not_the_mean_of_ratios(runs: tuple[Run, Run]) -> None:
    values = [v for v in runs[0].scores.values["line_exact"] if isinstance(v, Ratio)]
    pooled = sum(v.numerator for v in values) / sum(v.denominator for v in values)
    assert runs[0].estimate("line_exact").value == pytest.approx(pooled)


def test_degenerate_agents_stand_beside_every_score(runs: tuple[Run, Run]) -> None:
    baselines = runs[0].baselines
    assert "refuse-all" in baselines
    assert baselines["refuse-all"]["line_exact"] == 0
    assert all(row["line_exact"] < runs[0].estimate("line_exact").value for row in baselines.values())


def test_the_summary_is_json_without_a_nan(runs: tuple[Run, Run]) -> None:
    text = json.dumps(runs[0].summary(), allow_nan=False)
    assert json.loads(text)["run"]["spec_id"] == "billing_codes"


def test_the_repr_and_the_card_are_stable_and_name_no_run_id(runs: tuple[Run, Run]) -> None:
    run = runs[0]
    assert repr(run).startswith("Run(billing_codes@1.0.0, 120 cases x 1: line_exact ")
    for shown in (repr(run), run._repr_html_()):
        assert run.header.run_id not in shown
        assert run.header.created_at not in shown


# Runs built from columns


def test_a_run_of_one_case_has_an_interval_and_one_of_none_has_no_figure(build: Build) -> None:
    one = build({"m": [True]}).estimate("m")
    assert (one.value, one.n, one.hi) == (1.0, 1, 1.0)
    assert one.lo < 0.5
    nothing = build({"m": [None, None]})
    assert nothing.estimates == ()
    assert nothing.sentence() == "m could not be judged, 0 of 0 boundary checks failed"
    assert "could not be judged" in nothing._repr_html_()


@pytest.mark.parametrize(("metric", "scope"), [("m", "tag:none"), ("label", "all"), ("m", "none"), ("", "")])
def test_a_figure_that_is_not_there_is_one_line_with_those_that_are(build: Build, metric: str, scope: str) -> None:
    run = build({"m": [True, False], "b": [0.5, 0.5], "label": ["x", "y"]})
    with pytest.raises(MetricError) as refused:
        run.estimate(metric, scope)
    assert str(refused.value) == (
        f"billing_codes@1.0.0: this run has no estimate of {metric} on {scope} -> metrics with a figure here: b, m"
    )


def test_estimates_come_by_scope_and_then_by_metric_and_agree_with_those_asked_for(build: Build) -> None:
    tags = {"tags": [("t", "s"), ("t",), ()]}
    run = build({"m": [True, False, True], "n": [0.25, 0.5, 0.75]}, given=tags)
    assert [(one.scope, one.metric, one.value) for one in run.estimates] == [
        ("all", "m", pytest.approx(2 / 3)), ("all", "n", 0.5), ("tag:s", "m", 1.0), ("tag:s", "n", 0.25),
        ("tag:t", "m", 0.5), ("tag:t", "n", 0.375),
    ]  # fmt: skip
    assert all(run.estimate(one.metric, one.scope) == one for one in run.estimates)


def test_what_was_left_out_and_what_raised_are_counted_by_scope(build: Build) -> None:
    given = {"tags": [("t",), ("t",), (), ()], "errors": {"m": {1: "KeyError", 2: "agent:Timeout"}}}
    run = build({"m": [None, None, None, True]}, given=given)
    counted = [(one.scope, one.not_applicable, one.errors, one.n) for one in run.estimates]
    assert counted == [("all", 1, 2, 1), ("tag:t", 1, 1, 0)]


def test_the_tidy_table_keeps_labels_errors_and_counts_apart(build: Build) -> None:
    values = {"m": [Ratio(1, 4), Ratio(0, 0), True, "word"]}
    frame = build(values, trials=2, given={"errors": {"m": {3: "KeyError"}}}).frame()
    assert frame["case_id"].tolist() == ["case-000", "case-000", "case-001", "case-001"]
    assert frame["trial"].tolist() == [0, 1, 0, 1]
    assert frame["value"].fillna(-1).tolist() == [0.25, -1, 1.0, -1]
    assert frame["label"].fillna("").tolist() == ["", "", "", "word"]
    assert frame["error"].fillna("").tolist() == ["", "", "", "KeyError"]


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("regressed", "a drop is shown"),
        ("improved", "a rise is shown"),
        ("noninferior", "a drop of 2.5 points is excluded"),
    ],
)
def test_a_run_that_stopped_says_after_what_and_why(build: Build, decision: Any, words: str) -> None:
    stopped = Stopped(decision, 1_250, 10_000, 20.06, 0.025, "run-0")
    assert str(stopped) == f"stopped after 1,250 of 10,000 cases: {words} (e-value 20.1)"
    assert build({"m": [True] * 9}, stopped=stopped).sentence().endswith(f"boundary checks failed; {stopped}")


def test_a_summary_leaves_out_what_is_no_number_and_keeps_why_a_run_stopped(build: Build) -> None:
    stopped = Stopped("regressed", 2, 9, 31.0, 0.02, "run-0")
    run = build(
        {"m": [True, False]}, stopped=stopped, baselines={"copy": {"m": 0.5, "n": math.nan}}, unprobed=("CODE",)
    )
    summary = json.loads(json.dumps(run.summary(), allow_nan=False))
    assert summary["baselines"] == {"copy": {"m": 0.5}}
    assert summary["stopped"]["e_value"] == 31.0
    assert summary["unprobed"] == ["CODE"]
    assert [one["scope"] for one in summary["estimates"]] == ["all"]


def test_a_card_keeps_hostile_metrics_baselines_and_data_as_text(build: Build) -> None:
    name = "<b onclick=x>\u202e"
    run = build({name: [True, False]}, baselines={name: {name: 0.5}}, about={"dataset_name": name})
    assert "<b onclick" not in run._repr_html_()
    assert "\u202e" not in run._repr_html_()
    assert run._repr_html_().count("&lt;b onclick=x&gt;\\u202e") == 4
    assert run._repr_html_() == build(
        {name: [True, False]}, baselines={name: {name: 0.5}}, about={"dataset_name": name, "run_id": "another"}
    )._repr_html_()  # fmt: skip
