from __future__ import annotations

import pytest

from evalkit.phi.lexicon import GIVEN_NAMES, GUARD
from evalkit.phi.ordinary import ORDINARY


@pytest.mark.parametrize("month", "january february march july august september october november december".split())
def test_a_month_is_no_name_for_its_capital(month):
    assert month in GUARD
    assert month not in GIVEN_NAMES


@pytest.mark.parametrize("day", "monday tuesday wednesday thursday friday saturday sunday".split())
def test_a_day_of_the_week_is_no_name(day):
    assert day in GUARD
    assert day not in GIVEN_NAMES


def test_an_ordinary_word_is_guarded_unless_it_is_a_given_name():
    assert ORDINARY - GUARD == ORDINARY & GIVEN_NAMES
    assert {"virginia", "grace", "austin"} & GIVEN_NAMES <= GIVEN_NAMES - {"grace", "austin"}


def test_a_given_name_is_guarded_only_where_it_stands_in_clinical_text_too():
    assert sorted(GIVEN_NAMES & GUARD) == []


def test_titles_are_guarded_so_that_they_are_no_part_of_a_name():
    assert {"mr", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "nurse"} <= GUARD


def test_every_entry_is_one_lower_case_word():
    for word in GUARD | GIVEN_NAMES:
        assert word == word.strip().casefold()
        assert word.replace("-", "").replace("'", "").isalpha()
