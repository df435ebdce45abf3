from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from evalkit.cases.homes import RESTRICTED_ZIP3
from evalkit.cases.patients import (
    MEDICARE_AGE,
    REFERENCE_DATE,
    Known,
    Patient,
    birth_date,
    make_patient,
    weight_of,
)
from evalkit.digests import digest
from evalkit.errors import CaseError
from evalkit.phi import surrogates
from evalkit.phi.forms import fold, words
from evalkit.phi.identifiers import (
    CATEGORIES,
    Identifier,
    valid_date,
    valid_mbi,
    valid_member_id,
    valid_mrn,
    valid_phone,
    valid_ssn,
)
from evalkit.phi.ordinary import canary_grade

SEED = 7
GOLDEN = {0: "86b024be6f200b8f", 1: "e4a77815a1a5ce43", 4095: "804d0f09773e4cec", 10**6: "9f23e495efe2738a"}


@pytest.fixture(scope="module")
def patients() -> list[Patient]:
    return [make_patient(SEED, index) for index in range(2000)]


def _digest(patient):
    return digest([[k.needle_id, k.category, k.value, k.subject] for k in patient.identifiers] + list(patient.tags))[
        :16
    ]


@pytest.mark.parametrize("index", GOLDEN)
def test_patients_are_the_same_on_every_machine(index):
    """A changed digest here makes every synthetic case another one: that is a new generator version."""
    assert _digest(make_patient(SEED, index)) == GOLDEN[index]


def test_a_patient_is_the_same_alone_and_in_a_row(patients):
    assert make_patient(SEED, 1234) == patients[1234]


def test_another_seed_gives_other_patients(patients):
    assert make_patient(SEED + 1, 0).identifiers != patients[0].identifiers


def test_every_number_lies_in_a_never_real_range(patients):
    for patient in patients:
        for known in patient.identifiers:
            if surrogates.has_never_real_range(known.category):
                assert surrogates.never_real(known.category, known.value), known.needle_id


def test_every_number_passes_its_validator(patients):
    for patient in patients:
        assert valid_mrn(patient.mrn)
        assert valid_member_id(patient.member_id)
        assert valid_ssn(patient.ssn)
        assert valid_phone(patient.phone)
        assert valid_date(patient.dob.isoformat(), not_after=REFERENCE_DATE)
        assert patient.mbi is None or valid_mbi(patient.mbi)


def test_every_name_is_proof_when_seen_alone(patients):
    for patient in patients:
        assert canary_grade(fold(patient.first))
        assert all(canary_grade(token) for token in words(fold(patient.last)).split())


def test_numbers_hardly_repeat(patients):
    for part in ("ssn", "mrn", "member_id"):
        assert len({getattr(patient, part) for patient in patients}) >= len(patients) - 2
    assert len({patient.name for patient in patients}) > 1700


def test_only_the_old_have_a_medicare_number(patients):
    assert all((patient.mbi is not None) == (patient.age_on(REFERENCE_DATE) >= MEDICARE_AGE) for patient in patients)


def test_a_minor_has_a_parent(patients):
    minors = [patient for patient in patients if "age:minor" in patient.tags]
    assert all(patient.age_on(REFERENCE_DATE) < 18 for patient in minors)
    assert {patient.relative.relationship for patient in minors} == {"mother", "father"}


def test_about_half_of_the_adults_have_a_relative(patients):
    adults = [patient for patient in patients if "age:minor" not in patient.tags]
    assert 0.45 < sum(patient.relative is not None for patient in adults) / len(adults) < 0.55


@pytest.mark.parametrize(
    ("tag", "least"),
    [("age:90+", 0.04), ("age:minor", 0.16), ("name:hyphen", 0.04), ("name:diacritic", 0.04), ("name:apostrophe", 0.02),
     ("name:suffix", 0.015), ("zip3:restricted", 0.02)],
)  # fmt: skip
def test_edge_cases_come_by_quota(tag, least, patients):
    counts = Counter(tag for patient in patients for tag in patient.tags)
    assert counts[tag] / len(patients) >= least


def test_ages_lie_in_a_life(patients):
    assert {min(p.age_on(REFERENCE_DATE) for p in patients), max(p.age_on(REFERENCE_DATE) for p in patients)} == {
        0,
        101,
    }


