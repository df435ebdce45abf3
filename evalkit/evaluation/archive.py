"""What a finished run knows besides its executions, as bytes to be sealed, and back.

Format 2 is a head of JSON with the arrays behind it, as they lie in memory::

    "EKJ2" || length of the head (8 bytes, little endian) || head || arrays, each filled up to 8 bytes

The head names every array with its type, shape and place. Format 1, all JSON with a value at a time, is still read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from evalkit.boundary.finding import CheckResult
from evalkit.errors import JournalError
from evalkit.evaluation.run import Baselines, Stopped
from evalkit.evaluation.scoretable import ScoreTable, Values, tabulate
from evalkit.evaluation.traces import Traces, gather_traces
from evalkit.metrics.scoring import Ratio, Scores, Tally, Value

MAGIC = b"EKJ2"
_CHECKS = TypeAdapter(tuple[CheckResult, ...])
_TYPES = {"|u1", "<i4", "<f8"}
_ALIGNED = 8

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The judgements of a run."""

    checks: tuple[CheckResult, ...]
    table: ScoreTable
    baselines: Baselines
    head_metric: str
    lower_is_better: frozenset[str]
    descriptive: frozenset[str]
    incomplete: int
    unprobed: tuple[str, ...]
    traces: Traces
    stopped: Stopped | None = None
    judges: frozenset[str] = frozenset()


def pack(judged: Judged) -> bytes:
    """The judgements as bytes."""
    table = judged.table
    arrays: dict[str, Array] = {
        "tagged": table.tagged,
        "starts": table.starts,
        "trials": table.trials,
        "trace ends": judged.traces.ends,
        "trace places": judged.traces.places,
    }
    for metric, values in table.metrics.items():
        arrays.update({f"{part} {metric}": getattr(values, part) for part in _PARTS})
    head = to_json(
        {
            "arrays": dict(_lay_out(arrays)),
            "checks": _CHECKS.dump_python(judged.checks, mode="json"),
            "case_ids": table.case_ids,
            "clusters": None if table.clusters == table.case_ids else table.clusters,
            "tag_sets": table.tag_sets,
            "metrics": {
                metric: {"labels": values.labels, "errors": list(values.errors.items())}
                for metric, values in table.metrics.items()
            },
            "baselines": judged.baselines,
            "head_metric": judged.head_metric,
            "lower_is_better": sorted(judged.lower_is_better),
            "descriptive": sorted(judged.descriptive),
            "judges": sorted(judged.judges),
            "incomplete": judged.incomplete,
            "unprobed": judged.unprobed,
            "stopped": asdict(judged.stopped) if judged.stopped else None,
            "trace_rows": judged.traces.rows,
        },
        inf_nan_mode="null",
    )
    filled = (array.tobytes() + bytes(-array.nbytes % _ALIGNED) for array in arrays.values())
    return b"".join((MAGIC, len(head).to_bytes(8, "little"), head, *filled))


_PARTS = ("kinds", "numbers", "denominators", "entries", "counts")
"""The arrays of one metric."""


def _lay_out(arrays: Mapping[str, Array]) -> Iterator[tuple[str, tuple[str, tuple[int, ...], int]]]:
    """Name -> type, shape and place behind the head."""
    place = 0
    for name, array in arrays.items():
        yield name, (array.dtype.str, array.shape, place)
        place += array.nbytes + -array.nbytes % _ALIGNED


def unpack(payload: bytes, *, family: str) -> Judged:
    """The judgements again; format 1 does not say which metric leads, so the ``family`` is asked.

    Raises JournalError for bytes of another format.
    """
    try:
        return _unpack_arrays(payload) if payload.startswith(MAGIC) else _unpack_json(from_json(payload), family)
    except (KeyError, IndexError, TypeError, ValueError, ValidationError):
        raise JournalError("the judgements of the run cannot be read", next_step="evaluate it again") from None


def _unpack_arrays(payload: bytes) -> Judged:
    start = len(MAGIC) + 8
    end = start + int.from_bytes(payload[len(MAGIC) : start], "little")
    head = from_json(payload[start:end])

    def array(name: str) -> Array:
        kind, shape, place = head["arrays"][name]
        if kind not in _TYPES:
            raise ValueError(kind)
        return np.frombuffer(payload, kind, math.prod(shape), end + place).reshape(shape)

    table = ScoreTable(
        case_ids=tuple(head["case_ids"]),
        clusters=tuple(head["case_ids"] if head["clusters"] is None else head["clusters"]),
        tag_sets=tuple(map(tuple, head["tag_sets"])),
        tagged=array("tagged"),
        starts=array("starts"),
        trials=array("trials"),
        metrics={
            metric: Values(
                **{part: array(f"{part} {metric}") for part in _PARTS},
                labels=tuple(kept["labels"]),
                errors=dict(map(tuple, kept["errors"])),
            )
            for metric, kept in head["metrics"].items()
        },
    )
    return Judged(
        checks=_CHECKS.validate_python(head["checks"]),
        table=table,
        baselines=_baselines(head["baselines"]),
        head_metric=head["head_metric"],
        lower_is_better=frozenset(head["lower_is_better"]),
        descriptive=frozenset(head["descriptive"]),
        incomplete=head["incomplete"],
        unprobed=tuple(head["unprobed"]),
        traces=Traces(tuple(head["trace_rows"]), array("trace ends"), array("trace places")),
        stopped=Stopped(**head["stopped"]) if head.get("stopped") else None,
        judges=frozenset(head.get("judges", ())),
    )


def _unpack_json(stored: dict[str, Any], family: str) -> Judged:
    from evalkit.tasks import FAMILIES

    if stored["format"] != 1:
        raise JournalError("the run was written by another version of evalkit", next_step="evaluate it again")
    scores = Scores(
        case_ids=tuple(stored["case_ids"]),
        trials=tuple(stored["trials"]),
        clusters=tuple(stored["clusters"]),
        tags=tuple(tuple(tags) for tags in stored["tags"]),
        values={metric: _decode(column) for metric, column in stored["values"].items()},
        errors={metric: dict(map(tuple, raised)) for metric, raised in stored["errors"].items()},
    )
    rows = stored["rows"]
    return Judged(
        checks=_CHECKS.validate_python(stored["checks"]),
        table=tabulate(scores),
        baselines=_baselines(stored["baselines"]),
        head_metric=FAMILIES[family].head_metric,
        lower_is_better=FAMILIES[family].lower_is_better,
        descriptive=FAMILIES[family].descriptive,
        incomplete=stored["incomplete"],
        unprobed=tuple(stored["unprobed"]),
        traces=gather_traces([frozenset(rows[index] for index in trace) for trace in stored["traces"]]),
    )


def _baselines(stored: dict[str, dict[str, float | None]]) -> Baselines:
    nan = float("nan")
    return {name: {m: nan if value is None else value for m, value in row.items()} for name, row in stored.items()}


def _decode(column: Any) -> tuple[Value, ...]:
    if isinstance(column, dict):
        pairs = zip(column["numerators"], column["denominators"], strict=True)
        return tuple(None if top is None else Ratio(top, bottom) for top, bottom in pairs)
    return tuple(_untag(value) if isinstance(value, dict) else value for value in column)


def _untag(value: dict[str, Any]) -> Value:
    if "r" in value:
        return Ratio(*value["r"])
    return Tally({label: (counts[0], counts[1], counts[2]) for label, counts in value["t"].items()})
