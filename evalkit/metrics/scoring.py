"""Scores: what plain functions say about executions.

A metric is a function ``(case, execution) -> value``. The kind of value decides what it means: bool is right or
wrong, a number in [0, 1] a score, str a label, `Ratio` and `Tally` counts that are pooled before dividing, None
not applicable (left out and counted). A metric that raises becomes a score with an error, shown and failing the
gate, never dropped. So does an agent that failed: no metric is asked about an execution that has no reply.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from evalkit.cards import Grid, card
from evalkit.digests import digest
from evalkit.errors import MetricError

if TYPE_CHECKING:
    from evalkit.cases.case import Case
    from evalkit.executions.execution import Execution

LABEL_CHARS = 40
"""A longer label is withheld: it might be a piece of a note."""
DISTINCT_LABELS = 50
"""A metric with more distinct labels is withheld: it might be returning names."""


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

    The estimate is the macro F1: the mean over labels of 2tp / (2tp + fp + fn). Pooled as ``kappa`` it is Cohen's
    kappa (1960) over all items: tp + fn is how often a label is right and tp + fp how often it was given, so that
    every wrong item must count twice, a false negative of the one label and a false positive of the other.
    """

    counts: Mapping[str, tuple[int, int, int]]
    pooled: Literal["macro_f1", "kappa"] = "macro_f1"


Value = bool | float | str | Ratio | Tally | None
Metric: TypeAlias = "Callable[[Case, Execution], Value]"


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

    def __repr__(self) -> str:
        return (
            f"Scores({len(self.values)} metrics, {len(self)} executions, {sum(map(len, self.errors.values()))} errors)"
        )

    def _repr_html_(self) -> str:
        rows = [
            (metric, sum(value is not None for value in column), len(self.errors.get(metric, {})))
            for metric, column in self.values.items()
        ]
        return card(repr(self), grids=[Grid(["metric", "judged#", "errors#"], rows)])

    def __iter__(self) -> Iterator[Score]:
        for metric, column in self.values.items():
            raised = self.errors.get(metric, {})
            for row, value in enumerate(column):
                yield Score(metric, self.case_ids[row], self.trials[row], value, raised.get(row))


def score(pairs: Sequence[tuple[Case, Execution]], metrics: Mapping[str, Metric] | Sequence[Metric]) -> Scores:
    """Ask every metric about every (case, execution). Never raises for what a metric does.

    ``pairs`` are case-major, then by trial; row i of the result belongs to pair i. ``metrics`` maps names to
    functions, or is a sequence of functions that name themselves. An execution without a reply gets no value and
    the error ``agent:<kind>`` from every metric. What a metric gives back must be a `Value`; anything else becomes
    an error of the row: ``OutOfRange`` (a number outside [0, 1], negative counts), ``LabelTooLong`` (text that is
    no short word and might be PHI), ``TooManyLabels`` (more distinct labels than a classification has),
    ``UnknownValue``.

    Raises MetricError for a metric without a name, for two of one name, and for a pair of two different cases.
    """
    for row, (case, execution) in enumerate(pairs):
        if case.case_id != execution.case_id:
            raise MetricError(
                "a case is paired with the execution of another case",
                where=f"pair {row}",
                next_step="pair each execution with the case of its own case_id",
            )
    columns = {name: _ask(metric, pairs) for name, metric in name_metrics(metrics).items()}
    return Scores(
        case_ids=tuple(case.case_id for case, _ in pairs),
        trials=tuple(execution.trial for _, execution in pairs),
        clusters=tuple(case.cluster_id for case, _ in pairs),
        tags=tuple(case.tags for case, _ in pairs),
        values={name: values for name, (values, _) in columns.items()},
        errors={name: errors for name, (_, errors) in columns.items()},
    )


def name_metrics(metrics: Mapping[str, Metric] | Sequence[Metric]) -> dict[str, Metric]:
    """The metrics by name, in the order given; a function in a sequence goes by its ``__name__``.

    Raises MetricError for a lambda, a ``functools.partial`` or another callable without a name of its own, for a
    name that is no short printable word, and for a name that stands twice.
    """
    if isinstance(metrics, Mapping):
        listed = list(metrics.items())
    else:
        listed = [(_own_name(metric, position), metric) for position, metric in enumerate(metrics)]
    named: dict[str, Metric] = {}
    for position, (name, metric) in enumerate(listed):
        where = f"metrics[{position}]"
        if not callable(metric):
            raise MetricError("a metric is not a function", where=where, next_step="pass a function (case, execution)")
        if not isinstance(name, str) or not name.strip() or _flaw_of_label(name):
            raise MetricError("a metric's name is no short printable word", where=where, next_step="rename it")
        if name in named:
            raise MetricError(
                f"two metrics are called {name}",
                where=where,
                next_step="rename one, or pass a mapping of names to functions",
            )
        named[name] = metric
    return named


def _own_name(metric: Metric, position: int) -> str:
    name = getattr(metric, "__name__", None)
    if isinstance(name, str) and name != "<lambda>":
        return name
    raise MetricError(
        "a lambda or a partial has no name of its own",
        where=f"metrics[{position}]",
        next_step='pass a mapping with a name for it: {"my_metric": ...}',
    )


