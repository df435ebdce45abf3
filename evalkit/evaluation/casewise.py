"""Scores by case: trials reduced, one `Column` a metric.

Over repeated trials a bool or a number becomes the mean of what was judged, counts become sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.evaluation.scoretable import FLAG, KAPPA, LABEL, NOTHING, NUMBER, RATIO, TALLY, ScoreTable, Values
from evalkit.stats.columns import (
    Codes,
    Column,
    Floats,
    Mask,
    Places,
    binary,
    cluster_codes,
    influence,
    kappa_of,
    macro_f1_of,
    mean,
    ratio,
    scopes,
)


@dataclass(frozen=True, slots=True, eq=False)
class Casewise:
    """The scores of a run, a row a case."""

    case_ids: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    columns: Mapping[str, Column]
    """Metric -> column. A metric whose values are labels, or that judged nothing, has none."""
    not_applicable: Mapping[str, Codes]
    """Metric -> executions of each case that it left out."""
    errors: Mapping[str, Codes]
    """Metric -> executions of each case where it or the agent raised."""
    masks: Mapping[str, Mask]
    """Scope (``all``, ``tag:<tag>``) -> the rows that it holds."""


def reduce_trials(table: ScoreTable) -> Casewise:
    """Bring a table of scores to a row a case."""
    clusters = cluster_codes(table.clusters)
    columns: dict[str, Column] = {}
    left_out: dict[str, Codes] = {}
    raised: dict[str, Codes] = {}
    for metric, values in table.metrics.items():
        column = _column(values, table.starts, clusters)
        if column is not None:
            columns[metric] = column
        failed = np.zeros(len(table), dtype=np.bool_)
        failed[list(values.errors)] = True
        raised[metric] = _sums(failed, table.starts)
        left_out[metric] = _sums(values.kinds == NOTHING, table.starts) - raised[metric]
    return Casewise(
        case_ids=table.case_ids,
        tags=table.tags,
        columns=columns,
        not_applicable=left_out,
        errors=raised,
        masks=scopes(table.tag_sets, table.tagged),
    )


def point_estimates(table: ScoreTable) -> dict[str, float]:
    """Metric -> its figure over all cases, without an interval."""
    return {metric: influence(column).value for metric, column in reduce_trials(table).columns.items()}


def _sums(rows: Floats | Mask, starts: Places) -> Codes:
    """Sums of whole numbers by case."""
    return np.rint(_totals(rows, starts)).astype(np.int64)


def _totals(rows: Floats | Mask, starts: Places) -> Floats:
    """Sums by case, a case reaching from one start to the next."""
    if len(starts) == len(rows):  # one trial a case
        return rows.astype(np.float64)
    return np.add.reduceat(rows.astype(np.float64), starts)


def _column(values: Values, starts: Places, clusters: Codes) -> Column | None:
    """The column of one metric; its kind is that of the first value there is."""
    first = values.kinds[(values.kinds != NOTHING).argmax()] if values.kinds.any() else NOTHING
    if first in (NOTHING, LABEL):
        return None
    if first == RATIO:
        judged = values.kinds == RATIO
        top, bottom = (_or_nothing(part, judged, starts) for part in (values.numbers, values.denominators))
        return ratio(top, bottom, clusters)
    if first in (TALLY, KAPPA):
        return _tallied(values, starts, clusters, kappa=bool(first == KAPPA))
    judged = (values.kinds == FLAG) | (values.kinds == NUMBER)
    many = _totals(judged, starts)
    means = np.divide(
        _or_nothing(values.numbers, judged, starts), many, out=np.full(len(starts), np.nan), where=many > 0
    )
    return binary(means, clusters) if first == FLAG else mean(means, clusters)


def _or_nothing(part: Floats, judged: Mask, starts: Places) -> Floats:
    """Sums of what was judged by case; NaN for a case without any."""
    return np.where(_totals(judged, starts) > 0, _totals(np.where(judged, part, 0.0), starts), np.nan)


def _tallied(values: Values, starts: Places, clusters: Codes, *, kappa: bool) -> Column:
    width = len(values.labels)
    cases = np.searchsorted(starts, values.entries[:, 0], side="right") - 1
    cells = cases * width + values.entries[:, 1]
    flat = np.zeros((len(starts) * width, 3))
    for part, weights in enumerate(values.counts.T):
        flat[:, part] = np.bincount(cells, weights=weights, minlength=len(flat))
    counts = flat.reshape(len(starts), width, 3)
    counts[_totals(values.kinds >= TALLY, starts) == 0] = np.nan
    return (kappa_of if kappa else macro_f1_of)(counts, values.labels, clusters)
