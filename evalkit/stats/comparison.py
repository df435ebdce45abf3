"""Two runs on the same cases: is the second worse, better, the same, or can nobody tell yet?

`compare_columns` takes two aligned columns and gives one `Difference`; `adjust` takes all differences that are judged
together and makes their verdicts hold as a family. Tests on counts stand in `pairs`, plans in `power`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from evalkit.errors import StatisticsError
from evalkit.stats.columns import (
    Column,
    Floats,
    Influence,
    cases,
    cluster_sums,
    count_clusters,
    influence,
    relabel,
    standard_error,
)
from evalkit.stats.difference import MISSING as MISSING
from evalkit.stats.difference import Difference as Difference
from evalkit.stats.difference import Plan as Plan
from evalkit.stats.difference import Verdict as Verdict
from evalkit.stats.distributions import normal_quantile, t_below, t_quantile
from evalkit.stats.intervals import NO_ERROR, unseen_share
from evalkit.stats.pairs import INTERVALS, Method, benjamini_hochberg, holm, mcnemar, on_grid, sign_flip
from evalkit.stats.power import cases_needed_discordant, mde_discordant, mde_mean

FEW_CLUSTERS = 20
FEW_CASES_A_LABEL = 5
NEARLY_ALL = 0.8
"""A share of cases that differ from which on mid-p may err in more than 5.1 % of comparisons: exact takes over."""


def compare_columns(
    baseline: Column, candidate: Column, *, metric: str, scope: str = "all", plan: Plan | None = None
) -> Difference:
    """Compare two columns whose rows are the same cases in the same order; a slice by ``take`` on both.

    Binary, each case 0 or 1 and its own cluster: McNemar's test and the interval that the plan names. Binary over
    trials or clusters, and means: the exact sign-flip mid-p of the changes by cluster where they lie on a grid,
    else a clustered t; clustered t intervals. Ratios and macro F1: t and interval by the delta method on paired
    influences. Rows that one run did not judge are left out and counted in a warning.

    Raises StatisticsError for columns of two kinds, lengths or clusterings.
    """
    plan = plan or Plan()
    pair = _pair(baseline, candidate, f"{metric} ({scope})")
    broke, fixed = _moved(pair, plan)
    tested = _test(pair, plan, broke, fixed)
    difference = Difference(
        metric=metric,
        scope=scope,
        baseline=pair.old.value,
        candidate=pair.new.value,
        effect=pair.effect,
        lo=tested.interval[0],
        hi=tested.interval[1],
        lo90=tested.interval90[0],
        hi90=tested.interval90[1],
        p_value=tested.p_value,
        p_adjusted=tested.p_value,
        p_exact=tested.p_exact,
        test=tested.name,
        verdict="undecided",
        within_margin=-plan.margin < tested.interval90[0] and tested.interval90[1] < plan.margin,
        n=len(pair.before),
        n_clusters=pair.n_clusters,
        broke=broke,
        fixed=fixed,
        mde=tested.mde,
        need=None,
        warnings=_warnings(pair),
        noninferior=not pair.short and _is_noninferior(tested.interval90, plan),
        left_out=pair.left_out,
        p_exact_better=tested.p_exact_better,
    )
    return difference if _is_empty(difference) else _decide(difference, difference.p_value, difference.p_better, plan)


def adjust(
    differences: Sequence[Difference], plan: Plan | None = None, *, first: float = 0.0
) -> tuple[Difference, ...]:
    """The differences with p-values adjusted as one family (Holm, or the plan's), and the verdicts that follow.

    ``first`` is the share of the level that Holm keeps for the first difference, the head metric; 0 shares it out
    evenly. `regressed` and `improved` are adjusted apart, each at ``plan.alpha``. Pass what is judged together, once:
    all metrics and slices of a comparison, with the margin, alpha and power that they were compared with. Differences
    without anything to compare stay out of the family. ``plan.better`` is not read: each difference already knows
    its own direction.
    """
    plan = plan or Plan()
    family = [index for index, difference in enumerate(differences) if not _is_empty(difference)]
    p = np.array([(differences[index].p_value, differences[index].p_better) for index in family]).reshape(-1, 2)
    worse, better = (_adjust(one_sided, plan, first if 0 in family else 0.0) for one_sided in p.T)
    judged = list(differences)
    for place, index in enumerate(family):
        judged[index] = _decide(judged[index], float(worse[place]), float(better[place]), plan)
    return tuple(judged)


def _adjust(p_values: Floats, plan: Plan, first: float) -> Floats:
    if plan.adjustment == "bh":
        return benjamini_hochberg(p_values)
    if not first or len(p_values) < 2:
        return holm(p_values)
    return holm(p_values, [first, *[(1 - first) / (len(p_values) - 1)] * (len(p_values) - 1)])


def _is_short(n: int, left_out: int) -> bool:
    return left_out > MISSING * (n + left_out)


def _is_noninferior(interval90: tuple[float, float], plan: Plan) -> bool:
    return interval90[0] > -plan.margin if plan.better == "higher" else interval90[1] < plan.margin


def _is_empty(difference: Difference) -> bool:
    return math.isnan(difference.effect)


def _decide(difference: Difference, worse: float, better: float, plan: Plan) -> Difference:
    """The verdict by adjusted p-values; a change that is sure outweighs one that is small."""
    verdict: Verdict = "undecided"
    if _is_short(difference.n, difference.left_out):
        return replace(difference, p_adjusted=min(worse, better), verdict=verdict)
    if worse <= plan.alpha:
        verdict = "regressed"
    elif better <= plan.alpha:
        verdict = "improved"
    elif difference.within_margin:
        verdict = "equivalent"
    need = None
    if verdict == "undecided":
        need = difference.need or _pairs_needed(difference, plan)
    return replace(difference, p_adjusted=min(worse, better), verdict=verdict, need=need)


def _pairs_needed(difference: Difference, plan: Plan) -> int | None:
    """See `Difference.need`; None where no number of pairs is known to do."""
    n, effect = difference.n, abs(difference.effect)
    if difference.p_exact is not None:
        fixed = min(_smoothed(difference.fixed, n), (1 - plan.margin) / 2)
        planned: float = cases_needed_discordant(fixed + plan.margin, fixed, power=plan.power, alpha=plan.alpha)
    else:
        planned = n * (difference.mde / plan.margin) ** 2
    if not n < planned < math.inf:
        half = (difference.hi90 - difference.lo90) / 2
        distance = max(effect, plan.margin - effect)  # to no change, or to the margin: what decides first
        planned = max(n + 1, n * (half / distance) ** 2)
    return math.ceil(planned) if planned < math.inf else None


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two columns on the cases that both runs judged, and what their estimates are made of."""

    before: Column
    after: Column
    old: Influence
    new: Influence
    n_clusters: int
    left_out: int
    """Cases that only one of the two judged."""

    @property
    def effect(self) -> float:
        return self.new.value - self.old.value

    @property
    def short(self) -> bool:
        """Too many cases are missing on one side for a verdict."""
        return _is_short(len(self.before), self.left_out)


def _pair(baseline: Column, candidate: Column, where: str) -> _Pair:
    """The rows that both judged, on one label axis."""
    if baseline.kind != candidate.kind or not np.array_equal(baseline.clusters, candidate.clusters):
        raise StatisticsError(
            "two columns do not match in kind, cases or clusters",
            where=where,
            next_step="pair the runs by case before comparing them",
        )
    labels = tuple(sorted({*baseline.labels, *candidate.labels}))
    before, after = relabel(baseline, labels), relabel(candidate, labels)
    left_out = int((before.finite ^ after.finite).sum())
    rows = before.finite & after.finite & (before.judged | after.judged)
    before, after = before.take(rows), after.take(rows)
    n_clusters = count_clusters(before.clusters)
    return _Pair(before, after, influence(before), influence(after), n_clusters, left_out)


def _moved(pair: _Pair, plan: Plan) -> tuple[int, int]:
    """Cases that changed for the worse, and for the better, each case judged alone."""
    changes = np.nan_to_num(cases(pair.after) - cases(pair.before))
    down, up = int((changes < -NO_ERROR).sum()), int((changes > NO_ERROR).sum())
    return (down, up) if plan.better == "higher" else (up, down)


def _smoothed(count: int, n: int) -> float:
    """A share that is never 0, because a case may get better in the next run though none did in this one."""
    return (count + 0.5) / (n + 1)


@dataclass(frozen=True, slots=True)
class _Tested:
    """What a test says, before any verdict."""

    name: str
    p_value: float
    interval: tuple[float, float]
    interval90: tuple[float, float]
    mde: float
    p_exact: float | None = None
    p_exact_better: float | None = None


def _test(pair: _Pair, plan: Plan, broke: int, fixed: int) -> _Tested:
    if not (pair.before.judged.any() and pair.after.judged.any()):
        return _Tested("nothing to compare", 1.0, (-1.0, 1.0), (-1.0, 1.0), math.nan)
    if pair.before.whole and pair.after.whole:
        return _test_discordant(len(pair.before), broke, fixed, plan)
    return _test_clustered(pair, plan)


def _test_discordant(n: int, broke: int, fixed: int, plan: Plan) -> _Tested:
    """McNemar's test and the intervals that the plan names."""
    down, up = (broke, fixed) if plan.better == "higher" else (fixed, broke)
    interval = INTERVALS[plan.interval]
    method: Method = "exact" if plan.test == "midp" and broke + fixed > NEARLY_ALL * n else plan.test
    exact = _mcnemar(broke, fixed, "exact")
    return _Tested(
        name=f"McNemar {'mid-p' if method == 'midp' else method}",
        p_value=exact if method == "exact" else _mcnemar(broke, fixed, method),
        p_exact=exact,
        p_exact_better=_mcnemar(fixed, broke, "exact") if method == "exact" else None,
        interval=interval(down, up, n),
        interval90=interval(down, up, n, confidence=0.90),
        mde=mde_discordant(_smoothed(fixed, n), n=n, power=plan.power, alpha=plan.alpha),
    )


@lru_cache(maxsize=4096)
def _mcnemar(broke: int, fixed: int, method: Method) -> float:
    return float(mcnemar(broke, fixed, method=method))


def _test_clustered(pair: _Pair, plan: Plan) -> _Tested:
    """An exact sign-flip or a t test of the paired influences, and t intervals."""
    effect, n_clusters, kind = pair.effect, pair.n_clusters, pair.before.kind
    parts = pair.new.parts - pair.old.parts
    error = standard_error(parts, pair.before.clusters)
    bounded = pair.before.bounded and pair.after.bounded
    flat = n_clusters < 2 or error < NO_ERROR
    p_value, name = _sign_flip_of(pair.before, pair.after), "exact sign-flip mid-p"
    if p_value is None:
        name = "clustered t" if kind in ("binary", "mean") else "clustered delta"
        p_value = _p_of_one_sign(effect, n_clusters) if flat else t_below(effect / error, n_clusters - 1)

    drawn = None
    if plan.resamples and not flat:
        from evalkit.stats.bootstrap import bootstrap_mean

        by_cluster = effect + n_clusters * cluster_sums(parts, pair.before.clusters)
        drawn = bootstrap_mean(by_cluster, seed=plan.seed, resamples=plan.resamples)

    def interval(confidence: float) -> tuple[float, float]:
        if drawn is not None:
            return drawn.interval(confidence)
        if flat:
            return _no_spread(effect, unseen_share(n_clusters, confidence), bounded)
        half = t_quantile((1 + confidence) / 2, n_clusters - 1) * error
        furthest = 1.0 if bounded else math.inf
        return max(-furthest, effect - half), min(furthest, effect + half)

    interval90 = interval(0.90)
    return _Tested(
        name=name,
        p_value=p_value if plan.better == "higher" else 1 - p_value,
        interval=interval(0.95),
        interval90=interval90,
        mde=mde_mean((interval90[1] - interval90[0]) / 2 / normal_quantile(0.95), power=plan.power, alpha=plan.alpha),
    )


def _sign_flip_of(before: Column, after: Column) -> float | None:
    """The exact p-value for a drop; None for ratios, and for changes on no grid or on too fine a one."""
    if before.kind not in ("binary", "mean"):
        return None
    steps = on_grid(after.values - before.values)
    if steps is None:
        return None
    return sign_flip(np.rint(cluster_sums(steps.astype(np.float64), before.clusters)).astype(np.int64))


def _p_of_one_sign(effect: float, n_clusters: int) -> float:
    """All clusters changed alike: the sign-flip mid-p, for want of a spread to divide by."""
    tail = 0.5 ** (n_clusters + 1)
    return 0.5 if abs(effect) < NO_ERROR else tail if effect < 0 else 1 - tail


def _no_spread(effect: float, share: float, bounded: bool) -> tuple[float, float]:
    """All clusters changed alike: a share of unseen ones may still lie anywhere."""
    if not bounded:
        return -math.inf, math.inf
    return effect - share * (1 + effect), effect + share * (1 - effect)


def _warnings(pair: _Pair) -> tuple[str, ...]:
    warnings = []
    if pair.n_clusters < FEW_CLUSTERS:
        warnings.append(f"only {pair.n_clusters} clusters: p-value and intervals rest on few independent units")
    if pair.left_out:
        verdict = f", more than {MISSING:.0%}: no verdict" if pair.short else ""
        warnings.append(f"{pair.left_out} cases left out: only one of the two runs has a value for them{verdict}")
    rare = 0
    if pair.before.kind == "macro_f1":
        carried = ((pair.before.values + pair.after.values) @ np.ones(3) > 0).sum(axis=0)
        rare = int(((carried > 0) & (carried < FEW_CASES_A_LABEL)).sum())
    if rare:
        warnings.append(f"{rare} labels stand in fewer than {FEW_CASES_A_LABEL} cases: macro F1 is unsteady")
    return tuple(warnings)
