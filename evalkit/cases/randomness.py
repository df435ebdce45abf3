"""Counter-based randomness: case i has the same draws alone, in a shard, or after a new field was added elsewhere.

In: a seed, the name of a concern (``identity``, ``contact``, ``scenario``), a case index. Out: 64-bit integers.
Each block of eight draws is one keyed BLAKE2b digest (RFC 7693) of (index, block), so nothing depends on what was
drawn before: a longer read of the same index starts with the shorter one.

One stream per concern, named ``<family>.<concern>``: a family that later tells more draws it from a stream of a new
name, and every old case keeps its bytes. Concerns in use: ``facts`` (what happened), ``visit`` (dates, people met),
``note`` (words and layout), ``edges`` (`quotas`), and a stream of its own for everything that came later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from struct import Struct, error
from typing import TypeVar

from evalkit.errors import CaseError

DRAW_BITS = 64
DRAWS_PER_BLOCK = 8

Item = TypeVar("Item")
_counter, _unpacked = Struct("<QQ").pack, Struct("<8Q").unpack


@dataclass(frozen=True, slots=True)
class Stream:
    """The draws of one concern. Equal (seed, name) give equal draws on every machine and Python."""

    seed: int
    name: str
    _keyed: blake2b = field(init=False, repr=False, compare=False)
    """The hash with its key taken in, copied for every block: that is twice as quick as making it anew."""

    def __post_init__(self) -> None:
        key = blake2b(f"evalkit/{self.seed}/{self.name}".encode(), digest_size=64).digest()
        object.__setattr__(self, "_keyed", blake2b(key=key, digest_size=64))

    def draws(self, index: int, k: int) -> tuple[int, ...]:
        """The first ``k`` draws of case ``index`` (0 <= index < 2**64), each in [0, 2**64).

        Raises CaseError for a negative or too large index.
        """
        found = self.block(index)
        for block in range(1, (k + DRAWS_PER_BLOCK - 1) // DRAWS_PER_BLOCK):
            found += self.block(index, block)
        return found[:k]

    def at(self, index: int) -> Dice:
        """The draws of case ``index`` one after another, as many as are asked for."""
        return Dice(self, index)

    def block(self, index: int, block: int = 0) -> tuple[int, ...]:
        """Eight draws of case ``index``: those from ``8 * block`` on."""
        hashed = self._keyed.copy()
        try:
            hashed.update(_counter(index, block))
        except error:
            raise CaseError("a case index lies outside 0 .. 2**64 - 1", where=f"stream {self.name}") from None
        return _unpacked(hashed.digest())


@lru_cache(maxsize=256)
def stream(seed: int, name: str) -> Stream:
    """The stream of a seed and a concern; the same object each time, for its key takes longer to make than a draw."""
    return Stream(seed, name)


class Dice:
    """Draws of one case in order. Another pull in the middle shifts the later ones of this stream and case only."""

    __slots__ = ("_block", "_index", "_left", "_stream")

    def __init__(self, stream: Stream, index: int) -> None:
        self._stream = stream
        self._index = index
        self._block = 0
        self._left: list[int] = []

    def draw(self) -> int:
        """The next integer in [0, 2**64)."""
        # a note takes a hundred draws and more, so `pick` and its like repeat this instead of calling it
        return self._left.pop() if self._left else self._refill()

    def _refill(self) -> int:
        """The first draw of the next block; the others wait, last first."""
        self._left = left = list(self._stream.block(self._index, self._block))
        left.reverse()
        self._block += 1
        return left.pop()

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        draw = self._left.pop() if self._left else self._refill()
        return low + ((draw * (high - low + 1)) >> DRAW_BITS)

    def unit(self) -> float:
        """A number in [0, 1)."""
        return unit(self.draw())

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        draw = self._left.pop() if self._left else self._refill()
        return (draw >> 11) * 2.0**-53 < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, all equally likely. Raises CaseError where there are none."""
        if not items:
            raise CaseError("nothing to pick from")
        draw = self._left.pop() if self._left else self._refill()
        return items[(draw * len(items)) >> DRAW_BITS]

    def weighted(self, items: Sequence[Item], totals: Sequence[float]) -> Item:
        """One of the items by their running totals (`running_totals`)."""
        return weighted(self.draw(), items, totals)

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order (Fisher and Yates); one draw for each item but the first."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            draw = self._left.pop() if self._left else self._refill()
            other = (draw * (last + 1)) >> DRAW_BITS
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """``count`` different items in random order; all of them where there are fewer."""
        return self.shuffled(items)[:count]


def whole(draw: int, low: int, high: int) -> int:
    """A draw as a whole number from low to high, both included (multiply and shift; bias below range / 2**64)."""
    return low + ((draw * (high - low + 1)) >> DRAW_BITS)


def unit(draw: int) -> float:
    """A draw as a number in [0, 1), 53 bits."""
    return (draw >> 11) * 2.0**-53


def chance(draw: int, probability: float) -> bool:
    """True for the given share of draws."""
    return unit(draw) < probability


def pick(draw: int, items: Sequence[Item]) -> Item:
    """One of the items, all equally likely. Raises CaseError where there are none."""
    if not items:
        raise CaseError("nothing to pick from")
    return items[(draw * len(items)) >> DRAW_BITS]


def running_totals(weights: Sequence[float]) -> tuple[float, ...]:
    """Running sums of weights, for `weighted`."""
    return tuple(accumulate(weights))


def weighted(draw: int, items: Sequence[Item], totals: Sequence[float]) -> Item:
    """One of the items, each as likely as its share of the running totals (`running_totals` of the weights)."""
    if not items or len(items) != len(totals):
        raise CaseError("items and running totals differ in length, or there are none")
    place = bisect_right(totals, unit(draw) * totals[-1])
    return items[min(place, len(items) - 1)]
