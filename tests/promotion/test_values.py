"""The known values of a record."""

from __future__ import annotations

from evalkit.phi.identifiers import Identifier
from evalkit.promotion.values import merge_values, met_values, tagged_values
from evalkit.tasks import load_spec


def kinds(found):
    return {one.needle_id: (one.category, one.value) for one in found}


def test_tagged_and_forbidden_fields_are_known_and_free_text_is_not(spec):
    request = {"note_text": "x", "date_of_service": "2025-01-02", "patient_mrn": "MRN1", "ssn": "900-12-3456",
               "emergency_contact": "A B", "new_patient": True}  # fmt: skip
    assert kinds(tagged_values(spec, request)) == {
        "input.date_of_service": ("date", "2025-01-02"), "input.patient_mrn": ("mrn", "MRN1"),
        "input.ssn": ("ssn", "900-12-3456"), "input.emergency_contact": ("name", "A B"),
    }  # fmt: skip


def test_the_numbers_and_days_of_notes_are_known():
    spec = load_spec("prior_authorization@1.0.0")
    field = next(name for name, one in spec.input.items() if one.type == "list[note]")
    found = kinds(tagged_values(spec, {field: [{"doc_id": "a", "date": "2025-01-02", "mrn": "MRN9", "text": "t"}]}))
    assert found[f"input.{field}[0].mrn"] == ("mrn", "MRN9")
    assert found[f"input.{field}[0].date"] == ("date", "2025-01-02")


def test_an_undeclared_field_is_known_as_other(spec):
    assert kinds(tagged_values(spec, {"shoe_size": "44 wide"})) == {"input.shoe_size": ("other", "44 wide")}


def test_full_names_and_long_numbers_are_met_and_words_are_not():
    found = kinds(met_values({"a": "Patient: Maurizio Quilborn, SSN 123-45-6789. Seen on Sunday for gait training."}))
    assert ("name", "Maurizio Quilborn") in found.values()
    assert ("ssn", "123-45-6789") in found.values()
    assert len(found) == 2


def test_a_value_counts_once_and_names_differ():
    one, same, other = (Identifier("a", "name", value) for value in ("X", "X", "Y"))
    assert [known.needle_id for known in merge_values((one,), (same, other))] == ["a", "a.2"]
