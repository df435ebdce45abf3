from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.dates import dates_in, parse_date, readings_of, shows
from evalkit.phi.forms import fold

DAY = date(1947, 3, 9)
WRITTEN = [
    "1947-03-09", "1947/3/9", "1947.03.09", "03/09/1947", "9.3.1947", "9/3/47", "09-03-47", "9 mar 1947",
    "9th of march, 1947", "march 9th 1947", "mar. 9, '47", "09mar1947", "1947 march 9", "19470309", "03091947",
    "09031947", "19470309093122", "194703090931", "1947-03-09t09:31:22z", "9 - 3 - 1947", "9 3 1947",
    "march ninth, nineteen forty-seven", "the ninth day of march nineteen hundred and forty seven",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_one_day_is_read_from_every_way_of_writing_it(text):
    assert set(readings_of(DAY)) & dates_in(f"seen {text}, left knee")


@pytest.mark.parametrize("text", WRITTEN)
def test_a_day_is_seen_in_the_middle_of_a_long_text(text):
    long = "bp 142/77 hr 93 rr 19 t 98.6, seen 2024-02-11. " * 20
    assert shows(f"{long}born {text}, left knee. {long}", DAY)
    assert not shows(f"{long}born {text}, left knee. {long}", date(1947, 3, 10))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("january twenty-first, nineteen sixty-three", date(1963, 1, 21)),
        ("the thirty-first of may two thousand", date(2000, 5, 31)),
        ("june second, two thousand two", date(2002, 6, 2)),
        ("june second, nineteen oh four", date(1904, 6, 2)),
        ("may first, nineteen hundred", date(1900, 5, 1)),
        ("october thirtieth, twenty eleven", date(2011, 10, 30)),
    ],
)
def test_ordinals_and_years_in_words_are_told_apart(text, day):
    assert shows(text, day)


@settings(deadline=None)
@given(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%y", "%d %B %Y", "%Y%m%d"]),
)
def test_a_formatted_day_is_always_read_and_seen_in_a_sentence(day, form):
    text = fold(day.strftime(form))
    assert set(readings_of(day)) & dates_in(text)
    assert shows(f"since {text}, 47 units", day)


@pytest.mark.parametrize(
    "text",
    ["0781-1506-10", "2.1 x 1.9 x 3.4", "30/02/1947", "13.13.1947", "10/1947", "1947", "5/5", "1234567", "123-45-6789"],
)
def test_what_is_no_date_is_not_read(text):
    assert not dates_in(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1947-03-09", DAY),
        ("13/03/1947", date(1947, 3, 13)),
        ("march 9, 1947", DAY),
        ("2024-02-11", date(2024, 2, 11)),
        ("93", None),
        ("03/09/1947", None),
        ("spring", None),
    ],
)
def test_a_value_means_a_day_only_where_it_is_unambiguous(text, day):
    assert parse_date(text) == day


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_reading_raise(text):
    assert all(1 <= month <= 12 and 1 <= day <= 31 for _, month, day in dates_in(fold(text)))
