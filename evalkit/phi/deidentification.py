"""De-identification: a record with aliases in the place of identifiers, or a refusal.

The identifiers that a spec tags are propagated through all text of the record (`propagation`); ages over 89, dates and
ZIPs are reduced as 45 CFR 164.514(b)(2)(i) has it (`safe_harbor`); what nobody tagged is looked for by a detector, if
one is handed in. Then the exact checker (`leaks`) searches the result for every tagged value in every form it knows,
and on any hit nothing is given out: what a value hides in, nobody can have meant to keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Literal, Protocol

from evalkit.errors import IdentifierError
from evalkit.phi.aliases import Aliases
from evalkit.phi.dates import Reading, Written, parse_date, written_dates
from evalkit.phi.forms import fold
from evalkit.phi.identifiers import Category, Identifier, Subject
from evalkit.phi.leaks import PROTECTED, Leak, Needles
from evalkit.phi.propagation import Aligned, Known, Place
from evalkit.phi.safe_harbor import AGE_90, OLDEST_OPEN_AGE, ages_over_89, telling_years, zip3

ALL: frozenset[Subject] = PROTECTED | {"provider", "organisation"}

_OLDEST = 130

Dates = Literal["year", "days"]
"""What stays of a date: its year, or the days since an index day (``day +12``), which keep intervals and no date."""


class Found(Protocol):
    """What a detector gives: a stretch of the text and the category of what it holds."""

    @property
    def start(self) -> int:
        """Position of the first character."""

    @property
    def end(self) -> int:
        """Position after the last character."""

    @property
    def category(self) -> Category:
        """Of what the stretch holds."""


Detect = Callable[[str], Iterable[Found]]
"""Text -> what may identify somebody in it (`detection.detect`, or a plug-in of the same form)."""


class IdentifiersRemain(IdentifierError):
    """The exact checker found tagged identifiers in the result; ``leaks`` says which, in what form and where."""

    def __init__(self, leaks: Sequence[Leak]) -> None:
        shown = Counter((leak.category, leak.form) for leak in leaks)
        listed = ", ".join(f"{count} x {category} ({form})" for (category, form), count in sorted(shown.items()))
        super().__init__(
            f"tagged identifiers remain after de-identification: {listed}",
            where=leaks[0].place,
            next_step="leave the field out, or correct the value that hides them, and try again",
        )
        self.leaks = tuple(leaks)


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one text: the stretch it took, and the stretch that stands there now. Never a value."""

    path: str
    """``input.note_text``, ``output.lines[0].note``."""
    start: int
    end: int
    """Of what was taken, in the text as it was."""
    at: int
    until: int
    """Of what stands for it, in the text as it is."""
    category: str
    invented: bool
    """Whether an invented identifier stands there; otherwise a year, an age group, a tag in brackets."""


@dataclass(frozen=True, slots=True)
class _StandIn:
    """What is written for an identifier."""

    category: str
    shown: str
    invented: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Deidentified:
    """A record without the identifiers of its person, checked. ``repr`` shows counts only."""

    value: Any
    replaced: Mapping[str, int]
    """Replacements by category."""
    edits: tuple[Edit, ...] = ()
    """Where they were made, text by text and in order."""

    def __repr__(self) -> str:
        return f"Deidentified({sum(self.replaced.values())} replaced)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The conditions of a de-identification."""

    today: date
    """The day on which ages count; explicit, for a clock would make other records every day."""
    dates: Dates = "year"
    index_day: date | None = None
    """Day 0 of ``days``; the first tagged date but that of birth where None."""
    detect: Detect | None = None


def deidentify(
    value: Any, identifiers: Sequence[Identifier], *, person: str, aliases: Aliases, terms: Terms
) -> Deidentified:
    """A JSON value with the tagged identifiers of one person replaced, and proven to show none of them.

    ``person`` is any name for whom the record is about; the same name and ``aliases`` give the same stand-ins in every
    record. Raises IdentifiersRemain where the exact checker still finds a tagged value (a key, an encoding, a value
    split over fields), IdentifierError where the value is not JSON.
    """
    writer = _Writer(tuple(identifiers), person, aliases=aliases, terms=terms)
    result = writer.rewrite(value)
    left = writer.needles.search(result, place="deidentified")
    if left:
        raise IdentifiersRemain(left)
    return Deidentified(result, dict(writer.replaced), tuple(writer.edits))


