"""What one visit is about, before any word of it: typed facts that agree with one another, and what is hard about it.

Case i gets its trap and its refusal from decks (`evalkit.cases.quotas`), so that every hundred cases hold exactly their
shares; facts are drawn from one stream. `Told` is a fact and how the talk comes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from evalkit.cases.quotas import Deck
from evalkit.cases.randomness import Dice, stream
from evalkit.tasks.note_summary.concepts import SIDED
from evalkit.tasks.note_summary.headings import Section
from evalkit.tasks.note_summary.judging import Known
from evalkit.tasks.note_summary.statements import Side, Statement

Refusal = Literal[
    "CONSENT_MISSING", "RECORDING_CONSENT_MISSING", "PSYCHOTHERAPY_NOTES", "PART2_NO_CONSENT", "MINOR_CONFIDENTIAL",
    "SEVERAL_PATIENTS", "NO_DIALOGUE", "VISIT_IN_FUTURE", "FIELD_NOT_PERMITTED",
]  # fmt: skip
REFUSALS: Final[tuple[Refusal, ...]] = get_args(Refusal)

TRAPS: Final = Deck(
    "note_summary.traps",
    {
        "plain": 26, "dose corrected": 9, "side corrected": 8, "denies then admits": 9, "stopped today": 9,
        "speakers swapped": 7, "third person": 8, "sensitive aside": 8, "chit-chat": 8, "pressure spoken": 8,
    },
)  # fmt: skip
PROTECTIONS: Final = Deck(
    "note_summary.protections", {"none": 79} | dict.fromkeys(REFUSALS, 2) | {"CONSENT_MISSING": 5}
)
LENGTHS: Final = Deck("note_summary.lengths", {"short": 40, "middle": 40, "long": 20})
TURNS: Final = {"short": (20, 44), "middle": (45, 79), "long": (80, 120)}
"""Turns of a dialogue, both included."""

_UNSIDED = (
    "back pain", "neck pain", "chest pain", "abdominal pain", "headache", "cough", "shortness of breath", "dizziness",
    "nausea", "diarrhea", "rash", "fatigue", "palpitations", "sore throat", "trouble sleeping",
)  # fmt: skip
_ASKED = (
    "fever", "chills", "weight loss", "night sweats", "vomiting", "blood in stool", "blood in urine", "chest pain",
    "shortness of breath", "dizziness", "palpitations", "nausea", "constipation", "rash", "headache",
)  # fmt: skip
CHRONIC: Final = (
    "hypertension", "diabetes", "hyperlipidemia", "asthma", "copd", "atrial fibrillation", "hypothyroidism", "gout",
    "reflux", "migraine", "depression", "anxiety", "chronic kidney disease",
)  # fmt: skip
"""Problems that a patient has had for long, and that are asked after rather than complained of."""
_OF_RELATIVES = ("breast cancer", "colon cancer", "heart attack", "stroke", "gout", "anemia", "kidney stones")
_RELATIVES = ("mother", "father", "brother", "sister", "grandmother")
DOSES: Final[dict[str, tuple[tuple[str, ...], str, str, str]]] = {
    "lisinopril": (("10", "20", "40"), "mg", "oral", "daily"),
    "amlodipine": (("5", "10"), "mg", "oral", "daily"),
    "metoprolol": (("25", "50", "100"), "mg", "oral", "twice daily"),
    "losartan": (("25", "50", "100"), "mg", "oral", "daily"),
    "furosemide": (("20", "40", "80"), "mg", "oral", "daily"),
    "metformin": (("500", "1000"), "mg", "oral", "twice daily"),
    "atorvastatin": (("20", "40", "80"), "mg", "oral", "nightly"),
    "levothyroxine": (("50", "75", "112"), "mcg", "oral", "daily"),
    "omeprazole": (("20", "40"), "mg", "oral", "daily"),
    "albuterol": (("1", "2"), "puff", "inhaled", "as needed"),
    "ibuprofen": (("400", "600", "800"), "mg", "oral", "three times daily"),
    "naproxen": (("250", "500"), "mg", "oral", "twice daily"),
    "gabapentin": (("100", "300", "600"), "mg", "oral", "three times daily"),
    "sertraline": (("50", "100"), "mg", "oral", "daily"),
    "allopurinol": (("100", "300"), "mg", "oral", "daily"),
    "amoxicillin": (("500", "875"), "mg", "oral", "twice daily"),
    "diclofenac": (("2", "4"), "g", "topical", "four times daily"),
    "insulin glargine": (("10", "18", "24"), "unit", "injected", "nightly"),
}
"""Drug -> doses, unit, route, how often."""
_VITALS = ("blood pressure", "heart rate", "temperature", "oxygen saturation")
_LABS = ("hemoglobin a1c", "hemoglobin", "creatinine", "potassium", "tsh", "ldl", "white count", "platelets")
_ORDERED = ("x-ray", "mri", "ultrasound", "ekg", "echocardiogram", "blood work", "physical therapy", "colonoscopy",
            "cardiology referral", "sleep study")  # fmt: skip
_WAITS = (("2", "week"), ("3", "week"), ("6", "week"), ("3", "month"), ("6", "month"), ("10", "day"))
_SIDED_ORDERS = ("x-ray", "mri")


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """One fact of a visit and how the talk comes to it. ``first`` is what is said before it is put right."""

    fact_id: str
    fact: Known
    first: Statement | None = None

    @property
    def statement(self) -> Statement:
        """What is so, in the end."""
        return self.fact.statement

    def __repr__(self) -> str:
        return f"Told({self.fact_id}, {self.statement.kind})"


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """The facts of one case, in the order the talk comes to them."""

    trap: str
    told: tuple[Told, ...]
    turns: int
    """At least so many turns; what the facts do not fill is small talk."""
    refusal: Refusal | None = None

    def __repr__(self) -> str:
        return f"Visit({self.trap}, {len(self.told)} facts)"


def make_visit(seed: int, index: int) -> Visit:
    """The visit of case ``index`` (from 0)."""
    dice = stream(seed, "note_summary.facts").at(index)
    trap, dealt = TRAPS.deal(seed, index), PROTECTIONS.deal(seed, index)
    complaints = _complaints(dice, trap)
    plan = _plan(dice, complaints[0].statement.side)
    facts = [*complaints, *_history(dice), *_medicines(dice, trap), *_findings(dice), *plan]
    told = tuple(Told(f"fact-{number}", fact) for number, fact in enumerate(facts, start=1))
    low, high = TURNS[LENGTHS.deal(seed, index)]
    refusal = next((code for code in REFUSALS if code == dealt), None)
    return Visit(trap, _with_first(told, trap, dice), dice.whole(low, high), refusal)


def _complaints(dice: Dice, trap: str) -> list[Known]:
    """What the patient comes with, and what is asked and denied."""
    sided = dice.pick(SIDED)
    side = dice.pick(("left", "right"))
    found = [_fact("problem", sided, "subjective", side=side, major=True)]
    mine = dice.some(_UNSIDED, dice.whole(1, 2))
    found += [_fact("problem", name, "subjective", major=True) for name in mine]
    asked = [name for name in dice.some(_ASKED, 6) if name not in mine]
    denied = asked[: dice.whole(2, 4)]
    if trap == "denies then admits":
        found.append(_fact("problem", denied.pop(), "subjective", major=True))
    return [*found, *(_fact("problem", name, "subjective", polarity="negated") for name in denied)]


def _history(dice: Dice) -> list[Known]:
    found = [_fact("problem", name, "subjective", major=True) for name in dice.some(CHRONIC, dice.whole(1, 2))]
    own = {fact.statement.name for fact in found}
    relatives = [name for name in _OF_RELATIVES if name not in own]
    for name in dice.some(relatives, dice.whole(0, 2)):
        found.append(_fact("problem", name, "subjective", polarity="family", whom=dice.pick(_RELATIVES)))
    allergen = dice.pick(("penicillin", "sulfa", "codeine", "latex", "shellfish", ""))
    if allergen:
        found.append(_fact("allergy", allergen, "subjective", major=True))
    for name in dice.some(("smoking", "alcohol"), dice.whole(0, 2)):
        found.append(_fact("habit", name, "subjective", polarity=dice.pick(("affirmed", "negated"))))
    return found


def _medicines(dice: Dice, trap: str) -> list[Known]:
    """Drugs that go on, begin, change or end today."""
    count = dice.whole(2, 4)
    found = []
    for place, name in enumerate(dice.some(sorted(DOSES), count)):
        doses, unit, route, frequency = DOSES[name]
        status = dice.pick(("continued", "continued", "started", "increased"))
        if trap == "stopped today" and place == 0:
            found.append(_fact("drug", name, "assessment plan", status="stopped", major=True))
            continue
        dose = dice.pick(doses[1:] if status == "increased" else doses)
        more = {"value": dose, "unit": unit, "route": route, "frequency": frequency, "status": status}
        found.append(_fact("drug", name, "assessment plan", major=True, **more))
    return found


def _findings(dice: Dice) -> list[Known]:
    found = []
    for name in dice.some(_VITALS, dice.whole(1, 3)):
        found.append(_fact("measure", name, "objective exam", value=_reading(name, dice)))
    for name in dice.some(_LABS, dice.whole(0, 2)):
        found.append(_fact("measure", name, "objective results", value=_reading(name, dice), major=True))
    return found


def _plan(dice: Dice, side: Side | None) -> list[Known]:
    found = []
    for name in dice.some(_ORDERED, dice.whole(1, 2)):
        about = side if name in _SIDED_ORDERS else None
        found.append(_fact("order", name, "assessment plan", side=about, major=True))
    value, unit = dice.pick(
        (("2", "week"), ("3", "week"), ("6", "week"), ("3", "month"), ("6", "month"), ("10", "day"))
    )
    found.append(_fact("follow_up", "follow-up", "assessment plan", value=value, unit=unit))
    return found


def _reading(name: str, dice: Dice) -> str:
    if name == "blood pressure":
        return f"{dice.whole(104, 178)}/{dice.whole(58, 98)}"
    low, high, scale = {
        "heart rate": (54, 112, 1), "temperature": (970, 1012, 10), "oxygen saturation": (90, 99, 1),
        "hemoglobin a1c": (54, 98, 10), "hemoglobin": (88, 158, 10), "creatinine": (7, 24, 10),
        "potassium": (32, 54, 10), "tsh": (6, 92, 10), "ldl": (62, 188, 1), "white count": (38, 148, 10),
        "platelets": (120, 390, 1),
    }[name]  # fmt: skip
    return f"{dice.whole(low, high) / scale:g}"


def _with_first(told: tuple[Told, ...], trap: str, dice: Dice) -> tuple[Told, ...]:
    """The traps in which something is said first that is not so in the end."""
    if trap == "dose corrected":
        place = next((n for n, one in enumerate(told) if one.statement.kind == "drug" and one.statement.value), None)
        if place is not None:
            other = [dose for dose in DOSES[told[place].statement.name][0] if dose != told[place].statement.value]
            return _put(told, place, value=dice.pick(other))
    if trap == "side corrected":
        return _put(told, 0, side="left" if told[0].statement.side == "right" else "right")
    if trap == "denies then admits":
        place = next(n for n, one in enumerate(told) if one.statement.polarity == "negated") - 1
        return _put(told, place, polarity="negated")
    if trap == "stopped today":
        place = next(n for n, one in enumerate(told) if one.statement.status == "stopped")
        return _put(told, place, status="continued")
    return told


def _put(told: tuple[Told, ...], place: int, **other: str) -> tuple[Told, ...]:
    one = told[place]
    first = replace(one.statement, **other)  # type: ignore[arg-type]  # the attributes of a statement are strings
    return (*told[:place], replace(one, first=first), *told[place + 1 :])


def _fact(kind: str, name: str, section: Section, *, major: bool = False, **more: str | None) -> Known:
    return Known(Statement(kind, name, **more), major=major, section=section)  # type: ignore[arg-type]
