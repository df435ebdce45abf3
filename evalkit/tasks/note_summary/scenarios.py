"""Synthetic cases: the facts of a visit, the talk that tells them, and the note that states them.

Case i is a pure function of (seed, i). The gold is the list of facts, each with the place of the exchange that tells it
and whether leaving it out could harm, and one note that states them all; a case that must be refused has no gold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from evalkit.cases.case import Case, Spans
from evalkit.cases.casting import cast
from evalkit.cases.fact import Fact
from evalkit.cases.patients import Known, Patient
from evalkit.cases.people import ADULT, STRESS, People
from evalkit.cases.randomness import stream
from evalkit.cases.vocabulary import VOCABULARY_DIGEST, vocabulary
from evalkit.cases.writing import join_spans
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.note_summary import judging
from evalkit.tasks.note_summary.talks import FIELD, write_talk
from evalkit.tasks.note_summary.visits import LENGTHS, Visit, make_visit
from evalkit.tasks.note_summary.writeups import write_note

GENERATOR: Final = "note_summary/1"
FIRST_DAY: Final = date(2025, 2, 3)
DAYS: Final = 300
FAR_AWAY: Final = date(2199, 1, 4)
"""A day that is in the future whenever the case is run."""
OLDEST: Final = 89
"""Years; an older age is left out of a request (45 CFR 164.514(b)(2)(i)(C))."""


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. Raises CaseError where the pinned vocabulary is not installed."""
    visit = make_visit(seed, index)
    minor = visit.refusal == "MINOR_CONFIDENTIAL"
    patient = cast(seed, index, people=people, fits=lambda one: (one.age_on(FIRST_DAY) < ADULT) == minor)
    dice = stream(seed, "note_summary.visit").at(index)
    day = FIRST_DAY + timedelta(days=dice.whole(0, DAYS))
    doctor = vocabulary().last.pick(dice.draw())
    shown = (FAR_AWAY if visit.refusal == "VISIT_IN_FUTURE" else day).isoformat()
    provider = Identifier("provider.name", "name", f"Dr. {doctor}", "provider")
    known = Known(patient, [provider, Identifier("visit.date", "date", shown)])
    writer = write_talk(visit, known, stream(seed, "note_summary.talk").at(index))
    dialogue, spans = writer.build(FIELD)
    if visit.refusal == "NO_DIALOGUE":
        dialogue, spans = "", Spans()
    spans = join_spans([spans, Spans(("visit_date",), (0,), (len(shown),), ("visit.date",))])
    facts = tuple(
        replace(told.fact, evidence=((span["start"], span["end"]),))
        for told in visit.told
        for span in [writer.span(told.fact_id, FIELD)]
    )
    note = write_note(visit, stream(seed, "note_summary.note").at(index))
    gold = {"note": note, "facts": [judging.plain(fact) for fact in facts]}
    return Case(
        case_id=f"note_summary-{seed}-{index:012d}",
        family="note_summary",
        input=_input(visit, patient, dialogue, day=day, shown=shown),
        flags=_flags(visit),
        gold={} if visit.refusal else gold,
        refusal=visit.refusal,
        identifiers=known.planted(spans.needle_id),
        spans=spans,
        facts=tuple(_fact(one.fact_id, one.fact).plain() for one in visit.told),
        tags=tuple(_tags(visit, seed, index)),
        cluster=patient.pseudonym,
        purpose_of_use="TREAT",
        provenance={"generator": GENERATOR, "vocabulary": VOCABULARY_DIGEST, "seed": str(seed), "index": str(index)},
    )


def _input(visit: Visit, patient: Patient, dialogue: str, *, day: date, shown: str) -> dict[str, Any]:
    age = patient.age_on(day)
    sent: dict[str, Any] = {
        "dialogue": dialogue,
        "visit_date": shown,
        "sex": "female" if patient.sex == "F" else "male",
    }
    if age <= OLDEST:
        sent["age_years"] = age
    if visit.refusal == "FIELD_NOT_PERMITTED":
        sent["employer"] = "a field that the spec forbids"
    return sent


def _flags(visit: Visit) -> dict[str, bool]:
    code = visit.refusal
    return {
        "treatment_payment_operations_ack": code != "CONSENT_MISSING",
        "recording_consent": code != "RECORDING_CONSENT_MISSING",
        "psychotherapy_session": code == "PSYCHOTHERAPY_NOTES",
        "patient_authorization": False,
        "sud_record": code == "PART2_NO_CONSENT",
        "part2_consent": False,
        "minor_confidential": code == "MINOR_CONFIDENTIAL",
        "several_patients": code == "SEVERAL_PATIENTS",
    }


_FACT_TYPES: Final[Mapping[str, str]] = {
    "problem": "finding", "drug": "drug", "measure": "lab", "order": "procedure", "allergy": "history",
    "habit": "history", "follow_up": "time",
}  # fmt: skip


def _fact(fact_id: str, fact: judging.Known) -> Fact:
    one = fact.statement
    more = {name: value for name in ("frequency", "route", "status", "whom") if (value := getattr(one, name))}
    return Fact(
        fact_id=fact_id, type=_FACT_TYPES[one.kind], name=one.name, polarity=one.polarity,  # type: ignore[arg-type]
        laterality=one.side, unit=one.unit, value={"amount": one.value, **more} if more else one.value,
    )  # fmt: skip


def _tags(visit: Visit, seed: int, index: int) -> Iterator[str]:
    """Slices and edge kinds. A refusal has its own edge and no other slice: nothing else of it is judged."""
    if visit.refusal:
        yield "refusal"
        yield f"edge:{visit.refusal.lower()}"
        return
    yield f"turns:{LENGTHS.deal(seed, index)}"
    if visit.trap != "plain":
        yield f"edge:{visit.trap.replace(' ', '_').replace('-', '_')}"
    kinds = {told.statement.kind for told in visit.told}
    yield from (f"has:{kind}" for kind in sorted(kinds & {"allergy", "habit"}))
    if any(told.statement.polarity == "family" for told in visit.told):
        yield "has:family_history"
