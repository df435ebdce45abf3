"""Identifiers: the 18 Safe Harbor categories of 45 CFR 164.514(b)(2)(i), and an identifier known to be planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Category = Literal[
    "name",
    "geo",
    "date",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "plan",
    "account",
    "license",
    "vehicle",
    "device",
    "url",
    "ip",
    "biometric",
    "photo",
    "other",
]
"""Short names of the categories (A) to (R), in the order of the rule."""

CATEGORIES: tuple[Category, ...] = get_args(Category)

Subject = Literal["patient", "relative", "household", "employer", "provider", "organisation"]


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """An identifier that a case is known to contain. Holds PHI where the case does; ``repr`` never shows it."""

    needle_id: str
    """How findings name it: ``patient.name``, ``patient.mrn``. Unique within a case; says nothing of the value."""
    category: Category
    value: str
    subject: Subject = "patient"

    def __repr__(self) -> str:
        return f"Identifier({self.needle_id}, {self.category})"
