"""`evalkit synthesize` and `evalkit check-identifiers`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.cases.goldset import cases_to_jsonl, save_gold
from evalkit.cases.scan import scan_file
from evalkit.errors import CaseError
from evalkit.tasks import load_spec
from evalkit.tasks import synthesize as make_cases


@click.command()
@click.argument("spec")
@click.option("-n", "count", type=click.IntRange(1), default=400, show_default=True, help="Cases.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON lines here.")
@click.option("--gold", metavar="NAME", help="Keep them as the next version of a gold set in ./datasets.")
def synthesize(spec: str, count: int, seed: int, out: Path | None, gold: str | None) -> None:
    """Make synthetic cases: the same bytes for the same seed on any machine, never a real identifier.

    \b
    Example:
      evalkit synthesize billing_codes -n 400 --seed 7 -o cases.jsonl
    """
    cases = make_cases(load_spec(spec), n=count, seed=seed)
    if out is None and gold is None:
        raise CaseError("nowhere to put the cases", where="synthesize", next_step="give -o FILE or --gold NAME")
    if out is not None:
        out.write_bytes(cases_to_jsonl(cases))
        click.echo(f"wrote {len(cases)} cases to {out}")
    if gold is not None:
        version = save_gold(Path("datasets"), gold, cases)
        click.echo(f"kept {len(cases)} cases as {gold}@{version}")
    click.echo(f"dataset digest {cases.digest[:12]}")


@click.command("check-identifiers")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Count bare numbers too: nine or ten digits without form or label.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def check_identifiers(files: tuple[Path, ...], strict: bool, as_json: bool) -> int:
    """Find identifiers that can belong to somebody: SSN, ITIN, phone, e-mail, IP, NPI, MBI. No value is shown.

    Reads JSON lines, JSON, CSV, Parquet and plain text, packed with gzip or not. Exit code 1 where any is found.

    \b
    Example:
      evalkit check-identifiers cases.jsonl
      evalkit check-identifiers export.csv --strict
    """
    scans = [scan_file(file) for file in files]
    if as_json:
        shown = [
            {"file": scan.name, "texts": scan.texts, "certain": dict(scan.certain), "bare": dict(scan.bare)}
            for scan in scans
        ]
        click.echo(json.dumps(shown, indent=2))
    else:
        click.echo("\n".join(str(scan) for scan in scans))
    return int(any(scan.count(strict=strict) for scan in scans))
