"""What callers are promised: JSON Schema 2020-12 and OpenAPI 3.1, made from the same models that check."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from evalkit.spec.contract import json_schema, openapi
from evalkit.spec.schema import Echo, Spec
from evalkit.spec.shapes import input_model, request_model, response_model


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(entry) for entry in value.values()))
    return set().union(*(references(entry) for entry in value)) if isinstance(value, list) else set()


def test_both_schemas_name_their_dialect_and_the_version(spec: Spec) -> None:
    schemas = json_schema(spec)
    assert set(schemas) == {"request", "response"}
    for part, schema in schemas.items():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"urn:evalkit:wound_care:1.2.0:{part}"


def test_every_object_of_the_schemas_is_closed(spec: Spec) -> None:
    for schema in json_schema(spec).values():
        for part in (schema, *schema["$defs"].values()):
            if part.get("type") == "object":
                assert part["additionalProperties"] is False, part["title"]


def test_the_request_schema_says_what_the_spec_declares(spec: Spec) -> None:
    schema = json_schema(spec)["request"]["$defs"]["Input"]
    assert set(schema["properties"]) == set(spec.input)
    assert set(schema["required"]) == {name for name, field in spec.input.items() if field.required}
    assert schema["properties"]["visit_date"]["format"] == "date"
    assert schema["properties"]["note_text"]["maxLength"] == 5000
    assert schema["properties"]["setting"]["enum"] == ["clinic", "home"]


def test_the_response_schema_says_which_identifiers_a_field_may_repeat(spec: Spec) -> None:
    echo = (
        Echo(field="summary", needle="patient.name", reason="a letter"),
        Echo(field="summary", needle="patient.member_id", reason="a letter"),
        Echo(field="lines.dressing", needle="patient.mrn", reason="a label"),
    )
    necessary = spec.minimum_necessary.model_copy(update={"echo": echo})
    defined = json_schema(replace(spec, minimum_necessary=necessary, content_sha="9" * 64))["response"]["$defs"]
    assert defined["Output"]["properties"]["summary"]["x-may-repeat"] == ["patient.member_id", "patient.name"]
    assert defined["LinesEntry"]["properties"]["dressing"]["x-may-repeat"] == ["patient.mrn"]
    assert set(defined["LinesEntry"]["required"]) == set(spec.output["lines"].item or {})
    assert "x-may-repeat" not in json.dumps(json_schema(spec))


def test_the_response_schema_knows_every_refusal(spec: Spec) -> None:
    codes = json_schema(spec)["response"]["$defs"]["Refusal"]["properties"]["code"]["enum"]
    assert set(codes) == {rule.code for rule in spec.refuse} | {
        "SCHEMA_INVALID",
        "FIELD_NOT_PERMITTED",
        "PURPOSE_NOT_PERMITTED",
    }


def test_a_span_may_point_only_at_what_a_model_saw(spec: Spec) -> None:
    pattern = json_schema(spec)["response"]["$defs"]["Span"]["properties"]["field"]["pattern"]
    assert "note_text" in pattern
    assert "patient_mrn" not in pattern
    assert "patient_dob" not in pattern


def test_openapi_has_one_operation_and_no_dangling_reference(spec: Spec) -> None:
    document = openapi(spec)
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]) == ["/wound_care"]
    assert set(document["paths"]["/wound_care"]) == {"post"}
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= known
    assert {"Request", "Response", "Error"} <= set(document["components"]["schemas"])


def test_both_are_plain_json_and_the_same_every_time(spec: Spec) -> None:
    for make in (json_schema, openapi):
        assert json.dumps(make(spec)) == json.dumps(make(spec))
        assert json.loads(json.dumps(make(spec))) == make(spec)


def test_models_are_built_once_for_a_spec(spec: Spec) -> None:
    assert request_model(spec) is request_model(spec)
    assert input_model(spec) is input_model(spec)


def test_the_response_model_takes_a_refusal_and_an_answer(spec: Spec) -> None:
    model = response_model(spec)
    refused = {"status": "refused", "refusal": {"code": "MRN_INVALID", "field": "patient_mrn"}}
    assert model.model_validate(refused)
    answered = {"status": "ok", "output": {"lines": [], "confidence": 1.0}, "trace": ["Dressings/foam"]}
    assert model.model_validate_json(json.dumps(answered))
