"""Scores: what plain functions say about executions.

A metric is a function ``(case, execution) -> value``. The kind of value decides what it means: bool is right or
wrong, a number in [0, 1] a score, str a label, `Ratio` and `Tally` counts that are pooled before dividing, None
not applicable (left out and counted). A metric that raises becomes a score with an error, shown and failing the
gate, never dropped. So does an agent that failed: no metric is asked about an execution that has no reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution


@dataclass(frozen=True, slots=True)
class Ratio:
    """Counts of one case for a pooled ratio: the estimate is sum(numerator) / sum(denominator)."""

    numerator: float
    denominator: float

    def __float__(self) -> float:
        return self.numerator / self.denominator if self.denominator else float("nan")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one case per label, label -> (true positives, false positives, false negatives).

    The estimate is the macro F1: the mean over labels of 2tp / (2tp + fp + fn).
    """

    counts: Mapping[str, tuple[int, int, int]]


Value = bool | float | str | Ratio | Tally | None
Metric = Callable[[Case, Execution], Value]


@dataclass(frozen=True, slots=True)
class Score:
    """One value of one metric for one execution. Holds no PHI: a label is one of a few short words."""

    metric: str
    case_id: str
    trial: int
    value: Value
    error: str | None = None
    """The class of what was raised, by the metric or by the agent (``agent:Timeout``)."""


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of a run, by column. Row i of every column belongs to execution i (case-major, then trial)."""

    case_ids: tuple[str, ...]
    trials: tuple[int, ...]
    clusters: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    values: Mapping[str, tuple[Value, ...]]
    """Metric name -> one value a row."""
    errors: Mapping[str, Mapping[int, str]]
    """Metric name -> row -> class of what was raised; only rows that failed."""

    def __len__(self) -> int:
        return len(self.case_ids)

    def __iter__(self) -> Iterator[Score]:
        for metric, column in self.values.items():
            raised = self.errors.get(metric, {})
            for row, value in enumerate(column):
                yield Score(metric, self.case_ids[row], self.trials[row], value, raised.get(row))


def score(pairs: Sequence[tuple[Case, Execution]], metrics: Mapping[str, Metric] | Sequence[Metric]) -> Scores:
    """Ask every metric about every (case, execution). Never raises for what a metric does."""
    raise NotImplementedError
