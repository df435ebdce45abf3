"""Scores by case: trials reduced, one `Column` a metric. Where records end and arrays begin.

Over repeated trials a bool or a number becomes the mean of what was judged, counts become sums.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import sub

from evalkit.metrics.scoring import Ratio, Scores, Tally, Value
from evalkit.stats.columns import Codes, Column, Mask, binary, cluster_codes, influence, macro_f1, mean, ratio, scopes


@dataclass(frozen=True, slots=True, eq=False)
class Casewise:
    """The scores of a run, a row a case."""

    case_ids: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    columns: Mapping[str, Column]
    """Metric -> column. A metric whose values are labels, or that judged nothing, has none."""
    not_applicable: Mapping[str, tuple[int, ...]]
    """Metric -> executions of each case that it left out."""
    errors: Mapping[str, tuple[int, ...]]
    """Metric -> executions of each case where it or the agent raised."""
    masks: Mapping[str, Mask]
    """Scope (``all``, ``tag:<tag>``) -> the rows that it holds."""


def reduce_trials(scores: Scores) -> Casewise:
    """Bring scores (case-major, then trial) to a row a case."""
    starts = [row for row, case_id in enumerate(scores.case_ids) if row == 0 or scores.case_ids[row - 1] != case_id]
    ends = [*starts[1:], *([len(scores)] if starts else [])]
    blocks = list(zip(starts, ends, strict=True))
    clusters = cluster_codes([scores.clusters[start] for start in starts])
    tags = tuple(scores.tags[start] for start in starts)
    columns: dict[str, Column] = {}
    left_out: dict[str, tuple[int, ...]] = {}
    raised: dict[str, tuple[int, ...]] = {}
    for metric, values in scores.values.items():
        wrong = scores.errors.get(metric, {})
        column = _column([values[start:end] for start, end in blocks], clusters)
        if column is not None:
            columns[metric] = column
        missing = _count(starts, [row for row, value in enumerate(values) if value is None])
        raised[metric] = _count(starts, wrong)
        left_out[metric] = tuple(map(sub, missing, raised[metric]))
    return Casewise(
        case_ids=tuple(scores.case_ids[start] for start in starts),
        tags=tags,
        columns=columns,
        not_applicable=left_out,
        errors=raised,
        masks=scopes(tags),
    )


def _count(starts: Sequence[int], rows: Collection[int]) -> tuple[int, ...]:
    """How many of the rows lie in each block, a block reaching from one start to the next."""
    counts = [0] * len(starts)
    for row in rows:
        counts[bisect_right(starts, row) - 1] += 1
    return tuple(counts)


def point_estimates(scores: Scores) -> dict[str, float]:
    """Metric -> its figure over all cases, without an interval."""
    return {metric: influence(column).value for metric, column in reduce_trials(scores).columns.items()}


def _column(blocks: Sequence[Sequence[Value]], clusters: Codes) -> Column | None:
    """The column of one metric; its kind is that of the first value there is."""
    first = next((value for block in blocks for value in block if value is not None), None)
    if isinstance(first, Ratio):
        pairs = [_sum_ratio(block) for block in blocks]
        return ratio([top for top, _ in pairs], [bottom for _, bottom in pairs], clusters)
    if isinstance(first, Tally):
        return macro_f1([_sum_tally(block) for block in blocks], clusters)
    if isinstance(first, (bool, float, int)):
        means = [_mean(block) for block in blocks]
        return binary(means, clusters) if isinstance(first, bool) else mean(means, clusters)
    return None


def _mean(block: Sequence[Value]) -> float | None:
    if len(block) == 1:
        return block[0] if isinstance(block[0], (bool, int, float)) else None
    judged = [float(value) for value in block if isinstance(value, (bool, int, float))]
    return sum(judged) / len(judged) if judged else None


def _sum_ratio(block: Sequence[Value]) -> tuple[float | None, float | None]:
    if len(block) == 1 and isinstance(block[0], Ratio):
        return block[0].numerator, block[0].denominator
    judged = [value for value in block if isinstance(value, Ratio)]
    if not judged:
        return None, None
    return sum(value.numerator for value in judged), sum(value.denominator for value in judged)


def _sum_tally(block: Sequence[Value]) -> Mapping[str, tuple[float, float, float]] | None:
    if len(block) == 1 and isinstance(block[0], Tally):
        return block[0].counts
    judged = [value for value in block if isinstance(value, Tally)]
    if not judged:
        return None
    total: dict[str, tuple[float, float, float]] = {}
    for value in judged:
        for label, (tp, fp, fn) in value.counts.items():
            a, b, c = total.get(label, (0, 0, 0))
            total[label] = (a + tp, b + fp, c + fn)
    return total
