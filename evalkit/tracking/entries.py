"""What one MLflow run will say, built from records alone and admitted piece by piece. Knows nothing of MLflow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from evalkit.digests import digest
from evalkit.errors import TrackingError
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.run import Run, RunHeader
from evalkit.metrics.scoring import Ratio, Scores, Value
from evalkit.stats.comparison import Difference
from evalkit.stats.intervals import Estimate
from evalkit.tracking.admission import admit, admit_number, key
from evalkit.tracking.notes import NOTE, describe_comparison, describe_run

TABLES: Final = ("cases.json", "slices.json", "changes.json", "differences.json")
"""Files that MLflow shows as tables."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One MLflow run to be found by ``identity`` or else created."""

    identity: tuple[str, str]
    """The tag, name and value, by which the run is found again."""
    title: str
    started_ms: int
    """From the record, in milliseconds since 1970: tracking never reads the clock."""
    complete: bool | None
    """None where nobody knows: a run that is found keeps its status."""
    tags: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Path of an artifact -> its text."""


def run_entry(run: Run, *, gate: GateReport | None = None) -> Entry:
    """A run with every estimate over all cases, the head metric's slices, check counts, baselines and two tables.

    The tables are the cases' values and every slice. Of slices only the head metric is written as figures: MLflow
    draws a chart for each figure, and a run of twenty metrics and sixty tags would have five thousand.
    """
    metrics = _Numbers()
    for estimate in run.estimates:
        if estimate.scope == "all" or estimate.metric == run.head_metric:
            _add_estimate(metrics, estimate)
    for name, values in run.baselines.items():
        agent = admit("metric name", name, where="baselines")
        for metric, value in values.items():
            metrics.add(key("baseline", agent, admit("metric name", metric, where="baselines")), value)
    for result in run.checks:
        name = f"check.{admit('metric name', result.check_id, where='checks')}"
        metrics.add(f"{name}.findings", len(result.findings))
        metrics.add(f"{name}.passed", result.passed)
        metrics.add(f"{name}.not_observed", result.not_observed)
    metrics.add("incomplete", run.incomplete)
    broken = any(result.verdict in ("fail", "error") for result in run.checks)
    entry = header_entry(run.header, complete=not run.incomplete)
    entry.tags["evalkit.boundary"] = "fail" if broken else "pass"
    entry.tags["evalkit.verdict"] = "incomplete" if run.incomplete else entry.tags["evalkit.boundary"]
    if gate is not None and gate.run.run_id == run.header.run_id:
        _add_gate(entry, metrics, gate)
    entry.metrics.update(metrics.values)
    entry.tags[NOTE] = describe_run(run, gate=gate)
    entry.files["cases.json"] = _cases_table(run.scores)
    entry.files["slices.json"] = _slices_table(run.estimates)
    return entry


def header_entry(header: RunHeader, *, complete: bool | None = None) -> Entry:
    """A run of which only the header is at hand: the baseline of a comparison that was tracked without it."""
    facts = {
        "spec": admit("spec reference", header.spec_ref, where="header"),
        "content_sha": admit("digest", header.content_sha, where="header"),
        "behaviour_sha": admit("digest", header.behaviour_sha, where="header"),
        "dataset": admit("dataset name", header.dataset_name, where="header"),
        "dataset_digest": admit("digest", header.dataset_digest, where="header"),
        "agent_id": admit("agent id", header.agent_id, where="header"),
        "data_class": admit("word", header.data_class, where="header"),
        "version": admit("version", header.evalkit_version, where="header"),
    }
    run_id = admit("id", header.run_id, where="header")
    params = {
        **{name: facts[name] for name in ("spec", "behaviour_sha", "dataset", "dataset_digest", "agent_id")},
        "metrics_digest": admit("digest", header.metrics_digest, where="header"),
        "trials": str(int(header.trials)),
        "cases": str(int(header.cases)),
        "probes": str(int(header.probes)),
    }
    return Entry(
        identity=("evalkit.run_id", run_id),
        title=f"{facts['spec']} on {header.cases} cases",
        started_ms=_milliseconds(header.created_at),
        complete=complete,
        tags={"evalkit.kind": "run"} | {f"evalkit.{name}": value for name, value in facts.items()},
        params=params,
    )


def comparison_entry(comparison: Comparison, *, gate: GateReport | None = None) -> Entry:
    """The parent of two runs: effect, interval, p and verdict of every metric and slice, and what each row broke.

    Verdicts over all cases are tags, to search by; those of the slices stand in the table ``differences.json``.
    """
    numbers = _Numbers()
    tags = {
        "evalkit.kind": "comparison",
        "evalkit.verdict": admit("word", comparison.verdict, where="comparison"),
        "evalkit.baseline": admit("spec reference", comparison.baseline.spec_ref, where="baseline"),
        "evalkit.candidate": admit("spec reference", comparison.candidate.spec_ref, where="candidate"),
        "evalkit.baseline_run": admit("id", comparison.baseline.run_id, where="baseline"),
        "evalkit.candidate_run": admit("id", comparison.candidate.run_id, where="candidate"),
        "evalkit.dataset_digest": admit("digest", comparison.candidate.dataset_digest, where="candidate"),
        "evalkit.version": admit("version", comparison.candidate.evalkit_version, where="candidate"),
    }
    for difference in comparison.differences:
        name = _add_difference(numbers, difference)
        verdict = admit("word", difference.verdict, where="differences")
        if difference.scope == "all":
            tags[f"verdict.{name}"] = verdict
    for row in comparison.rows:
        name = key("row", *admit("spec row", row.row_id, where="rows").split("/", 1))
        numbers.add(f"{name}.broke", row.broke)
        numbers.add(f"{name}.fixed", row.fixed)
    numbers.add("margin", comparison.margin)
    numbers.add("broke", comparison.head.broke)
    numbers.add("fixed", comparison.head.fixed)
    pair = [tags["evalkit.baseline_run"], tags["evalkit.candidate_run"]]
    entry = Entry(
        identity=("evalkit.comparison", digest([*pair, comparison.margin])),
        title=f"{tags['evalkit.baseline']} to {tags['evalkit.candidate']}",
        started_ms=_milliseconds(comparison.candidate.created_at),
        complete=True,
        tags=tags,
        params={"head_metric": admit("metric name", comparison.head_metric, where="comparison")},
        metrics=numbers.values,
        files={"changes.json": _changes_table(comparison), "differences.json": _differences_table(comparison)},
    )
    if gate is not None:
        _add_gate(entry, numbers, gate)
    entry.tags[NOTE] = describe_comparison(comparison, gate=gate)
    return entry


class _Numbers:
    """Metrics under their keys. NaN stays out; a second figure under one key would hide the first and is refused."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def add(self, name: str, number: float) -> None:
        if name in self.values:
            raise TrackingError("two figures would have one name", where="metrics", next_step="rename a metric")
        value = admit_number(number, where="metrics")
        if value is not None:
            self.values[name] = value


