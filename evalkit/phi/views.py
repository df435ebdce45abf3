"""Views: the texts that a JSON value holds, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evalkit.errors import IdentifierError

MAX_DEPTH = 100
"""Nesting of a JSON value beyond which it counts as oversized."""
MAX_CHARS = 2_000_000
"""Characters of one value, decoded views included; beyond, a search fails closed."""
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class TooLarge(IdentifierError):
    """A value beyond `MAX_CHARS` or `MAX_DEPTH`; the search that meets it fails closed."""

    def __init__(self) -> None:
        super().__init__("the value is too large to be searched", next_step="treat it as a leak")


class Leaf(NamedTuple):
    """One text of a value: a scalar, or the key of an object (``is_key``)."""

    path: tuple[str | int, ...]
    """Keys and indices from the root; for a key, the key itself is last."""
    text: str
    is_key: bool = False
    position: int = 0
    """Of a key: its place among the keys of its object."""

    def __repr__(self) -> str:
        return f"Leaf(depth {len(self.path)}, {len(self.text)} characters)"


def leaves(value: Any, *, where: str = "value") -> list[Leaf]:
    """Every key and scalar of a JSON value, in its order, a key before what it names.

    Numbers are written as digits (48271936.0 as ``48271936``); an array of character codes gives its text as well.
    Raises TooLarge for too deep a value, IdentifierError for what is not JSON.
    """
    found: list[Leaf] = []
    _walk(value, (), found, where=where)
    return found


def _walk(value: Any, path: tuple[str | int, ...], found: list[Leaf], *, where: str) -> None:
    if isinstance(value, str):
        found.append(Leaf(path, value))
    elif value is None or value is True or value is False:
        return
    elif isinstance(value, (int, float)):
        found.append(Leaf(path, _number(value)))
    elif isinstance(value, (bytes, bytearray)):
        found.append(Leaf(path, bytes(value).decode("utf-8", "replace")))
    elif len(path) >= MAX_DEPTH:
        raise TooLarge
    elif isinstance(value, Mapping):
        for position, (key, entry) in enumerate(value.items()):
            name = str(key)
            inner = (*path, name)
            found.append(Leaf(inner, name, is_key=True, position=position))
            _walk(entry, inner, found, where=where)
    elif isinstance(value, (list, tuple)):
        spelled = _character_codes(value)
        if spelled:
            found.append(Leaf(path, spelled))
        for index, entry in enumerate(value):
            _walk(entry, (*path, index), found, where=where)
    else:
        raise IdentifierError(f"a {type(value).__name__} is not a JSON value and cannot be searched", where=where)


def strings_of(value: Any) -> Iterator[str]:
    """Every string in a JSON value, in its order; keys and other scalars left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from strings_of(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from strings_of(entry)


def _number(value: int | float) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _character_codes(value: list[Any] | tuple[Any, ...]) -> str:
    """The text that an array of character codes spells, or of one-letter strings; empty for any other array."""
    if len(value) < 5:
        return ""
    if all(isinstance(code, int) and not isinstance(code, bool) and is_character(code) for code in value):
        return "".join(map(chr, value))
    if all(isinstance(letter, str) and len(letter) == 1 for letter in value):
        return "".join(value)
    return ""


def is_character(code: int) -> bool:
    """Whether a number can be the code of a character of a text."""
    return 32 <= code < 0xD800 or 0xE000 <= code < 0x110000 or code in {9, 10, 13}


def show_path(place: str, path: tuple[str | int, ...], positions: Mapping[tuple[str | int, ...], int]) -> str:
    """A path for a report: ``output.lines[0].note``.

    A key that is not a plain lower-case name, or that ``positions`` lists because it leaks, is shown by its
    position: ``output.key[2]``.
    """
    shown = place
    for depth, step in enumerate(path, start=1):
        if isinstance(step, int):
            shown += f"[{step}]"
        elif path[:depth] in positions:
            shown += f".key[{positions[path[:depth]]}]"
        else:
            shown += f".{step}"
    return shown


def is_plain_key(key: str) -> bool:
    """Whether a key reads like a field name and may be shown in a path."""
    return _PLAIN_KEY.fullmatch(key) is not None
