"""What patients are called: canary names, or names as they are, by quota.

A *canary name* is proof when seen alone (`evalkit.cases.vocabulary`): boundary tests use these, and they are the
default. Realistic names are what systems meet outside of tests, and none of them is proof:

============  =======================================================================================
plain         first and last name by US frequency, unscreened: the frequent ones come many times
namesake      one of a handful of the most frequent pairs, so that strangers share a name
word          a name that is also a word, a month, a drug or an eponym: April Young, Rose Parkinson
unicode       diacritics and letters beyond ASCII, composed (NFC)
decomposed    the same with combining marks (NFD), as some systems send them
hyphen        two last names with a hyphen
apostrophe    O'Brien, with a typewriter's apostrophe or the printer's
particle      de la Cruz, van der Berg: a last name of several words
one-word      people who have one name
suffix        Jr, Sr, II, III
============  =======================================================================================
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.cases.quotas import Deck
from evalkit.cases.randomness import chance, pick, stream, whole
from evalkit.cases.vocabulary import vocabulary

KINDS = Deck("patients.names", {
    "plain": 58, "namesake": 6, "word": 7, "unicode": 6, "decomposed": 3, "hyphen": 6, "apostrophe": 4, "particle": 4,
    "one-word": 3, "suffix": 3,
})  # fmt: skip
"""Cards in a hundred."""

_WORD_FIRST = ("April", "May", "June", "Rose", "Ivy", "Grace", "Hope", "Faith", "Summer", "Viola", "Allegra", "Amber",
               "Daisy", "Joy", "Christian", "Will", "Mark", "Bill", "Art", "Chase", "Hunter", "Dean", "Grant",
               "Miles")  # fmt: skip
_WORD_LAST = ("Young", "Bell", "Graves", "Parkinson", "Baker", "Stone", "Rice", "Price", "Day", "Hand", "Head",
              "Bright", "Wise", "Cross", "Rivers", "Wells", "Park", "Bishop", "Foot", "Temple", "Marsh", "Cannon",
              "Payne", "Sharp")  # fmt: skip
_UNICODE_FIRST = ("José", "Zoë", "Renée", "Łukasz", "Søren", "Jürgen", "Anaïs", "Chloé", "Mónica", "Šárka", "Đức",
                  "Nuria")  # fmt: skip
_UNICODE_LAST = ("Núñez", "Muñoz", "Nguyễn", "Wałęsa", "Dvořák", "Müller", "Åkesson", "Öztürk", "Fernández", "Côté",
                 "Šimić", "Þórsdóttir")  # fmt: skip
_APOSTROPHE = ("O'Brien", "O’Connor", "D'Angelo", "O’Neill", "N'Diaye", "D’Souza", "O'Keefe", "M'Bala")
_PARTICLE = ("de la Cruz", "van der Berg", "von Hagen", "Del Río", "St. John", "bin Rashid", "dos Santos", "Le Blanc")
_ONE_WORD = ("Suharto", "Sukarni", "Thanh", "Mariam", "Wangchuk", "Tenzin", "Nasima", "Budi")
_SUFFIXES = ("Jr", "Sr", "II", "III")
_CANARY_DIACRITIC = ("Ibáñez", "Håkansson", "Grünwald", "Østergaard", "Peñaranda", "Kovačević", "Svobodová",
                     "Bălănescu", "Çelikkaya", "Lefèvre", "Żółkowski", "Törnqvist")  # fmt: skip
_CANARY_APOSTROPHE = ("O'Halloran", "D'Agostino", "O'Shaughnessy", "L'Heureux", "D'Angelico", "O'Driscoll")
_NAMESAKES = 4
"""So many first names of a sex and last names from the top of the frequency list."""


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """A name in parts. Somebody with one name has it as first and as last."""

    first: str
    last: str
    suffix: str
    kind: str


def canary_name(draws: Sequence[int], sex: Literal["F", "M"]) -> Name:
    """A canary name from eleven draws; 6 in 100 last names each with a hyphen and diacritics, 4 with an apostrophe."""
    words = vocabulary()
    last, kind = words.last.pick(draws[2]), "plain"
    share = whole(draws[3], 0, 99)
    if share < 6:
        other = words.last.pick(draws[4])
        last, kind = (f"{last}-{other}", "hyphen") if other != last else (last, "plain")
    elif share < 12:
        last, kind = pick(draws[4], _CANARY_DIACRITIC), "diacritic"
    elif share < 16:
        last, kind = pick(draws[4], _CANARY_APOSTROPHE), "apostrophe"
    suffix = pick(draws[10], ("Jr", "III")) if sex == "M" and chance(draws[9], 0.06) else ""
    return Name(words.first(sex).pick(draws[1]), last, suffix, kind)


def realistic_name(seed: int, index: int, sex: Literal["F", "M"]) -> Name:
    """A realistic name for patient ``index`` (from 0) of a seed; ``kind`` is its card."""
    kind = KINDS.deal(seed, index)
    one, two, three, four = stream(seed, "realistic names").draws(index, 4)
    words = vocabulary()
    first, last = words.every_first(sex).pick(one), words.every_last.pick(two)
    suffix = ""
    if kind == "namesake":
        first = pick(one, words.every_first(sex).top(_NAMESAKES))
        last = pick(two, words.every_last.top(_NAMESAKES))
    elif kind == "word":
        first, last = pick(one, _WORD_FIRST), pick(two, _WORD_LAST)
    elif kind in {"unicode", "decomposed"}:
        first, last = pick(one, _UNICODE_FIRST), pick(two, _UNICODE_LAST)
        if kind == "decomposed":
            first, last = (unicodedata.normalize("NFD", part) for part in (first, last))
    elif kind == "hyphen":
        last = f"{last}-{words.every_last.pick(three)}"
    elif kind == "apostrophe":
        last = pick(two, _APOSTROPHE)
    elif kind == "particle":
        last = pick(two, _PARTICLE)
    elif kind == "one-word":
        first = last = pick(one, _ONE_WORD)
    elif kind == "suffix":
        suffix = pick(four, _SUFFIXES)
    return Name(first, last, suffix, kind)
