"""How alike the texts of many cases are: near copies make a set look larger than it is.

Texts are compared as sets of 5-grams of words, digits made alike, by Jaccard similarity (intersection over union;
Broder, 1997). The search for near copies is exact: two sets of similarity t share one of the rarest grams of each
(prefix filter; Chaudhuri, Ganti and Kaushik, 2006), so only pairs that share one are compared.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import ceil

GRAM = 5
NEAR = 0.8
_DIGIT = re.compile(r"\d")

Grams = frozenset[int]


def grams_of(text: str) -> Grams:
    """The 5-grams of a text's words, lower case, every digit as 0; numbered by hash, within one process only.

    A text of fewer words than that is one gram of its own.
    """
    words = _DIGIT.sub("0", text.lower()).split()
    return frozenset(hash(tuple(words[start : start + GRAM])) for start in range(max(len(words) - GRAM + 1, 1)))


def similarity(one: Grams, other: Grams) -> float:
    """Jaccard similarity of two sets of grams, 1 for equal ones."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def nearest_similarities(texts: Sequence[str]) -> list[float]:
    """For each text the similarity to its nearest other one. Compares all pairs that share a gram: some thousands."""
    sets = [grams_of(text) for text in texts]
    holders: dict[int, list[int]] = defaultdict(list)
    for number, grams in enumerate(sets):
        for gram in grams:
            holders[gram].append(number)
    nearest = []
    for number, grams in enumerate(sets):
        shared = Counter(other for gram in grams for other in holders[gram] if other != number)
        nearest.append(
            max((count / (len(grams) + len(sets[other]) - count) for other, count in shared.items()), default=0.0)
        )
    return nearest


def near_copies(texts: Sequence[str], *, threshold: float = NEAR) -> list[int]:
    """The numbers of the texts that have another one at least this similar (0 < threshold <= 1). Exact."""
    sets = [grams_of(text) for text in texts]
    frequency = Counter(gram for grams in sets for gram in grams)
    holders: dict[int, list[int]] = defaultdict(list)
    alike: set[int] = set()
    for number, grams in enumerate(sets):
        rarest = sorted(grams, key=lambda gram: (frequency[gram], gram))
        prefix = rarest[: len(grams) - ceil(threshold * len(grams)) + 1]
        rivals = {other for gram in prefix if frequency[gram] > 1 for other in holders[gram]}
        for other in rivals:
            if not (number in alike and other in alike) and similarity(grams, sets[other]) >= threshold:
                alike |= {number, other}
        for gram in prefix:
            holders[gram].append(number)
    return sorted(alike)


def group_near(texts: Sequence[str], *, threshold: float = NEAR) -> list[int]:
    """For each text the number of the first text that it is a near copy of, its own where it is a new one. Exact.

    Texts are held against the firsts of groups alone: a copy of a copy that has drifted away begins a group.
    """
    sets = [grams_of(text) for text in texts]
    frequency = Counter(gram for grams in sets for gram in grams)
    holders: dict[int, list[int]] = defaultdict(list)
    first = []
    for number, grams in enumerate(sets):
        rarest = sorted(grams, key=lambda gram: (frequency[gram], gram))
        prefix = rarest[: len(grams) - ceil(threshold * len(grams)) + 1]
        rivals = sorted({other for gram in prefix if frequency[gram] > 1 for other in holders[gram]})
        first.append(next((one for one in rivals if similarity(grams, sets[one]) >= threshold), number))
        for gram in prefix if first[-1] == number else ():
            holders[gram].append(number)
    return first
