"""A note read back into facts, by its own way: sentence frames turned into patterns, never the writer's marks.

The frames are the data that notes are written from; everything else here is another path: text is split anew, each
sentence is matched whole against every frame, and passages are told apart by their first line. `checker` compares
what comes out with the facts that a case says it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Literal

from evalkit.tasks.billing_codes import fillers, sentences
from evalkit.tasks.billing_codes.conditions import CONDITIONS, DISTRACTORS
from evalkit.tasks.billing_codes.facts import PLACES, SPOTS
from evalkit.tasks.billing_codes.phrases import WORDINGS

Topic = Literal["procedure", "not done", "diagnosis", "visit", "drug", "vital", "lab"]

_NUMBERS = {word: number for number, word in enumerate(
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)}  # fmt: skip
_SIDES = {"left": "left", "right": "right", "bilateral": "both", "both": "both", "l": "left", "r": "right", "b": "both"}
_SENTENCE = re.compile(r"(?:\d+\. |[-*] )?(\S.*?\.)(?=\s|$)", re.MULTILINE)
_PAIRED = frozenset(name for name, condition in CONDITIONS.items() if None not in condition.codes)
_TITLE = re.compile(r"\bDr\.$")
_SLOT = re.compile(r"\{([^{}]+)\}")
_ANYTHING = r"[\w/,. '-]*?"


@dataclass(frozen=True, slots=True)
class Told:
    """What one sentence tells, and where it stands (code points, half open)."""

    topic: Topic
    name: str
    """A procedure, a condition, a drug, a vital sign."""
    manner: str
    """The status of a procedure, the certainty of a condition, whether a visit stands alone or a drug is taken."""
    start: int
    end: int
    source: str = "note"
    side: str | None = None
    amount: float | None = None
    """Minutes, a count, a dose or a value."""
    apart: bool = False
    """Said to be at a separate site."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One way to say something: a piece that every such sentence holds, and the pattern of the whole."""

    topic: Topic
    name: str
    manner: str
    piece: str
    pattern: re.Pattern[str]
    called: Callable[[str], str] | None = None
    """What is meant by the words in the slot ``name`` or ``noun``; the frame's own ``name`` where there is no slot."""


def reread(note: str) -> list[Told]:
    """Everything that a note tells, in the order of the text."""
    return [told for start, end, source in _sentences(note) for told in _understand(note[start:end], start, source)]


def _sentences(note: str) -> Iterator[tuple[int, int, str]]:
    """Where each sentence stands, and whose passage it is in."""
    for block in re.finditer(r"(?:[^\n]+(?:\n(?!\s*\n)|$)?)+", note):
        source = _source(block.group().split("\n", 1)[0])
        line = block.start()
        for text in block.group().split("\n"):
            yield from ((line + start, line + end, source) for start, end in _of_line(text))
            line += len(text) + 1


