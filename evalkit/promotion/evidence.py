"""Evidence: stretches of the input that an answer points to, moved with the text when the text is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.errors import PromotionError
from evalkit.phi.deidentification import Edit

SPAN = frozenset({"field", "start", "end"})


def is_span(value: Any) -> bool:
    """Whether a value is a span as agents write them: ``{"field": ..., "start": ..., "end": ...}``."""
    return (
        isinstance(value, Mapping)
        and value.keys() >= SPAN
        and isinstance(value["field"], str)
        and type(value["start"]) is type(value["end"]) is int
    )


def spans_of(value: Any) -> Iterator[tuple[str, int, int]]:
    """Every span in an answer: field, start, end."""
    if is_span(value):
        yield value["field"], value["start"], value["end"]
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from spans_of(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from spans_of(entry)


def lift(value: Any) -> Any:
    """The answer without the offsets of its spans: numbers that say nothing, and might look like something."""
    if is_span(value):
        return {name: entry for name, entry in value.items() if name not in {"start", "end"}}
    if isinstance(value, Mapping):
        return {name: lift(entry) for name, entry in value.items()}
    return [lift(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def lower(changed: Any, original: Any, edits: Sequence[Edit], *, where: str) -> Any:
    """The changed answer with the spans of the original one, moved to where their text now stands.

    A span that cuts a replaced stretch grows to hold all of what stands for it. Raises PromotionError for one that
    ends before it begins.
    """
    if is_span(original):
        inside = [edit for edit in edits if edit.path == f"input.{original['field']}"]
        start, end = original["start"], original["end"]
        if not 0 <= start < end:
            raise PromotionError("the answer points to no text", where=where, next_step="leave it out")
        return {**changed, "start": _moved(start, inside, last=False), "end": _moved(end, inside, last=True)}
    if isinstance(original, Mapping):
        pairs = zip(changed.items(), original.values(), strict=True)
        return {name: lower(new, old, edits, where=where) for (name, new), old in pairs}
    if isinstance(original, (list, tuple)):
        return [lower(new, old, edits, where=where) for new, old in zip(changed, original, strict=True)]
    return changed


def _moved(place: int, edits: Sequence[Edit], *, last: bool) -> int:
    """Where a border stands now; one inside a replaced stretch goes to its outer side."""
    shift = 0
    for edit in edits:
        if edit.end <= place:
            shift = edit.until - edit.end
        elif edit.start < place:
            return edit.until if last else edit.at
    return place + shift
