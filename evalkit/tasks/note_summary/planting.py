"""Errors put into a right note, one at a time, to see which of them the judging finds.

Twelve kinds, each a function from a note and its statements to the damaged note, or None where the note has nothing to
damage in that way. Each kind names the issues that reveal it; anything else that is found does not count for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalkit.cases.randomness import Dice
from evalkit.tasks.note_summary.concepts import DRUGS, PROBLEMS, SIDED
from evalkit.tasks.note_summary.judging import Judged, Known, judge
from evalkit.tasks.note_summary.statements import Statement, read_statements

Issue = tuple[str, str]
"""(``omitted``, ``unsupported`` or the contradicted attribute; the kind of concept)."""
Damage = Callable[[str, Sequence[Statement], Dice], str | None]
_SENTENCE_END: Final = re.compile(r"(?<!\d)[.;!?]|\.(?!\d)|\n|$")
_OFTEN: Final = (
    "once daily", "twice daily", "three times daily", "four times daily", "at bedtime", "as needed", "daily", "BID",
    "TID", "QID", "nightly", "PRN", "twice a day", "once a day", "every day",
)  # fmt: skip
_ANOTHER_FREQUENCY: Final = {"daily": "four times daily", "twice daily": "once daily"}
_RELATIVES: Final = ("mother", "father", "brother", "sister", "grandmother", "grandfather")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of error: how it is put in, and the issues by which it shows."""

    damage: Damage
    shows: frozenset[Issue]


def issues(judged: Judged) -> frozenset[Issue]:
    """Everything that is wrong with a note, by what and about which kind of concept."""
    found: set[Issue] = set()
    for statement, fact, conflict in zip(judged.said, judged.supported, judged.conflicts, strict=True):
        found |= {(attribute, statement.kind) for attribute in conflict}
        if fact is None and not conflict:
            found.add(("unsupported", statement.kind))
    for known, place in zip(judged.facts, judged.recalled, strict=True):
        if place is None:
            found.add(("omitted", known.statement.kind))
    return frozenset(found)


def plant(kind: str, note: str, dice: Dice) -> str | None:
    """The note with one error of a kind at a random place; None where it has none to put it."""
    return KINDS[kind].damage(note, read_statements(note), dice)


def shows(kind: str, note: str, facts: Sequence[Known]) -> bool:
    """Whether a note, held against the facts, shows an error of the kind."""
    return bool(issues(judge(read_statements(note), facts)) & KINDS[kind].shows)


def _sentence(note: str, statement: Statement) -> tuple[int, int]:
    """Where the sentence of a statement stands, its end included."""
    end = _SENTENCE_END.search(note, statement.start)
    return statement.start, end.end() if end and end[0] != "\n" else end.start() if end else len(note)


def _pick(statements: Sequence[Statement], dice: Dice, **wanted: object) -> Statement | None:
    """One of the statements with these attributes; ``...`` asks for any value but None."""
    fitting = [
        one
        for one in statements
        if all(
            getattr(one, name) is not None if value is ... else getattr(one, name) == value
            for name, value in wanted.items()
        )
    ]
    return dice.pick(fitting) if fitting else None


def _edit(note: str, one: Statement | None, change: Callable[[str], str]) -> str | None:
    """The note with the sentence of a statement changed; None where that changes nothing."""
    if one is None:
        return None
    start, end = _sentence(note, one)
    changed = change(note[start:end])
    return None if changed == note[start:end] else note[:start] + changed + note[end:]


