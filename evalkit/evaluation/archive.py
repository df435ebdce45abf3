"""What a finished run knows besides its executions, as bytes to be sealed, and back.

Scores go by column. Counts are tagged, so that a number never comes back as another kind of value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from evalkit.boundary.finding import CheckResult
from evalkit.errors import JournalError
from evalkit.evaluation.run import Baselines
from evalkit.metrics.scoring import Ratio, Scores, Tally, Value

FORMAT = 1
_CHECKS = TypeAdapter(tuple[CheckResult, ...])


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgements of a run."""

    checks: tuple[CheckResult, ...]
    scores: Scores
    baselines: Baselines
    incomplete: int
    unprobed: tuple[str, ...] = ()
    traces: tuple[frozenset[str], ...] = ()
    """For each case the spec rows that its executions rest on."""


def pack(judged: Judged) -> bytes:
    """The judgements as JSON bytes."""
    scores = judged.scores
    rows = sorted(frozenset().union(*judged.traces))
    place = {row: index for index, row in enumerate(rows)}
    return to_json(
        {
            "format": FORMAT,
            "checks": _CHECKS.dump_python(judged.checks, mode="json"),
            "case_ids": scores.case_ids,
            "trials": scores.trials,
            "clusters": scores.clusters,
            "tags": scores.tags,
            "values": {metric: _encode(column) for metric, column in scores.values.items()},
            "errors": {metric: list(raised.items()) for metric, raised in scores.errors.items()},
            "baselines": judged.baselines,
            "incomplete": judged.incomplete,
            "unprobed": judged.unprobed,
            "rows": rows,
            "traces": [sorted(place[row] for row in trace) for trace in judged.traces],
        },
        inf_nan_mode="null",
    )


def unpack(payload: bytes) -> Judged:
    """The judgements again. Raises JournalError for bytes of another format."""
    try:
        stored = from_json(payload)
        if stored["format"] != FORMAT:
            raise JournalError("the run was written by another version of evalkit", next_step="evaluate it again")
        scores = Scores(
            case_ids=tuple(stored["case_ids"]),
            trials=tuple(stored["trials"]),
            clusters=tuple(stored["clusters"]),
            tags=tuple(tuple(tags) for tags in stored["tags"]),
            values={metric: _decode(column) for metric, column in stored["values"].items()},
            errors={metric: dict(map(tuple, raised)) for metric, raised in stored["errors"].items()},
        )
        checks = _CHECKS.validate_python(stored["checks"])
        rows = stored["rows"]
        return Judged(
            checks=checks,
            scores=scores,
            baselines=_baselines(stored["baselines"]),
            incomplete=stored["incomplete"],
            unprobed=tuple(stored["unprobed"]),
            traces=tuple(frozenset(rows[index] for index in trace) for trace in stored["traces"]),
        )
    except (KeyError, IndexError, TypeError, ValueError, ValidationError):
        raise JournalError("the judgements of the run cannot be read", next_step="evaluate it again") from None


def _baselines(stored: dict[str, dict[str, float | None]]) -> Baselines:
    nan = float("nan")
    return {name: {m: nan if value is None else value for m, value in row.items()} for name, row in stored.items()}


def _encode(column: Sequence[Value]) -> Any:
    """A column of one kind by parts, which is quick to read; a mixed one value by value, each tagged."""
    if all(isinstance(value, Ratio) or value is None for value in column):
        counts = [value if isinstance(value, Ratio) else None for value in column]
        return {
            "numerators": [None if value is None else value.numerator for value in counts],
            "denominators": [None if value is None else value.denominator for value in counts],
        }
    return [{"r": [v.numerator, v.denominator]} if isinstance(v, Ratio) else _tag(v) for v in column]


def _tag(value: Value) -> Any:
    return {"t": value.counts} if isinstance(value, Tally) else value


def _decode(column: Any) -> tuple[Value, ...]:
    if isinstance(column, dict):
        pairs = zip(column["numerators"], column["denominators"], strict=True)
        return tuple(None if top is None else Ratio(top, bottom) for top, bottom in pairs)
    return tuple(_untag(value) if isinstance(value, dict) else value for value in column)


def _untag(value: dict[str, Any]) -> Value:
    if "r" in value:
        return Ratio(*value["r"])
    return Tally({label: (counts[0], counts[1], counts[2]) for label, counts in value["t"].items()})
