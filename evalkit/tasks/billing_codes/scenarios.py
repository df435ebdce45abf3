"""Synthetic cases: facts, the answer that the true policy gives for them, and a note that tells them.

Case i is a pure function of (seed, i): the same bytes alone, in a shard and on every machine. The answer comes from
`policy`, never from a spec, so that two versions of a spec are judged on the same cases by the same truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from evalkit.cases.case import Case, Spans
from evalkit.cases.patients import Known, Patient, make_patient
from evalkit.cases.people import STRESS, People
from evalkit.cases.randomness import Dice, stream
from evalkit.cases.vocabulary import VOCABULARY_DIGEST, vocabulary
from evalkit.cases.writing import Writer, join_spans
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.billing_codes.facts import BOUNDARY_MINUTES, Story, make_story
from evalkit.tasks.billing_codes.notes import evidence_marks, write_note
from evalkit.tasks.billing_codes.policy import (
    PROCEDURES,
    VISITS_ESTABLISHED,
    VISITS_NEW,
    Act,
    Owed,
    bill,
)

GENERATOR = "billing_codes/1"
ADULT = 18
FIRST_DAY, LAST_DAY = date(2025, 1, 2), date(2025, 12, 19)
FUTURE_DAY = date(2099, 1, 5)
"""Later than any day on which these cases are run."""
_ANOTHER = 1 << 40
"""Where the next patient is sought when one is no adult: far from any index that a case has."""
_RETURNING = 20
"""Every twentieth case is another visit of the patient of the case before it."""


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. Raises CaseError where the pinned vocabulary is not installed."""
    story = make_story(seed, index)
    dice = stream(seed, "billing_codes.note").at(index)
    patient = _adult(seed, index - 1 if index and index % _RETURNING == 0 else index, people)
    known = _identifiers(patient, story, stream(seed, "billing_codes.visit").at(index))
    writer = write_note(story, known, dice)
    note, spans = writer.build("note_text")
    owed = bill(story.acts, story.visit, new_patient=story.new_patient)
    sent = known["mrn.sent"]
    npi = surrogates.npi(dice.draw())
    planted = {*spans.needle_id, "mrn.sent"}
    return Case(
        case_id=f"billing_codes-{seed}-{index:012d}",
        family="billing_codes",
        input={
            "note_text": note,
            "date_of_service": known["visit.date"].value,
            "new_patient": story.new_patient,
            "patient_mrn": sent.value,
            "rendering_npi": _wrong_digit(npi) if story.refusal == "NPI_INVALID" else npi,
        },
        flags=_flags(story, dice),
        gold={} if story.refusal else {"lines": [_line(line, writer) for line in owed]},
        refusal=story.refusal,
        identifiers=known.planted(needle_id for needle_id in known if needle_id in planted),
        spans=join_spans([spans, Spans(("patient_mrn",), (0,), (len(sent.value),), ("mrn.sent",))]),
        facts=tuple(_facts(story)),
        tags=tuple(_tags(story, owed)),
        cluster=patient.pseudonym,
        provenance={"generator": GENERATOR, "vocabulary": VOCABULARY_DIGEST, "seed": str(seed), "index": str(index)},
    )


def _adult(seed: int, index: int, people: People) -> Patient:
    """The patient of a case: the first adult, for the notes speak with the patient alone."""
    patient = make_patient(seed, index, people=people)
    while patient.age_on(FIRST_DAY) < ADULT:
        index += _ANOTHER
        patient = make_patient(seed, index, people=people)
    return patient


def _identifiers(patient: Patient, story: Story, dice: Dice) -> Known:
    """Everything that a note may hold, by needle id, and ``mrn.sent``: the number as the calling system sends it."""
    day = FIRST_DAY + timedelta(days=dice.whole(0, (LAST_DAY - FIRST_DAY).days))
    if story.refusal == "DOS_IN_FUTURE":
        day = FUTURE_DAY + timedelta(days=dice.whole(0, 300))
    doctor = f"Dr. {vocabulary().last.pick(dice.draw())}"
    sent = _wrong_digit(patient.mrn) if story.refusal == "MRN_INVALID" else patient.mrn
    more = (
        Identifier("visit.date", "date", day.isoformat()),
        Identifier("provider.name", "name", doctor, "provider"),
        Identifier("mrn.sent", "mrn", sent),
    )
    return Known(patient, more)


