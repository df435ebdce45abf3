"""`evalkit drift`: profiles of stored runs, windows held against them, and charts of streams."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import reduce
from pathlib import Path

import click

from evalkit.errors import StatisticsError
from evalkit.evaluation.datasets import load_gold
from evalkit.evaluation.drift import measure_drift, profile_run, watch_runs
from evalkit.evaluation.runs import load_run
from evalkit.report.papers import plain_drift, render_drift
from evalkit.stats.drift import Vigilance
from evalkit.stats.profile import Profile

_EXIT = {"quiet": 0, "drifted": 1, "undecided": 3}
_OUT = click.Path(dir_okay=False, path_type=Path)
_GOLD = click.option(
    "--gold", metavar="NAME[@N]", help="Gold set of the run: adds request fields and flags as columns."
)
_WITHOUT = click.option("--without", multiple=True, metavar="COLUMN", help="Leave a column out: seconds, for replays.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")


@click.group()
def drift() -> None:
    """Does production still look like the reference? Profiles hold counts only, never a row or a value.

    \b
    Example:
      evalkit drift profile billing_codes@1.0.0 -o reference.json
      evalkit drift measure reference.json billing_codes@1.0.0
      evalkit drift watch billing_codes@1.0.0 RUN RUN --metric case_exact
    """


@drift.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--out", type=_OUT, required=True, help="Write the profile here, as JSON.")
@_GOLD
@_WITHOUT
@_JSON
def profile(runs: Sequence[str], out: Path, gold: str | None, without: Sequence[str], as_json: bool) -> None:
    """Profile stored runs as the reference; several runs add up to one profile. Counts below 11 are pooled.

    \b
    Example:
      evalkit drift profile billing_codes@1.0.0 -o reference.json
    """
    cases = load_gold(gold) if gold else ()
    first, *rest = (load_run(run) for run in runs)
    found = profile_run(first, cases=cases, without=without)
    found = reduce(Profile.__add__, (profile_run(run, cases=cases, like=found) for run in rest), found)
    out.write_text(found.to_json() + "\n", encoding="utf-8")
    said = {"profile": str(out), "rows": found.rows, "columns": list(found.columns), "about": dict(found.about)}
    click.echo(json.dumps(said, indent=2) if as_json else f"{found!r} in {out}")


@drift.command()
@click.argument("reference", type=click.Path(dir_okay=False, path_type=Path), metavar="PROFILE")
@click.argument("window", metavar="RUN")
@_GOLD
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True, max_open=True), default=0.05, show_default=True,
              help="Chance of any false alarm over all columns.")  # fmt: skip
@click.option("--margin", type=click.FloatRange(0, 1, max_open=True), default=0.05, show_default=True,
              help="A distance that does not matter.")  # fmt: skip
@click.option("--page", type=_OUT, help="Write a self-contained HTML page here.")
@click.option("--track", "tracked", is_flag=True, help="Log baseline, window and history to MLflow.")
@click.option("--uri", metavar="URI", help="MLflow tracking server or store  [default: sqlite in .evalkit]")
@click.option("--experiment", metavar="NAME", help="MLflow experiment  [default: the spec's id]")
@_JSON
def measure(
    reference: Path, window: str, gold: str | None, alpha: float, margin: float, page: Path | None, tracked: bool,
    uri: str | None, experiment: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Hold a stored run against a profile. Exit code 0 quiet, 1 drifted, 3 undecided (too few rows to see anything).

    \b
    Example:
      evalkit drift measure reference.json billing_codes@1.0.0 --page drift.html
    """
    baseline, run = read_profile(reference), load_run(window)
    held = profile_run(run, cases=load_gold(gold) if gold else (), like=baseline)
    found = measure_drift(baseline, held, vigilance=Vigilance(alpha=alpha, margin=margin))
    html = render_drift(found, reference=baseline, window=held)
    if page:
        page.write_text(html, encoding="utf-8")
    click.echo(json.dumps(found.summary(), indent=2) if as_json else plain_drift(found))
    if tracked:
        from evalkit.tracking.drift import track_drift

        done = track_drift(found, baseline, held, run=run.header, page=html, uri=uri, experiment=experiment)
        click.echo(f"MLflow run {done.run_id} in {done.uri}", err=as_json)
    raise click.exceptions.Exit(_EXIT[found.verdict])


@drift.command()
@click.argument("reference", metavar="RUN")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--metric", metavar="NAME", help="A metric of the runs  [default: the head metric]")
@click.option("--arl0", type=click.FloatRange(100), default=5000, show_default=True,
              help="Cases between false alarms, on average, at least.")  # fmt: skip
@_JSON
def watch(reference: str, runs: Sequence[str], metric: str | None, arl0: float, as_json: bool) -> None:
    """Watch a stream of judged cases: is the metric worse than in the reference? Exit code 0 no alarm, 1 alarm.

    Runs are read in the order given, oldest first. Looking after every case costs nothing: false alarms stay as far
    apart as designed.

    \b
    Example:
      evalkit drift watch billing_codes@1.0.0 MONDAY TUESDAY --metric case_exact
    """
    chart = watch_runs(load_run(reference), [load_run(run) for run in runs], metric=metric, arl0=arl0)
    click.echo(json.dumps(asdict(chart)) if as_json else chart.sentence())
    raise click.exceptions.Exit(1 if chart.alarmed else 0)


def read_profile(path: Path) -> Profile:
    """A profile that was written. Raises StatisticsError where there is none that can be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise StatisticsError(
            "there is no profile that can be read", where=path.name,
            next_step="make one with `evalkit drift profile RUN -o profile.json`",
        ) from None  # fmt: skip
    return Profile.from_json(text)