def _of_line(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of a line stand; a title (``Dr.``) ends none."""
    open_at: int | None = None
    for found in _SENTENCE.finditer(text):
        start = found.start(1) if open_at is None else open_at
        open_at = start if _TITLE.search(found.group(1)) else None
        if open_at is None:
            yield start, found.end(1)


@cache
def _openers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    banks = {"earlier note": sentences.COPIED_FROM, "addendum": sentences.ADDENDUM}
    return tuple(
        (source, re.compile(_pattern(text, {}, otherwise=_ANYTHING)))
        for source, bank in banks.items()
        for text in (*bank.usual, *bank.rare)
    )


def _source(first_line: str) -> str:
    """The passage's source by its first line; a template's own heading is today's note."""
    return next((source for source, pattern in _openers() if pattern.fullmatch(first_line)), "note")


def _understand(text: str, start: int, source: str) -> Iterator[Told]:
    lowered = text.lower()
    for frame in _frames():
        if frame.piece not in lowered:
            continue
        found = frame.pattern.fullmatch(text)
        if found is None:
            continue
        slots = found.groupdict()
        said = slots.get("name") or slots.get("noun") or ""
        name = frame.name if frame.called is None else frame.called(said.lower())
        yield Told(
            frame.topic,
            name,
            frame.manner,
            start,
            start + len(text),
            source,
            side=_side(slots, said if name in _PAIRED else ""),
            amount=_amount(slots),
            apart=bool(slots.get("apart")),
        )


def _side(slots: dict[str, str | None], said: str) -> str | None:
    spoken = slots.get("side") or (slots.get("place") or "").removeprefix("the ").split(" ")[0]
    if spoken:
        return _SIDES.get(spoken.lower())
    first = said.lower().split(" ")[0]
    return _SIDES.get(first) if len(first) > 1 else None


def _amount(slots: dict[str, str | None]) -> float | None:
    number = slots.get("minutes") or slots.get("number") or slots.get("value")
    if number is None:
        return None
    return float(_NUMBERS.get(number.lower(), 0) or number)


@cache
def _frames() -> tuple[_Frame, ...]:
    return (*_done_frames(), *_not_done_frames(), *_condition_frames(), *_visit_frames(), *_side_frames())


def _done_frames() -> Iterator[_Frame]:
    apart = "|".join(map(re.escape, (*sentences.SEPARATE_SITE.usual, *sentences.SEPARATE_SITE.rare)))
    same = "|".join(map(re.escape, filter(None, sentences.SAME_SITE)))
    for name, wording in WORDINGS.items():
        slots = _slots_of(name)
        for text in (*wording.usual, *wording.rare):
            ending = rf"(?:(?P<apart>{apart})|(?:{same}))?\."
            yield _frame("procedure", name, "done", text=text.removesuffix("."), slots=slots, ending=ending)


def _not_done_frames() -> Iterator[_Frame]:
    nouns: dict[str, str] = {}
    for name, wording in WORDINGS.items():
        nouns |= {_pattern(noun, _slots_of(name, named=False)): name for noun in wording.nouns}
    noun = "|".join(nouns)
    for status, bank in sentences.NOT_DONE.items():
        for text in (*bank.usual, *bank.rare):
            frame = _frame("not done", "", status, text=text, slots={"noun": f"(?P<noun>{noun})", "year": r"\d{4}"})
            yield replace(frame, called=partial(_procedure_called, nouns))


def _procedure_called(nouns: Mapping[str, str], said: str) -> str:
    """The procedure whose noun, a pattern, this is."""
    return next((name for pattern, name in nouns.items() if re.fullmatch(pattern, said, re.IGNORECASE)), "")


def _condition_frames() -> Iterator[_Frame]:
    names = {name: name for name in DISTRACTORS}
    for key, condition in CONDITIONS.items():
        for name in (*condition.usual, *condition.rare):
            sides = ("left", "right", "bilateral") if "{side}" in name else ("",)
            names |= {name.format(side=side).lower(): key for side in sides}
    spoken = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    for certainty, bank in sentences.CONDITION.items():
        for text in bank.usual:
            frame = _frame(
                "diagnosis", "", certainty, text=text, slots={"name": f"(?P<name>{spoken})", "year": r"\d{4}"}
            )
            yield replace(frame, called=names.__getitem__)


def _visit_frames() -> Iterator[_Frame]:
    banks = {"separate": sentences.VISIT_TIME, "included": sentences.VISIT_INCLUDED}
    for manner, bank in banks.items():
        for text in (*bank.usual, *bank.rare):
            yield _frame("visit", "visit", manner, text=text, slots={"minutes": r"(?P<minutes>\d+)"})


def _side_frames() -> Iterator[_Frame]:
    value = {"value": r"(?P<value>[\d.]+)", "unit": r"[\w/%]+"}
    drugs = {name.lower(): name for name, _, _ in fillers.DRUGS}
    labs = {name.lower(): name for name, _, _, _ in fillers.LABS}
    for topic, manner, texts, names in (
        ("drug", "affirmed", fillers.TAKES, drugs),
        ("drug", "negated", fillers.STOPPED, drugs),
        ("lab", "affirmed", fillers.LAB_TOLD, labs),
    ):
        slots = {**value, "name": f"(?P<name>{'|'.join(names)})", "lab.date:us": _ANYTHING, "lab.date:long": _ANYTHING}
        for text in texts:
            plain = text.replace("{{", "{").replace("}}", "}")
            frame = _frame(topic, "", manner, text=plain, slots=slots)  # type: ignore[arg-type]
            yield replace(frame, called=names.__getitem__)
    for name, _, _, _, text in fillers.VITALS:
        yield _frame("vital", name, "affirmed", text=text, slots=value)


def _slots_of(procedure: str, *, named: bool = True) -> dict[str, str]:
    """What stands in the slots of a procedure's frames; unnamed inside a noun, which stands in a group of its own."""
    places = "|".join(map(re.escape, PLACES.get(procedure, SPOTS)))
    things = "|".join(map(re.escape, filter(None, WORDINGS[procedure].thing)))
    patterns = {
        "side": ("side", "left|right|bilateral|L|R|B"),
        "place": ("place", rf"the (?:left|right) (?:{places})|both (?:{places})s"),
        "number": ("number", rf"\d+|{'|'.join(_NUMBERS)}"),
        "minutes": ("minutes", r"\d+"),
    }
    slots = {name: f"(?P<{group}>{what})" if named else f"(?:{what})" for name, (group, what) in patterns.items()}
    return {**slots, "site": f"(?:{places})", "spot": f"(?:{places})", "things": rf"{slots['number']} (?:{things})"}


def _frame(topic: Topic, name: str, manner: str, *, text: str, slots: dict[str, str], ending: str = "") -> _Frame:
    pieces = [piece for piece in re.split(r"\{[^{}]*\}", text) if piece]
    pattern = re.compile(_pattern(text, slots) + ending, re.IGNORECASE)
    return _Frame(topic, name, manner, max(pieces, key=len).lower(), pattern)


def _pattern(text: str, slots: dict[str, str], *, otherwise: str = "") -> str:
    """A frame as a pattern: its words literally, its slots as given by name, or ``otherwise``."""
    parts = _SLOT.split(text)
    return "".join(slots.get(part, otherwise) if number % 2 else re.escape(part) for number, part in enumerate(parts))
