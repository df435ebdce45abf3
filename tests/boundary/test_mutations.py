from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.boundary.mutations import IDENTIFIER_CHANGES, mutations_of
from evalkit.phi import surrogates
from evalkit.phi.identifiers import valid_member_id, valid_mrn, valid_npi
from evalkit.spec.conditions import compile_condition
from evalkit.spec.schema import InputField, Spec


def changed(spec: Spec, when: str, values: dict[str, Any], flags: dict[str, bool]) -> dict[str, tuple[Any, Any]]:
    found = {}
    for name, mutation in mutations_of(spec, compile_condition(when)):
        new_values, new_flags = dict(values), dict(flags)
        mutation(new_values, new_flags)
        found[name] = (new_values, new_flags)
    return found


@pytest.mark.parametrize("change", IDENTIFIER_CHANGES)
@given(draw=st.integers(0, 2**64 - 1))
def test_every_change_of_an_identifier_makes_it_invalid(change: str, draw: int) -> None:
    for make, valid in (
        (surrogates.mrn, valid_mrn), (surrogates.npi, valid_npi), (surrogates.member_id, valid_member_id),
    ):  # fmt: skip
        value = make(draw)
        wrong = IDENTIFIER_CHANGES[change](value)
        assert valid(value)
        assert wrong == value or not valid(wrong)


@given(st.text(max_size=12))
def test_no_change_raises(text: str) -> None:
    assert all(isinstance(change(text), str) for change in IDENTIFIER_CHANGES.values())


def test_flags_take_every_combination(spec: Spec) -> None:
    found = changed(spec, "flags.sud_record and not flags.part2_consent", {}, {"payment_ack": True})
    assert len(found) == 9
    assert found["sud_record_true_part2_consent_absent"] == ({}, {"payment_ack": True, "sud_record": True})
    assert found["sud_record_true_part2_consent_false"][1]["part2_consent"] is False


def test_every_forbidden_field_comes(spec: Spec) -> None:
    found = changed(spec, "any_forbidden(input)", {}, {})
    assert set(found) == {"with_ssn", "with_employer", "with_photo"}
    assert found["with_ssn"][0].keys() == {"ssn"}


def test_dates_go_into_the_future_and_expire(spec: Spec) -> None:
    found = changed(spec, "input.date_of_service > today", {"date_of_service": "2026-01-01"}, {})
    days = [values["date_of_service"] for values, _ in found.values()]
    assert sum(day > "2900" for day in days) == sum(day < "2000" for day in days) == 2


def test_notes_of_somebody_else_come_in(spec: Spec) -> None:
    note = {"text": "Seen.", "mrn": surrogates.mrn(9)}
    values, _ = changed(spec, "any_note_mrn_differs(input)", {"chart_notes": [note]}, {})["chart_notes_of_two_patients"]
    assert len({entry["mrn"] for entry in values["chart_notes"]}) == 3


def test_a_page_of_somebody_else_comes_into_a_text(spec: Spec) -> None:
    found = changed(spec, "any_note_mrn_differs(input)", {"note_text": "Seen."}, {})
    text = found["note_text_of_two_patients"][0]["note_text"]
    assert text.startswith("Seen.")
    assert "MRN" in text


def test_the_request_itself_stays_as_it_was(spec: Spec) -> None:
    values = {"chart_notes": [{"text": "Seen.", "mrn": "MRN1"}], "patient_mrn": surrogates.mrn(1)}
    before = repr(values)
    changed(spec, "any_note_mrn_differs(input) or not valid.mrn(input.patient_mrn)", values, {})
    assert repr(values) == before


@pytest.mark.parametrize(("field", "count"), [
    (InputField(type="integer"), 3), (InputField(type="boolean"), 2), (InputField(type="list[string]"), 1),
    (InputField(type="enum", values=("a", "b")), 2), (InputField(type="string"), 2), (InputField(type="date"), 4),
])  # fmt: skip
def test_every_type_of_field_has_changes(spec: Spec, field: InputField, count: int) -> None:
    odd = replace(spec, input={"odd": field})
    assert len(changed(odd, "input.odd == 1", {}, {})) == count
