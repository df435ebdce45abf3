"""One text of a document: normal form, and nothing in it that a reader cannot see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SpecError
from evalkit.spec.canonical import MAX_BYTES, MAX_LINE, canonical_text, find_invisible


def canonical(source: str | bytes) -> str:
    return canonical_text(source, path="x.md")


def test_line_ends_trailing_blanks_and_last_lines_have_one_form() -> None:
    assert canonical("a  \r\nb\t\n\n\n") == "a\nb\n"
    assert canonical(b"a\nb") == "a\nb\n"
    assert canonical("") == "\n"


def test_composed_and_decomposed_letters_are_one_text() -> None:
    assert canonical("Mu\u0308ller") == canonical("M\u00fcller") == "M\u00fcller\n"


def test_letters_of_every_script_and_emoji_are_text() -> None:
    for word in ("Przybyła", "日本", "ελληνικά", "\U0001f600", "— “x” ≥ 5 µg"):
        assert canonical(word) == f"{unicodedata.normalize('NFC', word)}\n"


@pytest.mark.parametrize(
    ("character", "words"),
    [
        ("\x00", "control character U\\+0000"),
        ("\x1b", "control character U\\+001B"),
        ("\r", "control character U\\+000D"),
        ("\x85", "control character U\\+0085"),
        ("\u202e", "invisible or direction-changing character U\\+202E"),
        ("\u2066", "invisible or direction-changing character U\\+2066"),
        ("\u200b", "invisible .* U\\+200B"),
        ("\u200d", "invisible .* U\\+200D"),
        ("\ufeff", "invisible .* U\\+FEFF"),
        ("\u00ad", "invisible .* U\\+00AD"),
        ("\U000e0041", "invisible .* U\\+E0041"),
        ("\ud800", "half of a surrogate pair U\\+D800"),
        ("\ue000", "private-use character U\\+E000"),
        ("\u2028", "line separator U\\+2028"),
        ("\u2029", "paragraph separator U\\+2029"),
        ("\u00a0", "space that is not a plain space U\\+00A0"),
        ("\u3000", "space that is not a plain space U\\+3000"),
    ],
)
def test_a_character_that_cannot_be_seen_is_refused_with_line_and_column(character: str, words: str) -> None:
    with pytest.raises(SpecError, match=f"x.md:2: {words} at column 3"):
        canonical(f"first\nab{character}c\n")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"\xef\xbb\xbfx", "x.md:1: .*byte order mark"),
        ("\ufeffx", "x.md:1: .*byte order mark"),
        ("x".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff\x00x", "UTF-16"),
        (b"ok\nok\n\xc3(\n", "x.md:3: these bytes are not UTF-8"),
        (b"\xed\xa0\x80", "x.md:1: these bytes are not UTF-8"),
        (b"\xc0\xaf", "not UTF-8"),
        (b"x\x00", "U\\+0000"),
    ],
)
def test_another_encoding_is_refused(source: str | bytes, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        canonical(source)


@pytest.mark.parametrize("source", ["x" * (MAX_BYTES + 1), b"x" * (MAX_BYTES + 1), "é\n" * MAX_BYTES])
def test_a_document_has_a_largest_size(source: str | bytes) -> None:
    with pytest.raises(SpecError, match="longer than"):
        canonical(source)


def test_a_line_has_a_largest_length() -> None:
    assert canonical("x" * MAX_LINE)
    with pytest.raises(SpecError, match="x.md:2: the line is longer"):
        canonical("\n" + "x" * (MAX_LINE + 1))


def test_the_place_of_an_invisible_character_is_counted_from_one() -> None:
    assert find_invisible("plain text\tand é") is None
    assert find_invisible("\u200bx") == "invisible or direction-changing character U+200B at column 1"


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=120), st.binary(max_size=120)))
def test_canonical_text_is_canonical(source: str | bytes) -> None:
    try:
        once = canonical(source)
    except SpecError:
        return
    assert canonical(once) == once
    assert canonical(once.encode("utf-8")) == once
    assert once.endswith("\n")
    assert not once.endswith("\n\n")
    assert unicodedata.is_normalized("NFC", once)
    assert all(line == line.rstrip() for line in once.split("\n"))
