"""Power: what a comparison of n paired cases can see, and how many cases it takes to see something.

All tests are one-sided at level ``alpha`` (a gate asks whether it got worse). Paired binary figures are exact:
every outcome of McNemar's mid-p test is enumerated. ``rho`` is the correlation (phi) of right and wrong on the same
case under the two versions: the higher, the fewer cases are needed. Means use Miller's formula (arXiv 2411.00640).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Codes, Floats
from evalkit.stats.distributions import binomial_below, binomial_chances, normal_below, normal_quantile
from evalkit.stats.noise import trials_needed

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
    """The smallest drop from ``p_from`` that n cases show with chance ``power``, to a
    thousandth; ``p_from`` if none is seen.

    A ``rho`` that is out of reach for a drop is taken as the largest within reach.
    """

    def power_of(drop: float) -> float:
        within = min(rho, largest_rho(p_from, p_from - drop))
        return power_paired(p_from, p_from - drop, n=n, rho=within, alpha=alpha)

    return _smallest(power_of, (power, alpha), guess=p_from / 4, most=p_from)


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
    changed = broke + fixed
    if n <= 0 or changed <= 0:
        return 0.0
    spread = 5 * math.sqrt(n * changed * max(1 - changed, 0.0)) + 7
    first, last = max(0, int(n * changed - spread)), min(n, int(n * changed + spread))
    discordant = np.arange(first, last + 1)
    chances = binomial_chances(discordant, n, changed) if changed < 1 else (discordant == n).astype(np.float64)
    critical = _critical(1 << last.bit_length(), alpha)[first : last + 1]
    return float(chances @ _rejects(discordant, critical, broke / changed))


def _rejects(discordant: Codes, critical: Codes, share: float) -> Floats:
    """P(B >= critical) for B binomial (discordant, share), for consecutive numbers of discordant cases.

    From one number to the next the tail gains where the next case breaks one at the edge, and loses the edge where
    the critical count rises: sums of single chances, all of them multiples of P(B = critical - 1).
    """
    if share >= 1:
        return (critical <= discordant).astype(np.float64)
    if share <= 0:
        return np.zeros(len(discordant))
    tail = 1 - binomial_below(int(critical[0]) - 1, int(discordant[0]), share)
    total, edge = discordant[:-1], critical[:-1]
    gained = share * binomial_chances(edge - 1, total, share)
    lost = gained * (total + 1) / edge * (np.diff(critical) > 0)  # P(B = edge) of one case more
    return tail + np.concatenate([[0.0], np.cumsum(gained - lost)])


@lru_cache(maxsize=4096)  # slices of one run have the same sizes under every metric
def cases_needed_discordant(broke: float, fixed: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Cases at which `power_discordant` reaches ``power``, to a four-hundredth: exact power wavers from n to n + 1.

    Above `MANY_CASES` by the normal formula. Raises StatisticsError where not more cases break than get fixed.
    """
    drop, changed = broke - fixed, broke + fixed
    if drop <= 0:
        raise StatisticsError("there is no drop to see", next_step="give a second rate below the first")
    z_alpha, z_power = normal_quantile(1 - alpha), normal_quantile(power)
    guess = ((z_alpha * math.sqrt(changed) + z_power * math.sqrt(changed - drop**2)) / drop) ** 2
    if guess > MANY_CASES:
        return math.ceil(guess)

    for _ in range(2):  # on the scale of the quantile, power rises with the square root of n
        seen = power_discordant(broke, fixed, n=math.ceil(guess), alpha=alpha)
        guess *= ((z_alpha + z_power) / (z_alpha + normal_quantile(min(max(seen, 1e-6), 1 - 1e-6)))) ** 2
    n, step = math.ceil(guess), 1 + int(guess / 400)
    while n > step and power_discordant(broke, fixed, n=n - step, alpha=alpha) >= power:
        n -= step
    while power_discordant(broke, fixed, n=n, alpha=alpha) < power:
        n += step
    return n


