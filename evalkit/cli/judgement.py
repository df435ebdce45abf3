"""`evalkit compare`, `gate`, `report` and `track`: all of them read stored runs and call no agent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from evalkit.evaluation.annex import gather_annex
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.comparison import compare as compare_runs
from evalkit.evaluation.gates import GateReport
from evalkit.evaluation.gates import gate as judge_run
from evalkit.evaluation.ratings import load_ratings
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import load_run
from evalkit.report.text import plain_comparison, plain_gate
from evalkit.stats.difference import Adjustment, Interval, Plan
from evalkit.stats.pairs import Method
from evalkit.tasks import load_spec

_COMPARISON_EXIT = {"regressed": 1, "undecided": 3, "improved": 0, "equivalent": 0}
_OUT = click.Path(dir_okay=False, path_type=Path)
_RATED = "Ratings by people of a metric that is a judge; without them it has no interval. Repeatable."
_rated = click.option("--rated", multiple=True, metavar="METRIC=RATINGS[:CRITERION]", help=_RATED)
_baseline_rated = click.option("--baseline-rated", multiple=True, metavar="METRIC=RATINGS[:CRITERION]",
                               help="The same for the baseline.")  # fmt: skip
_UNITS = (
    click.option("--gold", metavar="NAME[@N]", help="Gold set of the runs, where --cluster FIELD does not find it."),
    click.option("--trials", default="mean", show_default=True, metavar="READING",
                 help="How repeated trials are read: mean | pass@K | pass^K."),
    click.option("--cluster", default="patient", show_default=True, metavar="FIELD",
                 help="What ties cases together: patient | case | tag:PREFIX | a field of the cases (template)."),
)  # fmt: skip


def unit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which cases count as one, and how trials are read."""
    for option in _UNITS:
        command = option(command)
    return command


def _read(run: str, cluster: str, trials: str, gold: str | None) -> Run:
    """A stored run in the units asked for."""
    loaded = load_run(run)
    if (cluster, trials) == ("patient", "mean"):
        return loaded
    from evalkit.evaluation.clusters import read_by

    return read_by(loaded, cluster=cluster, trials=trials, gold=gold)


@click.command()
@click.argument("baseline")
@click.argument("candidate")
@click.option("--margin", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.02, show_default=True,
              help="Smallest drop that matters, as a share.")  # fmt: skip
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True, max_open=True), default=0.05, show_default=True,
              help="Chance of any false alarm over all metrics and slices, one-sided.")  # fmt: skip
@unit_options
@click.option("--test", type=click.Choice(["midp", "exact", "score"]), default="midp", show_default=True,
              help="For right or wrong, one trial a case.")  # fmt: skip
@click.option("--interval", type=click.Choice(["score", "tango", "bonett-price"]), default="score", show_default=True,
              help="For the same.")  # fmt: skip
@click.option("--resamples", type=click.IntRange(0), default=0, show_default=True,
              help="For everything else: 10000, say, for BCa intervals; 0 for closed forms.")  # fmt: skip
@click.option("--adjust", type=click.Choice(["holm", "bh"]), default="holm", show_default=True,
              help="Any false alarm at all, or the share of false ones.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--markdown", type=_OUT, help="Write a summary for a pull request here.")
def compare(
    baseline: str, candidate: str, margin: float, alpha: float, cluster: str, trials: str, gold: str | None,
    test: Method, interval: Interval, resamples: int, adjust: Adjustment, as_json: bool, markdown: Path | None,
) -> None:  # fmt: skip
    """Compare two stored runs, paired by case. Exit code 1 regressed, 3 undecided, 0 otherwise.

    A run is named by its id, the beginning of it, or `spec@version` for the latest one.

    \b
    Example:
      evalkit compare billing_codes@1.0.0 billing_codes@2.0.0
      evalkit compare billing_codes@1.0.0 billing_codes@2.0.0 --margin 0.03 --alpha 0.01 --test exact
      evalkit compare billing_codes@1.0.0 billing_codes@2.0.0 --cluster template --trials pass^3
    """
    plan = Plan(margin=margin, alpha=alpha, test=test, interval=interval, resamples=resamples, adjustment=adjust)
    before, after = (_read(run, cluster, trials, gold) for run in (baseline, candidate))
    comparison = compare_runs(before, after, plan=plan)
    if markdown:
        _write_markdown(markdown, after, comparison=comparison)
    click.echo(json.dumps(comparison.summary(), indent=2) if as_json else plain_comparison(comparison))
    raise click.exceptions.Exit(_COMPARISON_EXIT[comparison.verdict])


