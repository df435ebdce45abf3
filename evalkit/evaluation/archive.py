"""What a finished run knows besides its executions, as bytes to be sealed, and back.

Scores go by column. Counts are tagged, so that a number never comes back as another kind of value.
"""

from __future__ import annotations

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


def pack(judged: Judged) -> bytes:
    """The judgements as JSON bytes."""
    scores = judged.scores
    return to_json(
        {
            "format": FORMAT,
            "checks": _CHECKS.dump_python(judged.checks, mode="json"),
            "case_ids": scores.case_ids,
            "trials": scores.trials,
            "clusters": scores.clusters,
            "tags": scores.tags,
            "values": {metric: [_encode(value) for value in column] for metric, column in scores.values.items()},
            "errors": {metric: list(raised.items()) for metric, raised in scores.errors.items()},
            "baselines": judged.baselines,
            "incomplete": judged.incomplete,
            "unprobed": judged.unprobed,
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
            values={metric: tuple(map(_decode, column)) for metric, column in stored["values"].items()},
            errors={metric: dict(map(tuple, raised)) for metric, raised in stored["errors"].items()},
        )
        checks = _CHECKS.validate_python(stored["checks"])
        baselines = _baselines(stored["baselines"])
        return Judged(checks, scores, baselines, stored["incomplete"], tuple(stored["unprobed"]))
    except (KeyError, TypeError, ValueError, ValidationError):
        raise JournalError("the judgements of the run cannot be read", next_step="evaluate it again") from None


def _baselines(stored: dict[str, dict[str, float | None]]) -> Baselines:
    nan = float("nan")
    return {name: {m: nan if value is None else value for m, value in row.items()} for name, row in stored.items()}


def _encode(value: Value) -> Any:
    if isinstance(value, Ratio):
        return {"r": [value.numerator, value.denominator]}
    if isinstance(value, Tally):
        return {"t": value.counts}
    return value


def _decode(value: Any) -> Value:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    if "r" in value:
        return Ratio(*value["r"])
    return Tally({label: (counts[0], counts[1], counts[2]) for label, counts in value["t"].items()})
