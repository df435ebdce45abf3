"""The truth: what a fictional plan's policy says of the facts of one request.

This is the policy that the synthetic cases obey, as data and one function over facts. It never reads a spec or a note,
so that an edited spec is judged by the same answers as the spec before it. The policy is this project's own and
recommends no care. Service codes are placeholders from 00010 to 00099, a range without any assigned procedure.

Three rules hold throughout. What no note says is not known: a criterion is then *insufficient*, never failed. A newer
note outweighs an older one, and of two notes of one day the one that stands later in the chart. Nobody is denied here:
what fails a criterion goes to a clinician.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from evalkit.cases.fact import Fact, Laterality

Status = Literal["met", "not_met", "insufficient"]
Decision = Literal["approve", "pend", "refer_to_clinician"]

EVIDENCE_DAYS = 180
"""A note older than this on the day of the request bears nothing out."""
THERAPY_DAYS = 42
"""Six weeks: 42 days are enough, 41 are not."""
OXYGEN_PERCENT = 88
"""A resting saturation of 88 % qualifies, 89 % does not."""
TURNAROUND_DAYS: Mapping[str, int] = {"standard": 7, "expedited": 3}
"""Calendar days to answer in. CMS-0057-F gives most payers 72 hours and 7 calendar days from 2026 on."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that the policy asks of a service. ``subjects`` are the facts that speak to it; any that holds will do.

    ``enough`` judges the value of an affirmed fact; without it, that the fact is so is enough.
    """

    id: str
    subjects: tuple[str, ...]
    enough: Callable[[int], bool] | None = None


CRITERIA: Mapping[str, Criterion] = {
    known.id: known
    for known in (
        Criterion("C1", ("therapy",), lambda days: days >= THERAPY_DAYS),
        Criterion("C2", ("nsaid", "nsaid_barred")),
        Criterion("C3", ("xray",)),
        Criterion("C4", ("oxygen",), lambda percent: percent <= OXYGEN_PERCENT),
        Criterion("C5", ("lung_disease",)),
        Criterion("R1", ("weakness",)),
        Criterion("R2", ("cauda_equina",)),
        Criterion("R3", ("cancer",)),
        Criterion("R4", ("locked_knee",)),
    )
}


@dataclass(frozen=True, slots=True)
class Service:
    """What the policy knows of one service: the region it is for, and what it asks."""

    code: str
    region: str | None
    sided: bool
    standard: tuple[str, ...]
    red_flags: tuple[str, ...] = ()


SERVICES: Mapping[str, Service] = {
    "spine imaging": Service("00072", "lumbar", False, ("C1", "C2", "C3"), ("R1", "R2", "R3")),
    "knee imaging": Service("00073", "knee", True, ("C1", "C2", "C3"), ("R3", "R4")),
    "home oxygen": Service("00094", None, False, ("C4", "C5")),
}
REGIONAL = frozenset({"therapy", "xray"})
"""Facts that count only for the region, and the side, that the service is for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request is for."""

    service: str
    day: date
    side: Laterality | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """How one criterion stands, and the ids of the facts that it rests on; none where it is insufficient."""

    criterion: str
    status: Status
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy says of a request."""

    decision: Decision
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    """Standard criteria that a pended request lacks evidence for."""


def judge(asked: Asked, facts: Iterable[Fact]) -> Judgement:
    """The judgement on these facts. Each fact has the date of the note that tells it."""
    service = SERVICES[asked.service]
    counted = [fact for fact in facts if _counts(fact, service, asked)]
    red = [_find(CRITERIA[name], counted) for name in service.red_flags]
    standard = [_find(CRITERIA[name], counted) for name in service.standard]
    decision = _decide([one.status for one in red], [one.status for one in standard])
    missing = tuple(one.criterion for one in standard if one.status == "insufficient") if decision == "pend" else ()
    return Judgement(decision, (*standard, *red), missing)


def _decide(red: list[Status], standard: list[Status]) -> Decision:
    if "met" in red or set(standard) == {"met"}:
        return "approve"
    return "refer_to_clinician" if "not_met" in standard else "pend"


def _counts(fact: Fact, service: Service, asked: Asked) -> bool:
    """Does the fact say something of this patient now, about the part of the body that is asked about?"""
    if fact.polarity not in {"affirmed", "negated"} or fact.date is None:
        return False
    if date.fromisoformat(fact.date) < asked.day - timedelta(days=EVIDENCE_DAYS):
        return False
    if fact.name not in REGIONAL:
        return True
    wrong_side = service.sided and fact.laterality not in {asked.side, "both", None}
    return fact.code == service.region and not wrong_side


def _find(criterion: Criterion, counted: list[Fact]) -> Finding:
    newest = [found for name in criterion.subjects if (found := _newest(name, counted)) is not None]
    holding = [fact for fact in newest if _holds(criterion, fact)]
    if holding:
        return Finding(criterion.id, "met", tuple(fact.fact_id for fact in holding))
    if newest:
        return Finding(criterion.id, "not_met", tuple(fact.fact_id for fact in newest))
    return Finding(criterion.id, "insufficient")


def _newest(name: str, counted: list[Fact]) -> Fact | None:
    """The fact that has the last word: of the newest note, of notes of one day the later in the chart, and of facts of
    one note the later."""
    own = [fact for fact in counted if fact.name == name]
    return own[0] if len(own) == 1 else max(reversed(own), key=_place_in_chart, default=None)


def _place_in_chart(fact: Fact) -> tuple[str, int]:
    return fact.date or "", int((fact.source_document or "note-0").removeprefix("note-"))


def _holds(criterion: Criterion, fact: Fact) -> bool:
    if fact.polarity == "negated":
        return False
    return criterion.enough is None or criterion.enough(fact.value)
