"""Tests and intervals for pairs: the same cases under a baseline and a candidate.

``broke`` counts the cases that only the baseline has right, ``fixed`` those that only the candidate has right; an
effect is candidate minus baseline. Tests are one-sided unless told otherwise: ``worse`` asks whether more broke than
chance explains. For mid-p and score tests the two one-sided p-values add up to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Codes, Floats
from evalkit.stats.distributions import binomial_chances, normal_below, normal_quantile

Alternative = Literal["worse", "better", "different"]
Method = Literal["midp", "exact", "score"]
WORK_LIMIT = 20_000_000
"""Multiplications that the exact sign-flip test may cost (about 20 ms); beyond, a t test is as good."""
ADDED = 1 / 6
"""Of a pair, to each discordant cell, before Tango's interval is taken."""


def mcnemar(
    broke: npt.ArrayLike, fixed: npt.ArrayLike, *, method: Method = "midp", alternative: Alternative = "worse"
) -> Floats:
    """P-values of McNemar's test for arrays of counts, any shape; shape () for scalars.

    ``exact`` is the conditional binomial test: never more than its level, and timid. ``midp`` counts half of the
    outcome that was seen (Lancaster 1961; Fagerland, Lydersen and Laake 2013): nearly the nominal level, more power;
    the default. ``score`` is McNemar's z without continuity correction. Two-sided p-values are twice the smaller
    one-sided one, at most 1. Without a discordant pair: 0.5, 1 for ``exact`` and for two-sided tests.
    """
    b, c = np.broadcast_arrays(_whole(broke), _whole(fixed))
    one_sided = {"midp": _midp, "exact": _exact, "score": _score}[method]
    width = int(c.max(initial=0)) + 1
    if b.size > (int(b.max(initial=0)) + 1) * width:  # more tables than there are different ones: look them up
        present, where = np.unique(b * width + c, return_inverse=True)
        return _judge(one_sided, present // width, present % width, alternative)[where].reshape(b.shape)
    return _judge(one_sided, b, c, alternative)


def _judge(one_sided: Callable[[Codes, Codes], Floats], b: Codes, c: Codes, alternative: Alternative) -> Floats:
    if alternative == "worse":
        return one_sided(b, c)
    if alternative == "better":
        return one_sided(c, b)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(one_sided(b, c), one_sided(c, b))))


def _whole(counts: npt.ArrayLike) -> Codes:
    given = np.asarray(counts)
    whole = given.astype(np.int64)
    if (whole != given).any() or (whole < 0).any():
        raise StatisticsError("a count of discordant pairs is negative or no whole number")
    return whole


def _exact(b: Codes, c: Codes) -> Floats:
    return _halves_below(c, b + c)[0]


def _midp(b: Codes, c: Codes) -> Floats:
    below, at = _halves_below(c, b + c)
    return below - at / 2


def _score(b: Codes, c: Codes) -> Floats:
    return normal_below((c - b) / np.sqrt(np.maximum(b + c, 1)))


def _halves_below(k: Codes, n: Codes) -> tuple[Floats, Floats]:
    """P(K <= k) and P(K = k) for K binomial (n, 1/2), arrays of one shape: tables of one n share one row of sums."""
    below, at = np.empty(k.shape), np.empty(k.shape)
    if n.size == 1:
        chances = binomial_chances(np.arange(k.item() + 1), n.item(), 0.5)
        return np.minimum(chances.sum(), 1.0).reshape(k.shape), chances[-1].reshape(k.shape)
    totals, which = np.unique(n, return_inverse=True)
    which = which.reshape(n.shape)
    for place, total in enumerate(totals):
        rows = which == place
        chances = binomial_chances(np.arange(k[rows].max() + 1), total, 0.5)
        below[rows] = np.minimum(np.cumsum(chances), 1.0)[k[rows]]
        at[rows] = chances[k[rows]]
    return below, at


