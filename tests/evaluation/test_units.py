"""Units: clusters and trials read in other ways, from stored scores alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.run import Run

Build = Callable[..., Run]
FALLS = {"m": [False] * 14 + [True] * 46}


def test_cases_are_tied_together_by_patient_tag_mapping_or_not_at_all(build: Build) -> None:
    given = {
        "clusters": [f"p{row // 2}" for row in range(60)],
        "tags": [(f"form:{row % 30}", "new") for row in range(60)],
    }
    before, after = build({"m": [True] * 60}, given=given), build(FALLS, given=given, version=1)

    def clusters(**units: object) -> int:
        return compare(before.by(**units), after.by(**units)).head.n_clusters

    assert clusters() == clusters(cluster="patient") == 30
    assert clusters(cluster="case") == 60
    assert clusters(cluster="tag:form") == 30
    assert clusters(cluster=dict(zip(before.table.case_ids, ["a", "b", "c"] * 20, strict=True))) == 3


def test_clusters_whose_cases_fall_together_make_a_drop_less_sure(build: Build) -> None:
    before, after = build({"m": [True] * 60}), build(FALLS, version=1)
    templates = {case: f"template {place // 7}" for place, case in enumerate(before.table.case_ids)}
    apart, together = compare(before, after), compare(before.by(cluster=templates), after.by(cluster=templates))
    assert together.head.effect == apart.head.effect
    assert together.head.p_value > 20 * apart.head.p_value
    assert together.head.hi - together.head.lo > 1.5 * (apart.head.hi - apart.head.lo)


def test_other_units_are_named_and_few_clusters_warned_of(build: Build) -> None:
    before, after = build({"m": [True] * 60}), build(FALLS, version=1)
    by = dict.fromkeys(before.table.case_ids, "one") | {case: case for case in before.table.case_ids[:9]}
    seen = compare(before.by(cluster=by, named="template"), after.by(cluster=by, named="template"))
    assert seen.warnings[0] == "judged with clusters by template"
    assert seen.warnings[1].startswith("only 10 clusters")
    assert not compare(before, after).warnings


def test_a_case_without_a_cluster_stands_alone(build: Build) -> None:
    run = build(FALLS, given={"tags": [("form:a",)] * 20 + [()] * 40})
    assert len(set(run.by(cluster="tag:form").table.clusters)) == 41
    empty = dict.fromkeys(run.table.case_ids, "")
    assert run.by(cluster=empty).table.clusters == run.table.case_ids


def test_runs_in_different_units_are_not_compared(build: Build) -> None:
    before, after = build({"m": [True] * 60}), build(FALLS, version=1)
    with pytest.raises(StatisticsError, match="different units"):
        compare(before, after.by(cluster="case"))


def test_clusters_that_are_not_there_are_refused(build: Build) -> None:
    run = build(FALLS)
    with pytest.raises(StatisticsError, match="no case carries"):
        run.by(cluster="tag:form")
    with pytest.raises(StatisticsError, match="59 of 60 cases have no cluster"):
        run.by(cluster={run.table.case_ids[0]: "a"})


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_pass_at_k_and_pass_hat_k_by_case_are_means_over_every_draw(build: Build, k: int) -> None:
    trials = np.random.default_rng(k).random((12, 4)) < 0.6
    run = build({"m": [bool(one) for one in trials.ravel()]}, trials=4)
    for reading, judge in (("@", any), ("^", all)):
        seen = run.by(trials=f"pass{reading}{k}").casewise.columns["m"].values
        drawn = [np.mean([judge(case[list(some)]) for some in combinations(range(4), k)]) for case in trials]
        assert seen == pytest.approx(drawn)
    table = run.reliability("m")
    assert run.by(trials=f"pass^{k}").estimate("m").value == pytest.approx(table.hat_k[k - 1])
    assert run.by(trials=f"pass@{k}").estimate("m").value == pytest.approx(table.at_k[k - 1])


def test_an_agent_that_became_unsteady_falls_in_pass_hat_k_and_not_in_the_mean(build: Build) -> None:
    steady = build({"m": ([True] * 3 * 2 + [False] * 3) * 40}, trials=3)
    unsteady = build({"m": ([True, True, False] * 3) * 40}, trials=3, version=1)
    assert compare(steady, unsteady).verdict != "regressed"
    every = compare(steady.by(trials="pass^3"), unsteady.by(trials="pass^3"))
    assert (every.verdict, every.head.test) == ("regressed", "McNemar mid-p")
    assert "judged with right or wrong as pass^3" in every.warnings
    assert every.trials_needed is None


def test_scores_and_counts_stay_as_they_are(build: Build) -> None:
    run = build({"m": [True, False] * 10, "score": [0.25, 0.75] * 10}, trials=2)
    assert run.by(trials="pass^2").estimate("score").value == run.estimate("score").value == 0.5


def test_cases_with_too_few_judged_trials_are_left_out_and_counted(build: Build) -> None:
    before = build({"m": [True] * 400}, trials=2)
    after = build({"m": [True, None] * 3 + [True] * 394}, trials=2, version=1)
    seen = compare(before.by(trials="pass^2"), after.by(trials="pass^2")).head
    assert (seen.n, seen.left_out) == (197, 3)


@pytest.mark.parametrize(
    ("reading", "said"), [("pass^3", "no case has 3 trials"), ("most", "mean, pass@K"), ("pass^0", "mean")]
)
def test_trials_that_are_not_there_are_refused(build: Build, reading: str, said: str) -> None:
    with pytest.raises(StatisticsError, match=said):
        build({"m": [True] * 4}, trials=2).by(trials=reading)
