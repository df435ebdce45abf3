"""`evalkit check` and `evalkit evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.boundary.probes import make_probes
from evalkit.boundary.suite import check as check_boundary
from evalkit.cli.progress import show_progress
from evalkit.cli.sources import agent_option, case_options, find_agent, find_cases
from evalkit.evaluation.pipeline import evaluate as evaluate_agent
from evalkit.evaluation.pipeline import pair
from evalkit.evaluation.runs import load_run
from evalkit.executions.runner import Budget, Settings, execute
from evalkit.report.junit import render_checks
from evalkit.report.text import plain_checks, plain_run
from evalkit.tasks import load_spec

_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
_CONCURRENCY = click.option("--concurrency", type=click.IntRange(1, 1000), default=10, show_default=True)
_TIMEOUT = click.option("--timeout", type=float, help="Seconds for one answer.")


@click.command()
@click.argument("spec")
@case_options
@agent_option
@_CONCURRENCY
@_TIMEOUT
@_JSON
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
def check(
    spec: str, count: int | None, seed: int, gold: str | None, agent_text: str, concurrency: int,
    timeout: float | None, as_json: bool, junit: Path | None,
) -> None:  # fmt: skip
    """Run the deterministic PHI-boundary checks alone: for every commit.

    \b
    Example:
      evalkit check billing_codes@1.0.0 --synthesize 50
      evalkit check billing_codes@1.0.0 --agent faulty:leak_output
    """
    loaded = load_spec(spec)
    cases = find_cases(loaded, count or (None if gold else 50), seed, gold).cases
    everything = (*cases, *make_probes(loaded, cases))
    with show_progress(f"checking {loaded.ref}") as progress:
        settings = Settings(concurrency=concurrency, timeout_s=timeout, progress=progress)
        executions = execute(everything, find_agent(agent_text, loaded), spec_ref=loaded.ref, settings=settings)
    results = check_boundary(loaded, pair(everything, executions))
    if junit:
        junit.write_text(render_checks(loaded.ref, results), encoding="utf-8")
    if as_json:
        rows = [
            {"check": r.check_id, "citation": r.citation, "verdict": r.verdict, "passed": r.passed, "failed": r.failed}
            for r in results
        ]
        click.echo(json.dumps({"spec": loaded.ref, "checks": rows}, indent=2))
    else:
        click.echo(plain_checks(results))
    raise click.exceptions.Exit(1 if any(result.verdict in {"fail", "error"} for result in results) else 0)


@click.command()
@click.argument("spec")
@case_options
@agent_option
@click.option("--trials", type=click.IntRange(1, 100), default=1, show_default=True, help="Runs of each case.")
@_CONCURRENCY
@_TIMEOUT
@click.option("--max-calls", type=click.IntRange(1), help="Stop after so many calls; the run is then incomplete.")
@click.option("--max-seconds", type=float, help="Stop after so many seconds; the run is then incomplete.")
@click.option("--max-usd", type=float, help="Stop when answers have cost so much; the run is then incomplete.")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the run in this file; refused where it holds another evaluation  [default: the workspace]",
)
@click.option("--stop-when-decided", "against", metavar="RUN",
              help="Ask no more cases than it takes to decide the head metric against this run.")  # fmt: skip
@_JSON
def evaluate(
    spec: str, count: int | None, seed: int, gold: str | None, agent_text: str, trials: int, concurrency: int,
    timeout: float | None, max_calls: int | None, max_seconds: float | None, max_usd: float | None,
    journal: Path | None, against: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Run an agent on every case and probe, judge the answers, and keep the run sealed in the workspace.

    The same command after an interruption goes on where it stopped.

    \b
    Example:
      evalkit evaluate billing_codes@2.0.0 --synthesize 400 --seed 7
      evalkit evaluate billing_codes@2.0.0 --stop-when-decided billing_codes@1.0.0
    """
    loaded = load_spec(spec)
    cases = find_cases(loaded, count, seed, gold)
    budget = Budget(seconds=max_seconds, calls=max_calls, cost_usd=max_usd)
    with show_progress(f"evaluating {loaded.ref}") as progress:
        settings = Settings(concurrency=concurrency, timeout_s=timeout, budget=budget, progress=progress)
        run = evaluate_agent(
            loaded, cases, find_agent(agent_text, loaded), trials=trials, settings=settings, journal=journal,
            baseline=load_run(against) if against else None, stop_when_decided=against is not None,
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(run.summary(), indent=2))
    else:
        click.echo(plain_run(run))
        click.echo(f"run {run.header.run_id}")
    raise click.exceptions.Exit(4 if run.incomplete else 0)
