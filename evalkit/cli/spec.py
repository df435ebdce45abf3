"""`evalkit spec`: lint, publish, promote, log, diff, rollback."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.figures import count
from evalkit.spec.changes import diff_specs
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec

_ROOT = click.option(
    "--registry", "root", type=click.Path(file_okay=False, path_type=Path), default=Path("specs"), show_default=True,
    help="Folder with registry.jsonl.",
)  # fmt: skip
_AUTHOR = click.option("--author", required=True, help="Who does this: a role or user id.")
_REASON = click.option("--reason", required=True, help="One line: why.")


@click.group()
def spec() -> None:
    """Work with spec documents and their registry.

    \b
    Example:
      evalkit spec lint specs/billing_codes/2.0.0.md
    """


@spec.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--gold", metavar="NAME[@N]", help="Say too whether the gates on a drop can see it on this gold set.")
def lint(files: tuple[Path, ...], gold: str | None) -> None:
    """Load each document and say what is wrong with it, or its digests.

    \b
    Example:
      evalkit spec lint specs/billing_codes/1.0.0.md specs/billing_codes/2.0.0.md
      evalkit spec lint drafts/2.1.0.md --gold billing_codes
    """
    for file in files:
        loaded = load_spec(str(file))
        rows = len(loaded.rows())
        click.echo(
            f"{loaded.ref}: {rows} executable rows, content {loaded.content_sha[:12]}, "
            f"behaviour {loaded.behaviour_sha[:12]}"
        )
        if gold:
            _say_sight(loaded, gold)


def _say_sight(spec: Spec, gold: str) -> None:
    """Whether each gate on a drop can see its margin on a gold set, in a line each."""
    from evalkit.evaluation.datasets import load_gold
    from evalkit.evaluation.sight import measure_sight

    for sight in measure_sight(spec, load_gold(gold).cases):
        click.echo(f"  {'' if sight.sees else 'BLIND: '}{sight}")


@spec.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_ROOT
@_AUTHOR
@_REASON
@click.option("--gold", metavar="NAME[@N]", help="The gold set that its gates will be judged on: can they see it?")
def publish(file: Path, root: Path, author: str, reason: str, gold: str | None) -> None:
    """Register a version for good: its bytes can never change again.

    A gate on a drop that its gold set cannot show is named before the version is registered.

    \b
    Example:
      evalkit spec publish drafts/2.0.1.md --author revenue-cycle --reason "cue for SI joint"
      evalkit spec publish drafts/2.1.0.md --author revenue-cycle --reason "gate at 1 point" --gold billing_codes
    """
    loaded = load_spec(str(file))
    drops = sum(gate.max_drop is not None for gate in loaded.gates)
    if gold:
        _say_sight(loaded, gold)
    elif drops:
        click.echo(f"  not asked whether {count(drops, 'gate')} on a drop can be seen: name the gold set with --gold")
    Registry(root).publish(loaded, author=author, reason=reason)
    click.echo(f"published {loaded.ref} (content {loaded.content_sha[:12]})")


@spec.command()
@click.argument("ref")
@_ROOT
@_AUTHOR
@_REASON
@click.option("--override", help="Move the alias without a passing gate: names who answers for it. Recorded.")
def promote(ref: str, root: Path, author: str, reason: str, override: str | None) -> None:
    """Move the alias `production` to a version that has a passing gate on record.

    \b
    Example:
      evalkit spec promote billing_codes@1.0.0 --author revenue-cycle --reason "gate passed on 400 cases"
    """
    name, _, version = ref.partition("@")
    Registry(root).promote(name, version, author=author, reason=reason, override=override)
    click.echo(f"production of {name} is now {version}")


@spec.command()
@click.argument("name")
@_ROOT
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def log(name: str, root: Path, as_json: bool) -> None:
    """Show every event of a spec, oldest first; the hash chain is verified on the way.

    \b
    Example:
      evalkit spec log billing_codes
    """
    registry = Registry(root)
    registry.verify()
    events = registry.log(name)
    if as_json:
        click.echo(json.dumps(events, indent=2, sort_keys=True))
        return
    for event in events:
        click.echo(
            "  ".join(str(event[key]) for key in ("at", "event", "version", "author", "reason") if event.get(key))
        )


@spec.command()
@click.argument("old")
@click.argument("new")
def diff(old: str, new: str) -> None:
    """Say what a new version changes, by meaning: rows, fields, refusals, gates.

    \b
    Example:
      evalkit spec diff billing_codes@1.0.0 billing_codes@2.0.0
    """
    click.echo(str(diff_specs(load_spec(old), load_spec(new))))


@spec.command()
@click.argument("name")
@_ROOT
@_AUTHOR
@_REASON
def rollback(name: str, root: Path, author: str, reason: str) -> None:
    """Move `production` back to the version it had before. At once, and on record.

    \b
    Example:
      evalkit spec rollback billing_codes --author on-call --reason "modifier 25 denials"
    """
    version = Registry(root).rollback(name, author=author, reason=reason)
    click.echo(f"production of {name} is back at {version}")
