"""Flags: which executions deserve a person's look, why, and in which order.

Six kinds of reason are about one execution by itself or beside what is known: a confidence near the review threshold,
another version that answers otherwise, a person's correction, an error, a refusal, an input unlike the reference. The
seventh is chance: an audit sample, so that what nobody suspects is looked at too. Near copies become one flag with a
count. A reason says what and where in words and never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, overload

from evalkit.cards import Grid, card
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.diversity import group_near
from evalkit.digests import digest
from evalkit.errors import PromotionError
from evalkit.executions.execution import Execution
from evalkit.phi.views import strings_of
from evalkit.promotion.production import Stored
from evalkit.promotion.reasons import (
    WEIGHTS,
    Kind,
    Reason,
    Rule,
    Seen,
    draw_sample,
    find_corrections,
    find_disagreement,
    find_failures,
    find_near,
    find_novel,
    find_outliers,
    see,
)  # fmt: skip
from evalkit.spec.schema import Spec
from evalkit.stats.profile import Profile

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 20
_PROSE = 12
"""Words from which a text may be nearly the same as another; shorter ones are the same or not."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One execution that deserves a look, with the near copies of it that do."""

    execution: str
    """``case/trial``, or for an execution of the ledger ``run/case/trial``. No PHI."""
    reasons: tuple[Reason, ...]
    """Heaviest first."""
    rank: int
    """From 1."""
    score: float
    """In (0, 1): 1 minus the product of (1 - weight) over the reasons."""
    alike: tuple[str, ...] = ()
    """Other executions with a near-identical input, the same kind of answer and the same kinds of reasons."""

    @property
    def count(self) -> int:
        """Executions that the flag stands for."""
        return 1 + len(self.alike)

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of its reasons."""
        return frozenset(reason.kind for reason in self.reasons)

    def line(self) -> str:
        """One line."""
        more = f" (and {len(self.alike)} like it)" if self.alike else ""
        return f"{self.rank:>4}  {self.score:.2f}  {self.execution}{more}: {self.words()}"

    def words(self) -> str:
        """All reasons."""
        return "; ".join(reason.words for reason in self.reasons)


@dataclass(frozen=True, repr=False)
class Flags(Sequence[Flag]):
    """The flagged executions, the most worth a look first."""

    flags: tuple[Flag, ...]
    executions: int
    """How many were looked through."""

    def __len__(self) -> int:
        return len(self.flags)

    @overload
    def __getitem__(self, index: int) -> Flag: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Flag, ...]: ...
    def __getitem__(self, index: int | slice) -> Flag | tuple[Flag, ...]:
        return self.flags[index]

    def of(self, kind: Kind) -> tuple[Flag, ...]:
        """The flags with a reason of a kind, in their order."""
        return tuple(flag for flag in self.flags if kind in flag.kinds)

    def counts(self) -> dict[str, int]:
        """Kind -> executions flagged for it, copies counted."""
        return {kind.value: total for kind in Kind if (total := sum(flag.count for flag in self.of(kind)))}

    def why(self) -> dict[str, tuple[str, ...]]:
        """Execution -> its reasons in words, copies included."""
        return {
            name: tuple(reason.words for reason in flag.reasons)
            for flag in self.flags
            for name in (flag.execution, *flag.alike)
        }

    def frame(self) -> pd.DataFrame:
        """A row a flag: rank, score, execution, count, kinds, why."""
        import pandas as pd

        rows = [
            (flag.rank, flag.score, flag.execution, flag.count, ",".join(r.kind for r in flag.reasons), flag.words())
            for flag in self.flags
        ]
        return pd.DataFrame(rows, columns=["rank", "score", "execution", "count", "kinds", "why"])

    def summary(self) -> dict[str, Any]:
        """The flags as JSON values."""
        return {
            "executions": self.executions,
            "flagged": sum(flag.count for flag in self.flags),
            "kinds": self.counts(),
            "flags": [
                {
                    "rank": flag.rank,
                    "score": round(flag.score, 6),
                    "execution": flag.execution,
                    "alike": list(flag.alike),
                    "reasons": [{"kind": reason.kind.value, "words": reason.words} for reason in flag.reasons],
                }
                for flag in self.flags
            ],
        }

    def sentence(self) -> str:
        """One line."""
        many = sum(flag.count for flag in self.flags)
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.counts().items())
        return f"{many} of {self.executions} executions flagged in {len(self)} flags" + (f": {kinds}" if kinds else "")

    def __str__(self) -> str:
        return "\n".join([self.sentence(), *(flag.line() for flag in self.flags)])

    def __repr__(self) -> str:
        return f"Flags({self.sentence()})"

    def _repr_html_(self) -> str:
        rows = [
            (flag.rank, f"{flag.score:.2f}", flag.execution, flag.count, flag.words()) for flag in self.flags[:_SHOWN]
        ]
        rest = f"{len(self) - _SHOWN} more below" if len(self) > _SHOWN else ""
        grid = Grid(["#", "score#", "execution", "count#", "why"], rows, caption=rest)
        return card("Worth a look", lead=self.sentence(), grids=[grid])


def flag(
    executions: Iterable[Execution | Stored], *, spec: Spec, profile: Profile | None = None,
    gold: GoldSet | Sequence[Case] | None = None, other: Iterable[Execution | Stored] | None = None,
    corrections: Mapping[str, Any] | None = None, audit_share: float = 0.02, seed: int = 0,
) -> Flags:  # fmt: skip
    """The executions that deserve a look, ranked and de-duplicated; those that never ran are left out.

    ``profile`` is the reference's, for out-of-profile inputs; ``gold`` what is known already, for novel ones; ``other``
    executions of the same cases by another version; ``corrections`` the output that a person gave instead, by execution
    (``case/trial`` or ``run/case/trial``), a text for the refusal that was due. ``audit_share`` of all, drawn by
    ``seed`` and name, is the audit sample. Executions of the ledger come with their inputs
    (`evalkit.promotion.production`); of others only what a watched model received is known.

    Raises PromotionError for a share that is none, and where two executions have one name.
    """
    if not 0 <= audit_share <= 1:
        raise PromotionError("the share of the audit sample is between 0 and 1", where="audit_share")
    seen = [one for one in map(see, executions) if one.execution.attempts]
    if len({one.name for one in seen}) < len(seen):
        raise PromotionError("two executions have one name", next_step="flag runs of one case set each by itself")
    rules: list[Rule] = [find_failures(spec), find_near(spec), draw_sample(audit_share, seed)]
    if other is not None:
        rules.append(find_disagreement(spec, list(map(see, other))))
    if corrections:
        rules.append(find_corrections(spec, corrections))
    if profile is not None:
        rules.append(find_outliers(spec, profile.suppressed()))
    if gold is not None and len(gold):
        rules.append(find_novel(spec, gold))
    found = ((one, tuple(reason for rule in rules for reason in rule(one))) for one in seen)
    return Flags(_rank([(one, reasons) for one, reasons in found if reasons], spec), len(seen))


def _rank(found: Sequence[tuple[Seen, tuple[Reason, ...]]], spec: Spec) -> tuple[Flag, ...]:
    """Sort by score, merge near copies into the first of them, count ranks."""
    scored = sorted(
        ((_score(reasons), one, tuple(sorted(reasons, key=_weight))) for one, reasons in found),
        key=lambda row: (-row[0], row[1].name),
    )
    first_of = _merge([(_sort(one, reasons, spec), _prose(one, spec)) for _, one, reasons in scored])
    copies: dict[int, list[str]] = {}
    for number, first in enumerate(first_of):
        copies.setdefault(first, [])
        if first != number:
            copies[first].append(scored[number][1].name)
    return tuple(
        Flag(scored[first][1].name, scored[first][2], rank, scored[first][0], tuple(alike))
        for rank, (first, alike) in enumerate(copies.items(), 1)
    )


def _merge(rows: Sequence[tuple[str, str]]) -> list[int]:
    """For each row (sort, prose) the number of the first one of its sort with nearly the same prose."""
    sorts: dict[str, list[int]] = {}
    for number, (sort, _) in enumerate(rows):
        sorts.setdefault(sort, []).append(number)
    first_of = list(range(len(rows)))
    for numbers in sorts.values():
        for number, first in zip(numbers, group_near([rows[number][1] for number in numbers]), strict=True):
            first_of[number] = numbers[first]
    return first_of


def _sort(one: Seen, reasons: Sequence[Reason], spec: Spec) -> str:
    """What copies have in common exactly: kind of answer, kinds of reasons, flags, and all input but prose."""
    done, kinds = one.execution, {reason.kind for reason in reasons}
    plain = {name: value for name, value in _sent(one, spec).items() if name not in _prose_of(one, spec)}
    refusal = done.refusal.code if done.refusal is not None else None
    own = None if one.input is not None else one.name  # of what was never seen, nothing is a copy
    return digest([own, done.status, refusal, sorted(kinds - {Kind.AUDIT_SAMPLE} or kinds), one.flags, plain])


def _sent(one: Seen, spec: Spec) -> dict[str, Any]:
    return {name: value for name, value in (one.input or {}).items()
            if name in spec.input and spec.input[name].use == "send"}  # fmt: skip


def _prose_of(one: Seen, spec: Spec) -> dict[str, str]:
    texts = {name: " ".join(strings_of(value)) for name, value in _sent(one, spec).items()}
    return {name: text for name, text in texts.items() if len(text.split()) >= _PROSE}


def _prose(one: Seen, spec: Spec) -> str:
    return "\n".join(_prose_of(one, spec).values())


def _score(reasons: Sequence[Reason]) -> float:
    return 1 - reduce(lambda rest, reason: rest * (1 - WEIGHTS[reason.kind]), reasons, 1.0)


def _weight(reason: Reason) -> float:
    return -WEIGHTS[reason.kind]
