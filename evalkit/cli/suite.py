"""`evalkit suite`: everything that is asked of a version, in one command that a CI server can call."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from evalkit.agents.agent import Agent, agent_id
from evalkit.cases.case import GoldSet
from evalkit.cases.wholefile import whole_file
from evalkit.cli.sources import agent_option, case_options, find_agent, find_cases
from evalkit.errors import EvalkitError, SpecError
from evalkit.evaluation.annex import gather_annex
from evalkit.evaluation.comparison import Comparison, compare
from evalkit.evaluation.gates import GateReport, gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import list_runs, load_run
from evalkit.executions.runner import Settings
from evalkit.report.html import render_html
from evalkit.report.junit import render_junit
from evalkit.report.markdown import render_markdown
from evalkit.report.progress import show_progress
from evalkit.spec.changes import diff_specs
from evalkit.spec.schema import Spec
from evalkit.tasks import PRODUCTION, load_spec


@click.command()
@click.argument("spec")
@case_options
@agent_option
@click.option("--baseline", metavar="SPEC", help="Version to compare with  [default: the one in production, if any]")
@click.option("--baseline-agent", metavar="AGENT", help="Agent of that version  [default: as --agent]")
@click.option("--trials", type=click.IntRange(1, 100), default=1, show_default=True, help="Runs of each case.")
@click.option("--concurrency", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--timeout", type=float, help="Seconds for one answer.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("evalkit-results"),
              show_default=True, help="Folder of what is left behind.")  # fmt: skip
def suite(
    spec: str, count: int | None, seed: int, gold: str | None, agent_text: str, baseline: str | None,
    baseline_agent: str | None, trials: int, concurrency: int, timeout: float | None, out: Path,
) -> None:  # fmt: skip
    """Lint, check, evaluate, compare and gate a version; leave what CI and people need.

    Left in the folder: report.html, junit.xml, summary.md (for a pull request) and result.json. A run of the baseline
    on the same cases that is in the workspace is taken as it is; otherwise the baseline is evaluated too. Exit code
    0 pass, 1 fail, 3 undecided, 4 incomplete.

    \b
    Example:
      evalkit suite billing_codes@2.0.0 --baseline billing_codes@1.0.0 --gold billing-codes-synthetic
    """
    _open(out)
    candidate = load_spec(spec)
    before = _in_production(candidate) if baseline is None else load_spec(baseline)
    _say("lint", f"{candidate.ref}, {len(candidate.rows())} executable rows")
    if before is not None:
        _say("diff", str(diff_specs(before, candidate)).splitlines()[0])
    cases = find_cases(candidate, count, seed, gold)
    settings = Settings(concurrency=concurrency, timeout_s=timeout)
    old = None
    if before is not None:
        old = _evaluate(before, cases, find_agent(baseline_agent or agent_text, before), settings, trials=trials)
    run = _evaluate(candidate, cases, find_agent(agent_text, candidate), settings, trials=trials)
    comparison = compare(old, run) if old is not None else None
    verdict = gate(run, old)
    for name, page in _render(run, old, comparison, verdict).items():
        with whole_file(out / name) as file:
            file.write(page.encode())
    if comparison is not None:
        _say("compare", comparison.sentence())
    for result in verdict.results:
        if result.verdict != "pass":
            _say(result.verdict, f"{result.name}: {result.what}")
    _say("gate", verdict.verdict)
    _say("left", str(out))
    raise click.exceptions.Exit(verdict.exit_code)


def _in_production(candidate: Spec) -> Spec | None:
    """The version in production; None where that is the candidate itself or there is none."""
    try:
        production = load_spec(f"{candidate.id}@{PRODUCTION}")
    except SpecError:
        return None
    return None if production.content_sha == candidate.content_sha else production


def _evaluate(spec: Spec, cases: GoldSet, agent: Agent, settings: Settings, *, trials: int) -> Run:
    """The run of this spec and agent on these cases that is there already, or a new one."""
    wanted = (spec.content_sha, cases.digest, agent_id(agent), trials)
    for header in list_runs():
        if (header.content_sha, header.dataset_digest, header.agent_id, header.trials) == wanted:
            known = load_run(header.run_id)
            if not known.incomplete:
                _say("known", f"{spec.ref}: {known.sentence()}")
                return known
    with show_progress(f"evaluating {spec.ref}") as progress:
        run = evaluate(spec, cases, agent, trials=trials, settings=replace(settings, progress=progress))
    _say("evaluated", f"{spec.ref}: {run.sentence()}")
    return run


def _render(run: Run, baseline: Run | None, comparison: Comparison | None, verdict: GateReport) -> dict[str, str]:
    """What is left behind, by the name of its file."""
    result = {
        "spec": run.header.spec_ref,
        "verdict": verdict.verdict,
        "exit_code": verdict.exit_code,
        "run": run.summary(),
        "comparison": comparison.summary() if comparison else None,
        "gate": verdict.summary(),
    }
    return {
        "report.html": render_html(
            run, comparison=comparison, gate=verdict, baseline=baseline, annex=gather_annex(run, baseline)
        ),
        "junit.xml": render_junit(run, gate=verdict),
        "summary.md": render_markdown(run, comparison=comparison, gate=verdict),
        "result.json": json.dumps(result, indent=2) + "\n",
    }


def _open(out: Path) -> None:
    """Make the folder before anything is asked: a call that cannot be kept is not made."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvalkitError(
            f"the results cannot be written ({error.strerror})", where=str(out), next_step="give another --out FOLDER"
        ) from None


def _say(what: str, text: str) -> None:
    click.echo(f"{what:<10} {text}")
