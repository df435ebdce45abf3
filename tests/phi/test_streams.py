from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.disguises import DISGUISES, WRAPPINGS
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Needles
from evalkit.phi.streams import LONGEST_TAIL, TAIL, Stream

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
