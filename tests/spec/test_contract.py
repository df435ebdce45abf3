"""The contract at work: what may come, what of it reaches a model, what may leave; and no value in any message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.surrogates import mrn
from evalkit.spec.contract import (
    ContractBreach,
    allowed_fields,
    check_input,
    check_output,
    derive,
    read_request,
    strip_output,
)
from evalkit.spec.schema import Spec

TODAY = date(2026, 7, 10)
SECRET = "Anneliese Quandt 900-12-3456"
NOTE = {"doc_id": "d1", "date": "2026-07-01", "type": "visit", "text": "Foam applied.", "mrn": mrn(1)}


@pytest.fixture
def values() -> dict[str, Any]:
    return {
        "note_text": "Foam applied.", "visit_date": "2026-07-09", "patient_dob": "1950-07-11", "patient_mrn": mrn(1),
        "setting": "home", "codes": ["L97.5"], "chart_notes": [NOTE],
    }  # fmt: skip


@pytest.fixture
def output() -> dict[str, Any]:
    span = {"field": "note_text", "start": 0, "end": 4}
    return {
        "lines": [{"dressing": "foam", "size": "small", "count": 1, "evidence": [span]}],
        "summary": "One foam.",
        "confidence": 0.9,
    }


def body_of(values: Mapping[str, Any], **envelope: Any) -> bytes:
    whole = {"request_id": "r1", "flags": {"consent": True}, "input": values, **envelope}
    return json.dumps(whole).encode()


# ------------------------------------------------------------------------------------------------------- requests


def test_a_request_that_keeps_the_contract_is_read(spec: Spec, values: dict[str, Any]) -> None:
    envelope = read_request(spec, body_of(values, actor="user:7", purpose_of_use="HPAYMT", spec_ref="wound_care@1.2.0"))
    assert (envelope.request_id, envelope.actor, envelope.purpose_of_use) == ("r1", "user:7", "HPAYMT")
    assert envelope.flags == {"consent": True}
    assert envelope.input == values


def test_an_envelope_has_the_purpose_of_the_spec_where_it_says_none(spec: Spec, values: dict[str, Any]) -> None:
    envelope = read_request(spec, body_of(values))
    assert (envelope.actor, envelope.purpose_of_use) == ("svc:evalkit", "TREAT")


def test_fields_that_are_not_required_may_be_absent_or_null(spec: Spec, values: dict[str, Any]) -> None:
    del values["codes"]
    values["chart_notes"] = None
    assert check_input(spec, values, {}) is None


BROKEN: list[tuple[Callable[[dict[str, Any]], Any], str, str | None]] = [
    (lambda v: v.pop("note_text"), "SCHEMA_INVALID", "note_text"),
    (lambda v: v.update(note_text=None), "SCHEMA_INVALID", "note_text"),
    (lambda v: v.update(note_text=7), "SCHEMA_INVALID", "note_text"),
    (lambda v: v.update(note_text="x" * 5001), "SCHEMA_INVALID", "note_text"),
    (lambda v: v.update(note_text="a\x00b"), "SCHEMA_INVALID", "note_text"),
    (lambda v: v.update(visit_date="2026-02-30"), "SCHEMA_INVALID", "visit_date"),
    (lambda v: v.update(visit_date="2026-07-09T00:00:00"), "SCHEMA_INVALID", "visit_date"),
    (lambda v: v.update(visit_date="２０２６-07-09"), "SCHEMA_INVALID", "visit_date"),
    (lambda v: v.update(visit_date="2026-07-09\n"), "SCHEMA_INVALID", "visit_date"),
    (lambda v: v.update(visit_date=20260709), "SCHEMA_INVALID", "visit_date"),
    (lambda v: v.update(setting="Home"), "SCHEMA_INVALID", "setting"),
    (lambda v: v.update(photos="3"), "SCHEMA_INVALID", "photos"),
    (lambda v: v.update(photos=True), "SCHEMA_INVALID", "photos"),
    (lambda v: v.update(photos=3.0), "SCHEMA_INVALID", "photos"),
    (lambda v: v.update(codes="L97.5"), "SCHEMA_INVALID", "codes"),
    (lambda v: v.update(codes=["L97.5", 7]), "SCHEMA_INVALID", "codes[1]"),
    (lambda v: v.update(chart_notes=["text"]), "SCHEMA_INVALID", "chart_notes[0]"),
    (lambda v: v.update(chart_notes=[{"text": "x"}]), "SCHEMA_INVALID", "chart_notes[0].date"),
    (lambda v: v.update(chart_notes=[{**NOTE, "author": SECRET}]), "FIELD_NOT_PERMITTED", "chart_notes[0]"),
    (lambda v: v.update(chart_notes=[{**NOTE, "ssn": SECRET}]), "FIELD_NOT_PERMITTED", "ssn"),
    (lambda v: v.update(ssn=SECRET), "FIELD_NOT_PERMITTED", "ssn"),
    (lambda v: v.update({SECRET: 1}), "FIELD_NOT_PERMITTED", None),
    (lambda v: v.update(__proto__={}), "FIELD_NOT_PERMITTED", None),
    (lambda v: v.update(model_config={}), "FIELD_NOT_PERMITTED", None),
    (lambda v: v.update(ssn=SECRET, note_text=7), "FIELD_NOT_PERMITTED", "ssn"),
]


@pytest.mark.parametrize(("change", "code", "field"), BROKEN)
def test_a_breach_is_a_code_and_a_declared_name(
    spec: Spec, values: dict[str, Any], change: Callable[[dict[str, Any]], Any], code: str, field: str | None
) -> None:
    change(values)
    breach = check_input(spec, values, {"consent": True})
    assert breach is not None
    assert (breach.code, breach.field) == (code, field)
    assert SECRET not in str(breach)
    with pytest.raises(ContractBreach) as caught:
        read_request(spec, body_of(values))
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("granted", ["true", 1, None, [True], {"a": True}])
def test_a_flag_is_true_or_false_and_nothing_like_it(spec: Spec, values: dict[str, Any], granted: Any) -> None:
    breach = check_input(spec, values, {"consent": granted})
    assert breach is not None
    assert breach.field == "flags"
    with pytest.raises(ContractBreach) as caught:
        read_request(spec, body_of(values, flags={"consent": granted}))
    assert (caught.value.code, caught.value.field) == ("SCHEMA_INVALID", "flags")


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        ({"flags": {SECRET: True}}, "SCHEMA_INVALID"),
        ({"flags": []}, "SCHEMA_INVALID"),
        ({"flags": {f"f{i}": True for i in range(65)}}, "SCHEMA_INVALID"),
        ({"request_id": ""}, "SCHEMA_INVALID"),
        ({"request_id": 7}, "SCHEMA_INVALID"),
        ({"actor": "x" * 201}, "SCHEMA_INVALID"),
        ({"purpose_of_use": "because"}, "SCHEMA_INVALID"),
        ({"spec_ref": "wound_care@1.1.0"}, "SCHEMA_INVALID"),
        ({"spec_ref": "billing_codes@1.2.0"}, "SCHEMA_INVALID"),
        ({"input": [1]}, "SCHEMA_INVALID"),
        ({"input": None}, "SCHEMA_INVALID"),
        ({SECRET: 1}, "FIELD_NOT_PERMITTED"),
        ({"output": {}}, "FIELD_NOT_PERMITTED"),
    ],
)
def test_an_envelope_is_as_strict_as_its_input(
    spec: Spec, values: dict[str, Any], envelope: dict[str, Any], code: str
) -> None:
    with pytest.raises(ContractBreach) as caught:
        read_request(spec, body_of(values, **envelope))
    assert caught.value.code == code
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.field)


@pytest.mark.parametrize("missing", ["request_id", "input"])
def test_an_envelope_needs_an_id_and_an_input(spec: Spec, values: dict[str, Any], missing: str) -> None:
    whole = json.loads(body_of(values))
    del whole[missing]
    with pytest.raises(ContractBreach) as caught:
        read_request(spec, json.dumps(whole).encode())
    assert (caught.value.code, caught.value.field) == ("SCHEMA_INVALID", missing)


def test_an_envelope_shows_nothing(spec: Spec, values: dict[str, Any]) -> None:
    assert "Foam" not in repr(read_request(spec, body_of(values)))


# --------------------------------------------------------------------------------------------- minimum necessary


def test_only_allowed_fields_reach_a_model(spec: Spec, values: dict[str, Any]) -> None:
    """45 CFR 164.502(b): what is only validated is dropped, what is derived is replaced."""
    reaching = allowed_fields(spec, {**values, "ssn": SECRET}, today=TODAY)
    assert set(reaching) == {"note_text", "visit_date", "age_years", "setting", "codes", "chart_notes"}
    assert reaching["age_years"] == 75
    assert mrn(1) not in json.dumps(reaching)
    assert "1950" not in json.dumps(reaching)


def test_a_note_loses_its_record_number_and_old_notes_stay_out(spec: Spec, values: dict[str, Any]) -> None:
    values["chart_notes"] = [NOTE, {**NOTE, "date": "2026-04-11"}, {**NOTE, "date": "2026-04-10"}]
    kept = allowed_fields(spec, values, today=TODAY)["chart_notes"]
    assert [note["date"] for note in kept] == ["2026-07-01", "2026-04-11"]
    assert all("mrn" not in note for note in kept)


def test_the_order_of_a_request_leaves_no_trace(spec: Spec, values: dict[str, Any]) -> None:
    turned = dict(reversed(values.items()))
    assert list(allowed_fields(spec, turned, today=TODAY)) == list(allowed_fields(spec, values, today=TODAY))


def test_the_caller_keeps_its_input(spec: Spec, values: dict[str, Any]) -> None:
    before = json.dumps(values)
    allowed_fields(spec, values, today=TODAY)
    assert json.dumps(values) == before


def test_the_set_of_fields_depends_on_nothing_but_the_spec(spec: Spec, values: dict[str, Any]) -> None:
    more = {**values, "employer": SECRET, "patient_name": SECRET, "anything": SECRET}
    assert allowed_fields(spec, more, today=TODAY) == allowed_fields(spec, values, today=TODAY)


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("2026-07-10", 0), ("2025-07-11", 0), ("2025-07-10", 1), ("1936-07-11", 89), ("1936-07-10", 90),
        ("1900-01-01", 90), ("2027-01-01", 0), ("2000-02-29", 26),
    ],
)  # fmt: skip
def test_an_age_is_in_whole_years_and_ends_at_ninety(born: str, age: int) -> None:
    """45 CFR 164.514(b)(2)(i)(C): every age above 89 is one category."""
    assert derive("age_years", born, today=TODAY) == age


def test_a_year_is_a_year() -> None:
    assert derive("year", "1950-07-11", today=TODAY) == 1950


# -------------------------------------------------------------------------------------------------------- outputs


def test_a_declared_output_passes_untouched(spec: Spec, output: dict[str, Any]) -> None:
    assert strip_output(spec, output) == (output, ())
    assert check_output(spec, output) == ()


def test_what_is_not_declared_is_taken_out_and_not_named(spec: Spec, output: dict[str, Any]) -> None:
    clean = json.loads(json.dumps(output))
    output[SECRET] = SECRET
    output["lines"][0]["remark"] = SECRET
    output["lines"][0]["evidence"][0]["quote"] = SECRET
    kept, stripped = strip_output(spec, output)
    assert kept == clean
    assert stripped == ("<undeclared>", "lines[0].<undeclared>", "lines[0].evidence[0].<undeclared>")


def test_a_forbidden_name_is_named(spec: Spec, output: dict[str, Any]) -> None:
    output["ssn"] = SECRET
    assert strip_output(spec, output)[1] == ("ssn",)


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        (lambda o: o.pop("lines"), ("lines",)),
        (lambda o: o.update(lines=None), ("lines",)),
        (lambda o: o.update(lines={}), ("lines",)),
        (lambda o: o.update(lines=["foam"]), ("lines[0]",)),
        (lambda o: o["lines"][0].pop("dressing"), ("lines[0].dressing",)),
        (lambda o: o["lines"][0].update(size="huge"), ("lines[0].size",)),
        (lambda o: o["lines"][0].update(count="1"), ("lines[0].count",)),
        (lambda o: o["lines"][0].update(count=True), ("lines[0].count",)),
        (lambda o: o["lines"][0].update({SECRET: 1}), ("lines[0].<undeclared>",)),
        (lambda o: o["lines"][0]["evidence"][0].update(start=-1), ("lines[0].evidence[0].start",)),
        (lambda o: o["lines"][0]["evidence"][0].update(start=4), ("lines[0].evidence[0]",)),
        (lambda o: o["lines"][0]["evidence"][0].update(field="patient_mrn"), ("lines[0].evidence[0].field",)),
        (lambda o: o["lines"][0]["evidence"][0].update(field=SECRET), ("lines[0].evidence[0].field",)),
        (lambda o: o.update(confidence=1.01), ("confidence",)),
        (lambda o: o.update(confidence=float("nan")), ("confidence",)),
        (lambda o: o.update(confidence=None), ("confidence",)),
        (lambda o: o.update(summary=7), ("summary",)),
        (lambda o: o.update({SECRET: 1}), ("<undeclared>",)),
        (lambda o: o.update(confidence="high", summary=7), ("summary", "confidence")),
    ],
)
def test_a_broken_output_is_a_list_of_paths(
    spec: Spec, output: dict[str, Any], change: Callable[[dict[str, Any]], Any], paths: tuple[str, ...]
) -> None:
    change(output)
    assert check_output(spec, output) == paths


def test_a_field_that_is_not_required_may_be_left_out(spec: Spec, output: dict[str, Any]) -> None:
    del output["summary"]
    assert check_output(spec, output) == ()


@pytest.mark.parametrize("field", ["note_text", "chart_notes[3].text", "codes[0]", "chart_notes[3]"])
def test_evidence_may_point_into_lists(spec: Spec, output: dict[str, Any], field: str) -> None:
    output["lines"][0]["evidence"][0]["field"] = field
    assert check_output(spec, output) == ()


def test_tuples_of_an_agent_in_this_process_are_arrays(spec: Spec, output: dict[str, Any]) -> None:
    output["lines"] = tuple(output["lines"])
    assert check_output(spec, output) == ()
    assert strip_output(spec, output)[0]["lines"] == list(output["lines"])


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["dressing", "size", "count", "evidence", "field", "start", "end", "x"]), inner
        ),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(output=st.dictionaries(st.sampled_from(["lines", "summary", "confidence", "ssn", "y"]), JSON, max_size=4))
def test_whatever_an_agent_says_only_declared_names_remain(spec: Spec, output: dict[str, Any]) -> None:
    kept, stripped = strip_output(spec, output)
    assert set(kept) <= set(spec.output)
    assert not any(path.endswith("<undeclared>") for path in check_output(spec, kept))
    assert strip_output(spec, kept)[1] == ()
    assert (kept == output) or stripped or any(isinstance(entry, float) for entry in output.values())
