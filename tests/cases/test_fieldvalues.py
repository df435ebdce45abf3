"""Values for the fields of a contract; how they make cases is tested in tests/tasks/test_contractcases.py."""

from __future__ import annotations

import pytest

from evalkit.cases.contacts import contacts
from evalkit.cases.fieldvalues import (
    ABSENT,
    INJECTION,
    NEEDLES,
    PLACEHOLDER,
    UNKNOWN_FIELD,
    edges_of,
    fill_input,
    other_values,
)
from evalkit.cases.patients import Known, make_patient
from evalkit.cases.randomness import Stream
from evalkit.phi.identifiers import CATEGORIES, valid_mrn, valid_npi
from evalkit.spec.conditions import compile_condition
from evalkit.spec.contract import check_input
from evalkit.spec.document import parse_spec
from evalkit.tasks import load_spec
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


def edges(spec, field):
    return {label: value for name, label, value in edges_of(spec, filled(spec, 0).values) if name == field}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("setting", {"value_clinic": "clinic", "value_home": "home", "beyond": "none of these", "number": 1}),
        ("photos", {"zero": 0, "negative": -1, "large": 10**12, "text": "1", "half": 0.5, "boolean": True}),
        ("visit_date", {"leap_day": "2024-02-29", "no_such_day": "2023-02-29", "with_time": "2025-03-04T00:00:00"}),
        ("codes", {"empty": [], "hundred": ["routine"] * 100, "numbers": [1], "text": "routine"}),
    ],
)
def test_a_field_has_the_edges_of_its_type(spec, field, expected):
    found = edges(spec, field)
    assert found["null"] is None
    assert {label: found.get(label) for label in expected} == expected
    assert all(type(found[label]) is type(value) for label, value in expected.items())


def test_a_length_is_compared_at_the_limit_and_on_both_sides_of_it(spec):
    found = edges(spec, "codes")
    lengths = {label: len(value) for label, value in found.items() if label.startswith("length_")}
    assert lengths == {"length_8": 8, "length_9": 9, "length_10": 10}


def test_a_text_ends_at_its_limit_and_one_beyond_and_may_hold_an_order(spec):
    found, limit = edges(spec, "note_text"), 5000
    assert (len(found["at_limit"]), len(found["over_limit"])) == (limit, limit + 1)
    assert found["over_limit"].startswith(found["at_limit"])
    assert found["injection"].endswith(INJECTION)
    assert "injection" not in edges(spec, "patient_mrn")


def test_an_order_still_fits_where_the_text_is_full(spec):
    value = filled(spec, 0).values | {"note_text": "x" * 5000}
    found = next(value for name, label, value in edges_of(spec, value) if label == "injection")
    assert len(found) == 5000
    assert found.endswith(f"x\n{INJECTION}")


def test_a_list_of_notes_is_spoilt_in_one_place_at_a_time(spec):
    found, notes = edges(spec, "chart_notes"), filled(spec, 0).values["chart_notes"]
    assert (found["empty"], found["one"], len(found["hundred"])) == ([], notes[:1], 100)
    assert found["undeclared_key"] == [{**notes[0], UNKNOWN_FIELD: PLACEHOLDER}]
    assert set(notes[0]) - set(found["without_text"][0]) == {"text"}
    assert "text" in notes[0]


def test_a_field_that_nobody_declared_comes_last(spec):
    assert list(edges_of(spec, filled(spec, 0).values))[-1] == (UNKNOWN_FIELD, "undeclared", PLACEHOLDER)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("setting", "input.setting == 'home'", ["clinic", "home"]),
        ("photos", "input.photos > 3 and input.photos <= 7.5", [2, 3, 4, 6, 7, 8, None]),
        ("codes", "'L89' in input.codes or 'I10' in input.codes", [["L89"], ["I10"], None]),
        ("patient_mrn", "input.patient_mrn == 'MRN1'", ["MRN1"]),
        ("patient_mrn", "flags.consent", []),
    ],
)
def test_other_values_are_those_that_a_condition_names_and_their_neighbours(spec, field, text, expected):
    assert list(other_values(spec, field, compile_condition(text))) == expected


def test_other_days_are_those_that_are_named_and_days_before_and_after(spec):
    text = "input.visit_date < '2025-06-01' or input.setting == 'soon'"
    days = list(other_values(spec, "visit_date", compile_condition(text)))
    assert days[:2] == ["2025-06-01", "2025-11-28"]
    assert "soon" not in days
    assert min(days) < "2015" < max(days)


def test_a_condition_on_a_table_names_the_cells_of_its_column():
    spec = load_spec("prior_authorization@1.0.0")
    rule = next(rule for rule in spec.refuse if rule.code == "SERVICE_NOT_IN_SPEC")
    assert "service_code" in rule.when
    codes = set(other_values(spec, "service_code", compile_condition(rule.when)))
    assert {"00072", "00073", "00094"} <= codes
