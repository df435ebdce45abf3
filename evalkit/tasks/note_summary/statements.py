"""What a note states, as typed statements: a reader of clinical sentences by lexicon and rules.

It reads any note, whoever wrote it, and knows no template: a problem that is had, denied or a relative's, on which
side; a drug with dose, frequency, route and whether it goes on; a measurement with its value; an order; an allergy; a
habit; when to come back. Negation reaches to the end of its clause, as in NegEx (Chapman et al., J Biomed Inform
34:301, 2001). What it cannot read it leaves out; it never guesses an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from evalkit.metrics.quantities import UNITS, in_digits
from evalkit.tasks.note_summary.concepts import CONCEPTS, Kind

Polarity = Literal["affirmed", "negated", "family"]
Side = Literal["left", "right", "both"]
Status = Literal["started", "stopped", "increased", "decreased", "continued"]


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """One thing that a text states. An attribute that it leaves open is None. PHI where the text is."""

    kind: Kind
    name: str
    polarity: Polarity = "affirmed"
    side: Side | None = None
    whom: str | None = None
    """The relative who has it; only with ``family``."""
    value: str | None = None
    """Digits: ``20``, ``140/90``, ``6.8``."""
    unit: str | None = None
    frequency: str | None = None
    route: str | None = None
    status: Status | None = None
    section: str | None = None
    """The heading above it, as written; None where there is none."""
    start: int = 0
    """Where its sentence begins in the text."""

    @property
    def concept(self) -> tuple[Kind, str]:
        """What it is about, whatever it says of it."""
        return self.kind, self.name

    def __repr__(self) -> str:
        return f"Statement({self.kind}, {self.polarity}, at {self.start})"


_SENTENCE: Final = re.compile(r"[^.!?;\n]+(?:\.(?=\d)[^.!?;\n]*)*")
_PIECE: Final = re.compile(r"\S.{0,599}(?!\S)|\S.{0,599}")
"""No sentence of a note is longer: what goes on without an end is read in pieces, in time that grows with it."""
_HEADING: Final = re.compile(r"[A-Z][A-Z /&-]{2,60}:?|[A-Z][A-Za-z /&-]{2,40}:")
_OWNER: Final = re.compile(r"\b(?:my|your|his|her|their)\b")
_CLAUSE: Final = re.compile(
    r",? (?:but|although|however|yet|except|while|whereas) |, (?:reports|has|admits|complains) "
)
_SIDE: Final = re.compile(r"\b(left|right|both|bilateral|bilaterally)(?:-sided)?\b ?")
_NOT: Final = re.compile(
    r"\b(?:no|not|denies|denied|deny|denying|without|never|negative for|free of|rules? out|ruled out|isn't|hasn't|"
    r"doesn't|don't|didn't|haven't|absence of|nor|none|quit)\b(?! longer| only| sure)"
)
_NOT_AFTER: Final = re.compile(r"\b(?:is|are|was|were) (?:absent|denied|negative|ruled out)\b|: (?:no|none|denied)\b")
_IF: Final = re.compile(r"\b(?:if|in case|watch for|look out for|should you|risk of|to prevent|return for|call for)\b")
_RELATIVE: Final = re.compile(
    r"\b(mother|mom|father|dad|brother|sister|son|daughter|grandmother|grandfather|aunt|uncle|wife|husband)\b|"
    r"\bfamily (?:history|hx)\b"
)
_SOMEBODY: Final = "relative"
"""Where a family history names nobody."""
_RELATIVES: Final = {"mom": "mother", "dad": "father"}
_STATUS: Final[Mapping[Status, str]] = {
    "started": r"start(?:ed|ing|s)?|begin(?:ning)?|began|add(?:ed|ing)?|prescribe[ds]?|initiate[ds]?|try|new",
    "stopped": r"stop(?:ped|ping|s)?|discontinue[ds]?|come off|came off|hold|held|off of|no longer (?:takes|taking|on)",
    "increased": r"increase[ds]?|increasing|raise[ds]?|go up|went up|uptitrate[ds]?",
    "decreased": r"decrease[ds]?|decreasing|lower(?:ed|ing)?|cut|reduce[ds]?|go down",
    "continued": r"continue[ds]?|continuing|keeps?|refill(?:ed)?|takes|taking|remains? on|stays? on|is on|stable on",
}  # fmt: skip
_STATUSES: Final = re.compile("|".join(rf"\b(?P<{name}>{words})\b" for name, words in _STATUS.items()))
_FREQUENCY: Final = (
    (r"twice (?:a|per) day|twice daily|2 times (?:a|per) day|2 times daily|b\.?i\.?d|every 12 hours", "twice daily"),
    (r"(?:three|3) times (?:a|per) day|(?:three|3) times daily|t\.?i\.?d|every 8 hours", "three times daily"),
    (r"(?:four|4) times (?:a|per) day|(?:four|4) times daily|q\.?i\.?d|every 6 hours", "four times daily"),
    (r"as needed|when needed|p\.?r\.?n", "as needed"),
    (r"at bedtime|at night|nightly|every night|before bed|qhs", "nightly"),
    (r"once a week|weekly|every week", "weekly"),
    (r"once (?:a|per) day|once daily|daily|every day|every morning|each morning|each day|a day", "daily"),
)
_FREQUENCIES: Final = tuple((re.compile(rf"\b(?:{words})\b"), name) for words, name in _FREQUENCY)
_ROUTES: Final = (
    (re.compile(r"\b(?:by mouth|orally|oral|p\.?o|tablets?|pills?|capsules?)\b"), "oral"),
    (re.compile(r"\b(?:inhaled|inhaler|puffs?)\b"), "inhaled"),
    (re.compile(r"\b(?:topical|topically|cream|gel|on the skin|ointment)\b"), "topical"),
    (re.compile(r"\b(?:subcutaneous|subcutaneously|under the skin|injected|injection)\b"), "injected"),
)
_DOSE: Final = re.compile(r"(?<![\w./])(\d+(?:,\d{3})*(?:\.\d+)?) ?-?(mg|mcg|grams?|g|units?|ml|puffs?|" + "|".join(
    name for name, unit in UNITS.items() if unit in ("mg", "mcg", "g", "unit", "ml") and name.isalpha()
) + r")\b")  # fmt: skip
_READING: Final = re.compile(r"(?<![\w./-])(\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?)(?![\w/])")
_FOLLOW_UP: Final = re.compile(
    r"\b(?:follow[ -]?up|followup|return|come back|see (?:you|me|him|her|them)|recheck|back)\b[^.]*?"
    r"\b(?:in|after) (?:about )?(\d+) (day|week|month|year)s?\b"
)
_ALLERGY: Final = re.compile(r"\ballerg|\breaction to\b|\bnkda\b")


@lru_cache(maxsize=2048)
def read_statements(text: str) -> tuple[Statement, ...]:
    """The statements of a note, in the order they stand; a thing said twice is two."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[Statement]:
    section: str | None = None
    for found in _SENTENCE.finditer(text):
        written = found[0].strip()
        if _HEADING.fullmatch(written):
            section = written.rstrip(":")
            continue
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        for piece in _PIECE.finditer(written):
            lowered = in_digits(_OWNER.sub("the", piece[0].lower()))
            yield from _read_sentence(lowered, section=section, start=start + piece.start())


