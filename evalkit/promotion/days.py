"""Days: what stands where the contract of a spec asks for a date.

Safe Harbor leaves the year of a date. A request with a bare year is no request any more, so a drawn day of that year
stands there: it says no more of the person than the year does. A day up to today stays one up to today and a later one
stays later; the birth of somebody over 89 becomes one of age 90, which stands for every age above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from evalkit.phi.safe_harbor import OLDEST_OPEN_AGE
from evalkit.spec.schema import Spec


def stand_in_days(
    spec: Spec, before: Mapping[str, Any], after: Mapping[str, Any], *, today: date, draw: Callable[[], int]
) -> tuple[dict[str, Any], dict[str, str]]:
    """``after`` with days where ``before`` has dates that the contract types, and those days by path. One date of the
    record has one stand-in."""
    new: dict[str, Any] = dict(after)
    drawn: dict[str, str] = {}
    days: dict[str, str] = {}
    for name, number, day in _dates(spec, before):
        path = name if number is None else f"{name}[{number}].date"
        birth = name.endswith(("birth", "dob", "birth_date", "born"))
        text = drawn.setdefault(day.isoformat(), _other_day(day, today, draw, birth=birth).isoformat())
        days[path] = text
        if number is None:
            new[name] = text
        else:
            notes = [dict(note) for note in new[name]]
            notes[number]["date"] = text
            new[name] = notes
    return new, days


def _dates(spec: Spec, input: Mapping[str, Any]) -> Iterator[tuple[str, int | None, date]]:
    """Field, number of the note, day: of everything that is typed as a date and is one."""
    for name, declared in spec.input.items():
        value = input.get(name)
        if declared.type == "date" and (day := _day(value)) is not None:
            yield name, None, day
        notes = value if declared.type == "list[note]" and isinstance(value, (list, tuple)) else ()
        days = [_day(note.get("date")) if isinstance(note, Mapping) else None for note in notes]
        yield from ((name, number, day) for number, day in enumerate(days) if day is not None)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _other_day(day: date, today: date, draw: Callable[[], int], *, birth: bool) -> date:
    """Another day of the year, on the same side of today where there is one."""
    if birth and (today - day).days > (OLDEST_OPEN_AGE + 1) * 365.25:
        first, last = _years_before(today, 91) + timedelta(days=1), _years_before(today, 90)
    else:
        first, last = date(day.year, 1, 1), date(day.year, 12, 31)
        if day.year == today.year:
            first, last = (first, today) if day <= today else (today + timedelta(days=1), last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1) if first + timedelta(days=n) != day]
    return days[draw() % len(days)] if days else day


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
