"""`evalkit check` and `evalkit evaluate`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from evalkit.agents.routing import read_deployment
from evalkit.boundary.examination import Terms, examine
from evalkit.boundary.records import read_records
from evalkit.cli.sources import agent_option, case_options, find_agent, find_cases
from evalkit.evaluation.pipeline import evaluate as evaluate_agent
from evalkit.evaluation.runs import load_run
from evalkit.executions.runner import Budget, Settings
from evalkit.report.junit import render_checks
from evalkit.report.markdown import render_examination
from evalkit.report.progress import show_progress
from evalkit.report.text import plain_examination, plain_run
from evalkit.tasks import load_spec

_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
_CONCURRENCY = click.option("--concurrency", type=click.IntRange(1, 1000), default=10, show_default=True)
_FILE = click.Path(dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_TIMEOUT = click.option("--timeout", type=float, help="Seconds for one answer.")


@click.command()
@click.argument("spec")
@case_options
@agent_option
@_CONCURRENCY
@_TIMEOUT
@click.option("--deployment", type=_FILE, help="Hops, agreements and hosts of the route (YAML): `docs/how-to`.")
@click.option("--records", type=_FILE, help="Audit records of the agent's system (JSON lines), judged when it is done.")
@click.option(
    "--also",
    "left_behind",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Search these files when the agent is done: logs, a tracking store, notebooks.",
)
@click.option("--watch/--no-watch", default=True, show_default=True, help="Run a Python agent in a watched process.")
@click.option(
    "--relations",
    type=click.IntRange(0),
    default=25,
    show_default=True,
    metavar="N",
    help="Cases for the metamorphic checks.",
)
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="The day that agreements are judged on  [default: today]"
)
@_JSON
@click.option("--junit", type=_OUT, help="Write JUnit XML here.")
@click.option("--markdown", type=_OUT, help="Write a summary for a pull request here.")
def check(
    spec: str, count: int | None, seed: int, gold: str | None, agent_text: str, concurrency: int,
    timeout: float | None, deployment: Path | None, records: Path | None, left_behind: tuple[Path, ...], watch: bool,
    relations: int, today: datetime | None, as_json: bool, junit: Path | None, markdown: Path | None,
) -> None:  # fmt: skip
    """Run the deterministic PHI-boundary checks alone: for every commit. Exit code 1 on one finding.

    \b
    Example:
      evalkit check billing_codes@1.0.0 --synthesize 50
      evalkit check billing_codes@1.0.0 --agent faulty:leak_output
      evalkit check billing_codes@1.0.0 --agent python:my_agent:answer --deployment route.yaml
    """
    loaded = load_spec(spec)
    cases = find_cases(loaded, count or (None if gold else 50), seed, gold).cases
    agent = find_agent(agent_text, loaded)
    if records:
        read_records(records)  # what cannot be read is said before the agent is asked
    with show_progress(f"checking {loaded.ref}") as progress:
        terms = Terms(
            deployment=read_deployment(deployment) if deployment else None,
            audit_log=records,
            left_behind=left_behind,
            watch=watch,
            relations=relations,
            settings=Settings(concurrency=concurrency, timeout_s=timeout, progress=progress),
            today=today.date() if today else None,
        )
        seen = examine(loaded, cases, agent, terms=terms)
    if junit:
        junit.write_text(render_checks(loaded.ref, seen.results), encoding="utf-8")
    if markdown:
        markdown.write_text(render_examination(seen), encoding="utf-8")
    click.echo(json.dumps(seen.summary(), indent=2) if as_json else plain_examination(seen))
    raise click.exceptions.Exit(1 if seen.failed else 0)


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
