"""A read-only view of a JSON object whose repr shows neither names nor values: a leaky agent may put either there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def view(value: Any) -> Any:
    """The value itself, or a view of it: objects become `Fields`, arrays become tuples of views."""
    if isinstance(value, Mapping):
        return Fields(value)
    if isinstance(value, (list, tuple)):
        return tuple(view(entry) for entry in value)
    return value


class Fields(Mapping[str, Any]):
    """A JSON object, read by attribute or by key: ``output.lines[0].code``.

    ``repr`` counts the fields and shows none of them, so that a traceback or a notebook cell leaks nothing.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self._entries = entries

    def __getitem__(self, name: str) -> Any:
        return view(self._entries[name])

    def __getattr__(self, name: str) -> Any:
        try:
            return view(self._entries[name])
        except KeyError:
            raise AttributeError(f"no field {name!r} among the {len(self._entries)} here") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Fields):
            return self._entries == other._entries
        return self._entries == other

    __hash__ = None  # type: ignore[assignment]  # a view of a mutable mapping has no hash

    def __repr__(self) -> str:
        return f"Fields({len(self._entries)} fields)"

    def json(self) -> Mapping[str, Any]:
        """The plain JSON object behind the view."""
        return self._entries
