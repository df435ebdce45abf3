"""Novelty: how much of a request no gold case has ever shown.

A request becomes a set of features: pairs of neighbouring words of its texts (lower case, digits made alike), its
codes, declared words and yes-or-noes, and pairs of these. What share of them stands in no gold case? That share means
nothing by itself, because every note has words of its own; so it is held against the shares of the gold cases
themselves, each against all the others. The p-value is (1 + gold cases at least as new) / (1 + gold cases): under
exchangeability a request like the gold cases is below p with probability at most p (conformal p-value; Vovk,
Gammerman and Shafer, 2005).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from evalkit.phi.views import strings_of
from evalkit.spec.schema import Spec

Features = frozenset[tuple[str, ...]]
_DIGITS = str.maketrans("0123456789", "0000000000")


@dataclass(frozen=True, repr=False)
class Novelty:
    """What a gold set has shown, and how new its own cases are to one another. Holds words of the cases in memory."""

    known: Mapping[tuple[str, ...], int]
    """Feature -> gold cases that have it."""
    shares: tuple[float, ...]
    """The share of new features of each gold case, ascending."""

    @staticmethod
    def of(inputs: Sequence[Mapping[str, Any]], spec: Spec) -> Novelty:
        """What the inputs of a gold set show."""
        sets = [features_of(one, spec) for one in inputs]
        known = Counter(feature for features in sets for feature in features)
        return Novelty(known, tuple(sorted(_share(sum(known[one] == 1 for one in own), own) for own in sets)))

    def judge(self, input: Mapping[str, Any], spec: Spec) -> tuple[float, float]:
        """The share of features that no gold case has, and its p-value."""
        own = features_of(input, spec)
        share = _share(sum(one not in self.known for one in own), own)
        as_new = len(self.shares) - bisect_left(self.shares, share)
        return share, (1 + as_new) / (1 + len(self.shares))

    def __repr__(self) -> str:
        return f"Novelty({len(self.shares)} cases, {len(self.known)} features)"


def features_of(input: Mapping[str, Any], spec: Spec) -> Features:
    """The features of a request: of the fields that a model may be handed."""
    found: set[tuple[str, ...]] = set()
    words: list[tuple[str, str]] = []
    for name, field in spec.input.items():
        value = input.get(name)
        if field.use != "send":
            continue
        if field.type in {"enum", "boolean"}:
            words.append((name, str(value)))
        elif isinstance(value, str) and not field.phi and len(value.split()) == 1:
            words.append((name, value))  # a code
        else:
            found.update(("", *pair) for text in strings_of(value) for pair in pairwise(_words(text)))
    found.update((name, value) for name, value in words)
    found.update((one[0], one[1], *other) for one, other in combinations(words, 2))
    return frozenset(found)


def _share(new: int, features: Features) -> float:
    return new / max(len(features), 1)


def _words(text: str) -> list[str]:
    return text.lower().translate(_DIGITS).split()