def _ask(metric: Metric, pairs: Sequence[tuple[Case, Execution]]) -> tuple[tuple[Value, ...], dict[int, str]]:
    """One metric's column of values, and its errors by row."""
    values: list[Value] = []
    errors: dict[int, str] = {}
    for row, (case, execution) in enumerate(pairs):
        value: Value = None
        flaw: str | None
        if execution.reply is None:
            flaw = f"agent:{execution.failure.kind if execution.failure else 'NoReply'}"
        else:
            try:
                value, flaw = _admit(metric(case, execution))
            except Exception as raised:  # noqa: BLE001  # a stranger's code; its message may be PHI, its class not
                flaw = type(raised).__name__
        if flaw is not None:
            errors[row] = flaw
        values.append(value)
    _withhold_labels(values, errors)
    return tuple(values), errors


def _admit(value: Any) -> tuple[Value, str | None]:
    """The value as it may be stored, or None and what is wrong with it."""
    if value is None or value is True or value is False:
        return value, None
    if isinstance(value, (float, int)):
        return (float(value), None) if 0.0 <= value <= 1.0 else (None, "OutOfRange")  # NaN is in no range
    if isinstance(value, str):
        flaw = _flaw_of_label(value)
        return (None, flaw) if flaw else (value, None)
    if isinstance(value, Ratio):
        counts = (value.numerator, value.denominator)
        return (value, None) if all(_is_count(count) for count in counts) else (None, "OutOfRange")
    if isinstance(value, Tally):
        flaw = _flaw_of_tally(value)
        return (None, flaw) if flaw else (value, None)
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        return _admit(value.item())
    return None, "UnknownValue"


def _is_count(number: Any) -> bool:
    return isinstance(number, (int, float)) and 0 <= number < math.inf


def _flaw_of_label(label: str) -> str | None:
    return None if len(label) <= LABEL_CHARS and label.isprintable() else "LabelTooLong"


def _flaw_of_tally(tally: Tally) -> str | None:
    for label, counts in tally.counts.items():
        if not isinstance(label, str) or _flaw_of_label(label):
            return "LabelTooLong"
        if len(counts) != 3 or not all(_is_count(count) for count in counts):
            return "OutOfRange"
    return None


def _withhold_labels(values: list[Value], errors: dict[int, str]) -> None:
    """Take all labels back where there are too many distinct ones: a metric that returns names looks like that."""
    rows = [row for row, value in enumerate(values) if isinstance(value, str)]
    if len({values[row] for row in rows}) > DISTINCT_LABELS:
        for row in rows:
            values[row] = None
            errors[row] = "TooManyLabels"


def metrics_digest(metrics: Mapping[str, Metric] | Sequence[Metric]) -> str:
    """SHA-256 over the names of the metrics and the code behind them: an edited metric is another metric.

    Covers bytecode, constants, defaults, closures, arguments of a partial, and the functions of the same package
    that the code names; not the attributes of a callable object, nor what is reached through a module's name. The
    order of metrics does not matter; another minor version of Python gives another digest.
    Raises MetricError as `name_metrics` does.
    """
    return digest({name: _code_of(metric, set()) for name, metric in name_metrics(metrics).items()})


def _code_of(value: Any, seen: set[int]) -> Any:
    """JSON that changes when the behaviour of a function, partial or constant does; never a memory address."""
    if isinstance(value, functools.partial):
        return ["partial", *(_code_of(part, seen) for part in (value.func, value.args, value.keywords))]
    if inspect.isfunction(value):
        return _code_of_function(value, seen)
    if isinstance(value, CodeType):
        constants = [_code_of(constant, seen) for constant in value.co_consts]
        return ["code", value.co_code.hex(), list(value.co_names), list(value.co_varnames), constants]
    if isinstance(value, (list, tuple)):
        return ["sequence", *(_code_of(entry, seen) for entry in value)]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(repr(entry) for entry in value)]
    if isinstance(value, Mapping):
        return ["mapping", *sorted((repr(key), _code_of(entry, seen)) for key, entry in value.items())]
    if value is None or isinstance(value, (bool, int, float, str, bytes, complex)):
        return repr(value)
    call = getattr(type(value), "__call__", None)  # noqa: B004  # the code behind an object that is called
    named = f"{type(value).__module__}.{type(value).__qualname__}"
    return [named, _code_of_function(call, seen)] if inspect.isfunction(call) else named


def _code_of_function(function: FunctionType, seen: set[int]) -> Any:
    name = f"{function.__module__}.{function.__qualname__}"
    if id(function) in seen:
        return name
    seen.add(id(function))
    called = (function.__globals__.get(other) for other in function.__code__.co_names)
    helpers = [one for one in called if inspect.isfunction(one) and _package(one) == _package(function)]
    cells = [_code_of(cell.cell_contents, seen) for cell in function.__closure__ or () if _is_filled(cell)]
    return [
        name,
        _code_of(function.__code__, seen),
        _code_of(function.__defaults__, seen),
        _code_of(function.__kwdefaults__, seen),
        cells,
        [_code_of_function(helper, seen) for helper in helpers],
    ]


def _package(function: FunctionType) -> str:
    return (function.__module__ or "").split(".")[0]


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # a cell of a function that is not bound yet
        return False
