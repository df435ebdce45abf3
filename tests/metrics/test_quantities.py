from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.metrics.quantities import UNITS, Quantity, matched, quantities


def read(text: str) -> set[tuple[str, str | None]]:
    return {tuple(quantity) for quantity in quantities(text)}


@pytest.mark.parametrize(
    ("written", "value", "unit"),
    [
        ("20 mg", "20", "mg"),
        ("20mg", "20", "mg"),
        ("20 milligrams", "20", "mg"),
        ("twenty milligrams", "20", "mg"),
        ("a 59-year-old male", "59", "year"),
        ("fifty nine years", "59", "year"),
        ("fifty-nine years", "59", "year"),
        ("140/90", "140/90", None),
        ("140/90 mmHg", "140/90", "mmhg"),
        ("one forty over ninety", "140/90", None),
        ("140 over 90", "140/90", None),
        ("seven out of ten", "7/10", None),
        ("a two over six murmur", "2/6", None),
        ("six point eight", "6.8", None),
        ("ninety eight point six degrees", "98.6", "degree"),
        ("98.60", "98.6", None),
        ("007", "7", None),
        ("1,000 mg", "1000", "mg"),
        ("one thousand milligrams", "1000", "mg"),
        ("two hundred and ten pounds", "210", "lb"),
        ("two hundred ten lbs", "210", "lb"),
        ("two and a half tablets", "2.5", "tablet"),
        ("one week", "1", "week"),
        ("see you in a month", "1", "month"),
        ("98 %", "98", "%"),
        ("98 percent", "98", "%"),
        ("0.1% gel", "0.1", "%"),
        ("on 4/28/07", "4/28/7", None),
    ],
)
def test_a_quantity_is_brought_to_one_form(written: str, value: str, unit: str | None) -> None:
    assert read(written) == {(value, unit)}


@pytest.mark.parametrize(
    "text",
    ["a1c", "covid-19", "L4", "T12", "one of them", "no one said so", "a few times a week", "a day", ""],
)
def test_what_is_no_quantity_is_left_out(text: str) -> None:
    assert read(text) == set()


def test_the_numbering_of_a_list_is_no_quantity() -> None:
    assert read("1. Hypertension.\n2) Diabetes, 8.5") == {("8.5", None)}


def test_numbers_said_one_after_another_stay_apart() -> None:
    assert read("eight four nine") == {("8", None), ("4", None), ("9", None)}


def test_a_range_is_two_numbers() -> None:
    assert read("1-2 cigarettes") == {("1", None), ("2", None)}


def test_a_word_that_only_starts_like_a_number_is_none() -> None:
    assert read("tenderness, someone, attention, sixpack") == set()


def test_the_same_number_with_another_unit_does_not_match() -> None:
    assert matched(quantities("20 mg"), quantities("20 mcg")) == set()


def test_a_number_without_a_unit_matches_one_that_has_it() -> None:
    assert matched(quantities("the dose is 20"), quantities("20 mg")) == {Quantity("20", None)}
    assert matched(quantities("20 mg"), quantities("take twenty")) == {Quantity("20", "mg")}


def test_another_number_never_matches() -> None:
    assert matched(quantities("40 mg"), quantities("20 mg, 400 mg, 4 mg")) == set()


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=9999), st.sampled_from(sorted(set(UNITS))))
def test_any_number_with_any_unit_is_found_again(number: int, unit: str) -> None:
    assert read(f"takes {number} {unit} now") == {(str(number), UNITS[unit])}


def spell(number: int) -> str:
    """English as people say it, up to 999."""
    ones = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    words = [*ones.split(), "seventeen", "eighteen", "nineteen"]
    tens = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    if number < 20:
        return words[number]
    if number < 100:
        return tens[number // 10] + (f" {words[number % 10]}" if number % 10 else "")
    rest = f" {spell(number % 100)}" if number % 100 else ""
    return f"{words[number // 100]} hundred{rest}"


@pytest.mark.parametrize("number", range(2, 1000))
def test_every_spelled_number_is_its_digits(number: int) -> None:
    assert read(f"{spell(number)} milligrams") == {(str(number), "mg")}


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    found = quantities(text)
    assert matched(found, found) == found