def _read_sentence(lowered: str, **place: object) -> Iterator[Statement]:
    if follow := _FOLLOW_UP.search(lowered):
        yield Statement("follow_up", "follow-up", value=follow[1], unit=follow[2], **place)  # type: ignore[arg-type]
    about_allergies = _ALLERGY.search(lowered) is not None
    if about_allergies and re.search(r"\bno (?:known )?(?:drug |medication )?allerg|\bnkda\b|allergies: none", lowered):
        yield Statement("allergy", "any", "negated", **place)  # type: ignore[arg-type]
        return
    relatives = [found[1] for found in _RELATIVE.finditer(lowered)]
    whom = next((name for name in relatives if name), _SOMEBODY if relatives else None)
    for clause in _clauses(lowered):
        plain, sides = _without_sides(clause)
        hypothetical = _IF.search(plain)
        mentions = sorted(_mentions(plain, allergies=about_allergies))
        for place_in, (start, end, kind, name) in enumerate(mentions):
            if hypothetical and hypothetical.start() < start and kind in ("problem", "measure"):
                continue
            after = mentions[place_in + 1][0] if place_in + 1 < len(mentions) else len(plain)
            before = mentions[place_in - 1][1] if place_in else 0
            around = _Around(plain, start, end, before=before, after=after, sides=sides)
            relative = _RELATIVES.get(whom, whom) if whom and kind == "problem" else None
            yield _state(kind, name, around, relative, place)


@dataclass(frozen=True, slots=True)
class _Around:
    """A mention in its clause, from which the sides were taken out."""

    clause: str
    start: int
    end: int
    before: int
    """Where the mention before this one ended, 0 for the first."""
    after: int
    """Where the next one begins."""
    sides: tuple[tuple[int, Side], ...]

    @property
    def lead(self) -> str:
        """The words since the mention before."""
        return self.clause[self.before : self.start]

    @property
    def tail(self) -> str:
        """The words up to the next mention."""
        return self.clause[self.end : self.after]

    def negated(self) -> bool:
        """A negation anywhere before it in its clause reaches it, one after it only at once."""
        return _NOT.search(self.clause[: self.start]) is not None or _NOT_AFTER.match(self.tail.strip()) is not None

    def side(self) -> Side | None:
        """The nearest side, at most twelve characters off."""
        near = [(min(abs(at - self.start), abs(at - self.end)), side) for at, side in self.sides
                if self.start - 12 <= at <= self.end + 12]  # fmt: skip
        return min(near)[1] if near else None


