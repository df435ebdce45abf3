"""Values for the fields of a contract; how they make cases is tested in tests/tasks/test_contractcases.py."""

from __future__ import annotations

import pytest

from evalkit.cases.contacts import contacts
from evalkit.cases.fieldvalues import ABSENT, NEEDLES, edges_of, fill_input
from evalkit.cases.patients import Known, make_patient
from evalkit.cases.randomness import Stream
from evalkit.phi.identifiers import CATEGORIES, valid_mrn, valid_npi
from evalkit.spec.contract import check_input
from evalkit.spec.document import parse_spec
from tests.spec.conftest import DOCUMENT


@pytest.fixture(scope="module")
def spec():
    return parse_spec(DOCUMENT.partition("\n# ")[0] + "\n# Purpose\n\nx\n", path="w.md", schemas={}, open_families=True)


def filled(spec, index):
    known = Known(make_patient(7, index), contacts(7, index))
    return fill_input(spec, known, Stream(7, "tests.fields").at(index))


def test_every_category_has_an_identifier_that_stands_for_it():
    assert set(NEEDLES) == set(CATEGORIES)
    patient = make_patient(7, 0)
    assert all(patient.identifier(needle).category == category for category, needle in NEEDLES.items())


def test_filled_inputs_keep_the_contract(spec):
    for index in range(200):
        values = filled(spec, index).values
        assert list(values) == list(spec.input)
        assert check_input(spec, values, {"consent": True}) is None


def test_fields_that_rules_validate_hold_what_is_valid(spec):
    values = filled(spec, 3).values
    assert valid_mrn(values["patient_mrn"])
    assert {note["mrn"] for index in range(20) for note in filled(spec, index).values["chart_notes"]} == {
        make_patient(7, index).mrn for index in range(20)
    }


def test_a_date_of_birth_is_the_patients_and_other_days_are_not(spec):
    values = filled(spec, 5).values
    assert values["patient_dob"] == make_patient(7, 5).dob.isoformat()
    assert "2025-01-02" <= values["visit_date"] <= "2025-12-31"


def test_an_npi_is_well_formed_and_never_issued(spec):
    assert all(
        valid_npi(one.value) and one.value[0] == "9" for one in contacts(7, 1) if one.needle_id == "provider.npi"
    )


def test_the_same_draws_give_the_same_values(spec):
    assert filled(spec, 9).values == filled(spec, 9).values
    assert filled(spec, 9).values != filled(spec, 10).values


def test_free_text_keeps_to_its_limit(spec):
    short = spec.input["note_text"].model_copy(update={"max_chars": 60})
    narrow = parse_spec(
        spec.source.replace("max_chars: 5000", "max_chars: 60"), path="w.md", schemas={}, open_families=True
    )
    assert narrow.input["note_text"] == short
    for index in range(50):
        assert len(filled(narrow, index).values["note_text"]) <= 60


def test_every_field_has_edges_and_every_forbidden_field_is_one(spec):
    edges = list(edges_of(spec, filled(spec, 0).values))
    labels = {(field, label) for field, label, _ in edges}
    assert len(labels) == len(edges)
    assert {field for field, label in labels if label == "absent"} == set(spec.input)
    assert {field for field, label in labels if label == "forbidden"} == set(spec.minimum_necessary.forbid)
    assert ("codes", "length_9") in labels
    assert ("codes", "length_10") in labels
    assert next(value for field, label, value in edges if label == "absent") is ABSENT


def test_no_repr_shows_a_value(spec):
    assert repr(filled(spec, 0)).startswith("Filled(8 fields")
