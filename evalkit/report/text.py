"""Plain text twins: what a terminal, a log and ``text/plain`` in a notebook show.

In: Run, Comparison, GateReport. Out: lines of text without run id, clock or path, so that a stored output compares
equal on every machine. No trailing newline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from evalkit import figures
from evalkit.boundary.finding import CheckResult
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.run import Run
from evalkit.report import sentences
from evalkit.report.typography import p_figure
from evalkit.visible import visible

if TYPE_CHECKING:
    from evalkit.boundary.examination import Examination

_MOST_FINDINGS: Final = 20
_LONGEST_LINE: Final = 2_000


def plain_run(run: Run) -> str:
    """Header, head estimate, boundary checks and every metric over all cases beside its baselines."""
    header = run.header
    size = f"{figures.count(header.cases, 'case')} x {figures.count(header.trials, 'trial')}"
    names = list(run.baselines)
    rows = []
    for e in run.estimates:
        if e.scope == "all":
            beside = [figures.rate(run.baselines[name].get(e.metric, float("nan"))) for name in names]
            interval = figures.rate_interval(e.lo, e.hi)
            rows.append([e.metric, figures.rate(e.value), interval, f"{e.n:,}", str(e.errors), *beside])
    return "\n".join(
        [
            *tell(
                f"{header.spec_ref} by {header.agent_id} on {header.dataset_name}, {size}",
                sentences.headline(run),
                *_steadiness(run),
                *sentences.remarks(run),
            ),
            "",
            *grid(["metric", "score", "95 % interval", "cases", "errors", *names], rows),
            "",
            plain_checks(run.checks),
        ]
    ).rstrip()


def _steadiness(run: Run) -> list[str]:
    asked_again = run.header.trials > 1 and run.head_metric in run.casewise.columns
    return [f"Asked again: {run.reliability()}"] if asked_again else []


def plain_checks(results: Sequence[CheckResult]) -> str:
    """A line for each boundary check with its counts, then the findings: places and names, never a value."""
    rows = [
        [
            r.check_id, sentences.check_word(r), f"{r.passed:,}", f"{r.failed:,}", f"{r.not_observed:,}", r.possible,
            sentences.citation(r),
        ]
        for r in results
    ]  # fmt: skip
    titles = ["boundary check", "verdict", "passed", "failed", "not observed", "possible", "citation"]
    lines = [*grid(titles, rows, left=(0, 1, 6)), *sentences.bounds(results)]
    found = [finding for result in results for finding in result.findings]
    for finding in found[:_MOST_FINDINGS]:
        where = " ".join(part for part in (finding.place, finding.needle_id, finding.form) if part)
        lines.append(visible(f"  {finding.case_id} trial {finding.trial}: {finding.what} ({where})"))
    if len(found) > _MOST_FINDINGS:
        lines.append(f"  and {figures.count(len(found) - _MOST_FINDINGS, 'finding')} more")
    return "\n".join(lines)


def plain_examination(seen: Examination) -> str:
    """One sentence, what no request could be made for, then a line for each check and each finding."""
    lines = [f"{seen.spec_ref} by {seen.agent_id}: {seen.sentence()}"]
    if seen.unprobed:
        lines.append(f"no request could be made for: {', '.join(seen.unprobed)}")
    return "\n".join([*tell(*lines), "", plain_checks(seen.results)])


def plain_comparison(comparison: Comparison) -> str:
    """The head difference in one sentence, the edited rows, then every metric and slice."""
    head = f"{comparison.baseline.spec_ref} -> {comparison.candidate.spec_ref} on {comparison.candidate.dataset_name}"
    lines = [head, comparison.sentence()]
    lines += [line for line in (sentences.caveat(comparison),) if line]
    lines += [
        f"Edited row {row.row_id} broke {figures.count(row.broke, 'case')} and fixed {row.fixed}: {row.change}"
        for row in comparison.rows
    ]
    lines += [f"Read with care: {warning}." for warning in comparison.warnings]
    rows = [
        [
            d.metric, d.scope.removeprefix("tag:"), sentences.VERDICT_WORDS[d.verdict], figures.points(d.effect),
            figures.points_interval(d.lo, d.hi), p_figure(d.p_adjusted), f"{d.n:,}", figures.width(d.mde),
        ]
        for d in sentences.judged(comparison.differences)
    ]  # fmt: skip
    titles = ["metric", "slice", "verdict", "points", "95 % interval", "p (Holm)", "cases", "visible drop"]
    return "\n".join([*tell(*lines), "", *grid(titles, rows, left=(0, 1, 2))])


def plain_gate(gate: GateReport) -> str:
    """The gates in one sentence, then a line for each."""
    against = f" against {gate.baseline.spec_ref}" if gate.baseline else ""
    head = f"{gate.run.spec_ref}{against}: {sentences.VERDICT_WORDS[gate.verdict]}. {sentences.gate_sentence(gate)}"
    rows = [[sentences.VERDICT_WORDS[result.verdict], result.name, result.what] for result in gate.results]
    return "\n".join([*tell(head), *grid(["verdict", "gate", "seen"], rows, left=(0, 1, 2))])


def tell(*lines: str) -> list[str]:
    """A line each, in which nothing that a name carries acts on a terminal."""
    return [visible(line, most=_LONGEST_LINE) for line in lines]


def grid(titles: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int] = (0,)) -> list[str]:
    """Lines of aligned columns under their titles; columns in ``left`` are flush left, the others flush right."""
    lines = [[visible(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return [
        "  ".join(
            cell.ljust(size) if column in left else cell.rjust(size)
            for column, (cell, size) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
