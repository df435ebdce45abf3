"""Cases from FHIR: whose resource is whose, every identifier found again, nothing made up, nothing in clear by mistake."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.cases.fhir import Document, parse_fhir, read_fhir
from evalkit.cases.fhirbundles import bundle_of
from evalkit.cases.fhircases import Given, cases_of
from evalkit.cases.goldset import case_from_json, case_to_json, cases_to_jsonl
from evalkit.errors import CaseError
from evalkit.tasks.prior_authorization.scenarios import make_case

NOTE = "Ann Roe (A-77) called from 555-0101. Her son Tom Roe was there. Roe and roe differ."


def patient(id: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": id, "birthDate": "1961-02-28",
        "name": [{"given": ["Ann"], "family": "Roe"}],
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "A-77"}],
        "telecom": [{"system": "phone", "value": "555-0101"}],
        "contact": [{"name": {"given": ["Tom"], "family": "Roe"}}],
        **more,
    }  # fmt: skip


def note(subject: str = "Patient/p1", text: str = NOTE, **more: Any) -> dict[str, Any]:
    attachment = {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}
    return {"resourceType": "DocumentReference", "status": "current", "date": "2025-03-01T10:00:00Z",
            "subject": {"reference": subject}, "content": [{"attachment": attachment}], **more}  # fmt: skip


def bundle(*resources: dict[str, Any]) -> Document:
    entries = [{"resource": resource} for resource in resources]
    return parse_fhir(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), where="b")


def single(*resources: dict[str, Any]) -> list[Document]:
    return [parse_fhir(json.dumps(resource), where="r") for resource in resources]


def test_a_patient_becomes_a_case_with_every_identifier_at_its_place() -> None:
    case = cases_of([bundle(patient(), note())], name="t", data_class="synthetic")[0]
    assert case.input["chart_notes"][0]["date"] == "2025-03-01"
    found = sorted(
        (start, needle)
        for field, start, needle in zip(case.spans.field, case.spans.start, case.spans.needle_id, strict=True)
        if field == "chart_notes[0].text"
    )
    assert found == [(0, "patient.name"), (9, "patient.mrn"), (27, "patient.phone"), (45, "relative.name"),
                     (64, "patient.last")]  # fmt: skip
    values = {known.needle_id: known.value for known in case.identifiers}
    for field, start, end, needle in zip(
        case.spans.field, case.spans.start, case.spans.end, case.spans.needle_id, strict=True
    ):
        text = case.text_of(field)
        assert text is not None
        assert text[start:end] == values[needle]
    assert {"patient_dob", "patient_mrn", "chart_notes[0].mrn"} <= set(case.spans.field)


def test_resources_of_another_patient_stay_with_that_patient() -> None:
    two = bundle(patient(), patient("p2", name=[{"text": "Bo Doe"}]), note(), note("Patient/p2", "Bo Doe was seen."))
    gold = cases_of([two], name="t", data_class="synthetic")
    assert [case.case_id for case in gold] == ["fhir-t-0001", "fhir-t-0002"]
    assert [len(case.input["chart_notes"]) for case in gold] == [1, 1]
    assert "patient.name" in gold[1].spans.needle_id


def test_files_of_a_bulk_export_are_read_as_one_set() -> None:
    gold = cases_of(single(note(), patient()), name="t", data_class="synthetic")
    assert len(gold[0].input["chart_notes"]) == 1


def test_a_full_url_is_a_reference_too() -> None:
    entries = [{"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": patient()},
               {"resource": note("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")}]  # fmt: skip
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    assert len(cases_of([parse_fhir(text, where="b")], name="t", data_class="synthetic")[0].input["chart_notes"]) == 1


def test_what_no_resource_says_is_not_made_up() -> None:
    case = cases_of([bundle(patient())], name="t", data_class="synthetic")[0]
    assert (case.flags, case.gold, case.refusal) == ({}, {}, None)
    assert set(case.input) == {"patient_mrn", "patient_dob", "chart_notes"}
    assert "ungraded" in case.tags


def test_what_the_importer_gives_fills_gaps_and_overrides_nothing() -> None:
    given = Given({"patient_mrn": "other", "side": "none"}, {"release_covers_payment": True})
    case = cases_of([bundle(patient())], name="t", given=given, data_class="synthetic")[0]
    assert (case.input["patient_mrn"], case.input["side"]) == ("A-77", "none")
    assert case.flags == {"release_covers_payment": True}


@pytest.mark.parametrize("odd", [
    {"date": None}, {"content": [{"attachment": {"contentType": "application/pdf", "data": "JVBERg=="}}]},
    {"content": [{"attachment": {"contentType": "text/plain", "data": "/w=="}}]},
    {"content": [{"attachment": {"contentType": "text/plain", "url": "https://example.org/x"}}]},
])  # fmt: skip
def test_a_document_without_a_day_or_a_readable_text_is_left_out(odd: dict[str, Any]) -> None:
    made = {key: value for key, value in note(**odd).items() if value is not None}
    assert cases_of([bundle(patient(), made)], name="t", data_class="synthetic")[0].input["chart_notes"] == []


def test_data_that_names_people_is_not_taken_for_de_identified() -> None:
    with pytest.raises(CaseError, match=r"holds \d+ identifiers of patients in \d categories") as refused:
        cases_of([bundle(patient())], name="t", data_class="deidentified")
    assert "Roe" not in str(refused.value)
    bare = {"resourceType": "Patient", "id": "p1", "birthDate": "1961"}
    assert len(cases_of([bundle(bare)], name="t", data_class="deidentified")) == 1


def test_cases_with_phi_are_made_and_never_written() -> None:
    gold = cases_of([bundle(patient())], name="t", data_class="phi")
    with pytest.raises(CaseError, match="never written in clear"):
        cases_to_jsonl(gold)


def test_without_a_patient_there_is_no_case() -> None:
    with pytest.raises(CaseError, match="no Patient"):
        cases_of(single(note()), name="t", data_class="synthetic")


def test_a_case_shows_no_value() -> None:
    case = cases_of([bundle(patient(), note())], name="t", data_class="synthetic")[0]
    assert "Roe" not in repr(case)
    assert "Roe" not in repr(Given({"patient_name": "Roe"}))


@pytest.mark.parametrize(
    ("action", "decision"), [("A1", "approve"), ("A4", "pend"), ("A3", "refer_to_clinician"), ("A6", None)]
)
def test_a_payer_s_answer_is_the_gold_decision_and_a_denial_is_a_clinician_s(action: str, decision: str | None) -> None:
    url = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction"
    response = {
        "resourceType": "ClaimResponse", "status": "active", "type": {"text": "x"}, "use": "preauthorization",
        "patient": {"reference": "Patient/p1"}, "created": "2025-03-01", "insurer": {"display": "x"},
        "outcome": "complete", "extension": [{"url": url, "valueCode": action}],
    }  # fmt: skip
    case = cases_of([bundle(patient(), response)], name="t", data_class="synthetic")[0]
    assert case.gold.get("decision") == decision


def test_our_own_bundles_come_back_with_every_field_and_flag() -> None:
    for index in range(40):
        case = make_case(7, index)
        document = parse_fhir(json.dumps(bundle_of(case)), where="b")
        back = cases_of([document], name="t", data_class="synthetic")[0]
        assert back.flags == case.flags
        assert {key: back.input[key] for key in case.input if key != "chart_notes"} == {
            key: case.input[key] for key in case.input if key != "chart_notes"
        }
        for kept, sent in zip(back.input["chart_notes"], case.input["chart_notes"], strict=True):
            assert (kept["text"], kept["date"], kept["type"]) == (sent["text"], sent["date"], sent["type"])


@pytest.mark.parametrize(
    ("folder", "cases", "notes", "graded"), [("synthea", 22, 325, 0), ("davinci", 10, 16, 5), ("us_core", 1, 0, 0)]
)
def test_public_files_become_cases(shared_data: Path, folder: str, cases: int, notes: int, graded: int) -> None:
    documents, _ = read_fhir(shared_data / folder)
    gold = cases_of(documents, name=folder, data_class="synthetic")
    assert len(gold) == cases
    assert sum(len(case.input["chart_notes"]) for case in gold) == notes
    assert sum("graded" in case.tags for case in gold) == graded
    for case in gold:
        assert case_from_json(case_to_json(case)).digest == case.digest


def test_observations_beside_a_request_come_as_data_without_names(shared_data: Path) -> None:
    documents, _ = read_fhir(shared_data / "davinci")
    notes = [
        note for case in cases_of(documents, name="d", data_class="synthetic") for note in case.input["chart_notes"]
    ]
    assert {note["type"] for note in notes} == {"Observation"}
    assert not [note for note in notes if {"subject", "performer", "note"} & json.loads(note["text"]).keys()]
    assert all({"code", "status"} <= json.loads(note["text"]).keys() for note in notes)
