"""Strict JSON: one object, one meaning. What two parsers could read differently is refused before it is read.

Refused: a byte order mark, other encodings than UTF-8, a duplicate key (also one that is equal only after unescaping),
NaN and infinities (also by overflow), whole numbers over 19 digits, half surrogate pairs, anything after the object,
a top level that is no object, and more bytes, depth or entries than any request has.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal, NoReturn

from evalkit.errors import EvalkitError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_ENTRIES = 50_000
MAX_DIGITS = 19

BreachCode = Literal["SCHEMA_INVALID", "FIELD_NOT_PERMITTED"]

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class ContractBreach(EvalkitError):
    """A request or reply that breaks the contract: a code, and the name of a declared field or None. Never a value."""

    def __init__(self, code: BreachCode, field: str | None = None, *, what: str = "the contract is broken") -> None:
        super().__init__(what, where=field, next_step="compare the body with the schema of the spec")
        self.code: BreachCode = code
        self.field = field


def strict_json(body: bytes) -> dict[str, Any]:
    """The object in a body. Raises ContractBreach (SCHEMA_INVALID) that says why and shows nothing of it."""
    if len(body) > MAX_BYTES:
        _refuse(f"the body is over {MAX_BYTES} bytes")
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse("the body starts with a byte order mark")
    _measure(body)
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise ContractBreach("SCHEMA_INVALID", what="the body is not UTF-8") from None
    except ValueError:
        # the decoder's own error holds the whole body
        raise ContractBreach("SCHEMA_INVALID", what="the body is not one JSON document") from None
    if not isinstance(value, dict):
        _refuse("the body is not a JSON object")
    if b"\\u" in body:
        _refuse_half_pairs(value)
    return value


def _refuse(what: str) -> NoReturn:
    raise ContractBreach("SCHEMA_INVALID", what=what)


def _measure(body: bytes) -> None:
    """Depth and number of entries, without recursion and before anything is built."""
    depth = entries = 0
    for found in _TOKENS.finditer(body):
        token = found.group()
        if token in b"[{":
            depth += 1
            entries += 1
        elif token in b"]}":
            depth -= 1
        elif token == b",":
            entries += 1
        if depth > MAX_DEPTH:
            _refuse(f"the body is over {MAX_DEPTH} levels deep")
        if entries > MAX_ENTRIES:
            _refuse(f"the body has over {MAX_ENTRIES} entries")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different once they are unescaped."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        _refuse("the body has a duplicate key")
    return entries


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        _refuse(f"the body has a number of over {MAX_DIGITS} digits")
    return int(text)


def _decimal(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse("the body has a number beyond all bounds")
    return number


def _constant(_text: str) -> NoReturn:
    _refuse("the body has NaN or an infinity")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)


def _refuse_half_pairs(value: Any) -> None:
    pending = [value]
    while pending:
        entry = pending.pop()
        if isinstance(entry, str):
            if _HALF_PAIR.search(entry):
                _refuse("the body has half of a surrogate pair")
        elif isinstance(entry, dict):
            pending.extend(entry)
            pending.extend(entry.values())
        elif isinstance(entry, list):
            pending.extend(entry)
