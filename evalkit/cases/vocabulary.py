"""The words of synthetic patients, taken at run time from the installed, pinned Faker and checked by digest.

Faker gives vocabulary only, never an identifier: its SSNs, phones and mail addresses can belong to real people
(`evalkit.phi.surrogates` makes ours). Its lists are not copied into this project, so another Faker could silently
make other cases; the digest of the lists is therefore pinned, and another one is an error.

Names are screened to be *canary-grade*: at least five ASCII letters, no English, clinical or place word and no eponym
(`evalkit.phi.ordinary`, `ALSO_WORDS` and Faker's own word lists), no first name that is also a last name. One sighting
of such a name in an agent's output proves a leak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from evalkit.cases.randomness import running_totals
from evalkit.cases.randomness import weighted as weighted_pick
from evalkit.digests import digest
from evalkit.errors import CaseError
from evalkit.phi.ordinary import canary_grade

FAKER_VERSION = "40.54.0"
VOCABULARY_DIGEST = "209eb8c905b89e06c7fe2c67b969fa2eb89ceb4b4602a512201ea850c81e83fe"
"""SHA-256 of the lists that this generator version was made for."""

_ALSO = """
abigail alison andersen anderson ariel arroyo betty billy brent brett buchanan burgess carney caroline cassie colin
colleen collin cortez derrick donna duane duffy elaine ellison erika evans galloway hanna harry jenna jenny jerry jimmy
kylie laura levine madeline malik marcus maria melton nancy nicolas patel pedro ralph richardson rickey rodney roger
saunders schmidt shelly sherry singh sophia steven tammie tammy tapia timothy tommy tyrone wilkinson willie
"""
ALSO_WORDS = frozenset(_ALSO.split())
"""Names of Faker's lists that are words as well, and that `evalkit.phi.ordinary` does not hold: in descriptions of
ICD-10-CM (public, NCHS), or written small in an English dictionary (Webster's second edition, GCIDE)."""

_TERRITORIES = frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})


@dataclass(frozen=True, slots=True, repr=False)
class Weighted:
    """Words with their running totals, for `randomness.weighted`."""

    words: tuple[str, ...]
    totals: tuple[float, ...]

    def pick(self, draw: int) -> str:
        """One word by its frequency, from one draw."""
        return weighted_pick(draw, self.words, self.totals)

    def top(self, count: int) -> tuple[str, ...]:
        """The ``count`` most frequent words, the most frequent first; equals in the order of the list."""
        before = (0.0, *self.totals)
        order = sorted(range(len(self.words)), key=lambda at: before[at] - self.totals[at])
        return tuple(self.words[at] for at in order[:count])

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return f"Weighted({len(self.words)} words)"


@dataclass(frozen=True, slots=True, repr=False)
class Vocabulary:
    """All words of patients. Names are canary-grade; weights are those of Faker's US frequency lists."""

    first_female: Weighted
    first_male: Weighted
    last: Weighted
    every_first_female: Weighted
    """This and the next two are the lists as they are, for realistic names."""
    every_first_male: Weighted
    every_last: Weighted
    street_suffixes: tuple[str, ...]
    city_suffixes: tuple[str, ...]
    zip_ranges: Mapping[str, tuple[int, int]]
    """State or district, two letters -> lowest and highest ZIP."""
    states: tuple[str, ...]
    digest: str
    """SHA-256 of the lists as Faker has them, before the screen."""

    def first(self, sex: str) -> Weighted:
        """First names by sex, ``F`` or ``M``."""
        return self.first_female if sex == "F" else self.first_male

    def every_first(self, sex: str) -> Weighted:
        """First names by sex, ``F`` or ``M``, unscreened."""
        return self.every_first_female if sex == "F" else self.every_first_male

    def __repr__(self) -> str:
        names = len(self.first_female) + len(self.first_male)
        return f"Vocabulary({names} first names, {len(self.last)} last names, {self.digest[:12]})"


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of the installed Faker; read once per process.

    Raises CaseError where Faker is absent or its lists are not those of `FAKER_VERSION`.
    """
    return _checked(_faker_lists())


def _checked(lists: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of the pinned lists; CaseError for any other."""
    found = digest(lists)
    if found != VOCABULARY_DIGEST:
        raise CaseError(
            f"the installed Faker has other word lists (digest {found[:12]}) than this generator was made for"
            f" ({VOCABULARY_DIGEST[:12]})",
            where="vocabulary",
            next_step=f"install faker=={FAKER_VERSION}; other lists would silently make other cases",
        )
    return _screened(lists, found)


def _screened(lists: Mapping[str, Any], found: str) -> Vocabulary:
    """The lists without every name that is no proof when seen alone."""
    words = {*ALSO_WORDS, *lists["words"]}
    female, male, last = lists["first_female"], lists["first_male"], lists["last"]
    family = {name for name, _ in last}
    given = {name for name, _ in female} | {name for name, _ in male}
    zips = {state: (low, high) for state, low, high in lists["zips"] if state not in _TERRITORIES}
    return Vocabulary(
        first_female=_weighted(female, words, family),
        first_male=_weighted(male, words, family),
        last=_weighted(last, words, given),
        every_first_female=_words(female),
        every_first_male=_words(male),
        every_last=_words(last),
        street_suffixes=tuple(dict.fromkeys(suffix for suffix in lists["street_suffixes"] if len(suffix) >= 4)),
        city_suffixes=tuple(dict.fromkeys(lists["city_suffixes"])),
        zip_ranges=zips,
        states=tuple(sorted(zips)),
        digest=found,
    )


def _weighted(pairs: Iterable[tuple[str, float]], words: set[str], taken: set[str]) -> Weighted:
    kept = [
        (name, weight)
        for name, weight in pairs
        if name.isascii() and canary_grade(name) and name.casefold() not in words and name not in taken
    ]
    return _words(kept)


def _words(pairs: Sequence[tuple[str, float]]) -> Weighted:
    return Weighted(tuple(name for name, _ in pairs), running_totals([weight for _, weight in pairs]))


def _faker_lists() -> dict[str, Any]:
    """The lists we use, as plain JSON in Faker's own order."""
    try:
        from faker.providers.address.en_US import Provider as Address
        from faker.providers.color import Provider as Color
        from faker.providers.company import Provider as Company
        from faker.providers.job import Provider as Job
        from faker.providers.lorem.en_US import Provider as Lorem
        from faker.providers.person.en_US import Provider as Person
    except ImportError:
        raise CaseError(
            "Faker is not installed; its word lists name synthetic patients",
            where="vocabulary",
            next_step=f"install faker=={FAKER_VERSION}",
        ) from None
    prose = [
        Lorem.word_list, Job.jobs, list(Color.all_colors), Company.catch_phrase_words, Company.bsWords,
        Address.states, Address.countries, Address.street_suffixes, Address.city_prefixes,
    ]  # fmt: skip
    return {
        "first_female": [[name, weight] for name, weight in Person.first_names_female.items()],
        "first_male": [[name, weight] for name, weight in Person.first_names_male.items()],
        "last": [[name, weight] for name, weight in Person.last_names.items()],
        "street_suffixes": list(Address.street_suffixes),
        "city_suffixes": list(Address.city_suffixes),
        "zips": [[state, low, high] for state, (low, high) in Address.states_postcode.items()],
        "words": sorted(set(_tokens(prose))),
    }


def _tokens(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield from re.findall(r"[a-z]+", value.casefold())
        return
    for entry in value:
        yield from _tokens(entry)
