"""Estimates with intervals, one per metric and scope. Arrays in, frozen results out.

Intervals stay honest where a textbook formula collapses: nothing judged gives [0, 1]; a single cluster says as much
as a single case; where every cluster agrees, the interval is as wide as Wilson's for G of G (for 0 failures in n it
ends near 3.8 / n, beside the one-sided rule of three).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.cards import card
from evalkit.figures import rate, rate_interval
from evalkit.stats.columns import Column, count_clusters, influence, standard_error
from evalkit.stats.distributions import beta_quantile, normal_quantile, t_quantile

NO_ERROR = 1e-12
"""A standard error below this is rounding: all clusters agree."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run says of one metric in one scope. Rates and scores are in [0, 1]."""

    metric: str
    scope: str
    """``all`` or ``tag:<tag>``."""
    value: float
    """NaN where nothing could be judged."""
    lo: float
    hi: float
    """The 95 % interval."""
    n: int
    """Cases judged."""
    n_clusters: int
    method: str
    """``wilson``, ``clustered wilson``, ``clustered delta``, ``nothing judged``."""
    not_applicable: int = 0
    """Executions that the metric left out."""
    errors: int = 0
    """Executions whose metric or agent raised."""

    def __str__(self) -> str:
        return f"{self.metric} on {self.scope}: {rate(self.value)} ({rate_interval(self.lo, self.hi)}), {self.n} cases"

    def _repr_html_(self) -> str:
        return card(str(self), lead=f"95 % interval by {self.method}, {self.n_clusters} clusters")


def wilson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (1927); (0, 1) for n = 0. Never empty at 0 of n or n of n."""
    if n <= 0:
        return 0.0, 1.0
    return score_interval(successes / n, n, normal_quantile((1 + confidence) / 2))


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a proportion (1934): never covers less than it says, and is wider than Wilson's."""
    tail = (1 - confidence) / 2
    lo = beta_quantile(tail, successes, n - successes + 1) if successes > 0 else 0.0
    hi = beta_quantile(1 - tail, successes + 1, n - successes) if successes < n else 1.0
    return lo, hi


def one_sided(column: Column, alpha: float = 0.05) -> tuple[float, float]:
    """The lower and the upper bound of a column's estimate, each at level ``alpha`` on its own: for safety rates.

    Right or wrong, one trial a case: exact (Clopper and Pearson); 0 of n ends at 1 - alpha^(1/n), the rule of three.
    Everything else: the ends of the interval that `estimate` gives, at confidence 1 - 2 alpha.
    """
    judged = column.take(column.judged)
    if judged.whole and len(judged):
        return clopper_pearson(int(judged.values.sum()), len(judged), 1 - 2 * alpha)
    found = estimate(column, metric="", confidence=1 - 2 * alpha)
    return found.lo, found.hi


def estimate(
    column: Column,
    *,
    metric: str,
    scope: str = "all",
    not_applicable: int = 0,
    errors: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """The estimate of a column with its interval (95 %, if not told otherwise); for a slice pass ``column.take(mask)``.

    ``wilson``: binary, each case 0 or 1 and its own cluster. ``clustered wilson``: everything else that lies in
    [0, 1], by Wilson's formula at the effective number of cases v (1 - v) / SE^2 (Korn and Graubard 1998), with the
    clustered SE (delta method for ratios, macro F1, kappa) and the t quantile of G - 1 degrees of freedom: near 1,
    where good agents live, value +- t SE covers far less than it says. ``clustered delta``: value +- t SE, for ratios
    that are no proportions.
    """
    rows = column.judged
    value = influence(column).value
    n = int(rows.sum())
    n_clusters = count_clusters(column.clusters[rows])
    if n == 0:
        lo, hi, method = 0.0, 1.0, "nothing judged"
    elif column.take(rows).whole:
        lo, hi = wilson(float(column.values[rows].sum()), n, confidence)
        method = "wilson"
    else:
        lo, hi, method = _clustered(column, value, n_clusters, confidence)
    return Estimate(metric, scope, value, lo, hi, n, n_clusters, method, not_applicable, errors)


def unseen_share(n_clusters: int, confidence: float) -> float:
    """The share of clusters that may differ although none of ``n_clusters`` did: Wilson's upper end for 0 of G."""
    return wilson(0, n_clusters, confidence)[1]


def _clustered(column: Column, value: float, n_clusters: int, confidence: float) -> tuple[float, float, str]:
    """The interval and its method where a clustered standard error is called for."""
    rows = column.judged
    error = standard_error(influence(column).parts[rows], column.clusters[rows])
    method = "clustered wilson" if column.bounded else "clustered delta"
    if n_clusters < 2 or error < NO_ERROR:
        return (*_no_spread(column, value, unseen_share(n_clusters, confidence)), method)
    quantile = t_quantile((1 + confidence) / 2, n_clusters - 1)
    if column.bounded:
        return (*score_interval(value, value * (1 - value) / error**2, quantile), method)
    lowest, highest = (-1.0, 1.0) if column.kind == "kappa" else (0.0, float("inf"))
    return max(lowest, value - quantile * error), min(highest, value + quantile * error), method


def _no_spread(column: Column, value: float, share: float) -> tuple[float, float]:
    """Every cluster agrees: a share of unseen ones may still lie anywhere in [0, 1], or in [0, inf) if unbounded."""
    bounded = column.bounded or column.kind == "kappa"
    return value * (1 - share), value + share * (1 - value) if bounded else float("inf")


def score_interval(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval by a quantile of one's own: all p with |share - p| <= z sqrt(p (1 - p) / n)."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    lo = 0.0 if share == 0 else float(centre - half)
    hi = 1.0 if share == 1 else float(centre + half)
    return max(0.0, lo), min(1.0, hi)
