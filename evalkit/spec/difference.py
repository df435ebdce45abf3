"""One difference between two versions of a spec, and how values and texts are shown in it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["note", "loud", "blocking"]
_LONGEST = 120
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. Specs hold no PHI, so old and new values are shown."""

    kind: str
    """``row removed``, ``input widened``, ``gate loosened``, ...: fixed words."""
    place: str
    """``Modifiers/25``, ``input/note_text``, ``refuse/CONSENT_MISSING``."""
    what: str
    severity: Severity
    row_id: str | None = None
    """The executable row that changed, where it is one."""


def shown(value: Any) -> str:
    """A value as a reader knows it from the file, in short."""
    if value is None:
        text = "-"
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, Mapping):
        text = "; ".join(f"{key} {shown(entry)}" for key, entry in value.items())
    elif isinstance(value, (tuple, list, set, frozenset)):
        parts = [shown(entry).replace("; ", ", ") for entry in value]
        text = "; ".join(sorted(parts) if isinstance(value, (set, frozenset)) else parts) or "-"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def lines_changed(old: str, new: str) -> str:
    """How many lines of a text were added and removed."""
    diff = list(difflib.unified_diff(old.split("\n"), new.split("\n"), n=0))[2:]
    marks = [line[0] for line in diff]
    return f"{marks.count('+')} lines added, {marks.count('-')} removed"
