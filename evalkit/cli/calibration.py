"""`evalkit calibrate`: confidences against answers, metrics against people."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalkit.evaluation.calibration import calibrate as calibrate_run
from evalkit.evaluation.judges import calibrate_metric
from evalkit.evaluation.ratings import load_ratings
from evalkit.evaluation.runs import load_run
from evalkit.report.papers import plain_calibration, render_calibration

_OUT = click.Path(dir_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")


@click.group()
def calibrate() -> None:
    """What is a figure worth: a confidence against the answers, a metric against ratings by people?

    \b
    Example:
      evalkit calibrate confidence billing_codes@1.0.0 --metric case_exact
      evalkit calibrate metric note_summary@1.0.0 --metric coverage --ratings ratings.csv
    """


@calibrate.command()
@click.argument("run")
@click.option("--metric", metavar="NAME", help="What counts as right  [default: the head metric]")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Review threshold  [default: the spec's]")
@click.option("--most-error", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.05,
              show_default=True, help="Error among accepted answers to be promised.")  # fmt: skip
@click.option("--page", type=_OUT, help="Write a self-contained HTML page with the reliability diagram here.")
@_JSON
def confidence(
    run: str, metric: str | None, threshold: float | None, most_error: float, page: Path | None, as_json: bool
) -> None:
    """Is a stated confidence as often right as it says, and what does the review threshold do?

    \b
    Example:
      evalkit calibrate confidence billing_codes@1.0.0 --metric case_exact --page calibration.html
    """
    found = calibrate_run(load_run(run), metric=metric, threshold=threshold, most_error=most_error)
    if page:
        page.write_text(render_calibration(found), encoding="utf-8")
    click.echo(json.dumps(found.summary(), indent=2) if as_json else plain_calibration(found))


@calibrate.command("metric")
@click.argument("run")
@click.option("--metric", required=True, metavar="NAME", help="The metric to hold against people.")
@click.option(
    "--ratings", required=True, metavar="NAME|FILE", help="Ratings that were imported, or a CSV or JSON-lines file."
)
@click.option("--criterion", metavar="NAME", help="Which rating  [default: the only one]")
@_JSON
def metric_(run: str, metric: str, ratings: str, criterion: str | None, as_json: bool) -> None:
    """Does a metric agree with people, and what do both together say of all cases?

    At least 20 executions must be rated: a metric alone has no interval.

    \b
    Example:
      evalkit calibrate metric note_summary@1.0.0 --metric coverage --ratings ratings.csv
    """
    found = calibrate_metric(load_run(run), metric, load_ratings(ratings), criterion=criterion)
    if as_json:
        click.echo(json.dumps(found.summary(), indent=2))
        return
    for one in found.agreement:
        click.echo(f"{found.metric} and {found.criterion}: {one}")
    if found.raters:
        click.echo(f"raters with each other: {found.raters}")
    click.echo(f"{found.criterion}: {found.powered.sentence()}")
