"""Sight: can the gates of a spec see their own margins on a set of cases?

Asked when a gate is written, not when it fails to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.cards import card
from evalkit.cases.case import Case
from evalkit.figures import count, rate, width
from evalkit.spec.schema import Gate, Spec
from evalkit.stats.power import cases_needed, largest_rho, mde_paired, power_paired

USUAL_RATE = 0.94
"""The pass rate from which a drop is planned where the spec has no floor on the metric."""
USUAL_RHO = 0.5


@dataclass(frozen=True, slots=True)
class Sight:
    """What one gate on a drop can see on a set of cases."""

    metric: str
    scope: str
    margin: float
    cases: int
    """Cases in the scope that have an answer to judge."""
    rate: float
    """The pass rate that the drop starts from: the spec's floor on the metric, else 0.94."""
    power: float
    """The chance that a drop of the margin is shown."""
    mde: float
    """The smallest drop that is shown with chance 0.8."""
    need: int
    """Cases that show a drop of the margin with chance 0.8."""

    @property
    def sees(self) -> bool:
        """Is a drop of the margin shown four times in five?"""
        return self.cases >= self.need

    def __str__(self) -> str:
        where = "" if self.scope == "all" else f" on {self.scope}"
        drop = f"{self.metric}{where}: a drop of {width(self.margin)} points from {rate(self.rate)}"
        if self.sees:
            return f"{drop} is shown by {count(self.cases, 'case')} with chance {self.power:.2f}"
        return (
            f"{drop} is shown by {count(self.cases, 'case')} with chance {self.power:.2f} only: "
            f"they see {width(self.mde)} points, the margin needs {self.need:,} cases"
        )

    def _repr_html_(self) -> str:
        return card("The gate sees its margin" if self.sees else "The gate cannot see its margin", lead=str(self))


def measure_sight(spec: Spec, cases: Sequence[Case], *, rho: float = USUAL_RHO) -> tuple[Sight, ...]:
    """What each gate on a drop can see on these cases, one trial a case; nothing for a spec without such a gate.

    Right or wrong by case is assumed, which is the hardest to see; ``rho`` is the correlation of two versions on one
    case, brought down to what their rates allow.
    """
    return tuple(_sight(gate, spec, cases, rho) for gate in spec.gates if gate.max_drop is not None)


def _sight(gate: Gate, spec: Spec, cases: Sequence[Case], rho: float) -> Sight:
    assert gate.max_drop is not None
    floors = [one.min for one in spec.gates if (one.metric, one.scope) == (gate.metric, gate.scope) and one.min]
    start = max([*floors, gate.max_drop]) if floors else USUAL_RATE
    n = sum(case.refusal is None and _in_scope(case, gate.scope) for case in cases)
    end = start - gate.max_drop
    within = min(rho, largest_rho(start, end))
    return Sight(
        metric=gate.metric,
        scope=gate.scope,
        margin=gate.max_drop,
        cases=n,
        rate=start,
        power=power_paired(start, end, n=n, rho=within, alpha=gate.alpha),
        mde=mde_paired(start, n=n, rho=rho, alpha=gate.alpha),
        need=cases_needed(start, end, rho=within, alpha=gate.alpha),
    )


def _in_scope(case: Case, scope: str) -> bool:
    return scope == "all" or scope.removeprefix("tag:") in case.tags
