"""A metric against people: how well it agrees with ratings, and what both together say of all cases."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evalkit.cards import Grid, card
from evalkit.errors import MetricError
from evalkit.evaluation.run import Run, RunHeader
from evalkit.figures import count, rate, rate_interval
from evalkit.metrics.ratings import Ratings
from evalkit.metrics.scoring import Value
from evalkit.stats.agreement import Agreement, icc, kappa, spearman
from evalkit.stats.judges import FEWEST_RATED, Powered, judged_mean, refuse_alone


@dataclass(frozen=True, eq=False, repr=False)
class MetricCalibration:
    """A metric held against ratings of the same executions."""

    run: RunHeader
    metric: str
    criterion: str
    agreement: tuple[Agreement, ...]
    """Of the metric with the mean rating: Spearman, and Cohen's kappa where both are yes or no."""
    raters: Agreement | None
    """Of the raters with each other, on executions that all of them rated; None where there is one."""
    powered: Powered
    """What people would say of all executions."""
    ratings_digest: str

    def sentence(self) -> str:
        """What was found, in two lines."""
        return f"{self.metric} and {self.criterion}: {self.agreement[0]}. {self.criterion} {self.powered.sentence()}"

    def summary(self) -> dict[str, Any]:
        """All of it as JSON values, for machines."""
        return {
            "run": self.run.run_id,
            "metric": self.metric,
            "criterion": self.criterion,
            "agreement": [_finite(asdict(one)) for one in self.agreement],
            "raters": _finite(asdict(self.raters)) if self.raters else None,
            "estimate": asdict(self.powered),
            "ratings_digest": self.ratings_digest,
        }

    def __repr__(self) -> str:
        return f"MetricCalibration({self.metric}, {self.criterion}: {self.agreement[0]})"

    def _repr_html_(self) -> str:
        shown = [
            *(("metric and raters", a) for a in self.agreement),
            *([("raters", self.raters)] if self.raters else []),
        ]
        agreed = [(who, one.measure, f"{one.value:.2f}", f"{one.lo:.2f} to {one.hi:.2f}", one.n) for who, one in shown]
        both = self.powered
        means = [
            ("ratings and metric", rate(both.value), rate_interval(both.lo, both.hi), both.n_cases),
            ("ratings alone", rate(both.human), rate_interval(both.human_lo, both.human_hi), both.n_rated),
            ("metric alone", rate(both.judge), "none: not evidence", both.n_cases),
        ]
        return card(
            f"{self.metric} against {count(both.n_rated, 'rating')} of {self.criterion}",
            lead=self.sentence(),
            grids=[
                Grid(["agreement of", "measure", "value#", "95 % interval#", "executions#"], agreed),
                Grid([f"mean {self.criterion} by", "mean#", "95 % interval#", "executions#"], means),
            ],
        )


def calibrate_metric(run: Run, metric: str, ratings: Ratings, *, criterion: str | None = None) -> MetricCalibration:
    """Hold a metric of a run against ratings of its executions, joined by case and trial.

    The estimate is the mean rating over every execution that the metric judged (`stats.judges.judged_mean`), clustered
    as the run's cases are. Several raters of one execution count with their mean. Raises MetricError for a metric that
    the run has not, or whose values are no numbers; StatisticsError where fewer than 20 are rated: a judge alone has
    no interval.
    """
    values = run.scores.values.get(metric)
    if values is None:
        known = ", ".join(sorted(run.scores.values))
        raise MetricError(f"this run has no metric {metric}", where=run.header.spec_ref, next_step=f"it has: {known}")
    asked = ratings.choose(criterion)
    given = ratings.by_execution(asked)
    rated: list[tuple[float, float, str]] = []
    unrated: list[float] = []
    tables: list[dict[str, float]] = []
    keys = zip(run.scores.case_ids, run.scores.trials, strict=True)
    for key, value, cluster in zip(keys, values, run.scores.clusters, strict=True):
        number = as_number(value)
        if number is None:
            continue
        said = given.get(key)
        if said is None:
            unrated.append(number)
            continue
        tables.append(said)
        rated.append((sum(said.values()) / len(said), number, cluster))
    if len(rated) < FEWEST_RATED:
        raise refuse_alone(metric)
    people, judged, clusters = (list(part) for part in zip(*rated, strict=True))
    return MetricCalibration(
        run=run.header,
        metric=metric,
        criterion=asked,
        agreement=_agreement(judged, people),
        raters=_between(tables, ratings.raters),
        powered=judged_mean(people, judged, unrated, clusters=clusters),
        ratings_digest=ratings.digest,
    )


def as_number(value: Value) -> float | None:
    """A value as a number in [0, 1]: yes is 1, counts are their own ratio; None for a label, a tally or nothing."""
    number = float(value) if hasattr(value, "__float__") else math.nan  # type: ignore[arg-type]
    return number if 0 <= number <= 1 else None


def _agreement(judged: list[float], people: list[float]) -> tuple[Agreement, ...]:
    found = [spearman(judged, people)]
    if {*judged, *people} <= {0.0, 1.0}:
        found.append(kappa(judged, people))
    return tuple(found)


def _between(tables: list[dict[str, float]], raters: tuple[str, ...]) -> Agreement | None:
    """Raters with each other, on what all of them rated."""
    shared = [[said[rater] for rater in raters] for said in tables if len(said) == len(raters)]
    if len(raters) < 2 or len(shared) < 2:
        return None
    if len(raters) == 2 and set(np.unique(shared).tolist()) <= {0.0, 1.0}:
        return kappa([row[0] for row in shared], [row[1] for row in shared])
    return icc(shared)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
