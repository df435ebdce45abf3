"""Candidates: a recorded execution as a case without its person, ready for a reviewer.

The values that the spec tags, those that the caller knows besides, and those that a detector is sure of in one place
are propagated through all text of the record; patterns and lexicon find what else nobody tagged; the exact checker must
then find none of the known values (`evalkit.phi.deidentification`). What the case is about stays: a date that the
contract asks for becomes another day of its year, evidence is moved with the text that it points to, and the contract
must say of the stand-ins what it said of the originals. The invented identifiers are planted in the new case, so that
the boundary is tested on it as on any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from evalkit.agents.refusals import Refusals
from evalkit.cards import Grid, card
from evalkit.cases.case import Case, Spans
from evalkit.digests import digest
from evalkit.errors import IdentifierError, PromotionError
from evalkit.executions.execution import Execution
from evalkit.phi.aliases import Aliases
from evalkit.phi.deidentification import ALL, Deidentified, Edit, Terms, deidentify
from evalkit.phi.detection import detect
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import find_leaks
from evalkit.promotion.days import stand_in_days
from evalkit.promotion.evidence import lift, lower
from evalkit.promotion.values import merge_values, met_values, tagged_values
from evalkit.spec.schema import Spec

ABOUT_THE_ANSWER = frozenset({"confidence", "needs_review"})
"""Output fields that say something of the answer and are no part of it: never in a gold answer."""
_PLAIN = {"enum", "boolean", "integer", "number"}
_DRAWS = 24
_NAME = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Source:
    """A recorded execution, opened. Holds PHI; ``repr`` shows none."""

    name: str
    """The record: ledger and number. Printable, no spaces, no PHI."""
    spec: Spec
    input: Mapping[str, Any]
    flags: Mapping[str, bool]
    execution: Execution
    subject: str = ""
    """The pseudonym of the person in the ledger."""
    known: tuple[Identifier, ...] = ()
    """What is known of the person besides the tagged fields, from a register: names above all."""
    why: tuple[str, ...] = ()
    """Why it was picked, in words without a value."""

    def __repr__(self) -> str:
        return f"Source({self.name}, {self.spec.ref})"


@dataclass(frozen=True, repr=False)
class Candidate:
    """A case that a reviewer may let in. De-identified and checked, not yet seen by a person: keep it sealed."""

    __pydantic_config__: ClassVar = {"strict": True, "extra": "forbid"}

    case: Case
    """Its gold answer is what the agent gave; for a refusal, the code."""
    source: str
    spec: str
    """``id@version`` that ran."""
    status: str
    """Of the execution: ``ok``, ``refused``, ``needs_review``, ``error``."""
    confidence: float | None
    replaced: Mapping[str, int]
    """Replacements by category."""
    known: tuple[Identifier, ...]
    """The real values, for the last check before the case is let in. PHI; never shown."""
    subject: str = ""
    why: tuple[str, ...] = ()
    reviewers: int = 1
    """People who must say the same, as the spec asks."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what a reviewer sees: the case, and where it comes from."""
        return digest([self.case.digest, self.source, self.spec, self.status, self.confidence])

    def __repr__(self) -> str:
        return f"Candidate({self.case.case_id}, {self.status}, {sum(self.replaced.values())} replaced)"

    def _repr_html_(self) -> str:
        asked = "; ".join(self.why) or "picked by hand"
        return card(
            f"Candidate {self.case.case_id}",
            lead=f"{self.status} by {self.spec}; {asked}",
            grids=[Grid(["taken out", "times#"], sorted(self.replaced.items()))],
        )

    def to_bytes(self) -> bytes:
        """All of it as JSON, the real values included: for a seal."""
        return _adapter().dump_json(self)

    @staticmethod
    def from_bytes(data: bytes) -> Candidate:
        """Back from `to_bytes`. Raises PromotionError for anything else."""
        try:
            return _adapter().validate_json(data)
        except ValidationError:
            raise PromotionError("a record is no candidate that this evalkit reads") from None


