"""Text from elsewhere is shown as one line in which nothing acts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.visible import LONGEST, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("line_exact", "line_exact"),
        ("näher an 94 %", "näher an 94 %"),
        ("红色", "红色"),
        ("\x1b[31mpassed\x1b[0m", "\\x1b[31mpassed\\x1b[0m"),
        ("\x1b]8;;http://evil.example\x07here", "\\x1b]8;;http://evil.example\\x07here"),
        ("fail\nevalkit: pass", "fail evalkit: pass"),
        ("fail\r\u2028pass", "fail  pass"),
        ("user\u202enimda", "user\\u202enimda"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud800", "half \\ud800"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_acts_is_shown_as_its_code(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_line_keeps_its_ends_and_says_what_is_missing() -> None:
    shown = visible("a" + "x" * 1_000_000 + "z")
    assert len(shown) < LONGEST + 40
    assert shown.startswith("ax")
    assert shown.endswith("xz")
    assert "999,802 characters" in shown


@given(st.text(max_size=300))
def test_nothing_that_acts_is_ever_left(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert len(shown.splitlines()) <= 1


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=LONGEST))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text
