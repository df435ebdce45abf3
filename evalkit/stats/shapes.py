"""Shapes: a column before and after, in a few bars, of counts that may be written down."""

from __future__ import annotations

import numpy as np

from evalkit.errors import StatisticsError
from evalkit.stats.cells import Counts, Floats, Numbers, align
from evalkit.stats.levels import Groups, Levels, add_levels
from evalkit.stats.profile import Column

MOST_BARS = 12


def tenths(before: Floats) -> Counts:
    """First position of at most ten groups of neighbouring bins that hold about a tenth of ``before`` each."""
    running = np.cumsum(before) - before / 2
    band = np.minimum((running / max(float(before.sum()), 1.0) * 10).astype(np.int64), 9)
    return np.asarray(np.flatnonzero(np.diff(band, prepend=-1)))


def shape_of(reference: Column, window: Column) -> tuple[list[str], Floats, Floats]:
    """(labels, shares of the reference, shares of the window) of at most `MOST_BARS` bars.

    Both sides are suppressed first, so that no bar is made of fewer than 11 rows that would be told apart. Numbers are
    labelled with the middle of each bar. Raises StatisticsError for columns of two kinds or scales.
    """
    if isinstance(reference, Numbers) and isinstance(window, Numbers) and reference.scale == window.scale:
        before, after = align(reference.suppress(), window.suppress())
        first = tenths(before.counts.astype(float))
        labels = [f"{value:.3g}" for value in _middles(before, first)]
        bars = [np.add.reduceat(part.counts, first).astype(float) for part in (before, after)]
        return labels, _share(bars[0]), _share(bars[1])
    if isinstance(reference, Levels | Groups) and isinstance(window, Levels | Groups):
        one = reference.suppress() if isinstance(reference, Levels) else reference
        other = window.suppress() if isinstance(window, Levels) else window
        common = np.intersect1d(one.starts, other.starts, assume_unique=True)
        one, other = one.regroup(common), other.regroup(common)
        both = add_levels(one, other)
        assert isinstance(both, Groups)
        order = np.argsort(-both.counts, kind="stable")
        shown, rest = order[: MOST_BARS - 1], order[MOST_BARS - 1 :]
        labels = [_short(both.label(int(group))) for group in shown]
        bars = [counts[shown].astype(float) for counts in (one.counts, other.counts)]
        if len(rest):
            labels.append("others")
            bars = [np.append(bar, part.counts[rest].sum()) for bar, part in zip(bars, (one, other), strict=True)]
        return labels, _share(bars[0]), _share(bars[1])
    raise StatisticsError("two columns of different kinds have no shape in common")


def _middles(column: Numbers, first: Counts) -> list[float]:
    """The median of the rows of each bar, as the bins have it."""
    ends = [*first[1:].tolist(), len(column.starts)]
    inner = [column.middles[at:end] for at, end in zip(first.tolist(), ends, strict=True)]
    rows = [np.cumsum(column.counts[at:end]) for at, end in zip(first.tolist(), ends, strict=True)]
    return [
        float(places[np.searchsorted(running, running[-1] / 2)]) for places, running in zip(inner, rows, strict=True)
    ]


def _share(counts: Floats) -> Floats:
    return np.asarray(counts / max(float(counts.sum()), 1.0))


def _short(label: str) -> str:
    return label if len(label) <= 18 else label[:17] + "…"
