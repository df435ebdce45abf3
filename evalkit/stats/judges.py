"""Judges: what a few ratings by people say of many cases, with a model or a cheap proxy as a helper.

A judge's mean with an interval of its own is fiction: it says how sure the judge is of its own opinion (measured: a
nominal 95 % interval of a judge that is right in 9 of 10 cases covers the truth in 16 of 100). Prediction-powered
inference (Angelopoulos et al. 2023; power tuning: Angelopoulos, Duchi and Zrnic 2023) takes the judge's mean over all
cases and corrects it by what people said of some, so that the interval holds whatever the judge is worth.

Interval: on the scale of a proportion, Wilson's at the effective number of rated cases with the t quantile, because
the normal interval covers too little where ratings are few or nearly all alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evalkit.cards import Grid, card
from evalkit.errors import StatisticsError
from evalkit.figures import count, rate, rate_interval
from evalkit.stats.columns import Clusters, cluster_codes
from evalkit.stats.distributions import t_quantile
from evalkit.stats.intervals import Estimate
from evalkit.stats.shares import interval_of_share

Floats = npt.NDArray[np.float64]
FEWEST_RATED = 20
"""Clusters with ratings below which nothing is estimated: the correction itself would be noise."""


@dataclass(frozen=True, slots=True)
class Powered:
    """The mean of what people would say over all cases."""

    value: float
    lo: float
    hi: float
    """95 % interval."""
    weight: float
    """How much the judge is listened to: 0 not at all, 1 wholly, below 0 where it says the opposite of people. Tuned so
    that the interval is short."""
    human: float
    """The mean rating of the rated cases alone."""
    human_lo: float
    human_hi: float
    judge: float
    """The judge's mean over all cases. It has no interval: what it is worth only people can say."""
    n_rated: int
    n_cases: int
    """Rated cases included."""
    n_clusters: int
    """Clusters with ratings."""

    @property
    def saved(self) -> float:
        """The share of the ratings' interval that the judge saved; below 0 where it helped nothing."""
        return 1 - (self.hi - self.lo) / (self.human_hi - self.human_lo) if self.human_hi > self.human_lo else 0.0

    def sentence(self) -> str:
        """What was found, in one line."""
        return (
            f"{rate(self.value)} (95 % interval {rate_interval(self.lo, self.hi)}) from "
            f"{count(self.n_rated, 'rated case')} and the judge on {self.n_cases:,}; ratings alone {rate(self.human)} "
            f"({rate_interval(self.human_lo, self.human_hi)}), the judge alone says {rate(self.judge)}."
        )

    def _repr_html_(self) -> str:
        rows = [
            ("ratings and judge", rate(self.value), rate_interval(self.lo, self.hi), self.n_cases),
            ("ratings alone", rate(self.human), rate_interval(self.human_lo, self.human_hi), self.n_rated),
            ("judge alone", rate(self.judge), "none: not evidence", self.n_cases),
        ]
        return card("Judged", lead=self.sentence(), grids=[Grid(["by", "mean#", "95 % interval#", "cases#"], rows)])


def judged_mean(
    ratings: npt.ArrayLike, judged: npt.ArrayLike, unrated: npt.ArrayLike, *, clusters: Clusters | None = None
) -> Powered:
    """The mean rating over all cases, in [0, 1], from people and a judge.

    (n,) ratings by people, (n,) values of the judge on the same cases, and (N,) on cases that nobody rated.

    Estimate: mean of ratings + weight x (judge's mean on the unrated - on the rated). Rated cases are a random part of
    all. ``clusters`` are those of the rated cases. Raises StatisticsError for fewer than `FEWEST_RATED` rated clusters:
    a judge without people has no interval.
    """
    people, seen, unseen = (_checked(values, name) for values, name in (
        (ratings, "rating"), (judged, "value of the judge"), (unrated, "value of the judge"),
    ))  # fmt: skip
    groups = _groups(people, seen, clusters)
    value, error, weight = _powered(people, seen, unseen, groups)
    n_clusters = len(np.unique(groups))
    human = float(people.mean())
    human_lo, human_hi = interval_of_share(human, _error(people, groups), n_clusters=n_clusters, df=n_clusters - 1)
    lo, hi = interval_of_share(value, error, n_clusters=n_clusters, df=n_clusters - 2)
    everything = np.concatenate([seen, unseen])
    return Powered(
        value=value, lo=lo, hi=hi, weight=weight, human=human, human_lo=human_lo, human_hi=human_hi,
        judge=float(everything.mean()), n_rated=len(people), n_cases=len(everything), n_clusters=n_clusters,
    )  # fmt: skip


