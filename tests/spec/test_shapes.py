"""The contract as pydantic models: strict, closed, and built from the declared fields alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from evalkit.spec.schema import InputField, OutputField, Spec
from evalkit.spec.shapes import (
    CONTRACT_CODES,
    NOTE_KEYS,
    Note,
    input_model,
    output_model,
    request_model,
    response_model,
    span_model,
)


def fits(model: type[BaseModel], value: Any) -> bool:
    try:
        model.model_validate(value)
    except ValidationError:
        return False
    return True


@pytest.fixture
def takes(spec: Spec) -> Callable[..., bool]:
    """Whether an input field of a kind takes a value."""

    def check(value: Any, **declared: Any) -> bool:
        model = input_model(replace(spec, content_sha=repr(declared), input={"x": InputField(**declared)}))
        return fits(model, {"x": value})

    return check


@pytest.fixture
def gives(spec: Spec) -> Callable[..., bool]:
    """Whether an output field of a kind may hold a value."""

    def check(value: Any, **declared: Any) -> bool:
        model = output_model(replace(spec, content_sha=repr(declared), output={"x": OutputField(**declared)}))
        return fits(model, {"x": value})

    return check


NOTE = {"date": "2026-07-01", "text": "seen"}


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("string", ["", "a", "é"], [1, None, b"a", "a\x00", ["a"]]),
        ("date", ["2026-07-01", "2024-02-29"], ["2026-02-30", "2026-7-1", "01/07/2026", 20260701, ""]),
        ("boolean", [True, False], [0, 1, "true", None]),
        ("integer", [0, -3], [True, 1.0, "1", None]),
        ("number", [0, 1.5], [float("nan"), float("inf"), "1", True, None]),
        ("list[string]", [[], ["a", "b"]], ["a", [1], [None], ["\x00"]]),
        ("list[note]", [[], [NOTE], [{**NOTE, "mrn": "M1"}]], [NOTE, [{}], [{**NOTE, "author": "x"}], ["seen"]]),
    ],
)
def test_an_input_takes_its_type_and_nothing_like_it(
    takes: Callable[..., bool], type_: str, good: list[Any], bad: list[Any]
) -> None:
    assert [value for value in good if not takes(value, type=type_, required=True)] == []
    assert [value for value in bad if takes(value, type=type_, required=True)] == []


def test_an_enum_takes_its_own_words_only(takes: Callable[..., bool]) -> None:
    found = [word for word in ("home", "Home", "home ", "") if takes(word, type="enum", values=("clinic", "home"))]
    assert found == ["home"]


@pytest.mark.parametrize(
    ("type_", "fitting", "longer"),
    [
        ("string", "abc", "abcd"),
        ("list[string]", ["abc", "abc"], ["abc", "abcd"]),
        ("list[note]", [{**NOTE, "text": "abc"}], [{**NOTE, "text": "abcd"}]),
    ],
)
def test_a_limit_counts_the_characters_of_each_text(
    takes: Callable[..., bool], type_: str, fitting: Any, longer: Any
) -> None:
    assert takes(fitting, type=type_, max_chars=3)
    assert not takes(longer, type=type_, max_chars=3)


@pytest.mark.parametrize(("required", "fine"), [(True, False), (False, True)])
def test_only_a_field_that_is_not_required_may_be_null(takes: Callable[..., bool], required: bool, fine: bool) -> None:
    assert takes(None, type="string", required=required) is fine


def test_an_input_has_the_declared_fields_in_their_order(spec: Spec) -> None:
    assert list(input_model(spec).model_fields) == list(spec.input)


@pytest.mark.parametrize("build", [input_model, output_model, request_model, response_model, span_model])
def test_a_model_is_strict_closed_and_frozen(spec: Spec, build: Callable[[Spec], type[BaseModel]]) -> None:
    config = build(spec).model_config
    assert (config.get("strict"), config.get("extra"), config.get("frozen")) == (True, "forbid", True)


@pytest.mark.parametrize("build", [input_model, output_model, request_model, response_model, span_model])
def test_a_model_is_built_once(spec: Spec, build: Callable[[Spec], type[BaseModel]]) -> None:
    assert build(spec) is build(replace(spec))


def test_a_note_holds_the_keys_that_are_told() -> None:
    assert tuple(Note.model_fields) == NOTE_KEYS


# -------------------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        ({"type": "number", "min": 0, "max": 1}, [0, 0.5, 1], [-0.1, 1.1, "0.5", True]),
        ({"type": "integer", "min": 1}, [1, 99], [0, 1.0]),
        ({"type": "enum", "values": ("met", "not_met")}, ["met"], ["unmet", ""]),
        ({"type": "list", "item": {"n": "integer"}}, [[], [{"n": 1}]], [[{}], [{"n": "1"}], [{"n": 1, "m": 1}]]),
        ({"type": "list", "item": {"n": "big|small"}}, [[{"n": "big"}]], [[{"n": "big|small"}], [{"n": None}]]),
        ({"type": "list[span]"}, [[], [{"field": "note_text", "start": 0, "end": 1}]], [["note_text"], [{}]]),
        ({"type": "string", "required": False}, ["", None], [1]),
        ({"type": "date"}, ["2026-07-01"], ["today"]),
    ],
)
def test_an_output_holds_its_type_and_nothing_like_it(
    gives: Callable[..., bool], declared: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    assert [value for value in good if not gives(value, **declared)] == []
    assert [value for value in bad if gives(value, **declared)] == []


@pytest.mark.parametrize(
    ("field", "fine"),
    [
        ("note_text", True),
        ("chart_notes[0].text", True),
        ("chart_notes[12]", True),
        ("patient_mrn", False),
        ("patient_dob", False),
        ("age_years", False),
        ("note_text.text", False),
        ("note_texts", False),
        ("chart_notes[-1]", False),
        ("chart_notes[0].mrn", False),
        ("note_text\n", False),
        ("", False),
    ],
)
def test_evidence_lies_in_what_a_model_saw(spec: Spec, field: str, fine: bool) -> None:
    assert fits(span_model(spec), {"field": field, "start": 0, "end": 1}) is fine


@pytest.mark.parametrize(("start", "end", "fine"), [(0, 1, True), (-1, 1, False), (0, 0, False), (0.0, 1, False)])
def test_a_span_counts_from_zero(spec: Spec, start: Any, end: Any, fine: bool) -> None:
    assert fits(span_model(spec), {"field": "note_text", "start": start, "end": end}) is fine


# ---------------------------------------------------------------------------------------------- request and reply

INPUT = {
    "note_text": "seen",
    "visit_date": "2026-07-01",
    "patient_dob": "1950-01-01",
    "patient_mrn": "M1",
    "setting": "home",
}


def test_a_request_takes_from_its_spec_what_it_does_not_say(spec: Spec) -> None:
    request: Any = request_model(spec).model_validate({"request_id": "r1", "input": INPUT})
    assert (request.spec_ref, request.actor, request.purpose_of_use, request.flags) == (
        None, "svc:evalkit", "TREAT", {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "fine"),
    [
        ({"spec_ref": "wound_care@1.2.0"}, True),
        ({"spec_ref": "wound_care@1.1.0"}, False),
        ({"request_id": ""}, False),
        ({"request_id": "r" * 200}, True),
        ({"request_id": "r" * 201}, False),
        ({"purpose_of_use": "treat"}, False),
        ({"flags": {"consent": True}}, True),
        ({"flags": {"consent": 1}}, False),
        ({"flags": {"Consent": True}}, False),
        ({"flags": {f"f{number}": True for number in range(64)}}, True),
        ({"flags": {f"f{number}": True for number in range(65)}}, False),
        ({"trial": 1}, False),
    ],
)
def test_an_envelope_is_as_narrow_as_it_says(spec: Spec, keys: dict[str, Any], fine: bool) -> None:
    assert fits(request_model(spec), {"request_id": "r1", "input": INPUT, **keys}) is fine


@pytest.mark.parametrize("code", ["CONSENT_MISSING", "FIELD_NOT_PERMITTED", *CONTRACT_CODES])
def test_a_reply_refuses_with_a_code_of_the_spec_or_the_contract(spec: Spec, code: str) -> None:
    assert fits(response_model(spec), {"status": "refused", "refusal": {"code": code}})


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"status": "fine"},
        {"status": "refused", "refusal": {"code": "TIRED"}},
        {"status": "refused", "refusal": {"code": "MRN_INVALID", "value": "x"}},
        {"status": "ok", "confidence": 1.01},
        {"status": "ok", "confidence": -0.01},
        {"status": "ok", "usage": {"model_calls": -1}},
        {"status": "ok", "usage": {"cost_usd": float("inf")}},
        {"status": "ok", "output": {"summary": "no lines"}},
    ],
)
def test_a_reply_outside_the_contract_does_not_fit(spec: Spec, reply: dict[str, Any]) -> None:
    assert fits(response_model(spec), {"status": "ok"})
    assert not fits(response_model(spec), reply)
