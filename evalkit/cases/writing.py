"""Text by append and count: where a planted identifier stands is known because it was counted, never searched.

::

    writer = Writer()
    writer.text("Patient: ").plant(patient.identifier("patient.name")).text("\\n")
    writer.mark("fact-3", "two lesions of the left forearm")
    writer.decoy("eponym", "Bell").text(" palsy ruled out")
    text, spans = writer.build("note_text")
    writer.span("fact-3", "note_text")          # {"field": "note_text", "start": 27, "end": 59}
    writer.decoys("note_text")

Banks of sentences are written as templates, each taken apart once per process::

    writer.fill("Seen by {provider.name} for {things}, not {~eponym Bell} palsy.", known, {"things": "two lesions"})

``{a.b}`` plants the identifier of that needle id, ``{word}`` takes a word, ``{~kind text}`` writes a decoy.
Offsets count Unicode code points, half open. A text in a list of notes is named ``chart_notes[2].text``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, NamedTuple

from evalkit.cases.case import Decoys, Spans
from evalkit.errors import CaseError
from evalkit.phi.identifiers import Identifier


class Slot(NamedTuple):
    """A slot of a template: which kind, its name or text, and the format of an identifier or the kind of a decoy."""

    kind: Literal["word", "plant", "decoy"]
    name: str
    more: str


_SLOT = re.compile(r"\{(~?)([a-z][a-z0-9_.]*)(?:[ :]([^{}]+))?\}")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
FORMATS = ("iso", "us", "short", "long", "day")
"""How a date is written: 1947-03-09, 03/09/1947, 3/9/47, March 9, 1947, 9 Mar 1947."""
NO_DECOYS = Decoys()


@lru_cache(maxsize=8192)
def steps_of(template: str) -> tuple[str | Slot, ...]:
    """A template taken apart into text and slots. Raises CaseError for a slot that is none.

    ``{patient.dob:long}`` writes a date as `FORMATS` say; without a format an identifier is written as it is.
    """
    steps: list[str | Slot] = []
    place = 0
    for found in _SLOT.finditer(template):
        steps += _plain(template[place : found.start()])
        decoy, name, rest = found.groups(default="")
        kind: Literal["word", "plant"] = "plant" if "." in name else "word"
        if decoy:
            steps.append(Slot("decoy", rest, name))
        elif rest and (kind == "word" or rest not in FORMATS):
            raise CaseError("a slot has a format that is none", where=f"template slot {len(steps)}")
        else:
            steps.append(Slot(kind, name, rest))
        place = found.end()
    return (*steps, *_plain(template[place:]))


def _plain(text: str) -> tuple[str, ...]:
    if "{" in text or "}" in text:
        raise CaseError("a slot of a template cannot be read", next_step="{a.b}, {a.b:long}, {word} or {~kind text}")
    return (text,) if text else ()


def written_date(iso: str, style: str) -> str:
    """A date ``YYYY-MM-DD`` as people write it; ``style`` is one of `FORMATS`."""
    year, month, day = iso.split("-")
    if style == "us":
        return f"{month}/{day}/{year}"
    if style == "short":
        return f"{int(month)}/{int(day)}/{year[2:]}"
    if style == "long":
        return f"{MONTHS[int(month) - 1]} {int(day)}, {year}"
    return f"{int(day)} {MONTHS[int(month) - 1][:3]} {year}" if style == "day" else iso


class Writer:
    """Builds one field's text. ``repr`` shows lengths only, for the text may hold PHI."""

    __slots__ = ("_decoys", "_length", "_marks", "_pieces", "_plants")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._plants: list[tuple[int, int, str]] = []
        self._decoys: list[tuple[int, int, str]] = []
        self._marks: dict[str, tuple[int, int]] = {}

    def text(self, piece: str) -> Writer:
        """Append text that holds no identifier."""
        self._pieces.append(piece)
        self._length += len(piece)
        return self

    def line(self, piece: str = "") -> Writer:
        """Append text and a newline."""
        return self.text(piece + "\n")

    def plant(self, identifier: Identifier, shown: str | None = None) -> Writer:
        """Append an identifier and remember where it stands.

        ``shown`` is how it is written here (a date in words); the value itself where None. Raises CaseError for an
        empty text, which no span could mark.
        """
        written = identifier.value if shown is None else shown
        if not written:
            raise CaseError("an identifier is planted as an empty text", where=identifier.needle_id)
        start, end = self._append(written)
        self._plants.append((start, end, identifier.needle_id))
        return self

    def decoy(self, kind: str, piece: str) -> Writer:
        """Append text that looks like an identifier and is none, and remember where it stands."""
        if not piece:
            raise CaseError("a decoy is an empty text", where=kind)
        start, end = self._append(piece)
        self._decoys.append((start, end, kind))
        return self

    def fill(self, template: str, known: Mapping[str, Identifier], words: Mapping[str, str] | None = None) -> Writer:
        """Append a template: its text, the identifiers of ``known`` and the ``words`` that it asks for.

        Raises CaseError for a template that cannot be read, KeyError for a name that is not there.
        """
        for step in steps_of(template):
            if isinstance(step, str):
                self._pieces.append(step)
                self._length += len(step)
                continue
            kind, name, more = step
            if kind == "plant":
                identifier = known[name]
                written = written_date(identifier.value, more) if more else identifier.value
                if not written:
                    raise CaseError("an identifier is planted as an empty text", where=name)
                start = self._length
                self._pieces.append(written)
                self._length = end = start + len(written)
                self._plants.append((start, end, identifier.needle_id))
            elif kind == "word":
                self.text((words or {})[name])
            else:
                self.decoy(more, name)
        return self

    def mark(self, name: str, piece: str) -> Writer:
        """Append text and remember it under a name, as evidence for a fact. A name is used once."""
        if name in self._marks:
            raise CaseError("a mark is used twice in one text", where=name)
        start = self._length
        self._pieces.append(piece)
        self._length = end = start + len(piece)
        self._marks[name] = (start, end)
        return self

    def open(self, name: str) -> Writer:
        """Begin a mark here that `close` ends; for evidence that holds identifiers or other marks."""
        if name in self._marks:
            raise CaseError("a mark is used twice in one text", where=name)
        self._marks[name] = (self._length, -1)
        return self

    def close(self, name: str) -> Writer:
        """End the mark that `open` began."""
        start, end = self._marks.get(name, (0, 0))
        if end != -1:
            raise CaseError("a mark is closed that is not open", where=name)
        self._marks[name] = (start, self._length)
        return self

    @property
    def position(self) -> int:
        """Code points written so far: where the next piece begins."""
        return self._length

    @property
    def marks(self) -> tuple[str, ...]:
        """Names of the marks, in the order they began."""
        return tuple(self._marks)

    def span(self, name: str, field: str) -> dict[str, Any]:
        """The span of a mark, as agents write spans: ``{"field": ..., "start": ..., "end": ...}``."""
        if name not in self._marks or self._marks[name][1] == -1:
            raise CaseError("no such mark in this text, or it is still open", where=name)
        start, end = self._marks[name]
        return {"field": field, "start": start, "end": end}

    def build(self, field: str) -> tuple[str, Spans]:
        """The text, and the spans of what was planted in it, in the order of planting."""
        starts, ends, needles = zip(*self._plants, strict=True) if self._plants else ((), (), ())
        return "".join(self._pieces), Spans((field,) * len(starts), starts, ends, needles)

    def decoys(self, field: str) -> Decoys:
        """Where the decoys stand, in the order of writing."""
        if not self._decoys:
            return NO_DECOYS
        starts, ends, kinds = zip(*self._decoys, strict=True)
        return Decoys((field,) * len(starts), starts, ends, kinds)

    def _append(self, piece: str) -> tuple[int, int]:
        start = self._length
        self._pieces.append(piece)
        self._length += len(piece)
        return start, self._length

    def __repr__(self) -> str:
        return f"Writer({self._length} characters, {len(self._plants)} planted, {len(self._marks)} marks)"


def join_spans(parts: Iterable[Spans]) -> Spans:
    """The spans of several fields of one case as one set of columns."""
    columns = list(parts)
    return Spans(
        field=tuple(chain.from_iterable([part.field for part in columns])),
        start=tuple(chain.from_iterable([part.start for part in columns])),
        end=tuple(chain.from_iterable([part.end for part in columns])),
        needle_id=tuple(chain.from_iterable([part.needle_id for part in columns])),
    )


def join_decoys(parts: Iterable[Decoys]) -> Decoys:
    """The decoys of several fields of one case as one set of columns."""
    columns = [part for part in parts if len(part)]
    if not columns:
        return NO_DECOYS
    return Decoys(
        field=tuple(chain.from_iterable([part.field for part in columns])),
        start=tuple(chain.from_iterable([part.start for part in columns])),
        end=tuple(chain.from_iterable([part.end for part in columns])),
        kind=tuple(chain.from_iterable([part.kind for part in columns])),
    )
