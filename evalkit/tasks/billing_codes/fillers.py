"""The rest of a note: sentences that state no fact of the answer, with identifiers, decoys and typed side facts.

A slot such as ``{patient.first}`` plants an identifier, ``{~eponym Baker}`` is text that looks like one and is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import NamedTuple

from evalkit.cases.fact import Fact, Polarity
from evalkit.cases.randomness import Dice
from evalkit.tasks.billing_codes.story import Decoy
from evalkit.tasks.billing_codes.templates import Section

HISTORY = (
    "{patient.name} is seen in follow-up.",
    "{patient.first} has read about the options beforehand.",
    "Symptoms began three months ago without injury.",
    "No fever, no weight loss.",
    "Came by bus.",
    "No known drug allergies.",
    "No blood thinners.",
    "Right handed.",
    "Sleeps on the left side.",
    "No change in medication since spring.",
    "Lives at {patient.street}.",
    "{patient.first} keeps a list of questions on the phone.",
    "Moved to {patient.city} last year.",
    "The first appointment had to be moved because of snow.",
    "Eats well, bowel and bladder as usual.",
    "Two flights of stairs at home, no elevator.",
    "Has tried heat, rest and an elastic wrap.",
    "Insurance card {patient.member_id} shown at the desk.",
    "Reads braille and prefers calls to letters.",
    "An interpreter was offered and not needed.",
)
SOCIAL = (
    "Works night shifts in a bakery.",
    "Drives a school bus, gardens a lot.",
    "Does not smoke, a glass of wine on Sundays.",
    "Teaches, stands most of the day.",
    "Between jobs, cares for a neighbor.",
    "Asks for a letter for the employer, will mail one.",
    "Plays cards on Fridays.",
    "Runs a small shop with long hours.",
)
OLD_AGE = ("Lives in a home with help at meals.", "Widowed, a neighbor looks in daily.",
           "Walks in the garden with a stick.", "Plays cards on Fridays.")  # fmt: skip
CHILDHOOD = ("Goes to school near home.", "Plays in the school band.", "Vaccines up to date by the parent's word.",
             "Likes to draw, sits still for it.")  # fmt: skip
WITH_RELATIVE = (
    "Accompanied by {relative.name}.",
    "{relative.name} drove and can be reached at {relative.phone}.",
    "Emergency contact is {relative.name}, {relative.phone}.",
    "{relative.first} waits outside.",
)
WITH_GUARDIAN = (
    "Parent {relative.name} present and consents.",
    "Comes with the parent, {relative.name} ({relative.phone}).",
    "Parent and legal guardian {relative.name} signed for the treatment.",
    "{relative.name}, parent, answers most questions.",
)
EXAM = (
    "Well appearing, no distress.",
    "Skin warm and dry.",
    "Gait steady.",
    "No swollen nodes.",
    "Heart sounds regular.",
    "Mood and speech normal.",
    "Weight unchanged.",
    "Abdomen soft.",
    "Pulses full in the feet.",
    "Sensation to light touch intact.",
    "Neck supple.",
    "Eyes without redness.",
    "Speaks in full sentences.",
    "Capillary refill brisk.",
    "No edema of the legs.",
    "Reflexes even.",
)
AFTERWARDS = (
    "Tolerated well, no complications.",
    "Consent was on file before starting.",
    "Time out observed.",
    "Blood loss minimal.",
    "Aftercare sheet handed out.",
    "Dressing dry and clean.",
    "Left the room on foot.",
    "Sharps counted.",
    "Vital signs steady throughout.",
    "A chaperone was in the room.",
)
PLAN = (
    "Return in six weeks.",
    "Call with fever, spreading redness or new weakness.",
    "Continue ibuprofen with food.",
    "Keep a symptom diary.",
    "Results go to {patient.phone}.",
    "Portal message to {patient.email} once results are in.",
    "Sun protection advised.",
    "Home program twice a day.",
    "Ice for 20 minutes as needed.",
    "Stay active within comfort.",
    "Copy to the family doctor.",
    "Keep the area dry for a day.",
    "No swimming this week.",
    "Bring the medication list next time.",
    "Driving is fine from tomorrow.",
    "Letter to {patient.street} if the portal is not used.",
    "Lift with both hands only.",
    "Drink enough water.",
)
BANKS: dict[Section, tuple[tuple[str, ...], int, int]] = {
    "history": (HISTORY, 2, 5),
    "exam": (EXAM, 2, 4),
    "assessment": ((), 0, 0),
    "procedure": (AFTERWARDS, 1, 3),
    "plan": (PLAN, 2, 5),
}
"""Section -> (sentences, least, most)."""


def some_of(section: Section, dice: Dice) -> list[str]:
    """Different sentences of a section's bank: draws for a start and a step through it, however many they are."""
    bank, least, most = BANKS[section]
    if not bank:
        return []
    size = len(bank)
    count, start = dice.whole(least, most), dice.whole(0, size - 1)
    step = dice.pick(_STEPS[section])
    return [bank[place % size] for place in range(start, start + count * step, step)]


_STEPS: dict[Section, tuple[int, ...]] = {
    section: tuple(step for step in range(1, len(bank)) if gcd(step, len(bank)) == 1)
    for section, (bank, _, _) in BANKS.items()
}
"""Steps that walk through a whole bank before they come back."""

