"""Who the case is about and what the calling system sends beside the note: numbers, flags, and their faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from evalkit.cases.casting import ANOTHER
from evalkit.cases.patients import Known, Patient, birth_date, make_patient
from evalkit.cases.people import People, age_on
from evalkit.cases.randomness import stream
from evalkit.cases.vocabulary import vocabulary
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.billing_codes.quotas import make_story
from evalkit.tasks.billing_codes.story import Story

ADULT = 18
YOUNGEST = 6
"""Years of a minor: younger ones neither exercise nor hold still."""
FIRST_DAY, LAST_DAY = date(2025, 1, 2), date(2025, 12, 19)
FUTURE_DAY = date(2099, 1, 5)
"""Later than any day on which these cases are run."""
FORBIDDEN_FIELD = "ssn"
_RETURNING = 20
"""Every twentieth case is another visit of the patient of the case before it."""


@dataclass(frozen=True, slots=True, repr=False)
class Sender:
    """The patient, the day, and all that may be planted."""

    patient: Patient
    day: date
    known: Known
    npi: str

    def __repr__(self) -> str:
        return f"Sender({self.patient!r})"


def make_sender(seed: int, index: int, story: Story, *, people: People) -> Sender:
    """Who case ``index`` is about. Raises CaseError where the pinned vocabulary is not installed."""
    dice = stream(seed, "billing_codes.visit").at(index)
    day = FIRST_DAY + timedelta(days=dice.whole(0, (LAST_DAY - FIRST_DAY).days))
    if story.refusal == "DOS_IN_FUTURE":
        day = FUTURE_DAY + timedelta(days=dice.whole(0, 300))
    patient = _patient(seed, index, story, people=people)
    age = story.extras.person.removeprefix("age ")
    if age.isdecimal():
        patient = replace(patient, dob=day.replace(year=day.year - int(age)) - timedelta(days=dice.whole(0, 360)))
    sent = _wrong_digit(patient.mrn) if story.refusal == "MRN_INVALID" else patient.mrn
    npi = surrogates.npi(dice.draw())
    given = (
        Identifier("visit.date", "date", day.isoformat()),
        Identifier("provider.name", "name", f"Dr. {vocabulary().last.pick(dice.draw())}", "provider"),
        Identifier("mrn.sent", "mrn", sent),
        _day("lab.date", day - timedelta(days=dice.whole(1, 90))),
        _day("earlier.date", day - timedelta(days=dice.whole(7, 200))),
        _day("addendum.date", day + timedelta(days=dice.whole(1, 6))),
    )
    more = [] if (old := patient.age_identifier(day)) is None else [old]
    if story.refusal == "WRONG_PATIENT":
        stray = make_patient(seed, index + ANOTHER // 2, people=people)
        more += [Identifier("stray.name", "name", stray.name), Identifier("stray.mrn", "mrn", stray.mrn)]
    npi = _wrong_digit(npi) if story.refusal == "NPI_INVALID" else npi
    return Sender(patient, day, Known(patient, (*given, *more)), npi)


def input_of(sender: Sender, story: Story, note: str) -> dict[str, Any]:
    """The fields of the request; one too many where that is what it is refused for."""
    sent = {
        "note_text": note,
        "date_of_service": sender.day.isoformat(),
        "new_patient": story.new_patient,
        "patient_mrn": sender.known["mrn.sent"].value,
        "rendering_npi": sender.npi,
    }
    if story.refusal == "FIELD_NOT_PERMITTED":
        sent[FORBIDDEN_FIELD] = sender.known["patient.ssn"].value
    return sent


def flags_of(story: Story) -> dict[str, bool]:
    """Consent and protection flags, as the calling system keeps them."""
    reason, protection = story.refusal, story.extras.protection
    part2, therapy = protection == "part 2 with consent", protection == "psychotherapy with authorization"
    return {
        "treatment_payment_operations_ack": reason != "CONSENT_MISSING",
        "consent_expired": reason == "CONSENT_EXPIRED",
        "consent_revoked": reason == "CONSENT_REVOKED",
        "consent_for_other_purpose": reason == "PURPOSE_NOT_PERMITTED",
        "note_signed": reason != "NOTE_UNSIGNED",
        "sud_record": part2 or reason == "PART2_NO_CONSENT",
        "part2_consent": part2,
        "psychotherapy_notes": therapy or reason == "PSYCHOTHERAPY_NOTES",
        "patient_authorization": therapy,
        "restriction_on_file": reason == "RESTRICTION_ON_FILE",
        "minor_confidential": reason == "MINOR_CONFIDENTIAL",
    }


def _patient(seed: int, index: int, story: Story, *, people: People) -> Patient:
    """The first patient of the age that the story wants; a returning one is the patient of the case before."""
    young = story.extras.person == "minor"
    returns = index % _RETURNING == 0 and index > 0 and story.extras.person == "adult"
    if returns and make_story(seed, index - 1).extras.person == "adult":
        index -= 1
    while not _fits(age_on(birth_date(seed, index, people=people), FIRST_DAY), young=young):
        index += ANOTHER
    return make_patient(seed, index, people=people)


def _fits(age: int, *, young: bool) -> bool:
    return YOUNGEST <= age < ADULT - 1 if young else age >= ADULT


def _day(needle_id: str, day: date) -> Identifier:
    return Identifier(needle_id, "date", day.isoformat())


def _wrong_digit(number: str) -> str:
    """The number with its last digit, the check digit, moved on by one."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)
