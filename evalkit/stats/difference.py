"""What a comparison says, and what it was asked: the frozen records between statistics and their readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.cards import card
from evalkit.errors import StatisticsError
from evalkit.figures import p_value, points, points_interval
from evalkit.stats.pairs import Method

MISSING = 0.02
"""A share of cases that only one run judged from which on there is no verdict: what is missing may be what broke."""

Verdict = Literal["regressed", "improved", "equivalent", "undecided"]
Interval = Literal["score", "tango", "bonett-price"]
Adjustment = Literal["holm", "bh"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in one scope, candidate minus baseline, paired by case. Effects are in [-1, 1]: x 100 for points."""

    metric: str
    scope: str
    baseline: float
    candidate: float
    effect: float
    lo: float
    hi: float
    """95 % interval of the effect."""
    lo90: float
    hi90: float
    """90 % interval: equivalence is judged on it (two one-sided tests at 5 %)."""
    p_value: float
    """One-sided, for a change for the worse, by ``test``."""
    p_adjusted: float
    """One-sided in the direction that was seen, for the worse or for the better; Holm over every metric and slice
    compared together, once `adjust` has seen them all."""
    p_exact: float | None
    """The conditional exact McNemar p, one-sided; None where the metric is not binary."""
    test: str
    """``McNemar mid-p`` (or ``exact``, ``score``), ``exact sign-flip mid-p``, ``clustered t``, ``clustered delta``,
    ``nothing to compare``."""
    verdict: Verdict
    within_margin: bool
    """The 90 % interval lies inside the margin (a change may be real and still too small to matter)."""
    n: int
    """Pairs of cases that both runs judged."""
    n_clusters: int
    broke: int
    """Cases that the baseline had better."""
    fixed: int
    """Cases that the candidate has better."""
    mde: float
    """Smallest change for the worse that this many pairs would see with power 0.8; NaN without pairs."""
    need: int | None
    """Pairs needed to see a change of the margin with power 0.8; where there are already that many, pairs that decide
    it if the change stays as seen. None where it is decided, and where no number of pairs is known to do."""
    warnings: tuple[str, ...] = ()
    noninferior: bool = False
    """The 90 % interval excludes a change for the worse by the margin or more: one-sided, at 5 %."""
    left_out: int = 0
    """Cases that only one of the two runs judged. Above `MISSING` of all, the verdict is undecided."""

    p_exact_better: float | None = None
    """For a change for the better where ``test`` is ``McNemar exact``: its two sides add up to more than 1."""

    @property
    def p_better(self) -> float:
        """One-sided, for a change for the better, by ``test``: 1 - p but for the exact test."""
        return 1 - self.p_value if self.p_exact_better is None else self.p_exact_better

    @property
    def p_seen(self) -> float:
        """The p-value without adjustment, one-sided in the direction that was seen."""
        return min(self.p_value, self.p_better)

    def __str__(self) -> str:
        interval = points_interval(self.lo, self.hi)
        return f"{self.metric} on {self.scope}: {points(self.effect)} points ({interval}), {self.verdict}"

    def _repr_html_(self) -> str:
        return card(
            str(self), lead=f"{p_value(self.p_adjusted)} by {self.test}, {self.n} pairs, {self.n_clusters} clusters"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What counts as a change, and how sure one has to be of it."""

    margin: float = 0.03
    """Changes within +-margin do not matter: 0.03 is 3 points."""
    alpha: float = 0.05
    """One-sided level of `regressed` and `improved`."""
    power: float = 0.8
    better: Literal["higher", "lower"] = "higher"
    """``lower`` for a rate of errors: then a rise is the change for the worse."""
    test: Method = "midp"
    """For right or wrong, one trial a case: ``midp``, ``exact`` (never above alpha, and timid) or ``score``.
    Where nearly all cases differ, ``midp`` gives way to ``exact``: there alone it would err in up to 6.6 %."""
    interval: Interval = "score"
    """For the same: Tango's score interval kept steady by a sixth of a pair, Tango's own, or Bonett and Price's."""
    resamples: int = 0
    """For everything else: 10,000, say, for BCa intervals by bootstrap over clusters; 0 for closed forms."""
    seed: int = 0
    """Of the resamples: the same seed gives the same interval."""
    adjustment: Adjustment = "holm"
    """``holm``: any false alarm at all has chance alpha. ``bh``: of the alarms, a share alpha is false."""

    def __post_init__(self) -> None:
        if not (0 < self.margin < 1 and 0 < self.alpha < 0.5 and 0 < self.power < 1):
            raise StatisticsError("a margin and a power lie between 0 and 1, an alpha between 0 and 0.5")
