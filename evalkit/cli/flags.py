"""`evalkit flags`: which executions on record deserve a look."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.cli.audit import opened
from evalkit.cli.drift import read_profile
from evalkit.evaluation.datasets import load_gold
from evalkit.promotion.corrections import read_corrections
from evalkit.promotion.flags import Flags, flag
from evalkit.promotion.production import stored_executions
from evalkit.tasks import load_spec
from evalkit.visible import visible

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("spec")
@click.option("--run", metavar="RUN", help="Executions of this run alone.")
@click.option("--profile", type=_FILE, help="The reference, as `evalkit drift profile` writes it: flags outliers.")
@click.option("--gold", metavar="NAME[@N]", help="What is known already: flags novel inputs.")
@click.option("--against", metavar="RUN", help="A run of another version on the same cases: flags disagreement.")
@click.option("--corrections", type=_FILE, help="JSON: execution -> the output that a person gave, or a refusal code.")
@click.option("--audit-share", type=click.FloatRange(0, 1), default=0.02, show_default=True, help="Random sample.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random sample.")
@click.option("--most", type=click.IntRange(1), default=50, show_default=True, help="Flags to print.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output, every flag.")
def flags(
    spec: str, run: str | None, profile: Path | None, gold: str | None, against: str | None, corrections: Path | None,
    audit_share: float, seed: int, most: int, as_json: bool,
) -> None:  # fmt: skip
    """List the executions on record that deserve a look, the most worth it first, with why. No value is shown.

    Always: confidences near the review threshold (the spec's band), errors, refusals, a random audit sample. Each
    reading is on record.

    \b
    Example:
      evalkit flags billing_codes@2.0.0 --against billing_codes@1.0.0
      evalkit flags billing_codes@2.0.0 --profile reference.json --gold edge-cases@1
    """
    loaded = load_spec(spec)
    known = load_gold(gold) if gold else None
    reference = read_profile(profile) if profile else None
    given = read_corrections(corrections) if corrections else None
    with opened() as audit:
        executions = stored_executions(audit, spec=loaded.ref, run=run)
        other = stored_executions(audit, run=_run_id(against)) if against else None
        found = flag(
            executions, spec=loaded, profile=reference, gold=known, other=other, corrections=given,
            audit_share=audit_share, seed=seed,
        )  # fmt: skip
    click.echo(json.dumps(found.summary(), indent=2) if as_json else _shown(found, most))


def _shown(found: Flags, most: int) -> str:
    lines = [found.sentence(), *(visible(one.line(), most=400) for one in found[:most])]
    if len(found) > most:
        lines.append(f"{len(found) - most} more; --most {len(found)} prints all")
    return "\n".join(lines)


def _run_id(ref: str) -> str:
    from evalkit.evaluation.runs import load_run

    return load_run(ref).header.run_id
