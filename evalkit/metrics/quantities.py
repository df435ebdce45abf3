"""Numbers with their units, found in clinical text and brought to one form. Text in, quantities out.

Understood: ``140/90``, ``5 mg``, ``5mg``, ``59-year-old``, ``1,000``, and as people say them: "five milligrams", "one
forty over ninety", "seven out of ten", "six point eight", "two and a half", "in a week". Left out on purpose: numbers
that are part of a name (``a1c``, ``covid-19``, ``L4``), list numbering, and a "one" without a unit, which is a pronoun
more often than a count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_UNIT_NAMES = {
    "mg": "mg milligram milligrams",
    "mcg": "mcg ug µg microgram micrograms",
    "g": "g gram grams",
    "kg": "kg kilogram kilograms kilo kilos",
    "lb": "lb lbs pound pounds",
    "ml": "ml milliliter milliliters millilitre millilitres cc ccs",
    "l": "liter liters litre litres",
    "unit": "unit units iu",
    "mm": "mm millimeter millimeters",
    "cm": "cm centimeter centimeters",
    "in": "inch inches",
    "ft": "ft foot feet",
    "%": "% percent",
    "degree": "° degree degrees",
    "mmhg": "mmhg",
    "bpm": "bpm",
    "minute": "min mins minute minutes",
    "hour": "h hr hrs hour hours",
    "day": "day days",
    "week": "wk wks week weeks",
    "month": "mo month months",
    "year": "yr yrs year years",
    "time": "time times",
    "tablet": "tablet tablets tab tabs pill pills",
    "pack": "pack packs",
}
UNITS = {name: unit for unit, names in _UNIT_NAMES.items() for name in names.split()}
"""Every written form of a unit -> the form it is brought to."""

_TO_NINETEEN = """zero one two three four five six seven eight nine ten
    eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SPELLED = {word: value for value, word in enumerate(_TO_NINETEEN.split())}
_SPELLED |= {word: 10 * tens for tens, word in enumerate(_TENS.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000}

_WORD_OF_NUMBER = "|".join([*_SPELLED, *_SCALES])
_RUN_OF_WORDS = re.compile(rf"(?<![\w-])(?:{_WORD_OF_NUMBER})(?:[ -]+(?:and )?(?:{_WORD_OF_NUMBER}))*(?![\w-]*[a-z])")
_NUMBER = re.compile(
    r"(?<![\w.])(?<![a-z]-)"  # not inside a1c, 2.5 or covid-19
    r"(\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+(?:\.\d+)?)*)"
    r"(?:\s?-?\s?([a-zµ%°]+))?"
)
_UNIT_NEXT = re.compile(rf"[ -](?:{'|'.join(name for name in UNITS if name.isalpha())})\b")
_A_WHILE = re.compile(r"\b(in|for|about|after|than|over|past|last|next|every) an?(?= (?:hour|week|month|year)\b)")
_SPOKEN = (
    (re.compile(r"\b(\d+) point (\d+)\b"), r"\1.\2"),
    (re.compile(r"\b(\d+) and a half\b"), r"\1.5"),
    (re.compile(r"\b(\d+) (?:over|out of) (\d+)\b"), r"\1/\2"),
)
_NUMBERING = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)


class Quantity(NamedTuple):
    """A number as text (``140/90``, ``0.5``) and its unit, None where none is written."""

    value: str
    unit: str | None


@lru_cache(maxsize=1024)
def quantities(text: str) -> frozenset[Quantity]:
    """The distinct quantities of a text."""
    found = set()
    for number, word in _NUMBER.findall(in_digits(_NUMBERING.sub(" ", text.lower()))):
        value = "/".join(_normal(part) for part in number.replace(",", "").split("/"))
        found.add(Quantity(value, UNITS.get(word)))
    return frozenset(found)


def in_digits(lowered: str) -> str:
    """A text in small letters with its spelled numbers as digits: "one forty over ninety" is "140/90"."""
    plain = _RUN_OF_WORDS.sub(_digits, _A_WHILE.sub(r"\1 one", lowered))
    for spoken, written in _SPOKEN:
        plain = spoken.sub(written, plain)
    return plain


def matched(wanted: Iterable[Quantity], there: Iterable[Quantity]) -> frozenset[Quantity]:
    """The quantities of ``wanted`` that also stand in ``there``: same value, and no unit that says otherwise."""
    units: dict[str, set[str | None]] = {}
    for quantity in there:
        units.setdefault(quantity.value, set()).add(quantity.unit)
    return frozenset(
        quantity
        for quantity in wanted
        if (known := units.get(quantity.value)) and (quantity.unit is None or quantity.unit in known or None in known)
    )


def _normal(number: str) -> str:
    """``05.50`` -> ``5.5``."""
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")


def _digits(run: re.Match[str]) -> str:
    """A run of spelled numbers in digits. A "one" without a unit stays a word."""
    words = re.findall(r"[a-z]+", run[0])
    if words == ["one"] and not _UNIT_NEXT.match(run.string, run.end()):
        return run[0]
    return " ".join(str(number) for number in _read(word for word in words if word != "and"))


def _read(words: Iterable[str]) -> list[int]:
    """The numbers of a run: "twenty five" is 25, "one forty" is 140, "two hundred ten" is 210, "one two" is 1, 2."""
    done: list[int] = []
    current: int | None = None
    for word in words:
        if word in _SCALES:
            above = current // 1000 * 1000 if current and word == "hundred" else 0  # "one thousand one hundred"
            current = above + ((current or 0) - above or 1) * _SCALES[word]
        elif current is None:
            current = _SPELLED[word]
        elif _joins(current, _SPELLED[word]):
            current += _SPELLED[word]
        elif current < 10 <= _SPELLED[word]:
            current = current * 100 + _SPELLED[word]
        else:
            done.append(current)
            current = _SPELLED[word]
    return done if current is None else [*done, current]


def _joins(current: int, value: int) -> bool:
    """Whether a spelled number goes on: after hundreds anything, after tens only one to nine."""
    if current >= 100:
        return current % 100 == 0 or (current % 100 >= 20 and current % 10 == 0 and 0 < value < 10)
    return current >= 20 and current % 10 == 0 and 0 < value < 10
