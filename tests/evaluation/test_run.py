"""The run: estimates, tidy table, summary, repr."""

from __future__ import annotations

import json

import pytest

from evalkit.cases.case import GoldSet
from evalkit.errors import MetricError
from evalkit.evaluation.run import Run
from evalkit.metrics.scoring import Ratio


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
