"""Where stored runs meet profiles: what went in and came out of an agent, as columns of counts.

A row is a case: its first trial, because repeats of one case are no independent evidence. Probes are left out. Of a
text only the length becomes a column, of a list its length and the first entry's fields, of the rest the value, where
it is a number, a declared word or a short code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalkit.cases.case import Case, GoldSet
from evalkit.errors import MetricError, StatisticsError
from evalkit.evaluation.judges import as_number
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import read_executions
from evalkit.executions.execution import Execution
from evalkit.figures import mark
from evalkit.spec.schema import Spec
from evalkit.stats.charts import Chart, watch_rate
from evalkit.stats.drift import Drift, Vigilance, compare_profiles
from evalkit.stats.intervals import clopper_pearson
from evalkit.stats.profile import Column, Profile, profile_columns

CROWDED = 1.5
"""Cases per patient from which a drift says that rows are not independent."""
_CODE = re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9.]{0,7}")


def profile_run(
    run: Run, *, cases: GoldSet | Sequence[Case] = (), like: Profile | None = None, without: Collection[str] = ()
) -> Profile:
    """The profile of a stored run: inputs, outputs, confidences, refusals, latency and cost.

    Inputs are those that reached a model, as the guard saw them; with ``cases`` those of the request, flags included.
    ``without`` names columns to leave out: ``seconds`` where answers were replayed. Raises StatisticsError for a run
    that holds no executions, or that lacks a column of ``like``.
    """
    wanted = frozenset(run.scores.case_ids)
    executions = [done for done in read_executions(run) if done.case_id in wanted]
    header = run.header
    about = {
        "spec": header.spec_ref,
        "behaviour": mark(header.behaviour_sha),
        "agent": header.agent_id,
        "cases": header.dataset_name,
        "patients": str(len(frozenset(run.scores.clusters))),
    }
    kept = like.columns.keys() if like is not None else None
    columns = tabulate(run.spec, executions, cases=cases)
    chosen = {
        name: values for name, values in columns.items() if name not in without and (kept is None or name in kept)
    }
    return _profile(chosen, like=like, about=about)


def _profile(columns: Mapping[str, list[Any]], *, like: Profile | None, about: Mapping[str, str]) -> Profile:
    """The profile of columns of two lengths: those of all cases, and those of answered ones."""
    parts: dict[str, Column] = {}
    for length in {len(values) for values in columns.values()}:
        table = {name: values or [None] for name, values in columns.items() if len(values) == length}
        same = Profile({name: like.columns[name] for name in table}) if like is not None else None
        parts |= profile_columns(table, like=same).columns
    if like is not None and like.columns.keys() - parts.keys():
        raise StatisticsError(
            "the run lacks columns of the profile",
            where=", ".join(sorted(like.columns.keys() - parts.keys())[:5]),
            next_step="profile reference and window the same way: both with their gold sets, or both without",
        )
    return Profile({name: parts[name] for name in (like.columns if like is not None else columns)}, about)


def measure_drift(
    reference: Profile | Run, window: Profile | Run | Any, *, vigilance: Vigilance | None = None,
    cases: GoldSet | Sequence[Case] = (),
) -> Drift:  # fmt: skip
    """Hold a window against a reference: a run, a profile made ``like`` the reference, or a table of its columns.

    ``cases`` are those of a window that is a run, where the profile was made with cases. A window of another spec,
    agent or with several rows a patient is compared and warned of. Raises StatisticsError where the two do not fit.
    """
    profile = profile_run(reference) if isinstance(reference, Run) else reference
    if isinstance(window, Run):
        held = profile_run(window, cases=cases, like=profile)
    else:
        held = window if isinstance(window, Profile) else profile_columns(window, like=profile)
    drift = compare_profiles(profile, held, vigilance)
    return replace(drift, warnings=(*drift.warnings, *_warn(profile, held)))


def watch_runs(reference: Run, runs: Sequence[Run], *, metric: str | None = None, arl0: float = 5000.0) -> Chart:
    """An e-process chart over the cases of runs in the order given: has the metric become worse than in the reference?

    A case fails where its first trial has not the full value (a refusal that the metric does not apply to is left out).
    Normal is the upper end of the reference's 95 % interval: false alarms are then at least ``arl0`` cases apart on
    average, unless the reference itself was unlucky. Raises MetricError for a metric that a run has not.
    """
    name = metric or reference.head_metric
    before = _failures(reference, name)
    normal = min(0.999, clopper_pearson(sum(before), len(before))[1])
    stream = [failed for run in runs for failed in _failures(run, name)]
    return watch_rate(stream, normal=normal, arl0=arl0)


def _failures(run: Run, metric: str) -> list[bool]:
    values = run.scores.values.get(metric)
    numbers = [
        as_number(value) for value, trial in zip(values or (), run.scores.trials, strict=bool(values)) if trial == 0
    ]
    failures = [number < 1 for number in numbers if number is not None]
    if not failures:
        raise MetricError(f"this run has no figures of {metric}", where=run.header.run_id,
                          next_step=f"it has: {', '.join(sorted(run.scores.values))}")  # fmt: skip
    return failures


def tabulate(
    spec: Spec, executions: Iterable[Execution], *, cases: GoldSet | Sequence[Case] = ()
) -> dict[str, list[Any]]:
    """Executions as columns: numbers, labels, and None where there is nothing.

    Of every first trial: ``status``, ``refusal``, and with ``cases`` the request's ``input.FIELD`` and ``flag.NAME``.
    Of those with an output, because a refusal would else be drift in every column: ``confidence``, ``seconds``,
    ``cost_usd``, ``tokens``, ``model``, ``output.FIELD``, and without ``cases`` ``input.FIELD`` as the model received
    it. ``.length`` is that of a text in characters, of a list in entries; ``output.FIELD.first.NAME`` is of the first
    entry of a list of records.
    """
    firsts = [done for done in executions if done.trial == 0]
    if not firsts:
        raise StatisticsError("there are no executions to profile", next_step="profile a finished run")
    by_id = {case.case_id: case for case in cases}
    if by_id and not all(done.case_id in by_id for done in firsts):
        raise StatisticsError("some executions are of other cases than those given",
                              next_step="give the gold set that the run was made on")  # fmt: skip
    answers = [done.reply for done in firsts if done.reply is not None and done.reply.output is not None]
    took = [done.seconds for done in firsts if done.output is not None]
    columns: dict[str, list[Any]] = {
        "status": [done.status for done in firsts],
        "refusal": [done.refusal.code if done.refusal is not None else "none" for done in firsts],
        "confidence": [reply.confidence for reply in answers],
        "seconds": [float(seconds) for seconds in took],
        "cost_usd": [reply.usage.cost_usd for reply in answers],
        "tokens": [reply.usage.input_tokens + reply.usage.output_tokens for reply in answers],
        "model": [reply.model_id for reply in answers],
    }
    if by_id:
        columns |= _request_columns(spec, [by_id[done.case_id] for done in firsts])
    else:
        received = [reply.received[-1] if reply.received else {} for reply in answers]
        for name, field in spec.input.items():
            if field.use != "validate_only":
                kind = field.type if field.derive is None else "integer"
                values = [sent.get(field.derive or name) for sent in received]
                columns |= _column(f"input.{field.derive or name}", kind, values, field.values)
    return columns | _output_columns(spec, [reply.output or {} for reply in answers])


def _request_columns(spec: Spec, cases: Sequence[Case]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for name, field in spec.input.items():
        columns |= _column(f"input.{name}", field.type, [case.input.get(name) for case in cases], field.values)
    for name in sorted({name for case in cases for name in case.flags}):
        columns[f"flag.{name}"] = [_yes(case.flags.get(name)) for case in cases]
    return columns


def _output_columns(spec: Spec, outputs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for name, output in spec.output.items():
        if name == "confidence":
            continue  # the reply states it
        given = [found.get(name) for found in outputs]
        columns |= _column(f"output.{name}", output.type, given, output.values)
        for key, kind in (output.item or {}).items():
            label = _ITEM_LABELS.get(kind) or (_among(kind.split("|")) if "|" in kind else None)
            if label is not None:
                columns[f"output.{name}.first.{key}"] = [label(_first(entries, key)) for entries in given]
    return columns


def _column(name: str, kind: str, values: Sequence[Any], declared: Collection[str]) -> dict[str, list[Any]]:
    """The column of one field by its declared type; what does not have that type is missing."""
    if kind in {"enum", "boolean"}:
        label = _among(declared) if kind == "enum" else _yes
        return {name: [label(value) for value in values]}
    if kind in {"integer", "number"}:
        return {name: [_number(value) for value in values]}
    if kind == "date":
        return {}
    sized = [len(value) if isinstance(value, str | list | tuple) else None for value in values]
    return {f"{name}.length": sized}


def _first(entries: Any, key: str) -> Any:
    first = entries[0] if isinstance(entries, list | tuple) and entries else None
    return first.get(key) if isinstance(first, Mapping) else None


def _yes(value: Any) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else None


def _among(declared: Collection[str]) -> Callable[[Any], str | None]:
    """A label that is one of the declared words; any other text is ``undeclared`` and never shown."""
    return lambda value: None if not isinstance(value, str) else value if value in declared else "undeclared"


def _code(value: Any) -> str | None:
    """A short code with a digit in it (``99213``, ``J45.20``); any other text is ``text`` and never shown."""
    return None if not isinstance(value, str) else value if _CODE.fullmatch(value) else "text"


def _codes(values: Any) -> str | None:
    """A list of codes as one label, whatever their order."""
    return (
        "+".join(sorted(_code(value) or "text" for value in values)) or "none"
        if isinstance(values, list | tuple)
        else None
    )


_ITEM_LABELS: Mapping[str, Callable[[Any], str | None]] = {"string": _code, "boolean": _yes, "list[string]": _codes}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _warn(reference: Profile, window: Profile) -> Iterable[str]:
    for key, what in (("behaviour", "another behaviour of the spec"), ("agent", "another agent")):
        if reference.about.get(key, "") != window.about.get(key, reference.about.get(key, "")):
            yield f"The window is of {what} than the reference: a difference may be that edit and no drift."
    patients = window.about.get("patients", "")
    if patients.isdecimal() and window.rows > CROWDED * int(patients):
        yield f"The {window.rows:,} rows are of {patients} patients: rows of one are no independent evidence."
