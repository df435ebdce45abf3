"""The second book of the policy against claims reckoned by hand, and every reason to refuse by its own arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.phi import surrogates
from evalkit.tasks.billing_codes.ledger import BOOK, current, due_refusal, listed, reckon, side_of_code
from evalkit.tasks.billing_codes.quotas import REFUSALS
from evalkit.tasks.billing_codes.request import flags_of
from evalkit.tasks.billing_codes.story import Story

MRN, OTHER_MRN, NPI = surrogates.mrn(3), surrogates.mrn(4), surrogates.npi(5)
GOOD_FLAGS = flags_of(Story((), None, False))
GOOD_INPUT = {
    "note_text": "Seen.", "date_of_service": "2025-03-04", "new_patient": False, "patient_mrn": MRN,
    "rendering_npi": NPI,
}  # fmt: skip


def did(name: str, **more: Any) -> dict[str, Any]:
    fact = {"type": "procedure", "name": name, "status": "done", "source_document": "note", "separate_site": False}
    return {**fact, **more}


def visit(minutes: int, *, separate: bool = True) -> dict[str, Any]:
    return {"type": "time", "name": "visit", "value": minutes, "separate_work": separate}


def diagnosis(code: str | None, polarity: str = "affirmed") -> dict[str, Any]:
    return {"type": "diagnosis", "code": code, "polarity": polarity}


CLAIMS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, int, tuple[str, ...]]]]] = {
    "22 minutes are one unit": ([did("manual therapy", value=22)], [("00074", 1, ())]),
    "23 minutes are two": ([did("manual therapy", value=23)], [("00074", 2, ())]),
    "7 minutes are none": ([did("manual therapy", value=7)], []),
    "hours end at the maximum": ([did("gait training", value=240)], [("00077", 4, ())]),
    "tests are counted": ([did("allergy tests", value=40)], [("00084", 40, ())]),
    "tests end at the maximum": ([did("allergy tests", value=41)], [("00084", 40, ())]),
    "one lesion has no add-on": ([did("lesion destruction", value=1)], [("00017", 1, ())]),
    "the rest are an add-on": ([did("lesion destruction", value=3)], [("00017", 1, ()), ("00018", 2, ())]),
    "the add-on ends at the maximum": ([did("skin biopsy", value=9)], [("00012", 1, ()), ("00013", 6, ())]),
    "a side is a modifier": ([did("ear wax removal", laterality="both")], [("00069", 1, ("50",))]),
    "a side that is no modifier": ([did("hearing screen", laterality="both")], [("00051", 1, ())]),
    "repair is part of drainage": (
        [did("wound repair", separate_site=True), did("abscess drainage")], [("00041", 1, ())],
    ),
    "tags are part of a biopsy": ([did("skin biopsy", value=1), did("skin tag removal")], [("00012", 1, ())]),
    "tags elsewhere are not": (
        [did("skin biopsy", value=1), did("skin tag removal", separate_site=True)],
        [("00012", 1, ()), ("00014", 1, ("59",))],
    ),
    "an add-on goes with its first": (
        [did("skin biopsy", value=1), did("lesion destruction", value=5)], [("00012", 1, ())],
    ),
    "work too short to bill takes nothing away": (
        [did("manual therapy", value=7), did("gait training", value=15)], [("00077", 1, ())],
    ),
    "a visit beside surgery": (
        [visit(20), did("heel injection", laterality="left")], [("00023", 1, ("25",)), ("00064", 1, ("LT",))],
    ),
    "a visit beside exercise": (
        [visit(29), did("therapeutic exercise", value=15)], [("00023", 1, ()), ("00071", 1, ())],
    ),
    "a visit that was the procedure": ([visit(29, separate=False), did("wound repair")], [("00043", 1, ())]),
    "a visit that is too short": ([visit(9), did("nebulizer treatment")], [("00081", 1, ())]),
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_reckoned_as_by_hand(name: str) -> None:
    facts, owed = CLAIMS[name]
    assert reckon(facts, new_patient=False) == owed
    assert reckon(reversed(facts), new_patient=False) == owed


@pytest.mark.parametrize(
    ("minutes", "established", "new"),
    [(10, "00022", None), (14, "00022", None), (15, "00022", "00032"), (30, "00024", "00033"), (44, "00025", "00033"),
     (45, "00025", "00034"), (59, "00025", "00034"), (60, "00025", "00035"), (300, "00025", "00035")],
)  # fmt: skip
def test_a_visit_of_a_new_patient_has_codes_and_thresholds_of_its_own(
    minutes: int, established: str, new: str | None
) -> None:
    assert reckon([visit(minutes)], new_patient=False) == [(established, 1, ())]
    assert reckon([visit(minutes)], new_patient=True) == ([(new, 1, ())] if new else [])


def test_an_addendum_overwrites_wherever_it_stands_among_the_facts() -> None:
    noted = did("heel injection", laterality="left")
    amended = did("heel injection", laterality="right", source_document="addendum")
    for facts in ([noted, amended], [amended, noted]):
        assert reckon(facts, new_patient=False) == [("00064", 1, ("RT",))]
    taken_back = did("heel injection", status="not done", source_document="addendum")
    assert current([taken_back, noted]) == {}


def test_an_earlier_note_is_of_another_day_and_what_is_planned_hides_nothing() -> None:
    assert current([did("wound repair", source_document="earlier note")]) == {}
    done, planned = did("eye pressure"), did("eye pressure", status="planned")
    assert current([done, planned]) == current([planned, done]) == {"eye pressure": done}


def test_the_book_names_a_global_period_or_none_for_each_procedure() -> None:
    assert {period for _, _, period in BOOK.values()} == {"minor", "ten", "-"}
    assert len({code for code, _, _ in BOOK.values()}) == len(BOOK)


def test_diagnoses_are_listed_once_in_order_and_only_where_they_are_so() -> None:
    facts = [diagnosis("I10"), diagnosis("M19.011+M19.012"), diagnosis("J30.2", "family"), diagnosis("I10")]
    assert listed([*facts, diagnosis("M19.012")]) == ["I10", "M19.011", "M19.012"]
    assert listed([diagnosis(None, "negated"), visit(20)]) == []


@pytest.mark.parametrize(
    ("code", "side"),
    [("M17.0", "both"), ("G56.03", "both"), ("S61.412A", "left"), ("S51.811A", "right"), ("H40.019", None)],
)  # fmt: skip
def test_a_code_says_its_side_with_and_without_a_seventh_character(code: str, side: str | None) -> None:
    assert side_of_code(code) == side


def moved(number: str) -> str:
    return number[:-1] + str((int(number[-1]) + 1) % 10)


BROKEN: dict[str, tuple[dict[str, Any], dict[str, bool], list[str]]] = {
    "CONSENT_MISSING": ({}, {"treatment_payment_operations_ack": False}, []),
    "CONSENT_EXPIRED": ({}, {"consent_expired": True}, []),
    "CONSENT_REVOKED": ({}, {"consent_revoked": True}, []),
    "PURPOSE_NOT_PERMITTED": ({}, {"consent_for_other_purpose": True}, []),
    "MRN_INVALID": ({"patient_mrn": moved(MRN)}, {}, [MRN]),
    "NPI_INVALID": ({"rendering_npi": moved(NPI)}, {}, []),
    "WRONG_PATIENT": ({}, {}, [MRN, OTHER_MRN]),
    "DOS_IN_FUTURE": ({"date_of_service": "2099-01-05"}, {}, []),
    "PART2_NO_CONSENT": ({}, {"sud_record": True}, []),
    "PSYCHOTHERAPY_NOTES": ({}, {"psychotherapy_notes": True}, []),
    "RESTRICTION_ON_FILE": ({}, {"restriction_on_file": True}, []),
    "MINOR_CONFIDENTIAL": ({}, {"minor_confidential": True}, []),
    "NOTE_UNSIGNED": ({}, {"note_signed": False}, []),
    "FIELD_NOT_PERMITTED": ({"ssn": "900-11-0001"}, {}, []),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_one_fault_is_one_reason_to_refuse(code: str) -> None:
    fields, flags, seen = BROKEN[code]
    assert due_refusal({**GOOD_INPUT, **fields}, {**GOOD_FLAGS, **flags}, seen) == {code}


def test_a_request_in_order_is_not_refused_and_two_faults_are_two_reasons() -> None:
    assert due_refusal(GOOD_INPUT, GOOD_FLAGS, [MRN, MRN]) == set()
    flags = {**GOOD_FLAGS, "note_signed": False, "consent_expired": True}
    assert due_refusal(GOOD_INPUT, flags, []) == {"NOTE_UNSIGNED", "CONSENT_EXPIRED"}


@pytest.mark.parametrize(
    "flags", [{"sud_record": True, "part2_consent": True}, {"psychotherapy_notes": True, "patient_authorization": True}]
)
def test_a_protected_record_with_its_consent_is_no_reason(flags: dict[str, bool]) -> None:
    assert due_refusal(GOOD_INPUT, {**GOOD_FLAGS, **flags}, [MRN]) == set()
