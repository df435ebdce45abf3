from __future__ import annotations

import re

import pytest

from evalkit.phi.characters import LOWER, WORD_END, WORD_START, table_of


def test_a_table_tells_the_class_of_every_byte_and_the_rest_is_other():
    table = table_of({"abc": "l", "09": "d"}, other="?")
    assert len(table) == 256
    assert b"a0z9\x00\xff".translate(table) == b"ld?d??"
    assert set(table) == set(b"ld?")


def test_of_two_classes_with_the_same_character_the_later_counts():
    assert b"ab".translate(table_of({"ab": "1", "b": "2"})) == b"12"


def test_a_table_without_classes_makes_spaces():
    assert b"x\n7".translate(table_of({})) == b"   "


def test_the_alphabet_is_whole_and_in_order():
    assert [chr(code) for code in range(ord("a"), ord("z") + 1)] == [*LOWER]


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("cat", True),
        ("a cat.", True),
        ("_cat_", True),
        ("(cat)", True),
        ("concat", False),
        ("cats", False),
        ("cat7", False),
        ("7cat", False),
        ("écat", False),
        ("caté", False),
    ],
)
def test_a_word_ends_at_anything_but_a_letter_or_a_digit(text, stands):
    assert bool(re.search(f"{WORD_START}cat{WORD_END}", text)) is stands
