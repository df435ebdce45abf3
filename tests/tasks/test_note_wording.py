from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.quantities import in_digits
from evalkit.tasks.note_summary.headings import section_of
from evalkit.tasks.note_summary.wording import part_of, spoken


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("140/90", "one forty over ninety"), ("104/60", "one hundred four over sixty"), ("7.2", "seven point two"),
        ("500", "five hundred"), ("875", "eight hundred seventy five"), ("1000", "one thousand"), ("12", "twelve"),
    ],
)  # fmt: skip
def test_numbers_are_said_as_people_say_them(value: str, words: str) -> None:
    assert spoken(value) == words


@given(st.integers(1, 1999))
def test_a_spoken_number_is_heard_as_the_same_number(number: int) -> None:
    assert in_digits(f"{spoken(str(number))} milligrams") == f"{number} milligrams"


@given(st.integers(90, 199), st.integers(40, 110))
def test_a_spoken_pressure_is_heard_as_the_same_pressure(above: int, below: int) -> None:
    assert in_digits(spoken(f"{above}/{below}")) == f"{above}/{below}"


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("HISTORY OF PRESENT ILLNESS", "subjective"), ("VITALS AND EXAM", "objective exam"),
        ("LAB RESULTS", "objective results"), ("Assessment and Plan", "assessment plan"), ("ADDENDUM", None),
    ],
)  # fmt: skip
def test_headings_name_parts_of_a_note(heading: str, section: str | None) -> None:
    assert section_of(heading) == section


def test_a_problem_has_its_part_of_the_body() -> None:
    assert [part_of(name) for name in ("knee pain", "rotator cuff tear")] == ["knee", "shoulder"]
