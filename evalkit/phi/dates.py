"""Dates in text, compared as dates: every date-like string is parsed, no format is listed for searching.

A reading is (year, month, day); a year of two digits stays one of two digits. Where day and month could be
exchanged, both readings count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

Reading = tuple[int, int, int]
"""Year (as written: four digits, or 0-99 for two), month 1-12, day 1-31."""

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_CENTURIES = ("eighteen", "nineteen", "twenty", "thousand")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_YEAR = r"([0-9]{4}|'?[0-9]{2})"
_YEAR_ALONE = r"(?:1[89]|20)[0-9]{2}(?![0-9])"
"""After a month these four digits are no day with a year of two digits: ``march 1953`` is not the 19th."""
_GAP = r"[\s,./'-]{0,3}"

_YEAR_FIRST = re.compile(r"(?<![0-9])([0-9]{4})([-/. ])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_YEAR_LAST = re.compile(r"(?<![0-9])([0-9]{1,2})(\s?[-/.]\s?)([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])")
_SPACED = re.compile(r"(?<![0-9])([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{4})(?![0-9])")
_DAY_MONTH = re.compile(
    rf"(?<![0-9])([0-9]{{1,2}})(?:st|nd|rd|th)?(?: day)?(?: of)?{_GAP}(?<![a-z]){_MONTH}{_GAP}{_YEAR}(?![0-9])"
)
_MONTH_DAY = re.compile(
    rf"(?<![a-z]){_MONTH}{_GAP}(?: the )?(?!{_YEAR_ALONE})([0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)?{_GAP}{_YEAR}(?![0-9])"
)
_YEAR_MONTH_WORD = re.compile(rf"(?<![0-9])([0-9]{{4}}){_GAP}(?<![a-z]){_MONTH}{_GAP}([0-9]{{1,2}})(?![0-9])")
_COMPACT = re.compile(r"(?<![0-9])([0-9]{8})(?:[0-9]{4}|[0-9]{6})?(?![0-9])")

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
             "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
             "eighteenth", "nineteenth")  # fmt: skip


def _number_words() -> dict[str, int]:
    table = {word: number for number, word in enumerate(_ONES, start=1)}
    table |= {word: number for number, word in enumerate(_ORDINALS, start=1)}
    table |= {"twentieth": 20, "thirtieth": 30}
    for tens, word in enumerate(_TENS, start=2):
        table[word] = tens * 10
        table |= {f"{word} {one}": tens * 10 + number for number, one in enumerate(_ONES[:9], start=1)}
        table |= {f"{word} {one}": tens * 10 + number for number, one in enumerate(_ORDINALS[:9], start=1)}
    return table


_NUMBERS = _number_words()
_NUMBER_WORD = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_CARDINAL = "|".join(
    sorted((word for word in _NUMBERS if not word.endswith(("st", "nd", "rd", "th"))), key=len, reverse=True)
)
_YEAR_WORDS = re.compile(
    rf"\b(nineteen|twenty|eighteen) (?:hundred(?: and)? ?)?(?:oh )?({_CARDINAL})\b"
    rf"|\b(nineteen|eighteen) hundred\b"
    rf"|\btwo thousand(?: and)?(?: ({_CARDINAL}))?\b"
)
_REACH = 48
"""Characters before and after its year within which the rest of a date stands."""
_DAY_WORDS = re.compile(rf"\b({_NUMBER_WORD})\b")


def dates_in(folded: str) -> frozenset[Reading]:
    """Every reading of every date in a folded text (`forms.fold`)."""
    readings = set(_written(folded))
    if _YEAR_WORDS.search(folded.replace("-", " ")):
        readings.update(_written(_spell_out(folded)))
    return frozenset(reading for reading in readings if _possible(reading))


def shows(folded: str, day: date) -> bool:
    """Whether a folded text shows a day, however it is written.

    Only the surroundings of what may be its year are parsed: most texts hold none.
    """
    wanted = readings_of(day)
    month = _NAMES[day.month - 1]
    if month in folded and any(word in folded for word in _CENTURIES) and not dates_in(folded).isdisjoint(wanted):
        return True
    return any(not dates_in(part).isdisjoint(wanted) for part in _near_year(folded, day))


def _near_year(folded: str, day: date) -> Iterator[str]:
    """The stretches of a text around the last two digits of a year that hold day and month as well."""
    year, number, month, name = f"{day.year % 100:02d}", str(day.day), str(day.month), _NAMES[day.month - 1]
    at = folded.find(year)
    while at >= 0:
        start, end = max(at - _REACH, 0), at + _REACH
        while start and folded[start - 1].isdigit():
            start -= 1
        while folded[end : end + 1].isdigit():
            end += 1
        part = folded[start:end]
        if number in part and (month in part or name in part):
            yield part
        at = folded.find(year, at + 2)


def parse_date(folded: str) -> date | None:
    """The one date that a value means, or None where there is none or the readings differ."""
    readings = [reading for reading in dates_in(folded) if reading[0] >= 100]
    if len(readings) == 1:
        return date(*readings[0])
    try:
        return date.fromisoformat(folded.strip()[:10])
    except ValueError:
        return None


def readings_of(day: date) -> tuple[Reading, Reading]:
    """How a date can be read: with its year in four digits, and in two."""
    return (day.year, day.month, day.day), (day.year % 100, day.month, day.day)


def _written(text: str) -> Iterator[Reading]:
    for year, _, first, second in _YEAR_FIRST.findall(text):
        yield int(year), int(first), int(second)
        yield int(year), int(second), int(first)
    for first, _, second, year in _YEAR_LAST.findall(text):
        yield int(year), int(first), int(second)
        yield int(year), int(second), int(first)
    for first, second, year in _SPACED.findall(text):
        yield int(year), int(first), int(second)
        yield int(year), int(second), int(first)
    for day, month, year in _DAY_MONTH.findall(text):
        yield int(year.strip("'")), _MONTHS[month], int(day)
    for month, day, year in _MONTH_DAY.findall(text):
        yield int(year.strip("'")), _MONTHS[month], int(day)
    for year, month, day in _YEAR_MONTH_WORD.findall(text):
        yield int(year), _MONTHS[month], int(day)
    for digits in _COMPACT.findall(text):
        yield int(digits[:4]), int(digits[4:6]), int(digits[6:])
        yield int(digits[4:]), int(digits[:2]), int(digits[2:4])
        yield int(digits[4:]), int(digits[2:4]), int(digits[:2])


def _spell_out(folded: str) -> str:
    """Years and small numbers in words turned into digits: ``ninth, nineteen forty-seven`` is ``9, 1947``."""
    text = folded.replace("-", " ")
    return _DAY_WORDS.sub(lambda found: str(_NUMBERS[found[1]]), _YEAR_WORDS.sub(_year_of, text))


def _year_of(found: re.Match[str]) -> str:
    century = {"eighteen": 1800, "nineteen": 1900, "twenty": 2000, None: 2000}[found[1] or found[3]]
    rest = found[2] or found[4]
    return str(century + (_NUMBERS[rest] if rest else 0))


def _possible(reading: Reading) -> bool:
    year, month, day = reading
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    try:
        date(year if year >= 100 else 2000 + year, month, day)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Written:
    """One date in a text: where it stands and how it can be read (a month alone: day 0; without a year: not)."""

    start: int
    end: int
    readings: frozenset[Reading]


_YEAR_SPOKEN = (
    rf"(?:(?:nineteen|twenty|eighteen) (?:hundred(?: and)? ?)?(?:oh )?(?:{_CARDINAL})(?:[ -](?:{'|'.join(_ONES[:9])}))?"
    rf"|(?:nineteen|eighteen) hundred|two thousand(?: and)?(?: (?:{_CARDINAL}))?)"
)
_ORDINAL_WORD = "|".join(
    sorted((word for word in _NUMBERS if word.endswith(("st", "nd", "rd", "th"))), key=len, reverse=True)
)
_SPOKEN_DATE = re.compile(
    rf"\b{_MONTH} (?:the )?(?:{_ORDINAL_WORD}|[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?:of )?{_YEAR_SPOKEN}\b"
    rf"|\b(?:the )?(?:{_ORDINAL_WORD}|[0-9]{{1,2}})(?:st|nd|rd|th)?(?: day)? of {_MONTH},? (?:of )?{_YEAR_SPOKEN}\b"
)
_MONTH_YEAR = re.compile(rf"(?<![a-z]){_MONTH}(?:,| of)? (?:of )?([0-9]{{4}})(?![0-9])")
_MONTH_AND_DAY = re.compile(
    rf"(?<![a-z]){_MONTH}\.? (?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)?(?![0-9]|[.,:/-][0-9])"
    rf"|(?<![0-9])[0-9]{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?![a-z])"
)
_PATTERNS = (_YEAR_FIRST, _YEAR_LAST, _SPACED, _DAY_MONTH, _MONTH_DAY, _YEAR_MONTH_WORD, _COMPACT)


def written_dates(folded: str) -> list[Written]:
    """Every date of a folded text with its place, the longest reading of each stretch; in order."""
    found = [
        Written(*match.span(), frozenset({(int(match[2]), _MONTHS[match[1]], 0)}))
        for match in _MONTH_YEAR.finditer(folded)
    ]
    found += [
        Written(*match.span(), readings)
        for pattern in _PATTERNS
        for match in pattern.finditer(folded)
        if (readings := _readings_of(match)) and not (pattern is _COMPACT and _in_a_word(folded, match))
    ]
    spoken = _SPOKEN_DATE.finditer(folded.replace("-", " "))
    found += [Written(*match.span(), dates_in(match[0])) for match in spoken]
    found += [Written(*match.span(), frozenset()) for match in _MONTH_AND_DAY.finditer(folded)]
    kept: list[Written] = []
    for one in sorted(found, key=lambda written: (written.start, -written.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _readings_of(found: re.Match[str]) -> frozenset[Reading]:
    """How a date can be read; where the year stands first the month is next, if there is such a month."""
    if found.re is _YEAR_FIRST:
        year, month, day = (int(found[group]) for group in (1, 3, 4))
        if _possible((year, month, day)):
            return frozenset({(year, month, day)})
    return dates_in(found[0])


def _in_a_word(folded: str, found: re.Match[str]) -> bool:
    """Whether letters touch a run of digits, so that it is part of a code or a hash."""
    before, after = folded[: found.start()][-1:], folded[found.end() : found.end() + 1]
    return before.isalpha() or after.isalpha()
