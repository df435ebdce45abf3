"""Columns: the values of one metric, a row a case, and what each case adds to the metric's estimate.

Every estimate here is a smooth function of sums over cases, so one picture serves all: a value, and each case's
*influence* on it (the first-order term, summing to zero). The variance of the estimate is then that of the sums of
influences by cluster, whatever the metric: the clustered standard error of a mean (Miller 2024, arXiv 2411.00640),
the delta method for a ratio of sums, for macro F1 and for kappa, and by subtraction the same for a paired difference.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from evalkit.errors import StatisticsError

Kind = Literal["binary", "mean", "ratio", "macro_f1", "kappa"]
TALLIED: tuple[Kind, ...] = ("macro_f1", "kappa")
"""The kinds that count by label."""
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int32]
Clusters = Sequence[Hashable] | Codes


@dataclass(frozen=True, eq=False)
class Column:
    """One metric over n cases. A row of NaN was not judged and is left out. Build one with the functions below."""

    kind: Kind
    values: Floats
    """binary and mean: (n,), means over trials; ratio: (n, 2), numerator and denominator; macro_f1 and kappa:
    (n, labels, 3), true positives, false positives, false negatives. Counts are sums over trials."""
    clusters: Codes
    """(n,): rows of one code belong together (one patient, one template)."""
    labels: tuple[str, ...] = ()
    """The label axis of macro_f1 and kappa, sorted."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Mask | Codes) -> Column:
        """The column of some rows, by mask or position: a slice of the cases."""
        if rows.dtype == np.bool_ and rows.all():
            return self
        return Column(self.kind, self.values[rows], self.clusters[rows], self.labels)

    @property
    def rows(self) -> Floats:
        """The values as a matrix, a row a case."""
        return self.values.reshape(len(self), math.prod(self.values.shape[1:]))

    @cached_property
    def finite(self) -> Mask:
        """Rows that carry a value."""
        return np.isfinite(self.rows @ np.ones(self.rows.shape[1]))  # a row with a NaN sums to NaN

    @cached_property
    def judged(self) -> Mask:
        """Rows that say something: with a value, and for counts with a denominator above 0."""
        if self.kind == "ratio":
            return self.finite & (self.values[:, 1] > 0)
        if self.kind in TALLIED:
            return np.asarray(self.rows @ np.ones(self.rows.shape[1]) > 0)  # NaN is not above 0
        return self.finite

    @cached_property
    def whole(self) -> bool:
        """Is every value 0 or 1, and every case its own cluster? Then counts say it all."""
        if self.kind != "binary" or count_clusters(self.clusters) < len(self):
            return False
        return bool(((self.values == 0) | (self.values == 1)).all())

    @property
    def bounded(self) -> bool:
        """Does the estimate lie in [0, 1]? False for a ratio whose numerators exceed denominators, and for a kappa
        of 0 or below."""
        if self.kind == "kappa":
            return influence(self).value > 0
        if self.kind != "ratio":
            return True
        return not bool((self.values[:, 0] > self.values[:, 1]).any())


def cluster_codes(clusters: Clusters) -> Codes:
    """Integers for cluster ids, by first appearance; an array of integers is taken as it is."""
    if isinstance(clusters, np.ndarray):
        return clusters.astype(np.int64, copy=False)
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(cluster, len(seen)) for cluster in clusters), np.int64, len(clusters))


def binary(values: Sequence[float | None] | Floats, clusters: Clusters) -> Column:
    """Right or wrong, (n,): 0 or 1, or the share of right trials. None and NaN are not judged."""
    return _column("binary", _in_range(_floats(values)), clusters)


def mean(values: Sequence[float | None] | Floats, clusters: Clusters) -> Column:
    """Scores in [0, 1], (n,), means over trials. None and NaN are not judged."""
    return _column("mean", _in_range(_floats(values)), clusters)


def ratio(
    numerators: Sequence[float | None] | Floats, denominators: Sequence[float | None] | Floats, clusters: Clusters
) -> Column:
    """Counts, (n,) each, summed over trials: the estimate is sum(numerators) / sum(denominators)."""
    top, bottom = _floats(numerators), _floats(denominators)
    if top.shape != bottom.shape:
        raise StatisticsError(f"{len(top)} numerators stand beside {len(bottom)} denominators")
    return _column("ratio", _not_negative(np.stack([top, bottom], axis=1)), clusters)


