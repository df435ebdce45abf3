"""Somebody of a patient's family, whose identifiers are protected like the patient's own (45 CFR 164.514(b)(2)(i))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.cases.people import ADULT, Sex
from evalkit.cases.randomness import chance, pick
from evalkit.cases.vocabulary import vocabulary
from evalkit.phi import surrogates

Relationship = Literal["mother", "father", "spouse", "daughter", "son", "sister", "brother"]
_RELATIONS: tuple[tuple[Relationship, Sex], ...] = (
    ("spouse", "F"), ("spouse", "M"), ("daughter", "F"), ("son", "M"), ("sister", "F"), ("brother", "M"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Relative:
    """Somebody of the patient's family; identifiers of relatives are protected like the patient's own."""

    relationship: Relationship
    first: str
    last: str
    phone: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    def __repr__(self) -> str:
        return f"Relative({self.relationship})"


def make_relative(draws: Sequence[int], *, last: str, age: int) -> Relative | None:
    """A parent for a minor; somebody for half of the adults, every fourth with a last name of their own."""
    if age >= ADULT and chance(draws[0], 0.5):
        return None
    words = vocabulary()
    parents: tuple[tuple[Relationship, Sex], ...] = (("mother", "F"), ("father", "M"))
    relationship, sex = pick(draws[1], parents if age < ADULT else _RELATIONS)
    surname = words.last.pick(draws[4]) if chance(draws[3], 0.25) else last
    return Relative(relationship, words.first(sex).pick(draws[2]), surname, surrogates.phone(draws[5]))
