"""How a chart is read: the sentences of its notes, the durations and percentages in them, the sides they name.

No spec and no policy in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from evalkit.tasks.reading import Sentence, read_sentences, sides_of

DAYS_OF_A_MONTH = 30
_WORDS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_NUMBER_WORDS = {word: number for number, word in enumerate(_WORDS, start=1)}
_NUMBER = rf"(\d{{1,4}}|{'|'.join(_WORDS)})"
_DURATION = re.compile(rf"\b{_NUMBER}[ -](day|week|month)s?\b(?: and {_NUMBER} days?\b)?")
_UNIT_DAYS = {"day": 1, "week": 7, "month": DAYS_OF_A_MONTH}
_PERCENT = re.compile(r"(?<![\d./])(\d{1,3}) ?(?:%|percent\b)")


class Measure(NamedTuple):
    """A measured value and how it is written."""

    value: float
    written: str


@dataclass(frozen=True, slots=True, repr=False)
class Passage:
    """One sentence of a chart: its note and place, its words, and the line of the note up to its end."""

    note: int
    day: date
    sentence: Sentence
    line: str
    """Lower case, single spaces."""

    @property
    def span(self) -> dict[str, Any]:
        """Where it stands, as agents write spans."""
        return {
            "field": f"chart_notes[{self.note}].text",
            "start": self.sentence.start,
            "end": self.sentence.end,
        }

    def __repr__(self) -> str:
        return f"Passage({self.note}, {self.sentence.start}-{self.sentence.end})"


def read_chart(notes: Sequence[Mapping[str, Any]]) -> Iterator[Passage]:
    """Every sentence of every note, from the oldest note to the newest, each note top down.

    Notes of one day keep their order; what is data and no prose (`observations`) is left out. Offsets count in the
    notes as they were sent.
    """
    prose = [place for place, note in enumerate(notes) if note.get("type") != "Observation"]
    order = sorted(prose, key=lambda place: str(notes[place]["date"]))
    for place in order:
        note = notes[place]
        text = note["text"]
        day = date.fromisoformat(note["date"])
        for sentence in read_sentences(text):
            opens = text.rfind("\n", 0, sentence.start) + 1
            line = " ".join(text[opens : sentence.end].lower().split())
            yield Passage(place, day, sentence, line)


def duration_of(sentence: Sentence) -> Measure | None:
    """The shortest time that a sentence names, in weeks; None where it names none."""
    found = [
        (_number(one[1]) * _UNIT_DAYS[one[2]] + (_number(one[3]) if one[3] else 0), one[0])
        for one in _DURATION.finditer(sentence.plain)
    ]
    if not found:
        return None
    days, written = min(found)
    return Measure(days / 7, written)


def percent_of(sentence: Sentence) -> Measure | None:
    """The first percentage that a sentence names."""
    found = _PERCENT.search(sentence.plain)
    return Measure(float(found[1]), f"{found[1]} percent") if found else None


def names_other_side(sentence: Sentence, side: str) -> bool:
    """Does it name a side, and not the one asked about?"""
    named = sides_of(sentence)
    return bool(named) and side not in named


def _number(text: str) -> int:
    return _NUMBER_WORDS.get(text) or int(text)
