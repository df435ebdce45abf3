"""`evalkit demo`: the main job on two versions of a shipped spec, without a network or a model."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import click

from evalkit.agents.faulty import faulty
from evalkit.boundary.finding import CheckResult
from evalkit.boundary.suite import check
from evalkit.cases.case import GoldSet
from evalkit.evaluation.annex import gather_annex
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate, pair
from evalkit.evaluation.run import Run
from evalkit.executions.runner import Settings, execute
from evalkit.figures import points
from evalkit.report.html import render_html
from evalkit.report.progress import show_progress
from evalkit.spec.changes import diff_specs
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, shipped_root, synthesize

BASELINE, CANDIDATE = "1.0.0", "2.0.0"
INDENT = "   "
LEAKED_ON = 10


@click.command()
@click.option("-n", "count", type=click.IntRange(20), default=400, show_default=True, help="Synthetic cases.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("report.html"),
              show_default=True)  # fmt: skip
def demo(count: int, seed: int, out: Path) -> None:
    """Test a shipped spec and an edit of it: check, evaluate, compare, gate, track, report.

    \b
    Example:
      evalkit demo
    """
    before, after = (load_spec(shipped_root() / "specs" / "billing_codes" / f"{v}.md") for v in (BASELINE, CANDIDATE))
    _say(1, f"Two versions of {before.title!r}")
    click.echo(textwrap.fill(f"{after.ref}: {after.change_note}", 100, initial_indent=INDENT, subsequent_indent=INDENT))
    click.echo(_indent(str(diff_specs(before, after))))
    cases = synthesize(before, n=count, seed=seed)
    _say(2, f"{len(cases)} synthetic cases, seed {seed}, digest {cases.digest[:12]}")

    _say(3, f"An agent that leaks, on {LEAKED_ON} of them that get an answer")
    caught = [result for result in _check_leaky(before, cases) if result.verdict == "fail"]
    for result in caught:
        first = result.findings[0]
        click.echo(f"   {result.check_id}: {result.failed} of {LEAKED_ON} executions ({result.citation})")
        click.echo(f"      first in {first.case_id}: {first.what} at {first.place}")

    _say(4, "Both versions, with the offline rules agent: boundary checks and evaluation")
    baseline, candidate = (_evaluate(spec, cases) for spec in (before, after))
    for run in (baseline, candidate):
        click.echo(f"   {run.header.spec_ref}: {run.sentence()}")

    _say(5, "Compared, paired by case (all of it, by slice, is in the report)")
    comparison, verdict = compare(baseline, candidate), gate(candidate, baseline)
    for seen in comparison.differences:
        if seen.scope == "all":
            click.echo(f"   {seen.metric:<19}{points(seen.effect):>6} points   {seen.verdict}")
    _say(6, f"Gated: {verdict.verdict}")
    for judged in verdict.results:
        if judged.verdict != "pass":
            click.echo(f"   {judged.verdict}  {judged.name}: {judged.what}")
    annex = gather_annex(candidate, baseline)
    page = render_html(candidate, comparison=comparison, gate=verdict, baseline=baseline, annex=annex)
    out.write_text(page, encoding="utf-8")

    from evalkit.tracking import track

    _say(7, "Logging both runs to MLflow")
    tracked = track(candidate, comparison=comparison, gate=verdict, baseline=baseline, report_html=page)
    click.echo()
    click.secho(comparison.sentence(), bold=True)
    for row in comparison.rows:
        click.echo(f"Edited row {row.row_id} broke {row.broke} cases and fixed {row.fixed}.")
    click.echo(f"The leaky agent was caught by: {', '.join(result.check_id for result in caught)}.")
    click.echo(f"Report: {out}")
    click.echo(
        f"MLflow: {_from_here(Path(sys.executable).with_name('mlflow'))} ui --backend-store-uri {_short(tracked.uri)}"
    )


def _evaluate(spec: Spec, cases: GoldSet) -> Run:
    with show_progress(f"evaluating {spec.ref}") as progress:
        return evaluate(spec, cases, offline_agent(spec), settings=Settings(progress=progress))


def _check_leaky(spec: Spec, cases: GoldSet) -> tuple[CheckResult, ...]:
    few = [case for case in cases if case.refusal is None][:LEAKED_ON]
    return check(spec, pair(few, execute(few, faulty(offline_agent(spec), "leak_output"), spec_ref=spec.ref)))


def _from_here(path: Path) -> Path:
    """The path as it is typed from the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _short(uri: str) -> str:
    scheme, _, path = uri.partition(":///")
    return f"{scheme}:///{_from_here(Path(path))}"


def _say(number: int, text: str) -> None:
    click.secho(f"\n{number}  {text}", bold=True)


def _indent(text: str) -> str:
    return textwrap.indent(text, INDENT)
