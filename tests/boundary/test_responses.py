from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.boundary import responses
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Failure
from evalkit.spec.schema import Spec

SECRET = "Quillan Ostrander"
GOOD = {"letter": "Done.", "lines": [{"code": "00061", "evidence": []}]}
FAILED = Execution("case", 0, None, Failure("ValueError"))


def answered(output: Any) -> Execution:
    return Execution("case", 0, Reply("ok", output))


def refused(code: str, field: str | None = None, **parts: Any) -> Execution:
    return Execution("case", 0, Reply("refused", refusal=Refusal(code, field), **parts))


def cite(field: Any, start: Any, end: Any) -> Execution:
    line = {"code": "00061", "evidence": [{"field": field, "start": start, "end": end}]}
    return answered({"letter": "Done.", "lines": [line]})


def test_a_declared_output_passes(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert not responses.declare_output(spec, cases[0], answered(GOOD))
    assert not responses.hold_schema(spec, cases[0], answered(GOOD))


@pytest.mark.parametrize("output", [
    {**GOOD, "debug": 1},
    {**GOOD, SECRET: True},
    {**GOOD, "lines": [{"code": "00061", "evidence": [], "remark": SECRET}]},
    {**GOOD, "lines": [{"code": "00061", "evidence": [], SECRET: ""}]},
])  # fmt: skip
def test_an_undeclared_field_is_a_finding_that_shows_neither_name_nor_value(
    spec: Spec, cases: tuple[Case, ...], output: Any
) -> None:
    (found,) = responses.declare_output(spec, cases[0], answered(output))
    assert found.check_id == "declared_output"
    assert "<undeclared>" in found.place
    assert "Quillan" not in str(found)
    assert "debug" not in str(found)


@pytest.mark.parametrize("output", [
    {}, {"letter": 1, "lines": []}, {"letter": "Done."}, {"letter": None, "lines": None},
    {"letter": "Done.", "lines": [{"code": 61, "evidence": []}]},
])  # fmt: skip
def test_an_output_of_other_types_is_a_finding(spec: Spec, cases: tuple[Case, ...], output: Any) -> None:
    found = responses.hold_schema(spec, cases[0], answered(output))
    assert found
    assert all(finding.check_id == "output_schema" and finding.place.startswith("output") for finding in found)  # type: ignore[union-attr]


def test_an_undeclared_field_is_no_breach_of_the_schema_besides(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert not responses.hold_schema(spec, cases[0], answered({**GOOD, "debug": 1}))


@pytest.mark.parametrize(("code", "field"), [
    ("CONSENT_MISSING", "payment_ack"), ("CONSENT_MISSING", "flags.payment_ack"), ("MRN_INVALID", "patient_mrn"),
    ("MRN_INVALID", "input.patient_mrn"), ("FIELD_NOT_PERMITTED", "ssn"), ("SCHEMA_INVALID", "body"),
    ("SCHEMA_INVALID", None), ("WRONG_PATIENT", "chart_notes[2].mrn"), ("SCHEMA_INVALID", "input.chart_notes[0].text"),
])  # fmt: skip
def test_a_code_and_a_field_name_make_a_refusal(
    spec: Spec, cases: tuple[Case, ...], code: str, field: str | None
) -> None:
    assert not responses.refuse_without_values(spec, cases[0], refused(code, field))


@pytest.mark.parametrize(("code", "field", "place"), [
    ("MRN_INVALID", "MRN12345678", "refusal.field"),
    ("MRN_INVALID", f"patient_mrn of {SECRET}", "refusal.field"),
    ("MRN_INVALID", f"patient_mrn.{SECRET}", "refusal.field"),
    ("MRN_INVALID", "", "refusal.field"),
    ("MRN_INVALID", "chart_notes[12345678].mrn", "refusal.field"),
    ("MRN_INVALID", ".".join(["input"] * 50), "refusal.field"),
    ("NOT_TODAY", "patient_mrn", "refusal.code"),
    (SECRET, None, "refusal.code"),
    ("mrn_invalid", None, "refusal.code"),
])  # fmt: skip
def test_anything_else_in_a_refusal_is_a_finding_without_it(
    spec: Spec, cases: tuple[Case, ...], code: str, field: str | None, place: str
) -> None:
    (found,) = responses.refuse_without_values(spec, cases[0], refused(code, field))
    assert found.place == place
    assert "Quillan" not in str(found)


def test_half_a_refusal_is_a_finding(spec: Spec, cases: tuple[Case, ...]) -> None:
    bare = Execution("case", 0, Reply("refused"))
    torn = Execution("case", 0, Reply("ok", GOOD, refusal=Refusal("NO_CHART")))
    full = refused("NO_CHART", output=GOOD)
    for execution, place in ((bare, "refusal"), (torn, "status"), (full, "output")):
        (found,) = responses.refuse_without_values(spec, cases[0], execution)
        assert found.place == place


@pytest.mark.parametrize(("due", "given", "right"), [
    ("NO_CHART", "NO_CHART", True), ("NO_CHART", "MRN_INVALID", False), ("SCHEMA_INVALID", "FIELD_NOT_PERMITTED", True),
    ("FIELD_NOT_PERMITTED", "SCHEMA_INVALID", True), ("SCHEMA_INVALID", "NO_CHART", False),
])  # fmt: skip
def test_a_due_refusal_has_the_due_code(spec: Spec, cases: tuple[Case, ...], due: str, given: str, right: bool) -> None:
    found = responses.give_the_code(spec, replace(cases[0], refusal=due), refused(given))
    assert (not found) is right


def test_a_refusal_where_an_answer_is_due_is_no_matter_of_the_boundary(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert responses.give_the_code(spec, cases[0], refused("NO_CHART")) == "not_applicable"


def test_evidence_inside_the_text_passes(spec: Spec, cases: tuple[Case, ...]) -> None:
    length = len(cases[0].input["note_text"])
    for execution in (cite("note_text", 0, 4), cite("note_text", 0, length), cite("chart_notes[0].text", 0, 7)):
        assert responses.point_into_the_input(spec, cases[0], execution) == []


@pytest.mark.parametrize("span", [
    ("note_text", 0, 10_000), ("note_text", -1, 4), ("note_text", 4, 4), ("note_text", 5, 4), ("note_text", True, 4),
    ("note_text", 0.0, 4), ("note_text", "0", 4), ("absent", 0, 1), (None, 0, 1), ("chart_notes", 0, 1),
    ("chart_notes[9].text", 0, 1), ("chart_notes[0].text", 0, 8), ("note_text x", 0, 1), ("patient_mrn", 0, 4),
])  # fmt: skip
def test_evidence_elsewhere_is_a_finding_with_its_place(spec: Spec, cases: tuple[Case, ...], span: Any) -> None:
    (found,) = responses.point_into_the_input(spec, cases[0], cite(*span))
    assert found.place == "output.lines[0].evidence[0]"


def test_an_answer_without_evidence_is_left_out(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert responses.point_into_the_input(spec, cases[0], answered(GOOD)) == "not_applicable"


def test_a_failure_is_left_out(spec: Spec, cases: tuple[Case, ...]) -> None:
    for rule in responses.RULES:
        assert rule.check(spec, cases[0], FAILED) == "not_applicable"
