"""`evalkit replay`: a stored input once more."""

from __future__ import annotations

import json

import click

from evalkit.cli.audit import opened
from evalkit.cli.sources import find_agent
from evalkit.errors import AuditError
from evalkit.promotion.replay import replay_execution, spec_as_it_ran
from evalkit.tasks import load_spec
from evalkit.vault.audit import Audit, Question


@click.command()
@click.argument("id", metavar="ID")
@click.option("--spec", "ref", metavar="SPEC", help="Run on this version  [default: the very text that ran]")
@click.option(
    "--agent", "agent_text", metavar="AGENT",
    help="rules | replay:NAME | faulty:FAULT | python:MODULE:FUNCTION | https://URL  [default: rules, if they ran]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def replay(id: str, ref: str | None, agent_text: str | None, as_json: bool) -> None:
    """Run a stored input again and show which fields are answered otherwise. Exit code 1 where any is.

    ID is the number of the execution's record, or RUN/CASE/TRIAL. The reading and the new execution are both on record.
    Values are shown where the data is marked synthetic; else their kind, size and a mark.

    \b
    Example:
      evalkit replay 30
      evalkit replay 30 --spec billing_codes@1.0.0
    """
    with opened() as audit:
        seq = _find(audit, id)
        spec = load_spec(ref) if ref else None
        agent = None
        if agent_text is not None:
            spec = spec or spec_as_it_ran(audit.ledger.get(seq))
            agent = find_agent(agent_text, spec)
        done = replay_execution(audit, seq, agent=agent, spec=spec)
    click.echo(json.dumps(done.summary(), indent=2) if as_json else str(done))
    raise click.exceptions.Exit(1 if done.changes else 0)


def _find(audit: Audit, id: str) -> int:
    """The record's number. Raises AuditError where there is none of that name."""
    if id.isascii() and id.isdigit() and len(id) < 16:
        return int(id)
    for found in audit.ledger.records(*Question(action="execute", target=id).condition()):
        if found.target == id:
            return found.seq
    raise AuditError(
        "there is no execution of that name on record", where="ID",
        next_step="`evalkit audit search --action execute` lists them, each with its number",
    )  # fmt: skip
