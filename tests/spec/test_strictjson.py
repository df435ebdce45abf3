"""Strict JSON: what two parsers could read differently is refused, and no message shows any of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.spec.strictjson import MAX_BYTES, MAX_DEPTH, MAX_ENTRIES, ContractBreach, strict_json


def test_an_ordinary_object_is_read() -> None:
    body = b' {"a": [1, -2.5e3, true, null, "\\u00e9\\ud83d\\ude00"], "b": {}} \n'
    assert strict_json(body) == {"a": [1, -2500.0, True, None, "é\U0001f600"], "b": {}}


HOSTILE = {
    "duplicate key": b'{"consent":false,"consent":true}',
    "duplicate key, nested": b'{"a":[{"b":1,"b":2}]}',
    "duplicate key after unescaping": b'{"a":1,"\\u0061":2}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":[Infinity]}',
    "minus Infinity": b'{"a":-Infinity}',
    "overflow to infinity": b'{"a":1e400}',
    "overflow below": b'{"a":-1e400}',
    "20 digits": b'{"a":' + b"9" * 20 + b"}",
    "4,200 digits": b'{"a":' + b"9" * 4_200 + b"}",
    "5,000 digits": b'{"a":-' + b"9" * 5_000 + b"}",
    "deep arrays": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and unclosed": b"[" * 100_000,
    "deep behind a broken string": b'"' + b"[" * 100_000,
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "half a pair as a key": b'{"\\udc00":1}',
    "pair the wrong way round": b'{"a":"\\udc00\\ud800"}',
    "half a pair, nested": b'{"a":[{"b":["\\uD83D x"]}]}',
    "raw surrogate bytes": b'{"a":"\xed\xa0\x80"}',
    "UTF-8 mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "invalid UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "trailing garbage": b'{"a":1}x',
    "two documents": b'{"a":1}{"a":2}',
    "trailing NUL": b'{"a":1}\x00',
    "trailing comma": b'{"a":1,}',
    "empty": b"",
    "blank": b"  \n",
    "array": b"[1]",
    "string": b'"a"',
    "number": b"1",
    "null": b"null",
    "single quotes": b"{'a':1}",
    "comment": b'{"a":1/**/}',
    "bare key": b"{a:1}",
    "raw control character": b'{"a":"\n"}',
    "leading zero": b'{"a":01}',
    "plus": b'{"a":+1}',
    "hexadecimal": b'{"a":0x1}',
    "bad escape": b'{"a":"\\x41"}',
    "unfinished": b'{"a":',
    "form feed between tokens": b'{"a":\x0c1}',
    "too many bytes": b'{"a":"' + b"x" * MAX_BYTES + b'"}',
    "too many keys": b"{" + b",".join(b'"k%d":1' % i for i in range(MAX_ENTRIES + 2)) + b"}",
    "too many empty arrays": b'{"a":[' + b",".join([b"[]"] * (MAX_ENTRIES // 2 + 2)) + b"]}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_refused_as_a_breach(body: bytes) -> None:
    with pytest.raises(ContractBreach) as caught:
        strict_json(body)
    assert caught.value.code == "SCHEMA_INVALID"
    assert caught.value.field is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"Kowalska 078-05-1120",',
        b'{"Kowalska":1,"Kowalska":2}',
        b'{"a":Kowalska}',
        b'{"a":1}Kowalska',
        b'"Kowalska"',
    ],
)
def test_no_message_shows_what_came(body: bytes) -> None:
    with pytest.raises(ContractBreach) as caught:
        strict_json(body)
    for text in (str(caught.value), repr(caught.value), repr(caught.value.args)):
        assert "Kowalska" not in text
        assert "078" not in text


def test_the_bounds_themselves_are_allowed() -> None:
    deep = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
    assert strict_json(deep)
    assert strict_json(b'{"a":' + b"9" * 19 + b"}") == {"a": int("9" * 19)}
    assert len(strict_json(b'{"a":[' + b",".join([b"1"] * (MAX_ENTRIES - 2)) + b"]}")["a"]) == MAX_ENTRIES - 2


def test_brackets_and_commas_in_text_count_for_nothing() -> None:
    text = '[{"' * 5_000 + "," * MAX_ENTRIES + "\\"
    assert strict_json(json.dumps({"a": text}).encode()) == {"a": text}


def test_names_of_the_runtime_are_just_names() -> None:
    assert strict_json(b'{"__proto__":1,"__class__":2}') == {"__proto__": 1, "__class__": 2}


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**18), 10**18),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=15,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.booleans())
def test_whatever_json_writes_is_read_back(value: dict[str, Any], ascii_only: bool) -> None:
    assert strict_json(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "strict")) == value


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.binary(max_size=60), st.text(alphabet='{}[]":,\\u0de19-.tfn ', max_size=40).map(str.encode)))
def test_any_bytes_are_an_object_or_a_breach_and_agree_with_json(body: bytes) -> None:
    try:
        value = strict_json(body)
    except ContractBreach:
        return
    assert value == json.loads(body)
