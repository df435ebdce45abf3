from __future__ import annotations

import base64
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IdentifierError
from evalkit.phi.views import (
    MAX_CHARS,
    MAX_DEPTH,
    Leaf,
    TooLarge,
    decoded,
    is_plain_key,
    is_plain_word,
    leaves,
    may_hold_hash,
    show_path,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
TEXT = "Marisol Vanterpool of Larkspur Hollow"


def _views(text):
    return dict(decoded(text))


def test_leaves_come_in_order_with_a_key_before_its_value():
    found = leaves({"a": "x", "b": [{"c": 2}, "y"]})
    assert [(leaf.path, leaf.text, leaf.is_key) for leaf in found] == [
        (("a",), "a", True),
        (("a",), "x", False),
        (("b",), "b", True),
        (("b", 0, "c"), "c", True),
        (("b", 0, "c"), "2", False),
        (("b", 1), "y", False),
    ]


@settings(deadline=None)
@given(JSON)
def test_every_text_of_a_value_is_a_leaf(value):
    texts = [leaf.text for leaf in leaves(value)]

    def check(part):
        if isinstance(part, str):
            assert part in texts
        elif isinstance(part, list):
            for entry in part:
                check(entry)
        elif isinstance(part, dict):
            for key, entry in part.items():
                assert key in texts
                check(entry)

    check(value)


def test_a_whole_float_is_written_as_its_digits():
    assert [leaf.text for leaf in leaves([48271936.0, 2.5, 10**20, True, None])] == ["48271936", "2.5", str(10**20)]


def test_character_codes_are_read_as_text_too():
    assert leaves([77, 97, 114, 105, 115])[0].text == "Maris"
    assert leaves([1, 2, 3, 4, 5])[0].text == "1"
    assert leaves(["M", "a", "r", "i", "s"])[0].text == "Maris"


def test_too_deep_a_value_is_too_large():
    value: list = []
    for _ in range(MAX_DEPTH + 5):
        value = [value]
    with pytest.raises(TooLarge):
        leaves(value)


def test_what_is_not_json_is_an_error_without_its_value():
    with pytest.raises(IdentifierError) as caught:
        leaves({"a": {"Marisol"}}, where="output")
    assert str(caught.value) == "output: a set is not a JSON value and cannot be searched"


def test_a_leaf_never_shows_its_text():
    assert repr(Leaf(("a",), "Marisol")) == "Leaf(depth 1, 7 characters)"


def test_a_path_shows_keys_and_indices_and_hides_what_it_is_told_to():
    assert show_path("output", ("lines", 0, "note"), {}) == "output.lines[0].note"
    assert show_path("output", ("lines", 0, "note"), {("lines", 0, "note"): 2}) == "output.lines[0].key[2]"


@pytest.mark.parametrize(
    ("key", "plain"), [("note_text", True), ("Marisol", False), ("a b", False), ("9", False), ("", False)]
)
def test_a_plain_key_reads_like_a_field_name(key, plain):
    assert is_plain_key(key) is plain


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
    assert all(isinstance(view, str) for _, view in decoded(text))


def test_a_hash_is_only_sought_where_one_can_be():
    assert may_hold_hash("subject 06920d094dcd")
    assert may_hold_hash("x" * 22)
    assert not may_hold_hash("subject 06920d094dc and some plain words here")
