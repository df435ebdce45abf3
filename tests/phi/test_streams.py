from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.disguises import DISGUISES, WRAPPINGS
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Needles
from evalkit.phi.streams import LINES, LONGEST_TAIL, TAIL, Stream

KNOWN = (Identifier("patient.last", "name", "Villanueva"), Identifier("patient.ssn", "ssn", "900-11-4321"))
FILLER = "The knee was examined and the range of motion is full. "


def _pieces(text, cuts):
    ends = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(ends)]


def _reported(needles, pieces):
    stream = Stream(needles, place="reply")
    for piece in pieces:
        stream.feed(piece)
    return {leak.needle_id for leak in stream.leaks}


@pytest.mark.parametrize("disguise", DISGUISES, ids=[disguise.form_id for disguise in DISGUISES])
def test_a_disguise_is_seen_through_wherever_the_stream_is_cut(disguise, make_persona):
    draws = random.Random(disguise.form_id)
    for at in range(4):
        person = make_persona(7, at)
        value = disguise.leak(person)
        if not isinstance(value, str):
            continue  # streams are text; what is split over fields comes as a whole value
        text = FILLER * draws.randrange(80) + "\n" + value + "\n" + FILLER
        pieces = _pieces(
            text, [draws.randrange(10**6) for _ in range(6)] + [text.index(value) + draws.randrange(len(value))]
        )
        assert disguise.shows & _reported(Needles(person.identifiers), pieces), at


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 10**6), max_size=8), st.integers(0, 40), st.sampled_from(sorted(WRAPPINGS)))
def test_a_cut_hides_nothing_that_is_seen_in_the_whole(cuts, before, wrapping):
    value = WRAPPINGS[wrapping](f"Ms Villanueva, {900}-11-4321")
    if isinstance(value, str):
        text = FILLER * before + value
        needles = Needles(KNOWN)
        assert _reported(needles, _pieces(text, cuts)) >= {leak.needle_id for leak in needles.search(text, place="r")}


def test_letters_that_come_one_by_one_are_found_once():
    stream = Stream(Needles(KNOWN), place="reply")
    found = [leak for letter in "Ms Villanueva was seen" for leak in stream.feed(letter)]
    assert [(leak.needle_id, leak.place) for leak in found] == [("patient.last", "reply")]
    assert stream.leaks == tuple(found)


def test_blanks_and_invisible_characters_do_not_push_a_value_out_of_the_tail():
    pieces = ["9001", " " * (3 * TAIL), "\u200b" * (3 * TAIL), "x"]
    assert _reported(Needles(KNOWN), ["Villa", "\u200b" * (3 * TAIL), "nueva"]) == {"patient.last"}
    assert _reported(Needles(KNOWN), pieces) == set()


def test_what_lines_spell_is_read_over_many_long_lines():
    lines = [f"{letter}ine words follow here. {FILLER * 20}\n" for letter in "Villanueva"]
    assert _reported(Needles(KNOWN), lines) == {"patient.last"}


def test_a_clean_stream_stays_silent():
    assert _reported(Needles(KNOWN), [FILLER * 3] * 40) == set()


def test_a_payload_without_an_end_fails_closed():
    assert _reported(Needles(KNOWN), ["Zq9" * 20_000] * (LONGEST_TAIL // 50_000 + 1)) == {"*"}


def test_a_stream_shows_counts_only():
    stream = Stream(Needles(KNOWN), place="reply")
    stream.feed("Villanueva")
    assert repr(stream) == "Stream(10 characters, 1 leaks)"


def test_a_needle_is_reported_by_the_piece_that_completes_it_and_once():
    stream = Stream(Needles(KNOWN), place="reply")
    assert stream.feed("Ms. Villa") == ()
    (leak,) = stream.feed("nueva, again Villanueva")
    assert (leak.needle_id, leak.category, leak.place) == ("patient.last", "name", "reply")
    assert stream.feed(" Villanueva") == ()
    assert stream.leaks == (leak,)


def test_two_needles_of_one_piece_come_together():
    stream = Stream(Needles(KNOWN), place="reply")
    assert {leak.needle_id for leak in stream.feed("Villanueva 900-11-4321")} == {"patient.last", "patient.ssn"}
    assert repr(stream) == "Stream(22 characters, 2 leaks)"


def test_nothing_and_nothing_again_is_no_leak():
    stream = Stream(Needles(KNOWN), place="reply")
    assert stream.feed("") == stream.feed("") == ()
    assert stream.leaks == ()
    assert repr(stream) == "Stream(0 characters, 0 leaks)"


def test_a_leak_of_a_stream_never_holds_the_value():
    stream = Stream(Needles(KNOWN), place="reply")
    stream.feed("900-11-43")
    shown = f"{stream.feed('21')} {stream.leaks} {stream!r}"
    assert "patient.ssn" in shown
    assert "4321" not in shown


def test_other_text_between_two_halves_makes_no_needle():
    assert _reported(Needles(KNOWN), ["Villa", FILLER, "nueva"]) == set()
    assert _reported(Needles(KNOWN), ["900-11", FILLER, "-4321"]) == set()


def test_streams_do_not_share_what_they_have_seen():
    needles = Needles(KNOWN)
    assert _reported(needles, ["Villa"]) == _reported(needles, ["nueva"]) == set()
    assert _reported(needles, ["Villanueva"]) == _reported(needles, ["Villa", "nueva"]) == {"patient.last"}


@pytest.mark.parametrize(("empty_lines", "seen"), [(0, True), (LINES, False)])
def test_lines_that_are_too_far_apart_spell_nothing(empty_lines, seen):
    rows = [f"{letter}ine words follow here.\n" for letter in "Villanueva"]
    between = ["one more line of text.\n"] * empty_lines
    assert (_reported(Needles(KNOWN), [*rows[:5], *between, *rows[5:]]) == {"patient.last"}) is seen


def test_no_identifiers_are_found_in_any_stream():
    assert _reported(Needles(()), ["Villanueva ", "900-11-4321"]) == set()
