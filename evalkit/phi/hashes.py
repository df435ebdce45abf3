"""Hashes of identifiers: an unsalted hash is no pseudonym, for whoever guesses the value can check the guess.

45 CFR 164.514(c): a re-identification code must not be derived from information about the individual. Searched are md5,
sha1 and the SHA-2 family in hex, base64 and base32, whole or cut to their first or last `MARK` bytes, and crc32 in hex
and decimal. Keyed hashes cannot be found without the key.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalkit.phi.dates import parse_date
from evalkit.phi.forms import Forms, compact, fold
from evalkit.phi.identifiers import Identifier

MARK = 6
"""Bytes of a hash that tell it, twelve digits in hex; a truncated pseudonym is one too."""

ALGORITHMS = {
    "md5": hashlib.md5,
    "sha1": hashlib.sha1,
    "sha224": hashlib.sha224,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}


class Hashes:
    """The hashes of some identifiers, worked out when a text first has a run that may be one."""

    def __init__(self, identifiers: Sequence[Identifier]) -> None:
        self._spelled = [
            (number, spelling) for number, known in enumerate(identifiers) for spelling in _spellings(known)
        ]
        self._sums: dict[str, int] = {}
        for number, spelling in self._spelled:
            checksum = zlib.crc32(spelling)
            self._sums.setdefault(f"{checksum:08x}", number)
            if checksum >= 10**7:
                self._sums.setdefault(str(checksum), number)

        self._written_sums = frozenset(self._sums)

    def __repr__(self) -> str:
        return f"Hashes({len(self._spelled)} spellings)"

    def seen_in(self, forms: Forms) -> Iterator[tuple[int, str]]:
        """(number of the identifier, algorithm) for each hash in a text."""
        for token in forms.tokens & self._written_sums:
            yield self._sums[token], "crc32"
        if forms.coded:
            yield from self._marked_in(b"".join([raw for _, _, raw in forms.coded]))

    def _marked_in(self, raw: bytes) -> Iterator[tuple[int, str]]:
        """The hashes whose mark stands anywhere in some bytes."""
        table, marks = self._marks
        single = np.frombuffer(raw, dtype=np.uint8)
        pairs = single[:-1].astype(np.uint16) << 8 | single[1:]
        for place in np.flatnonzero(table[pairs]).tolist():
            found = marks.get(raw[place : place + MARK])
            if found is not None:
                yield found

    @cached_property
    def _marks(self) -> tuple[NDArray[np.bool_], dict[bytes, tuple[int, str]]]:
        """Which two bytes begin a mark, and the marks: the first and the last bytes of each hash."""
        marks: dict[bytes, tuple[int, str]] = {}
        for number, spelling in self._spelled:
            for algorithm, make in ALGORITHMS.items():
                digest = make(spelling, usedforsecurity=False).digest()
                marks.setdefault(digest[:MARK], (number, algorithm))
                marks.setdefault(digest[-MARK:], (number, algorithm))
        table = np.zeros(1 << 16, dtype=bool)
        heads = np.frombuffer(b"".join(marks), dtype=np.uint8).reshape(-1, MARK).astype(np.uint16)
        table[heads[:, 0] << 8 | heads[:, 1]] = True
        return table, marks


def _spellings(known: Identifier) -> list[bytes]:
    """How systems write a value before they hash it, each with and without a line end."""
    folded = fold(known.value)
    texts = {known.value, known.value.lower(), known.value.upper(), folded, compact(folded), compact(folded).upper(),
             "".join(char for char in folded if char.isdigit())}  # fmt: skip
    day = parse_date(folded) if known.category == "date" else None
    if day is not None:
        texts |= {f"{day:%Y%m%d}", f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}", f"{day.month}/{day.day}/{day.year}"}
    if known.category == "name":
        first, _, last = known.value.rpartition(" ")
        turned = {f"{last}, {first}", f"{last},{first}", f"{last} {first}", f"{last}^{first}"} if first else set()
        texts |= turned | {text.lower() for text in turned} | {text.upper() for text in turned}
    return [(text + end).encode("utf-8", "surrogatepass") for text in sorted(texts - {""}) for end in ("", "\n")]
