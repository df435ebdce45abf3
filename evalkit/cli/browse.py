"""`evalkit browse`: the cases of a stored run as one page, wrong ones first."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cases.case import GoldSet
from evalkit.cli.sources import case_options, find_cases
from evalkit.errors import CaseError
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import load_run


@click.command()
@click.argument("run")
@click.option("--baseline", metavar="RUN", help="Run of another version on the same cases, shown beside it.")
@case_options
@click.option("--wrong", is_flag=True, help="Only cases that are not right by the head metric.")
@click.option("--tag", metavar="TAG", help="Only cases with this tag.")
@click.option("--short-of", metavar="METRIC", help="Only cases that fall short by this metric.")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("cases.html"),
              show_default=True)  # fmt: skip
def browse(
    run: str, baseline: str | None, count: int | None, seed: int, gold: str | None, wrong: bool, tag: str | None,
    short_of: str | None, out: Path,
) -> None:  # fmt: skip
    """Write the cases of a stored run as one page that sorts and filters: broken ones first, two versions side by side.

    Name the cases as `evaluate` was told them (--synthesize and --seed, or --gold) to read notes, answers and evidence
    of the first ones. Contents are shown of synthetic cases alone.

    \b
    Example:
      evalkit browse billing_codes@2.0.0 --baseline billing_codes@1.0.0 --synthesize 400 --wrong
    """
    from evalkit.report.casebrowser import browse as browse_cases

    judged, before = load_run(run), load_run(baseline) if baseline else None
    cases = _cases_of(judged, count, seed, gold) if count is not None or gold is not None else ()
    found = browse_cases(judged, base=before, cases=cases)
    found = found.wrong() if wrong else found
    found = found.slice(tag) if tag else found
    found = found.short_of(short_of) if short_of else found
    out.write_text(found.page(), encoding="utf-8")
    click.echo(found.sentence())
    for note in filter(None, [found.sealed()]):
        click.echo(note)
    click.echo(f"wrote {out}")


def _cases_of(run: Run, count: int | None, seed: int, gold: str | None) -> GoldSet:
    """The cases that the options name. Raises CaseError where they are not those of the run."""
    cases = find_cases(run.spec, count, seed, gold)
    if cases.digest != run.header.dataset_digest:
        raise CaseError(
            "these are not the cases of the run",
            where=run.header.run_id,
            next_step=f"it was made on {run.header.cases} cases of {run.header.dataset_name}: name those",
        )
    return cases
