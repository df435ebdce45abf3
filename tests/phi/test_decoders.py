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
        ("base64", base64.b64encode(gzip.compress(TEXT.encode())).decode()),
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
    if not is_plain_word(before + token):
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
