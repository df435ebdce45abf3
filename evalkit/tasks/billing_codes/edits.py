"""Claim edits: what no correct claim of this family holds, whatever the note says.

They look at the lines given and at nothing else, as a payer's first check does: two codes of which one is part of the
other, an add-on without its first code, more units than a day allows, sides that exclude each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISITS_ESTABLISHED, VISITS_NEW

MOST_MODIFIERS = 4
SIDE_MARKS = frozenset({"LT", "RT", "50"})
SEPARATE = "59"
_CAPS = {
    **{known.code: known.cap for known in PROCEDURES.values()},
    **{known.further: known.further_cap for known in PROCEDURES.values() if known.further},
    **{code: 1 for _, code in (*VISITS_ESTABLISHED, *VISITS_NEW)},
}
_FIRST = {known.further: known.code for known in PROCEDURES.values() if known.further}


def broken_edits(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The edits that a claim breaks, by name; a name comes once for each line or pair that breaks it."""
    codes = [line.get("code") for line in lines]
    marks = [_marks(line) for line in lines]
    for code, line, mark in zip(codes, lines, marks, strict=True):
        units = line.get("units")
        if isinstance(code, str) and type(units) is int and units > _CAPS.get(code, units):
            yield "units_beyond_max"
        if isinstance(code, str) and code in _FIRST and _FIRST[code] not in codes:
            yield "add_on_alone"
        if len(mark & SIDE_MARKS) > 1 or len(mark) > MOST_MODIFIERS:
            yield "modifiers_exclude_each_other"
    for (kept, dropped), override in INCLUDED.items():
        keep, drop = PROCEDURES[kept].code, PROCEDURES[dropped].code
        apart = override and any(SEPARATE in mark for code, mark in zip(codes, marks, strict=True) if code == drop)
        if keep in codes and drop in codes and not apart:
            yield "part_of_another"


def _marks(line: Mapping[str, Any]) -> frozenset[str]:
    given = line.get("modifiers")
    return (
        frozenset(mark for mark in given if isinstance(mark, str)) if isinstance(given, (list, tuple)) else frozenset()
    )
