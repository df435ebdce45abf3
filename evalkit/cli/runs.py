"""`evalkit runs`: what is in the workspace."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from evalkit.evaluation.runs import list_runs, load_run
from evalkit.report.text import plain_run


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.pass_context
def runs(context: click.Context, as_json: bool) -> None:
    """List the runs of this workspace, newest first; `runs show RUN` for one, `runs tracked` for those in MLflow.

    \b
    Example:
      evalkit runs
      evalkit runs show billing_codes@2.0.0
    """
    if context.invoked_subcommand:
        return
    headers = list_runs()
    if as_json:
        click.echo(json.dumps([asdict(header) for header in headers], indent=2))
        return
    for header in headers:
        click.echo(
            f"{header.run_id}  {header.spec_ref}  {header.agent_id}  {header.cases} cases  {header.dataset_name}"
        )
    if not headers:
        click.echo("no runs here yet: evalkit evaluate SPEC makes one")


@runs.command()
@click.argument("experiment")
@click.option("--uri", metavar="URI", help="MLflow tracking server or store  [default: sqlite in .evalkit]")
@click.option("--metric", metavar="METRIC", help="The metric in the rows  [default: the one that leads there]")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def tracked(experiment: str, uri: str | None, metric: str | None, as_json: bool) -> None:
    """List the evaluations that an MLflow experiment holds, oldest first: by default an experiment is named by spec id.

    \b
    Example:
      evalkit runs tracked billing_codes
      evalkit runs tracked billing_codes --uri https://mlflow.example.org
    """
    from evalkit.tracking.shelf import browse_tracked

    shelf = browse_tracked(experiment, uri=uri, metric=metric)
    click.echo(json.dumps(shelf.summary(), indent=2) if as_json else repr(shelf))


@runs.command()
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def show(run: str, as_json: bool) -> None:
    """Show a stored run.

    \b
    Example:
      evalkit runs show billing_codes@2.0.0
    """
    stored = load_run(run)
    click.echo(json.dumps(stored.summary(), indent=2) if as_json else plain_run(stored))
