"""How a note is read: sentences, literals, sides, counts and minutes. No spec and no policy in here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_BOUNDARY = re.compile(r"(?<=[.!?])\s+|\n+")
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|St|No|vs|approx|[A-Z])\.$")
_TAIL = 12
"""Characters before a full stop that are looked at: more than the longest abbreviation has."""
_WORD_END = re.compile(r"(?:e?s)?(?!\w)")
_BULLET = re.compile(r"[\s\-*•]*")
_WORDS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_NUMBER_WORDS = {word: number for number, word in enumerate(_WORDS, start=1)}
_NUMBER = re.compile(
    r"(?<![\w./])(?:(?P<digits>\d{1,3})|(?P<word>"
    + "|".join(_NUMBER_WORDS)
    + r"))(?![\w./]|\.\d)(?P<after>[ -]?[\w%]*)"
)
_MEASURES = frozenset({
    "mg", "mcg", "g", "kg", "ml", "l", "mm", "cm", "percent", "%", "gauge", "mmhg", "db", "degrees", "minute",
    "minutes", "min", "hour", "hours", "second", "seconds", "day", "days", "week", "weeks", "month",
    "months", "year", "years",
})  # fmt: skip
_MINUTES = re.compile(r"(?<![\w.])(\d{1,3})[ -](?:minutes?|min)\b")
_LEFT = re.compile(r"\bleft\b")
_RIGHT = re.compile(r"\bright\b")
_BOTH = re.compile(r"\b(?:both|bilateral|bilaterally|each side)\b")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: where it stands in the note (code points, half open), and its words as they are matched."""

    start: int
    end: int
    plain: str
    """Lower case, single spaces."""
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands between two blank lines: its first line, lower case with single spaces, and its sentences."""

    first: str
    sentences: tuple[Sentence, ...]


def read_passages(note: str) -> Iterator[Passage]:
    """The passages of a note, top down."""
    start = 0
    for gap in (*_BLANK.finditer(note), None):
        end = len(note) if gap is None else gap.start()
        block = note[start:end]
        if block.strip():
            first = " ".join(block.strip().split("\n", 1)[0].lower().split())
            yield Passage(first, tuple(read_sentences(note, start, end)))
        start = end if gap is None else gap.end()


def read_sentences(note: str, start: int = 0, stop: int | None = None) -> Iterator[Sentence]:
    """The sentences of a note, or of a part of it. A line break ends one; an abbreviation such as ``Dr.`` does not."""
    stop = len(note) if stop is None else stop
    for found in _BOUNDARY.finditer(note, start, stop):
        tail = note[max(start, found.start() - _TAIL) : found.start()]
        if "\n" in found.group() or not _ABBREVIATION.search(tail):
            yield from _sentence(note, start, found.start())
            start = found.end()
    yield from _sentence(note, start, stop)


def hears(sentence: Sentence, literal: str) -> bool:
    """Does the sentence hold the literal as whole words? A plural s or es at its end is forgiven."""
    return holds(sentence.plain, literal)


def holds(plain: str, literal: str) -> bool:
    """As `hears`, for any text in lower case and single spaces."""
    place = plain.find(literal)
    while place >= 0:
        opens = place == 0 or not plain[place - 1].isalnum()
        if opens and _WORD_END.match(plain, place + len(literal)):
            return True
        place = plain.find(literal, place + 1)
    return False


def heard_among(sentence: Sentence, literals: Iterable[str]) -> frozenset[str]:
    """Those of the literals that the sentence holds."""
    plain = sentence.plain
    return frozenset(literal for literal in literals if literal in plain and hears(sentence, literal))


def sides_of(sentence: Sentence) -> frozenset[str]:
    """``left``, ``right``, both or none."""
    both = _BOTH.search(sentence.plain)
    left = both or _LEFT.search(sentence.plain)
    right = both or _RIGHT.search(sentence.plain)
    return frozenset(side for side, named in (("left", left), ("right", right)) if named)


def count_of(sentence: Sentence) -> int:
    """How many: the first number that measures nothing (``3 lesions``, not ``3 mL``); 1 where there is none."""
    for found in _NUMBER.finditer(sentence.plain):
        if found["after"].strip(" -") not in _MEASURES:
            return int(found["digits"]) if found["digits"] else _NUMBER_WORDS[found["word"]]
    return 1


def minutes_of(sentence: Sentence) -> int:
    """The minutes that a sentence names, added up."""
    return sum(int(found) for found in _MINUTES.findall(sentence.plain))


def _sentence(note: str, start: int, end: int) -> Iterator[Sentence]:
    skipped = _BULLET.match(note, start, end)
    first = skipped.end() if skipped else start
    text = note[first:end].rstrip()
    if text:
        plain = " ".join(text.lower().split())
        yield Sentence(first, first + len(text), plain, frozenset(re.findall(r"\w+", plain)))
