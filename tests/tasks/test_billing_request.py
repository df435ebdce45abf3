"""What the calling system sends: who it is about, and exactly one fault where a refusal is due."""

from __future__ import annotations

from datetime import date

import pytest

from evalkit.cases.people import POPULATION, STRESS
from evalkit.phi.identifiers import VALIDATORS
from evalkit.tasks.billing_codes.quotas import REFUSALS, make_story
from evalkit.tasks.billing_codes.request import FIRST_DAY, FUTURE_DAY, LAST_DAY, flags_of, input_of, make_sender
from evalkit.tasks.billing_codes.story import Extras, Story

GOOD_FLAGS = flags_of(Story((), None, False))
BY_FLAG = ("CONSENT_MISSING", "CONSENT_EXPIRED", "CONSENT_REVOKED", "PURPOSE_NOT_PERMITTED", "PART2_NO_CONSENT",
           "PSYCHOTHERAPY_NOTES", "RESTRICTION_ON_FILE", "MINOR_CONFIDENTIAL", "NOTE_UNSIGNED")  # fmt: skip


def story(**parts: object) -> Story:
    return Story((), None, False, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_turns_one_flag_or_none(code: str) -> None:
    turned = [name for name, value in flags_of(story(refusal=code)).items() if value != GOOD_FLAGS[name]]
    assert len(turned) == (code in BY_FLAG)


def test_protected_records_come_with_what_they_need() -> None:
    both = flags_of(story(extras=Extras(protection="part 2 with consent")))
    assert (both["sud_record"], both["part2_consent"]) == (True, True)
    notes = flags_of(story(extras=Extras(protection="psychotherapy with authorization")))
    assert (notes["psychotherapy_notes"], notes["patient_authorization"]) == (True, True)


@pytest.mark.parametrize("index", range(0, 60, 7))
def test_only_the_number_that_is_to_be_wrong_is_wrong(index: int) -> None:
    for code, broken in ((None, set()), ("MRN_INVALID", {"patient_mrn"}), ("NPI_INVALID", {"rendering_npi"})):
        told = story(refusal=code)
        sent = input_of(make_sender(7, index, told, people=STRESS), told, "Seen.")
        checks = {"patient_mrn": "mrn", "rendering_npi": "npi"}
        assert {field for field, kind in checks.items() if not VALIDATORS[kind](sent[field])} == broken
        assert len(sent["patient_mrn"]) == 11


def test_the_day_is_of_the_year_or_far_ahead() -> None:
    for index in range(40):
        assert FIRST_DAY <= make_sender(7, index, story(), people=STRESS).day <= LAST_DAY
        assert make_sender(7, index, story(refusal="DOS_IN_FUTURE"), people=STRESS).day >= FUTURE_DAY


def test_a_forbidden_field_comes_only_where_it_is_the_fault() -> None:
    for code in (None, "FIELD_NOT_PERMITTED"):
        told = story(refusal=code)
        sender = make_sender(7, 3, told, people=STRESS)
        sent = input_of(sender, told, "Seen.")
        assert ("ssn" in sent) == (code is not None)
        assert sent.get("ssn", sender.known["patient.ssn"].value) == sender.known["patient.ssn"].value


@pytest.mark.parametrize("people", [STRESS, POPULATION], ids=str)
@pytest.mark.parametrize("years", [89, 90, 101])
def test_an_age_is_reached_on_the_day_whatever_the_people(people: object, years: int) -> None:
    for index in range(15):
        sender = make_sender(7, index, story(extras=Extras(person=f"age {years}")), people=people)  # type: ignore[arg-type]
        assert sender.patient.age_on(sender.day) == years
        assert ("patient.age" in sender.known) == (years > 89)


def test_grown_people_are_grown_and_minors_old_enough_to_hold_still() -> None:
    for index in range(60):
        assert make_sender(7, index, story(), people=STRESS).patient.age_on(FIRST_DAY) >= 18
        young = make_sender(7, index, story(extras=Extras(person="minor")), people=STRESS)
        assert 6 <= young.patient.age_on(young.day) < 18
        assert young.patient.relative is not None


def test_every_twentieth_case_is_the_patient_of_the_one_before_where_both_are_ordinary() -> None:
    same = []
    for index in range(20, 400, 20):
        patients = [make_sender(7, one, make_story(7, one), people=STRESS).patient for one in (index - 1, index)]
        ordinary = {make_story(7, one).extras.person for one in (index - 1, index)} == {"adult"}
        same.append(patients[0].pseudonym == patients[1].pseudonym)
        assert same[-1] == ordinary
    assert any(same)


def test_dates_before_and_after_the_visit_lie_where_they_belong() -> None:
    for index in range(30):
        sender = make_sender(7, index, story(), people=STRESS)
        days = {name: date.fromisoformat(sender.known[f"{name}.date"].value) for name in ("lab", "earlier", "addendum")}
        assert days["lab"] < sender.day
        assert days["earlier"] < sender.day
        assert days["addendum"] > sender.day


def test_a_sender_shows_nobody() -> None:
    sender = make_sender(7, 5, story(), people=STRESS)
    assert sender.patient.name not in repr(sender)
    assert sender.npi not in repr(sender)