def judged_difference(
    ratings: npt.ArrayLike, judged: npt.ArrayLike, unrated: npt.ArrayLike, *, clusters: Clusters | None = None
) -> tuple[float, float, float]:
    """The mean difference between two versions over all cases with its 95 % t interval: (value, lo, hi).

    As `judged_mean`, of differences in [-1, 1], candidate minus baseline on the same case.
    """
    people, seen, unseen = (
        _checked(values, name, low=-1.0)
        for values, name in ((ratings, "rating"), (judged, "value"), (unrated, "value"))
    )
    groups = _groups(people, seen, clusters)
    value, error, _ = _powered(people, seen, unseen, groups)
    half = t_quantile(0.975, len(np.unique(groups)) - 2) * error
    return value, max(-1.0, value - half), min(1.0, value + half)


def refuse_alone(metric: str) -> StatisticsError:
    """The error for a judge that was asked for an interval without ratings by people."""
    return StatisticsError(
        "a judge alone has no interval: it would say how sure the judge is, not how right",
        where=metric,
        next_step=f"have people rate at least {FEWEST_RATED} cases (100 are better) and use `evalkit calibrate metric`",
    )


def alone(judged: Estimate) -> Estimate:
    """A judge's estimate without its interval: a gate on it is undecided until people have rated some cases."""
    return replace(judged, lo=math.nan, hi=math.nan, method="judge alone: no interval")


def _powered(people: Floats, seen: Floats, unseen: Floats, groups: npt.NDArray[np.int64]) -> tuple[float, float, float]:
    """(estimate, standard error, weight). The weight makes the variance smallest, within [-1, 1]."""
    n, rest = len(people), len(unseen)
    if not rest:
        return float(people.mean()), _error(people, groups), 0.0
    spread = float(np.concatenate([seen, unseen]).var())
    weight = 0.0
    if spread > 0:
        shared = float(((people - people.mean()) * (seen - seen.mean())).mean())
        weight = min(1.0, max(-1.0, shared / ((1 + n / rest) * spread)))
    value = float(people.mean()) + weight * float(unseen.mean() - seen.mean())
    corrected = _error(people - weight * seen, groups, doubt=_doubt(people))
    return value, math.sqrt(corrected**2 + weight**2 * float(unseen.var(ddof=1) if rest > 1 else 0.0) / rest), weight


def _error(values: Floats, groups: npt.NDArray[np.int64], *, doubt: float = 0.0) -> float:
    """The clustered standard error of a mean, with two clusters of residuals +-``doubt`` added to those seen."""
    sums = np.bincount(groups, weights=values - values.mean())
    added = 2 if doubt else 0
    total = len(sums) + added
    grown = len(values) * total / len(sums)
    return math.sqrt(total / (total - 1) * (float(np.square(sums).sum()) + added * doubt**2)) / grown


def _doubt(people: Floats) -> float:
    """The residual that is imagined besides those seen: a judge that erred in none of 50 cases may err in the next.

    As Bonett and Price add one to each discordant cell: a whole mistake either way where ratings are yes or no, else a
    standard deviation of the ratings.
    """
    return 0.7 if bool(np.isin(people, (0.0, 1.0)).all()) else float(people.std())


def _groups(people: Floats, seen: Floats, clusters: Clusters | None) -> npt.NDArray[np.int64]:
    if len(people) != len(seen):
        raise StatisticsError(f"{len(people)} ratings stand beside {len(seen)} values of the judge")
    codes = np.arange(len(people)) if clusters is None else cluster_codes(clusters)
    if len(codes) != len(people):
        raise StatisticsError(f"{len(people)} ratings stand beside {len(codes)} cluster ids")
    groups = np.unique(codes, return_inverse=True)[1]
    rated = int(groups.max()) + 1 if len(groups) else 0
    if rated < FEWEST_RATED:
        raise StatisticsError(
            f"people have rated {count(rated, 'case')} (or clusters of them), and a judge alone is no evidence",
            next_step=f"have at least {FEWEST_RATED} rated, 100 are better",
        )
    return groups


def _checked(values: npt.ArrayLike, name: str, low: float = 0.0) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if not ((found >= low) & (found <= 1)).all():
        raise StatisticsError(f"a {name} lies outside [{low:g}, 1] or is missing", next_step="leave such cases out")
    return found
