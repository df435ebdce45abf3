"""Who and what FHIR resources name: every identifier with its category and whose it is, each value once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from evalkit.cases.case import Case
from evalkit.cases.fhir import parse_fhir
from evalkit.cases.fhircases import NPI_SYSTEM, cases_of


def case_of(*resources: dict[str, Any]) -> Case:
    """The case of the one patient among the resources."""
    entries = [{"resource": resource} for resource in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return cases_of([parse_fhir(json.dumps(bundle), where="b")], name="t", data_class="synthetic")[0]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1", **more}


def found(case: Case) -> dict[str, tuple[str, str, str]]:
    """Needle id -> category, value, subject."""
    return {known.needle_id: (known.category, known.value, known.subject) for known in case.identifiers}


def number(code: str, value: str) -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}]},
        "value": value,
    }


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("MR", "mrn"),
        ("SS", "ssn"),
        ("DL", "license"),
        ("PPN", "license"),
        ("MB", "plan"),
        ("AN", "account"),
        ("XX", "other"),
    ],
)
def test_a_number_has_the_category_of_its_type(code: str, category: str) -> None:
    case = case_of(patient(identifier=[number(code, "K-1234")]))
    assert found(case) == {f"patient.{category}": (category, "K-1234", "patient")}


def test_a_number_without_a_type_is_still_an_identifier() -> None:
    case = case_of(patient(identifier=[{"system": "urn:x", "value": "K-1234"}]))
    assert found(case) == {"patient.other": ("other", "K-1234", "patient")}


def test_every_part_of_a_name_is_kept_and_the_whole() -> None:
    case = case_of(patient(name=[{"text": "Dr. Ann B. Roe", "given": ["Ann", "Bea"], "family": "Roe"}]))
    assert {value for _, value, _ in found(case).values()} == {"Dr. Ann B. Roe", "Ann Bea Roe", "Roe", "Ann", "Bea"}
    assert set(found(case)) == {"patient.name", "patient.name2", "patient.last", "patient.first", "patient.first2"}


def test_a_former_name_is_an_identifier_too() -> None:
    names = [{"use": "official", "family": "Roe"}, {"use": "maiden", "family": "Doe"}]
    assert {value for _, value, _ in found(case_of(patient(name=names))).values()} == {"Roe", "Doe"}


@pytest.mark.parametrize(
    ("system", "category"),
    [
        ("phone", "phone"),
        ("sms", "phone"),
        ("fax", "fax"),
        ("email", "email"),
        ("url", "url"),
        ("pager", "other"),
    ],
)
def test_a_way_to_reach_somebody_has_its_category(system: str, category: str) -> None:
    case = case_of(patient(telecom=[{"system": system, "value": "555-0101"}]))
    assert found(case) == {f"patient.{category}": (category, "555-0101", "patient")}


def test_of_an_address_street_city_and_zip_are_identifiers_and_the_state_is_none() -> None:
    address = {"line": ["1 Zyx Way", "Flat 2"], "city": "Vale", "state": "VT", "postalCode": "05901", "country": "US"}
    values = {value for _, value, _ in found(case_of(patient(address=[address]))).values()}
    assert values == {"1 Zyx Way", "Flat 2", "Vale", "05901"}


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("1961-02-28", {"1961-02-28"}),
        ("1961-02", {"1961-02"}),
        ("1961", set()),
    ],
)
def test_a_year_of_birth_alone_is_no_identifier(born: str, expected: set[str]) -> None:
    assert {value for _, value, _ in found(case_of(patient(birthDate=born))).values()} == expected


def test_a_day_of_death_is_one() -> None:
    case = case_of(patient(deceasedDateTime="2021-05-06T07:08:09Z"))
    assert found(case) == {"patient.death": ("date", "2021-05-06", "patient")}


def test_contacts_and_related_persons_are_relatives() -> None:
    contact = {"name": {"family": "Foe"}, "telecom": [{"system": "phone", "value": "555-0102"}]}
    related = {"resourceType": "RelatedPerson", "patient": {"reference": "Patient/p1"}, "name": [{"family": "Goe"}]}
    subjects = Counter(subject for _, _, subject in found(case_of(patient(contact=[contact]), related)).values())
    assert subjects == {"relative": 3}


def test_a_relative_of_somebody_else_is_not_listed() -> None:
    related = {"resourceType": "RelatedPerson", "patient": {"reference": "Patient/p9"}, "name": [{"family": "Goe"}]}
    assert found(case_of(patient(), related)) == {}


def test_a_practitioner_is_a_provider_with_a_number_of_the_trade() -> None:
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Hoe"}],
              "identifier": [{"system": NPI_SYSTEM, "value": "9443193245"}]}  # fmt: skip
    case = case_of(patient(), doctor)
    assert found(case)["provider.number"] == ("license", "9443193245", "provider")
    assert {subject for _, _, subject in found(case).values()} == {"provider"}


def test_a_member_number_comes_from_the_coverage_of_the_patient() -> None:
    coverage = {
        "resourceType": "Coverage", "status": "active", "subscriberId": "S-77", "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"display": "x"}], "identifier": [{"value": "M-88"}],
    }  # fmt: skip
    case = case_of(patient(), coverage)
    assert case.input["member_id"] == "S-77"
    assert found(case)["patient.member_id2"] == ("plan", "M-88", "patient")


def test_one_value_is_listed_once_however_often_it_stands() -> None:
    case = case_of(
        patient(name=[{"family": "Roe"}, {"text": "Roe"}], telecom=[{"system": "phone", "value": "555-0101"}] * 3)
    )
    assert Counter(value for _, value, _ in found(case).values()) == {"Roe": 1, "555-0101": 1}


def test_one_letter_is_no_name_to_search_for() -> None:
    assert found(case_of(patient(name=[{"given": ["A"], "family": "Roe"}]))) == {
        "patient.name": ("name", "A Roe", "patient"), "patient.last": ("name", "Roe", "patient")
    }  # fmt: skip


def _claim(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Claim", "status": "active", "use": "preauthorization", "type": {"text": "x"},
        "patient": {"reference": "Patient/p1"}, "created": "2025-03-01T09:00:00Z", "provider": {"reference": "Practitioner/d"},
        "priority": {"coding": [{"code": "stat"}]}, "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "x"}}],
        **more,
    }  # fmt: skip


def test_a_request_for_authorization_becomes_fields() -> None:
    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": [{"system": NPI_SYSTEM, "value": "9443193245"}]}
    icd = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M17.11"}
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [icd]},
    }
    claim = _claim(
        item=[{"sequence": 1, "productOrService": {"coding": [{"code": "00073"}]}}],
        diagnosis=[{"sequence": 1, "diagnosisReference": {"reference": "Condition/c"}}],
    )
    sent = case_of(patient(), doctor, condition, claim).input
    assert {name: sent[name] for name in ("service_code", "diagnosis_codes", "urgency", "request_date", "ordering_npi")} == {
        "service_code": "00073", "diagnosis_codes": ["M17.11"], "urgency": "expedited", "request_date": "2025-03-01",
        "ordering_npi": "9443193245",
    }  # fmt: skip


def test_a_bill_is_no_request_for_authorization() -> None:
    case = case_of(patient(), _claim(use="claim"))
    assert "request_date" not in case.input
    assert case.purpose_of_use == "TREAT"


def test_codes_of_other_systems_are_no_diagnoses_of_ours() -> None:
    snomed = {"coding": [{"system": "http://snomed.info/sct", "code": "239873007"}]}
    claim = _claim(diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": snomed}])
    assert "diagnosis_codes" not in case_of(patient(), claim).input


def test_a_role_leads_to_its_practitioner() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/d"}}
    doctor = {"resourceType": "Practitioner", "id": "d", "identifier": [{"system": NPI_SYSTEM, "value": "9443193245"}]}
    case = case_of(patient(), role, doctor, _claim(provider={"reference": "PractitionerRole/r"}))
    assert case.input["ordering_npi"] == "9443193245"


SAID = {"extension": [{"url": "http://example.org/why", "valueString": "not told"}]}


@pytest.mark.parametrize("where", ["name", "contact"])
def test_a_name_with_an_extension_in_place_of_a_part_is_the_rest_of_it(where: str) -> None:
    name = {"given": [None, "Ann"], "_given": [SAID, None], "family": "Roe"}
    case = case_of(patient(**{where: [name] if where == "name" else [{"name": name}]}))
    assert {value for _, value, _ in found(case).values()} == {"Ann Roe", "Ann", "Roe"}
    assert {subject for _, _, subject in found(case).values()} == {"patient" if where == "name" else "relative"}


def test_an_element_that_is_an_extension_only_names_nobody() -> None:
    silent = patient(
        name=[{"_family": SAID}],
        identifier=[{"_value": SAID}],
        address=[{"line": [None], "_line": [SAID]}],
        telecom=[{"system": "phone", "_value": SAID}],
        _birthDate=SAID,
    )
    assert found(case_of(silent)) == {}
