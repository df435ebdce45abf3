"""`evalkit demo`: the main job on two versions of a shipped spec, without a network or a model."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.agents.faulty import faulty
from evalkit.boundary.finding import CheckResult
from evalkit.boundary.suite import check
from evalkit.cases.case import GoldSet
from evalkit.cli.progress import show_progress
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate, pair
from evalkit.evaluation.run import Run
from evalkit.executions.runner import Settings, execute
from evalkit.figures import points
from evalkit.report.html import render_html
from evalkit.report.text import plain_checks
from evalkit.spec.changes import diff_specs
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, shipped_root, synthesize

BASELINE, CANDIDATE = "1.0.0", "2.0.0"


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
    click.echo(f"   {after.ref} says of itself: {after.change_note}")
    click.echo(_indent(str(diff_specs(before, after))))
    cases = synthesize(before, n=count, seed=seed)
    _say(2, f"{len(cases)} synthetic cases, seed {seed}, digest {cases.digest[:12]}")

    _say(3, "An agent that leaks, on 20 of them")
    caught = [result for result in _check_leaky(before, cases) if result.verdict == "fail"]
    click.echo(_indent(plain_checks(caught)))

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
    for result in verdict.results:
        if result.verdict != "pass":
            click.echo(f"   {result.verdict}  {result.name}: {result.what}")
    page = render_html(candidate, comparison=comparison, gate=verdict, baseline=baseline)
    out.write_text(page, encoding="utf-8")

    from evalkit.tracking import track

    _say(7, "Logged to MLflow")
    tracked = track(candidate, comparison=comparison, gate=verdict, baseline=baseline, report_html=page)
    click.echo(f"   {tracked.uri}\n")

    click.secho(comparison.sentence(), bold=True)
    for row in comparison.rows:
        click.echo(f"Edited row {row.row_id} broke {row.broke} cases and fixed {row.fixed}.")
    click.echo(f"The leaky agent was caught by {len(caught)} boundary checks.")
    click.echo(f"Report: {out}")
    click.echo(f"MLflow: mlflow ui --backend-store-uri {tracked.uri}")


def _evaluate(spec: Spec, cases: GoldSet) -> Run:
    with show_progress(f"evaluating {spec.ref}") as progress:
        return evaluate(spec, cases, offline_agent(spec), settings=Settings(progress=progress))


def _check_leaky(spec: Spec, cases: GoldSet) -> tuple[CheckResult, ...]:
    few = cases.cases[:20]
    return check(spec, pair(few, execute(few, faulty(offline_agent(spec), "leak_output"), spec_ref=spec.ref)))


def _say(number: int, text: str) -> None:
    click.secho(f"\n{number}  {text}", bold=True)


def _indent(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())
