"""One fact in words: as people say it in a room, and as a clinician writes it. The banks of sentences are `phrases`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evalkit.cases.randomness import Dice
from evalkit.tasks.note_summary.concepts import CONCEPTS
from evalkit.tasks.note_summary.statements import Statement

_LAY: Final[Mapping[str, tuple[str, ...]]] = {
    "hypertension": ("high blood pressure",), "hyperlipidemia": ("high cholesterol",),
    "diabetes": ("type two diabetes",), "reflux": ("acid reflux", "heartburn"),
    "shortness of breath": ("trouble breathing", "shortness of breath"),
    "abdominal pain": ("belly pain", "stomach pain"), "diarrhea": ("loose stools",), "headache": ("headaches",),
    "fever": ("fevers", "fever"), "copd": ("emphysema", "copd"), "hypothyroidism": ("low thyroid",),
    "atrial fibrillation": ("afib",), "blood in stool": ("bloody stools", "blood in stool"), "gout": ("gout",),
    "fatigue": ("tiredness", "fatigue"), "trouble sleeping": ("trouble sleeping", "insomnia"),
    "migraine": ("migraines",), "dizziness": ("dizziness", "lightheadedness"),
    "chronic kidney disease": ("kidney disease",),
    "blood pressure": ("blood pressure", "bp"), "heart rate": ("pulse", "heart rate"), "temperature": ("temperature",),
    "oxygen saturation": ("oxygen level", "pulse ox"), "hemoglobin a1c": ("a1c",), "ldl": ("bad cholesterol", "ldl"),
    "white count": ("white count",), "platelets": ("platelet count",), "ekg": ("ekg",), "blood work": ("blood work",),
}  # fmt: skip
"""How patients, and doctors who talk to them, call a concept."""
_PARTS: Final[Mapping[str, str]] = {"carpal tunnel syndrome": "wrist", "rotator cuff tear": "shoulder",
                                    "hearing loss": "ear"}  # fmt: skip
_VERBS: Final = {"started": "start", "increased": "go up to", "continued": "continue"}
_UNITS_SAID: Final = {"mg": "milligrams", "mcg": "micrograms", "g": "grams", "unit": "units", "puff": "puffs"}
_OFTEN_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "daily": ("once a day", "every day", "every morning"), "twice daily": ("twice a day",),
    "three times daily": ("three times a day",), "four times daily": ("four times a day",),
    "nightly": ("at bedtime", "every night"), "as needed": ("as needed", "when needed"),
}  # fmt: skip
_OFTEN_WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "daily": ("daily", "once daily"), "twice daily": ("twice daily", "BID"),
    "three times daily": ("three times daily", "TID"), "four times daily": ("four times daily", "QID"),
    "nightly": ("at bedtime", "nightly"), "as needed": ("as needed", "PRN"),
}  # fmt: skip
_ROUTE_SAID: Final = {"oral": "by mouth", "inhaled": "inhaled", "topical": "on the skin", "injected": "under the skin"}
_ROUTE_WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "oral": ("by mouth", "PO", "orally"), "inhaled": ("inhaled",), "topical": ("topically",),
    "injected": ("subcutaneously",),
}  # fmt: skip
_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def said(statement: Statement, dice: Dice, *, part: str = "", spelled: bool | None = None) -> dict[str, str]:
    """The words for the slots of an exchange. ``part`` is the part of the body that an order is about."""
    spell = dice.chance(0.5) if spelled is None else spelled
    name = dice.pick(_LAY.get(statement.name, (statement.name,)))
    words = {"p": _problem(statement, name, dice, mine="my"), "name": name, "whom": statement.whom or ""}
    if statement.kind == "drug":
        brands = CONCEPTS["drug"][statement.name][1:]
        dose = (spoken(statement.value) if spell else statement.value) if statement.value else ""
        unit = _UNITS_SAID.get(statement.unit or "", "")
        often = dice.pick(_OFTEN_SAID[statement.frequency]) if statement.frequency else ""
        verb = {"started": "start", "increased": "go up to", "continued": "continue"}.get(
            statement.status or "", "take"
        )
        words |= {
            "drug": brands[0] if brands and dice.chance(0.3) else statement.name, "dose": f"{dose} {_one(dose, unit)}",
            "often": often, "route": _ROUTE_SAID.get(statement.route or "", ""), "verb": verb,
        }  # fmt: skip
    elif statement.kind == "measure" and statement.value:
        over = statement.value.replace("/", " over ")
        words["value"] = spoken(statement.value) if spell else over
    elif statement.kind == "order":
        words["name"] = _order(statement, name, part)
    elif statement.kind == "follow_up" and statement.value:
        number = spoken(statement.value) if spell else statement.value
        words["when"] = f"{number} {statement.unit}s"
    return words


def written(statement: Statement, dice: Dice, *, part: str = "") -> dict[str, str]:
    """The words for the slots of a note's sentence."""
    name = statement.name
    words = {"p": _problem(statement, name, dice, mine="the"), "name": name, "whom": statement.whom or ""}
    if statement.kind == "drug":
        words |= {
            "drug": name, "dose": f"{statement.value} {_one(statement.value, statement.unit or '')}",
            "often": dice.pick(_OFTEN_WRITTEN[statement.frequency]) if statement.frequency else "",
            "route": dice.pick(_ROUTE_WRITTEN[statement.route]) if statement.route else "",
        }  # fmt: skip
    elif statement.kind == "measure":
        words["value"] = statement.value or ""
    elif statement.kind == "order":
        words["name"] = _order(statement, name, part)
    elif statement.kind == "follow_up":
        words["when"] = f"{statement.value} {statement.unit}s"
    return words


def part_of(name: str) -> str:
    """The part of the body that a problem on a side is about: ``knee`` of ``knee pain``."""
    return _PARTS.get(name, name.split()[0])


def spoken(value: str) -> str:
    """Digits as they are said: ``140/90`` is "one forty over ninety", ``7.2`` "seven point two"."""
    if "/" in value:
        above, below = value.split("/")
        return f"{spoken(above)} over {spoken(below)}"
    whole, _, part = value.partition(".")
    return _whole(int(whole), pairs=value == whole) + (
        f" point {' '.join(_ONES[int(d)] for d in part)}" if part else ""
    )


def _whole(number: int, *, pairs: bool) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    if number >= 1000:
        return f"{_ONES[number // 1000]} thousand" + (f" {_whole(number % 1000, pairs=False)}" if number % 1000 else "")
    rest = number % 100
    if pairs and number < 200 and rest >= 20:
        return f"{_ONES[number // 100]} {_whole(rest, pairs=False)}"
    return f"{_ONES[number // 100]} hundred" + (f" {_whole(rest, pairs=False)}" if rest else "")


def _problem(statement: Statement, name: str, dice: Dice, *, mine: str) -> str:
    if statement.kind != "problem" or statement.side is None:
        return name
    part = part_of(statement.name)
    if name == f"{part} pain" and dice.chance(0.4):
        return f"pain in {mine} {statement.side} {part}"
    return f"{statement.side} {name}"


def _order(statement: Statement, name: str, part: str) -> str:
    return f"{name} of the {statement.side} {part}" if statement.side and part else name


def _one(number: str | None, unit: str) -> str:
    """``1 puff``, ``2 puffs``."""
    if unit in ("puff", "unit") and number not in ("1", "one"):
        return unit + "s"
    return unit.removesuffix("s") if number in ("1", "one") else unit
