"""`evalkit plan`: how many cases and trials it takes to see a drop, and whether the gates of a spec can see theirs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from evalkit.figures import count, rate, width
from evalkit.stats.power import Repeats, cases_needed, mde_paired

_RATE = click.FloatRange(0, 1)
_OPEN = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command()
@click.option("--from", "p_from", type=_RATE, default=0.94, show_default=True, help="Pass rate of the version in use.")
@click.option("--to", "p_to", type=_RATE, help="Pass rate that must not go unseen.")
@click.option("--power", type=_OPEN, default=0.8, show_default=True, help="Chance that it is seen.")
@click.option("--alpha", type=click.FloatRange(0, 0.5, min_open=True, max_open=True), default=0.05, show_default=True,
              help="Chance of a false alarm, one-sided.")  # fmt: skip
@click.option("--rho", type=_RATE, default=0.5, show_default=True, help="Correlation of both versions on one case.")
@click.option("--rerun", type=_RATE, default=0.5, show_default=True, help="Correlation of two trials on one case.")
@click.option("--cases", "n", type=click.IntRange(1), help="Cases at hand: what they see, and what trials would add.")
@click.option("--spec", metavar="SPEC", help="Ask the gates of this spec, on --gold or --cases synthetic ones.")
@click.option("--gold", metavar="NAME[@N]", help="The gold set that the gates of --spec are judged on.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw power by cases as SVG here.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def plan(
    p_from: float, p_to: float | None, power: float, alpha: float, rho: float, rerun: float, n: int | None,
    spec: str | None, gold: str | None, plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how many cases it takes to see a drop. Exit code 3 where a gate of --spec cannot see its own margin.

    \b
    Example:
      evalkit plan --from 0.94 --to 0.89 --power 0.8
      evalkit plan --from 0.94 --to 0.89 --cases 100
      evalkit plan --spec billing_codes@2.0.0 --cases 400
    """
    if spec:
        _plan_gates(spec, gold, n, as_json=as_json)
    if p_to is None:
        raise click.UsageError("--to says which drop is to be seen; --spec asks the gates of a spec")
    repeats = Repeats(p_from, p_to, rho=rho, rerun=rerun)
    needed = cases_needed(p_from, p_to, rho=rho, power=power, alpha=alpha)
    figures: dict[str, float | int | None] = {"from": p_from, "to": p_to, "power": power, "cases_needed": needed}
    if n:
        figures |= {
            "cases": n,
            "power_at_cases": repeats.power(n=n, trials=1, alpha=alpha),
            "mde_at_cases": mde_paired(p_from, n=n, rho=rho, power=power, alpha=alpha),
            "trials_needed": repeats.trials_needed(n=n, power=power, alpha=alpha),
        }
    if plot:
        from evalkit.report.plots import power_curve

        plot.write_text(power_curve(repeats, power=power, alpha=alpha), encoding="utf-8")
    click.echo(json.dumps(figures, indent=2) if as_json else _in_words(figures))


def _in_words(figures: dict[str, float | int | None]) -> str:
    p_from, p_to = float(figures["from"] or 0), float(figures["to"] or 0)
    lines = [
        f"{rate(p_from)} -> {rate(p_to)}: {figures['cases_needed']:,} cases show it with chance {figures['power']:g} "
        "(one trial a case, one-sided McNemar mid-p)."
    ]
    if "cases" in figures:
        n, trials = int(figures["cases"] or 0), figures["trials_needed"]
        lines.append(
            f"{count(n, 'case')} show it with chance {figures['power_at_cases']:.2f}; "
            f"the smallest drop they see is {width(float(figures['mde_at_cases'] or 0))} points."
        )
        if trials != 1:
            none = "No number of trials makes up for the cases."
            lines.append(f"About {trials} trials a case would do." if trials else none)
    return "\n".join(lines)


def _plan_gates(spec: str, gold: str | None, n: int | None, *, as_json: bool) -> None:
    from evalkit.cli.sources import find_cases
    from evalkit.evaluation.sight import measure_sight
    from evalkit.tasks import load_spec

    loaded = load_spec(spec)
    sights = measure_sight(loaded, find_cases(loaded, n, 7, gold).cases)
    if as_json:
        click.echo(json.dumps([{**asdict(sight), "sees": sight.sees} for sight in sights], indent=2))
    else:
        click.echo("\n".join(map(str, sights)) or f"{loaded.ref} has no gate on a drop")
    raise click.exceptions.Exit(0 if all(sight.sees for sight in sights) else 3)
