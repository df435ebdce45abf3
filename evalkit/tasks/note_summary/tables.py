"""The executable headings of a note_summary spec, and how each of their cells is read.

A parser raises ValueError with a reason and never repeats the cell.
"""

from __future__ import annotations

import re

from evalkit.spec.schema import Column, TableSchema
from evalkit.tasks.cues import parse_cue, parse_cues

_WORD = re.compile(r"[a-z][a-z0-9 -]{0,39}")


def parse_word(cell: str) -> str:
    """A short name in small letters, which row ids are made of."""
    if not _WORD.fullmatch(cell):
        raise ValueError("a name is 1 to 40 small letters, digits, blanks or '-'")
    return cell


def parse_count(cell: str) -> int:
    """A whole number from 1 to 99."""
    if not re.fullmatch(r"[1-9][0-9]?", cell):
        raise ValueError("a whole number from 1 to 99 is needed")
    return int(cell)


TABLES: tuple[TableSchema, ...] = (
    TableSchema(
        heading="Sections",
        kind="table",
        columns=(
            Column("section", parse_word),
            Column("heading in the note"),
            Column("cues (any)", parse_cues, optional=True),
            Column("max sentences", parse_count),
        ),
        key=("section",),
    ),
    TableSchema(
        heading="Must keep",
        kind="table",
        columns=(Column("what", parse_word), Column("cues (any)", parse_cues)),
        key=("what",),
    ),
    TableSchema(
        heading="Section examples",
        kind="table",
        columns=(
            Column("no", parse_count),
            Column("section", parse_word, refers_to="Sections.section"),
            Column("said", parse_cue),
        ),
        key=("no",),
        required=False,
    ),
    TableSchema(heading="Never write", kind="list", columns=(Column("item", parse_cue),), key=("item",)),
)
"""What a note_summary spec executes. ``Sections``: the parts of the note in order; a sentence goes to the section whose
cues it has most of; without any, to the one that a classifier of the ``Section examples`` is sure of, or to the first.
``Must keep``: what a sentence is kept for. ``Never write``:
a sentence with one of these is left out, whatever else it says."""
