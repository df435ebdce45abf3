"""`evalkit synthesize` and `evalkit check-identifiers`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from evalkit.cases.goldset import cases_to_jsonl, save_gold
from evalkit.cases.people import People
from evalkit.cases.scan import scan_file
from evalkit.cases.wholefile import whole_file
from evalkit.errors import CaseError
from evalkit.report.progress import show_progress
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec
from evalkit.tasks import synthesize as make_cases
from evalkit.tasks.bulk import make_shards, plan_shards
from evalkit.tasks.contractcases import contract_cases


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="For --shards."),
        click.option("--shard-size", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True,
                     help="Cases in one file, for --shards."),
        click.option("--format", "kind", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True,
                     help="For --shards."),
        click.option("--shards", "folder", type=click.Path(file_okay=False, path_type=Path),
                     help="Write many files here, with manifest and datasheet; goes on where it was interrupted."),
        click.option("--gold", metavar="NAME", help="Keep them as the next version of a gold set in ./datasets."),
        click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON lines here."),
        click.option("--contract", is_flag=True,
                     help="From the contract of the spec alone: edges, refusals, forbidden fields, examples."),
        click.option("--names", type=click.Choice(["canary", "realistic"]), default="canary", show_default=True),
        click.option("--profile", type=click.Choice(["stress", "population"]), default="stress", show_default=True,
                     help="Who the patients are: hard ones over-sampled, or as in public tables of the US."),
        click.option("--seed", type=int, default=7, show_default=True),
        click.option("-n", "count", type=click.IntRange(1), default=400, show_default=True, help="Cases."),
        click.argument("spec"),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@_options
def synthesize(
    spec: str, count: int, seed: int, profile: Any, names: Any, contract: bool, out: Path | None, gold: str | None,
    folder: Path | None, kind: str, shard_size: int, workers: int,
) -> None:  # fmt: skip
    """Make synthetic cases: the same bytes for the same seed on any machine, never a real identifier.

    \b
    Example:
      evalkit synthesize billing_codes -n 400 --seed 7 -o cases.jsonl
      evalkit synthesize billing_codes -n 1000000 --shards cases --workers 2
      evalkit synthesize my_spec.md --contract -o cases.jsonl
    """
    loaded, people = load_spec(spec), People(profile, names)
    if out is None and gold is None and folder is None:
        raise CaseError(
            "nowhere to put the cases", where="synthesize", next_step="give -o FILE, --gold NAME or --shards FOLDER"
        )
    if folder is not None:
        if out is not None or gold is not None or contract:
            raise CaseError(
                "--shards stands alone", where="synthesize", next_step="leave -o, --gold and --contract away"
            )
        _write_shards(loaded, folder, count, people, seed=seed, settings={"kind": kind, "shard_size": shard_size},
                      workers=workers)  # fmt: skip
        return
    make = contract_cases if contract else make_cases
    cases = make(loaded, n=count, seed=seed, people=people)
    if out is not None:
        with whole_file(out) as file:
            file.write(cases_to_jsonl(cases))
        click.echo(f"wrote {len(cases)} cases to {out}")
    if gold is not None:
        version = save_gold(Path("datasets"), gold, cases)
        click.echo(f"kept {len(cases)} cases as {gold}@{version}")
    click.echo(f"dataset digest {cases.digest[:12]}")


def _write_shards(
    spec: Spec, folder: Path, count: int, people: People, *, seed: int, settings: dict[str, Any], workers: int
) -> None:
    plan = plan_shards(spec.family, cases=count, seed=seed, people=people, **settings)
    with show_progress(f"making {spec.family}") as progress:
        manifest = make_shards(folder, plan, workers=workers, progress=progress)
    size = sum(shard.bytes for shard in manifest.shards)
    click.echo(f"{plan.cases:,} cases in {plan.shards} files, {size:,} bytes, in {folder}")
    click.echo(f"see {folder / 'datasheet.md'} and {folder / 'manifest.json'}")


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
