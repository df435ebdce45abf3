"""Many literals looked up in one text at once, however many there are.

Every four bytes of the text are hashed to a place of a bit table (one multiplication, in numpy over the whole text);
where the table says yes, the literals that begin with these four bytes are compared. Clean text costs one pass, nearly
the same for a hundred literals and for a hundred thousand, and a literal is never missed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_WIDTH = 4
_SPREAD = np.uint32(2654435761)
"""2**32 over the golden ratio: Knuth's multiplicative hashing."""
_SPARSE = 64
"""Places of the table for each literal."""
_SHORT_TEXT = 256
"""Bytes below which plain searches for few literals are quicker."""
_FEW = 200
_PADDING = b"\xff" * 2 * _WIDTH
"""Bytes that no text has, so that no literal goes on beyond its end."""


class Lookup:
    """Literals made ready. ``repr`` counts them."""

    def __init__(self, literals: Iterable[str]) -> None:
        self._literals = tuple(dict.fromkeys(literals))
        self._short = [literal for literal in self._literals if len(_bytes(literal)) < _WIDTH]
        self._by_head: dict[bytes, list[tuple[bytes, str]]] = {}
        for literal in self._literals:
            raw = _bytes(literal)
            if len(raw) >= _WIDTH:
                self._by_head.setdefault(raw[:_WIDTH], []).append((raw, literal))
        bits = max(12, (_SPARSE * len(self._by_head)).bit_length())
        self._shift = np.uint32(32 - bits)
        self._table = np.zeros(1 << bits, dtype=bool)
        heads = np.frombuffer(b"".join(self._by_head), dtype="<u4")
        self._table[(heads * _SPREAD) >> self._shift] = True

    def __len__(self) -> int:
        return len(self._literals)

    def __repr__(self) -> str:
        return f"Lookup({len(self)} literals)"

    def seen_in(self, text: str) -> list[str]:
        """The literals that stand anywhere in a text, each once, in no order that means anything."""
        if len(text) < _SHORT_TEXT and len(self) < _FEW:
            return [literal for literal in self._literals if literal in text]
        raw = _bytes(text) + _PADDING
        found = {literal: None for literal in self._short if literal in text}
        heads = np.ndarray((len(raw) - _WIDTH + 1,), dtype="<u4", buffer=raw, strides=(1,))
        for at in np.flatnonzero(self._table[(heads * _SPREAD) >> self._shift]).tolist():
            for literal, shown in self._by_head.get(raw[at : at + _WIDTH], ()):
                if raw.startswith(literal, at):
                    found[shown] = None
        return list(found)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