def _add_estimate(numbers: _Numbers, estimate: Estimate) -> None:
    name = _scoped(estimate.metric, estimate.scope)
    numbers.add(name, estimate.value)
    numbers.add(f"{name}.lo", estimate.lo)
    numbers.add(f"{name}.hi", estimate.hi)
    numbers.add(f"{name}.n", estimate.n)


def _add_difference(numbers: _Numbers, difference: Difference) -> str:
    name = _scoped(difference.metric, difference.scope)
    figures = {
        "effect": difference.effect, "lo": difference.lo, "hi": difference.hi, "p": difference.p_seen,
        "p_adjusted": difference.p_adjusted, "n": difference.n, "mde": difference.mde,
    }  # fmt: skip
    for figure, value in figures.items():
        numbers.add(f"{name}.{figure}", value)
    return name


def _add_gate(entry: Entry, numbers: _Numbers, gate: GateReport) -> None:
    """The gates as counts: their wording may name anything that a spec names."""
    entry.tags["evalkit.gate"] = admit("word", gate.verdict, where="gate")
    if entry.tags["evalkit.kind"] == "run":
        entry.tags["evalkit.verdict"] = entry.tags["evalkit.gate"]
    for verdict in ("pass", "fail", "undecided", "incomplete"):
        numbers.add(f"gates.{verdict}", sum(result.verdict == verdict for result in gate.results))


def _scoped(metric: str, scope: str) -> str:
    """``line_exact``, or ``slice/<tag>/line_exact``."""
    name = key(admit("metric name", metric, where="metrics"))
    if scope == "all":
        return name
    return f"{key('slice', admit('tag', scope.removeprefix('tag:'), where='tags'))}/{name}"


def _cases_table(scores: Scores) -> str:
    """case_id, trial, metric, value: the format of MLflow's tables. A label has no value here, and so no way out."""
    ids = [admit("id", case_id, where="case ids") for case_id in scores.case_ids]
    rows: list[list[Any]] = []
    for metric, values in scores.values.items():
        name = admit("metric name", metric, where="metrics")
        rows += [
            [case_id, trial, name, _plain(value)]
            for case_id, trial, value in zip(ids, scores.trials, values, strict=True)
        ]
    return table(["case_id", "trial", "metric", "value"], rows)


def _slices_table(estimates: tuple[Estimate, ...]) -> str:
    """metric, tag, value, lo, hi, n: a row for every metric on every slice."""
    rows: list[list[Any]] = [
        [
            admit("metric name", one.metric, where="metrics"),
            admit("tag", one.scope.removeprefix("tag:"), where="tags"),
            *(admit_number(figure, where="metrics") for figure in (one.value, one.lo, one.hi)),
            one.n,
        ]
        for one in estimates
        if one.scope != "all"
    ]
    return table(["metric", "tag", "value", "lo", "hi", "n"], rows)


def _changes_table(comparison: Comparison) -> str:
    rows = [
        [
            admit("id", change.case_id, where="changes"),
            admit("word", change.kind, where="changes"),
            admit_number(change.baseline, where="changes"),
            admit_number(change.candidate, where="changes"),
        ]
        for change in comparison.changes
    ]
    return table(["case_id", "kind", "baseline", "candidate"], rows)


def _differences_table(comparison: Comparison) -> str:
    """metric, scope, baseline, candidate, effect, lo, hi, p_adjusted, n, verdict: a row for every metric and slice."""
    figures = ("baseline", "candidate", "effect", "lo", "hi", "p_adjusted")
    rows: list[list[Any]] = [
        [
            admit("metric name", one.metric, where="differences"),
            "all" if one.scope == "all" else admit("tag", one.scope.removeprefix("tag:"), where="tags"),
            *(admit_number(getattr(one, figure), where="differences") for figure in figures),
            one.n,
            one.verdict,
        ]
        for one in comparison.differences
    ]
    return table(["metric", "scope", *figures, "n", "verdict"], rows)


def table(columns: list[str], rows: list[list[Any]]) -> str:
    """Rows as MLflow keeps a table."""
    return json.dumps({"columns": columns, "data": rows}, separators=(",", ":"), allow_nan=False)


def _plain(value: Value) -> float | None:
    if isinstance(value, (bool, int, float, Ratio)):
        return admit_number(float(value), where="values")
    return None


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(admit("time", moment, where="header")).timestamp() * 1000)
