from __future__ import annotations

import pytest

from evalkit.phi.safe_harbor import (
    RESTRICTED_ZIP3,
    RESTRICTED_ZIP3_2000,
    RESTRICTED_ZIP3_2010,
    ages_over_89,
    telling_years,
    zip3,
)


def test_the_tables_have_the_sizes_of_their_sources():
    assert (len(RESTRICTED_ZIP3_2000), len(RESTRICTED_ZIP3_2010), len(RESTRICTED_ZIP3)) == (17, 18, 23)


@pytest.mark.parametrize("area", sorted(RESTRICTED_ZIP3))
def test_an_area_restricted_by_either_census_becomes_three_zeros(area):
    assert zip3(f"{area}07-1234") == "000"


@pytest.mark.parametrize(("zip_code", "left"), [("02169", "021"), ("90210-0001", "902"), ("", "000"), ("AB123", "000")])
def test_other_areas_keep_three_digits(zip_code, left):
    assert zip3(zip_code) == left


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("a 93-year-old woman", ["93"]),
        ("101 y/o, aged 95", ["101", "95"]),
        ("ninety-three years old; one hundred and two years", ["ninety-three", "one hundred and two"]),
        ("age: 90+", []),
        ("age 89; hr 93; 93 mg; 93.5 kg; for 90 days", []),
        ("turned 90 in 2025", ["90"]),
    ],
)
def test_ages_over_89_are_found_and_other_numbers_are_not(text, ages):
    assert [text[start:end] for start, end in ages_over_89(text)] == ages


def test_years_tell_but_for_this_one_and_the_last():
    text = "since 1996, in 2011, 2025 and 2026; 1947 ml"
    assert [text[start:end] for start, end in telling_years(text, today_year=2026)] == ["1996", "2011", "1947"]


def test_the_areas_of_2000_are_those_that_hhs_lists():
    """Guidance of 26 November 2012, the answer on which three-digit areas hold 20,000 people or fewer."""
    listed = "036, 692, 878, 059, 790, 879, 063, 821, 884, 102, 823, 890, 203, 830, 893, 556, 831"
    assert set(listed.split(", ")) == RESTRICTED_ZIP3_2000


def test_the_two_censuses_differ_where_people_moved():
    assert sorted(RESTRICTED_ZIP3_2000 - RESTRICTED_ZIP3_2010) == ["063", "790", "830", "831", "890"]
    assert sorted(RESTRICTED_ZIP3_2010 - RESTRICTED_ZIP3_2000) == ["202", "204", "205", "369", "753", "772"]
    assert all(len(area) == 3 and area.isdigit() for area in RESTRICTED_ZIP3)


def test_of_all_thousand_areas_977_stay():
    kept = [area for number in range(1000) if zip3(f"{number:03d}01") == (area := f"{number:03d}")]
    assert len(kept) == 1000 - len(RESTRICTED_ZIP3)
    assert not set(kept) & RESTRICTED_ZIP3


@pytest.mark.parametrize("zip_code", ["02", "0 2169", "O2169", "-2169", "", "  ", "zip 02169"])
def test_what_has_no_three_digits_at_its_head_tells_nothing(zip_code):
    assert zip3(zip_code) == "000"


def test_blanks_around_a_zip_do_not_matter():
    assert zip3(" 02169\n") == "021"
    assert zip3("\t05901 ") == "000"


@pytest.mark.parametrize("age", range(85, 135))
def test_an_age_counts_from_90_to_129(age):
    assert bool(ages_over_89(f"a {age}-year-old man")) is (90 <= age <= 129)
    assert bool(ages_over_89(f"aged {age}")) is (90 <= age <= 129)


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("95 yo", ["95"]),
        ("95yom", ["95"]),
        ("95 yof", ["95"]),
        ("95 yrs", ["95"]),
        ("age of 95", ["95"]),
        ("age is 95", ["95"]),
        ("ages 95", ["95"]),
        ("at 95 she fell", ["95"]),
        ("turning 95 and well", ["95"]),
        ("ninety years old", ["ninety"]),
        ("a hundred years old", ["a hundred"]),
        ("one hundred and five years", ["one hundred and five"]),
        ("195 years", []),
        ("95 yards", []),
        ("page 95", []),
        ("dosage 95", []),
        ("age 95.5", []),
        ("ninety days", []),
        ("at 95 mg", []),
    ],
)
def test_an_age_needs_its_words_on_one_side(text, ages):
    assert [text[start:end] for start, end in ages_over_89(text)] == ages


@pytest.mark.parametrize(("year", "tells"), [(1799, False), (1800, True), (2024, True), (2025, False), (2026, False),
                                             (2027, True), (2099, True), (2100, False)])  # fmt: skip
def test_a_year_tells_in_its_three_centuries_but_for_this_one_and_the_last(year, tells):
    assert bool(telling_years(f"in {year} or so", today_year=2026)) is tells


@pytest.mark.parametrize("text", ["21996", "19961", "$1,996", "0.1996", "1996.5", "1996-03", "code-1996", "3/1996"])
def test_digits_that_belong_to_a_longer_number_are_no_year(text):
    assert telling_years(text, today_year=2026) == []
