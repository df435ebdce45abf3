"""What MLflow shows as the description of a run: a few lines of Markdown, made of admitted names and numbers only."""

from __future__ import annotations

from typing import Final

from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.run import Run
from evalkit.figures import rate, rate_interval
from evalkit.tracking.admission import admit

NOTE: Final = "mlflow.note.content"
"""The tag that MLflow shows as a description."""

EXPERIMENT: Final = """Written by evalkit: numbers, names, ids and digests, never a value from a case.

- **SPEC on N cases** is one evaluation. Each metric has `.lo` and `.hi`, its 95 % interval, and `.n`, its cases;
  `slice/...` is the head metric on cases with one tag, `baseline/...` what a degenerate agent gets, `check....` the
  boundary checks. The cases' values are the table `cases.json`, all slices the table `slices.json`.
- **SPEC to SPEC** is a comparison, paired by case, with both evaluations below it; the report is among its artifacts.
- **SPEC over versions** has one step for each evaluation of the same cases: its charts are the history.
- **drift of SPEC** is production against what was tested, a window a step.

`tags."evalkit.verdict" = 'fail'` and `tags."evalkit.kind" = 'run'` narrow the list.
"""


def describe_run(run: Run, *, gate: GateReport | None = None) -> str:
    """Head metric with its interval, boundary checks, and the gate's verdict."""
    ref = admit("spec reference", run.header.spec_ref, where="header")
    dataset = admit("dataset name", run.header.dataset_name, where="header")
    lines = [f"**{ref}** on {run.header.cases:,} cases of {dataset}.", ""]
    head = admit("metric name", run.head_metric, where="header")
    found = [one for one in run.estimates if one.metric == head and one.scope == "all" and one.n]
    for one in found:
        shown = f"{rate(one.value)} (95 % interval {rate_interval(one.lo, one.hi)}; {one.n:,} cases)"
        lines.append(f"- {head}: {shown}")
    broken = [
        admit("metric name", result.check_id, where="checks")
        for result in run.checks
        if result.verdict in ("fail", "error")
    ]
    lines.append(f"- boundary: {len(broken)} of {len(run.checks)} checks failed" + _listed(broken))
    if run.incomplete:
        lines.append(f"- incomplete: {run.incomplete:,} executions were left undone; this is no evidence for a gate")
    if gate is not None:
        lines.append(f"- gate: **{admit('word', gate.verdict, where='gate')}**")
    return "\n".join(lines) + "\n"


def describe_comparison(comparison: Comparison, *, gate: GateReport | None = None) -> str:
    """Effect with its interval, verdict, and the rows of the spec that broke most."""
    before = admit("spec reference", comparison.baseline.spec_ref, where="baseline")
    after = admit("spec reference", comparison.candidate.spec_ref, where="candidate")
    admit("metric name", comparison.head.metric, where="differences")
    lines = [f"**{before}** to **{after}**, paired by case.", "", f"- {comparison.sentence()}"]
    for row in comparison.rows[:3]:
        lines.append(f"- {admit('spec row', row.row_id, where='rows')}: {row.broke:,} broken, {row.fixed:,} fixed")
    if gate is not None:
        lines.append(f"- gate: **{admit('word', gate.verdict, where='gate')}**")
    return "\n".join(lines) + "\n"


def _listed(names: list[str]) -> str:
    return ": " + ", ".join(names) if names else ""