def bonett_price(broke: int, fixed: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Bonett and Price's adjusted Wald interval (2012) for the difference of paired proportions, in [-1, 1].

    One pair is added to each discordant cell, so that no interval is empty; (-1, 1) for n = 0.
    """
    if n <= 0:
        return -1.0, 1.0
    lost, won = (broke + 1) / (n + 2), (fixed + 1) / (n + 2)
    effect = won - lost
    half = normal_quantile((1 + confidence) / 2) * float(np.sqrt((lost + won - effect**2) / (n + 2)))
    return max(-1.0, effect - half), min(1.0, effect + half)


def tango(broke: int, fixed: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Tango's score interval (1998) for the difference of paired proportions, in [-1, 1]; (-1, 1) for n = 0."""
    return _invert_score(broke, fixed, n, confidence)


def steady_score(broke: int, fixed: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Tango's interval with a sixth of a pair added to each discordant cell, in [-1, 1]; (-1, 1) for n = 0.

    Tango's own falls below 94 % where a handful of cases differ. `ADDED` is the smallest addition, by enumeration
    (``benchmarks/simulate.py``), that does not; with as much as a whole pair, Bonett and Price's, the interval covers
    99 % there, and its one-sided errors reach 9 % where all changes go one way.
    """
    if n <= 0:
        return -1.0, 1.0
    effect = (fixed - broke) / n
    lo, hi = _invert_score(broke + ADDED, fixed + ADDED, n + 2 * ADDED, confidence)
    return min(lo, effect), max(hi, effect)


def _invert_score(broke: float, fixed: float, n: float, confidence: float) -> tuple[float, float]:
    """All differences that the score test of paired proportions does not reject."""
    if n <= 0:
        return -1.0, 1.0
    effect = (fixed - broke) / n
    z = normal_quantile((1 + confidence) / 2)

    def distance(delta: float) -> float:
        """The score statistic of the hypothesis that the difference is ``delta``."""
        linear = -(broke + fixed) + (2 * n - fixed + broke) * delta
        constant = -broke * delta * (1 - delta)
        lost = (math.sqrt(max(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
        variance = n * (2 * lost + delta * (1 - delta))
        return (fixed - broke - n * delta) / math.sqrt(max(variance, 1e-300))

    return (
        -1.0 if effect == -1 else _root(lambda delta: distance(delta) - z, (-1.0, effect), (math.inf, -z)),
        1.0 if effect == 1 else _root(lambda delta: distance(delta) + z, (effect, 1.0), (z, -math.inf)),
    )


def _root(falling: Callable[[float], float], within: tuple[float, float], ends: tuple[float, float]) -> float:
    """Where a falling function with values ``ends`` at the ends crosses 0: secants, kept honest by halving.

    A side that stays twice has its value halved (the Illinois rule); 1e-14 is rounding.
    """
    (lo, hi), (above, below) = within, ends
    stayed = 0
    for _ in range(100):
        secant = lo + (hi - lo) * above / (above - below) if math.isfinite(above - below) else math.nan
        middle = secant if lo < secant < hi else (lo + hi) / 2
        value = falling(middle)
        if value == 0 or hi - lo < 1e-14:
            return middle
        if value > 0:
            lo, above, below, stayed = middle, value, below / 2 if stayed > 0 else below, 1
        else:
            hi, below, above, stayed = middle, value, above / 2 if stayed < 0 else above, -1
        if abs(value) < 1e-12:
            return middle
    return (lo + hi) / 2


INTERVALS = {"score": steady_score, "tango": tango, "bonett-price": bonett_price}
"""Of the difference of two paired proportions, by name."""


def sign_flip(changes: Codes, *, alternative: Alternative = "worse") -> float | None:
    """The exact sign-flip mid-p of whole-numbered changes by cluster, (G,): is their sum lower than chance explains?

    Under no change each cluster's change may as well have the other sign. The distribution of the sum over all 2^G
    flips is computed, not drawn: clusters of one magnitude give a binomial, and binomials are convolved. Outcomes
    of probability below about 1e-19 are cut off. With changes of -1, 0 and 1 this is McNemar's mid-p. None where
    the magnitudes are too many for `WORK_LIMIT`.
    """
    sizes, counts = np.unique(np.abs(changes[changes != 0]), return_counts=True)
    sums = [_flips(int(size), int(count)) for size, count in zip(sizes, counts, strict=True)]
    reach, work = 1, 0
    for _, chances in sums:
        work += reach * len(chances)
        reach += len(chances) - 1
    if work > WORK_LIMIT:
        return None
    lowest, chances = 0, np.ones(1)
    for start, other in sums:
        lowest, chances = lowest + start, np.convolve(chances, other)
    # the sum of changes is 2 x (sum of those that are positive) - (sum of magnitudes)
    seen = int(changes[changes > 0].sum()) - lowest
    below, at = chances[: max(seen, 0)].sum(), chances[seen] if 0 <= seen < len(chances) else 0.0
    worse = min(1.0, float(below + at / 2))
    if alternative == "worse":
        return worse
    return 1 - worse if alternative == "better" else min(1.0, 2 * min(worse, 1 - worse))


def _flips(size: int, count: int) -> tuple[int, Floats]:
    """Chances of the sum of positive changes among ``count`` of magnitude ``size``: (lowest sum kept, chances)."""
    reach = 10 + int(4.6 * np.sqrt(count))  # 9.2 standard deviations
    ups = np.arange(max(0, count // 2 - reach), min(count, count // 2 + reach) + 1)
    chances = np.zeros(size * (len(ups) - 1) + 1)
    chances[::size] = binomial_chances(ups, count, 0.5)
    return size * int(ups[0]), chances


def on_grid(changes: Floats, *, finest: int = 1000) -> Codes | None:
    """The changes in whole steps of 1/q, for the smallest q up to 60 (or 100, 1000) that fits; None where none does.

    Means over K trials lie on such a grid, with q = K.
    """
    moved = changes[changes != 0]
    few = moved[:32]
    for steps in (*range(1, 61), *(step for step in (100, 1000) if step <= finest)):
        if np.abs(few * steps - np.rint(few * steps)).max(initial=0.0) > 1e-7:
            continue
        if np.abs(moved * steps - np.rint(moved * steps)).max(initial=0.0) <= 1e-7:
            return np.asarray(np.rint(changes * steps), dtype=np.int64)
    return None


def holm(p_values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Floats:
    """Holm's step-down adjusted p-values (1979), (m,): the chance of any false alarm among m stays at the level.

    ``weights``, (m,), say how the level is shared out at first: what weighs half of all is tested at half of the level,
    and takes over from what was rejected before it. Without weights all weigh the same.
    """
    p = np.asarray(p_values, dtype=np.float64)
    w = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.argsort(p / w, kind="stable")
    left = np.cumsum(w[order][::-1])[::-1]
    scaled = np.maximum.accumulate(p[order] / w[order] * left)
    return _unsorted(np.minimum(1.0, scaled), order)


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Benjamini and Hochberg's step-up adjusted p-values (1995), (m,): the share of false alarms stays at the level."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _unsorted(np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1]), order)


def _unsorted(values: Floats, order: npt.NDArray[np.intp]) -> Floats:
    result = np.empty_like(values)
    result[order] = values
    return result
