"""Where synthetic patients live: an address in a state that has its ZIP codes, on a street that is made up.

A street cannot be proven not to exist; the names of streets and towns are canary-grade last names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalkit.cases.people import People, home_state, share_of_state
from evalkit.cases.randomness import chance, pick, whole
from evalkit.cases.vocabulary import vocabulary

RESTRICTED_ZIP3: dict[str, str] = {
    "036": "NH", "059": "VT", "063": "CT", "102": "NY", "203": "DC", "556": "MN", "692": "NE", "790": "TX",
    "821": "WY", "823": "WY", "830": "WY", "831": "WY", "878": "NM", "879": "NM", "884": "NM", "890": "NV",
    "893": "NV",
}  # fmt: skip
"""ZIP areas of 20,000 people or fewer by the 2000 census, which Safe Harbor turns into 000; with their state."""

RESTRICTED_SHARE = len(RESTRICTED_ZIP3) * 20_000 / 331_449_281
"""At most this part of the population lives there."""
RESTRICTED_CHANCE = 0.03
"""Under stress."""


@dataclass(frozen=True, slots=True, repr=False)
class Home:
    """An address, and how many addresses of the population it stands for."""

    street: str
    """House number and street."""
    city: str
    state: str
    zip_code: str
    weight: float


def make_home(draws: Sequence[int], people: People) -> Home:
    """An address from ten draws. Under stress every state is as likely as another, and 3 in 100 live in a restricted
    ZIP area; in the population profile states follow their residents, and nearly nobody does."""
    words = vocabulary()
    number = whole(draws[0], 100, 9899)
    street = f"{number} {words.last.pick(draws[1])} {pick(draws[2], words.street_suffixes)}"
    city = words.last.pick(draws[3]) + pick(draws[4], words.city_suffixes)
    if people.profile == "population":
        state = home_state(draws[6])
        return Home(street, city, state, _open_zip(draws[7:10], *words.zip_ranges[state]), 1.0)
    if chance(draws[5], RESTRICTED_CHANCE):
        zip3 = pick(draws[6], tuple(RESTRICTED_ZIP3))
        weight = RESTRICTED_SHARE / RESTRICTED_CHANCE
        return Home(street, city, RESTRICTED_ZIP3[zip3], f"{zip3}{whole(draws[7], 1, 99):02d}", weight)
    state = pick(draws[6], words.states)
    low, high = words.zip_ranges[state]
    return Home(street, city, state, f"{whole(draws[7], low, high):05d}", _state_weight(state, len(words.states)))


def _open_zip(draws: Sequence[int], low: int, high: int) -> str:
    """The first of a few ZIP codes of a state whose area is not restricted; the last one where all are."""
    codes = [f"{whole(draw, low, high):05d}" for draw in draws]
    return next((code for code in codes if code[:3] not in RESTRICTED_ZIP3), codes[-1])


@lru_cache(maxsize=64)
def _state_weight(state: str, states: int) -> float:
    return share_of_state(state) * (1 - RESTRICTED_SHARE) * states / (1 - RESTRICTED_CHANCE)
