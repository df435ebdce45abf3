"""Metrics against people, on a run of the shipped rules and on 400 summaries that people scored."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from evalkit.agents.replay import replay
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import MetricError, StatisticsError
from evalkit.evaluation.gates import _judge_gate
from evalkit.evaluation.judges import as_number, calibrate_metric
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.ratings import load_ratings, save_ratings
from evalkit.evaluation.run import Run
from evalkit.executions.execution import Execution
from evalkit.metrics.mtsdialog import Rated, read_mts_dialog
from evalkit.metrics.ratings import Rating, Ratings, collect_ratings
from evalkit.metrics.scoring import Ratio, Tally
from evalkit.spec.schema import Gate
from evalkit.tasks import load_spec


def rate_like(run: Run, metric: str, *, most: int = 60, raters: tuple[str, ...] = ("r1",), flip: int = 7) -> Ratings:
    """Ratings that follow a metric but for every ``flip``-th execution."""
    rows = []
    for place, (case_id, value) in enumerate(zip(run.scores.case_ids, run.scores.values[metric], strict=True)):
        number = as_number(value)
        if number is None or len(rows) >= most * len(raters):
            continue
        for shift, rater in enumerate(raters):
            said = 1 - number if (place + shift) % flip == 0 else number
            rows.append(Rating(case_id, 0, "acceptable", float(said), rater))
    return collect_ratings(rows)


def test_a_metric_is_held_against_ratings_by_case(runs: tuple[Run, Run]) -> None:
    found = calibrate_metric(runs[1], "case_exact", rate_like(runs[1], "case_exact"))
    assert found.powered.n_rated == 60
    assert found.powered.n_cases > 60
    assert [one.measure for one in found.agreement] == ["Spearman", "Cohen's kappa"]
    assert found.agreement[1].value == pytest.approx(0.71, abs=0.12)
    assert found.raters is None
    assert found.powered.lo < found.powered.value < found.powered.hi
    assert found.summary()["estimate"]["n_rated"] == 60
    assert "60 rated cases" in found.sentence()
    assert "acceptable" in found._repr_html_()
    assert repr(found).startswith("MetricCalibration(case_exact, acceptable: Spearman")


def test_raters_are_held_against_each_other(runs: tuple[Run, Run]) -> None:
    two = calibrate_metric(runs[1], "case_exact", rate_like(runs[1], "case_exact", raters=("r1", "r2")))
    assert two.raters is not None
    assert two.raters.measure == "Cohen's kappa"
    graded = collect_ratings(
        [Rating(r.case_id, 0, "acceptable", 0.1 + 0.8 * r.value, r.rater)
         for r in rate_like(runs[1], "case_exact", raters=("r1", "r2")).rows]
    )  # fmt: skip
    more = calibrate_metric(runs[1], "case_exact", graded)
    assert more.raters is not None
    assert more.raters.measure == "ICC(2,1)"


def test_a_metric_alone_gets_no_interval(runs: tuple[Run, Run]) -> None:
    with pytest.raises(StatisticsError, match="a judge alone has no interval"):
        calibrate_metric(runs[1], "case_exact", rate_like(runs[1], "case_exact", most=10))
    strangers = collect_ratings([Rating("somebody-else", 0, "acceptable", 1.0, "r1")])
    with pytest.raises(StatisticsError, match="a judge alone has no interval"):
        calibrate_metric(runs[1], "case_exact", strangers)


def test_a_run_gives_a_judge_no_interval_and_a_gate_on_it_is_undecided(workspace: Path) -> None:
    spec = load_spec("note_summary@1.0.0")
    case = Case("v-1", "note_summary", {"dialogue": "[doctor] the knee is swollen"},
                {"treatment_payment_operations_ack": True, "recording_consent": True}, {"note": "Swollen knee."})  # fmt: skip

    def judge_kind(_case: Case, _execution: Execution) -> bool:
        return True

    from evalkit.agents.agent import Reply

    answers = replay([Execution("v-1", 0, Reply("ok", {"note": "Knee swollen."}))])
    run = evaluate(spec, GoldSet("one", (case,)), answers, metrics=[judge_kind])
    found = run.estimate("judge_kind")
    assert found.value == 1.0
    assert math.isnan(found.lo)
    assert found.method == "judge alone: no interval"
    (result,) = _judge_gate(Gate(metric="judge_kind", min=0.5), run, None)
    assert result.verdict == "undecided"
    assert not math.isnan(run.estimate("fact_f1").lo)


def test_an_unknown_metric_names_those_there_are(runs: tuple[Run, Run]) -> None:
    with pytest.raises(MetricError, match="case_exact"):
        calibrate_metric(runs[1], "nothing", rate_like(runs[1], "case_exact"))


@pytest.mark.parametrize(
    ("value", "number"),
    [(True, 1.0), (0.25, 0.25), (Ratio(1, 4), 0.25), (Ratio(0, 0), None), ("label", None), (None, None),
     (Tally({}), None), (Ratio(3, 2), None)],
)  # fmt: skip
def test_values_are_numbers_or_nothing(value, number: float | None) -> None:
    assert as_number(value) == number


def test_ratings_are_kept_under_a_name(workspace: Path, runs: tuple[Run, Run]) -> None:
    ratings = rate_like(runs[0], "case_exact")
    path = save_ratings("clinicians", ratings)
    assert path.parent == workspace / "ratings"
    assert load_ratings("clinicians").digest == ratings.digest
    assert load_ratings(str(path)).digest == ratings.digest
    with pytest.raises(MetricError, match="there are: clinicians"):
        load_ratings("nobody")


# The 400 summaries of MTS-Dialog


@pytest.fixture(scope="module")
def rated(shared_data: Path) -> Rated:
    return read_mts_dialog(shared_data / "mts_dialog")


@pytest.fixture
def judged(rated: Rated, workspace: Path) -> Run:
    return evaluate(load_spec("note_summary@1.0.0"), rated.gold, replay(rated.executions))


def test_people_calibrate_the_metrics_of_notes(judged: Run, rated: Rated) -> None:
    def agreement(metric: str, criterion: str) -> float:
        return calibrate_metric(judged, metric, rated.ratings, criterion=criterion).agreement[0].value

    assert agreement("coverage", "omission_rate") <= -0.55
    assert agreement("fact_omission", "omission_rate") >= 0.55
    assert abs(agreement("support", "hallucination_rate")) < 0.3
    # a hundred rated summaries and the metric on all of them say what all four hundred ratings say, more sharply
    given = sorted({row.case_id for row in rated.ratings.rows if row.criterion == "omission_rate"})
    chosen = set(np.random.default_rng(7).choice(given, 100, replace=False).tolist())
    some = collect_ratings([row for row in rated.ratings.rows if row.case_id in chosen])
    found = calibrate_metric(judged, "coverage", some, criterion="omission_rate").powered
    truth = [row.value for row in rated.ratings.rows if row.criterion == "omission_rate"]
    assert found.n_rated == 100
    assert found.weight < -0.3
    assert found.lo < sum(truth) / len(truth) < found.hi
    assert found.saved > 0.05
