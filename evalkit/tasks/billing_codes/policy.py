"""The truth: what is owed for the facts of one visit.

This is the billing policy that the synthetic cases obey, as data and one function over facts. It never reads a spec
or a note, so that an edited spec is judged by the same answers as the spec before it. Codes are placeholders from
00010 to 00099, a range without any assigned procedure; the policy is this project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Status = Literal["done", "planned", "declined", "deferred", "abandoned", "not done", "historical", "family"]
Source = Literal["note", "addendum", "earlier note"]
"""Where a fact is written down: today's note, its addendum, or an earlier note that was copied into it."""
Side = Literal["left", "right", "both"]
Counting = Literal["once", "each", "first and further", "minutes"]


@dataclass(frozen=True, slots=True)
class Procedure:
    """What the policy knows of one procedure."""

    code: str
    counting: Counting = "once"
    cap: int = 1
    """Most units of ``code`` in a day."""
    sided: bool = False
    """Done on one side at a time: the side goes on the claim."""
    both_sides: bool = False
    """The code already means both sides."""
    surgical: bool = False
    """Carries a global period of 0 or 10 days, so that a visit on its day needs modifier 25."""
    ten_days: bool = False
    further: str | None = None
    """For "first and further": the code of every one after the first."""
    further_cap: int = 0


PROCEDURES: dict[str, Procedure] = {
    "skin biopsy": Procedure(
        "00012", "first and further", surgical=True, further="00013", further_cap=6
    ),
    "skin tag removal": Procedure("00014", surgical=True, ten_days=True),
    "lesion destruction": Procedure(
        "00017", "first and further", surgical=True, ten_days=True, further="00018", further_cap=13
    ),
    "abscess drainage": Procedure("00041", surgical=True, ten_days=True),
    "wound repair": Procedure("00043", surgical=True, ten_days=True),
    "hearing screen": Procedure("00051", both_sides=True),
    "eye pressure": Procedure("00053", both_sides=True),
    "large joint injection": Procedure("00061", sided=True, surgical=True),
    "wrist tunnel injection": Procedure("00063", sided=True, surgical=True),
    "heel injection": Procedure("00064", sided=True, surgical=True),
    "ear wax removal": Procedure("00069", sided=True, surgical=True),
    "therapeutic exercise": Procedure("00071", "minutes", cap=8),
    "manual therapy": Procedure("00074", "minutes", cap=6),
    "gait training": Procedure("00077", "minutes", cap=4),
    "nebulizer treatment": Procedure("00081"),
    "allergy tests": Procedure("00084", "each", cap=40),
    "muscle knot injection": Procedure("00086", surgical=True),
    "nail debridement": Procedure("00088", "each", cap=10, surgical=True),
}  # fmt: skip

INCLUDED: dict[tuple[str, str], bool] = {
    ("skin biopsy", "skin tag removal"): True,
    ("skin biopsy", "lesion destruction"): True,
    ("abscess drainage", "wound repair"): False,
    ("large joint injection", "muscle knot injection"): True,
    ("manual therapy", "gait training"): False,
}
"""(kept, dropped) -> may a separate site bring the dropped one back, with modifier 59?"""

VISITS_ESTABLISHED = ((40, "00025"), (30, "00024"), (20, "00023"), (10, "00022"))
VISITS_NEW = ((60, "00035"), (45, "00034"), (30, "00033"), (15, "00032"))
"""Least minutes and code, longest first."""

UNIT_MINUTES = 15
FIRST_UNIT_MINUTES = 8


@dataclass(frozen=True, slots=True)
class Act:
    """A fact: one procedure, done or not. ``fact_id`` is unique in its case."""

    fact_id: str
    procedure: str
    status: Status = "done"
    side: Side | None = None
    count: int = 1
    """Lesions, tests or nails."""
    minutes: int = 0
    place: str = ""
    """Where on the body: a joint for what is done on one side at a time, else a spot whose side is on no claim."""
    separate_site: bool = False
    source: Source = "note"


@dataclass(frozen=True, slots=True)
class Visit:
    """A fact: the time of the visit itself, and whether it was work of its own beside the procedures."""

    minutes: int
    separate_work: bool = True


class Owed(NamedTuple):
    """One line that is owed, and the facts that it rests on."""

    code: str
    units: int = 1
    modifiers: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


VISIT_FACT = "visit"


def bill(acts: Sequence[Act], visit: Visit | None, *, new_patient: bool) -> tuple[Owed, ...]:
    """What is owed for these facts: the visit first, then procedures by code.

    An addendum has the last word on a procedure; what an earlier note says was done on another day. At most one done
    act a procedure and source.
    """
    done = {act.procedure: act for act in last_word(acts) if act.status == "done"}
    earned = {name: act for name, act in done.items() if _units(act) > 0}
    lines: list[Owed] = []
    surgical = False
    for name, act in earned.items():
        keepers = [kept for kept, dropped in INCLUDED if dropped == name and kept in earned]
        apart = act.separate_site and all(INCLUDED[kept, name] for kept in keepers)
        if not keepers or apart:
            lines += _lines(act, distinct=bool(keepers))
            surgical |= PROCEDURES[name].surgical
    return (
        *_visit_lines(visit, new_patient=new_patient, surgical=surgical),
        *sorted(lines, key=lambda line: line.code),
    )


def last_word(acts: Sequence[Act]) -> tuple[Act, ...]:
    """The acts that today's note tells of, those left out that an addendum changes."""
    amended = {act.procedure for act in acts if act.source == "addendum"}
    return tuple(
        act for act in acts if act.source == "addendum" or (act.source == "note" and act.procedure not in amended)
    )


def _lines(act: Act, *, distinct: bool) -> list[Owed]:
    known = PROCEDURES[act.procedure]
    modifiers = ("59",) if distinct else ()
    if known.sided and act.side:
        modifiers = (*modifiers, {"left": "LT", "right": "RT", "both": "50"}[act.side])
    lines = [Owed(known.code, _units(act), modifiers, (act.fact_id,))]
    if known.further and act.count > 1:
        lines.append(Owed(known.further, min(act.count - 1, known.further_cap), (), (act.fact_id,)))
    return lines


def _units(act: Act) -> int:
    """Units of the main code. Each procedure is timed for itself; minutes of two are never added up."""
    known = PROCEDURES[act.procedure]
    if known.counting == "minutes":
        whole, rest = divmod(act.minutes, UNIT_MINUTES)
        return min(whole + (rest >= FIRST_UNIT_MINUTES), known.cap)
    return min(act.count, known.cap) if known.counting == "each" else 1


def _visit_lines(visit: Visit | None, *, new_patient: bool, surgical: bool) -> tuple[Owed, ...]:
    if visit is None or not visit.separate_work:
        return ()
    for least, code in VISITS_NEW if new_patient else VISITS_ESTABLISHED:
        if visit.minutes >= least:
            return (Owed(code, 1, ("25",) if surgical else (), (VISIT_FACT,)),)
    return ()
