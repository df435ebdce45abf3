"""The executable headings of a billing spec, and how each of their cells is read.

Cells become plain JSON-like values (text, whole numbers, tuples of them), so that two tables that bill the same have
the same behaviour digest. A parser raises ValueError with a reason and never repeats the cell: a spec is written by
people, and what they paste into it is not ours to print.
"""

from __future__ import annotations

import re
from typing import Literal

from evalkit.spec.schema import Column, TableSchema
from evalkit.tasks.cues import parse_cue, parse_cues

Units = tuple[str, int | str | None]
"""``("one", None)``, ``("side", None)``, ``("each", None)``, ``("extra", primary code)`` or ``("timed", minutes)``."""
When = tuple[str, tuple[str, ...]]
"""``("global", ("000", "010"))``, ``("sides", ("left", "right"))`` or ``("note says", (literal, ...))``."""

_ICD = re.compile(r"[A-TV-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?")
_CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_GLOBAL = re.compile(r"000|010|090|XXX|ZZZ")
_PLAIN_UNITS = frozenset({"one", "side", "each"})
_TIMED = re.compile(r"timed:([1-9][0-9]{0,2})")
_SAME_DAY = re.compile(r"same day as a procedure with global (.+)")
_NOTE_SAYS = re.compile(r'note says ("[^"]+"(?: or "[^"]+")*)')
_SIDES = {
    "left side only": ("left",),
    "right side only": ("right",),
    "both sides done": ("left", "right"),
}
_PLACES = ("visit", "lateral", "bundled")


def parse_code(cell: str) -> str:
    """A procedure code: five characters, the middle three digits."""
    if not _CODE.fullmatch(cell):
        raise ValueError("a code is five characters such as 00061")
    return cell


def parse_diagnosis(cell: str) -> str:
    """An ICD-10-CM code: a letter, a digit, a digit or letter, and up to four more after a dot."""
    if not _ICD.fullmatch(cell):
        raise ValueError("a diagnosis is an ICD-10-CM code such as M17.11")
    return cell


def parse_named_sides(cell: str) -> tuple[str, ...]:
    """The sides that a sentence has to name: left, right or both; several are separated by ``;``."""
    sides = tuple(part.strip() for part in cell.split(";"))
    if not set(sides) <= {"left", "right", "both"} or len(set(sides)) < len(sides):
        raise ValueError("side is left, right or both; several are separated by ;")
    return sides


def parse_modifier(cell: str) -> str:
    """A modifier: two characters."""
    if not _MODIFIER.fullmatch(cell):
        raise ValueError("a modifier is two characters such as 25 or LT")
    return cell


def parse_units(cell: str) -> Units:
    """How units are counted: one, side, each, extra:00012 (beyond the first, which that code is), timed:15."""
    if cell in _PLAIN_UNITS:
        return (cell, None)
    timed = _TIMED.fullmatch(cell)
    if timed:
        return ("timed", int(timed[1]))
    if cell.startswith("extra:"):
        return ("extra", parse_code(cell.removeprefix("extra:")))
    raise ValueError("units are one, side, each, extra:<code> or timed:<minutes>")


def primary_of(units: Units) -> tuple[str, ...]:
    """The code that an add-on goes with, alone in a tuple; nothing for other units."""
    kind, value = units
    return (str(value),) if kind == "extra" else ()


