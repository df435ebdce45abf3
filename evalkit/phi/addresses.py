"""Addresses beyond a street and its number: the lines that follow one in a block, and military mail.

A block is how addresses stand on letters and forms: one short line each for the street, a unit, the town, the country
with its postal code. Once its first line is known, so are the others, in any country.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalkit.phi.lexicon import GUARD

MOST_LINES = 4
"""Lines of a block after its first."""
_BREAK = re.compile(r",?[ ]?\n(?:> ?)?[ ]*(?:\n(?:> ?)?[ ]*)?")
"""The end of a line; of a quoted message too."""
_NAME = r"[A-Z\u00c0-\u00de\u0100-\u024f\u0391-\u042f][\w.'’-]*"
_SMALL = r"(?:(?:of|the|de|la|le|du|des|del|di|da|do|van|der|den|am|an|im)[ ]){0,2}"
"""Words that stand in names of places without a capital."""
_CODE = r"[0-9]{4,6}(?:-[0-9]{3,4})?"
_LINE = re.compile(
    rf"(?:(?:{_NAME}[ ]{_SMALL}){{0,3}}{_NAME}(?:,? [A-Z]{{2}})?(?:,? {_CODE})?|{_CODE})(?=[ ]?(?:\n|\Z))"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_MILITARY = re.compile(
    r"(?:\b(?:PSC|Unit|CMR|USS|USNS|USNV|USCGC)\b[^\n,.;:]{1,30},?(?: Box [0-9]{1,5})?,?[ \n]{1,2})?"
    r"\b(?:APO|FPO|DPO),? A[AEP],? [0-9]{5}(?:-[0-9]{4})?(?![0-9])",
    re.IGNORECASE,
)


def rest_of_block(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Where the further lines of a block stand whose first line ends at ``end``; nothing where the text runs on.

    A line of clinical and English words alone is a heading or a list, and ends the block.
    """
    for _ in range(MOST_LINES):
        gap = _BREAK.match(text, end)
        line = _LINE.match(text, gap.end()) if gap else None
        if line is None:
            return
        words = _LETTERS.findall(line[0])
        if words and line[0][-1:].isalpha() and all(word.casefold() in GUARD for word in words):
            return
        yield line.span()
        end = line.end()


def military(text: str) -> Iterator[tuple[int, int]]:
    """Addresses of the US military and diplomatic post: a unit or a ship, APO, FPO or DPO, region and ZIP."""
    if "po " in text or "PO " in text:
        yield from (found.span() for found in _MILITARY.finditer(text))
