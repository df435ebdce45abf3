"""Who plays in a case: the first patient, from the case's own on, that it has a part for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from evalkit.cases.patients import Patient, make_patient
from evalkit.cases.people import People

ANOTHER: Final = 1 << 40
"""How far off the next patient is sought, beyond the indexes that any set of cases has."""


def cast(seed: int, index: int, *, people: People, fits: Callable[[Patient], bool]) -> Patient:
    """Patient ``index`` of a seed if they fit, else the next one that does, `ANOTHER` further each time."""
    patient = make_patient(seed, index, people=people)
    while not fits(patient):
        patient = make_patient(seed, patient.index + ANOTHER, people=people)
    return patient
