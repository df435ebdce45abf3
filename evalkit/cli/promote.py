"""`evalkit promote`: reviewed candidates become the next version of a gold set."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from evalkit.cases.signing import fingerprint
from evalkit.cli.audit import opened
from evalkit.promotion.gate import Shelf
from evalkit.promotion.gate import promote as promote_reviewed
from evalkit.promotion.gate import reopen as reopen_cases
from evalkit.promotion.review import Desk
from evalkit.tasks import load_spec
from evalkit.visible import visible


@click.command()
@click.argument("spec")
@click.option("--into", "name", required=True, metavar="NAME", help="The gold set; its first version if there is none.")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path("datasets"), show_default=True,
              help="Where gold sets stand.")  # fmt: skip
@click.option("--note", default="", help="One line for the manifest, without a person.")
@click.option("--leave-out", is_flag=True, help="Promote the others where one does not pass.")
@click.option("--reopen", "case_ids", multiple=True, metavar="CASE",
              help="Lay a stored case on the desk again, to be corrected or withdrawn; promotes nothing.")  # fmt: skip
def promote(spec: str, name: str, root: Path, note: str, leave_out: bool, case_ids: tuple[str, ...]) -> None:
    """Promote what was reviewed into a new, signed version of a gold set.

    Refuses on any known value of a record, near copies of cases that are there, and cases that a spec gives away.

    \b
    Example:
      evalkit promote billing_codes@1.0.0 --into billing-codes-production --note "march"
    """
    document = load_spec(spec)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with opened() as audit:
        desk, signer = Desk(audit, document), audit.ledger.keyring.signer()
        shelf = Shelf(root=root, id=name, signer=signer, note=note, at=at)
        if case_ids:
            count = reopen_cases(desk, shelf, case_ids, why=note or "looked at again")
            click.echo(f"laid {count} stored cases on the desk")
            return
        done = promote_reviewed(desk, shelf, leave_out=leave_out)
    click.echo(f"{done.ref}: {done.change}; digest {done.digest[:12]}")
    for one in done.left_out:
        click.echo(f"left out: {visible(str(one))}")
    click.echo(f"signed; whoever loads it elsewhere trusts {fingerprint(signer.public)}")