def _wrong_dose(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick(said, dice, kind="drug", value=...)
    return _edit(note, one, lambda text: _another_number(text, one.value if one else None, dice))


def _wrong_value(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick(said, dice, kind="measure", value=...)
    return _edit(note, one, lambda text: _another_number(text, one.value if one else None, dice))


def _another_number(text: str, value: str | None, dice: Dice) -> str:
    first, slash, second = (value or "").partition("/")
    factor = dice.pick((0.5, 2.0, 10.0))
    other = f"{float(first) * factor:g}" if first else ""
    return re.sub(rf"(?<![\d.]){re.escape(value or '')}(?![\d.]*\d)", other + slash + second, text, count=1)


def _wrong_frequency(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick(said, dice, kind="drug", frequency=...)
    pattern = re.compile("|".join(rf"\b{word}\b" for word in sorted(_OFTEN, key=len, reverse=True)), re.IGNORECASE)
    other = {"daily": "four times daily", "twice daily": "once daily"}.get(
        (one.frequency if one else "") or "", "daily"
    )
    return _edit(note, one, lambda text: pattern.sub(other, text, count=1))


def _wrong_drug(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick(said, dice, kind="drug")
    known = {each.name for each in said}
    other = dice.pick([name for name in DRUGS if name not in known])
    words = "|".join(map(re.escape, sorted(DRUGS[one.name], key=len, reverse=True))) if one else "^$"
    return _edit(note, one, lambda text: re.sub(rf"\b(?:{words})\b", other, text, count=1, flags=re.IGNORECASE))


def _stopped_goes_on(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick(said, dice, kind="drug", status="stopped")
    return _edit(note, one, lambda _: f"Continue {one.name if one else ''}.")


def _wrong_side(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick([each for each in said if each.side in ("left", "right")], dice)
    swapped = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
    return _edit(
        note, one, lambda text: re.sub(r"\b(left|right)\b", lambda found: swapped[found[0]], text, flags=re.IGNORECASE)
    )


def _flipped_negation(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick([each for each in said if each.kind == "problem" and each.polarity != "family"], dice)
    if one is None:
        return None
    about = f"{one.side + ' ' if one.side in ('left', 'right') else ''}{one.name}"
    return _edit(note, one, lambda _: f"Has {about}." if one.polarity == "negated" else f"Denies {about}.")


def _dropped(**wanted: object) -> Damage:
    def drop(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
        return _edit(note, _pick(said, dice, **wanted), lambda _: "")

    return drop


def _wrong_relative(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    one = _pick(said, dice, polarity="family", whom=...)
    whom = (one.whom if one else "") or ""
    other = dice.pick([name for name in _RELATIVES if name != whom])
    return _edit(note, one, lambda text: re.sub(rf"\b{whom}\b", other, text, flags=re.IGNORECASE) if whom else text)


def _invented_follow_up(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    taken = {(each.value, each.unit) for each in said if each.kind == "follow_up"}
    value, unit = dice.pick([one for one in (("4", "week"), ("9", "day"), ("5", "month")) if one not in taken])
    return f"{note.rstrip()} Follow up in {value} {unit}s.\n"


def _invented_problem(note: str, said: Sequence[Statement], dice: Dice) -> str | None:
    known = {each.name for each in said}
    name = dice.pick([one for one in PROBLEMS if one not in known and one not in SIDED])
    places = [one.start for one in said if one.kind == "problem"] or [0]
    at = dice.pick(places)
    return f"{note[:at]}Reports {name}. {note[at:]}"


KINDS: Final[Mapping[str, Kind]] = {
    "wrong_dose": Kind(_wrong_dose, frozenset({("value", "drug")})),
    "wrong_frequency": Kind(_wrong_frequency, frozenset({("frequency", "drug")})),
    "wrong_drug": Kind(_wrong_drug, frozenset({("unsupported", "drug")})),
    "stopped_goes_on": Kind(_stopped_goes_on, frozenset({("status", "drug")})),
    "wrong_side": Kind(_wrong_side, frozenset({("side", "problem"), ("side", "order")})),
    "flipped_negation": Kind(_flipped_negation, frozenset({("polarity", "problem")})),
    "dropped_allergy": Kind(_dropped(kind="allergy", polarity="affirmed"), frozenset({("omitted", "allergy")})),
    "dropped_problem": Kind(_dropped(kind="problem", polarity="affirmed"), frozenset({("omitted", "problem")})),
    "wrong_value": Kind(_wrong_value, frozenset({("value", "measure")})),
    "wrong_relative": Kind(_wrong_relative, frozenset({("whom", "problem")})),
    "invented_follow_up": Kind(
        _invented_follow_up, frozenset({("value", "follow_up"), ("unit", "follow_up"), ("unsupported", "follow_up")})
    ),
    "invented_problem": Kind(_invented_problem, frozenset({("unsupported", "problem")})),
}
"""Every kind of error, and what it shows as."""
