from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from evalkit.agents.agent import Refusal, Request
from evalkit.agents.refusals import Refusals, kind_of
from evalkit.errors import ConditionError
from evalkit.spec.conditions import compile_condition
from evalkit.spec.schema import RefusalRule, Spec

TODAY = date(2026, 6, 1)


def test_a_request_that_breaks_no_rule_is_not_refused(spec: Spec, request_: Request) -> None:
    assert Refusals(spec).first(request_.input, request_.flags, today=TODAY) is None


@pytest.mark.parametrize(("flags", "change", "code", "field"), [
    ({}, {}, "CONSENT_MISSING", "payment_ack"),
    ({"payment_ack": False}, {}, "CONSENT_MISSING", "payment_ack"),
    ({"payment_ack": True}, {"patient_mrn": "MRN12345678"}, "MRN_INVALID", "patient_mrn"),
    ({"payment_ack": True}, {"date_of_service": "2026-06-02"}, "DOS_IN_FUTURE", "date_of_service"),
    ({}, {"patient_mrn": "MRN12345678"}, "CONSENT_MISSING", "payment_ack"),
])  # fmt: skip
def test_the_first_rule_that_holds_refuses(
    spec: Spec, request_: Request, flags: dict[str, bool], change: dict[str, str], code: str, field: str
) -> None:
    refusal = Refusals(spec).first({**request_.input, **change}, flags, today=TODAY)
    assert refusal == Refusal(code, field)


@pytest.mark.parametrize(("purpose", "flags", "code"), [
    ("", True, None), ("HPAYMT", True, None), ("HMARKT", True, "PURPOSE_NOT_PERMITTED"),
    ("HPAYMT ", True, "PURPOSE_NOT_PERMITTED"), ("hpaymt", True, "PURPOSE_NOT_PERMITTED"),
    ("HMARKT", False, "PURPOSE_NOT_PERMITTED"), ("HPAYMT", False, "CONSENT_MISSING"),
])  # fmt: skip
def test_a_request_for_another_purpose_than_the_specs_is_refused_before_any_rule_of_it(
    spec: Spec, request_: Request, purpose: str, flags: bool, code: str | None
) -> None:
    refusal = Refusals(spec).first(request_.input, {"payment_ack": flags}, today=TODAY, purpose=purpose)
    assert (refusal and refusal.code) == code
    broken = Refusals(spec).first({"never_heard_of": 1}, {}, today=TODAY, purpose=purpose)
    assert broken is not None
    assert broken.code == "FIELD_NOT_PERMITTED"


def test_today_is_not_in_the_future(spec: Spec, request_: Request) -> None:
    values = {**request_.input, "date_of_service": "2026-06-01"}
    assert Refusals(spec).first(values, request_.flags, today=TODAY) is None


@pytest.mark.parametrize(("name", "value"), [("ssn", "x"), ("employer", "x"), ("never_heard_of", "x")])
def test_a_field_that_is_not_declared_is_not_permitted(spec: Spec, request_: Request, name: str, value: str) -> None:
    refusal = Refusals(spec).first({**request_.input, name: value}, request_.flags, today=TODAY)
    assert refusal is not None
    assert refusal.code == "FIELD_NOT_PERMITTED"


@pytest.mark.parametrize("change", [{"note_text": 1}, {"note_text": None}, {"date_of_service": "2026-13-01"}])
def test_a_field_of_another_type_is_refused_by_the_contract(
    spec: Spec, request_: Request, change: dict[str, object]
) -> None:
    refusal = Refusals(spec).first({**request_.input, **change}, request_.flags, today=TODAY)
    assert refusal == Refusal("SCHEMA_INVALID", next(iter(change)))


def test_a_rule_names_its_own_field(spec: Spec, request_: Request) -> None:
    named = replace(spec, refuse=(RefusalRule(code="CONSENT_MISSING", when="not flags.payment_ack", field="consent"),))
    assert Refusals(named).first(request_.input, {}, today=TODAY) == Refusal("CONSENT_MISSING", "consent")


def test_a_rule_that_is_not_understood_raises_when_it_is_compiled(spec: Spec) -> None:
    with pytest.raises(ConditionError):
        Refusals(replace(spec, refuse=(RefusalRule(code="ODD_RULE", when="__import__('os')"),)))


@pytest.mark.parametrize(("when", "kind"), [
    ("not flags.payment_ack", "flag"),
    ("flags.sud_record and not flags.part2_consent", "flag"),
    ("not valid.npi(input.rendering_npi)", "identifier"),
    ("input.date_of_service > today", "date"),
    ("any_note_mrn_differs(input)", "patient"),
    ("any_forbidden(input)", "field"),
    ("len(input.chart_notes) == 0", "content"),
    ("flags.urgent and input.note_text == ''", "content"),
])  # fmt: skip
def test_the_condition_tells_what_a_rule_guards(when: str, kind: str) -> None:
    assert kind_of(compile_condition(when)) == kind
