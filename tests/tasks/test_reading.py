"""Reading a note: sentences, literals, sides, counts, minutes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.tasks.reading import (
    Sentence,
    count_of,
    heard_among,
    hears,
    minutes_of,
    read_passages,
    read_sentences,
    sides_of,
)


def sentence(text: str) -> Sentence:
    return next(read_sentences(text))


def texts(note: str) -> list[str]:
    return [note[found.start : found.end] for found in read_sentences(note)]


def test_a_full_stop_and_a_line_break_end_a_sentence() -> None:
    assert texts("Knee injected. Tolerated well!\nReturn in six weeks") == [
        "Knee injected.",
        "Tolerated well!",
        "Return in six weeks",
    ]


def test_a_title_and_an_initial_do_not_end_a_sentence() -> None:
    assert texts("Last visit with Dr. Marchetti and J. Ott included it. Done.") == [
        "Last visit with Dr. Marchetti and J. Ott included it.",
        "Done.",
    ]


def test_a_title_at_the_end_of_a_line_still_ends_it() -> None:
    assert texts("Referred by Dr.\nKnee injected.") == ["Referred by Dr.", "Knee injected."]


def test_a_decimal_point_ends_nothing() -> None:
    assert texts("Gave 2.5 mg of albuterol.") == ["Gave 2.5 mg of albuterol."]


def test_bullets_belong_to_no_sentence() -> None:
    assert texts("- Knee injected.\n* Tolerated well.\n• Return.") == ["Knee injected.", "Tolerated well.", "Return."]


def test_a_passage_is_what_stands_between_blank_lines() -> None:
    note = "Name: Ott\n\nPLAN  today\n- Ice.\n- Rest.\n \t\n\nSigned"
    found = list(read_passages(note))
    assert [passage.first for passage in found] == ["name: ott", "plan today", "signed"]
    assert [[note[s.start : s.end] for s in passage.sentences] for passage in found] == [
        ["Name: Ott"],
        ["PLAN  today", "Ice.", "Rest."],
        ["Signed"],
    ]


@given(st.text(alphabet="ab. \n-", max_size=80))
@settings(max_examples=200, deadline=None)
def test_passages_hold_the_sentences_of_the_whole_note(note: str) -> None:
    assert [s for passage in read_passages(note) for s in passage.sentences] == list(read_sentences(note))


def test_a_semicolon_keeps_a_sentence_together_so_that_declined_still_silences_it() -> None:
    assert texts("Offered knee injection; the patient declined.") == ["Offered knee injection; the patient declined."]


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_sentences_stand_in_order_and_lose_only_space_and_bullets(note: str) -> None:
    found = list(read_sentences(note))
    assert all(0 <= one.start < one.end <= len(note) for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    kept = {position for one in found for position in range(one.start, one.end)}
    lost = "".join(char for position, char in enumerate(note) if position not in kept)
    assert not [char for char in lost if char.isalnum()]


@pytest.mark.parametrize("text", ["A knee injection.", "KNEE  INJECTION", "two knee injections", "(knee injection)"])
def test_a_literal_is_heard_whatever_its_case_spacing_and_plural(text: str) -> None:
    assert hears(sentence(text), "knee injection")


@pytest.mark.parametrize("text", ["knee injectional", "aknee injection", "knee, injection", "injection of the knee"])
def test_a_literal_is_not_heard_inside_a_longer_word_or_in_other_order(text: str) -> None:
    assert not hears(sentence(text), "knee injection")


def test_a_literal_is_heard_where_only_its_second_occurrence_stands_alone() -> None:
    assert hears(sentence("unplanned, then planned"), "planned")


def test_only_the_literals_that_are_heard_come_back() -> None:
    found = heard_among(sentence("Unplanned knee injection declined."), ("planned", "declined", "knee injection"))
    assert found == {"declined", "knee injection"}


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Left knee injection", {"left"}),
        ("injection of the right knee", {"right"}),
        ("bilateral knee injection", {"left", "right"}),
        ("both knees", {"left", "right"}),
        ("left ear pass, right ear pass", {"left", "right"}),
        ("R knee injection", set()),
        ("bright light", set()),
    ],
)
def test_sides_are_read_from_whole_words(text: str, sides: set[str]) -> None:
    assert sides_of(sentence(text)) == sides


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("shave biopsy of three lesions", 3),
        ("shave biopsy of 12 lesions", 12),
        ("after 2 mL of 1 percent lidocaine, shave biopsy of two lesions", 2),
        ("with 0.5 mL, biopsy of 4 lesions", 4),
        ("biopsy of one lesion, two freeze cycles", 1),
        ("nail debridement", 1),
        ("debrided with a 10cm file", 1),
        ("11/02/2025 debrided ten nails", 10),
        ("25-gauge needle, two lesions", 2),
    ],
)
def test_a_count_is_the_first_number_that_measures_nothing(text: str, count: int) -> None:
    assert count_of(sentence(text)) == count


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("manual therapy, 23 minutes", 23),
        ("8-minute glide", 8),
        ("10 minutes, then 13 min more", 23),
        ("for a while", 0),
        ("1.5 minutes", 0),
    ],
)
def test_minutes_of_a_sentence_are_added_up(text: str, minutes: int) -> None:
    assert minutes_of(sentence(text)) == minutes
