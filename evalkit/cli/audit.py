"""`evalkit audit`: verify, prove, search, show and export what is on record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from evalkit.errors import AccessRefused, AuditError
from evalkit.evaluation.safekeeping import current_actor, open_ledger
from evalkit.evaluation.workspace import open_workspace
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit, Question
from evalkit.vault.entries import Action, Entry, Outcome, Record
from evalkit.vault.notes import Verifier, parse_verifier
from evalkit.vault.proofs import Proved, check_proof
from evalkit.vault.tokens import Gatekeeper
from evalkit.vault.verification import verify as verify_ledger
from evalkit.vault.witness import FileWitness
from evalkit.visible import visible

_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
_FILE = click.Path(dir_okay=False, path_type=Path)
_KEY = click.option("--key", metavar="VKEY", help="Trust this key alone, as `evalkit audit key` prints it.")
_MOMENTS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
_LARGEST_PROOFS = 512 * 1024 * 1024


@contextmanager
def opened() -> Iterator[Audit]:
    """The ledger of the workspace, for whoever runs this: by ``$EVALKIT_TOKEN``, else as its custodian."""
    if not open_workspace().ledger.is_file():
        raise AuditError(
            "nothing is on record here yet",
            where=str(open_workspace().ledger),
            next_step="evalkit evaluate SPEC records what it runs",
        )
    with open_ledger() as ledger:
        token = os.environ.get("EVALKIT_TOKEN")
        try:
            access = Gatekeeper(ledger).admit(token) if token else Access(current_actor(), "custodian")
        except AccessRefused:
            ledger.append([Entry(current_actor(), "refuse", outcome="refused", target="token")])
            raise
        yield Audit(ledger, access)


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which records are meant."""
    for option in (
        click.option("--until", type=_MOMENTS, help="Recorded before this day or time (UTC)."),
        click.option("--since", type=_MOMENTS, help="Recorded from this day or time on (UTC)."),
        click.option("--target", help="A run, or RUN/CASE."),
        click.option("--tool", help="A tool that was called."),
        click.option("--phi", metavar="CATEGORY", help="A PHI category that was in the prompt."),
        click.option("--agent", help="The agent."),
        click.option("--model", help="The model."),
        click.option("--spec", metavar="ID[@VERSION]", help="The spec."),
        click.option("--subject", help="The person, by pseudonym."),
        click.option("--outcome", type=click.Choice(get_args(Outcome)), help="How it ended."),
        click.option("--action", type=click.Choice(get_args(Action)), help="What happened."),
        click.option("--actor", help="Who did it: user:NAME, svc:NAME."),
    ):
        command = option(command)
    return command


def ask(parts: dict[str, Any]) -> Question:
    """The question in the options."""
    moments = {name: at.replace(tzinfo=UTC) for name in ("since", "until") if (at := parts.pop(name)) is not None}
    return Question(**parts, **moments)


@click.group()
def audit() -> None:
    """Ask what was run, by whom and on what; verify that the record is whole. What is asked is itself recorded.

    \b
    Example:
      evalkit audit verify
      evalkit audit search --spec billing_codes --phi free_text
    """


@audit.command()
@click.option("--ledger", "path", type=_FILE, help="The file  [default: that of the workspace]")
@_KEY
@click.option("--witness", type=_FILE, help="What the witness kept  [default: beside the keyring]")
@click.option(
    "--open/--no-open", "opens", default=None, help="Open every payload too  [default: if the keyring is here]"
)
@click.option("--proof", type=_FILE, help="Verify a proof or an export instead; needs --key or the keyring.")
@_JSON
def verify(
    path: Path | None, key: str | None, witness: Path | None, opens: bool | None, proof: Path | None, as_json: bool
) -> None:
    """Verify the ledger, or a proof. Exit code 1 where anything was done to it, with the reason.

    \b
    Example:
      evalkit audit verify
      evalkit audit verify --ledger copy.db --key "$VKEY" --witness witness.txt --no-open
    """
    place = path or open_workspace().ledger
    keyring = None if key else open_workspace().keyring()
    if proof is not None:
        _verify_proofs(proof, [parse_verifier(key)] if key else _own_verifiers(), as_json=as_json)
        return
    verifiers: Any = [parse_verifier(key)] if key else keyring.trusted() if keyring else ()
    notes = _witness_notes(place, witness, keyring)
    seen = verify_ledger(place, verifiers=verifiers, keyring=keyring if opens is not False else None, witness=notes)
    click.echo(json.dumps(seen.summary(), indent=2) if as_json else visible(seen.sentence(), most=4000))
    raise click.exceptions.Exit(0 if seen.ok else 1)


