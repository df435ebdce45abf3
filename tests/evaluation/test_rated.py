"""Judges and people: a judge alone keeps its figure and loses its interval, everywhere; ratings give one back."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from evalkit.cases.case import Case
from evalkit.errors import MetricError, StatisticsError
from evalkit.evaluation.archive import Judged, pack, unpack
from evalkit.evaluation.comparison import compare, difference_of
from evalkit.evaluation.gates import _judge_gate
from evalkit.evaluation.rated import ALONE
from evalkit.evaluation.run import Run
from evalkit.executions.execution import Execution
from evalkit.metrics.ratings import Rating, Ratings, as_judge, collect_ratings, judges_among
from evalkit.report.html import render_html
from evalkit.report.markdown import render_markdown
from evalkit.report.text import plain_comparison, plain_run
from evalkit.spec.schema import Gate
from evalkit.stats.comparison import Plan
from evalkit.stats.judges import judged_mean

Build = Callable[..., Run]
N = 400
RNG = np.random.default_rng(11)
TRUTH = (RNG.random(N) < 0.9, RNG.random(N) < 0.75)
"""What people would say of every case, in two versions."""
SAID = tuple(np.where(RNG.random(N) < 0.9, truth, ~truth) for truth in TRUTH)
"""What a judge that is right nine times out of ten says."""


def judged(build: Build, version: int, **changes: object) -> Run:
    values = {"line_exact": [True] * N, "judge_fair": SAID[version].tolist()}
    return build(values, version=version, **changes)


def ratings(version: int, *, most: int = 150) -> Ratings:
    rows = [Rating(f"case-{case:03d}", 0, "fair", float(TRUTH[version][case]), "r1") for case in range(most)]
    return collect_ratings(rows)


def test_a_judge_alone_has_a_figure_and_no_interval_in_a_comparison(build: Build) -> None:
    comparison = compare(judged(build, 0), judged(build, 1))
    (alone,) = (one for one in comparison.differences if one.metric == "judge_fair")
    assert alone.effect == pytest.approx(SAID[1].mean() - SAID[0].mean())
    assert all(math.isnan(v) for v in (alone.lo, alone.hi, alone.lo90, alone.hi90, alone.p_value, alone.p_adjusted))
    assert (alone.test, alone.verdict, alone.noninferior, alone.need) == (ALONE, "undecided", False, None)
    assert any("judge_fair: a judge alone has no interval" in warning for warning in comparison.warnings)
    assert comparison.summary()["differences"][1]["lo"] is None


def test_a_judge_alone_takes_no_share_of_the_level(build: Build) -> None:
    without = compare(build({"m": [True] * 90 + [False] * 10}), build({"m": [True] * 80 + [False] * 20}, version=1))
    beside = [
        build({"m": [True] * good + [False] * (100 - good), "judge_x": [True] * 100}, version=version)
        for version, good in ((0, 90), (1, 80))
    ]
    assert compare(*beside).head == without.head


def test_a_judge_that_leads_is_undecided_whatever_it_says(build: Build) -> None:
    runs = [build({"judge_fair": [value] * N}, version=version) for version, value in ((0, True), (1, False))]
    comparison = compare(*runs)
    assert comparison.verdict == "undecided"
    assert comparison.head.effect == -1.0
    assert "n/a" in comparison.sentence()


def test_with_ratings_the_difference_is_what_people_would_say(build: Build) -> None:
    before, after = (judged(build, v).rated("judge_fair", ratings(v)) for v in (0, 1))
    found = difference_of(before, after, "judge_fair", plan=Plan(margin=0.03))
    truth = TRUTH[1].mean() - TRUTH[0].mean()
    assert found.lo < truth < found.hi
    assert found.lo < found.lo90 < found.effect < found.hi90 < found.hi
    assert (found.test, found.n, found.verdict) == ("prediction-powered t", 150, "regressed")
    assert found.p_value < 0.01
    assert found.candidate - found.baseline == pytest.approx(found.effect)
    assert found.broke > found.fixed
    back = difference_of(after, before, "judge_fair")
    assert (back.verdict, back.lo, back.hi) == ("improved", pytest.approx(-found.hi), pytest.approx(-found.lo))


def test_of_a_judge_that_counts_errors_a_rise_is_the_change_for_the_worse(build: Build) -> None:
    lower = {"lower_is_better": frozenset({"judge_fair"})}
    before, after = (judged(build, v, **lower).rated("judge_fair", ratings(v)) for v in (0, 1))
    assert difference_of(before, after, "judge_fair").verdict == "improved"
    assert difference_of(after, before, "judge_fair").verdict == "regressed"


def test_with_ratings_of_one_run_only_the_difference_stays_alone(build: Build) -> None:
    before, after = judged(build, 0).rated("judge_fair", ratings(0)), judged(build, 1)
    assert difference_of(before, after, "judge_fair").test == ALONE


def test_with_ratings_the_estimate_is_prediction_powered(build: Build) -> None:
    run = judged(build, 0)
    assert math.isnan(run.estimate("judge_fair").lo)
    found = run.rated("judge_fair", ratings(0)).estimate("judge_fair")
    expected = judged_mean(TRUTH[0][:150], SAID[0][:150], SAID[0][150:])
    assert (found.value, found.lo, found.hi) == pytest.approx((expected.value, expected.lo, expected.hi))
    assert found.method == "prediction-powered, 150 rated"
    assert found.lo < TRUTH[0].mean() < found.hi
    assert math.isnan(run.estimate("judge_fair").lo), "the run itself stays as it was"


def test_repeated_trials_are_rated_by_trial_and_clustered_by_case(build: Build) -> None:
    values = [bool(value) for value in SAID[0] for _ in range(2)]
    run = build({"judge_fair": values}, trials=2, given={"trials": [0, 1] * N})
    rows = [
        Rating(f"case-{case:03d}", trial, "fair", float(TRUTH[0][case]), "r1") for case in range(60) for trial in (0, 1)
    ]
    found = run.rated("judge_fair", collect_ratings(rows)).estimate("judge_fair")
    assert (found.n_clusters, found.method) == (60, "prediction-powered, 120 rated")


def test_a_slice_with_few_ratings_has_no_interval_though_the_whole_has(build: Build) -> None:
    tags = [("rare",) if case % 50 == 0 else () for case in range(N)]
    run = judged(build, 0, given={"tags": tags}).rated("judge_fair", ratings(0))
    assert math.isnan(run.estimate("judge_fair", "tag:rare").lo)
    assert not math.isnan(run.estimate("judge_fair").lo)


@pytest.mark.parametrize("rule", [
    {"min": 0.1}, {"max": 0.99}, {"min": 0.1, "bound": "one_sided"}, {"max": 0.99, "bound": "one_sided"},
    {"equals": 1.0}, {"max_drop": 0.9, "versus": "production"},
])  # fmt: skip
def test_every_gate_on_a_judge_alone_is_undecided(build: Build, rule: dict[str, object]) -> None:
    runs = [build({"judge_fair": [True] * N}, version=version) for version in (0, 1)]
    (result,) = _judge_gate(Gate(metric="judge_fair", **rule), runs[1], runs[0])
    assert result.verdict == "undecided"
    assert "a judge alone is no evidence" in result.what


def test_gates_on_a_judge_that_people_rated_are_judged(build: Build) -> None:
    before, after = (judged(build, v).rated("judge_fair", ratings(v)) for v in (0, 1))
    said = [
        next(iter(_judge_gate(Gate(metric="judge_fair", **rule), after, before))).verdict
        for rule in ({"min": 0.5}, {"max": 0.5}, {"min": 0.5, "bound": "one_sided"},
                     {"max_drop": 0.02, "versus": "production"})
    ]  # fmt: skip
    assert said == ["pass", "fail", "pass", "fail"]


def test_reports_say_that_a_judge_has_no_interval(build: Build) -> None:
    runs = [judged(build, version) for version in (0, 1)]
    comparison = compare(*runs)
    for text in (
        render_html(runs[1], comparison=comparison, baseline=runs[0]),
        render_markdown(runs[1], comparison=comparison), plain_comparison(comparison),
    ):  # fmt: skip
        assert "a judge alone has no interval" in text.replace("\\_", "_")
    (row,) = (line for line in plain_run(runs[1]).splitlines() if line.startswith("judge_fair"))
    assert "n/a" in row


def test_ratings_are_refused_where_they_say_nothing(build: Build) -> None:
    run = judged(build, 0)
    with pytest.raises(StatisticsError, match="a judge alone has no interval"):
        run.rated("judge_fair", ratings(0, most=19))
    with pytest.raises(MetricError, match="the metric is no judge"):
        run.rated("line_exact", ratings(0))
    with pytest.raises(MetricError, match="no estimate of nothing"):
        run.rated("nothing", ratings(0))
    with pytest.raises(MetricError, match="no such criterion"):
        run.rated("judge_fair", ratings(0), criterion="kind")


def test_any_metric_can_be_declared_a_judge() -> None:
    @as_judge
    def overlap(_case: Case, _execution: Execution) -> float:
        """A proxy."""
        return 0.5

    def judge_tone(_case: Case, _execution: Execution) -> bool:
        return True

    def exact(_case: Case, _execution: Execution) -> bool:
        return True

    metrics = {"overlap": overlap, "judge_tone": judge_tone, "exact": exact}
    assert judges_among(metrics) == {"overlap", "judge_tone"}
    assert (overlap.__name__, overlap.__doc__) == ("overlap", "A proxy.")


def test_a_stored_run_remembers_which_metrics_were_declared_judges(build: Build) -> None:
    run = build({"m": [True] * 30, "proxy": [0.5] * 30}, judges=frozenset({"proxy"}))
    kept = Judged(
        checks=(), table=run.table, baselines={}, head_metric="m", lower_is_better=frozenset(), descriptive=frozenset(),
        incomplete=0, unprobed=(), traces=run.traces, judges=run.judges,
    )  # fmt: skip
    assert unpack(pack(kept), family="billing_codes").judges == {"proxy"}
    assert math.isnan(run.estimate("proxy").lo)
    assert not math.isnan(run.estimate("m").lo)
