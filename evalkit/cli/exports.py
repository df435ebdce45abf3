"""`evalkit export`: cases in the formats of others."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cases.fhir import format_fhir
from evalkit.cases.fhirbundles import bundle_of
from evalkit.cases.wholefile import whole_file
from evalkit.cli.sources import case_options, find_cases
from evalkit.errors import CaseError
from evalkit.tasks import load_spec


@click.group("export")
def export() -> None:
    """Write cases in the formats of others.

    \b
    Example:
      evalkit export fhir prior_authorization --synthesize 100 -o cases.ndjson
    """


@export.command("fhir")
@click.argument("spec")
@case_options
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="Write one Bundle a line (NDJSON) here.")  # fmt: skip
def export_fhir(spec: str, count: int | None, seed: int, gold: str | None, out: Path) -> None:
    """Write cases as FHIR R4 Bundles: what the calling system sends, without the answers.

    \b
    Example:
      evalkit export fhir prior_authorization --synthesize 100 -o cases.ndjson
    """
    cases = find_cases(load_spec(spec), count, seed, gold)
    if any(case.data_class == "phi" for case in cases):
        raise CaseError("cases with PHI are never written in clear", where="export fhir")
    with whole_file(out) as file:
        for case in cases:
            file.write(format_fhir(bundle_of(case)) + b"\n")
    click.echo(f"wrote {len(cases)} Bundles to {out}")