def macro_f1(tallies: Sequence[Mapping[str, tuple[float, float, float]] | None], clusters: Clusters) -> Column:
    """Per case label -> (tp, fp, fn), summed over trials; the estimate is the mean over labels of F1.

    A label counts where it has any count at all. None is not judged.
    """
    labels = sorted({label for tally in tallies if tally is not None for label in tally})
    place = {label: index for index, label in enumerate(labels)}
    values = np.zeros((len(tallies), len(labels), 3))
    for row, tally in enumerate(tallies):
        if tally is None:
            values[row] = np.nan
            continue
        for label, counts in tally.items():
            values[row, place[label]] = counts
    return macro_f1_of(values, tuple(labels), clusters)


def macro_f1_of(counts: Floats, labels: tuple[str, ...], clusters: Clusters) -> Column:
    """Counts, (n, labels, 3): true positives, false positives, false negatives by case; a case of NaN is not judged."""
    if counts.shape[1:] != (len(labels), 3):
        raise StatisticsError(f"counts of shape {counts.shape} stand beside {len(labels)} labels")
    return _column("macro_f1", _not_negative(counts), clusters, labels)


def kappa_of(counts: Floats, labels: tuple[str, ...], clusters: Clusters) -> Column:
    """Counts as for `macro_f1_of`; the estimate is Cohen's kappa (1960) of all items. A wrong item counts as a false
    negative of the label that is right and a false positive of the label that was given."""
    return replace(macro_f1_of(counts, labels, clusters), kind="kappa")


def scopes(tag_sets: Sequence[Sequence[str]], carried: Codes | Places) -> dict[str, Mask]:
    """Scope -> mask of rows: ``all`` first, then ``tag:<tag>`` by name. Row i has the tags ``tag_sets[carried[i]]``."""
    masks = {"all": np.ones(len(carried), dtype=np.bool_)}
    for tag in sorted({tag for tags in tag_sets for tag in tags}):
        masks[f"tag:{tag}"] = np.array([tag in tags for tags in tag_sets], dtype=np.bool_)[carried]
    return masks


def relabel(column: Column, labels: tuple[str, ...]) -> Column:
    """A column by label on a label axis that holds its own: labels that it lacks have no counts."""
    if column.kind not in TALLIED or column.labels == labels:
        return column
    values = np.where(column.finite[:, None, None], 0.0, np.nan) * np.ones((1, len(labels), 3))
    values[:, np.searchsorted(labels, column.labels)] = column.values
    return Column(column.kind, values, column.clusters, labels)


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """An estimate, and what each case adds to it."""

    value: float
    """NaN where nothing was judged."""
    parts: Floats
    """(n,), summing to 0; 0 for a row that was not judged."""


def influence(column: Column) -> Influence:
    """The estimate of a column and the influence of each row on it: its values times the gradient of the estimate.

    Mean: (x - m) / n. Ratio R: (numerator - R denominator) / sum of denominators. Macro F1: the mean over labels of
    the same with numerator 2 tp and denominator 2 tp + fp + fn. Kappa: the same with numerator n A - E and denominator
    n^2 - E, where of n items A agree and E is the sum over labels of (tp + fn) (tp + fp).
    """
    rows = column.judged
    if not rows.any():
        return Influence(float("nan"), np.zeros(len(column)))
    taken, parts = column.take(rows).rows, np.zeros(len(column))
    if column.kind in ("binary", "mean"):
        value = float(taken.mean())
        parts[rows] = (taken[:, 0] - value) / len(taken)
        return Influence(value, parts)
    sums = taken.sum(axis=0)
    if column.kind == "ratio":
        value, gradient = _of_ratio(sums)
    else:
        value, gradient = (_of_kappa if column.kind == "kappa" else _of_macro_f1)(sums.reshape(-1, 3))
    parts[rows] = taken @ gradient
    return Influence(value, parts)


