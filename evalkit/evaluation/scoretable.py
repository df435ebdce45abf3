"""Scores as arrays: where records end and columns begin. What a stored run keeps, and what judging reads.

In: `Scores`, records by execution. Out: a `ScoreTable`, whose arrays go to disk and back as they are, and which gives
the records again to whoever asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evalkit.metrics.scoring import Ratio, Scores, Tally, Value
from evalkit.stats.columns import Floats, Places

Bytes = npt.NDArray[np.uint8]

NOTHING, FLAG, NUMBER, LABEL, RATIO, TALLY, KAPPA = range(7)
"""The kind of one value: None, bool, number, label, `Ratio`, `Tally` for the macro F1, `Tally` for kappa."""


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """What one metric said of every execution, (n,) each."""

    kinds: Bytes
    """One of the seven kinds a row."""
    numbers: Floats
    """The number; 0 or 1 for a bool, the place in ``labels`` for a label, the numerator for a `Ratio`, else 0."""
    denominators: Floats
    """Of a `Ratio`, else 0; empty where the metric has none."""
    labels: tuple[str, ...] = ()
    """The labels of single values, or the label axis of the tallies, sorted."""
    entries: Places = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    """(m, 2): row and label of every entry of every tally, by row."""
    counts: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    """(m, 3): its true positives, false positives and false negatives."""
    errors: Mapping[int, str] = field(default_factory=dict)
    """Row -> class of what was raised."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """All scores of a run, a row an execution (case-major, then trial); the cases stand apart, once each."""

    case_ids: tuple[str, ...]
    """(cases,)"""
    clusters: tuple[str, ...]
    """(cases,)"""
    tag_sets: tuple[tuple[str, ...], ...]
    """Every combination of tags that occurs."""
    tagged: Places
    """(cases,): which of them a case carries."""
    starts: Places
    """(cases,): the first row of each case."""
    trials: Places
    """(n,)"""
    metrics: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.trials)

    @property
    def tags(self) -> tuple[tuple[str, ...], ...]:
        """(cases,): the tags of each case."""
        return tuple(map(self.tag_sets.__getitem__, self.tagged.tolist()))

    def take(self, cases: Places) -> ScoreTable:
        """The table of some cases, by position, in that order."""
        sizes = np.diff(self.starts, append=len(self))[cases]
        starts = np.cumsum(sizes) - sizes
        rows = np.repeat(self.starts[cases] - starts, sizes) + np.arange(sizes.sum())
        return ScoreTable(
            case_ids=tuple(self.case_ids[case] for case in cases.tolist()),
            clusters=tuple(self.clusters[case] for case in cases.tolist()),
            tag_sets=self.tag_sets,
            tagged=self.tagged[cases],
            starts=starts.astype(np.int32),
            trials=self.trials[rows],
            metrics={name: _take(values, rows) for name, values in self.metrics.items()},
        )

    def records(self) -> Scores:
        """The scores as records, value by value."""
        sizes = np.diff(self.starts, append=len(self)).tolist()
        return Scores(
            case_ids=_repeated(self.case_ids, sizes),
            trials=tuple(self.trials.tolist()),
            clusters=_repeated(self.clusters, sizes),
            tags=_repeated(self.tags, sizes),
            values={name: _records(values) for name, values in self.metrics.items()},
            errors={name: dict(values.errors) for name, values in self.metrics.items()},
        )


def tabulate(scores: Scores) -> ScoreTable:
    """Scores as arrays. Rows that follow one another with one case id are the trials of one case."""
    starts = [row for row, case_id in enumerate(scores.case_ids) if row == 0 or scores.case_ids[row - 1] != case_id]
    places: dict[tuple[str, ...], int] = {}
    tagged = [places.setdefault(scores.tags[row], len(places)) for row in starts]
    return ScoreTable(
        case_ids=tuple(scores.case_ids[row] for row in starts),
        clusters=tuple(scores.clusters[row] for row in starts),
        tag_sets=tuple(places),
        tagged=np.array(tagged, np.int32),
        starts=np.array(starts, np.int32),
        trials=np.array(scores.trials, np.int32),
        metrics={name: _values(column, scores.errors.get(name, {})) for name, column in scores.values.items()},
    )


def _take(values: Values, rows: npt.NDArray[np.intp]) -> Values:
    place = np.full(len(values.kinds), -1, np.int32)
    place[rows] = np.arange(len(rows))
    moved = place[values.entries[:, 0]]
    kept = np.flatnonzero(moved >= 0)
    kept = kept[np.argsort(moved[kept], kind="stable")]
    return Values(
        kinds=values.kinds[rows],
        numbers=values.numbers[rows],
        denominators=values.denominators[rows] if values.denominators.size else values.denominators,
        labels=values.labels,
        entries=np.stack([moved[kept], values.entries[kept, 1]], axis=1),
        counts=values.counts[kept],
        errors={int(place[row]): error for row, error in values.errors.items() if place[row] >= 0},
    )


def _values(column: Sequence[Value], errors: Mapping[int, str]) -> Values:
    labels = _labels(column)
    place = {label: index for index, label in enumerate(labels)}
    kinds = np.fromiter(map(_kind, column), np.uint8, len(column))
    entries = [
        (row, place[label], *counts)
        for row in np.flatnonzero(kinds >= TALLY).tolist()
        for label, counts in column[row].counts.items()  # type: ignore[union-attr]
    ]
    tallied = np.array(entries, np.float64).reshape(-1, 5)
    below = [value.denominator if isinstance(value, Ratio) else 0.0 for value in column] if RATIO in kinds else ()
    return Values(
        kinds=kinds,
        numbers=np.fromiter((_number(value, place) for value in column), np.float64, len(column)),
        denominators=np.array(below, np.float64),
        labels=labels,
        entries=tallied[:, :2].astype(np.int32),
        counts=tallied[:, 2:],
        errors=dict(errors),
    )


def _labels(column: Sequence[Value]) -> tuple[str, ...]:
    found = {value for value in column if isinstance(value, str)}
    found.update(label for value in column if isinstance(value, Tally) for label in value.counts)
    return tuple(sorted(found))


def _kind(value: Value) -> int:
    if value is None:
        return NOTHING
    if isinstance(value, Tally):
        return KAPPA if value.pooled == "kappa" else TALLY
    for kind, of in ((FLAG, bool), (RATIO, Ratio), (LABEL, str)):
        if isinstance(value, of):
            return kind
    return NUMBER


def _number(value: Value, place: Mapping[str, int]) -> float:
    if isinstance(value, Ratio):
        return value.numerator
    if isinstance(value, str):
        return place[value]
    return 0.0 if value is None or isinstance(value, Tally) else float(value)


def _records(values: Values) -> tuple[Value, ...]:
    """The values again, kind by kind."""
    found: list[Value] = [None] * len(values.kinds)
    for row, number in _rows(values, FLAG):
        found[row] = bool(number)
    for row, number in _rows(values, NUMBER):
        found[row] = number
    for row, number in _rows(values, LABEL):
        found[row] = values.labels[int(number)]
    if values.denominators.size:
        below = values.denominators.tolist()
        for row, number in _rows(values, RATIO):
            found[row] = Ratio(number, below[row])
    tallies: dict[int, dict[str, Any]] = {row: {} for kind in (TALLY, KAPPA) for row, _ in _rows(values, kind)}
    for (row, label), counts in zip(values.entries.tolist(), values.counts.tolist(), strict=True):
        tallies[row][values.labels[label]] = tuple(counts)
    for row, tally in tallies.items():
        found[row] = Tally(tally, "kappa" if values.kinds[row] == KAPPA else "macro_f1")
    return tuple(found)


def _rows(values: Values, kind: int) -> list[tuple[int, float]]:
    rows = np.flatnonzero(values.kinds == kind)
    return list(zip(rows.tolist(), values.numbers[rows].tolist(), strict=True))


def _repeated(column: Sequence[Any], sizes: Sequence[int]) -> tuple[Any, ...]:
    return tuple(value for value, size in zip(column, sizes, strict=True) for _ in range(size))
