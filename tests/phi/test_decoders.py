from __future__ import annotations

import base64
import codecs
import gzip
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.decoders import DECODE_DEPTH, decoded
from evalkit.phi.runs import is_plain_word
from evalkit.phi.views import MAX_CHARS, TooLarge

TEXT = "Marisol Vanterpool of Larkspur Hollow"


def _views(text):
    return {chain: forms.raw for chain, forms in decoded(text) if chain}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("percent", "%4darisol%20Vanterpool%20of%20Larkspur%20Hollow"),
        ("entities", "".join(f"&#{ord(char)};" for char in TEXT)),
        ("escapes", "".join(f"\\u{ord(char):04x}" for char in TEXT)),
        ("quoted", "".join(f"={ord(char):02X}" for char in TEXT)),
        ("base64", base64.b64encode(TEXT.encode()).decode()),
        ("base64", base64.b64encode(gzip.compress(TEXT.encode(), mtime=0)).decode()),
        ("base64", base64.b64encode(zlib.compress(TEXT.encode())).decode()),
        ("hex", TEXT.encode().hex()),
        ("hex", zlib.compress(TEXT.encode()).hex().upper()),
        ("base32", base64.b32encode(TEXT.encode()).decode()),
    ],
)
@pytest.mark.parametrize("before", ["", "trace ", "blob:", '{"x": "'])
def test_each_decoder_reads_what_was_encoded(name, text, before):
    assert TEXT in _views(before + text)[name]


@settings(deadline=None)
@given(st.text(min_size=6, max_size=40), st.text(alphabet="abcXYZ019", max_size=3))
def test_base64_is_read_from_every_offset(text, before):
    token = base64.b64encode(text.encode()).decode().rstrip("=")
    if not is_plain_word(before + token) and sum(map(str.isalnum, text)) >= 4:
        assert text in _views(before + token).get("base64", "")


@settings(deadline=None)
@given(st.binary(min_size=4, max_size=30), st.sampled_from(["", "a", "f0"]))
def test_hex_is_read_from_both_offsets(raw, before):
    text = f"MARK{raw.hex()}MARK"
    assert text in _views(before + text.encode().hex())["hex"]


def test_two_layers_are_decoded_and_named():
    nested = base64.b64encode(TEXT.encode().hex().encode()).decode()
    assert TEXT in _views(nested)["base64/hex"]


def test_a_payload_that_blows_up_is_too_large():
    bomb = base64.b64encode(zlib.compress(b"0" * (MAX_CHARS + 10))).decode()
    with pytest.raises(TooLarge):
        list(decoded(bomb))


@pytest.mark.parametrize(
    "text", ["The patient tolerated the procedure well.", "left-sided/right", "note_text", "2024-02-11"]
)
def test_ordinary_words_are_not_decoded(text):
    assert _views(text) == {}


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_decoding_raise(text):
    assert all(isinstance(forms.raw, str) for _, forms in decoded(text))


def test_json_in_a_text_is_read_with_every_entry_of_a_doubled_key():
    views = [
        forms.raw for chain, forms in decoded('see {"a": "Mari", "a": "sol", "k": {"b": 7}} there') if chain == "json"
    ]
    assert {"Mari-sol-7", "Marisol7"} <= set(views)


def test_deep_json_is_too_large():
    with pytest.raises(TooLarge):
        list(decoded("[" * 100_000 + "]" * 100_000))


def test_a_payload_cut_into_lines_is_read_as_one():
    record = gzip.compress(bytes(range(32, 127)) * 3 + TEXT.encode(), mtime=0)
    assert TEXT in " ".join(_views("blob\n" + base64.encodebytes(record).decode()).values())


def test_views_stop_at_the_depth_asked_for():
    nested = TEXT
    for _ in range(DECODE_DEPTH + 1):
        nested = base64.b64encode(nested.encode()).decode()
    assert not any(TEXT in view for view in _views(nested).values())
    assert any(TEXT in forms.raw for _, forms in decoded(nested, depth=DECODE_DEPTH + 1))


def test_a_text_is_turned_where_a_turned_word_explains_a_value():
    assert "dob 1947" in _views("7491 bod").values()
    assert "zip 02169" in _views(codecs.encode("zip 02169", "rot13")).values()
    assert _views("the doctor said it is fine") == {}


def test_escapes_make_one_character_of_a_pair():
    assert "𝐕" in _views(json.dumps("𝐕")).values() or '"𝐕"' in _views(json.dumps("𝐕")).values()