def _of_ratio(sums: Floats) -> tuple[float, Floats]:
    """The ratio and its gradient, (2,), from the sums of numerators and denominators."""
    value = float(sums[0] / sums[1])
    return value, np.array([1.0, -value]) / sums[1]


def _of_macro_f1(sums: Floats) -> tuple[float, Floats]:
    """The mean of F1 over the labels that have counts, and its gradient, (labels x 3,), from sums (labels, 3)."""
    sizes = sums @ np.array([2.0, 1.0, 1.0])
    carried = sizes > 0
    f1 = np.divide(2 * sums[:, 0], sizes, out=np.zeros(len(sizes)), where=carried)
    gradient = np.stack([2 - 2 * f1, -f1, -f1], axis=1) / np.where(carried, sizes, np.inf)[:, None]
    return float(f1.sum() / carried.sum()), gradient.ravel() / carried.sum()


def _of_kappa(sums: Floats) -> tuple[float, Floats]:
    """Cohen's kappa and its gradient, (labels x 3,), from sums (labels, 3); 1 where all items have one label."""
    right, given = sums @ np.array([1.0, 0, 1]), sums @ np.array([1.0, 1, 0])
    n, agreed, expected = float(right.sum()), float(sums[:, 0].sum()), float(right @ given)
    below = n * n - expected
    if below <= 0:
        return 1.0, np.zeros(sums.size)
    value = (n * agreed - expected) / below
    above_by = np.stack([n + agreed - right - given, -right, agreed - given], axis=1)
    below_by = np.stack([2 * n - right - given, -right, 2 * n - given], axis=1)
    return value, ((above_by - value * below_by) / below).ravel()


def cases(column: Column) -> Floats:
    """The value of each case alone, (n,): the share, the ratio, or the case's own F1, which for a kappa is the share of
    its items that agree; NaN where it has none.

    A case with nothing to find and nothing found has F1 1.
    """
    if column.kind in ("binary", "mean"):
        return column.values
    if column.kind == "ratio":
        top, bottom = column.values[:, 0], column.values[:, 1]
    else:
        top, bottom = (column.rows @ np.tile(weights, len(column.labels)) for weights in ((2, 0, 0), (2.0, 1, 1)))
    empty = 1.0 if column.kind in TALLIED else np.nan
    alone = np.divide(top, bottom, out=np.full(len(column), empty), where=bottom > 0)
    return np.where(column.finite, alone, np.nan)


def count_clusters(clusters: Codes) -> int:
    """How many clusters the codes name."""
    return int(np.count_nonzero(np.bincount(clusters)))


def cluster_sums(parts: Floats, clusters: Codes) -> Floats:
    """Sums of (n,) parts by cluster, (G,), in the order of the codes."""
    sums = np.bincount(clusters, weights=parts).astype(np.float64)
    return sums[np.bincount(clusters) > 0]


def standard_error(parts: Floats, clusters: Codes) -> float:
    """The clustered standard error: sqrt(G / (G - 1) x sum over clusters of (sum of influences)^2).

    NaN for fewer than 2 clusters. Equals s / sqrt(n) where every case is its own cluster.
    """
    sums = cluster_sums(parts, clusters)
    count = len(sums)
    return float(np.sqrt(count / (count - 1) * np.square(sums).sum())) if count > 1 else float("nan")


def _floats(values: Sequence[float | None] | Floats) -> Floats:
    return np.asarray(values, dtype=np.float64).reshape(-1)


def _in_range(values: Floats) -> Floats:
    if ((values < 0) | (values > 1)).any():
        raise StatisticsError("a score lies outside [0, 1]", next_step="scale the metric, or use a ratio")
    return values


def _not_negative(values: Floats) -> Floats:
    if (values < 0).any():
        raise StatisticsError("a count is negative")
    return values


def _column(kind: Kind, values: Floats, clusters: Clusters, labels: tuple[str, ...] = ()) -> Column:
    codes = cluster_codes(clusters)
    if len(codes) != len(values):
        raise StatisticsError(f"{len(values)} values stand beside {len(codes)} cluster ids")
    if len(codes) and codes.min() < 0:
        raise StatisticsError("a cluster code is negative")
    return Column(kind, values, codes, labels)
