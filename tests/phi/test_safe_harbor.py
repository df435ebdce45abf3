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