def _wrong_digit(number: str) -> str:
    """The number with its last digit, the check digit, moved on by one."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _flags(story: Story, dice: Dice) -> dict[str, bool]:
    """Consent and protection flags; a record under 42 CFR Part 2 in 5 of 100 answerable cases, with its consent."""
    protected = dice.chance(0.05) or story.refusal == "PART2_NO_CONSENT"
    return {
        "treatment_payment_operations_ack": story.refusal != "CONSENT_MISSING",
        "note_signed": story.refusal != "NOTE_UNSIGNED",
        "sud_record": protected,
        "part2_consent": protected and story.refusal != "PART2_NO_CONSENT",
    }


def _line(owed: Owed, writer: Writer) -> dict[str, Any]:
    """The line as an agent gives it back, with the sentences that state its facts as evidence."""
    marks = [mark for fact_id in owed.facts for mark in evidence_marks(writer, fact_id)]
    return {
        "code": owed.code,
        "modifiers": list(owed.modifiers),
        "units": owed.units,
        "evidence": [writer.span(mark, "note_text") for mark in marks],
    }


def _facts(story: Story) -> Iterator[Mapping[str, Any]]:
    for act in story.acts:
        yield {"type": "procedure", **asdict(act)}
    if story.visit is not None:
        yield {"type": "visit", "new_patient": story.new_patient, **asdict(story.visit)}


def _tags(story: Story, owed: Sequence[Owed]) -> Iterator[str]:
    """Slices of a case, from its facts and its answer. A refusal has no other tag: nothing else of it is judged."""
    if story.refusal:
        yield "refusal"
        return
    yield f"lines:{_size(len(owed))}"
    done = [act for act in story.acts if act.polarity == "done"]
    modifiers = {modifier for line in owed for modifier in line.modifiers}
    codes = {line.code for line in owed}
    yield from (f"mod{modifier}" for modifier in ("25", "59") if modifier in modifiers)
    sides = {"LT": "left", "RT": "right", "50": "both"}
    yield from (f"laterality:{side}" for modifier, side in sides.items() if modifier in modifiers)
    marks = {
        "timed": any(PROCEDURES[act.procedure].counting == "minutes" for act in done),
        "add_on": any(known.further in codes for known in PROCEDURES.values() if known.further),
        "bilateral_code": any(PROCEDURES[act.procedure].both_sides for act in done),
        "negated": len(done) < len(story.acts),
        "history": any(act.polarity == "historical" for act in story.acts),
        "new_patient": story.new_patient,
        "rare_wording": story.rare != "none",
        "edge:timed_boundary": any(act.minutes in BOUNDARY_MINUTES for act in done),
        "edge:visit_threshold": _at_threshold(story),
        "edge:visit_not_separate": story.visit is not None and not story.visit.separate_work,
        "edge:units_max": any(_at_max(act) for act in done),
        "edge:bundled": any(PROCEDURES[act.procedure].code not in codes for act in done if not act.minutes),
    }
    yield from (mark for mark, holds in marks.items() if holds)


def _size(lines: int) -> str:
    return "4+" if lines > 3 else "2-3" if lines > 1 else str(lines)


def _at_threshold(story: Story) -> bool:
    """Is the visit as long as a code asks for, or one minute short of it?"""
    if story.visit is None or not story.visit.separate_work:
        return False
    limits = [least for least, _ in (VISITS_NEW if story.new_patient else VISITS_ESTABLISHED)]
    return any(least - story.visit.minutes in (0, 1) for least in limits)


def _at_max(act: Act) -> bool:
    known = PROCEDURES[act.procedure]
    if known.counting == "minutes":
        return act.minutes >= known.cap * 15
    return act.count - bool(known.further) >= (known.further_cap or known.cap) and known.counting != "once"
