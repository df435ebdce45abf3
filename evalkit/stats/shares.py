"""Shares: the interval of an estimate in [0, 1] whose standard error is known, honest near 0 and 1."""

from __future__ import annotations

from evalkit.stats.distributions import t_quantile
from evalkit.stats.intervals import score_interval

MOST_WORTH = 20
"""Cases that one cluster can be worth at most: near 0 and 1 the variance that was seen is often too small."""


def interval_of_share(value: float, error: float, *, n_clusters: int, df: int) -> tuple[float, float]:
    """The 95 % interval: Wilson's at the effective number of cases, value (1 - value) / error^2, with t's quantile.

    (Korn and Graubard 1998.) Where nothing varies, as wide as Wilson's for G of G clusters.
    """
    centre = min(1.0, max(0.0, value))
    quantile = t_quantile(0.975, max(df, 1))
    if error <= 1e-12 or not 0 < centre < 1:
        return score_interval(centre, n_clusters, quantile)
    effective = min(centre * (1 - centre) / error**2, float(MOST_WORTH * n_clusters))
    return score_interval(centre, effective, quantile)
