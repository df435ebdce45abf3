"""Tables for ``bytes.translate``: what characters are, told of a whole text in one pass."""

from __future__ import annotations

from collections.abc import Mapping

LOWER = "abcdefghijklmnopqrstuvwxyz"


def table_of(classes: Mapping[str, str], other: str = " ") -> bytes:
    """Each ASCII character of a key becomes that key's one letter, and ``other`` every character of no key."""
    table = bytearray(other.encode() * 256)
    for members, shown in classes.items():
        for char in members:
            table[ord(char)] = ord(shown)
    return bytes(table)


WORD_START, WORD_END = r"(?<![^\W_])", r"(?![^\W_])"
"""In a pattern: no letter or digit before, and none after."""
