"""The executable headings of a conversation spec, and how each of their cells is read.

A parser raises ValueError with a reason and never repeats the cell.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from evalkit.phi.identifiers import CATEGORIES
from evalkit.spec.schema import Column, TableSchema
from evalkit.tasks.cues import parse_cue, parse_cues
from evalkit.tasks.patient_conversation.clinic import IDENTIFIERS, QUEUES, TOOLS

State = Literal["open", "verify", "detail", "pick", "close"]
STATES = get_args(State)
ANY, STAY, END = "any", "stay", "end"
EVENTS = (
    "emergency", "voicemail", "revoked", "someone_else", "private", "public", "hand_over", "given", "missing", "found",
    "several", "not_found", "not_allowed", "need", "offered", "nothing_free", "yes", "no", "taken", "served", "failed",
    "unclear",
)  # fmt: skip
"""What happens in a conversation: what a caller says, or what came of an action."""
GUARDS = ("verified", "unverified", "tries_left", "no_tries_left", "patience_left", "no_patience_left")
ACTIONS = (
    "call_911", "leave_message", "decline", "ask_identity", "ask_missing", "look_up", "ask_another", "ask_again",
    "serve",
    "ask_need", "offer", "book", "offer_next", "finish", "ask_goal", "goodbye", "repeat",
)  # fmt: skip
KINDS = ("private", "public", "hand_over", "revoked")
SERVICES = ("book", "reschedule", "cancel", "refill", "appointments", "faq", "physicians")
"""What an intent can have done."""
NEEDS = ("specialty", "day", "drug", "topic")
LINES = (
    "greeting", "emergency", "voicemail", "recorded", "declined", "verify", "verify_again", "another", "offer", "gap",
    "nothing_free", "taken", "booked", "moved", "cancelled", "refilled", "appointment", "no_appointment", "physician",
    "no_physician", "need_specialty", "need_day", "need_drug", "need_topic", "hand_over", "revoked", "more", "goal",
    "goodbye", "repeat", "silence",
)  # fmt: skip
"""What an agent can say; in curly brackets what is filled in."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BLANK = re.compile(r"\{[^}]*\}")
BLANKS = {
    "verify": {"asks"}, "verify_again": {"asks"}, "another": {"asks"}, "offer": {"time", "doctor"}, "booked": {"time"},
    "moved": {"time"}, "refilled": {"drug"}, "appointment": {"time", "doctor"}, "physician": {"doctor", "specialty"},
    "hand_over": {"queue"}, "taken": {"time", "doctor"}, "gap": {"time", "doctor"},
}  # fmt: skip
"""Line -> what may be filled in. Nothing of the patient but the time of an appointment can be."""


def _one_of(known: tuple[str, ...], what: str) -> Column:
    def parse(cell: str) -> str:
        if cell not in known:
            raise ValueError(f"{what} is one of {', '.join(known)}")
        return cell

    return Column(what, parse)


def parse_name(cell: str) -> str:
    """The name of an intent or a topic."""
    if not _NAME.fullmatch(cell):
        raise ValueError("a name is lower-case letters, digits and _")
    return cell


def parse_needs(cell: str) -> tuple[str, ...]:
    """What must be known before an intent is served."""
    needs = tuple(part.strip() for part in cell.split(";"))
    if not set(needs) <= set(NEEDS):
        raise ValueError(f"needs are of {', '.join(NEEDS)}")
    return needs


def parse_utterances(cell: str) -> tuple[str, ...]:
    """Example utterances, separated by ``;``: what the intent model learns from."""
    found = tuple(" ".join(part.split()) for part in cell.split(";"))
    if len(found) < 3 or not all(found):
        raise ValueError("three example utterances or more are needed, separated by ;")
    return found


def parse_does(cell: str) -> str:
    """A service, or the queue that a person sits at."""
    if cell not in SERVICES and cell not in QUEUES:
        raise ValueError(f"does is one of {', '.join((*SERVICES, *QUEUES))}")
    return cell


def parse_action(cell: str) -> str:
    """One of `ACTIONS`, or ``transfer`` to a queue: ``transfer:nurse``."""
    head, _, queue = cell.partition(":")
    if cell not in ACTIONS and not (head == "transfer" and (queue in QUEUES or queue == "intent")):
        raise ValueError(f"do is one of {', '.join(ACTIONS)}, or transfer:QUEUE")
    return cell


def parse_states(cell: str) -> tuple[str, ...]:
    """The states that a row is for, separated by ``;``."""
    states = tuple(part.strip() for part in cell.split(";"))
    if not set(states) <= {*STATES, ANY}:
        raise ValueError(f"states are of {', '.join((*STATES, ANY))}")
    return states


def parse_categories(cell: str) -> tuple[str, ...]:
    """Categories of identifiers, separated by ``;``."""
    found = tuple(part.strip() for part in cell.split(";"))
    if not set(found) <= set(CATEGORIES):
        raise ValueError(f"categories are of {', '.join(CATEGORIES)}")
    return found


def parse_count(cell: str) -> int:
    """A whole number from 1 to 9."""
    if not re.fullmatch(r"[1-9]", cell):
        raise ValueError("a whole number from 1 to 9 is needed")
    return int(cell)


def _line(name: str) -> Column:
    """One line to say; it fills in nothing but what belongs there."""

    def parse(cell: str) -> str:
        blanks = {found[1:-1] for found in _BLANK.findall(cell)}
        if not blanks <= BLANKS.get(name, set()) or len(cell) > 300:
            raise ValueError("a line has at most 300 characters, and fills in only what belongs there")
        return cell

    return Column(name, parse)


def _table(heading: str, *columns: Column, key: tuple[str, ...] = ()) -> TableSchema:
    return TableSchema(heading=heading, kind="table", columns=columns, key=key or (columns[0].name,))


def _items(heading: str) -> TableSchema:
    return TableSchema(heading=heading, kind="list", columns=(Column("item", parse_cue),), key=("item",))


def _settings(heading: str, *columns: Column) -> TableSchema:
    return TableSchema(heading=heading, kind="settings", columns=columns, key=("key",))


TABLES: tuple[TableSchema, ...] = (
    _items("Emergency"),
    _items("Voicemail"),
    _items("Someone else"),
    _items("Never say"),
    _table("Verify", _one_of(IDENTIFIERS, "identifier"), Column("ask"), _one_of(("always", "several"), "when")),
    _table("Disclose", _one_of(CATEGORIES, "category"), Column("why")),
    _table("Tools", _one_of(tuple(TOOLS), "tool"), Column("may hold", parse_categories, optional=True), Column("why")),
    _table(
        "Intents",
        Column("intent", parse_name),
        _one_of(KINDS, "kind"),
        Column("does", parse_does),
        Column("needs", parse_needs, optional=True),
        Column("utterances", parse_utterances),
    ),
    _table("Topics", Column("topic", parse_name), Column("cues (any)", parse_cues)),
    _table("Specialties", Column("specialty"), Column("cues (any)", parse_cues)),
    _table(
        "States",
        Column("step", parse_name),
        Column("in", parse_states),
        _one_of(EVENTS, "on"),
        Column("if", _one_of(GUARDS, "if").parse, optional=True),
        Column("do", parse_action),
        _one_of((*STATES, STAY, END), "next"),
    ),
    _settings("Say", *(_line(name) for name in LINES)),
    _settings("Limits", Column("tries", parse_count), Column("repeats", parse_count), Column("sure", parse_count)),
)  # fmt: skip
"""What a conversation spec executes, in the order people read it. ``sure``: tenths of probability an intent needs."""
