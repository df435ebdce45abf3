"""How a value, a text and one difference are shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.spec.difference import Change, lines_changed, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (0.25, "0.25"),
        ("", ""),
        ("two words", "two words"),
        ((), "-"),
        ([], "-"),
        (frozenset(), "-"),
        (("b", "a"), "b; a"),
        (frozenset({"b", "a"}), "a; b"),
        ((None, True), "-; true"),
        (("one", ("two", "three")), "one; two, three"),
        ({"to": 2, "from": None}, "to 2; from -"),
    ],
)
def test_a_value_is_shown_as_it_stands_in_the_file(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(("length", "end"), [(119, "x"), (120, "x"), (121, "..."), (5000, "...")])
def test_a_long_value_is_cut_at_a_hundred_and_twenty_characters(length: int, end: str) -> None:
    text = shown("x" * length)
    assert len(text) == min(length, 120)
    assert text.endswith(end)


def test_a_long_list_is_cut_as_a_whole() -> None:
    text = shown(tuple(f"word{number}" for number in range(100)))
    assert text.startswith("word0; word1; ")
    assert len(text) == 120


@settings(deadline=None, max_examples=60)
@given(st.frozensets(st.text("abcxyz", min_size=1, max_size=4), max_size=8))
def test_a_set_is_shown_in_one_order(words: frozenset[str]) -> None:
    assert shown(words) == ("; ".join(sorted(words)) or "-")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a\nb", "a\nb\nc", "1 lines added, 0 removed"),
        ("a\nb\nc", "a", "0 lines added, 2 removed"),
        ("a\nb\nc", "a\nB\nc", "1 lines added, 1 removed"),
        ("a", "a", "0 lines added, 0 removed"),
        ("a", "a\n+++ x\n--- y", "2 lines added, 0 removed"),
        ("-- x\na", "a", "0 lines added, 1 removed"),
    ],
)
def test_added_and_removed_lines_are_counted(old: str, new: str, words: str) -> None:
    assert lines_changed(old, new) == words


@settings(deadline=None, max_examples=60)
@given(old=st.lists(st.sampled_from("abc+-"), max_size=8), new=st.lists(st.sampled_from("abc+-"), max_size=8))
def test_the_lines_of_a_diff_add_up(old: list[str], new: list[str]) -> None:
    added, removed = (int(part.split()[0]) for part in lines_changed("\n".join(old), "\n".join(new)).split(", "))
    assert added - removed == max(len(new), 1) - max(len(old), 1)


def test_a_change_belongs_to_no_row_unless_it_says_so() -> None:
    assert Change("prose changed", "Purpose", "1 lines added, 0 removed", "note").row_id is None


def test_a_change_cannot_be_graded_anew() -> None:
    change = Change("refusal removed", "refuse/X", "no longer refused", "blocking")
    with pytest.raises(dataclasses.FrozenInstanceError):
        change.severity = "note"  # type: ignore[misc]
