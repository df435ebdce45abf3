"""`evalkit records`: holds, retention, keys and access of what is on record."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from evalkit.cli.audit import opened
from evalkit.errors import AuditError
from evalkit.evaluation.safekeeping import last_in_effect
from evalkit.evaluation.sweeping import Swept, sweep
from evalkit.vault import retention, tokens
from evalkit.vault.access import DEEDS, EVERY, Access, parse_policy
from evalkit.vault.audit import set_policy
from evalkit.vault.entries import Entry
from evalkit.vault.keys import FileKeyring
from evalkit.visible import visible

_SUBJECT = click.argument("subject")
_MATTER = click.option("--name", required=True, help="The matter: case-2026-17.")
_REGISTRY = click.option(
    "--registry", type=click.Path(file_okay=False, path_type=Path), default=Path("specs"), show_default=True,
    help="Says when a spec version was last in effect.",
)  # fmt: skip
_STILL = "another process is reading: the bytes go from the files when it is done; run the command again then"


@click.group()
def records() -> None:
    """Keep what is on record: legal holds, retention, shredding, key rotation, access.

    \b
    Example:
      evalkit records hold p_3f0c5d1e2a9b4c7d8e6f0a1b --name case-2026-17
    """


@records.command()
@_SUBJECT
@_MATTER
def hold(subject: str, name: str) -> None:
    """Keep a person's records, whatever their age, until two people lift the hold.

    \b
    Example:
      evalkit records hold p_3f0c5d1e2a9b4c7d8e6f0a1b --name case-2026-17
    """
    with opened() as audit:
        retention.hold(audit.ledger, subject, name=name, actor=audit.require("hold"))
    click.echo(f"{visible(subject)} is held for {visible(name)}")


@records.command()
@_SUBJECT
@_MATTER
def lift(subject: str, name: str) -> None:
    """Ask for a hold to end; it does when a second person asks too.

    \b
    Example:
      evalkit records lift p_3f0c5d1e2a9b4c7d8e6f0a1b --name case-2026-17
    """
    with opened() as audit:
        ended = retention.lift(audit.ledger, subject, name=name, actor=audit.require("lift"))
    click.echo("the hold has ended" if ended else "recorded; the hold stands until a second person asks too")


@records.command()
def holds() -> None:
    """List the holds that stand.

    \b
    Example:
      evalkit records holds
    """
    with opened() as audit:
        audit.require("search", "holds")
        standing = retention.holds(audit.ledger)
    for subject, name in standing:
        click.echo(f"{subject}  {visible(name)}")
    if not standing:
        click.echo("no hold stands")


@records.command()
@_REGISTRY
def purge(registry: Path) -> None:
    """Take payloads away whose six years are over and that nobody holds. Records and proofs stay.

    Files of runs are swept too: what was shredded or purged goes from them, also what an earlier sweep could not reach.

    \b
    Example:
      evalkit records purge
    """
    with opened() as audit:
        actor = audit.require("purge")
        done = retention.purge(audit.ledger, last_in_effect=last_in_effect(registry), actor=actor)
        swept = sweep(audit.ledger)
    click.echo(f"purged {done.records} payloads; {done.held} more are over and held")
    _tell(swept)
    if not done.scrubbed:
        click.echo(_STILL)


@records.command()
@_SUBJECT
@click.option("--basis", type=click.Choice(get_args(retention.Basis)), required=True, help="Why.")
@_REGISTRY
def shred(subject: str, basis: retention.Basis, registry: Path) -> None:
    """Take a person's key away for good: nothing sealed for them opens again. Refused under a hold.

    \b
    Example:
      evalkit records shred p_3f0c5d1e2a9b4c7d8e6f0a1b --basis court_order
    """
    with opened() as audit:
        actor = audit.require("shred")
        gone = retention.shred(audit.ledger, subject, basis=basis, last_in_effect=last_in_effect(registry), actor=actor)
        swept = sweep(audit.ledger)
    _tell(swept)
    click.echo(f"{visible(subject)} is shredded; backups of the ledger hold the wrapped key until they are gone")
    if not gone:
        click.echo(_STILL)


def _tell(swept: Swept) -> None:
    if swept.files:
        click.echo(f"{swept.executions} executions taken out of {swept.files} files of runs and recordings")


@records.command()
@click.option("--signer", is_flag=True, help="Change the signing key instead; one checkpoint is signed by both.")
def rotate(signer: bool) -> None:
    """Make a new primary key and wrap every person's key under it, payloads untouched.

    The former key stays enabled: stored runs are sealed under it.

    \b
    Example:
      evalkit records rotate
    """
    with opened() as audit:
        actor, keyring = audit.require("rotate"), audit.ledger.keyring
        assert isinstance(keyring, FileKeyring)
        if signer:
            audit.ledger.rotate_signer(keyring.rotate_signer, actor=actor)
            click.echo("a new key signs; give `evalkit audit key` to whoever verifies")
            return
        key_id = keyring.rotate()
        count = retention.rewrap(audit.ledger, actor=actor)
        audit.ledger.append([Entry(actor, "rotate", target=f"key:{key_id}")])
    click.echo(f"wrapped {count} keys under {key_id}")


@records.command()
@click.argument("holder")
@click.option("--role", required=True, help="A role of the access table.")
@click.option("--deed", "deeds", multiple=True, type=click.Choice(DEEDS), required=True, help="What it is for.")
@click.option("--category", "categories", multiple=True, help="PHI categories it may see  [default: none]")
@click.option("--spec", "specs", multiple=True, help="id@version it is about  [default: every one]")
@click.option("--hours", type=click.FloatRange(0, 24, min_open=True), default=1.0, show_default=True)
def token(
    holder: str, role: str, deeds: tuple[str, ...], categories: tuple[str, ...], specs: tuple[str, ...], hours: float
) -> None:
    """Issue a token for a person or program, shown this once. EVALKIT_TOKEN takes it.

    \b
    Example:
      evalkit records token svc:dashboard --role auditor --deed search --hours 8
    """
    with opened() as audit:
        by = audit.require("grant", "token")
        if role not in audit.policy.roles:
            raise AuditError(f"the roles are {', '.join(audit.policy.roles)}", where="--role")
        access = Access(holder, role, frozenset(deeds), frozenset(categories), frozenset(specs or (EVERY,)))
        click.echo(tokens.issue(audit.ledger, access, by=by, hours=hours))


@records.command()
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """End a token now, by its id: the 16 digits between its two underscores.

    \b
    Example:
      evalkit records revoke 3f0c5d1e2a9b4c7d
    """
    with opened() as audit:
        tokens.revoke(audit.ledger, token_id, by=audit.require("grant", "revoke"))
    click.echo("revoked")


@records.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, exists=True, path_type=Path))
def access(file: Path | None) -> None:
    """Print the access table as JSON, or put another one on record.

    \b
    Example:
      evalkit records access > access.json
      evalkit records access access.json
    """
    with opened() as audit:
        if file is None:
            audit.require("search", "policy")
            click.echo(audit.policy.dump().decode())
            return
        set_policy(audit, parse_policy(file.read_bytes()))
    click.echo("the access table is on record and holds from now on")


@records.command()
def quiet() -> None:
    """Sign that nothing happened: a record and a checkpoint, for every hour of silence (cron).

    \b
    Example:
      evalkit records quiet
    """
    with opened() as audit:
        (seq,) = audit.ledger.append([Entry(audit.access.actor, "silence")])
    click.echo(f"signed as record {seq}")