@click.command()
@click.argument("run")
@click.option("--baseline", metavar="RUN", help="Run of the version that the gates compare with.")
@click.option("--policy", metavar="SPEC", help="Judge by the gates of this version instead, without a new call.")
@click.option("--record", "registry", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Put the verdict on record in this spec registry; promotion needs it.")  # fmt: skip
@_rated
@_baseline_rated
@unit_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--junit", type=_OUT, help="Write JUnit XML here.")
@click.option("--markdown", type=_OUT, help="Write a summary for a pull request here.")
def gate(
    run: str, baseline: str | None, policy: str | None, registry: Path | None, rated: tuple[str, ...],
    baseline_rated: tuple[str, ...], cluster: str, trials: str, gold: str | None, as_json: bool, junit: Path | None,
    markdown: Path | None,
) -> None:  # fmt: skip
    """Judge a stored run by the gates of its spec. Exit code 0 pass, 1 fail, 3 undecided, 4 incomplete.

    \b
    Example:
      evalkit gate billing_codes@2.0.0 --baseline billing_codes@1.0.0
      evalkit gate billing_codes@2.0.0 --policy drafts/2.1.0.md
      evalkit gate billing_codes@2.0.0 --baseline billing_codes@1.0.0 --cluster rendering_npi
    """
    if policy and registry:
        raise click.UsageError("a verdict by another policy is not put on record: leave out --policy or --record")
    if registry and (cluster, trials) != ("patient", "mean"):
        raise click.UsageError("a verdict in other units is not put on record: leave out --record, or the units")
    judged = hear_people(_read(run, cluster, trials, gold), rated)
    before = hear_people(_read(baseline, cluster, trials, gold), baseline_rated) if baseline else None
    verdict = judge_run(judged, before, policy=load_spec(policy) if policy else None)
    if junit:
        from evalkit.report.junit import render_junit

        junit.write_text(render_junit(judged, gate=verdict), encoding="utf-8")
    if markdown:
        _write_markdown(markdown, judged, comparison=compare_runs(before, judged) if before else None, gate=verdict)
    if registry:
        from evalkit.spec.registry import Registry

        Registry(registry).record_gate(
            judged.header.spec_id,
            judged.header.spec_version,
            verdict=verdict.verdict,
            run_id=judged.header.run_id,
            digest=judged.header.content_sha,
        )
    click.echo(json.dumps(verdict.summary(), indent=2) if as_json else plain_gate(verdict))
    raise click.exceptions.Exit(verdict.exit_code)


def _write_markdown(
    path: Path, run: Run, *, comparison: Comparison | None = None, gate: GateReport | None = None
) -> None:
    from evalkit.report.markdown import render_markdown

    path.write_text(render_markdown(run, comparison=comparison, gate=gate), encoding="utf-8")


def hear_people(run: Run, rated: Sequence[str]) -> Run:
    """A run with the ratings that the command line names, ``METRIC=RATINGS[:CRITERION]`` each."""
    for text in rated:
        metric, _, ref = text.partition("=")
        name, _, criterion = ref.partition(":")
        if not (metric and name):
            raise click.UsageError("--rated is METRIC=RATINGS or METRIC=RATINGS:CRITERION")
        run = run.rated(metric, load_ratings(name), criterion=criterion or None)
    return run


def judge_pair(
    run: str, baseline: str | None, *, rated: Sequence[str] = (), baseline_rated: Sequence[str] = ()
) -> tuple[Run, Run | None, Comparison | None, GateReport]:
    """The stored run, its baseline, their comparison and the gates."""
    judged = hear_people(load_run(run), rated)
    before = hear_people(load_run(baseline), baseline_rated) if baseline else None
    comparison = compare_runs(before, judged) if before else None
    return judged, before, comparison, judge_run(judged, before)


@click.command()
@click.argument("run")
@click.option("--baseline", metavar="RUN", help="Run to compare with.")
@_rated
@_baseline_rated
@click.option("-o", "--out", type=_OUT, default=Path("report.html"), show_default=True)
def report(run: str, baseline: str | None, rated: tuple[str, ...], baseline_rated: tuple[str, ...], out: Path) -> None:
    """Write one self-contained HTML page about a stored run.

    \b
    Example:
      evalkit report billing_codes@2.0.0 --baseline billing_codes@1.0.0 -o report.html
    """
    from evalkit.report.html import render_html

    judged, before, comparison, verdict = judge_pair(run, baseline, rated=rated, baseline_rated=baseline_rated)
    out.write_text(
        render_html(judged, comparison=comparison, gate=verdict, baseline=before, annex=gather_annex(judged, before)),
        encoding="utf-8",
    )
    click.echo(f"wrote {out}")


@click.command()
@click.argument("run")
@click.option("--baseline", metavar="RUN", help="Run to compare with: both go under one parent run.")
@click.option("--uri", metavar="URI", help="MLflow tracking server or store  [default: sqlite in .evalkit]")
@click.option("--experiment", metavar="NAME", help="MLflow experiment  [default: the spec's id]")
def track(run: str, baseline: str | None, uri: str | None, experiment: str | None) -> None:
    """Log a stored run to MLflow: numbers, names and digests only. Tracking twice changes nothing.

    \b
    Example:
      evalkit track billing_codes@2.0.0 --baseline billing_codes@1.0.0
    """
    from evalkit.report.html import render_html
    from evalkit.tracking import track as track_run

    judged, before, comparison, verdict = judge_pair(run, baseline)
    page = render_html(judged, comparison=comparison, gate=verdict, baseline=before, annex=gather_annex(judged, before))
    tracked = track_run(
        judged, comparison=comparison, gate=verdict, baseline=before, report_html=page, uri=uri, experiment=experiment
    )
    click.echo(f"MLflow run {tracked.run_id} in {tracked.uri}")