def parse_count(cell: str) -> int:
    """A whole number from 1 to 999."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", cell):
        raise ValueError("a whole number from 1 to 999 is needed")
    return int(cell)


def parse_surface(cell: str) -> str:
    """``lateral``: done on one side at a time; ``bilateral``: the code already means both sides."""
    if cell not in {"lateral", "bilateral"}:
        raise ValueError("surface is lateral, bilateral or -")
    return cell


def parse_global(cell: str) -> str:
    """The global period: 000, 010 or 090 days, XXX (does not apply), ZZZ (goes with its primary)."""
    if not _GLOBAL.fullmatch(cell):
        raise ValueError("global is 000, 010, 090, XXX or ZZZ")
    return cell


def parse_places(cell: str) -> tuple[str, ...]:
    """Which lines a modifier goes on: visit; lateral; bundled."""
    places = tuple(part.strip() for part in cell.split(";"))
    if not set(places) <= set(_PLACES):
        raise ValueError("put it on visit, lateral or bundled; several are separated by ;")
    return places


def parse_when(cell: str) -> When:
    """The condition of a modifier, one of five sentences.

    ``same day as a procedure with global 000 or 010``, ``left side only``, ``right side only``, ``both sides done``,
    ``note says "separate site" or "different site"``.
    """
    if cell in _SIDES:
        return ("sides", _SIDES[cell])
    same_day = _SAME_DAY.fullmatch(cell)
    if same_day:
        return ("global", tuple(parse_global(part.strip()) for part in same_day[1].split(" or ")))
    quoted = _NOTE_SAYS.fullmatch(cell)
    if quoted:
        return ("note says", tuple(parse_cue(literal) for literal in re.findall(r'"([^"]+)"', quoted[1])))
    raise ValueError(
        'say "same day as a procedure with global 000 or 010", "left side only", "right side only", '
        '"both sides done" or "note says" with literals in double quotes joined by or'
    )


def parse_rule(cell: str) -> Literal["midpoint", "full"]:
    """``midpoint``: one minute more than half a unit earns it (8 of 15); ``full``: only whole units count."""
    if cell not in {"midpoint", "full"}:
        raise ValueError("rule is midpoint or full")
    return "midpoint" if cell == "midpoint" else "full"


def parse_override(cell: str) -> bool:
    """1: a separate site lets both codes stand; 0: never."""
    if cell not in {"0", "1"}:
        raise ValueError("override is 0 or 1")
    return cell == "1"


TABLES: tuple[TableSchema, ...] = (
    TableSchema(
        heading="Codes",
        kind="table",
        columns=(
            Column("code", parse_code),
            Column("what we call it"),
            Column("cues (any)", parse_cues),
            Column("units", parse_units, refers_to="Codes.code", mentions=primary_of),
            Column("max", parse_count),
            Column("surface", parse_surface, optional=True),
            Column("global", parse_global),
        ),
        key=("code",),
    ),
    TableSchema(heading="Visit time", kind="list", columns=(Column("item", parse_cue),), key=("item",)),
    TableSchema(
        heading="Visits",
        kind="table",
        columns=(
            Column("minutes", parse_count),
            Column("established", parse_code, optional=True),
            Column("new", parse_code, optional=True),
        ),
        key=("minutes",),
    ),
    TableSchema(
        heading="Modifiers",
        kind="table",
        columns=(
            Column("modifier", parse_modifier),
            Column("put it on", parse_places),
            Column("when", parse_when),
        ),
        key=("modifier",),
    ),
    TableSchema(heading="Timed units", kind="settings", columns=(Column("rule", parse_rule),), key=("key",)),
    TableSchema(
        heading="Bundling",
        kind="table",
        columns=(
            Column("keep", parse_code, refers_to="Codes.code"),
            Column("drop", parse_code, refers_to="Codes.code"),
            Column("override", parse_override),
        ),
        key=("keep", "drop"),
    ),
    TableSchema(
        heading="Diagnoses",
        kind="table",
        columns=(
            Column("code", parse_diagnosis),
            Column("what we call it"),
            Column("cues (any)", parse_cues),
            Column("side", parse_named_sides, optional=True),
        ),
        key=("code",),
        required=False,
    ),
    TableSchema(heading="Do not bill", kind="list", columns=(Column("item", parse_cue),), key=("item",)),
    TableSchema(
        heading="Do not code", kind="list", columns=(Column("item", parse_cue),), key=("item",), required=False
    ),
    TableSchema(
        heading="Do not read", kind="list", columns=(Column("item", parse_cue),), key=("item",), required=False
    ),
    TableSchema(heading="Last word", kind="list", columns=(Column("item", parse_cue),), key=("item",), required=False),
)
"""What a billing spec executes, in the order people read it."""
