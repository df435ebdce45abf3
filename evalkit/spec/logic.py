"""Three-valued logic for conditions: true, false, and unknown where a value is missing or makes no sense.

Conjunction, disjunction and negation are Kleene's; a caller decides what unknown means (a refusal, for a spec).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

Truth = bool | None
"""True, False, or None for unknown."""
Asked = TypeVar("Asked")

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def conjunction(parts: Sequence[Callable[[Asked], Truth]]) -> Callable[[Asked], Truth]:
    """Kleene's conjunction: false if any part is, else unknown if any part is."""

    def test(context: Asked) -> Truth:
        unknown = False
        for part in parts:
            found = part(context)
            if found is False:
                return False
            unknown = unknown or found is None
        return None if unknown else True

    return test


def disjunction(parts: Sequence[Callable[[Asked], Truth]]) -> Callable[[Asked], Truth]:
    """Kleene's disjunction: true if any part is, else unknown if any part is."""

    def test(context: Asked) -> Truth:
        unknown = False
        for part in parts:
            found = part(context)
            if found is True:
                return True
            unknown = unknown or found is None
        return None if unknown else False

    return test


def _kind(value: Any) -> str | None:
    """The kind within which values compare; None for what compares with nothing."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, date) else None


def _as_date(value: Any) -> Any:
    """An ISO date as a date, anything else as it is."""
    if not (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


def compared(left: Any, right: Any, compare: Callable[[Any, Any], bool]) -> Truth:
    """A comparison of two values; unknown where either is missing or they are of unlike kinds.

    Text that is an ISO date compares with a date. True and false have no order.
    """
    if isinstance(left, date) or isinstance(right, date):
        left, right = _as_date(left), _as_date(right)
    kind = _kind(left)
    if kind is None or kind != _kind(right):
        return None
    if kind == "truth" and compare not in (operator.eq, operator.ne):
        return None
    return compare(left, right)


def among(value: Any, choices: Any) -> Truth:
    """Whether a value is one of a list; unknown where it is missing or the list holds only other kinds."""
    if value is None or not isinstance(choices, (list, tuple)):
        return None
    answers = [compared(value, choice, operator.eq) for choice in choices if choice is not None]
    if True in answers:
        return True
    return None if None in answers else False
