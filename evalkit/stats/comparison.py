"""Two runs on the same cases: is the second worse, better, the same, or can nobody tell yet?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["regressed", "improved", "equivalent", "undecided"]


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
    """One-sided, for a drop, by ``test``."""
    p_adjusted: float
    """Holm over every metric and slice compared together."""
    p_exact: float | None
    """The conditional exact McNemar p, one-sided; None where the metric is not binary."""
    test: str
    """``McNemar mid-p``, ``exact sign-flip mid-p``, ``clustered t``, ``clustered delta``."""
    verdict: Verdict
    within_margin: bool
    """The 90 % interval lies inside the margin (a change may be real and still too small to matter)."""
    n: int
    """Pairs of cases."""
    n_clusters: int
    broke: int
    """Cases that the baseline had better."""
    fixed: int
    """Cases that the candidate has better."""
    mde: float
    """Smallest drop that this many pairs would see with power 0.8."""
    need: int | None
    """Pairs needed to decide at the margin with power 0.8; None where it is decided."""
    warnings: tuple[str, ...] = ()
