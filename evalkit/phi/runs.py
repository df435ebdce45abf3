"""Runs of letters and digits that nobody writes by hand: where a text may be encoded or hashed at all."""

from __future__ import annotations

import re
from functools import lru_cache

from evalkit.phi.characters import LOWER, table_of

LONG_NUMBER = 10
"""Digits from which a run of nothing but digits may be hex."""
LONG_CAPITALS = 12
"""Letters up to which a run of capitals may be a word."""
_SHORTEST_ROW = 17

_SHORTEST = 8
_WRAPPED_AT = 20
_WRAPPED = re.compile(rf"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{{{_WRAPPED_AT},}}\r?\n)+[A-Za-z0-9+/_-]+")
_IN_LINES = table_of({f"{LOWER}{LOWER.upper()}0123456789+/_-": "a", "\n": "\n"})
_KEPT = table_of({char: char for char in f"{LOWER}{LOWER.upper()}0123456789+/_-"})
_TABLE = table_of({LOWER: "a", LOWER.upper(): "A", "0123456789": "0", "+/_-": "-"})
_ODD = (b"a0", b"0a", b"A0", b"0A", b"aA", b"AAa", b"0" * LONG_NUMBER, b"A" * (LONG_CAPITALS + 1))
"""One of these is in the shape of every run that is not plain."""
_CODES = re.compile(r"(?<![0-9])[0-9]{2,5}(?:[^0-9A-Za-z]{1,3}[0-9]{2,5}){5,}(?![0-9])")
_PUNCTUATION = re.compile(r"[/_+-]")


def odd_runs(clean: str) -> list[str]:
    """Runs of the base64 alphabet that are not plain (`is_plain_run`), and blocks of lines of it closed up."""
    raw = clean.encode("utf-8", "surrogatepass")
    shapes = raw.translate(_TABLE)
    if not any(mark in shapes for mark in _ODD):
        return []
    shaped = shapes.split()
    wanted = {shape for shape in set(shaped) if len(shape) >= _SHORTEST and _is_odd(shape)}
    if not wanted:
        return []
    runs = raw.translate(_KEPT).split()
    odd = [run.decode() for run, shape in zip(runs, shaped, strict=True) if shape in wanted]
    if b"\n" in raw and b"a" * _WRAPPED_AT + b"\n" in raw.translate(_IN_LINES, b"\r"):
        odd += [re.sub(r"\s", "", block) for block in _WRAPPED.findall(clean)]
    return odd


def code_rows(clean: str) -> list[str]:
    """Rows of at least six numbers of two to five digits: a text may be written as character codes."""
    return _CODES.findall(clean) if len(clean) >= _SHORTEST_ROW else []


@lru_cache(maxsize=4096)
def _is_odd(shape: bytes) -> bool:
    return not is_plain_run(shape.decode())


def parts_of(run: str) -> list[str]:
    """A run cut at its punctuation."""
    return _PUNCTUATION.split(run)


def is_plain_run(run: str) -> bool:
    """A run whose parts are all plain words."""
    return all(map(is_plain_word, parts_of(run)))


def is_plain_word(token: str) -> bool:
    """A word in one case or capitalised, or a short number: what encodes to one is looked up literally (`needles`)."""
    if token.isdigit():
        return len(token) < LONG_NUMBER
    if token.isupper() and token.isalpha():
        return len(token) <= LONG_CAPITALS
    return not token or (token.isalpha() and token[1:].islower())
