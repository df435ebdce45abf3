"""Traces: which rows of the spec each case touched, for thousands of cases in three arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.stats.columns import Mask, Places


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """For each case the spec rows that its executions rest on: ``traces[i]`` is a set of row ids."""

    rows: tuple[str, ...]
    """Every row that occurs, sorted."""
    ends: Places
    """(cases,): where the rows of each case end in ``places``."""
    places: Places
    """Places in ``rows``, case after case."""

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, case: int) -> frozenset[str]:
        start = int(self.ends[case - 1]) if case else 0
        return frozenset(map(self.rows.__getitem__, self.places[start : self.ends[case]].tolist()))

    def take(self, cases: Places) -> Traces:
        """The traces of some cases, by position, in that order."""
        return gather_traces([self[case] for case in cases.tolist()])

    def touching(self, row: str) -> Mask:
        """(cases,): which cases touched a row."""
        touched = np.zeros(len(self), dtype=np.bool_)
        if row in self.rows:
            hits = np.flatnonzero(self.places == self.rows.index(row))
            touched[np.searchsorted(self.ends, hits, side="right")] = True
        return touched


def gather_traces(cases: Sequence[frozenset[str]]) -> Traces:
    """The rows that each case touched, put together."""
    rows = tuple(sorted(frozenset().union(*cases)))
    place = {row: index for index, row in enumerate(rows)}
    places = [place[row] for touched in cases for row in sorted(touched)]
    return Traces(rows, np.cumsum([len(touched) for touched in cases], dtype=np.int32), np.array(places, np.int32))


NO_TRACES = gather_traces(())
"""Of a run that kept none."""
