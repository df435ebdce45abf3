"""Bootstrap intervals of means and differences that cost milliseconds: resampling without copying a row.

Two ways to the same law. Where cases take few distinct values (trials, right or wrong), a resample of n cases is a
multinomial draw of how often each value comes: the work is in the number of values, not of cases. Elsewhere every
cluster gets a Poisson(1) weight of its own, and one product of matrices gives all resamples of all metrics.
Intervals are BCa (Efron 1987): bias from the share of resamples below the estimate, acceleration from the jackknife.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Codes, Floats
from evalkit.stats.distributions import normal_below, normal_quantile

FEW_VALUES = 1_000
"""Distinct values up to which resampling by value is the quicker way."""
_BLOCK = 500
"""Resamples of one product: 500 x 10,000 weights are 20 MB."""
_POISSON = np.searchsorted(
    np.cumsum([math.exp(-1) / math.factorial(k) for k in range(9)]), (np.arange(65536) + 0.5) / 65536
).astype(np.float32)
"""Poisson(1) by a uniform 16-bit number: exact to 2^-16, and one look-up instead of a draw."""

Kind = Literal["bca", "percentile"]


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """The means of many resamples, and what they were drawn from."""

    means: Floats
    """(resamples,), sorted."""
    values: Floats

    def interval(self, confidence: float = 0.95, *, kind: Kind = "bca") -> tuple[float, float]:
        """The interval of the mean: BCa, or the plain percentiles of the resamples."""
        tail = (1 - confidence) / 2
        levels = np.array([tail, 1 - tail])
        if kind == "bca" and self.values.std() > 0:
            levels = _corrected(levels, self.means, self.values)
        lo, hi = np.quantile(self.means, levels)
        return float(lo), float(hi)


def bootstrap_mean(values: npt.ArrayLike, *, seed: int, resamples: int = 10_000) -> Resampled:
    """Resample the mean of n independent values, (n,): cases, or what each cluster adds to an estimate.

    By value where few are distinct (to 12 digits), by Poisson weights otherwise. Raises StatisticsError for fewer
    than 2 values.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or len(given) < 2 or not np.isfinite(given).all():
        raise StatisticsError("a bootstrap needs a row of at least two numbers")
    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(given.round(12), return_counts=True)
    if len(distinct) <= FEW_VALUES:
        order = np.argsort(counts)  # the largest share last: what is left over is not drawn
        draws = rng.multinomial(len(given), counts[order] / len(given), size=resamples)
        means = draws @ distinct[order] / len(given)
    else:
        means = _poisson_means(given[:, None], np.arange(len(given)), rng, resamples)[:, 0]
    return Resampled(np.sort(means), given)


def bootstrap_means(
    matrix: npt.ArrayLike, clusters: Codes, *, seed: int, resamples: int = 10_000, confidence: float = 0.95
) -> Floats:
    """Percentile intervals of the means of many columns at once, (columns, 2), from (n, columns): whole clusters drawn.

    All columns see the same resamples, so that what is drawn for one holds together with what is drawn for another.
    """
    given = np.asarray(matrix, dtype=np.float64)
    if given.ndim != 2 or len(given) != len(clusters) or len(given) < 2:
        raise StatisticsError("a bootstrap needs a row a case, and a cluster code for each row")
    means = _poisson_means(given, clusters, np.random.default_rng(seed), resamples)
    tail = (1 - confidence) / 2
    return np.asarray(np.quantile(means, [tail, 1 - tail], axis=0).T)


def _poisson_means(matrix: Floats, clusters: Codes, rng: np.random.Generator, resamples: int) -> Floats:
    """Weighted means by resample and column; a resample that drew nothing at all takes the plain mean."""
    _, codes = np.unique(clusters, return_inverse=True)
    sums = np.zeros((codes.max() + 1, matrix.shape[1] + 1))
    np.add.at(sums, codes, np.column_stack([matrix, np.ones(len(matrix))]))
    means = np.empty((resamples, matrix.shape[1]))
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        uniform = rng.integers(0, 65536, (size, len(sums)), dtype=np.uint16)
        totals = _POISSON[uniform] @ sums.astype(np.float32)
        drawn = totals[:, -1:]
        means[start : start + size] = np.where(drawn > 0, totals[:, :-1] / np.maximum(drawn, 1), matrix.mean(axis=0))
    return means


def _corrected(levels: Floats, means: Floats, values: Floats) -> Floats:
    """BCa levels. For a mean the jackknife needs no refits: its values are centred values over n - 1."""
    below = (np.count_nonzero(means < values.mean()) + 0.5 * np.count_nonzero(means == values.mean())) / len(means)
    bias = normal_quantile(min(max(below, 1 / len(means)), 1 - 1 / len(means)))
    centred = values - values.mean()
    acceleration = float((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    shifted = bias + np.array([normal_quantile(level) for level in levels])
    return normal_below(bias + shifted / (1 - acceleration * shifted))
