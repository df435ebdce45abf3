"""A note held against what is known: which facts it has, contradicts, leaves out, or made up.

Statements in, verdicts out. A statement agrees with a fact of the same concept where no attribute that both give
differs: a note that leaves the route open contradicts nothing. A concept may have several facts (the patient's asthma
and the mother's); a statement needs to agree with one of them, and to say nothing that none of them says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from evalkit.tasks.note_summary.concepts import Kind
from evalkit.tasks.note_summary.statements import Statement

Attribute = Literal["polarity", "whom", "side", "value", "unit", "frequency", "route", "status"]
ATTRIBUTES: Final[tuple[Attribute, ...]] = (
    "polarity", "whom", "side", "value", "unit", "frequency", "route", "status",
)  # fmt: skip
"""What two statements of one concept can differ in, the gravest first."""
_NAMES: Final = tuple(entry.name for entry in fields(Statement) if entry.name not in ("start", "section"))


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """One fact of a visit, as the gold has it."""

    statement: Statement
    major: bool = False
    """Whether leaving it out could harm."""
    section: str | None = None
    """The part of the note that it belongs in: ``subjective``, ``assessment plan``."""
    evidence: tuple[tuple[int, int], ...] = ()
    """Where the dialogue says it: starts and ends."""

    def __repr__(self) -> str:
        return f"Known({self.statement!r}, {'major' if self.major else 'minor'})"


@dataclass(frozen=True, slots=True)
class Judged:
    """A note's statements and the facts, each with what became of it; columns beside ``said`` and ``facts``."""

    said: tuple[Statement, ...]
    facts: tuple[Known, ...]
    supported: tuple[int | None, ...]
    """For each statement, the place of a fact that it agrees with."""
    conflicts: tuple[tuple[Attribute, ...], ...]
    """For each statement, what it says otherwise than the nearest fact of its concept; empty where it agrees."""
    recalled: tuple[int | None, ...]
    """For each fact, the place of the fullest statement that agrees with it."""

    @property
    def contradicted(self) -> int:
        """Statements that say of a known concept what is not so."""
        return sum(bool(conflict) for conflict in self.conflicts)

    @property
    def unsupported(self) -> int:
        """Statements about what the visit does not know of."""
        return sum(fact is None and not conflict for fact, conflict in zip(self.supported, self.conflicts, strict=True))

    def flips(self, attribute: Attribute) -> int:
        """Statements that contradict in this attribute."""
        return sum(attribute in conflict for conflict in self.conflicts)


def judge(said: Sequence[Statement], facts: Sequence[Known]) -> Judged:
    """Hold every statement against every fact of its concept."""
    by_concept: dict[tuple[Kind, str], list[int]] = {}
    for place, fact in enumerate(facts):
        by_concept.setdefault(fact.statement.concept, []).append(place)
    supported: list[int | None] = []
    conflicts: list[tuple[Attribute, ...]] = []
    recalled: list[int | None] = [None] * len(facts)
    for number, statement in enumerate(said):
        places = by_concept.get(statement.concept, [])
        conflict = contradicts(statement, [facts[place].statement for place in places])
        agreeing = [place for place in places if not conflict and not differences(statement, facts[place].statement)]
        supported.append(agreeing[0] if agreeing else None)
        conflicts.append(conflict)
        for place in agreeing:
            before = recalled[place]
            if before is None or fullness(statement, facts[place]) > fullness(said[before], facts[place]):
                recalled[place] = number
    return Judged(tuple(said), tuple(facts), tuple(supported), tuple(conflicts), tuple(recalled))


def contradicts(said: Statement, facts: Sequence[Statement]) -> tuple[Attribute, ...]:
    """What a statement says otherwise than every fact of its concept that says it at all; empty where it agrees.

    A dose is wrong where some fact gives one and none gives this one: another fact that leaves it open excuses nothing.
    Where each attribute fits some fact but no fact fits all, the nearest fact's differences are named.
    """
    if not facts:
        return ()
    found = []
    for attribute in ATTRIBUTES:
        mine = getattr(said, attribute)
        known = {value for fact in facts if (value := getattr(fact, attribute)) is not None}
        if mine is not None and known and mine not in known:
            found.append(attribute)
    return tuple(found) or min((differences(said, fact) for fact in facts), key=len)


def differences(said: Statement, known: Statement) -> tuple[Attribute, ...]:
    """The attributes that both give and give differently."""
    found = []
    for attribute in ATTRIBUTES:
        one, other = getattr(said, attribute), getattr(known, attribute)
        if one is not None and other is not None and one != other:
            found.append(attribute)
    return tuple(found)


def fullness(said: Statement, fact: Known) -> int:
    """How many attributes of the fact the statement gives."""
    return sum(
        getattr(fact.statement, attribute) is not None and getattr(said, attribute) is not None
        for attribute in ATTRIBUTES
    )


def plain(fact: Known) -> dict[str, Any]:
    """The fact as JSON, for `Case.gold`; what is None is left out."""
    told = {name: value for name in _NAMES if (value := getattr(fact.statement, name)) is not None}
    evidence = [{"field": "dialogue", "start": start, "end": end} for start, end in fact.evidence]
    return told | {"major": fact.major, "section": fact.section, "evidence": evidence}


def known(facts: Iterable[Mapping[str, Any]]) -> tuple[Known, ...]:
    """The facts of a case's gold, as `plain` wrote them."""
    return tuple(
        Known(
            Statement(**{name: fact[name] for name in _NAMES if name in fact}),
            major=bool(fact.get("major")),
            section=fact.get("section"),
            evidence=tuple((span["start"], span["end"]) for span in fact.get("evidence", ())),
        )
        for fact in facts
    )
