"""`evalkit import`: gold sets, recorded runs and ratings that were made elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from evalkit.cases.corpora import read_aci_bench
from evalkit.cases.fhir import read_fhir
from evalkit.cases.fhircases import Given, cases_of
from evalkit.cases.goldset import save_gold
from evalkit.errors import CaseError
from evalkit.evaluation.ratings import save_ratings
from evalkit.evaluation.recordings import save_recording
from evalkit.evaluation.workspace import open_workspace
from evalkit.executions.recorded import import_runs, parse_mapping, read_aci_bench_runs


@click.group("import")
def import_() -> None:
    """Bring in gold sets, recorded runs and ratings. All of a file or nothing.

    \b
    Example:
      evalkit import runs outputs.csv --map case_id=id,output.note=summary --name my-system
    """


@import_.command("aci-bench")
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
def import_aci_bench(path: Path) -> None:
    """Make a gold set of the 40 test1 visits of ACI-Bench, and a recorded run of each stored system.

    \b
    Example:
      evalkit import aci-bench path/to/aci_bench
    """
    gold = read_aci_bench(path)
    systems = read_aci_bench_runs(path, gold)
    version = save_gold(open_workspace().datasets, "aci-bench-test1", gold)
    click.echo(f"gold set aci-bench-test1@{version}: {len(gold)} cases")
    for name, executions in systems.items():
        save_recording(name, executions)
        click.echo(f"recorded run {name}: {len(executions)} executions")


@import_.command("runs")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "mapping",
    required=True,
    metavar="TARGET=COLUMN,...",
    help="case_id and output.FIELD, and what else the file has: trial, status, confidence, input.FIELD ...",
)
@click.option("--name", required=True, help="Name of the recorded run: --agent replay:NAME uses it.")
@click.option("--gold", metavar="NAME", help="Make a gold set too, from the mapped input and gold columns.")
@click.option("--family", default="note_summary", show_default=True, help="Family of that gold set.")
@click.option("--data-class", type=click.Choice(["deidentified", "synthetic"]), default="deidentified",
              show_default=True, help="What the gold set is: it is kept in clear.")  # fmt: skip
def import_recorded(file: Path, mapping: str, name: str, gold: str | None, family: str, data_class: str) -> None:
    """Import the runs of one system from CSV or JSON lines. All rows or none.

    \b
    Example:
      evalkit import runs outputs.csv --map case_id=id,output.note=summary --name my-system
    """
    runs = import_runs(file, columns=parse_mapping(mapping), family=family, data_class=data_class)  # type: ignore[arg-type]
    if gold:
        version = save_gold(open_workspace().datasets, gold, runs.gold_set(gold))
        click.echo(f"gold set {gold}@{version}: {len(runs.cases)} cases")
    save_recording(name, runs.executions)
    click.echo(f"recorded run {name}: {len(runs.executions)} executions")


@import_.command("fhir")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Name of the gold set: --gold NAME uses it.")
@click.option("--data-class", type=click.Choice(["deidentified", "synthetic"]), required=True,
              help="What the data is: it is kept in clear, so PHI is not taken.")  # fmt: skip
@click.option("--family", default="prior_authorization", show_default=True, help="Family of the cases.")
@click.option("--flag", "granted", multiple=True, metavar="NAME", help="A consent flag that holds for all of them.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE",
              help="A field of the request, for patients whose resources do not say it; a list as JSON.")  # fmt: skip
@click.option("--skip-refused", is_flag=True, help="Import the files that are FHIR R4 and leave the others out.")
def import_fhir(
    path: Path, name: str, data_class: str, family: str, granted: tuple[str, ...], fields: tuple[str, ...],
    skip_refused: bool,
) -> None:  # fmt: skip
    """Make a gold set of FHIR R4: a Bundle, a resource, NDJSON, or a folder of these, also gzipped.

    Each patient becomes a case with every identifier that the resources name. A file that is no FHIR R4 is refused
    with the element; nothing is kept then, unless --skip-refused.

    \b
    Example:
      evalkit import fhir bundles/ --name synthea --data-class synthetic
      evalkit check prior_authorization --gold synthea
    """
    documents, refusals = read_fhir(path)
    for refused in refusals if skip_refused else ():
        click.echo(f"left out: {refused}", err=True)
    if refusals and not skip_refused:
        total = len(refusals)
        raise CaseError(
            refusals[0].what,
            where=refusals[0].where,
            next_step=f"{total} of the files refused, nothing kept; correct them, or add --skip-refused",
        )
    given = Given(dict(map(_parse_field, fields)), dict.fromkeys(granted, True))
    gold = cases_of(documents, name=name, family=family, given=given, data_class=data_class)  # type: ignore[arg-type]
    version = save_gold(open_workspace().datasets, name, gold)
    found = sum((document.counts() for document in documents), Counter())
    click.echo(f"read {sum(found.values())} resources of {len(found)} types in {len(documents)} documents")
    click.echo(f"gold set {name}@{version}: {len(gold)} cases")


def _parse_field(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise CaseError("a field is not NAME=VALUE", where="--field", next_step="write --field side=none")
    if not value.startswith("["):
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        raise CaseError(
            "a list is not JSON", where=f"--field {name}", next_step='write --field codes=["A","B"]'
        ) from None


@import_.command("mts-dialog")
@click.argument("path", type=click.Path(file_okay=False, path_type=Path))
def import_mts_dialog(path: Path) -> None:
    """Make a gold set of the 400 visits of MTS-Dialog's validation set, a recorded run, and the human ratings of it.

    \b
    Example:
      evalkit import mts-dialog path/to/MTS-Dialog
    """
    from evalkit.metrics.mtsdialog import read_mts_dialog

    rated = read_mts_dialog(path)
    version = save_gold(open_workspace().datasets, "mts-dialog-validation", rated.gold)
    save_recording("MTS-Dialog", rated.executions)
    save_ratings("mts-dialog", rated.ratings)
    click.echo(f"gold set mts-dialog-validation@{version}: {len(rated.gold)} cases")
    click.echo(f"recorded run MTS-Dialog: {len(rated.executions)} executions")
    click.echo(f"ratings mts-dialog: {len(rated.ratings):,}, by criterion: {', '.join(rated.ratings.criteria)}")


@import_.command("primock57")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_primock57(file: Path) -> None:
    """Make a gold set of the mock consultations of PriMock57: a JSON line each, with turns and the clinician's note.

    \b
    Example:
      evalkit import primock57 path/to/primock57.jsonl
    """
    from evalkit.cases.primock import NAME, read_primock57

    gold = read_primock57(file)
    version = save_gold(open_workspace().datasets, NAME, gold)
    click.echo(f"gold set {NAME}@{version}: {len(gold)} cases")


@import_.command("ratings")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="Name of the ratings: `calibrate metric --ratings NAME` uses it.")
def import_ratings(file: Path, name: str) -> None:
    """Import ratings by people: columns case_id and value, and where there are any trial, criterion and rater.

    \b
    Example:
      evalkit import ratings ratings.csv --name clinicians
    """
    from evalkit.metrics.ratings import read_ratings

    ratings = read_ratings(file)
    save_ratings(name, ratings)
    click.echo(f"ratings {name}: {len(ratings):,} by {len(ratings.raters)} raters, {', '.join(ratings.criteria)}")
