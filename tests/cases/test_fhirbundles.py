"""Bundles from cases: what the caller sends, without the answer, and the same bytes each time."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest

from evalkit.cases.case import Case
from evalkit.cases.fhir import format_fhir
from evalkit.cases.fhirbundles import bundle_of
from evalkit.cases.fhirshapes import find_flaws
from evalkit.phi.identifiers import Identifier
from evalkit.tasks import load_spec, synthesize
from evalkit.tasks.prior_authorization.scenarios import make_case


def resources(case: Case) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle_of(case)["entry"]]


def test_a_case_gives_the_same_bytes_and_no_flaw_each_time() -> None:
    case = make_case(7, 3)
    assert format_fhir(bundle_of(case)) == format_fhir(bundle_of(make_case(7, 3)))
    assert find_flaws(bundle_of(case)) == ()


def test_every_reference_leads_to_an_entry() -> None:
    for index in range(20):
        bundle = bundle_of(make_case(7, index))
        urls = {entry["fullUrl"] for entry in bundle["entry"]}
        assert len(urls) == len(bundle["entry"])
        text = json.dumps(bundle)
        used = {part.split('"')[0] for part in text.split('"reference": "')[1:]}
        assert used <= urls


def test_every_text_is_there_to_the_letter() -> None:
    case = make_case(7, 5)
    texts = [
        base64.b64decode(one["content"][0]["attachment"]["data"]).decode()
        for one in resources(case)
        if one["resourceType"] == "DocumentReference"
    ]
    assert texts == [note["text"] for note in case.input["chart_notes"]]


def test_the_answer_stays_out() -> None:
    for index in range(30):
        case = make_case(7, index)
        text = format_fhir(bundle_of(case)).decode()
        assert not any(word in text for word in ("refer_to_clinician", "not_met", "edge:", '"gold"'))


def test_a_request_for_authorization_is_a_claim_and_another_is_none() -> None:
    kinds = Counter(one["resourceType"] for one in resources(make_case(7, 0)))
    assert kinds["Claim"] == 1
    billing = synthesize(load_spec("billing_codes"), n=20, seed=7)
    for case in billing:
        made = Counter(one["resourceType"] for one in resources(case))
        assert (made["Claim"], made["Patient"]) == (0, 1)
        assert made["DocumentReference"] >= 1
        assert find_flaws(bundle_of(case)) == ()


def test_a_case_without_anything_is_still_fhir() -> None:
    assert find_flaws(bundle_of(Case("x/y z", "any", {}, {}, {}))) == ()


def test_numbers_truths_and_lists_keep_their_types() -> None:
    case = Case("c", "any", {"n": 3, "x": 0.5, "yes": True, "codes": ["A"], "none": None, "day": "2025-01-02"}, {}, {})
    form = next(one for one in resources(case) if one["resourceType"] == "QuestionnaireResponse")
    assert {item["linkId"]: item["answer"][0] for item in form["item"]} == {
        "n": {"valueInteger": 3}, "x": {"valueDecimal": 0.5}, "yes": {"valueBoolean": True},
        "codes[]": {"valueString": "A"}, "day": {"valueDate": "2025-01-02"},
    }  # fmt: skip
    assert find_flaws(bundle_of(case)) == ()


def planted(*identifiers: Identifier, **input: Any) -> dict[str, dict[str, Any]]:
    """The resources of a case by id."""
    return {one["id"]: one for one in resources(Case("c", "any", input, {}, {}, identifiers=identifiers))}


def patients(subject: str = "patient") -> tuple[Identifier, ...]:
    values = {"name": "Quillan Ostrander", "first": "Quillan", "last": "Ostrander"}
    names = [Identifier(f"{subject}.{part}", "name", value, subject) for part, value in values.items()]  # type: ignore[arg-type]
    phone = Identifier(f"{subject}.phone", "phone", "802-555-0101", subject)  # type: ignore[arg-type]
    return (*names, phone)


def test_a_patient_has_what_was_planted_at_its_element() -> None:
    patient = planted(
        *patients(),
        Identifier("patient.mrn", "mrn", "MRN10000008"),
        Identifier("mrn.sent", "mrn", "MRN10000008"),
        Identifier("patient.ssn", "ssn", "900-11-0001"),
        Identifier("patient.email", "email", "q@example.org"),
        Identifier("patient.dob", "date", "1931-03-09"),
        Identifier("patient.street", "geo", "1 Zyx Way"),
        Identifier("patient.zip", "geo", "05401"),
    )["patient"]
    codes = {one["type"]["coding"][0]["code"]: one["value"] for one in patient["identifier"]}
    assert codes == {"MR": "MRN10000008", "SS": "900-11-0001"}
    assert len(patient["identifier"]) == 2
    assert patient["name"] == [{"text": "Quillan Ostrander", "family": "Ostrander", "given": ["Quillan"]}]
    assert patient["telecom"] == [{"system": "phone", "value": "802-555-0101"},
                                  {"system": "email", "value": "q@example.org"}]  # fmt: skip
    assert patient["birthDate"] == "1931-03-09"
    assert patient["address"] == [{"line": ["1 Zyx Way"], "postalCode": "05401"}]


def test_what_was_not_planted_is_left_out_and_an_age_is_no_date_of_birth() -> None:
    assert planted()["patient"] == {"resourceType": "Patient", "id": "patient"}
    assert "birthDate" not in planted(Identifier("patient.dob", "date", "94"))["patient"]


def test_a_relative_is_a_person_of_its_own_only_where_one_is_known() -> None:
    assert "relative" not in planted(*patients())
    found = planted(*patients("relative"))
    assert found["relative"]["name"][0]["family"] == "Ostrander"
    assert found["relative"]["patient"] == found["coverage"]["beneficiary"]
    assert "identifier" not in found["relative"]
    assert "name" not in found["patient"]


def test_a_provider_has_the_number_that_the_request_sends() -> None:
    doctor = Identifier("provider.name", "name", "Dr. Vosk", "provider")
    for field in ("ordering_npi", "rendering_npi"):
        found = planted(doctor, **{field: "9000000019"})["provider"]
        assert (found["identifier"][0]["value"], found["name"][0]["text"]) == ("9000000019", "Dr. Vosk")
    assert "identifier" not in planted(doctor)["provider"]


def test_a_member_number_of_the_request_comes_before_the_planted_one() -> None:
    plan = Identifier("patient.member_id", "plan", "ZZT100000004")
    assert planted(plan, member_id="ZZT9")["coverage"]["subscriberId"] == "ZZT9"
    assert planted(plan)["coverage"]["subscriberId"] == "ZZT100000004"
    assert "subscriberId" not in planted()["coverage"]


@pytest.mark.parametrize(
    ("urgency", "side", "code", "site"),
    [("expedited", "left", "stat", {"text": "left"}), ("standard", "none", "normal", None), (None, None, "normal", None)],
)  # fmt: skip
def test_a_claim_says_how_urgent_it_is_and_of_which_side(urgency: Any, side: Any, code: str, site: Any) -> None:
    sent = {"service_code": "00072", "request_date": "2025-03-04", "diagnosis_codes": ["M54.5", "I10"]}
    claim = planted(**sent, urgency=urgency, side=side)["claim"]
    assert claim["priority"]["coding"][0]["code"] == code
    assert claim["item"][0].get("bodySite") == site
    numbered = [(one["sequence"], one["diagnosisCodeableConcept"]["coding"][0]["code"]) for one in claim["diagnosis"]]
    assert numbered == [(1, "M54.5"), (2, "I10")]
    assert "claim" not in planted(service_code="00072")


@pytest.mark.parametrize(("text", "document"), [("x" * 200, False), ("x" * 201, True), ("a\nb", True)])
def test_a_text_that_is_long_or_has_lines_is_a_document(text: str, document: bool) -> None:
    found = planted(some_text=text)
    assert ("some-text" in found) == document
    assert ("item" in found["request"]) == (not document)


def test_a_note_keeps_its_id_its_day_and_its_number() -> None:
    note = {"doc_id": "note 1/x", "date": "2025-03-04", "type": "letter", "text": "Žluť.", "mrn": "MRN10000008"}
    found = planted(chart_notes=[note, {"text": "Bare."}])
    first, second = found["note-1-x"], found["chart-notes-2"]
    assert (first["date"], first["type"], first["identifier"][0]["value"]) == (
        "2025-03-04T00:00:00Z", {"text": "letter"}, "MRN10000008",
    )  # fmt: skip
    assert base64.b64decode(first["content"][0]["attachment"]["data"]).decode() == "Žluť."
    assert set(second) & {"date", "identifier"} == set()
    assert second["type"] == {"text": "note"}


def test_ids_that_fhir_does_not_take_are_spelled_out_or_hashed() -> None:
    short, long = (bundle_of(Case(id, "any", {}, {}, {}))["id"] for id in ("a_b c/é.1-2", "x" * 65))
    assert short == "a-b-c--.1-2"
    assert len(long) == 64
    assert long != "x" * 64
    assert bundle_of(Case("x" * 64, "any", {}, {}, {}))["id"] == "x" * 64