DECOYS: dict[Decoy, tuple[tuple[Section, str], ...]] = {
    "eponym": (
        ("exam", "{~eponym Tinel} sign negative, {~eponym Phalen} test negative."),
        ("exam", "Small {~eponym Baker} cyst felt behind one knee."),
        ("history", "Tested for {~eponym Crohn} disease years ago, negative."),
        ("history", "{~eponym Parkinson} disease was looked for and not found."),
        ("exam", "No sign of {~eponym Graves} disease at the eyes."),
        ("exam", "{~eponym Dupuytren} cord in one palm, not in the way."),
        ("history", "Recovered from {~eponym Bell} palsy as a student."),
        ("exam", "{~eponym Trendelenburg} sign absent, {~eponym Lachman} test firm."),
    ),
    "drug": (
        ("plan", "{~drug Allegra} 180 mg daily in the pollen season."),
        ("history", "Took {~drug Ambien} once and felt drowsy."),
        ("plan", "Stop {~drug Alexa} skin cream, keep {~drug Rosemary} oil away."),
        ("history", "{~drug Christian} Science reader, takes few medicines."),
        ("plan", "The {~drug April} refill of {~drug Aleve} is at the pharmacy."),
        ("history", "{~drug Aleve} helps a little."),
        ("plan", "{~drug Enbrel} stays with the rheumatologist."),
    ),
    "code": (
        ("plan", "Specimen accession {~code 555-0147}."),
        ("plan", "Lot number {~code 212-555-0188} recorded."),
        ("exam", "Image series {~code 10-0047-2231}."),
        ("plan", "Order {~code 303 555 0119} sent to the laboratory."),
        ("plan", "Slide label {~code 20250314-07}."),
        ("plan", "Requisition {~code R97-155-0102} filed."),
    ),
    "room": (
        ("history", "Seen in room {~room 555-0123}."),
        ("history", "Roomed in {~room Carter 214}."),
        ("plan", "Next appointment in suite {~room 1200-44}."),
        ("history", "Waited in {~room Jordan Hall}."),
    ),
    "score": (
        ("exam", "Grade {~score 3/6} murmur, known."),
        ("exam", "Pain {~score 6/10} at rest, {~score 9/10} with load."),
        ("history", "Born at term, {~score Apgar 9/10}."),
        ("exam", "{~score Mallampati 2}, {~score ASA 1}."),
        ("exam", "{~score 12/15} on the balance list."),
    ),
}
"""Text that looks like a name, a date or a number of somebody, and is none."""

AGE = (
    "{age}-year-old in usual health.",
    "Aged {age}, lives independently.",
    "The patient is {age} years old.",
    "{age} year old, good historian.",
)

DRUGS = (
    ("ibuprofen", "mg", (400, 600, 800)), ("metformin", "mg", (500, 850, 1000)), ("lisinopril", "mg", (5, 10, 20)),
    ("levothyroxine", "mcg", (50, 75, 100)), ("atorvastatin", "mg", (10, 20, 40)), ("acetaminophen", "mg", (500, 650)),
    ("omeprazole", "mg", (20, 40)), ("sertraline", "mg", (25, 50)),
)  # fmt: skip
TAKES = ("Takes {name} {value} {unit} daily.", "On {name} {value} {unit}.", "Continues {name}, {value} {unit} a day.",
         "Home medicine: {name} {value} {unit}.")  # fmt: skip
STOPPED = ("Stopped {name} {value} {unit} on own accord.", "No longer on {name} {value} {unit}.")
VITALS = (
    ("pulse", "/min", 54, 98, "Pulse {value}."), ("temperature", "[degF]", 97, 99, "Temperature {value} F."),
    ("respiratory rate", "/min", 12, 20, "Breaths {value} a minute."),
    ("oxygen saturation", "%", 94, 100, "Saturation {value} percent."),
    ("systolic pressure", "mm[Hg]", 102, 158, "Systolic pressure {value}."),
)  # fmt: skip
LABS = (
    ("hemoglobin A1c", "%", 52, 88), ("potassium", "mmol/L", 36, 49), ("creatinine", "mg/dL", 7, 13),
    ("hemoglobin", "g/dL", 118, 158),
)  # fmt: skip
"""Name, unit, least and most in tenths."""
LAB_TOLD = ("{name} {value} {unit} on {{lab.date:us}}.", "Laboratory of {{lab.date:long}}: {name} {value} {unit}.")


class Side(NamedTuple):
    """A typed side fact and the sentence that states it."""

    section: Section
    text: str
    fact: Fact


def side_facts(dice: Dice) -> Iterator[Side]:
    """A drug taken or stopped, two vital signs and at times a laboratory value, each as fact and sentence."""
    drug, unit, doses = dice.pick(DRUGS)
    dose, stopped = dice.pick(doses), dice.chance(0.2)
    text = dice.pick(STOPPED if stopped else TAKES).format(name=drug, value=dose, unit=unit)
    polarity: Polarity = "negated" if stopped else "affirmed"
    yield Side("history", text, Fact("drug-1", "drug", drug, dose, unit, polarity, source_document="note"))
    for number, (name, unit, low, high, told) in enumerate(dice.some(VITALS, 2), 1):
        vital = dice.whole(low, high)
        fact = Fact(f"vital-{number}", "vital", name, vital, unit, source_document="note")
        yield Side("exam", told.format(value=vital), fact)
    if dice.chance(0.4):
        name, unit, low, high = dice.pick(LABS)
        measured = dice.whole(low, high) / 10
        text = dice.pick(LAB_TOLD).format(name=name[0].upper() + name[1:], value=measured, unit=unit)
        yield Side("exam", text, Fact("lab-1", "lab", name, measured, unit, source_document="note"))
