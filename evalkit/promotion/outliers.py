"""Outliers: inputs that a profile of the reference makes unlikely, named by column and never by value.

A number is out where at most one in a thousand rows of the reference lies as far out; a label where the reference had
it in at most ten rows, and had rows enough (`FEWEST`) for that to be one in a hundred or less; nothing where the
reference always had something. A profile holds counts in bins of at least eleven rows, so a number in the outermost bin
is only out where that bin holds no more than a thousandth, or where it lies beyond all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from evalkit.stats.cells import Numbers
from evalkit.stats.levels import Groups, Levels
from evalkit.stats.profile import Profile

TAIL = 0.001
"""Share of the reference's rows beyond which a number is out."""
FEWEST = 1000
"""Rows of a reference that can call a label rare."""
_ASKED = ("input.", "flag.")


def outliers(row: Mapping[str, Sequence[Any]], profile: Profile) -> Iterator[tuple[str, str]]:
    """The columns of a request in which it is out, each with how: ``above``, ``below``, ``rare``, ``missing``.

    ``row`` is one request as `evalkit.evaluation.drift.tabulate` gives it; ``profile`` the reference, suppressed.
    """
    for name, values in row.items():
        column = profile.columns.get(name)
        if column is None or not name.startswith(_ASKED) or not values:
            continue
        value, counted = values[0], column.rows - (column.missing or 0)
        if value is None:
            how = "missing" if column.missing == 0 and counted >= FEWEST else None
        elif isinstance(column, Numbers):
            how = _far(float(value), column)
        else:
            how = "rare" if counted >= FEWEST and not _named(value, column) else None
        if how is not None:
            yield name, how


def _far(value: float, column: Numbers) -> str | None:
    counts, _ = column.scale.count(np.array([value]))
    cell = int(np.argmax(counts))
    place = int(np.searchsorted(column.starts, cell, side="right")) - 1
    total = int(column.counts.sum())
    if not total:
        return None
    upper, lower = int(column.counts[place:].sum()), int(column.counts[: place + 1].sum())
    if upper <= TAIL * total:
        return "above"
    return "below" if lower <= TAIL * total else None


def _named(value: Any, column: Levels | Groups) -> bool:
    label = str(value)
    if isinstance(column, Levels):
        return column.counts.get(label, 0) > 10
    return any(label in names for names in column.names)
