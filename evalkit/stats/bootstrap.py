"""Bootstrap intervals of means and differences that cost milliseconds: resampling without copying a row.

Two ways to the same law. Where cases take few distinct values (trials, right or wrong), a resample of n cases is a
multinomial draw of how often each value comes: the work is in the number of values, not of cases. Elsewhere every
value gets a Poisson(1) weight of its own, and a product of matrices gives hundreds of resamples at once.
Intervals are BCa (Efron 1987): bias from the share of resamples below the estimate, acceleration from the jackknife.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Floats
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
        means = _poisson_means(given, rng, resamples)
    return Resampled(np.sort(means), given)


def _poisson_means(values: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    """Weighted means by resample, (resamples,); a resample that drew nothing at all takes the plain mean."""
    both = np.stack([values, np.ones(len(values))], axis=1).astype(np.float32)
    totals = np.concatenate([
        _POISSON[rng.integers(0, 65536, (min(_BLOCK, resamples - start), len(values)), dtype=np.uint16)] @ both
        for start in range(0, resamples, _BLOCK)
    ])  # fmt: skip
    return np.asarray(np.where(totals[:, 1] > 0, totals[:, 0] / np.maximum(totals[:, 1], 1), values.mean()))


def _corrected(levels: Floats, means: Floats, values: Floats) -> Floats:
    """BCa levels. For a mean the jackknife needs no refits: its values are centred values over n - 1."""
    below = (np.count_nonzero(means < values.mean()) + 0.5 * np.count_nonzero(means == values.mean())) / len(means)
    bias = normal_quantile(min(max(below, 1 / len(means)), 1 - 1 / len(means)))
    centred = values - values.mean()
    acceleration = float((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    shifted = bias + np.array([normal_quantile(level) for level in levels])
    return normal_below(bias + shifted / (1 - acceleration * shifted))
