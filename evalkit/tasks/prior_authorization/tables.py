"""The executable headings of a prior authorization spec, and how each of their cells is read.

Cells become plain JSON-like values. A parser raises ValueError with a reason and never repeats the cell.
"""

from __future__ import annotations

import re
from typing import Literal

from evalkit.spec.schema import Column, TableSchema
from evalkit.tasks.cues import parse_cue, parse_cues

Clause = tuple[str, str, float]
"""``(fact, operator, number)``; ``is yes`` is ``("...", "is", 1)``."""
Test = tuple[Clause, ...]
"""Clauses of which one that holds is enough."""
Step = tuple[str, str, str, str]
"""``(any or all, group, status, decision)``; ``("otherwise", "", "", decision)`` for the last."""

KINDS = ("yes_no", "weeks", "percent")
GROUPS = ("standard", "red_flag")
DECISIONS = ("approve", "pend", "refer_to_clinician")
"""What an agent may decide. There is no denial among them: that takes a clinician."""
MOST_DAYS = 3650
_CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OBSERVATION = re.compile(r"[0-9A-Za-z]{1,10}(?:-[0-9A-Za-z]{1,10})*")
_ID = re.compile(r"[A-Z][0-9]{1,2}")
_CLAUSE = re.compile(r"([a-z][a-z0-9_]{0,39}) (?:is yes|(>=|<=|>|<) ([0-9]{1,4}(?:\.[0-9])?))")
_STEP = re.compile(r"(any|all) (standard|red_flag) (met|not_met|insufficient) -> ([a-z_]+)")
_LAST = re.compile(r"otherwise -> ([a-z_]+)")


def parse_code(cell: str) -> str:
    """A service code: five characters, the middle three digits."""
    if not _CODE.fullmatch(cell):
        raise ValueError("a code is five characters such as 00072")
    return cell


def parse_codes(cell: str) -> tuple[str, ...]:
    """Service codes separated by ``;``."""
    return tuple(parse_code(part.strip()) for part in cell.split(";"))


def parse_name(cell: str) -> str:
    """The name of a fact, as tests use it."""
    if not _NAME.fullmatch(cell):
        raise ValueError("a fact is named with lower-case letters, digits and _")
    return cell


def parse_kind(cell: str) -> str:
    """``yes_no``, ``weeks`` or ``percent``: what of a sentence is read."""
    if cell not in KINDS:
        raise ValueError("kind is yes_no, weeks or percent")
    return cell


def parse_yes(cell: str) -> bool:
    """``yes`` or ``no``."""
    if cell not in {"yes", "no"}:
        raise ValueError("say yes or no")
    return cell == "yes"


def parse_id(cell: str) -> str:
    """The id of a criterion."""
    if not _ID.fullmatch(cell):
        raise ValueError("a criterion is a capital letter and a number such as C1")
    return cell


def parse_test(cell: str) -> Test:
    """What must hold: ``therapy_weeks >= 6``, ``xray_done is yes``, several joined by ``or``."""
    clauses = [_CLAUSE.fullmatch(part) for part in cell.split(" or ")]
    if not all(clauses):
        raise ValueError('a test is such as "therapy_weeks >= 6" or "xray_done is yes", joined by or')
    return tuple((found[1], found[2] or "is", float(found[3] or 1)) for found in clauses if found)


def facts_of(test: Test) -> tuple[str, ...]:
    """The facts that a test mentions."""
    return tuple(fact for fact, _, _ in test)


def parse_group(cell: str) -> str:
    """``standard``: asked of every request; ``red_flag``: a reason to approve by itself, where Decide says so."""
    if cell not in GROUPS:
        raise ValueError("group is standard or red_flag")
    return cell


def parse_decision(cell: str) -> str:
    """One of `DECISIONS`."""
    if cell not in DECISIONS:
        raise ValueError("decisions are approve, pend and refer_to_clinician; a denial is a clinician's to make")
    return cell


def parse_step(cell: str) -> Step:
    """One step of the decision: ``any red_flag met -> approve`` or ``otherwise -> pend``."""
    last = _LAST.fullmatch(cell)
    if last:
        return ("otherwise", "", "", parse_decision(last[1]))
    step = _STEP.fullmatch(cell)
    if not step:
        raise ValueError('say "any red_flag met -> approve", "all standard met -> approve" or "otherwise -> pend"')
    return (step[1], step[2], step[3], parse_decision(step[4]))


def parse_days(cell: str) -> int:
    """Whole days, 1 to 3650."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", cell) or int(cell) > MOST_DAYS:
        raise ValueError(f"a whole number of days from 1 to {MOST_DAYS} is needed")
    return int(cell)


def parse_line(cell: str) -> str:
    """A line of the letter. Numbers would need a citation, so there are none."""
    if re.search(r"\d", cell) or len(cell) > 300:
        raise ValueError("a line of the letter has no digits and at most 300 characters")
    return cell


def parse_observation(cell: str) -> str:
    """The code of an Observation, as LOINC writes it: ``59408-5``."""
    if not _OBSERVATION.fullmatch(cell):
        raise ValueError("an observation has a code such as 59408-5")
    return cell


def _table(heading: str, *columns: Column, required: bool = True) -> TableSchema:
    return TableSchema(heading=heading, kind="table", columns=columns, key=(columns[0].name,), required=required)


def _settings(heading: str, *columns: Column) -> TableSchema:
    return TableSchema(heading=heading, kind="settings", columns=columns, key=("key",))


def _items(heading: str, item: Column, *, required: bool = True) -> TableSchema:
    kind: Literal["list"] = "list"
    return TableSchema(heading=heading, kind=kind, columns=(item,), key=("item",), required=required)


TABLES: tuple[TableSchema, ...] = (
    _table(
        "Services",
        Column("code", parse_code),
        Column("what we call it"),
        Column("region (any)", parse_cues, optional=True),
        Column("sided", parse_yes),
    ),
    _table(
        "Facts",
        Column("fact", parse_name),
        Column("what we call it", parse_line),
        Column("kind", parse_kind),
        Column("regional", parse_yes),
        Column("cues (any)", parse_cues),
        Column("no if nearby", parse_cues, optional=True),
        Column("skip if nearby", parse_cues, optional=True),
    ),
    _table(
        "Criteria",
        Column("id", parse_id),
        Column("requirement"),
        Column("services", parse_codes, refers_to="Services.code"),
        Column("test", parse_test, refers_to="Facts.fact", mentions=facts_of),
        Column("group", parse_group),
    ),
    _table(
        "Coded facts",
        Column("code", parse_observation),
        Column("fact", parse_name, refers_to="Facts.fact"),
        required=False,
    ),
    _items("Decide", Column("item", parse_step)),
    _settings("Evidence age", Column("days", parse_days)),
    _items("Not evidence", Column("item", parse_cue), required=False),
    _settings("Turnaround", Column("standard", parse_days), Column("expedited", parse_days)),
    _settings("Letter", *(Column(name, parse_line) for name in DECISIONS)),
)
"""What a prior authorization spec executes, in the order people read it."""
