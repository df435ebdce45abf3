from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.dates import Written, dates_in, parse_date, readings_of, shows, written_dates
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


def _placed(text):
    return [(text[one.start : one.end], set(one.readings)) for one in written_dates(text)]


@pytest.mark.parametrize(
    ("text", "placed"),
    [
        ("seen 1947-03-09, left", [("1947-03-09", {(1947, 3, 9)})]),
        ("seen 1947-09-03.", [("1947-09-03", {(1947, 9, 3)})]),
        ("seen 1947-13-03.", [("1947-13-03", {(1947, 3, 13)})]),
        ("on 3/9/1947 at", [("3/9/1947", {(1947, 3, 9), (1947, 9, 3)})]),
        ("on 13/9/47 at", [("13/9/47", {(47, 9, 13)})]),
        ("march 9th, 1947: knee", [("march 9th, 1947", {(1947, 3, 9)})]),
        ("the 9th of march 1947", [("9th of march 1947", {(1947, 3, 9)})]),
        ("in march 1947 and may 1950", [("march 1947", {(1947, 3, 0)}), ("may 1950", {(1950, 5, 0)})]),
        ("on may 5, stable", [("may 5", set())]),
        ("on the 5th of may", [("5th of may", set())]),
        (
            "born the ninth of march, nineteen forty-seven.",
            [("the ninth of march, nineteen forty-seven", {(1947, 3, 9)})],
        ),
        ("pid|19470309|f", [("19470309", {(1947, 3, 9)})]),
        ("id a19470309 and 19470309b", []),
        ("score 5/5, bp 142/77, 10/1947", []),
        ("30/02/1947", []),
    ],
)
def test_a_date_is_placed_with_all_its_readings(text, placed):
    assert _placed(text) == placed


def test_dates_are_placed_in_order_and_without_overlap():
    text = "1947-03-09 then may 5, then 9 march 1950 and in june 2001"
    found = written_dates(text)
    assert [text[one.start : one.end] for one in found] == ["1947-03-09", "may 5", "9 march 1950", "june 2001"]
    assert all(one.end <= two.start for one, two in zip(found, found[1:], strict=False))


def test_a_placed_date_is_plain_data():
    assert Written(0, 4, frozenset()) == Written(0, 4, frozenset())
    assert len({Written(0, 4, frozenset()), Written(0, 4, frozenset()), Written(0, 5, frozenset())}) == 2


@pytest.mark.parametrize(
    ("text", "exists"),
    [
        ("2024-02-29", True),
        ("2023-02-29", False),
        ("1900-02-29", False),
        ("2000-02-29", True),
        ("29 feb 00", True),
        ("29 feb 01", False),
        ("april 30, 1999", True),
        ("april 31, 1999", False),
        ("1999-12-32", False),
        ("1999-00-10", False),
        ("0 may 1999", False),
    ],
)
def test_only_a_day_of_the_calendar_is_read(text, exists):
    assert bool(dates_in(text)) is exists


def test_day_and_month_are_exchanged_only_where_both_exist():
    assert dates_in("03/09/1947") == {(1947, 3, 9), (1947, 9, 3)}
    assert dates_in("13/09/1947") == {(1947, 9, 13)}
    assert dates_in("march 9, 1947") == {(1947, 3, 9)}


@pytest.mark.parametrize("number", range(1, 13))
def test_every_month_is_read_by_its_name_and_its_first_three_letters(number):
    day = date(1953, number, 21)
    assert dates_in(f"{day:%B} 21, 1953".lower()) == {(1953, number, 21)}
    assert dates_in(f"21 {day:%b} 1953".lower()) == {(1953, number, 21)}
    assert shows(f"born 21{day:%b}1953".lower(), day)


def test_a_year_of_two_digits_stays_one_and_shows_days_of_both_centuries():
    assert readings_of(date(2047, 3, 9)) == ((2047, 3, 9), (47, 3, 9))
    assert shows("on 13/9/47", date(1947, 9, 13))
    assert shows("on 13/9/47", date(2047, 9, 13))
    assert not shows("on 13/9/1947", date(2047, 9, 13))


@pytest.mark.parametrize("near", [date(1947, 3, 8), date(1947, 4, 9), date(1948, 3, 9), date(1957, 3, 9)])
def test_a_neighbouring_day_is_not_shown(near):
    assert not shows("born march 9, 1947", near)
    assert not shows("born 1947-03-09", near)


def test_digits_around_a_date_make_it_something_else():
    assert dates_in("x 11947-03-09") == frozenset()
    assert dates_in("1947-03-091") == frozenset()
    assert dates_in("119470309") == frozenset()
    assert dates_in("1947-03/09") == frozenset()


def test_the_separators_of_a_date_agree():
    assert dates_in("3.9.1947") == dates_in("3/9/1947") == dates_in("3-9-1947") != frozenset()
    assert dates_in("3.9/1947") == frozenset()


@pytest.mark.parametrize("year", [1853, 1953, 2019])
def test_the_year_after_a_month_is_not_cut_into_a_day_and_a_short_year(year):
    cut = date(1900 + year % 100, 3, year // 100)
    assert dates_in(f"in march {year}") == frozenset()
    assert not shows(f"21 march {year}", cut)
    assert not shows(f"stable since march, {year}, on metformin", cut)


def test_a_day_and_a_year_written_together_after_a_month_are_still_read():
    assert shows("mar091947", DAY)
    assert shows("mar 9'47", DAY)
    assert shows("mar 947", DAY)
    assert shows("mar 0947", DAY)
