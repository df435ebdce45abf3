"""The report for people: one self-contained HTML page, verdict first.

In: a run, and where there are any its comparison, gates, baseline run and annex. Out: a page without any outside
reference, that reads on a phone, in the dark and on paper; its one script sorts and filters tables. It shows ids, tags,
spec rows, field names and figures; no input, output or failure text is ever asked for. The same records give the same
bytes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from evalkit import figures
from evalkit.boundary.finding import CheckResult
from evalkit.evaluation.annex import Annex
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.run import Run, RunHeader
from evalkit.metrics.scoring import Ratio, Value
from evalkit.report import plots, sentences
from evalkit.report.chapters import chapters, coverage_rows
from evalkit.report.glossary import GLOSSARY, LEAK_LIMITS
from evalkit.report.pages import render, trusted
from evalkit.report.typography import p_figure
from evalkit.stats.comparison import Difference
from evalkit.stats.intervals import Estimate
from evalkit.tasks import FAMILIES

MOST_CASES: Final = 300
"""Cases or findings that one table lists; the caption says how many more there are."""

_HEADER_ROWS: Final = (
    ("Run", "run_id"),
    ("Created (UTC)", "created_at"),
    ("Spec", "spec_ref"),
    ("Spec, every byte", "content_sha"),
    ("Spec, behaviour", "behaviour_sha"),
    ("Cases", "dataset_name"),
    ("Cases, digest", "dataset_digest"),
    ("Data class", "data_class"),
    ("Agent", "agent_id"),
    ("Metrics, digest", "metrics_digest"),
    ("Cases x trials", "size"),
    ("Boundary probes", "probes"),
    ("evalkit", "evalkit_version"),
)


def render_html(
    run: Run,
    *,
    comparison: Comparison | None = None,
    gate: GateReport | None = None,
    baseline: Run | None = None,
    annex: Annex | None = None,
) -> str:
    """The page as a string, at most 2 MB, UTF-8 when encoded. ``run`` is the candidate of ``comparison``.

    ``baseline`` adds the scores of the version compared with to the table of estimates, ``annex``
    (`evalkit.evaluation.annex`) calibration, history and drift.
    """
    annex = annex or Annex()
    verdict = sentences.verdict_of(run, comparison, gate)
    page = {
        "run": run,
        "header": run.header,
        "comparison": comparison,
        "gate": gate,
        "gates": sentences.telling(gate) if gate else (),
        "verdict": verdict,
        "headline": sentences.headline(run, comparison),
        "remarks": sentences.remarks(run, comparison, gate),
        "rows": comparison.rows if comparison else (),
        "row_places": {row.row_id: place for place, row in enumerate(comparison.rows, 1)} if comparison else {},
        "coverage": coverage_rows(run, comparison, annex),
        "chapters": chapters(annex),
        "checks": [_check_row(result) for result in run.checks],
        "findings": run.findings[:MOST_CASES],
        "more_findings": max(0, len(run.findings) - MOST_CASES),
        "differences": _difference_rows(comparison) if comparison else [],
        "warnings": comparison.warnings if comparison else (),
        "estimates": _estimate_rows(run, baseline),
        "baseline_names": [*run.baselines, *([baseline.header.spec_ref] if baseline else [])],
        "slices": _slice_rows(run),
        "errors": _error_rows(run),
        "steadiness": _steadiness(run),
        "broken": _broken(run, comparison),
        "provenance": _provenance(run.header, comparison.baseline if comparison else None),
        "methods": _methods(run, comparison, annex),
        "glossary": GLOSSARY,
        "limits": LEAK_LIMITS,
        "plots": _plots(run, comparison),
        "margin": figures.width(comparison.margin) if comparison else "",
    }
    return render("report.html.j2", page)


def _check_row(result: CheckResult) -> dict[str, Any]:
    word = sentences.check_word(result)
    return {
        "result": result,
        "word": word,
        "tone": sentences.TONES[result.verdict] if word in sentences.VERDICT_WORDS.values() else "plain",
        "possible": result.possible,
    }


def _difference_rows(comparison: Comparison) -> list[dict[str, Any]]:
    lower = FAMILIES[comparison.candidate.family].lower_is_better
    return [
        {
            "d": difference,
            "lower": difference.metric in lower,
            "scope": difference.scope.removeprefix("tag:"),
            "interval": figures.points_interval(difference.lo, difference.hi),
            "p": p_figure(difference.p_seen),
            "holm": p_figure(difference.p_adjusted),
            "mde": figures.width(difference.mde),
        }
        for difference in sentences.judged(comparison.differences)
    ]


def _estimate_rows(run: Run, baseline: Run | None) -> list[dict[str, Any]]:
    before = {(e.metric, e.scope): e.value for e in baseline.estimates} if baseline else {}
    rows = []
    for estimate in run.estimates:
        if estimate.scope != "all":
            continue
        beside = [values.get(estimate.metric, math.nan) for values in run.baselines.values()]
        if baseline is not None:
            beside.append(before.get((estimate.metric, estimate.scope), math.nan))
        interval = figures.rate_interval(estimate.lo, estimate.hi)
        rows.append({"e": estimate, "interval": interval, "beside": [figures.rate(value) for value in beside]})
    return rows


def _slice_rows(run: Run) -> list[dict[str, Any]]:
    """A row for each tag: the head metric with its interval, the other metrics as scores."""
    by_tag: dict[str, dict[str, Estimate]] = {}
    for estimate in run.estimates:
        if estimate.scope != "all":
            by_tag.setdefault(estimate.scope.removeprefix("tag:"), {})[estimate.metric] = estimate
    others = [e.metric for e in run.estimates if e.scope == "all" and e.metric != run.head_metric]
    rows = []
    for tag, found in by_tag.items():
        head = found.get(run.head_metric)
        beside = [figures.rate(found[metric].value) if metric in found else "" for metric in others]
        rows.append({
            "tag": tag,
            "cases": head.n if head else 0,
            "score": figures.rate(head.value) if head else figures.NOTHING,
            "interval": figures.rate_interval(head.lo, head.hi) if head and head.n else figures.NOTHING,
            "beside": beside,
        })  # fmt: skip
    return rows


def _error_rows(run: Run) -> list[tuple[str, str, int]]:
    """Metric, class of what was raised, executions."""
    return [
        (metric, kind, number)
        for metric, raised in run.scores.errors.items()
        for kind, number in sorted(Counter(raised.values()).items())
    ]


def _broken(run: Run, comparison: Comparison | None) -> dict[str, Any]:
    """The cases that changed, or without a comparison the cases below full marks: id, tags, rows and values only."""
    cases: list[tuple[str, str, str, str, Sequence[str], Sequence[str]]]
    if comparison is not None:
        cases = [
            (c.case_id, c.kind, figures.rate(c.baseline), figures.rate(c.candidate), c.rows, c.tags)
            for c in sorted(comparison.changes, key=lambda change: change.kind)
        ]
    else:
        cases = [
            (case_id, "below", "", figures.rate(value), (), tags) for case_id, value, tags in _below_full_marks(run)
        ]
    return {"cases": cases[:MOST_CASES], "more": max(0, len(cases) - MOST_CASES), "paired": comparison is not None}


def _below_full_marks(run: Run) -> list[tuple[str, float, tuple[str, ...]]]:
    values = run.scores.values.get(run.head_metric, ())
    judged = zip(run.scores.case_ids, map(_number, values), run.scores.tags, strict=False)
    return [(case_id, value, tags) for case_id, value, tags in judged if value < 1]


def _number(value: Value) -> float:
    """The value as a number; NaN, which is below nothing, for labels, tallies and what did not apply."""
    return float(value) if isinstance(value, (bool, int, float, Ratio)) else math.nan


def _provenance(header: RunHeader, baseline: RunHeader | None) -> list[tuple[str, str, str]]:
    """Label, this run, and the baseline (empty without one)."""

    def read(of: RunHeader | None, name: str) -> str:
        if of is None:
            return ""
        return f"{of.cases:,} x {of.trials}" if name == "size" else str(getattr(of, name))

    return [(label, read(header, name), read(baseline, name)) for label, name in _HEADER_ROWS]


def _methods(run: Run, comparison: Comparison | None, annex: Annex) -> list[tuple[str, str]]:
    """What the figures of the page were computed by. All of it is in closed form: only cases have a seed."""
    intervals = sorted({estimate.method for estimate in run.estimates if estimate.n})
    rows = [("Intervals", ", ".join(intervals))]
    if comparison is not None:
        tests = sorted({difference.test for difference in comparison.differences})
        rows += [
            ("Tests", ", ".join(tests)),
            ("Margin", f"{figures.width(comparison.margin)} points"),
            ("Adjustment", "Holm over metrics and slices together, half of the level for the head metric"),
        ]
    if annex.calibration is not None:
        rows.append(
            ("Calibration", "debiased ECE in equal-count bins, Brier score in parts, isotonic map on unseen folds")
        )
    if annex.drift is not None:
        rows.append(("Drift", "rank tests and chi-square with sparse labels pooled, Holm over columns"))
    rows.append(("Seed", "in the name of the cases; no figure of this page is drawn at random"))
    return rows


def _steadiness(run: Run) -> dict[str, Any] | None:
    """Noise of the head metric, its figure, flaky cases and pass@k; None where no case was asked twice."""
    if run.header.trials < 2 or run.head_metric not in run.casewise.columns:
        return None
    found = run.reliability()
    return {
        "advice": found.noise.advice(),
        "icc": f"{found.noise.icc:.2f}" if math.isfinite(found.noise.icc) else figures.NOTHING,
        "plot": trusted(plots.variance(found.noise)),
        "flaky": found.flaky[:MOST_CASES],
        "more": max(0, len(found.flaky) - MOST_CASES),
        "passes": [
            (k, figures.rate(at), figures.rate(hat))
            for k, (at, hat) in enumerate(zip(found.at_k, found.hat_k, strict=True), 1)
        ],
    }


def _plots(run: Run, comparison: Comparison | None) -> dict[str, Any]:
    differences: Sequence[Difference] = comparison.differences if comparison else ()
    margin = comparison.margin if comparison else 0.0
    return {
        "forest": trusted(plots.forest(differences, margin=margin)),
        "sight": trusted(plots.sight(differences, margin=margin)),
        "estimates": trusted(plots.dots([e for e in run.estimates if e.scope == "all"], run.baselines)),
    }