@lru_cache(maxsize=4096)
def mde_discordant(fixed: float, *, n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest drop that n cases show with chance ``power`` while a share ``fixed`` gets better, to a
    thousandth.

    Where a drop leaves no room for that share, what it leaves gets better. 1 where no drop would be seen.
    """
    z_alpha, z_power = normal_quantile(1 - alpha), normal_quantile(power)
    guess = 0.0
    for _ in range(4):  # the normal formula, by repeated substitution
        changed = 2 * fixed + guess
        spread = z_alpha * math.sqrt(changed) + z_power * math.sqrt(max(changed - guess**2, 0.0))
        guess = spread / math.sqrt(max(n, 1))

    def power_of(drop: float) -> float:
        better = min(fixed, (1 - drop) / 2)
        return power_discordant(better + drop, better, n=n, alpha=alpha)

    return _smallest(power_of, (power, alpha), guess=guess, most=1.0)


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


@dataclass(frozen=True, slots=True)
class Repeats:
    """Two versions on the same cases, each asked several times: pass rates, and how they hang together."""

    p_from: float
    p_to: float
    rho: float = 0.5
    """Correlation (phi) of right and wrong on one case, one trial each."""
    rerun: float = 0.5
    """Correlation of two trials of one version on one case: 1 for an agent that always answers alike."""

    @property
    def noise(self) -> tuple[float, float]:
        """Variance within a case, by version."""
        before, after = self.p_from * (1 - self.p_from), self.p_to * (1 - self.p_to)
        return (1 - self.rerun) * before, (1 - self.rerun) * after

    @property
    def between(self) -> float:
        """Variance over cases of the difference of expected scores; never below 0."""
        broke, fixed = discordance(self.p_from, self.p_to, self.rho)
        return max(0.0, broke + fixed - (broke - fixed) ** 2 - sum(self.noise))

    def power(self, *, n: int, trials: int, alpha: float = 0.05) -> float:
        """The chance that n cases x ``trials`` show the drop: exact for one trial, the normal formula for more."""
        if trials == 1:
            return power_paired(self.p_from, self.p_to, n=n, rho=self.rho, alpha=alpha)
        error = math.sqrt((self.between + sum(self.noise) / trials) / n)
        if error == 0:
            return 1.0
        return float(normal_below((self.p_from - self.p_to) / error - normal_quantile(1 - alpha)))

    def trials_needed(self, *, n: int, power: float = 0.8, alpha: float = 0.05) -> int | None:
        """Trials a case at which n cases show the drop with chance ``power``; None where no number of trials does."""
        if self.power(n=n, trials=1, alpha=alpha) >= power:
            return 1
        drop, noise = self.p_from - self.p_to, self.noise
        found = trials_needed(drop, n=n, between=self.between, noise=noise, power=power, alpha=alpha)
        return None if found is None else max(2, found)


def mde_mean(standard_error: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest drop of a mean that a paired standard error lets one see with chance ``power``."""
    return (normal_quantile(1 - alpha) + normal_quantile(power)) * standard_error


@lru_cache(maxsize=32)
def _critical(size: int, alpha: float) -> Codes:
    """Per number of discordant cases below ``size``: the fewest broken ones that the mid-p test calls worse.

    One more than there are where no outcome does. One more discordant case raises it by one at most, so the tail
    P(B >= k) and its edge P(B = k) are carried along, and nothing is summed anew.
    """
    critical = np.empty(size, dtype=np.int64)
    k, tail, edge = 1, 0.0, 0.0
    critical[0] = 1
    for n in range(1, size):
        if k == n:
            tail = edge = 0.5**n
        else:
            tail += edge * k / (n - k) / 2
            edge *= n / (2 * (n - k))
        while k <= n and tail - edge / 2 > alpha:
            tail -= edge
            edge *= (n - k) / (k + 1)
            k += 1
        critical[n] = k
    return critical


def _smallest(power_of: Callable[[float], float], goal: tuple[float, float], *, guess: float, most: float) -> float:
    """The drop in (0, most] at which a power that rises with it reaches ``goal`` = (power, alpha); ``most`` if nowhere.

    Secants on the scale of the normal quantile, where power is nearly straight; halving where they leave the bracket.
    It aims a hair above the goal and stops within the hair: the drop is seen, and a thousandth less is not.
    """
    if (guess > most / 4 or not guess) and power_of(most) < goal[0]:
        return most
    aim, hair = normal_quantile(goal[0]) + 1e-3, 1e-3
    lo, hi, at = 0.0, most, min(guess, most)
    before, level = 0.0, normal_quantile(goal[1]) - aim
    for _ in range(60):
        value = normal_quantile(min(max(power_of(at), 1e-12), 1 - 1e-12)) - aim
        if abs(value) < hair:
            break
        lo, hi = (at, hi) if value < 0 else (lo, at)
        slope = (value - level) / (at - before) if at != before else 0.0
        before, level = at, value
        at = at - value / slope if slope > 0 and lo < at - value / slope < hi else (lo + hi) / 2
    return at
