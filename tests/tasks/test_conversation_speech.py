"""How callers say things, and what the offline agent reads out of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cases.randomness import stream
from evalkit.tasks.patient_conversation import reading, speech

DAYS = st.dates(date(1905, 1, 1), date(2019, 12, 31)).map(date.isoformat)
CLEAR = [style for style in speech.STYLES if style != "numbers"]


@given(DAYS, st.sampled_from(CLEAR), st.sampled_from(["{}", "I was born {}.", "It's {}, thank you"]))
def test_a_date_is_read_in_every_form_in_which_it_is_said(day: str, style: speech.Style, frame: str) -> None:
    assert reading.read_date(frame.format(speech.say_date(day, style))) == day


def test_a_date_in_bare_numbers_is_read_but_where_two_of_them_run_into_one() -> None:
    days = [date(1921, 1, 1) + timedelta(days=11 * at) for at in range(3000)]
    wrong = [day for day in days if reading.read_date(speech.say_date(day.isoformat(), "numbers")) != day.isoformat()]
    assert len(wrong) / len(days) < 0.02
    assert all(day.day in {20, 30} and 2000 <= day.year < 2010 for day in wrong)  # thirty, two thousand


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("May fourth, no, sorry, May fifth, nineteen eighty", "1980-05-05"), ("1980-05-04", "1980-05-04"),
        ("the 4th of May 1980", "1980-05-04"), ("May 31 and June 31, 1980", None), ("13/13/1980", None),
        ("nineteen oh four", None), ("oh five, oh four, nineteen hundred", "1900-05-04"), ("tomorrow", None),
        ("zero five oh four one nine eight zero", "1980-05-04"), ("sept 9 2001", "2001-09-09"), ("", None),
    ],
)  # fmt: skip
def test_a_date_is_read_as_it_is_meant_or_not_at_all(words: str, day: str | None) -> None:
    assert reading.read_date(words) == day


@given(DAYS, st.booleans())
def test_a_day_without_a_year_is_the_next_one(day: str, spoken: bool) -> None:
    near = f"{day[:4]}-{day[5:7]}-01"
    assert reading.read_day(f"How about {speech.say_day(day, spoken=spoken)} in the morning", near=near) == day


def test_a_day_of_january_that_is_asked_for_in_december_is_next_years() -> None:
    assert reading.read_day("January 4", near="2025-12-20") == "2026-01-04"


@pytest.mark.parametrize("style", ["as written", "spelled", "grouped"])
@given(number=st.from_regex(r"[0-9]{3}-555-01[0-9]{2}", fullmatch=True))
def test_digits_are_read_spelled_out_and_grouped(style: str, number: str) -> None:
    said = speech.say_number(number, style)
    assert reading.read_digits(f"It is {said}.") == number.replace("-", "")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("My name is Jerome Hanson. I was born May 4", "Jerome Hanson"), ("This is Brian Ibáñez.", "Brian Ibáñez"),
        ("It's Mary-Lou O'Brien, hello", "Mary-Lou O'Brien"), ("The name is Jerome.", "Jerome"), ("hello there", None),
        ("Jerome Hanson", "Jerome Hanson"), ("May Fourth", None),
    ],
)  # fmt: skip
def test_a_name_is_read_after_words_that_announce_it_or_alone(words: str, name: str | None) -> None:
    assert reading.read_name(words, bare=True) == name


@pytest.mark.parametrize(
    ("words", "time"),
    [
        ("at 9:30", "09:30"),
        ("at 2:30 am", "02:30"),
        ("1:45 p.m. please", "13:45"),
        ("12:00 am", "00:00"),
        ("12:15 pm", "12:15"),
        ("noon", None),
    ],
)
def test_a_time_is_read(words: str, time: str | None) -> None:
    assert reading.read_time(words) == time


def test_yes_and_no_are_told_apart_and_no_outweighs() -> None:
    answers = {"Yes please": True, "no, that is fine": False, "that works": True, "Tuesday": None, "I can't": False}
    assert {words: reading.agrees(words) for words in answers} == answers


def test_sounds_of_hesitation_are_not_words() -> None:
    assert reading.without_fillers("um, I uh, was you know, born May um, 4") == "I was born May 4"


def errors(rate: float) -> float:
    """Words that are not as they were said, of all words, by the shortest way from one to the other."""
    text = "I need to move my appointment to the fifth of May at nine thirty in the morning please"
    hits = 0
    for at in range(2000):
        hits += distance(text.split(), speech.mishear(text, rate, stream(3, "noise").at(at)).split())
    return hits / (2000 * len(text.split()))


def distance(one: list[str], other: list[str]) -> int:
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, start=1):
        before, row[0] = row[0], at
        for place, heard in enumerate(other, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != heard))
    return row[-1]


def test_the_word_error_rate_is_the_one_that_is_asked_for() -> None:
    assert errors(0) == 0
    assert errors(0.05) == pytest.approx(0.05, abs=0.006)  # one confusion says three words: a little more
    assert errors(0.15) == pytest.approx(0.15, abs=0.012)


def test_what_is_misheard_is_the_same_for_the_same_draws_and_written_words_never_are() -> None:
    text = "May fifteenth nineteen eighty"
    assert speech.mishear(text, 0.5, stream(1, "x").at(1)) == speech.mishear(text, 0.5, stream(1, "x").at(1))
    assert speech.mishear(text, 1.0, stream(1, "x").at(1)) != text