def test_a_birthday_counts_on_its_day(patients):
    patient = next(p for p in patients if p.dob.month == 6 and p.dob.day == 15 and p.dob.year < 2000)
    assert patient.age_on(date(2020, 6, 15)) == 2020 - patient.dob.year
    assert patient.age_on(date(2020, 6, 14)) == 2020 - patient.dob.year - 1


def test_an_age_is_an_identifier_from_90_on(patients):
    old = next(p for p in patients if "age:90+" in p.tags)
    young = next(p for p in patients if p.age_on(REFERENCE_DATE) == 89)
    assert old.age_identifier(REFERENCE_DATE).value == str(old.age_on(REFERENCE_DATE))
    assert old.age_identifier(REFERENCE_DATE).needle_id == "patient.age"
    assert young.age_identifier(REFERENCE_DATE) is None


def test_a_restricted_zip_lies_in_its_state(patients):
    for patient in patients:
        restricted = patient.zip_code[:3] in RESTRICTED_ZIP3
        assert restricted == ("zip3:restricted" in patient.tags)
        assert not restricted or RESTRICTED_ZIP3[patient.zip_code[:3]] == patient.state
        assert len(patient.zip_code) == 5


def test_identifiers_have_their_own_ids_and_are_found_by_them(patients):
    for patient in patients[:200]:
        ids = [known.needle_id for known in patient.identifiers]
        assert len(set(ids)) == len(ids)
        assert all(patient.identifier(needle_id).needle_id == needle_id for needle_id in ids)
        assert all(known.subject == known.needle_id.split(".")[0] for known in patient.identifiers)


def test_an_identifier_that_a_patient_does_not_have_is_an_error(patients):
    with pytest.raises(CaseError, match=r"patient\.shoe_size"):
        patients[0].identifier("patient.shoe_size")


def test_no_repr_shows_a_value(patients):
    for patient in patients[:100]:
        shown = repr(patient) + repr(patient.relative) + repr(patient.identifiers)
        assert not any(known.value in shown for known in patient.identifiers)


def test_the_pseudonym_is_not_derived_from_an_identifier(patients):
    assert patients[3].pseudonym == f"patient-{SEED}-3"


def test_mail_addresses_are_ascii(patients):
    assert all(patient.email.isascii() and " " not in patient.email for patient in patients)
    assert patients[0].email.split("@")[1].startswith("example.")


def test_an_address_is_one_line(patients):
    patient = patients[0]
    assert patient.address == f"{patient.street}, {patient.city}, {patient.state} {patient.zip_code}"


def test_a_weight_is_found_by_the_pseudonym_that_a_case_carries(patients):
    assert weight_of(patients[3].pseudonym) == patients[3].weight
    assert weight_of("aci-bench-D2N088") is None
    assert weight_of("patient--7-3") == make_patient(-7, 3).weight


def test_further_identifiers_complete_the_eighteen_categories(patients):
    for patient in patients[:50]:
        seen = {known.category for known in (*patient.identifiers, *patient.further)}
        assert seen == set(CATEGORIES)
        assert len({known.needle_id for known in (*patient.identifiers, *patient.further)}) >= 22


def test_a_birth_date_is_known_without_the_rest(patients):
    assert [birth_date(SEED, patient.index) for patient in patients[:300]] == [
        patient.dob for patient in patients[:300]
    ]


def test_known_identifiers_are_made_when_asked_for_and_given_ones_come_first_by_name(patients):
    day = Identifier("visit.date", "date", "2025-03-04")
    known = Known(patients[0], [day])
    assert known["visit.date"] is day
    assert known["patient.mrn"].value == patients[0].mrn
    assert known["patient.vin"].category == "vehicle"
    assert set(known) == {one.needle_id for one in patients[0].identifiers} | {"visit.date"}
    assert len(known) == len(list(known))
    assert "patient.shoe" not in known
    with pytest.raises(KeyError):
        known["patient.shoe"]
    assert [one.needle_id for one in known.planted(["visit.date", "patient.mrn", "visit.date"])] == [
        "visit.date", "patient.mrn",
    ]  # fmt: skip
    assert patients[0].mrn not in repr(known)


def test_a_record_holds_the_value_of_every_identifier(patients):
    for patient in patients[:100]:
        assert patient.record == {one.needle_id: one.value for one in (*patient.identifiers, *patient.further)}
