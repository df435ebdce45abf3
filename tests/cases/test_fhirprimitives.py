"""Primitives of FHIR R4, each by examples of the standard's grammar and by what only looks like it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cases.fhirshapes import find_flaws, is_date, shapes

DAYS = st.dates().map(lambda day: day.isoformat())


def parameter(name: str, value: Any) -> dict[str, Any]:
    """A Parameters resource, which may hold a value of any type."""
    return {"resourceType": "Parameters", "parameter": [{"name": "p", f"value{name}": value}]}


def holds(name: str, value: Any) -> bool:
    return find_flaws(parameter(name, value)) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Boolean", True),
        ("Boolean", False),
        ("Integer", 0),
        ("Integer", -(2**31)),
        ("Integer", 2**31 - 1),
        ("UnsignedInt", 0),
        ("PositiveInt", 1),
        ("Decimal", Decimal("0.10")),
        ("Decimal", 3),
        ("Decimal", -1.5),
        ("String", "x"),
        ("String", " leading and trailing "),
        ("String", "two\nlines"),
        ("Markdown", "# Heading"),
        ("Code", "active"),
        ("Code", "entered in error"),
        ("Id", "A-1.b"),
        ("Id", "x" * 64),
        ("Uri", "urn:oid:2.16.840"),
        ("Url", "https://example.org/a?b=c"),
        ("Canonical", "http://hl7.org/fhir/x|4.0.1"),
        ("Oid", "urn:oid:1.2.3.4"),
        ("Uuid", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
        ("Date", "2024-02-29"),
        ("Date", "1973-06"),
        ("Date", "1905"),
        ("DateTime", "2018"),
        ("DateTime", "2015-02-07T13:28:17-05:00"),
        ("DateTime", "2015-02-07T13:28:17.239+02:00"),
        ("DateTime", "2015-02-07T23:59:60Z"),
        ("Instant", "2015-02-07T13:28:17.239Z"),
        ("Time", "08:30:00"),
        ("Time", "23:59:59.123"),
        ("Base64Binary", "aGVsbG8="),
        ("Base64Binary", "aGVs\nbG8="),
    ],
)
def test_a_value_of_its_type_is_taken(name: str, value: Any) -> None:
    assert holds(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Boolean", "true"),
        ("Boolean", 1),
        ("Boolean", 0),
        ("Integer", "1"),
        ("Integer", 1.0),
        ("Integer", Decimal("1")),
        ("Integer", 2**31),
        ("Integer", True),
        ("UnsignedInt", -1),
        ("PositiveInt", 0),
        ("Decimal", "1.0"),
        ("Decimal", True),
        ("String", ""),
        ("String", "   "),
        ("String", 5),
        ("String", ["x"]),
        ("Markdown", "\n"),
        ("Code", " active"),
        ("Code", "active "),
        ("Code", "two  spaces"),
        ("Id", ""),
        ("Id", "x" * 65),
        ("Id", "under_score"),
        ("Id", "naïve"),
        ("Uri", "has space"),
        ("Url", ""),
        ("Oid", "1.2.3"),
        ("Oid", "urn:oid:3.1"),
        ("Oid", "urn:oid:1.02"),
        ("Uuid", "c757873d-ec9a-4326-a141-556f43239520"),
        ("Uuid", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520"),
        ("Date", "2023-02-29"),
        ("Date", "2023-13"),
        ("Date", "2023-2-1"),
        ("Date", "23"),
        ("Date", "0000"),
        ("Date", "2023-01-01 "),
        ("Date", "2023-01-01\n"),
        ("Date", "２０２３"),
        ("DateTime", "2015-02-07T13:28"),
        ("DateTime", "2015-02-07T13:28:17"),
        ("DateTime", "2015-02-30T13:28:17Z"),
        ("DateTime", "2015-02-07 13:28:17Z"),
        ("DateTime", "2015-02-07T24:00:00Z"),
        ("DateTime", "2015-02-07T13:28:17+15:00"),
        ("Instant", "2015-02-07"),
        ("Instant", "2015"),
        ("Time", "8:30:00"),
        ("Time", "08:30"),
        ("Time", "24:00:00"),
        ("Time", "08:30:00Z"),
        ("Base64Binary", ""),
        ("Base64Binary", "aGVsbG8"),
        ("Base64Binary", "?GVsbG8="),
    ],
)
def test_a_value_that_only_looks_like_its_type_is_refused(name: str, value: Any) -> None:
    (flaw,) = find_flaws(parameter(name, value))
    assert flaw.place == f"Parameters.parameter[0].value{name}"
    assert flaw.what.startswith("no ")


@given(DAYS)
def test_every_day_of_the_calendar_is_a_date_and_so_are_its_month_and_year(day: str) -> None:
    assert is_date(day)
    assert is_date(day[:7])
    assert is_date(day[:4])


@given(st.text(max_size=12))
def test_other_text_is_hardly_ever_a_date_and_never_raises(text: str) -> None:
    assert is_date(text) <= (text[:4].isdecimal() and len(text) in {4, 7, 10})


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=20,
))  # fmt: skip
def test_no_json_value_makes_the_check_raise(value: Any) -> None:
    find_flaws(value)
    find_flaws({"resourceType": "Patient", "name": value, "contact": [value], "_birthDate": value})


def test_a_primitive_may_have_an_extension_in_place_of_its_value() -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "x"}]}
    patient = {"resourceType": "Patient", "_gender": absent, "_birthDate": absent}
    assert find_flaws(patient) == ()


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"_gender": "x"}, "Patient._gender"),
        ({"_gender": [{"id": "a"}]}, "Patient._gender"),
        ({"_gender": None}, "Patient._gender"),
        ({"_gender": {"odd": 1}}, "Patient._gender.<undeclared>"),
        ({"name": [{"_given": {"id": "x"}}]}, "Patient.name[0]._given"),
        ({"name": [{"_given": [{"id": 5}]}]}, "Patient.name[0]._given[0].id"),
        ({"name": [{"given": ["a", None], "_given": [None, None]}]}, "Patient.name[0].given[1]"),
    ],
)
def test_an_extension_of_a_primitive_has_a_shape_too(entry: dict[str, Any], place: str) -> None:
    flaws = find_flaws({"resourceType": "Patient", **entry})
    assert place in {flaw.place for flaw in flaws}


def test_a_shape_knows_its_inherited_elements() -> None:
    observation = shapes()["Observation"]
    assert {"id", "meta", "text", "contained", "extension", "status", "code", "component"} <= set(observation.elements)
    assert set(observation.required) == {"status", "code"}
    assert len(observation.choices["value"]) == 11
    assert observation.choices["effective"] == (
        "effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming",
    )  # fmt: skip
    assert shapes()["PatientContact"].is_resource is False
