"""Repeats: what the trials of a run say about the agent's steadiness, metric by metric.

In: the scores of a run as arrays. Out: its noise, its flaky cases by id, pass@k and pass^k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evalkit.cards import Grid, card
from evalkit.errors import MetricError
from evalkit.evaluation.scoretable import FLAG, NUMBER, RATIO, ScoreTable, Values
from evalkit.figures import count, rate
from evalkit.stats.columns import Floats
from evalkit.stats.comparison import Plan
from evalkit.stats.noise import Noise, pass_at_k, pass_hat_k, split_variance, trials_needed

MOST_FLAKY = 20


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How an agent does on one metric when it is asked again."""

    metric: str
    noise: Noise
    flaky: tuple[str, ...]
    """Ids of the cases whose trials disagree, the most divided first."""
    at_k: tuple[float, ...]
    """pass@1, pass@2, ... up to the trials that every case has; empty for a metric that is not right or wrong."""
    hat_k: tuple[float, ...]
    """pass^1, pass^2, ... likewise."""

    def __str__(self) -> str:
        passes = ""
        if len(self.hat_k) > 1:
            k = len(self.hat_k)
            passes = f"; pass@{k} {rate(self.at_k[-1])}, pass^{k} {rate(self.hat_k[-1])}"
        return f"{self.metric}: {self.noise}{passes}"

    def _repr_html_(self) -> str:
        rows = [(k, rate(at), rate(hat)) for k, (at, hat) in enumerate(zip(self.at_k, self.hat_k, strict=True), 1)]
        shown = [(case_id,) for case_id in self.flaky[:MOST_FLAKY]]
        more = f", {count(len(self.flaky), 'case')} in all" if len(self.flaky) > MOST_FLAKY else ""
        return card(
            f"Reliability of {self.metric}",
            lead=str(self.noise),
            grids=[Grid(["k#", "pass@k#", "pass^k#"], rows), Grid([f"flaky case{more}"], shown)],
        )


def measure_reliability(table: ScoreTable, metric: str) -> Reliability:
    """The reliability of one metric. Raises MetricError where the run has no numbers of that name."""
    values = table.metrics.get(metric)
    if values is None or not np.isin(values.kinds, (FLAG, NUMBER, RATIO)).any():
        raise MetricError(f"this run has no numbers of {metric}", next_step="name one of the run's metrics")
    scores = by_trial(values, table)
    noise = split_variance(scores)
    passes = _passes(scores) if (values.kinds == FLAG).any() else ((), ())
    return Reliability(metric, noise, tuple(table.case_ids[case] for case in noise.flaky.tolist()), *passes)


def hat_by_case(table: ScoreTable, metric: str, k: int) -> Floats | None:
    """pass^k of each case, (cases,): C(right, k) / C(trials, k); NaN where it was not judged.

    None where a judged case has fewer than k trials. Raises MetricError where the run has no numbers of that name.
    """
    values = table.metrics.get(metric)
    if values is None or not (values.kinds == FLAG).any():
        raise MetricError(f"this run has nothing right or wrong of {metric}", next_step="name one of the run's metrics")
    scores = by_trial(values, table)
    tried = np.isfinite(scores).sum(axis=1)
    if not (tried > 0).any() or tried[tried > 0].min() < k:
        return None
    right = np.nansum(scores, axis=1).astype(np.int64)
    counts = zip(right.tolist(), tried.tolist(), strict=True)
    return np.array([pass_hat_k([hits], [trials], k) if trials else math.nan for hits, trials in counts])


def trials_to_decide(baseline: ScoreTable, candidate: ScoreTable, metric: str, *, plan: Plan) -> int | None:
    """Trials a case at which these cases show a drop of the margin; None where that is not known, or no number does.

    Where trials of a case never differ, more of them say nothing. Needs two trials a case in both runs: without them
    nobody knows how much of the spread is noise.
    """
    sides = [measure_reliability(table, metric).noise for table in (baseline, candidate)]
    if any(math.isnan(side.within) for side in sides) or not any(side.within for side in sides):
        return None
    before, after = (means_of(by_trial(table.metrics[metric], table)) for table in (baseline, candidate))
    changes = (after - before)[np.isfinite(after - before)]
    noise = (sides[0].within, sides[1].within)
    between = max(0.0, float(changes.var(ddof=1)) - sum(side.within / side.trials for side in sides))
    return trials_needed(plan.margin, n=len(changes), between=between, noise=noise, power=plan.power, alpha=plan.alpha)


def by_trial(values: Values, table: ScoreTable) -> Floats:
    """The scores of a metric, (cases, trials); NaN where it did not judge, a ratio of counts by execution."""
    alone = np.where((values.kinds == FLAG) | (values.kinds == NUMBER), values.numbers, np.nan)
    if values.denominators.size:
        counted = (values.kinds == RATIO) & (values.denominators > 0)
        np.divide(values.numbers, values.denominators, out=alone, where=counted)
    sizes = np.diff(table.starts, append=len(table))
    scores = np.full((len(sizes), int(sizes.max(initial=0))), np.nan)
    cases = np.repeat(np.arange(len(sizes)), sizes)
    scores[cases, np.arange(len(table)) - np.repeat(table.starts, sizes)] = alone
    return scores


def means_of(scores: Floats) -> Floats:
    """Means by case over what was judged; NaN for a case without any."""
    judged = np.isfinite(scores).sum(axis=1)
    return np.asarray(np.divide(np.nansum(scores, axis=1), judged, out=np.full(len(scores), np.nan), where=judged > 0))


def _passes(scores: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """pass@k and pass^k for every k up to the trials that each judged case has."""
    judged = np.isfinite(scores)
    tried = judged.sum(axis=1)
    scores, tried = scores[tried > 0], tried[tried > 0]
    right = np.nansum(scores, axis=1).astype(np.int64)
    ks = range(1, int(tried.min()) + 1) if len(tried) else range(0)
    return tuple(pass_at_k(right, tried, k) for k in ks), tuple(pass_hat_k(right, tried, k) for k in ks)
