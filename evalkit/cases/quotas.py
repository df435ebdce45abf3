"""Edge kinds by quota, never by luck: which kind case i gets is dealt from a shuffled deck, not drawn.

::

    EDGES = Deck("billing_codes.edges", {"plain": 40, "timed_boundary": 3, "units_max": 3, ...})
    EDGES.deal(seed, index)          # "units_max"

A deck holds ``shares[kind]`` cards of each kind. Cases 0 to size - 1 of a seed get one card each, the next ``size``
cases the same cards in another order, and so on: every whole block holds exactly its quota, any n cases are off by
less than one block, and case i has the same card alone, in a shard, and whatever n is.

Two decks deal independently (of another name, another order), so that their kinds meet in pairs by the product of their
shares: put what may meet in two decks (an edge of the task, a protection, a kind of name) and what may not in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from evalkit.cases.randomness import stream
from evalkit.errors import CaseError


@dataclass(frozen=True, slots=True)
class Deck:
    """Cards of several kinds. ``name`` is also the name of its stream: ``<family>.<what it deals>``.

    Raises CaseError for no cards or a negative count. Changing the shares deals every case anew; a kind that is to
    come without moving old cases goes into a new deck.
    """

    name: str
    shares: Mapping[str, int]
    """Kind -> cards in the deck, in a fixed order."""
    cards: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if any(count < 0 for count in self.shares.values()) or not sum(self.shares.values()):
            raise CaseError("a deck needs cards, and no negative count of any", where=self.name)
        cards = tuple(kind for kind, count in self.shares.items() for _ in range(count))
        object.__setattr__(self, "cards", cards)

    def deal(self, seed: int, index: int) -> str:
        """The kind of case ``index`` (from 0) of a seed."""
        block, place = divmod(index, len(self.cards))
        return self.cards[_order(self.name, len(self.cards), seed, block=block)[place]]

    def share(self, kind: str) -> float:
        """The part of all cases that gets this kind, 0 for one that the deck does not know."""
        return self.shares.get(kind, 0) / len(self.cards)

    def __len__(self) -> int:
        return len(self.cards)


@lru_cache(maxsize=256)
def _order(name: str, size: int, seed: int, *, block: int) -> tuple[int, ...]:
    """The order in which a block of cases gets the cards: one shuffle, kept while its cases are made."""
    return tuple(stream(seed, f"{name}.deck").at(block).shuffled(range(size)))
