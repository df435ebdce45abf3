"""Which people a set of cases is about: who they are by age, sex, state and payer, and what they are called.

============  ==========================================================================================
profile       ``stress`` over-samples what breaks systems (90 and more, restricted ZIP areas, odd names); each patient
              has a weight that undoes it. ``population`` follows named public tables of the US.
names         ``canary``: one sighting in an output proves a leak, for boundary tests. ``realistic``: names as they
              are, with namesakes, unicode, hyphens, one-word names and names that are words.
============  ==========================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Profile = Literal["stress", "population"]
Names = Literal["canary", "realistic"]


@dataclass(frozen=True, slots=True)
class People:
    """What `evalkit.cases.patients.make_patient` and every family's ``make_case`` take as ``people``."""

    profile: Profile = "stress"
    names: Names = "canary"

    def __str__(self) -> str:
        return f"{self.profile}, {self.names} names"


STRESS = People()
"""The default: cases made before there was a choice are these."""
POPULATION = People("population")
