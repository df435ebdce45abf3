"""Digests: one byte string for one JSON value."""

from __future__ import annotations

import hashlib
import json
import math
import random
import subprocess
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.digests import canonical_json, digest, digest_bytes

text = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4))
COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, b"null"),
        (True, b"true"),
        (0, b"0"),
        (1.5, b"1.5"),
        (10**30, b"1" + b"0" * 30),
        ("", b'""'),
        ([], b"[]"),
        ({}, b"{}"),
        ([1, "a", None], b'[1,"a",null]'),
        ((1, 2), b"[1,2]"),
        ({"b": 1, "a": {"d": [], "c": 2}}, b'{"a":{"c":2,"d":[]},"b":1}'),
        ({"a": 1, "B": 2}, b'{"B":2,"a":1}'),
        ('"\\\n\t\x00', b'"\\"\\\\\\n\\t\\u0000"'),
        ("/<>&", b'"/<>&"'),
        ("\u00e9\u4e2d\U0001f600", '"\u00e9\u4e2d\U0001f600"'.encode()),
    ],
)
def test_a_value_is_written_in_one_known_way(value: Any, written: bytes) -> None:
    assert canonical_json(value) == written


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [lambda n: n, lambda n: [n], lambda n: {"a": {"b": n}}])
def test_a_number_that_json_does_not_have_is_refused(number: float, place: Any) -> None:
    with pytest.raises(ValueError):
        canonical_json(place(number))


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), 1j, {"a": b""}, {(1, 2): 3}, [range(3)]])
def test_what_is_not_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        digest(value)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError):
        digest("\ud800")


def test_a_value_that_contains_itself_is_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(ValueError):
        digest(ring)


def test_text_is_not_normalised_and_two_spellings_have_two_digests() -> None:
    assert unicodedata.normalize("NFC", DECOMPOSED) == COMPOSED
    assert digest(DECOMPOSED) != digest(COMPOSED)
    assert json.loads(canonical_json(DECOMPOSED)) == DECOMPOSED


def test_two_spellings_of_a_key_stay_two_keys() -> None:
    assert json.loads(canonical_json({COMPOSED: 1, DECOMPOSED: 2})) == {COMPOSED: 1, DECOMPOSED: 2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], [2, 1]),
        ([], {}),
        (None, {}),
        (None, "null"),
        (1, "1"),
        (1, True),
        (0, False),
        ("", None),
        ("a", "A"),
        ("a", "a "),
        ([[1], 2], [[1, 2]]),
        ({"a": None}, {}),
        (["ab"], ["a", "b"]),
        ({"a": {"b": 1}}, {"a": 1, "b": 1}),
    ],
)
def test_two_values_that_are_easily_confused_have_two_digests(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ],
)
def test_the_published_vectors_of_sha_256_hold(data: bytes, expected: str) -> None:
    assert digest_bytes(data) == expected


def test_the_digest_is_that_of_the_canonical_bytes() -> None:
    value = {"b": [1.5, None], "a": "\u00e9"}
    assert digest(value) == hashlib.sha256('{"a":"\u00e9","b":[1.5,null]}'.encode()).hexdigest()


def test_a_digest_is_the_same_in_a_process_with_another_hash_seed() -> None:
    script = "from evalkit.digests import digest; print(digest({k: k for k in {'a', 'b', 'c', 'd', 'e'}}))"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == digest({k: k for k in "edcba"})


@settings(deadline=None, max_examples=100)
@given(values)
def test_canonical_bytes_are_read_back_as_the_same_value(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value


@settings(deadline=None, max_examples=100)
@given(values)
def test_writing_what_was_read_gives_the_same_bytes(value: Any) -> None:
    written = canonical_json(value)
    assert canonical_json(json.loads(written)) == written


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(text, values, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(value: dict[str, Any], order: random.Random) -> None:
    items = list(value.items())
    order.shuffle(items)
    assert digest(dict(items)) == digest(value)


@settings(deadline=None, max_examples=100)
@given(st.lists(plain, max_size=4), st.lists(plain, max_size=4))
def test_digests_are_equal_exactly_when_the_bytes_are(one: list[Any], other: list[Any]) -> None:
    assert (digest(one) == digest(other)) is (canonical_json(one) == canonical_json(other))


@settings(deadline=None, max_examples=100)
@given(text, text)
def test_two_texts_share_a_digest_only_when_they_are_one_text(one: str, other: str) -> None:
    assert (digest(one) == digest(other)) is (one == other)


@settings(deadline=None, max_examples=100)
@given(values)
def test_a_digest_is_64_lower_case_hex_characters(value: Any) -> None:
    found = digest(value)
    assert len(found) == 64
    assert set(found) <= set("0123456789abcdef")
