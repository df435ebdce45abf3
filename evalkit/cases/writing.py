"""Text by append and count: where a planted identifier stands is known because it was counted, never searched.

::

    writer = Writer()
    writer.text("Patient: ").plant(patient.identifier("patient.name")).text("\\n")
    writer.mark("fact-3", "two lesions of the left forearm")
    text, spans = writer.build("note_text")
    writer.span("fact-3", "note_text")          # {"field": "note_text", "start": 27, "end": 59}

Offsets count Unicode code points, half open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evalkit.cases.case import Spans
from evalkit.errors import CaseError
from evalkit.phi.identifiers import Identifier


class Writer:
    """Builds one field's text. ``repr`` shows lengths only, for the text may hold PHI."""

    __slots__ = ("_length", "_marks", "_pieces", "_plants")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._plants: list[tuple[int, int, str]] = []
        self._marks: dict[str, tuple[int, int]] = {}

    def text(self, piece: str) -> Writer:
        """Append text that holds no identifier."""
        self._append(piece)
        return self

    def line(self, piece: str = "") -> Writer:
        """Append text and a newline."""
        self._append(piece + "\n")
        return self

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

    def mark(self, name: str, piece: str) -> Writer:
        """Append text and remember it under a name, as evidence for a fact. A name is used once."""
        if name in self._marks:
            raise CaseError("a mark is used twice in one text", where=name)
        self._marks[name] = self._append(piece)
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
        starts = tuple(start for start, _, _ in self._plants)
        ends = tuple(end for _, end, _ in self._plants)
        needles = tuple(needle_id for _, _, needle_id in self._plants)
        return "".join(self._pieces), Spans((field,) * len(starts), starts, ends, needles)

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
        field=tuple(name for part in columns for name in part.field),
        start=tuple(start for part in columns for start in part.start),
        end=tuple(end for part in columns for end in part.end),
        needle_id=tuple(needle for part in columns for needle in part.needle_id),
    )
