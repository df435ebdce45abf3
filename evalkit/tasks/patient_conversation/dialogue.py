"""What the offline agent knows (a compiled spec) and what it keeps in mind (one dialogue)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.spec.schema import Row, Spec
from evalkit.tasks.patient_conversation.intents import IntentModel, train
from evalkit.tasks.patient_conversation.tables import ANY


@dataclass(slots=True)
class Dialogue:
    """One conversation, as far as it has come."""

    today: str
    state: str = "open"
    intent: str = ""
    relation: str = "self"
    patient: str = ""
    """Whose record it is, once that is verified."""
    given: dict[str, str] = field(default_factory=dict)
    """Identifiers that were understood."""
    asking: tuple[str, ...] = ()
    """Identifiers that were asked for in the last turn."""
    facts: dict[str, str] = field(default_factory=dict)
    """What else was understood: day, part, time, specialty, drug, topic."""
    offers: list[Mapping[str, str]] = field(default_factory=list)
    appointment: str = ""
    """The one that is to be moved or cancelled."""
    tries: int = 0
    repeats: int = 0
    heard_rows: tuple[str, ...] = ()
    """Rows of the spec that the last words were understood by."""


class Knowledge:
    """A spec's tables, compiled once."""

    def __init__(self, spec: Spec) -> None:
        tables = spec.tables
        self.emergency, self.voicemail, self.someone_else, self.never_say = (
            _literals(tables[heading].column("item"))
            for heading in ("Emergency", "Voicemail", "Someone else", "Never say")
        )
        self.intents: dict[str, Row] = {row.cells["intent"]: row for row in tables["Intents"].rows}
        self.topics = {row.cells["topic"]: _literals(row.cells["cues (any)"]) for row in tables["Topics"].rows}
        self.specialties = {
            row.cells["specialty"]: _literals(row.cells["cues (any)"]) for row in tables["Specialties"].rows
        }
        self.verify = {row.cells["identifier"]: row.cells for row in tables["Verify"].rows}
        self.always = tuple(name for name, cells in self.verify.items() if cells["when"] == "always")
        self.disclosable = frozenset(tables["Disclose"].column("category"))
        self.model: IntentModel = train(tuple((name, row.cells["utterances"]) for name, row in self.intents.items()))
        self.sure = tables["Limits"].setting("sure") / 10
        self._tries, self._repeats = (tables["Limits"].setting(name) for name in ("tries", "repeats"))
        self._steps: dict[tuple[str, str], list[Row]] = {}
        self._lines = {row.cells["key"]: row.cells["value"] for row in tables["Say"].rows}
        for row in tables["States"].rows:
            for state in row.cells["in"]:
                self._steps.setdefault((state, row.cells["on"]), []).append(row)
        self._order = {row.row_id: at for at, row in enumerate(tables["States"].rows)}

    def step(self, dialogue: Dialogue, event: str) -> Row | None:
        """The first row for the state, the event and the guards that hold."""
        rows = self._steps.get((dialogue.state, event), []) + self._steps.get((ANY, event), [])
        fitting = [row for row in rows if self._holds(row.cells["if"], dialogue)]
        return min(fitting, key=lambda row: self._order[row.row_id], default=None)

    def _holds(self, guard: str | None, dialogue: Dialogue) -> bool:
        holds: dict[str | None, bool] = {
            None: True,
            "verified": bool(dialogue.patient),
            "unverified": not dialogue.patient,
            "tries_left": dialogue.tries < self._tries,
            "no_tries_left": dialogue.tries >= self._tries,
            "patience_left": dialogue.repeats < self._repeats,
            "no_patience_left": dialogue.repeats >= self._repeats,
        }
        return holds[guard]

    def say(self, line: str, **blanks: str) -> str:
        """A line of the spec, filled in."""
        words: str = self._lines[line]
        for name, value in blanks.items():
            words = words.replace(f"{{{name}}}", value)
        return words

    def asks(self, names: Iterable[str]) -> str:
        """Identifiers by the words that the spec asks for them with: *full name and date of birth*."""
        return " and ".join(self.verify[name]["ask"] for name in names)

    def proper(self, said: list[str]) -> str:
        """What was to be said, without any sentence that holds words of *Never say*."""
        kept = [words for words in said if not self.never_say.search(words.lower())]
        return " ".join(kept) or self._lines["silence"]


def _literals(cues: Iterable[Any]) -> re.Pattern[str]:
    """Any of some cues, word for word; an apostrophe may be of either kind."""
    found = sorted({str(cue).replace("’", "'") for cue in cues}, key=lambda cue: (-len(cue), cue))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, found)) + r")(?!\w)")
