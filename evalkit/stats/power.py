"""Power: what a comparison of n paired cases can see, and how many cases it takes to see something.

All tests are one-sided at level ``alpha`` (a gate asks whether it got worse). Paired binary figures are exact:
every outcome of McNemar's mid-p test is enumerated. ``rho`` is the correlation (phi) of right and wrong on the same
case under the two versions: the higher, the fewer cases are needed. Means use Miller's formula (arXiv 2411.00640).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Codes
from evalkit.stats.intervals import normal_quantile
from evalkit.stats.pairs import mcnemar

MANY_CASES = 1_000_000
"""From here on the normal formula is as good as enumeration."""


def power_paired(p_from: float, p_to: float, *, n: int, rho: float = 0.5, alpha: float = 0.05) -> float:
    """The chance that n cases show a drop of the pass rate from ``p_from`` to ``p_to``; the size where they are equal.

    Raises StatisticsError for rates outside [0, 1] and for a ``rho`` that two such rates cannot have.
    """
    broke, fixed = discordance(p_from, p_to, rho)
    return power_discordant(broke, fixed, n=n, alpha=alpha)


def cases_needed(p_from: float, p_to: float, *, rho: float = 0.5, power: float = 0.8, alpha: float = 0.05) -> int:
    """Cases that show a drop from ``p_from`` to ``p_to`` with chance ``power``; StatisticsError without a drop."""
    broke, fixed = discordance(p_from, p_to, rho)
    return cases_needed_discordant(broke, fixed, power=power, alpha=alpha)


def mde_paired(p_from: float, *, n: int, rho: float = 0.5, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest drop from ``p_from`` that n cases show with chance ``power``, to 1e-4; ``p_from`` if none is seen.

    A ``rho`` that is out of reach for a drop is taken as the largest within reach.
    """

    def seen(drop: float) -> bool:
        within = min(rho, largest_rho(p_from, p_from - drop))
        return power_paired(p_from, p_from - drop, n=n, rho=within, alpha=alpha) >= power

    return _smallest(seen, 0.0, p_from)


def discordance(p_from: float, p_to: float, rho: float) -> tuple[float, float]:
    """Shares of cases that break and that get fixed, for two pass rates and their correlation."""
    if not (0 <= p_from <= 1 and 0 <= p_to <= 1):
        raise StatisticsError("a pass rate lies outside [0, 1]")
    both = p_from * p_to + rho * math.sqrt(p_from * (1 - p_from) * p_to * (1 - p_to))
    broke, fixed, neither = p_from - both, p_to - both, 1 - p_from - p_to + both
    if min(broke, fixed, neither) < -1e-12 or both < -1e-12:
        raise StatisticsError(
            "no two versions with these pass rates correlate so",
            next_step=f"take rho up to {math.floor(largest_rho(p_from, p_to) * 1000) / 1000}",
        )
    return max(0.0, broke), max(0.0, fixed)


def largest_rho(p_from: float, p_to: float) -> float:
    """The largest correlation that two pass rates can have: 1 only where they are equal."""
    lower, upper = min(p_from, p_to), max(p_from, p_to)
    if lower <= 0 or upper >= 1:
        return 0.0
    return math.sqrt(lower * (1 - upper) / (upper * (1 - lower)))


def power_discordant(broke: float, fixed: float, *, n: int, alpha: float = 0.05) -> float:
    """The chance that McNemar's one-sided mid-p test on n cases rejects, where shares ``broke`` and ``fixed`` change.

    Enumerates the number of discordant cases (to 5 standard deviations, all but 1e-6) and the critical count for each.
    """
    from scipy.special import bdtr, bdtrc

    changed = broke + fixed
    if n <= 0 or changed <= 0:
        return 0.0
    spread = 5 * math.sqrt(n * changed * max(1 - changed, 0.0)) + 7
    first, last = max(0, int(n * changed - spread)), min(n, int(n * changed + spread))
    discordant = np.arange(first, last + 1)
    below = float(bdtr(first - 1, n, changed)) if first else 0.0
    chances = np.diff(bdtr(discordant.astype(float), n, changed), prepend=below)
    critical = _critical(1 << last.bit_length(), alpha)[first : last + 1]
    rejects = bdtrc(np.maximum(critical - 1, 0).astype(float), discordant, broke / changed)
    return float((chances * np.where(critical > discordant, 0.0, rejects)).sum())


