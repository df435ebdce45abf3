"""Cues: the literals by which a rules agent finds something in a text, as a cell of a spec holds them.

A parser raises ValueError with a reason and never repeats the cell.
"""

from __future__ import annotations

MAX_CUE_CHARS = 80


def parse_cue(cell: str) -> str:
    """One literal: lower case, single spaces. No patterns: what is written is what is looked for."""
    literal = " ".join(cell.lower().split())
    if not literal or len(literal) > MAX_CUE_CHARS:
        raise ValueError(f"a cue is 1 to {MAX_CUE_CHARS} characters")
    if not (literal[0].isalnum() and literal[-1].isalnum()):
        raise ValueError("a cue begins and ends with a letter or a digit")
    return literal


def parse_cues(cell: str) -> tuple[str, ...]:
    """Literals separated by ``;``."""
    cues = tuple(parse_cue(part) for part in cell.split(";"))
    if len(set(cues)) < len(cues):
        raise ValueError("a cue stands twice")
    return cues