def _state(kind: Kind, name: str, around: _Around, relative: str | None, place: Mapping[str, object]) -> Statement:
    polarity: Polarity = "negated" if around.negated() else "family" if relative else "affirmed"
    more: dict[str, object] = dict(place)
    if kind == "problem":
        named = relative if polarity == "family" and relative != _SOMEBODY else None
        more |= {"side": around.side(), "whom": named}
    elif kind == "order":
        more |= {"side": around.side()}
    elif kind == "measure":
        reading = _READING.search(around.tail)
        more |= {"value": _plain(reading[1]) if reading else None}
    elif kind == "drug":
        more |= _read_drug(around)
    return Statement(kind, name, polarity, **more)  # type: ignore[arg-type]


def _read_drug(around: _Around) -> dict[str, object]:
    """Dose, frequency and route stand behind a drug or right before it; the verb anywhere before it in the clause."""
    tail = around.tail
    close = around.clause[max(around.before, around.start - 24) : around.start]
    dose = _last(_DOSE, tail) if re.search(r"\bto \d", tail) else _DOSE.search(tail)
    dose = dose or _last(_DOSE, close)
    frequency = next((name for pattern, name in _FREQUENCIES if pattern.search(tail)), None)
    route = next((name for pattern, name in _ROUTES if pattern.search(tail) or pattern.search(close)), None)
    verbs = [*_STATUSES.finditer(around.clause, 0, around.start)]
    status = verbs[-1].lastgroup if verbs else None
    if status is None and (later := _STATUSES.search(tail)):
        status = later.lastgroup
    unit = None
    if dose:
        unit = "puff" if dose[2].startswith("puff") else UNITS.get(dose[2], dose[2])
    return {
        "value": _plain(dose[1]) if dose else None, "unit": unit, "frequency": frequency, "route": route,
        "status": status,
    }  # fmt: skip


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter([*pattern.finditer(text)][-1:]), None)


def _clauses(sentence: str) -> list[str]:
    """A sentence cut where a contrast ends the scope of a negation."""
    pieces, at = [], 0
    for cut in _CLAUSE.finditer(sentence):
        pieces.append(sentence[at : cut.start()])
        at = cut.start() + len(cut[0]) - len(cut[0].lstrip(", "))
    return [*pieces, sentence[at:]]


def _without_sides(clause: str) -> tuple[str, tuple[tuple[int, Side], ...]]:
    """The clause without its words for sides, and where in what is left each stood."""
    sides: list[tuple[int, Side]] = []
    pieces, at, length = [], 0, 0
    for found in _SIDE.finditer(clause):
        pieces.append(clause[at : found.start()])
        length += found.start() - at
        word = found[1]
        side: Side = "left" if word == "left" else "right" if word == "right" else "both"
        sides.append((length, side))
        at = found.end()
    return "".join([*pieces, clause[at:]]), tuple(sides)


@lru_cache(maxsize=1)
def _lexicon() -> tuple[re.Pattern[str], Mapping[str, tuple[Kind, str]], Mapping[str, str]]:
    """Every wording as one pattern, the longest first; wording -> concept; allergen wording -> allergen."""
    names: dict[str, tuple[Kind, str]] = {}
    for kind in get_args(Kind):
        if kind != "allergy":
            for name, wordings in CONCEPTS.get(kind, {}).items():
                names |= dict.fromkeys(wordings, (kind, name))
    allergens = {word: name for name, wordings in CONCEPTS["allergy"].items() for word in wordings}
    words = sorted({*names, *allergens}, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?![\w-])"), names, allergens


def _mentions(clause: str, *, allergies: bool) -> Iterator[tuple[int, int, Kind, str]]:
    pattern, names, allergens = _lexicon()
    for found in pattern.finditer(clause):
        word = found[0]
        if allergies and word in allergens:
            yield found.start(), found.end(), "allergy", allergens[word]
        elif allergies and word in CONCEPTS["drug"].get(names[word][1], ()):
            yield found.start(), found.end(), "allergy", names[word][1]
        elif word in names:
            yield found.start(), found.end(), *names[word]


def _plain(number: str) -> str:
    """``1,000`` -> ``1000``, ``5.0`` -> ``5``."""
    return "/".join(f"{float(part):g}" for part in number.replace(",", "").split("/"))