@cache
def _adapter() -> TypeAdapter[Candidate]:
    return TypeAdapter(Candidate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What candidates are made with: one alias book and one day for all of a sitting."""

    today: date
    """The day on which ages and refuse rules count; explicit, for a clock would make other cases every day."""
    draw: Callable[[], int]
    """Integers in [0, 2**64): ``lambda: secrets.randbits(64)``; a seeded one in a test or a notebook."""
    aliases: Aliases = field(default_factory=Aliases)
    clusters: dict[str, str] = field(default_factory=dict)
    """Person -> what ties their cases together in the statistics: drawn here, so that no gold set leads to the ledger's
    own pseudonyms."""

    @staticmethod
    def of(today: date, draw: Callable[[], int]) -> Room:
        """A room whose aliases are drawn from the same source as its days and case ids."""
        return Room(today=today, draw=draw, aliases=Aliases(draw))


def make_candidate(source: Source, room: Room) -> Candidate:
    """The execution as a candidate. Raises PromotionError, without a value, where no honest one can be made: a known
    value stays in some form, the answer points outside its text, or the contract would say something else of it."""
    if _NAME.fullmatch(source.name) is None:
        raise PromotionError("a source is named by its record: printable, without spaces", where="source")
    inputs = {name: value for name, value in source.input.items() if not _is_plain(source.spec, name)}
    output = _answer(source.execution)
    known = merge_values(tagged_values(source.spec, source.input), source.known, met_values([inputs, output]))
    try:
        done = deidentify(
            {"input": inputs, "output": lift(output)},
            known,
            person=source.subject or source.name,
            aliases=room.aliases,
            terms=Terms(today=room.today, detect=detect),
        )
    except IdentifierError as error:
        raise PromotionError(error.what, where=f"{source.name}, {error.where}", next_step=error.next_step) from None
    answer = lower(done.value["output"], output, done.edits, where=source.name)
    rewritten = {name: done.value["input"].get(name, value) for name, value in source.input.items()}
    changed, days = _like_before(source, rewritten, known=known, room=room)
    case = _case(source, changed, days=days, done=done, room=room)
    refusal = source.execution.refusal
    return Candidate(
        case=replace(case, gold=answer, refusal=refusal.code if refusal else None),
        source=source.name,
        spec=source.spec.ref,
        status=source.execution.status,
        confidence=source.execution.confidence,
        replaced=dict(sorted(done.replaced.items())),
        known=known,
        subject=source.subject,
        why=source.why,
        reviewers=source.spec.review.reviewers,
    )


def _answer(execution: Execution) -> dict[str, Any]:
    given = (execution.reply.output or {}) if execution.reply is not None else {}
    return {name: value for name, value in given.items() if name not in ABOUT_THE_ANSWER}


def _is_plain(spec: Spec, name: str) -> bool:
    declared = spec.input.get(name)
    return declared is not None and declared.type in _PLAIN


def _like_before(
    source: Source, inputs: Mapping[str, Any], *, known: tuple[Identifier, ...], room: Room
) -> tuple[dict[str, Any], dict[str, str]]:
    """The new input, of which the contract says what it said of the old one; and its days by path, no known one."""
    rules = Refusals(source.spec)
    before = rules.first(source.input, source.flags, today=room.today)
    after = None
    for _ in range(_DRAWS):
        new, days = stand_in_days(source.spec, source.input, inputs, today=room.today, draw=room.draw)
        if find_leaks(known, list(days.values()), place="days", subjects=ALL):
            continue
        for attempt in _spoilt(new, before.field if before else None):
            after = rules.first(attempt, source.flags, today=room.today)
            if after == before:
                return attempt, days
    codes = [one.code if one else "an answer" for one in (before, after)]
    raise PromotionError(
        f"de-identified, the contract would say something else of it ({codes[0]} before, {codes[1]} after)",
        where=source.name,
        next_step="leave it out, or write a synthetic case of its kind",
    )


def _spoilt(new: dict[str, Any], name: str | None) -> Iterator[dict[str, Any]]:
    """The input as it is, then with another last digit in the field that was refused: a wrong number stays wrong."""
    yield new
    value = new.get(name or "")
    if isinstance(value, str) and value[-1:].isdigit():
        yield from ({**new, str(name): value[:-1] + last} for last in "0123456789" if last != value[-1])
        yield {**new, str(name): value[:-1]}


def _case(source: Source, inputs: dict[str, Any], *, days: Mapping[str, str], done: Deidentified, room: Room) -> Case:
    """The case without an answer: what was invented is planted in it, with spans."""
    case = Case(
        case_id=f"{source.spec.family}-p-{room.draw() % 16**12:012x}",
        family=source.spec.family,
        input=inputs,
        flags=dict(source.flags),
        gold={},
        tags=("promoted",),
        cluster=room.clusters.setdefault(source.subject or source.name, f"c-{room.draw() % 16**8:08x}"),
        data_class="deidentified",
        purpose_of_use=source.spec.purpose_of_use,
        provenance={"source": source.name, "spec": source.spec.ref},
    )
    return _plant(case, done.edits, days)


def _plant(case: Case, edits: tuple[Edit, ...], days: Mapping[str, str]) -> Case:
    rows: list[tuple[str, int, int, Any, str]] = []
    for edit in edits:
        path = edit.path.removeprefix("input.")
        if edit.invented and path != edit.path and path not in days and (text := case.text_of(path)) is not None:
            whole = (edit.at, edit.until) == (0, len(text)) or edit.until > len(text)
            rows.append((path, edit.at, len(text) if whole else edit.until, edit.category, ""))
    rows += [(path, 0, len(day), "date", day) for path, day in days.items()]
    names: dict[tuple[str, str], Identifier] = {}
    spans = []
    for path, start, end, category, shown in rows:
        value = shown or (case.text_of(path) or "")[start:end]
        name = f"promoted.{category}.{sum(one.category == category for one in names.values()) + 1}"
        known = names.setdefault((category, value), Identifier(name, category, value))
        spans.append((path, start, end, known.needle_id))
    columns: Any = zip(*spans, strict=True) if spans else ((), (), (), ())
    return replace(case, identifiers=tuple(names.values()), spans=Spans(*(tuple(column) for column in columns)))
