from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.lookup import Lookup

LITERALS = st.lists(st.text(alphabet="abcdé1", min_size=1, max_size=8), max_size=12)


@settings(deadline=None)
@given(LITERALS, st.text(alphabet="abcdé1", max_size=700))
def test_every_literal_of_a_text_is_found_and_no_other(literals, text):
    assert set(Lookup(literals).seen_in(text)) == {literal for literal in literals if literal in text}


def test_many_literals_are_found_at_either_end_of_a_long_text():
    literals = [f"needle{number:05d}x" for number in range(5_000)]
    lookup = Lookup(literals)
    assert lookup.seen_in(literals[4_321] + "y" * 3_000 + literals[7]) in (
        [literals[4_321], literals[7]],
        [literals[7], literals[4_321]],
    )
    assert lookup.seen_in("y" * 3_000) == []
    assert repr(lookup) == "Lookup(5000 literals)"


def test_short_texts_with_many_literals_are_searched_too():
    lookup = Lookup([f"needle{number:05d}" for number in range(300)])
    assert [lookup.seen_in(text) for text in ("", "a", "ab", "abc", "needle00001")] == [[], [], [], [], ["needle00001"]]


LONG = "y" * 300


@pytest.mark.parametrize(
    "literal", ["a", "ab", "abc", "abcd", "abcde", "é", "éa", "éé", "€", "a€", "𝐕", "abcdefgh" * 9]
)
@pytest.mark.parametrize("shift", range(5))
def test_a_literal_of_any_width_is_found_at_any_offset_and_at_the_very_end(literal, shift):
    lookup = Lookup([literal])
    before = LONG + "z" * shift
    assert lookup.seen_in(before + literal) == [literal]
    assert lookup.seen_in(literal + before) == [literal]
    assert lookup.seen_in(before + literal[:-1]) == []


@pytest.mark.parametrize("literal", ["abc\0", "abcd\0\0", "\0\0\0\0"])
def test_nothing_is_found_beyond_the_end_of_a_text(literal):
    assert Lookup([literal]).seen_in(LONG + literal.rstrip("\0")) == []
    assert Lookup([literal]).seen_in(LONG + literal) == [literal]


def test_literals_with_the_same_beginning_are_told_apart():
    lookup = Lookup(["vanter", "vanterpool", "vantage", "vant"])
    assert set(lookup.seen_in(LONG + "vanterpoo")) == {"vant", "vanter"}
    assert set(lookup.seen_in(LONG + "vantag")) == {"vant"}


def test_a_literal_given_twice_counts_once():
    lookup = Lookup(["villa", "nueva", "villa"])
    assert len(lookup) == 2
    assert lookup.seen_in(LONG + "villa villa villa") == ["villa"]
    assert repr(lookup) == "Lookup(2 literals)"


def test_no_literals_are_found_nowhere():
    assert Lookup([]).seen_in("") == Lookup([]).seen_in(LONG) == []


def test_the_order_of_literals_changes_nothing():
    literals = [f"word{number:03d}" for number in range(250)]
    text = LONG + "word007 word100 word249 word250"
    assert sorted(Lookup(literals).seen_in(text)) == sorted(Lookup(literals[::-1]).seen_in(text))
    assert len(Lookup(literals).seen_in(text)) == 3


def test_half_of_a_surrogate_pair_is_text_like_any_other():
    assert Lookup(["x\ud835"]).seen_in(LONG + "x\ud835") == ["x\ud835"]
