"""Looking while a run goes on: evidence that keeps its error however often one looks and whenever one stops.

An e-process is a running product of bets against "no change for the worse". While that holds, it is expected never to
grow, so the chance that it ever reaches 1 / alpha is at most alpha (Ville 1939): no correction for looking, no plan
for the number of looks. Read in the order in which cases were drawn, which must not depend on their outcomes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Floats

Decision = Literal["regressed", "improved", "noninferior"]
STAKES = (np.arange(20) + 0.5) / 20
"""Shares of the wealth that bets stake."""
SPREAD = np.square(STAKES * (1 - STAKES)) / np.square(STAKES * (1 - STAKES)).sum()
"""How the wealth is spread over them at first, summing to 1: as Beta(3, 3). Drops that matter make bets of a quarter to
three quarters the best ones; the first and the last stakes have little to lose."""


def evidence(changes: npt.ArrayLike) -> Floats:
    """log E after each change, (n,), that their mean lies below 0; each change is in [-1, 1], one per cluster.

    The wealth starts on the stakes s of `STAKES` as `SPREAD` says, each part is multiplied by 1 - s x change, and their
    sum is E: a fair bet, whatever the changes look like (Waudby-Smith and Ramdas 2024, a grid of fixed stakes).
    For changes of -1, 0 and 1 it is the mean of (1 + S)^b (1 - S)^c over S of Beta(3, 3), on a grid, for b broken and c
    fixed: the likelihood of a mixture of shares of breaks above 1/2, over that of 1/2 (Robbins 1970).
    """
    given = np.asarray(changes, dtype=np.float64)
    if (np.abs(given) > 1).any():
        raise StatisticsError("a change lies outside [-1, 1]")
    if not len(given):
        return np.zeros(0)
    logs = np.cumsum(np.log1p(-STAKES * given[:, None]), axis=0)
    top = logs.max(axis=1)
    return np.asarray(top + np.log(np.exp(logs - top[:, None]) @ SPREAD))


@dataclass(frozen=True, slots=True)
class Look:
    """What can be said after the cases so far."""

    n: int
    """Pairs (clusters) seen."""
    decision: Decision | None
    decided_at: int | None
    """Pairs after which it was decided."""
    e_worse: float
    """The largest E so far against "no change for the worse"; 1 / E is a p-value that holds at any stopping."""
    e_better: float
    e_noninferior: float
    """Against "worse by the margin or more"."""

    @property
    def p_value(self) -> float:
        """For a change for the worse, valid whenever one stops; at most 1."""
        return min(1.0, 1 / self.e_worse)


def look(changes: npt.ArrayLike, *, margin: float, alpha: float = 0.05) -> Look:
    """Judge the changes so far, (n,) in [-1, 1] and in the order drawn: candidate minus baseline, one per cluster.

    ``regressed`` and ``improved`` say that there is a change, ``noninferior`` that it is no drop of ``margin`` or more;
    the first to reach 1 / alpha decides. Each errs with chance alpha at most, whenever and however often one looks.
    """
    given = np.asarray(changes, dtype=np.float64)
    paths: dict[Decision, Floats] = {
        "regressed": evidence(given),
        "improved": evidence(-given),
        "noninferior": evidence(-(given + margin) / (1 + margin)),
    }
    decision, at = None, len(given)
    for name, path in paths.items():
        reached = path >= -math.log(alpha)
        if reached.any() and reached.argmax() < at:
            decision, at = name, int(reached.argmax())
    worse, better, noninferior = (math.exp(min(700.0, path.max(initial=0.0))) for path in paths.values())
    return Look(len(given), decision, at + 1 if decision else None, worse, better, noninferior)