def _witness_notes(place: Path, witness: Path | None, keyring: Any) -> tuple[str, ...] | None:
    if witness is not None:
        if not witness.is_file():
            raise AuditError("there is no such witness", where=str(witness))
        return FileWitness(witness).notes()
    if keyring is None or place != open_workspace().ledger or not place.is_file():
        return None
    with open_ledger(writable=False) as ledger:
        kept = ledger.witness.notes() if ledger.witness else ()
    return kept or None


def _own_verifiers() -> tuple[Verifier, ...]:
    with open_ledger(writable=False) as ledger:
        return ledger.verifiers()


def _verify_proofs(path: Path, verifiers: Any, *, as_json: bool) -> None:
    if not path.is_file() or path.stat().st_size > _LARGEST_PROOFS:
        raise AuditError("there is no such file of proofs, or it is too long", where=str(path))
    proved = 0
    try:
        text = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        raise AuditError("the file cannot be read as text", where=str(path)) from None
    for number, one in enumerate(_proofs_in(text), 1):
        try:
            last = _check(one, verifiers)
        except AuditError as error:
            raise _failed(error, f"{path}:{number}", as_json=as_json) from None
        proved += 1
    if not proved:
        raise AuditError("there is no proof in the file", where=str(path))
    line = f"{proved} records are as {last.checkpoint.origin} signed them, the newest of {last.checkpoint.size}"
    click.echo(
        json.dumps({"ok": True, "proved": proved, "origin": last.checkpoint.origin}) if as_json else visible(line)
    )


def _failed(error: AuditError, where: str, *, as_json: bool) -> click.exceptions.Exit:
    summary = {"ok": False, "where": where, "what": error.what}
    click.echo(json.dumps(summary) if as_json else f"not proved: {visible(where)}: {error.what}")
    return click.exceptions.Exit(1)


def _proofs_in(text: str) -> Iterator[Any]:
    """A proof as it is, or the lines of an export."""
    if not text.startswith("{"):
        yield text
        return
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            yield {}


def _check(one: Any, verifiers: Any) -> Proved:
    if isinstance(one, str):
        return check_proof(one, verifiers)
    if not isinstance(one, dict) or set(one) != {"record", "proof"} or not isinstance(one["proof"], str):
        raise AuditError("the line is none of an export")
    proved = check_proof(one["proof"], verifiers)
    if proved.record.summary() != one["record"]:
        raise AuditError("the record shown is not the one that is proved")
    return proved


@audit.command()
def key() -> None:
    """Print the key that signs this ledger, for whoever verifies it elsewhere.

    \b
    Example:
      evalkit audit key
    """
    with open_ledger(writable=False) as ledger:
        for verifier in ledger.verifiers():
            click.echo(verifier)


@audit.command()
@click.argument("seq", type=click.IntRange(0))
def prove(seq: int) -> None:
    """Print the proof that a record is in the ledger: its clear part, the path to the root, the signed checkpoint.

    \b
    Example:
      evalkit audit prove 17 > 17.tlog-proof
    """
    with opened() as audit:
        click.echo(audit.prove(seq), nl=False)


@audit.command()
@question_options
@_JSON
def search(as_json: bool, **parts: Any) -> None:
    """List the records that answer, in their order. The clear part alone: no payload is opened.

    \b
    Example:
      evalkit audit search --action execute --spec billing_codes --phi free_text --since 2026-01-01
    """
    with opened() as audit:
        found = audit.search(ask(parts))
    if as_json:
        click.echo(json.dumps([one.summary() for one in found], indent=2))
        return
    for one in found:
        click.echo(_line(one))
    click.echo(f"{len(found)} records")


@audit.command()
@click.argument("seq", type=click.IntRange(0))
@_JSON
def show(seq: int, as_json: bool) -> None:
    """Show one record: who, what, which model and version, which PHI, which tools, when; who read it since.

    \b
    Example:
      evalkit audit show 17
    """
    with opened() as audit:
        account = audit.account(seq)
    click.echo(json.dumps(account.summary(), indent=2) if as_json else str(account))


@audit.command()
@click.option("-o", "--out", type=_FILE, required=True, help="A file that is not there yet.")
@question_options
def export(out: Path, **parts: Any) -> None:
    """Write the clear part of records with their proofs, as JSON lines. `audit verify --proof` checks it elsewhere.

    \b
    Example:
      evalkit audit export -o march.jsonl --since 2026-03-01 --until 2026-04-01
    """
    with opened() as audit:
        count = audit.export(out, ask(parts))
    click.echo(f"wrote {count} records with their proofs to {visible(str(out))}")


def _line(one: Record) -> str:
    at: datetime = one.at
    parts = (f"{one.seq:>6}", f"{at:%Y-%m-%d %H:%M:%S}", one.action, one.outcome, one.actor, one.spec, one.target)
    return visible("  ".join(filter(None, parts)), most=400)
