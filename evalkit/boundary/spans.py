"""Spans in outputs: JSON objects ``{"field": "note_text", "start": 3, "end": 9}``, wherever they stand.

``start`` and ``end`` count code points, half open. ``field`` may point into a list of texts or notes:
``chart_notes[2].text``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.spec.schema import Spec

UNDECLARED = "<undeclared>"
"""Stands in places for a key that the spec does not know."""

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]{1,6})\]|\.")
_KEYS = frozenset({"field", "start", "end"})


@dataclass(frozen=True, slots=True)
class Span:
    """A span as an agent gave it, unchecked; ``place`` is where in the output it stands."""

    place: str
    field: Any
    start: Any
    end: Any

    @property
    def root(self) -> str:
        """The input field that the span points into, ``chart_notes`` for ``chart_notes[2].text``."""
        found = _STEP.match(self.field) if isinstance(self.field, str) else None
        return (found.group(1) or "") if found else ""

    def text(self, values: Mapping[str, Any]) -> str | None:
        """The words that the span covers in an input, or None where it points at none."""
        whole = resolve(self.field, values)
        whole_numbers = type(self.start) is int and type(self.end) is int
        if whole is None or not whole_numbers or not 0 <= self.start < self.end <= len(whole):
            return None
        return whole[self.start : self.end]


def spans_of(value: Any, names: frozenset[str], place: str = "output") -> Iterator[Span]:
    """Every span in a JSON value, depth first. Places show ``names`` and no other key: another may hold a value."""
    if isinstance(value, Mapping):
        if value.keys() >= _KEYS:
            yield Span(place, value["field"], value["start"], value["end"])
            return
        for key, entry in value.items():
            yield from spans_of(entry, names, f"{place}.{key if key in names else UNDECLARED}")
    elif isinstance(value, (list, tuple)):
        for position, entry in enumerate(value):
            yield from spans_of(entry, names, f"{place}[{position}]")


def output_names(spec: Spec) -> frozenset[str]:
    """Every name that the spec's output declares, at any depth."""
    items = (name for declared in spec.output.values() for name in declared.item or ())
    return frozenset((*spec.output, *items))


def resolve(field: Any, values: Mapping[str, Any]) -> str | None:
    """The text of an input that a field path points at, or None."""
    if not isinstance(field, str):
        return None
    at, found = 0, values
    while at < len(field):
        step = _STEP.match(field, at)
        if step is None:
            return None
        at = step.end()
        found = _descend(found, step)
    return found if isinstance(found, str) else None


def _descend(value: Any, step: re.Match[str]) -> Any:
    name, position = step.group(1), step.group(2)
    if name is not None:
        return value.get(name) if isinstance(value, Mapping) else None
    if position is not None:
        inside = isinstance(value, (list, tuple)) and int(position) < len(value)
        return value[int(position)] if inside else None
    return value