class _Writer:
    """Rewrites one record."""

    def __init__(self, identifiers: tuple[Identifier, ...], person: str, *, aliases: Aliases, terms: Terms) -> None:
        self._known = Known(identifiers)
        self._person = person
        self._aliases = aliases
        self._terms = terms
        self._old = _is_old(identifiers, terms.today)
        self._index = terms.index_day or _first_day(identifiers)
        self.needles = Needles(identifiers, ALL)
        self.replaced: Counter[str] = Counter()
        self.edits: list[Edit] = []

    def rewrite(self, value: Any, path: str = "") -> Any:
        """The value with every text rewritten; keys stay, and leak if they do."""
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            shown = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
            changed = self._text(shown, path)
            return value if changed == shown else changed
        if isinstance(value, Mapping):
            return {key: self.rewrite(entry, f"{path}.{key}" if path else str(key)) for key, entry in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.rewrite(entry, f"{path}[{place}]") for place, entry in enumerate(value)]
        return value

    def _text(self, raw: str, path: str) -> str:
        """One text: known values first, then ages, dates and what a detector finds in what is left."""
        text = Aligned(raw)
        changes = [(place.start, place.end, self._alias(place)) for place in self._known.places(text)]
        for start, end in ages_over_89(text.folded):
            changes.append((*text.original(start, end), _StandIn("date", AGE_90)))
        for written in written_dates(text.folded):
            changes.append((*text.original(written.start, written.end), _StandIn("date", self._date(written))))
        if self._old:
            for start, end in telling_years(text.folded, today_year=self._terms.today.year):
                changes.append((*text.original(start, end), _StandIn("date", "[YEAR]")))
        if self._terms.detect is not None:
            changes += [(found.start, found.end, self._unknown(found, raw)) for found in self._terms.detect(raw)]
        return self._apply(raw, changes, path)

    def _apply(self, raw: str, changes: list[tuple[int, int, _StandIn]], path: str) -> str:
        """The changes made; where they overlap the earlier kind wins, and a later one takes what is left for it."""
        written, at, length = [], 0, 0
        taken = [False] * len(raw)
        kept = []
        for start, end, change in changes:
            free = [place for place in range(start, end) if not taken[place]]
            runs = [[place for _, place in run] for _, run in groupby(enumerate(free), key=lambda row: row[1] - row[0])]
            for run in runs:
                if any(raw[place].isalnum() for place in run):
                    kept.append((run[0], run[-1] + 1, change))
            taken[start:end] = [True] * (end - start)
        for start, end, it in sorted(kept, key=lambda row: row[:2]):
            written += [raw[at:start], it.shown]
            length += start - at
            self.edits.append(Edit(path, start, end, length, length + len(it.shown), it.category, it.invented))
            length += len(it.shown)
            at = end
            self.replaced[it.category] += 1
        return "".join([*written, raw[at:]])

    def _alias(self, place: Place) -> _StandIn:
        known = self._known.identifiers[place.number]
        if place.part == "zip":
            return _StandIn("geo", zip3(known.value))
        alias = self._of(known.subject, known.category, known.value)
        if known.category == "name":
            first, _, last = alias.partition(" ")
            alias = {"first": first, "last": last, "turned": f"{last}, {first}", "handle": last.lower()}.get(
                place.part, alias
            )
        if place.part == "last_four":
            return _StandIn(known.category, alias[-4:])
        return _StandIn(known.category, alias, invented=not alias.startswith("["))

    def _of(self, subject: str, category: Category, value: str) -> str:
        return self._aliases.of(f"{self._person}/{subject}", category, value, unlike=self._is_unlike)

    def _is_unlike(self, alias: str) -> bool:
        return not self.needles.reported(alias)

    def _unknown(self, found: Found, raw: str) -> _StandIn:
        """The stand-in of something that a detector found: reduced, or an alias of somebody unknown."""
        shown = raw[found.start : found.end]
        if found.category == "date":
            return _StandIn("date", "[DATE]")
        if found.category == "geo":
            digits = "".join(char for char in shown if char.isdigit())
            is_zip = len(digits) in {5, 9} and not any(map(str.isalpha, shown))
            return _StandIn("geo", zip3(digits) if is_zip else "[PLACE]")
        alias = self._of("untagged", found.category, shown)
        return _StandIn(found.category, alias, invented=not alias.startswith("["))

    def _date(self, written: Written) -> str:
        """The year of a date, or the days since the index date; neither for a date that tells an age over 89."""
        days = [day for reading in written.readings if (day := _day_of(reading, self._terms.today)) is not None]
        years = {day.year for day in days} | {
            year for year, _, number in written.readings if not number and year >= 1000
        }
        if self._old or not years:
            return "[DATE]"
        if self._terms.dates == "days":
            shown = sorted({(day - self._index).days for day in days}) if self._index else []
            return f"day {shown[0]:+d}" if len(shown) == 1 else "[DATE]"
        return str(min(years)) if len(years) == 1 else "[DATE]"


def _day_of(reading: Reading, today: date) -> date | None:
    """The day of a reading; a year of two digits is the last one that has been."""
    year, month, day = reading
    if not day:
        return None
    if year < 100:
        year += 2000 if year <= today.year % 100 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_old(identifiers: Sequence[Identifier], today: date) -> bool:
    """Whether a tagged age or date of birth makes the person older than `OLDEST_OPEN_AGE`."""
    for known in identifiers:
        folded = fold(known.value).strip()
        if known.category != "date":
            continue
        if folded.isdigit() and OLDEST_OPEN_AGE < int(folded) < _OLDEST:
            return True
        day = parse_date(folded) if _is_birth(known) else None
        if day and today.year - day.year - ((today.month, today.day) < (day.month, day.day)) > OLDEST_OPEN_AGE:
            return True
    return False


def _is_birth(known: Identifier) -> bool:
    return known.needle_id.endswith(("dob", "birth", "birth_date", "born"))


def _first_day(identifiers: Sequence[Identifier]) -> date | None:
    """The first tagged day that is no date of birth."""
    dates = [known for known in identifiers if known.category == "date" and not _is_birth(known)]
    return min((day for known in dates if (day := parse_date(fold(known.value))) is not None), default=None)
