"""Reading a chart: measures with their words, sides, and passages with their place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.tasks.prior_authorization.reading import duration_of, names_other_side, percent_of, read_chart
from evalkit.tasks.reading import Sentence, read_sentences


def said(text: str) -> Sentence:
    (sentence,) = read_sentences(text)
    return sentence


@pytest.mark.parametrize(
    ("text", "days", "written"),
    [
        ("PT for Twelve Weeks", 84, "twelve weeks"),
        ("one month of rest", 30, "one month"),
        ("a 10-day course", 10, "10-day"),
        ("2 weeks and 1 day", 15, "2 weeks and 1 day"),
        ("2 months and three days", 63, "2 months and three days"),
        ("2 weeks, then 3 days", 3, "3 days"),
        ("6 weeks of therapy over 3 months", 42, "6 weeks"),
        ("1000 days", 1000, "1000 days"),
    ],
)
def test_a_duration_is_the_shortest_with_its_words(text: str, days: int, written: str) -> None:
    found = duration_of(said(text))
    assert found is not None
    assert found.value == pytest.approx(days / 7)
    assert found.written == written


@pytest.mark.parametrize("text", ["weeks of pain", "thirteen weeks", "6 wks", "6weeks", "every week", "week 6"])
def test_what_names_no_number_and_unit_is_no_duration(text: str) -> None:
    assert duration_of(said(text)) is None


@given(st.integers(1, 500), st.integers(1, 6))
def test_weeks_and_days_add_up(weeks: int, days: int) -> None:
    found = duration_of(said(f"Therapy for {weeks} weeks and {days} days."))
    assert found is not None
    assert round(found.value * 7) == weeks * 7 + days


@pytest.mark.parametrize(
    ("text", "percent"),
    [("88%", 88), ("100 percent", 100), ("first 91 %, then 87 %", 91), ("12/88 %", None), ("0.88 %", None),
     ("88 percentile", None), ("88 per cent", None), ("2025%", None)],
)  # fmt: skip
def test_a_percentage_is_a_whole_number_of_its_own(text: str, percent: int | None) -> None:
    found = percent_of(said(text))
    assert (found and found.value) == percent
    assert found is None or found.written == f"{percent} percent"


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [("X-ray of the left knee", False, True), ("right knee films", True, False), ("both knees", False, False),
     ("bilateral films", False, False), ("the knee", False, False), ("left worse than right", False, False),
     ("copyright of the films", False, False)],
)  # fmt: skip
def test_the_other_side_is_named_where_a_side_is_and_not_this_one(text: str, left: bool, right: bool) -> None:
    assert (names_other_side(said(text), "left"), names_other_side(said(text), "right")) == (left, right)


CHART = [
    {"date": "2025-03-01", "text": "PLAN\n- Žluť  is\tgone. Return\n\nCall."},
    {"date": "2024-12-31", "text": ""},
    {"date": "2025-02-28", "text": "Old."},
]


def test_a_passage_has_its_day_its_line_so_far_and_a_span_of_its_own_note() -> None:
    passages = list(read_chart(CHART))
    assert [(one.note, one.day, one.line) for one in passages] == [
        (2, date(2025, 2, 28), "old."),
        (0, date(2025, 3, 1), "plan"),
        (0, date(2025, 3, 1), "- žluť is gone."),
        (0, date(2025, 3, 1), "- žluť is gone. return"),
        (0, date(2025, 3, 1), "call."),
    ]
    for one in passages:
        text = CHART[one.note]["text"][one.span["start"] : one.span["end"]]
        assert one.span["field"] == f"chart_notes[{one.note}].text"
        assert " ".join(text.lower().split()) == one.sentence.plain


def test_a_passage_shows_its_place_and_no_word() -> None:
    assert repr(next(iter(read_chart(CHART)))) == "Passage(2, 0-4)"
    assert list(read_chart([])) == []
