"""What the offline agent reads out of words: dates, numbers, names, yes and no. It knows nothing of callers.

Numbers may be written, spelled digit by digit or said in groups. Where somebody corrects himself, what comes after the
correction counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), start=1)
    for name in names.split()
}  # fmt: skip
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(_ONES)} | {"oh": 0, "o": 0}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_TOKEN = re.compile(r"[a-z]+|[0-9]+")
_AFTER_DIGITS = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)\b")
_CORRECTION = re.compile(r"\b(?:no|sorry|i mean|correction|wait)\b")
_NAMED = re.compile(
    r"(?:\b[Nn]ame(?:'s| is)|\b[Tt]his is|\b[Ii]t is|\b[Ii]t's|\bI am|\bI'm|\b[Uu]nder|\b[Nn]ame:|\b[Pp]atient is)\s+"
    r"([^\W\d_][\w'’-]*(?:\s+[^\W\d_a-z][\w'’-]*){0,3})"
)
_BARE = re.compile(r"([^\W\d_a-z][\w'’-]*(?:\s+[^\W\d_a-z][\w'’-]*){1,3})")
_FILLERS = re.compile(r"\b(?:um|uh|er|well|you know),?\s+", re.IGNORECASE)
_YES = re.compile(r"\b(?:yes|yeah|yep|sure|okay|ok|correct|that works|works|perfect|great|fine|please do|go ahead)\b")
_NO = re.compile(r"\b(?:no|nope|not|nothing|that's all|that is all|can't|cannot|won't|all set)\b")
_TIME = re.compile(r"\b([0-9]{1,2}):([0-9]{2})\s*(am|pm|a\.m\.|p\.m\.)?|\b([0-9]{1,2})\s*(am|pm)\b")


def without_fillers(text: str) -> str:
    """The words without sounds of hesitation."""
    return _FILLERS.sub("", text)


def read_date(text: str) -> str | None:
    """The date that is meant, as ISO; None where there is none that exists."""
    for part in _from_last_correction(text):
        tokens = list(_numbers(part))
        found = _month_named(tokens) or _in_numbers(tokens)
        if found is not None:
            return found
    return None


def read_day(text: str, *, near: str) -> str | None:
    """A day without its year, taken from ``near`` (ISO) on; a full date is read as such."""
    full = read_date(text)
    if full is not None:
        return full
    start = date.fromisoformat(near)
    for part in _from_last_correction(text):
        tokens = list(_numbers(part))
        for at, token in enumerate(tokens):
            around = (*tokens[at + 1 : at + 2], *tokens[max(0, at - 1) : at], *tokens[max(0, at - 2) : max(0, at - 1)])
            day = next((one for one in around if isinstance(one, int) and 1 <= one <= 31), None)
            if token in MONTHS and day is not None:
                month = MONTHS[str(token)]
                return _iso(start.year + (month < start.month), month, day)
    return None


def read_digits(text: str) -> str:
    """All digits of a number that is said or written, in order."""
    return "".join(str(token) if isinstance(token, int) else "" for token in _numbers(text, digitwise=True))


def read_name(text: str, *, bare: bool = False) -> str | None:
    """A name that somebody gives: after words such as *my name is*, or, where ``bare``, any capitalised words."""
    found = _NAMED.search(text)
    if found and any(part[:1].isupper() for part in found[1].split()):
        return found[1].rstrip(" .,-")
    if not bare:
        return None
    capitals = [one for one in _BARE.findall(text) if one.split()[0].lower() not in MONTHS]
    return capitals[0].rstrip(" .,-") if capitals else None


def read_time(text: str) -> str | None:
    """A time of day as ``HH:MM``; where neither half of the day is said, what opening hours make of it."""
    found = _TIME.search(text.lower())
    if found is None:
        return None
    hour, minute = int(found[1] or found[4]), int(found[2] or 0)
    half = (found[3] or found[5] or "").replace(".", "")
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return f"{hour % 24:02d}:{minute:02d}" if minute < 60 else None


def read_part(text: str) -> str | None:
    """``morning`` or ``afternoon``."""
    lowered = text.lower()
    return next((part for part in ("morning", "afternoon") if part in lowered), None)


def agrees(text: str) -> bool | None:
    """True for yes, False for no, None where neither is said."""
    lowered = text.lower()
    if _NO.search(lowered):
        return False
    return True if _YES.search(lowered) else None


def _from_last_correction(text: str) -> Iterator[str]:
    """What comes after the last correction, then all of it."""
    lowered = _AFTER_DIGITS.sub("", text.lower())
    last = [found.end() for found in _CORRECTION.finditer(lowered)]
    if last:
        yield lowered[last[-1] :]
    yield lowered


def _numbers(text: str, *, digitwise: bool = False) -> Iterator[str | int]:
    """The words of a text, numbers among them read; ``digitwise`` keeps written zeros in front by giving digits."""
    tokens = _TOKEN.findall(text.lower())
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.isdigit():
            yield from map(int, token) if digitwise else (int(token),)
        elif token in _TENS:
            ones = _NUMBERS.get(tokens[at], _ORDINALS.get(tokens[at], 0)) if at < len(tokens) else 0
            at += 1 <= ones <= 9
            yield _TENS[token] + (ones if 1 <= ones <= 9 else 0)
        elif token in _NUMBERS or token in _ORDINALS:
            yield _NUMBERS.get(token, _ORDINALS.get(token, 0))
        else:
            yield token


def _month_named(tokens: list[str | int]) -> str | None:
    """Month in words, a day beside it, and a year after both."""
    for at, token in enumerate(tokens):
        if token not in MONTHS:
            continue
        after = [one for one in tokens[at + 1 : at + 7] if isinstance(one, int) or one in {"thousand", "hundred"}]
        before = [one for one in tokens[max(0, at - 2) : at] if isinstance(one, int)]
        if before and 1 <= before[-1] <= 31:
            day, years = before[-1], after
        elif after and isinstance(after[0], int) and 1 <= after[0] <= 31:
            day, years = after[0], after[1:]
        else:
            continue
        year = _year(years)
        if year is not None:
            return _iso(year, MONTHS[str(token)], day)
    return None


def _in_numbers(tokens: list[str | int]) -> str | None:
    """Month, day and year as numbers; a year in front; or eight digits one by one."""
    numbers = [one for one in tokens if isinstance(one, int) or one in {"thousand", "hundred"}]
    plain = [one for one in numbers if isinstance(one, int)]
    if len(plain) == 8 and len(numbers) == 8 and all(one < 10 for one in plain):
        digits = "".join(map(str, plain))
        return _iso(int(digits[4:]), int(digits[:2]), int(digits[2:4]))
    if len(plain) >= 3 and plain[0] > 1900:
        return _iso(plain[0], plain[1], plain[2])
    parts: list[str | int] = []
    rest = list(numbers)
    while rest and len(parts) < 2:
        one = rest.pop(0)
        if one == 0 and rest and isinstance(rest[0], int) and rest[0] < 10:
            one = rest.pop(0)
        parts.append(one)
    year = _year(rest)
    if len(parts) < 2 or year is None or not all(isinstance(one, int) for one in parts):
        return None
    return _iso(year, int(parts[0]), int(parts[1]))


def _year(numbers: list[str | int]) -> int | None:
    """1980; nineteen eighty; nineteen oh five; two thousand five; nineteen hundred."""
    if not numbers:
        return None
    first = numbers[0]
    rest = numbers[1:]
    if first == 2 and rest and rest[0] == "thousand":
        tail = rest[1] if len(rest) > 1 and isinstance(rest[1], int) and rest[1] < 100 else 0
        return 2000 + int(tail)
    if not isinstance(first, int):
        return None
    if 1900 <= first <= 2100:
        return first
    if first in {19, 20} and rest:
        if rest[0] == "hundred":
            return 100 * first
        if rest[0] == 0 and len(rest) > 1 and isinstance(rest[1], int):
            return 100 * first + rest[1] if rest[1] < 10 else None
        return 100 * first + int(rest[0]) if isinstance(rest[0], int) and rest[0] < 100 else None
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
