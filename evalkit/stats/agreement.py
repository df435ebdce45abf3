"""Agreement: do two raters, or a metric and a rater, say the same?

In: arrays of ratings of the same cases. Out: a coefficient with its 95 % interval.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError
from evalkit.stats.distributions import normal_quantile

Floats = npt.NDArray[np.float64]
Weighting = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient of agreement: 1 is perfect, 0 what chance gives."""

    measure: str
    """``Cohen's kappa``, ``ICC(1)``, ``ICC(2,1)``, ``ICC(3,1)``, ``Spearman``."""
    value: float
    """NaN where it is not defined: nobody ever differed."""
    lo: float
    hi: float
    n: int
    """Cases."""

    def __str__(self) -> str:
        if not math.isfinite(self.value):
            return f"{self.measure}: not defined on {self.n} cases"
        return f"{self.measure} {self.value:.2f} (95 % interval {self.lo:.2f} to {self.hi:.2f}), {self.n} cases"


def kappa(one: Sequence[Hashable], other: Sequence[Hashable], *, weights: Weighting = "none") -> Agreement:
    """Cohen's kappa (1960) of two raters' labels; weighted (Cohen 1968) by the distance of labels in sorted order.

    Interval: the large-sample standard error of Fleiss, Cohen and Everitt (1969).
    """
    if len(one) != len(other) or not one:
        raise StatisticsError(f"{len(one)} labels stand beside {len(other)}")
    labels = sorted({*one, *other}, key=lambda label: (str(type(label)), label))
    place = {label: index for index, label in enumerate(labels)}
    k, n = len(labels), len(one)
    table = np.zeros((k, k))
    for a, b in zip(one, other, strict=True):
        table[place[a], place[b]] += 1 / n
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / max(k - 1, 1)
    shared = {"none": np.eye(k), "linear": 1 - apart, "quadratic": 1 - np.square(apart)}[weights]
    seen, chance = float((shared * table).sum()), float((shared * np.outer(rows, columns)).sum())
    if chance >= 1:
        return Agreement("Cohen's kappa", math.nan, math.nan, math.nan, n)
    value = (seen - chance) / (1 - chance)
    lean = shared @ columns
    tilt = shared.T @ rows
    terms = table * np.square(shared - np.add.outer(lean, tilt) * (1 - value))
    variance = (float(terms.sum()) - (value - chance * (1 - value)) ** 2) / (n * (1 - chance) ** 2)
    half = normal_quantile(0.975) * math.sqrt(max(variance, 0.0))
    return Agreement("Cohen's kappa", value, max(-1.0, value - half), min(1.0, value + half), n)


def icc(ratings: npt.ArrayLike, *, model: Literal[1, 2, 3] = 2) -> Agreement:
    """The intraclass correlation of single ratings, (cases, raters), none missing (Shrout and Fleiss 1979).

    Model 1: each case has raters of its own; 2: the same raters, drawn from many, agree in value; 3: they agree in
    order and spacing, whatever their level. Intervals of Shrout and Fleiss by the F distribution.
    """
    from scipy.special import fdtri

    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise StatisticsError("an ICC needs two cases and two raters, and every rating", next_step="leave gaps out")
    n, k = table.shape
    total, by_case, by_rater = table.mean(), table.mean(axis=1), table.mean(axis=0)
    between = k * float(np.square(by_case - total).sum()) / (n - 1)
    judges = n * float(np.square(by_rater - total).sum()) / (k - 1)
    within = float(np.square(table - by_case[:, None]).sum()) / (n * (k - 1))
    rest = float(np.square(table - by_case[:, None] - by_rater[None, :] + total).sum()) / ((n - 1) * (k - 1))
    name = {1: "ICC(1)", 2: "ICC(2,1)", 3: "ICC(3,1)"}[model]
    if between <= 0 or (within if model == 1 else rest) <= 0:
        value = 1.0 if between > 0 and within <= 0 else math.nan
        return Agreement(name, value, value, value, n)
    if model == 2:
        value = (between - rest) / (between + (k - 1) * rest + k * (judges - rest) / n)
        a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
        df = (a * judges + b * rest) ** 2 / ((a * judges) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1)))
        upper, lower = float(fdtri(n - 1, df, 0.975)), float(fdtri(df, n - 1, 0.975))
        mixed = k * judges + (k * n - k - n) * rest
        lo = n * (between - upper * rest) / (upper * mixed + n * between)
        hi = n * (lower * between - rest) / (mixed + n * lower * between)
        return Agreement(name, value, lo, hi, n)
    error, df = (within, n * (k - 1)) if model == 1 else (rest, (n - 1) * (k - 1))
    ratio = between / error
    low, high = ratio / float(fdtri(n - 1, df, 0.975)), ratio * float(fdtri(df, n - 1, 0.975))
    value, lo, hi = ((f - 1) / (f + k - 1) for f in (ratio, low, high))
    return Agreement(name, value, lo, hi, n)


def spearman(one: npt.ArrayLike, other: npt.ArrayLike) -> Agreement:
    """Spearman's rank correlation (midranks), with the interval of Bonett and Wright (2000) on Fisher's scale."""
    first, second = (_midranks(np.asarray(values, dtype=np.float64)) for values in (one, other))
    n = len(first)
    if n != len(second) or n < 4:
        raise StatisticsError("a rank correlation needs at least 4 cases, each with both figures")
    first, second = first - first.mean(), second - second.mean()
    spread = math.sqrt(float(np.square(first).sum() * np.square(second).sum()))
    if spread <= 0:
        return Agreement("Spearman", math.nan, math.nan, math.nan, n)
    value = float((first * second).sum()) / spread
    if abs(value) >= 1 - 1e-12:
        return Agreement("Spearman", round(value), round(value), round(value), n)
    half = normal_quantile(0.975) * math.sqrt((1 + value**2 / 2) / (n - 3))
    middle = math.atanh(value)
    return Agreement("Spearman", value, math.tanh(middle - half), math.tanh(middle + half), n)


def _midranks(values: Floats) -> Floats:
    if not np.isfinite(values).all():
        raise StatisticsError("a figure is missing", next_step="leave such cases out")
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])
