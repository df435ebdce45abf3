from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.alphabets import BASE32, BASE64, BETWEEN, HEX, read, texts_in, together
from evalkit.phi.views import MAX_CHARS, TooLarge

WRITTEN = {
    "base64": lambda raw: base64.b64encode(raw).decode().rstrip("="),
    "hex": bytes.hex,
    "base32": lambda raw: base64.b32encode(raw).decode().rstrip("="),
}


def _texts(runs):
    return {coded[0].name: texts_in(coded) for coded in read(runs)}


@settings(deadline=None)
@given(st.sampled_from(sorted(WRITTEN)), st.binary(min_size=8, max_size=40), st.integers(0, 8))
def test_any_bytes_are_read_from_any_offset(name, raw, before):
    written = "A" * before + WRITTEN[name](raw)
    bytes_read = {coded[0].name: coded[2] for coded in read([written])}
    assert raw in bytes_read[name]


def test_runs_are_read_apart_and_an_unfinished_byte_is_none():
    ((alphabet, runs, raw),) = read(["TWFyaXNv", "VmFudGVy"])
    assert (alphabet, runs) == (BASE64, "TWFyaXNv\0VmFudGVy")
    assert b"Mariso\xff" in raw
    assert b"\xffVanter\xff" in raw
    assert b"MarisoVanter" not in raw


def test_a_part_between_punctuation_is_read_without_its_neighbours():
    assert any(text == "Vanter" for text in _texts(["cache9/VmFudGVy/x1"])["base64"])


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("pack", [zlib.compress, lambda raw: gzip.compress(raw, mtime=0)])
def test_what_was_compressed_is_unpacked(name, pack):
    assert "record of Vanterpool and more" in _texts([WRITTEN[name](pack(b"record of Vanterpool and more"))])[name]


def test_what_blows_up_is_too_large():
    (coded, *_) = read([WRITTEN["base64"](zlib.compress(b"0" * (MAX_CHARS + 1)))])
    with pytest.raises(TooLarge):
        texts_in(coded)


def test_noise_says_nothing_and_short_words_of_other_scripts_do():
    assert _texts([WRITTEN["base64"](bytes([200, 1, 2, 255, 90, 254, 33, 250]))])["base64"] == []
    assert "王伟" in _texts([WRITTEN["base64"]("王伟".encode())])["base64"]


def test_controls_in_noise_are_gaps_too():
    texts = _texts([WRITTEN["base64"](b"\xffx\x03Vanterpool\xff")])["base64"]
    assert f"x{BETWEEN}Vanterpool" in texts


def test_a_huge_run_is_read_like_a_short_one():
    raw = b"Vanterpool " * 9_000
    assert raw.decode() in _texts([WRITTEN["base64"](raw)])["base64"]


def test_pieces_on_a_page_keep_their_lines():
    page = together(["a", "b\nc", "d"])
    assert page == f"a{BETWEEN}d\n\n\n\n\n\nb\nc"
    assert together([]) == ""


def test_an_alphabet_knows_its_groups():
    assert [alphabet.group for alphabet in (BASE64, HEX, BASE32)] == [4, 2, 8]
