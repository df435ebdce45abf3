"""The shapes of FHIR R4, with fhir.resources as the oracle: what one refuses the other refuses."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.fhirbundles import bundle_of
from evalkit.cases.fhirshapes import MOST_FLAWS, UNDECLARED, find_flaws, resource_types, shapes
from evalkit.tasks.prior_authorization.scenarios import make_case

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "birthDate": "1961-02-28"}


def places(resource: Any) -> list[str]:
    return [flaw.place for flaw in find_flaws(resource)]


def test_the_resources_of_charts_claims_and_questionnaires_are_known() -> None:
    wanted = {"Patient", "Bundle", "Observation", "Condition", "Claim", "ClaimResponse", "DocumentReference", "Coverage",
              "Questionnaire", "QuestionnaireResponse", "ServiceRequest", "MedicationRequest", "Encounter"}  # fmt: skip
    assert wanted <= set(resource_types())
    assert len(resource_types()) == 70


def test_every_type_that_an_element_has_is_known_or_a_primitive() -> None:
    from evalkit.cases.fhirshapes import _PRIMITIVES

    for shape in shapes().values():
        for element in shape.elements.values():
            assert element.type in _PRIMITIVES or element.type in shapes(), element


@pytest.mark.parametrize(
    "resource",
    [
        PATIENT,
        {**PATIENT, "birthDate": "1961"},
        {**PATIENT, "birthDate": "1961-02"},
        {"resourceType": "Patient", "_birthDate": {"extension": [{"url": "http://x.test", "valueCode": "unknown"}]}},
        {**PATIENT, "name": [{"given": ["Ann", None], "_given": [None, {"id": "g2"}]}]},
        {**PATIENT, "deceasedBoolean": False},
        {**PATIENT, "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]},
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "valueQuantity": {"value": Decimal("1.0")},
        },
        {"resourceType": "Observation", "_status": {"id": "s"}, "code": {"text": "x"}},
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Parameters", "parameter": [{"name": "a", "valueInteger": 3}]},
    ],
)
def test_what_is_fhir_has_no_flaw(resource: dict[str, Any]) -> None:
    assert find_flaws(resource) == ()


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ([], "document"),
        ({}, "resourceType"),
        ({"resourceType": "Person of interest"}, "resourceType"),
        ({"resourceType": ["Patient"]}, "resourceType"),
        ({"resourceType": "DomainResource"}, "resourceType"),
        ({"resourceType": "HumanName"}, "resourceType"),
        ({**PATIENT, "ssn": "912-34-5678"}, f"Patient.{UNDECLARED}"),
        ({**PATIENT, "name": {"family": "x"}}, "Patient.name"),
        ({**PATIENT, "name": []}, "Patient.name"),
        ({**PATIENT, "name": [None]}, "Patient.name[0]"),
        ({**PATIENT, "name": [{}]}, "Patient.name[0]"),
        ({**PATIENT, "name": [{"family": ""}]}, "Patient.name[0].family"),
        ({**PATIENT, "name": [{"given": [None]}]}, "Patient.name[0].given[0]"),
        ({**PATIENT, "birthDate": "1961-02-30"}, "Patient.birthDate"),
        ({**PATIENT, "birthDate": "02/28/1961"}, "Patient.birthDate"),
        ({**PATIENT, "birthDate": "1961-02-28T10:00:00Z"}, "Patient.birthDate"),
        ({**PATIENT, "birthDate": None}, "Patient.birthDate"),
        ({**PATIENT, "active": "true"}, "Patient.active"),
        ({**PATIENT, "id": "with space"}, "Patient.id"),
        ({**PATIENT, "id": "x" * 65}, "Patient.id"),
        ({**PATIENT, "deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient.deceased[x]"),
        ({**PATIENT, "_name": {"id": "x"}}, f"Patient.{UNDECLARED}"),
        ({**PATIENT, "_birthDate": []}, "Patient._birthDate"),
        ({**PATIENT, "photo": [{"data": "not base64!"}]}, "Patient.photo[0].data"),
        ({**PATIENT, "multipleBirthInteger": 2.0}, "Patient.multipleBirthInteger"),
        ({**PATIENT, "multipleBirthInteger": True}, "Patient.multipleBirthInteger"),
        ({**PATIENT, "text": {"status": "generated", "div": "<p>x</p>"}}, "Patient.text.div"),
        ({"resourceType": "Observation", "status": "final"}, "Observation.code"),
        ({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "X"}}]},
         "Bundle.entry[0].resource.resourceType"),
        ({"resourceType": "Bundle", "type": "collection", "total": -1}, "Bundle.total"),
        ({"resourceType": "Bundle", "type": "collection", "timestamp": "2020-01-01"}, "Bundle.timestamp"),
    ],
)  # fmt: skip
def test_what_is_none_has_a_flaw_at_its_place(resource: Any, place: str) -> None:
    assert places(resource)[:1] == [place]


def test_a_missing_required_choice_is_named_by_its_group() -> None:
    claim = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": "x"}}
    assert places(claim) == ["MedicationRequest.medication[x]"]


def test_no_flaw_shows_a_value_or_an_unknown_key() -> None:
    odd = {**PATIENT, "Jane Roe": "912-34-5678", "birthDate": "Jane Roe", "name": [{"Roe": 1, "family": 912345678}]}
    shown = " ".join(f"{flaw.place} {flaw.what}" for flaw in find_flaws(odd))
    assert not re.search(r"Roe|912", shown)


def test_flaws_are_counted_up_to_a_bound() -> None:
    assert len(find_flaws({**PATIENT, "name": [{}] * 500})) == MOST_FLAWS


def test_nesting_without_end_is_refused_before_it_costs() -> None:
    extension: dict[str, Any] = {"url": "http://x.test"}
    for _ in range(400):
        extension = {"url": "http://x.test", "extension": [extension]}
    assert any(flaw.what == "nested too deeply" for flaw in find_flaws({**PATIENT, "extension": [extension]}))


def _oracle(resource: dict[str, Any]) -> bool:
    """Does fhir.resources take it?"""
    from importlib import import_module

    from pydantic import ValidationError

    module = import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
    try:
        getattr(module, resource["resourceType"]).model_validate(resource)
    except (ValidationError, TypeError, ValueError):
        return False
    return True


def test_bundles_out_are_fhir_for_us_and_for_fhir_resources() -> None:
    for index in range(0, 400, 40):
        bundle = bundle_of(make_case(7, index))
        assert find_flaws(bundle) == ()
        assert _oracle(json.loads(json.dumps(bundle)))


BUNDLE = json.dumps(bundle_of(make_case(7, 0)))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        found += _paths(entry, (*path, key))
    return found


PATHS = [path for path in _paths(json.loads(BUNDLE)) if path[-1] != "resourceType"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), st.sampled_from(["drop", "null", "wrap", "number", "object", "extra"]))
def test_a_spoilt_bundle_is_judged_as_fhir_resources_judges_it(path: tuple[Any, ...], how: str) -> None:
    """Where the oracle refuses, so do we; we refuse more (null, empty objects), never less."""
    spoilt = json.loads(BUNDLE)
    owner = spoilt
    for step in path[:-1]:
        owner = owner[step]
    key = path[-1]
    if how == "drop":
        del owner[key]
    elif how == "extra" and isinstance(owner[key], dict):
        owner[key]["notInTheStandard"] = 1
    else:
        owner[key] = {"null": None, "wrap": [owner[key]], "number": 17, "object": {"a": {}}}.get(how, owner[key])
    if not _oracle(json.loads(json.dumps(spoilt))):
        assert find_flaws(spoilt) != ()


def test_the_invalid_files_of_da_vinci_are_exactly_those_that_fhir_resources_refuses(shared_data: Path) -> None:
    ours, theirs = set(), set()
    for file in sorted((shared_data / "davinci").glob("*.json")):
        resource = json.loads(file.read_text(encoding="utf-8"))
        if find_flaws(resource):
            ours.add(file.name)
        if "resourceType" not in resource or not _oracle(resource):
            theirs.add(file.name)
    assert ours == theirs
    assert len(ours) == 6
