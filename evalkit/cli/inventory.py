"""`evalkit inventory`: what a spec and an agent touch, as a file that can be reviewed and compared."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from evalkit.agents.agent import agent_id
from evalkit.agents.routing import read_deployment
from evalkit.boundary.examination import Terms, observe
from evalkit.boundary.inventory import Inventory, read_inventory, take_inventory
from evalkit.cases.wholefile import whole_file
from evalkit.cli.sources import agent_option, case_options, find_agent, find_cases
from evalkit.errors import EvalkitError
from evalkit.executions.runner import Settings
from evalkit.report.progress import show_progress
from evalkit.tasks import load_spec
from evalkit.visible import visible

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("spec")
@case_options
@agent_option
@click.option("--deployment", type=_FILE, help="Hops, agreements and hosts of the route (YAML): `docs/how-to`.")
@click.option("--watch/--no-watch", default=True, show_default=True, help="Run a Python agent in a watched process.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day it is taken on  [default: today]")
@click.option("-o", "--out", type=_FILE, help="Write it here, as JSON.")
@click.option(
    "--against", type=_FILE, help="Compare with this earlier one: exit code 1 on a change or if it is too old."
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def inventory(
    spec: str, count: int | None, seed: int, gold: str | None, agent_text: str, deployment: Path | None, watch: bool,
    today: datetime | None, out: Path | None, against: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """List the models, hosts, sinks and agreements that a spec and an agent touch: as routed, and as seen under watch.

    Exit code 1 where something is touched that no route, agreement or spec covers, or that is not in --against.

    \b
    Example:
      evalkit inventory billing_codes@1.0.0 --deployment route.yaml -o inventory.json
      evalkit inventory billing_codes@1.0.0 --deployment route.yaml --against inventory.json
    """
    loaded = load_spec(spec)
    earlier = _read(against) if against else None
    routed = read_deployment(deployment) if deployment else None
    cases = find_cases(loaded, count or (None if gold else 20), seed, gold).cases
    agent = find_agent(agent_text, loaded)
    with show_progress(f"watching {loaded.ref}") as progress:
        terms = Terms(deployment=routed, watch=watch, settings=Settings(progress=progress))
        pairs = observe(loaded, cases, agent, terms=terms)
    day = today.date() if today else datetime.now(UTC).date()
    taken = take_inventory(loaded, agent_id(agent), pairs, deployment=routed, today=day)
    if out:
        with whole_file(out) as file:
            file.write((json.dumps(taken.document(), indent=2) + "\n").encode())
    changes = taken.changes_since(earlier) if earlier is not None else ()
    _show(taken, changes, as_json=as_json)
    raise click.exceptions.Exit(1 if changes or taken.problems else 0)


def _read(path: Path) -> dict[str, object]:
    try:
        return read_inventory(path.read_bytes(), where=path.name)
    except OSError:
        raise EvalkitError(
            "the inventory cannot be read", where=path.name, next_step="name a file that is there"
        ) from None


def _show(taken: Inventory, changes: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        problems = {"problems": list(taken.problems), "changes": list(changes)}
        click.echo(json.dumps({**taken.document(), **problems}, indent=2))
        return
    click.echo(str(taken))
    for what, lines in (("not covered", taken.problems), ("changed", changes)):
        for line in lines:
            click.echo(f"{what}: {visible(line, most=400)}")
