"""The executable headings of a billing spec: how cells are read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SpecError
from evalkit.spec.document import parse_spec
from evalkit.spec.schema import Spec
from evalkit.tasks.billing_codes import tables
from evalkit.tasks.billing_codes.tables import TABLES, parse_diagnosis, parse_named_sides


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "specs" / "billing_codes" / "1.0.0.md").read_text(encoding="utf-8")


def parse(text: str) -> Spec:
    return parse_spec(text, path="drafts/1.md", schemas={"billing_codes": TABLES})


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("one", ("one", None)),
        ("side", ("side", None)),
        ("each", ("each", None)),
        ("timed:15", ("timed", 15)),
        ("extra:00012", ("extra", "00012")),
    ],
)
def test_units_are_one_of_five_ways_to_count(cell: str, value: tuple[str, Any]) -> None:
    assert tables.parse_units(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("left side only", ("sides", ("left",))),
        ("both sides done", ("sides", ("left", "right"))),
        ("same day as a procedure with global 010", ("global", ("010",))),
        ("same day as a procedure with global 000 or 010 or 090", ("global", ("000", "010", "090"))),
        ('note says "Separate site"', ("note says", ("separate site",))),
        ('note says "a b" or "c"', ("note says", ("a b", "c"))),
    ],
)
def test_conditions_of_modifiers_are_a_closed_grammar(cell: str, value: tuple[str, Any]) -> None:
    assert tables.parse_when(cell) == value


REFUSED: list[tuple[Callable[[str], Any], str]] = [
    (tables.parse_code, "0006"),
    (tables.parse_code, "000610"),
    (tables.parse_code, "00 61"),
    (tables.parse_code, "０００６１"),
    (tables.parse_modifier, "lt"),
    (tables.parse_modifier, "250"),
    (tables.parse_cue, "x" * 81),
    (tables.parse_cue, "injection."),
    (tables.parse_cue, "knee.*"),
    (tables.parse_cues, "knee injection; ; hip injection"),
    (tables.parse_cues, "knee injection; Knee  Injection"),
    (tables.parse_units, "timed"),
    (tables.parse_units, "timed:0"),
    (tables.parse_units, "extra"),
    (tables.parse_units, "extra:12"),
    (tables.parse_count, "0"),
    (tables.parse_count, "1.5"),
    (tables.parse_surface, "left"),
    (tables.parse_global, "10"),
    (tables.parse_places, "visit; everything"),
    (tables.parse_when, "same day as a procedure with global 011"),
    (tables.parse_when, "same day as a procedure"),
    (tables.parse_when, "note says separate site"),
    (tables.parse_when, 'note says "separate site" and "other"'),
    (tables.parse_when, "whenever the payer likes it"),
    (tables.parse_rule, "half"),
    (tables.parse_override, "yes"),
]


@pytest.mark.parametrize(("parser", "cell"), REFUSED)
def test_a_cell_outside_its_grammar_is_refused_with_a_reason(parser: Callable[[str], Any], cell: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parser(cell)


PARSERS = sorted({column.parse for table in TABLES for column in table.columns if column.parse is not str}, key=repr)


@given(st.sampled_from(PARSERS), st.text(min_size=6, max_size=60))
@settings(max_examples=400, deadline=None)
def test_no_reason_repeats_the_cell(parser: Callable[[str], Any], cell: str) -> None:
    reason = ""
    try:
        parser(cell)
    except ValueError as error:
        reason = str(error)
    assert cell not in reason


def test_cells_are_plain_values_whose_digest_does_not_depend_on_spacing_or_case(document: str) -> None:
    spaced = document.replace("knee injection;", "Knee   Injection ;", 1)
    assert spaced != document
    assert parse(spaced).behaviour_sha == parse(document).behaviour_sha


def test_rows_are_named_by_heading_and_key(document: str) -> None:
    rows = parse(document).rows()
    named = {"Codes/00061", "Visits/30", "Modifiers/25", "Bundling/00061+00086", "Do not bill/history of"}
    assert named | {"Timed units/rule", "Visit time/visit time"} <= set(rows)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| extra:00012 |", "| extra:00099 |"),
        ("| 00061 | 00086 | 1        |", "| 00061 | 00098 | 1        |"),
        ("| 00061 | 00086 | 1        |", "| 00097 | 00086 | 1        |"),
    ],
)
def test_a_code_that_stands_nowhere_under_codes_is_refused_with_its_line(document: str, old: str, new: str) -> None:
    edited = document.replace(old, new)
    line = next(number for number, text in enumerate(edited.splitlines(), 1) if new in text)
    with pytest.raises(SpecError, match=rf"drafts/1\.md:{line}: ") as caught:
        parse(edited)
    assert caught.value.next_step


@pytest.mark.parametrize("schema", TABLES, ids=lambda schema: schema.heading)
def test_every_heading_is_required(document: str, schema: Any) -> None:
    with pytest.raises(SpecError, match="heading"):
        parse(document.replace(f"# {schema.heading}\n", f"# {schema.heading}s\n"))


def test_a_row_that_stands_twice_is_refused(document: str) -> None:
    row = "| 10      | 00022       | -     |\n"
    with pytest.raises(SpecError, match="again"):
        parse(document.replace(row, row + row))


def test_a_column_of_another_name_is_refused(document: str) -> None:
    with pytest.raises(SpecError, match="column"):
        parse(document.replace("| surface   |", "| surfaces  |"))


@pytest.mark.parametrize("cell", ["M17.11", "I10", "S61.411A", "C4A.0", "M1A.0710"])
def test_a_diagnosis_is_a_code_of_icd_10_cm(cell: str) -> None:
    assert parse_diagnosis(cell) == cell


@pytest.mark.parametrize("cell", ["", "U07.1", "M17.", "m17.11", "M17.11111", "00061", "M17.11 "])
def test_what_is_no_code_of_icd_10_cm_is_refused_without_repeating_it(cell: str) -> None:
    with pytest.raises(ValueError, match="ICD-10-CM") as caught:
        parse_diagnosis(cell)
    assert str(caught.value) == "a diagnosis is an ICD-10-CM code such as M17.11"


@pytest.mark.parametrize(("cell", "sides"), [("left", ("left",)), ("right; both", ("right", "both"))])
def test_sides_of_a_diagnosis(cell: str, sides: tuple[str, ...]) -> None:
    assert parse_named_sides(cell) == sides


@pytest.mark.parametrize("cell", ["", "up", "left; left", "left, right"])
def test_other_sides_are_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="left, right or both"):
        parse_named_sides(cell)


def test_the_headings_of_diagnoses_and_passages_may_be_left_out() -> None:
    free = {schema.heading for schema in TABLES if not schema.required}
    assert free == {"Diagnoses", "Do not code", "Do not read", "Last word"}
