"""Judges and people: a metric that is an opinion has no interval until people have rated some of its cases.

A judge is a metric that asks a model, or a cheap proxy of what people would say (`evalkit.metrics.ratings`). Alone it
keeps its figure and loses its interval, its p and its verdict; with ratings of at least 20 cases its figure is what
people would say of all of them (prediction-powered, `stats.judges`), and its interval holds whatever the judge is
worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from evalkit.evaluation.repeats import by_trial, means_of
from evalkit.evaluation.scoretable import ScoreTable
from evalkit.figures import count
from evalkit.metrics.ratings import Ratings
from evalkit.stats.columns import Codes, Floats, Mask, Places, cluster_codes
from evalkit.stats.comparison import MISSING, Difference, Plan, adjust
from evalkit.stats.distributions import t_below, t_quantile
from evalkit.stats.intervals import Estimate
from evalkit.stats.judges import FEWEST_RATED, alone, judged_difference, judged_mean
from evalkit.stats.power import mde_mean

ALONE: Final = "judge alone: no interval"
"""The method of an estimate and the test of a difference that people have not looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What people said of the executions of one run, by one criterion."""

    criterion: str
    said: Mapping[tuple[str, int], float]
    """(case id, trial) -> the mean rating, in [0, 1]."""
    digest: str
    """Of all the ratings."""


def hear(ratings: Ratings, criterion: str | None = None) -> Heard:
    """Ratings by execution. Raises MetricError where the criterion is not there or not clear."""
    chosen = ratings.choose(criterion)
    given = ratings.by_execution(chosen)
    return Heard(chosen, {key: sum(said.values()) / len(said) for key, said in given.items()}, ratings.digest)


@dataclass(frozen=True, slots=True, eq=False)
class Opinions:
    """What a judge and what people said, (cases, trials) each, NaN where nothing; and the cluster of each case."""

    judged: Floats
    people: Floats
    clusters: Codes

    @property
    def rated(self) -> Mask:
        """The executions that both have judged."""
        return np.isfinite(self.judged) & np.isfinite(self.people)

    def take(self, cases: Mask | Places) -> Opinions:
        """The same of some cases."""
        return Opinions(self.judged[cases], self.people[cases], self.clusters[cases])


def collect(table: ScoreTable, metric: str, heard: Heard | None) -> Opinions:
    """The values of a judge beside what people said; all NaN where nobody was asked."""
    judged = by_trial(table.metrics[metric], table)
    judged = np.where((judged >= 0) & (judged <= 1), judged, np.nan)
    people = np.full(judged.shape, np.nan)
    starts = dict(zip(table.case_ids, table.starts.tolist(), strict=True))
    ends = np.append(table.starts[1:], len(table))
    places = {case_id: case for case, case_id in enumerate(table.case_ids)}
    for (case_id, trial), value in (heard.said if heard else {}).items():
        case = places.get(case_id)
        if case is not None:
            trials = table.trials[starts[case_id] : ends[case]]
            people[case, : len(trials)][trials == trial] = value
    return Opinions(judged, people, cluster_codes(table.clusters))


def powered_estimate(found: Estimate, opinions: Opinions) -> Estimate:
    """The estimate of a judge in one scope: what people would say, or without enough of them no interval."""
    rated = opinions.rated
    clusters = np.broadcast_to(opinions.clusters[:, None], rated.shape)[rated]
    if len(np.unique(clusters)) < FEWEST_RATED:
        return alone(found)
    unrated = opinions.judged[np.isfinite(opinions.judged) & ~rated]
    powered = judged_mean(opinions.people[rated], opinions.judged[rated], unrated, clusters=clusters)
    method = f"prediction-powered, {powered.n_rated:,} rated"
    return replace(
        found, value=powered.value, lo=powered.lo, hi=powered.hi, n_clusters=powered.n_clusters, method=method
    )


def powered_difference(plain: Difference, *, before: Opinions, after: Opinions, plan: Plan) -> Difference:
    """The difference of a judge in one scope, ``plain`` being the one that it claims itself.

    Paired by case: the mean change of what people would say, from cases rated in both runs and the judge's changes on
    the others; ``n`` counts the rated pairs, ``baseline`` is what people would say of the baseline. With fewer than 20
    rated clusters the effect stays as a figure, undecided, without interval and p.
    """
    changes = means_of(after.judged) - means_of(before.judged)
    said = means_of(after.people) - means_of(before.people)
    rated = np.isfinite(changes) & np.isfinite(said)
    clusters = before.clusters[rated]
    n_clusters = len(np.unique(clusters))
    if n_clusters < FEWEST_RATED:
        return _alone(plain)
    unrated = changes[np.isfinite(changes) & ~rated]
    effect, lo, hi = judged_difference(said[rated], changes[rated], unrated, clusters=clusters)
    df = n_clusters - 2
    error = max(effect - lo, hi - effect) / t_quantile(0.975, df)  # an end may be cut off at -1 or 1, never both
    half90 = t_quantile(0.95, df) * error
    below = t_below(effect / error, df) if error > 0 else 0.5
    sign = 1.0 if plan.better == "higher" else -1.0
    was = float(means_of(before.people)[rated].mean())
    lo90, hi90 = max(-1.0, effect - half90), min(1.0, effect + half90)
    drops = sign * said[rated]
    short = plain.left_out > MISSING * (plain.n + plain.left_out)
    found = replace(
        plain, baseline=was, candidate=was + effect, effect=effect, lo=lo, hi=hi, lo90=lo90, hi90=hi90,
        p_value=below if sign > 0 else 1 - below, p_exact=None, p_exact_better=None,
        test="prediction-powered t",
        within_margin=-plan.margin < lo90 and hi90 < plan.margin, n=int(rated.sum()), n_clusters=n_clusters,
        broke=int((drops < 0).sum()), fixed=int((drops > 0).sum()), need=None,
        mde=mde_mean(error, power=plan.power, alpha=plan.alpha), left_out=plain.left_out if short else 0,
        noninferior=not short and ((lo90 > -plan.margin) if sign > 0 else (hi90 < plan.margin)),
    )  # fmt: skip
    return adjust([found], plan)[0]


def adjust_family(differences: Sequence[Difference], plan: Plan, *, first: float) -> tuple[Difference, ...]:
    """`adjust` over all that have a p; a judge alone has none and stays out of the family."""
    places = [place for place, one in enumerate(differences) if one.test != ALONE]
    judged = adjust([differences[place] for place in places], plan, first=first if places[:1] == [0] else 0.0)
    whole = dict(enumerate(differences)) | dict(zip(places, judged, strict=True))
    return tuple(whole[place] for place in range(len(differences)))


def say_alone(differences: Sequence[Difference]) -> str:
    """Why some differences have no interval, in one sentence; empty where all have one."""
    names = sorted({one.metric for one in differences if one.test == ALONE})
    if not names:
        return ""
    return (
        f"{', '.join(names)}: a judge alone has no interval, it would say how sure the judge is and not how right; "
        f"have people rate {count(FEWEST_RATED, 'case')} or more of both runs"
    )


def _alone(plain: Difference) -> Difference:
    nothing = math.nan
    return replace(
        plain, lo=nothing, hi=nothing, lo90=nothing, hi90=nothing, p_value=nothing, p_adjusted=nothing, p_exact=None,
        p_exact_better=None, test=ALONE, verdict="undecided", within_margin=False, mde=nothing, need=None,
        noninferior=False,
    )  # fmt: skip
