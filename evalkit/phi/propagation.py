"""Propagation: where the known values of a person stand in a text, in any way that a reader would still read.

The counterpart of `leaks` for text that is to be kept: it has to say where, so it knows fewer forms. What it misses the
exact checker finds afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.phi.characters import WORD_END, WORD_START
from evalkit.phi.forms import clean, compact, fold, words
from evalkit.phi.identifiers import Identifier
from evalkit.phi.ordinary import canary_grade

_TITLES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "rn", "do", "mr", "mrs", "ms", "miss", "mx", "dr"})
_GAP = r"[^0-9a-z]{0,4}"
_AT, _DOT = r"\s?[\[(]?\s?(?:@|at)\s?[\])]?\s?", r"\s?[\[(]?\s?(?:\.|dot)\s?[\])]?\s?"
_LAST_FOUR = (
    r"(?:(?:ending in|last four|last 4|last4)\W{1,4}(?:digits\W{1,3})?(?:of\W)?(?:ssn\W{1,3})?(?:are\W|is\W)?"
    r"|[*x#]{2,}[- ]?)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text that shows an identifier: from ``start`` to ``end``, by the number of the identifier."""

    start: int
    end: int
    number: int
    part: str
    """What of it: ``whole``, ``first``, ``last``, ``last_four``."""


class Aligned:
    """A text and its folded form, with the way back from folded to original positions."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.folded = fold(raw)
        self._origin: list[int] | None = None
        if len(self.folded) != len(raw):
            pieces = [fold(char) for char in raw]
            self.folded = "".join(pieces)
            self._origin = [at for at, piece in enumerate(pieces) for _ in piece]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original text that a stretch of the folded one came from."""
        if self._origin is None or start == end:
            return start, end
        return self._origin[start], self._origin[end - 1] + 1


class Known:
    """The identifiers of a person as patterns. ``repr`` counts them."""

    def __init__(self, identifiers: Sequence[Identifier]) -> None:
        self.identifiers = tuple(known for known in identifiers if known.value.strip())
        self._patterns = [
            (number, part, re.compile(pattern), capital)
            for number, known in enumerate(self.identifiers)
            for part, pattern, capital in _patterns(known)
        ]

    def __repr__(self) -> str:
        return f"Known({len(self.identifiers)} identifiers)"

    def places(self, text: Aligned) -> list[Place]:
        """Where they stand, longest first where they overlap, in order."""
        found = []
        for number, part, pattern, capital in self._patterns:
            for match in pattern.finditer(text.folded):
                start, end = text.original(*match.span("it") if "it" in pattern.groupindex else match.span())
                if not capital or clean(text.raw[start:end])[:1].isupper():
                    found.append(Place(start, end, number, part))
        kept: list[Place] = []
        for one in sorted(found, key=lambda place: (place.start, -place.end, place.number)):
            if not kept or one.start >= kept[-1].end:
                kept.append(one)
        return kept


def _patterns(known: Identifier) -> Iterator[tuple[str, str, bool]]:
    """(part, pattern over folded text, whether it only counts with a capital)."""
    folded = fold(known.value).strip()
    if known.category == "name":
        yield from _name_patterns(folded)
    elif known.category in {"email", "url"}:
        yield "whole", _address_pattern(folded), False
    elif known.category == "geo":
        yield from _geo_patterns(folded)
    elif known.category != "date":
        yield from _number_patterns(known.category, folded)


def _name_patterns(folded: str) -> Iterator[tuple[str, str, bool]]:
    tokens = [token for token in re.findall(r"[^\W_]+(?:'[^\W_]+)*", folded) if token not in _TITLES]
    if not tokens:
        return
    spelled = [r"'?".join(map(re.escape, token.split("'"))) for token in tokens]
    if len(tokens) > 1:
        first, last = spelled[0], spelled[-1]
        gap = r"[\W_]{1,3}"
        yield "whole", WORD_START + gap.join(spelled) + WORD_END, False
        yield "whole", rf"{WORD_START}{first}{gap}(?:[a-z]+\.?{gap}){{0,1}}{last}{WORD_END}", False
        yield "turned", rf"{WORD_START}{last}{gap}{first}(?:{gap}[a-z]\b\.?)?{WORD_END}", False
    for token, pattern in dict(zip(tokens, spelled, strict=True)).items():
        part = "first" if len(tokens) > 1 and token == tokens[0] else "last" if len(tokens) > 1 else "whole"
        bounded = rf"(?<![^\W\d_]){pattern}(?![^\W\d_]|(?<=may)\s*[0-9])"
        if len(token) > 1:
            yield part, bounded, not canary_grade(token.replace("'", ""))
    if len(tokens) > 1 and canary_grade(tokens[-1]):
        yield "handle", rf"(?<![^\W\d_]){re.escape(tokens[0][0])}{spelled[-1]}[0-9]*(?![^\W\d_])", False


def _address_pattern(folded: str) -> str:
    body = folded.split("://", 1)[-1].rstrip("/")
    spelled = "".join(_AT if char == "@" else _DOT if char == "." else re.escape(char) for char in body)
    scheme = r"(?:https?\W{1,5})?" if "://" in folded else ""
    return scheme + spelled


def _geo_patterns(folded: str) -> Iterator[tuple[str, str, bool]]:
    found = re.fullmatch(r"(\d{5})(?:-\d{4})?", folded)
    if found:
        yield "zip", rf"(?<![\d.,$-])(?P<it>{found[1]}(?:-\d{{4}})?)(?![\d])(?![.,]\d)", False
        return
    tokens = words(folded).split()
    if tokens and tokens[0].isdigit() and len(tokens) > 2:
        stem = r"[\W_]{1,3}".join(map(re.escape, tokens[:-1]))
        yield "whole", rf"{WORD_START}{stem}(?:[\W_]{{1,3}}{re.escape(tokens[-1][:1])}[a-z]*\.?)?", False
    elif tokens:
        whole = r"[\W_]{1,3}".join(map(re.escape, tokens))
        yield "whole", WORD_START + whole + WORD_END, len(tokens) == 1


def _number_patterns(category: str, folded: str) -> Iterator[tuple[str, str, bool]]:
    closed = compact(folded)
    digits = "".join(char for char in closed if char.isdigit())
    if len(closed) < 5 and category != "other":
        yield "whole", rf"{WORD_START}{re.escape(closed)}{WORD_END}", False
        return
    if category in {"phone", "fax"} and len(digits) >= 10:
        number = _GAP.join(digits[-10:] if len(digits) <= 11 else digits[:10])
        yield "whole", rf"(?<![0-9])(?:\+?1{_GAP})?\(?{number}(?![0-9])", False
        yield "whole", rf"(?<![0-9]){_GAP.join(digits[-7:])}(?![0-9])", False
        return
    yield "whole", rf"{WORD_START}{_GAP.join(map(re.escape, closed))}{WORD_END}", False
    if len(digits) >= 7 and len(closed) - len(digits) <= 5:
        yield "digits", rf"(?<![0-9]){_GAP.join(digits)}(?![0-9])", False
    if category == "ssn" and len(digits) == 9:
        yield "last_four", rf"{_LAST_FOUR}(?P<it>{digits[-4:]})(?![0-9])", False