def cases_needed_discordant(broke: float, fixed: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Cases at which `power_discordant` reaches ``power``, by halving; exact power wavers a little from n to n + 1.

    Above `MANY_CASES` by the normal formula. Raises StatisticsError where not more cases break than get fixed.
    """
    drop, changed = broke - fixed, broke + fixed
    if drop <= 0:
        raise StatisticsError("there is no drop to see", next_step="give a second rate below the first")
    z_alpha, z_power = normal_quantile(1 - alpha), normal_quantile(power)
    guess = ((z_alpha * math.sqrt(changed) + z_power * math.sqrt(changed - drop**2)) / drop) ** 2
    if guess > MANY_CASES:
        return math.ceil(guess)

    def enough(n: int) -> bool:
        return power_discordant(broke, fixed, n=n, alpha=alpha) >= power

    lo, hi = int(guess * 0.8), max(8, int(guess * 1.1))
    if enough(lo):
        lo = 0
    while not enough(hi):
        hi = int(hi * 1.2) + 1
    while hi - lo > 1:
        middle = (lo + hi) // 2
        lo, hi = (lo, middle) if enough(middle) else (middle, hi)
    return hi


def mde_discordant(fixed: float, *, n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest drop that n cases show with chance ``power`` while a share ``fixed`` gets better, to 1e-4.

    Where no drop would be seen, the largest there can be.
    """

    def seen(drop: float) -> bool:
        return power_discordant(fixed + drop, fixed, n=n, alpha=alpha) >= power

    most = max(1 - 2 * fixed, 0.0)
    z_alpha, z_power = normal_quantile(1 - alpha), normal_quantile(power)
    guess = 0.0
    for _ in range(4):  # the normal formula, by repeated substitution
        changed = 2 * fixed + guess
        guess = (z_alpha * math.sqrt(changed) + z_power * math.sqrt(max(changed - guess**2, 0.0))) / math.sqrt(
            max(n, 1)
        )
    lo, hi = 0.9 * guess, 1.15 * guess
    if hi >= most or seen(lo) or not seen(hi):
        lo, hi = 0.0, most
    return _smallest(seen, lo, hi)


def cases_needed_mean(
    drop: float,
    *,
    between: float,
    noise: tuple[float, float] = (0.0, 0.0),
    trials: tuple[int, int] = (1, 1),
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """Cases that show a drop of a mean with chance ``power``, not rounded: Miller's formula.

    n = (z_alpha + z_power)^2 (w^2 + s_A^2 / K_A + s_B^2 / K_B) / drop^2 with w^2 = ``between``, the variance over
    cases of the difference of expected scores, s^2 = ``noise``, the variance over trials of one case, by version,
    and K = ``trials``. One-sided; give half of a two-sided alpha.
    """
    variance = between + noise[0] / trials[0] + noise[1] / trials[1]
    return (normal_quantile(1 - alpha) + normal_quantile(power)) ** 2 * variance / drop**2


def mde_mean(standard_error: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest drop of a mean that a paired standard error lets one see with chance ``power``."""
    return (normal_quantile(1 - alpha) + normal_quantile(power)) * standard_error


@lru_cache(maxsize=32)
def _critical(size: int, alpha: float) -> Codes:
    """Per number of discordant cases below ``size``: the fewest broken ones that the mid-p test calls worse.

    One more than there are where no outcome does. Begins near the normal approximation and steps up.
    """
    discordant = np.arange(size)
    start = (discordant + normal_quantile(1 - alpha) * np.sqrt(discordant)) / 2
    critical = np.clip(np.floor(start).astype(np.int64) - 2, 0, discordant)
    open_ = np.ones(size, dtype=np.bool_)
    while open_.any():
        timid = mcnemar(critical[open_], (discordant - critical)[open_]) > alpha
        where = np.flatnonzero(open_)[timid]
        critical[where] += 1
        open_[:] = False
        open_[where[critical[where] <= discordant[where]]] = True
    return critical


def _smallest(seen: Callable[[float], bool], lo: float, hi: float) -> float:
    """The smallest drop in (lo, hi] that is seen, to 1e-4; ``hi`` where none is."""
    while hi - lo > 1e-4:
        middle = (lo + hi) / 2
        lo, hi = (lo, middle) if seen(middle) else (middle, hi)
    return hi
