"""Hashes of identifiers: an unsalted hash is no pseudonym, for whoever guesses the value can check the guess.

45 CFR 164.514(c): a re-identification code must not be derived from information about the individual. Searched are md5,
sha1 and the SHA-2 family in hex, base64 and base32, whole or cut to their first `MARK` characters (in hex also the
last), and crc32 in hex and decimal. Keyed hashes cannot be found without the key.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product

from evalkit.phi.dates import parse_date
from evalkit.phi.forms import Forms, compact, fold
from evalkit.phi.identifiers import Identifier

MARK = 12
"""Characters of a written hash that tell it; a truncated pseudonym is one too."""

_MARK_BYTES = 9
"""Bytes that determine so many characters in any of the encodings."""

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


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
        for run in forms.odd:
            lower = run.lower()
            for start in range(len(run) - MARK + 1):
                found = self._marks.get(run[start : start + MARK]) or self._marks.get(lower[start : start + MARK])
                if found is not None:
                    yield found

    @cached_property
    def _marks(self) -> dict[str, tuple[int, str]]:
        marks: dict[str, tuple[int, str]] = {}
        for (number, spelling), algorithm in product(self._spelled, ALGORITHMS):
            digest = hashlib.new(algorithm, spelling, usedforsecurity=False).digest()
            raw = digest[:_MARK_BYTES]
            encoded = (base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.b32encode(raw))
            for text in (raw.hex(), digest.hex()[-MARK:], *(written.decode() for written in encoded)):
                marks.setdefault(text[:MARK], (number, algorithm))
        return marks


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
