"""Cells: a column of numbers as counts, on a grid that serves short and long tails alike.

The cells are equally wide in u = z / (1 + |z|), z = (x - centre) / step: about 0.0005 steps wide in the middle and
ever wider outwards, so that one grid serves a confidence and a latency with a long tail. Centre and step are a median
rounded to the step, and a power of two near the spread: neither is a value of anybody's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evalkit.stats.levels import LEAST

CELLS = 4096

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
_CHUNK = 8_192  # values at a time: what is computed stays in the cache, and no product is shared out over threads
_HALF = CELLS // 2
_FARTHEST = 1e150
_FINEST = -60  # steps below 2^-60 are rounding


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the cells of a numeric column lie."""

    centre: float
    step: float
    """A power of two."""

    def count(self, values: Floats) -> tuple[Counts, int]:
        """Counts of (n,) values by cell, (4096,), and how many of them are no finite number."""
        counts, missing = np.zeros(CELLS + 1, np.int64), 0
        held, size, cell = np.empty(_CHUNK), np.empty(_CHUNK), np.empty(_CHUNK, np.int32)
        for start in range(0, len(values), _CHUNK):
            part = values[start : start + _CHUNK]
            if not math.isfinite(float(np.dot(part, part))):  # something is no number, or absurdly far out
                finite = part[np.isfinite(part)]
                missing += len(part) - len(finite)
                part = np.clip(finite, -_FARTHEST, _FARTHEST)
            z, reach, at = held[: len(part)], size[: len(part)], cell[: len(part)]
            np.subtract(part, self.centre, out=z)
            np.multiply(z, _HALF / self.step, out=z)
            np.abs(z, out=reach)
            np.add(reach, _HALF, out=reach)
            np.divide(z, reach, out=z)
            np.multiply(z, _HALF, out=z)
            np.add(z, _HALF, out=z)
            np.copyto(at, z, casting="unsafe")
            counts += np.bincount(at, minlength=CELLS + 1)
        counts[CELLS - 1] += counts[CELLS]  # what lies so far out that it rounds to the upper end
        return counts[:CELLS], missing

    def places(self, cells: Floats) -> Floats:
        """Values that lie at (fractional) cells: the inverse of the grid."""
        u = np.clip(cells / _HALF - 1, -1 + 1e-9, 1 - 1e-9)
        return np.asarray(self.centre + self.step * u / (1 - np.abs(u)))


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A numeric column as counts."""

    scale: Scale
    starts: Counts
    """First cell of each bin, ascending, from 0."""
    counts: Counts
    """Rows in each bin."""
    missing: int | None
    """Rows without a number; None where they were too few to be told apart and are counted in the lowest bin."""

    @property
    def rows(self) -> int:
        """Rows of the column, those without a number included."""
        return int(self.counts.sum()) + (self.missing or 0)

    @property
    def middles(self) -> Floats:
        """The value in the middle of each bin."""
        ends = np.append(self.starts[1:], CELLS)
        return self.scale.places((self.starts + ends) / 2)

    @property
    def spread(self) -> float:
        """The standard deviation, as the bins have it; 0 where there is no number."""
        places, shares = self.middles, self.counts / max(int(self.counts.sum()), 1)
        centre = float((shares * places).sum())
        return math.sqrt(float((shares * np.square(places - centre)).sum()))

    def quantile(self, share: float) -> float:
        """The middle of the bin that holds the quantile, to 1/512 of a step; NaN where there is no number."""
        if not self.counts.sum():
            return math.nan
        running, grain = np.cumsum(self.counts), self.scale.step / 512
        return round(float(self.middles[np.searchsorted(running, share * running[-1])]) / grain) * grain

    def regroup(self, starts: Counts) -> Numbers:
        """The column in bins that begin at some of its own ``starts``."""
        if starts is self.starts:
            return self
        at = starts if len(self.starts) == CELLS else np.searchsorted(self.starts, starts)
        return Numbers(self.scale, starts, np.add.reduceat(self.counts, at), self.missing)

    def suppress(self) -> Numbers:
        """Bins that each hold no row or at least `LEAST`, made by halving; one bin where there are not as many rows."""
        pooled = self.missing if self.missing is not None and 0 < self.missing < LEAST else 0
        if not pooled and not ((self.counts > 0) & (self.counts < LEAST)).any():
            return self
        counts = self.counts.copy()
        counts[0] += pooled
        fine = np.zeros(CELLS, np.int64)
        fine[self.starts] = counts
        starts = np.intersect1d(_halve(fine), self.starts, assume_unique=True)
        return Numbers(self.scale, self.starts, counts, None if pooled else self.missing).regroup(starts)


def count_numbers(values: Floats, scale: Scale) -> Numbers:
    """A column on a given grid."""
    counts, missing = scale.count(values)
    return Numbers(scale, np.arange(CELLS), counts, missing)


def read_numbers(values: Any) -> Floats | None:
    """The column as floats with NaN for None, or None where it is none of numbers. Booleans are labels."""
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if kind is not None and kind in "iuf":
        return np.ascontiguousarray(values, dtype=np.float64)
    if isinstance(values, list | tuple) and all(v is None or type(v) in (int, float) for v in values):
        return np.array([math.nan if v is None else v for v in values], dtype=np.float64)
    return None


def find_scale(values: Floats) -> Scale:
    """A median rounded to the step, and a power of two near the spread."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Scale(0.0, 1.0)
    low, middle, high = (float(quantile) for quantile in np.quantile(finite, (0.25, 0.5, 0.75)))
    spread = (high - low) / 1.349 or float(finite.std()) or abs(middle) / 1024 or 1.0
    step = 2.0 ** max(_FINEST, round(math.log2(min(spread, _FARTHEST))))
    return Scale(round(middle / step) * step, step)


def add_numbers(one: Numbers, other: Numbers) -> Numbers:
    """Two columns of one scale together, in the finest bins that they share."""
    left, right = align(one, other)
    counts = left.counts + right.counts
    if left.missing is not None and right.missing is not None:
        return Numbers(one.scale, left.starts, counts, left.missing + right.missing)
    counts[0] += (left.missing or 0) + (right.missing or 0)
    return Numbers(one.scale, left.starts, counts, None)


def align(one: Numbers, other: Numbers) -> tuple[Numbers, Numbers]:
    """Both columns in the finest bins that they share."""
    if len(other.starts) == CELLS:
        common = one.starts
    elif len(one.starts) == CELLS:
        common = other.starts
    else:
        common = np.intersect1d(one.starts, other.starts, assume_unique=True)
    return one.regroup(common), other.regroup(common)


def _halve(cells: Counts) -> Counts:
    """Starts of bins made by halving, as long as each half holds no row or at least `LEAST`.

    Halves have the same places in every profile, so that two suppressed profiles still share most of their bins.
    """
    levels = [cells]
    while len(levels[0]) > 1:
        levels.insert(0, levels[0].reshape(-1, 2).sum(axis=1))
    reached = np.ones(1, np.bool_)
    starts: list[Counts] = []
    for depth, halves in enumerate(levels[1:], start=1):
        fine = ((halves == 0) | (halves >= LEAST)).reshape(-1, 2).all(axis=1)
        splits = reached & fine
        starts.append(np.flatnonzero(reached & ~splits) * (CELLS >> (depth - 1)))
        reached = np.repeat(splits, 2)
    starts.append(np.flatnonzero(reached))
    return np.sort(np.concatenate(starts))
