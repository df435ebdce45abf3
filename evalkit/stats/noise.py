"""Noise: how much one case differs from itself when it is asked again, and what more trials would buy.

In: scores of n cases x K trials, in [0, 1], NaN where a trial was not judged. Out: the variance within and between
cases, the cases that cannot make up their mind, and the chance that k trials hold a right one, or are all right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evalkit.cards import card
from evalkit.errors import StatisticsError
from evalkit.stats.columns import Codes, Floats
from evalkit.stats.distributions import log_factorial, normal_quantile
from evalkit.stats.intervals import NO_ERROR


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """The variance of a score, split by one-way analysis of variance over cases."""

    within: float
    """Variance between the trials of one case; NaN where no case has two, and for one case alone."""
    between: float
    """Variance between the expected scores of cases, never below 0; NaN likewise."""
    n: int
    """Cases judged at least once."""
    trials: float
    """Trials a case, on the average that the analysis of variance calls for (K where all have K)."""
    flaky: Codes
    """Positions of the cases whose trials disagree, the most divided first."""

    @property
    def icc(self) -> float:
        """ICC(1), in [0, 1]: the share of the variance that lies between cases; the correlation of two reruns."""
        total = self.within + self.between
        return self.between / total if total > NO_ERROR else math.nan

    @property
    def share_within(self) -> float:
        """Of the variance of the mean over all cases and trials, the share that more trials would take away."""
        noise = self.within / self.trials
        return noise / (noise + self.between) if noise + self.between > NO_ERROR else math.nan

    def standard_error(self, trials: int) -> float:
        """Of the mean over the same number of cases with so many trials each."""
        return math.sqrt((self.between + self.within / trials) / self.n)

    def advice(self) -> str:
        """What to spend calls on, in one line."""
        if math.isnan(self.within) and self.trials > 1:
            return (
                f"one case alone, {'flaky' if len(self.flaky) else 'steady'}: how cases differ is not known; add cases"
            )
        if math.isnan(self.within):
            return "one trial a case: how much the agent differs from itself is not known; try 3 trials"
        if self.within < NO_ERROR:
            return "every case answers alike each time: one trial is enough"
        gain = 1 - self.standard_error(2 * round(self.trials)) / self.standard_error(round(self.trials))
        if gain < 0.05:
            return f"{len(self.flaky)} flaky cases, and more trials narrow the interval by less than 5 %: add cases"
        return f"{len(self.flaky)} flaky cases: twice the trials narrow the interval by {gain:.0%}"

    def __str__(self) -> str:
        if math.isnan(self.within):
            return self.advice()
        icc = "n/a" if math.isnan(self.icc) else f"{self.icc:.2f}"
        return f"variance {self.between:.4f} between cases, {self.within:.4f} within, ICC {icc}: {self.advice()}"

    def _repr_html_(self) -> str:
        return card("Noise", lead=str(self))


def split_variance(scores: npt.ArrayLike) -> Noise:
    """The variance within and between cases, by method of moments; ``scores`` is (n, K), NaN for a trial not judged.

    Mean squares within and between; with unequal numbers of trials, Searle's average of them (Searle, Casella and
    McCulloch 1992, 3.3). Raises StatisticsError for scores of another shape.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2:
        raise StatisticsError("scores are a row a case and a column a trial")
    judged = np.isfinite(values)
    values, judged = values[judged.any(axis=1)], judged[judged.any(axis=1)]
    where = np.flatnonzero(np.isfinite(np.asarray(scores, dtype=np.float64)).any(axis=1))
    counts = judged.sum(axis=1)
    total, n = int(counts.sum()), len(values)
    filled = np.where(judged, values, 0.0)
    means = filled.sum(axis=1) / np.maximum(counts, 1)
    inside = np.where(judged, values - means[:, None], 0.0)
    squares = np.square(inside).sum(axis=1)
    spread = squares / counts
    order = np.argsort(-spread, kind="stable")
    flaky = where[order[spread[order] > NO_ERROR]]
    if total <= n or n < 2:
        return Noise(math.nan, math.nan, n, float(counts.mean()) if n else math.nan, flaky)
    within = float(squares.sum() / (total - n))
    grand = filled.sum() / total
    across = float((counts * np.square(means - grand)).sum() / (n - 1))
    average = float((total - np.square(counts).sum() / total) / (n - 1))
    return Noise(within, max(0.0, (across - within) / average), n, average, flaky)


def trials_needed(
    drop: float, *, n: int, between: float, noise: tuple[float, float], power: float = 0.8, alpha: float = 0.05
) -> int | None:
    """Trials a case of both versions at which n cases show a drop of the mean; None where no number of trials does.

    Miller's formula (arXiv 2411.00640) solved for K: ``between`` is the variance over cases of the difference of
    expected scores, ``noise`` the variance within a case by version.
    """
    room = n * drop**2 / (normal_quantile(1 - alpha) + normal_quantile(power)) ** 2 - between
    return max(1, math.ceil(sum(noise) / room)) if room > 0 else None


def pass_at_k(right: npt.ArrayLike, trials: npt.ArrayLike, k: int) -> float:
    """pass@k: the chance that at least one of k trials is right, the mean over cases (Chen et al. 2021, unbiased)."""
    return _mean_over_draws(right, trials, k, lambda all_wrong, _: 1 - all_wrong)


def pass_hat_k(right: npt.ArrayLike, trials: npt.ArrayLike, k: int) -> float:
    """pass^k: the chance that k trials are all right, the mean over cases (Yao et al. 2024, tau-bench, unbiased)."""
    return _mean_over_draws(right, trials, k, lambda _, all_right: all_right)


def _mean_over_draws(
    right: npt.ArrayLike, trials: npt.ArrayLike, k: int, read: Callable[[Floats, Floats], Floats]
) -> float:
    """``read`` of the chances, by case, that k trials drawn without replacement are all wrong, and all right."""
    hits, tried = np.broadcast_arrays(np.asarray(right, dtype=np.int64), np.asarray(trials, dtype=np.int64))
    if hits.size == 0 or (hits < 0).any() or (hits > tried).any() or not 1 <= k <= tried.min():
        raise StatisticsError(
            "pass@k needs cases with at least k trials each", next_step="take a smaller k, or run more trials"
        )

    def all_of(kind: Codes) -> Floats:
        logs = log_factorial(kind) - log_factorial(np.maximum(kind - k, 0)) - log_factorial(tried)
        return np.where(kind >= k, np.exp(logs + log_factorial(tried - k)), 0.0)

    return float(read(all_of(tried - hits), all_of(hits)).mean())
