"""Aliases: what stands in for the identifiers of a person, the same for the same value wherever it is met.

An alias is drawn at random, never derived from the value (45 CFR 164.514(c)), and where an issuer leaves a range unused
it lies in that range (`surrogates`). Names have no such range: theirs are put together from syllables. The book of
aliases is the re-identification code of the rule: keep it sealed or throw it away.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from evalkit.errors import IdentifierError
from evalkit.phi import surrogates
from evalkit.phi.forms import compact, fold
from evalkit.phi.identifiers import Category, valid_npi
from evalkit.phi.ordinary import canary_grade

_TRIES = 2_000

_ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gl",
    "k",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "sk",
    "st",
    "t",
    "tr",
    "v",
    "z",
)
_VOWELS = ("a", "e", "i", "o", "u", "ae", "io")
_ENDS = ("nd", "rt", "lk", "x", "sk", "mba", "vex", "quo", "zin", "ndra")


class Aliases:
    """The aliases of any number of people. ``repr`` counts them.

    ``draw`` gives integers in [0, 2**64); the default is the system's randomness. A test passes its own.
    """

    def __init__(self, draw: Callable[[], int] = lambda: secrets.randbits(64)) -> None:
        self._draw = draw
        self._known: dict[tuple[str, str, str], str] = {}
        self._used: set[str] = set()

    def __repr__(self) -> str:
        return f"Aliases({len(self._known)})"

    def of(self, person: str, category: Category, value: str, *, unlike: Callable[[str], bool]) -> str:
        """The alias of a value of a person, drawn when it is first asked for.

        ``unlike`` says whether a drawn alias shows none of the real values; another is drawn until it does not. Where a
        range is used up (256 device addresses), an alias may come twice. Raises IdentifierError where none is left.
        """
        key = (person, category, compact(fold(value)))
        for attempt in range(_TRIES if key not in self._known else 0):
            alias = _make(category, value, self._draw())
            if unlike(alias) and (alias not in self._used or attempt >= _TRIES // 2):
                self._known[key] = alias
                self._used.add(alias)
                break
        if key not in self._known:
            raise IdentifierError(
                f"no alias of category {category!r} is unlike the known values",
                next_step="take the identifier out of the record before it is de-identified",
            )
        return self._known[key]


def _make(category: Category, value: str, draw: int) -> str:
    """An alias of the kind of a value; a tag with a number where there is no range to draw from."""
    if category == "name":
        return " ".join(_invented(draw >> (20 * at)) for at, _ in enumerate(value.split()[:2]))
    if category == "plan":
        return surrogates.mbi(draw) if len(compact(value)) == 11 else surrogates.member_id(draw)
    if category == "license":
        return surrogates.npi(draw) if valid_npi(value) else surrogates.license_number(draw)
    if category == "ip":
        return surrogates.ipv6(draw) if ":" in value else surrogates.ipv4(draw)
    if category == "vehicle" and len(compact(value)) != 17:
        return f"[VEHICLE {draw % 10**6}]"
    make = _MAKERS.get(category)
    return make(draw) if make else f"[{category.upper()} {draw % 10**6}]"


_MAKERS: dict[str, Callable[[int], str]] = {
    "ssn": surrogates.ssn, "phone": surrogates.phone, "fax": surrogates.fax, "email": surrogates.email,
    "mrn": surrogates.mrn, "account": surrogates.account, "vehicle": surrogates.vin, "device": surrogates.mac,
    "url": surrogates.url,
}  # fmt: skip


def _invented(draw: int) -> str:
    """A name of two or three syllables that is no word we know."""
    while True:
        name = ""
        for _ in range(2):
            draw, onset = divmod(draw, len(_ONSETS))
            draw, vowel = divmod(draw, len(_VOWELS))
            name += _ONSETS[onset] + _VOWELS[vowel]
        name += _ENDS[draw % len(_ENDS)]
        if canary_grade(name):
            return name.capitalize()
        draw += 1
