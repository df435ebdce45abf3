"""Figures as inline SVG: differences with intervals, estimates beside their baselines, and what a run could have seen.

In: differences and estimates. Out: an ``<svg>`` element as a string: no script, no font, no outside reference, the
same bytes for the same numbers. Every number drawn here also stands in a table of the report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from evalkit.figures import points, points_interval, rate, rate_interval, width
from evalkit.report.canvas import (
    BAD,
    BAND,
    GOOD,
    INK,
    MOST_ROWS,
    PAPER,
    QUIET,
    TONE_COLOURS,
    plane,
    rows_frame,
    style,
    to_svg,
    write_figures,
    write_label,
)  # fmt: skip
from evalkit.report.sentences import TONES
from evalkit.stats.comparison import Difference
from evalkit.stats.intervals import Estimate
from evalkit.stats.noise import Noise
from evalkit.stats.power import Repeats, cases_needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS: Final = ("|", "x", "+", "^", "v", "d")
_VERDICT_MARKS: Final = {"regressed": "v", "improved": "^", "equivalent": "s", "undecided": "o"}
_BLIND: Final = (0, (3, 2))
"""The dashes of an interval that could not have shown the margin."""


def scope_label(metric: str, scope: str) -> str:
    """``line_exact``, or ``line_exact, modifiers`` for a slice."""
    return metric if scope == "all" else f"{metric}, {scope.removeprefix('tag:')}"


def forest(differences: Sequence[Difference], *, margin: float, name: str = "forest") -> str:
    """Effects in points with 95 % intervals, the zero line and the margin band.

    A triangle points the way of a change, a square is equivalent, a hollow grey circle undecided; an interval is dashed
    where so many cases could not have shown the margin.

    ``name`` starts every id inside, so that two figures on one page never share one. The empty string for no rows.
    """
    rows = [d for d in differences if math.isfinite(d.effect)][:MOST_ROWS]
    if not rows:
        return ""
    with style(name):
        figure, axes = rows_frame([scope_label(d.metric, d.scope) for d in rows])
        reach = max(margin, *(abs(end) for d in rows for end in (d.lo, d.hi, d.effect) if math.isfinite(end))) * 108
        axes.set_xlim(-reach, reach)
        axes.axvspan(-margin * 100, margin * 100, color=BAND, linewidth=0, zorder=0)
        axes.axvline(0, color=QUIET, linewidth=1, zorder=1)
        for row, difference in enumerate(rows):
            _draw_difference(axes, row, difference, margin)
        axes.set_xlabel(
            "candidate minus baseline, percentage points; band: the margin; dashed: blind to it", color=QUIET
        )
        title = f"{len(rows)} differences between candidate and baseline with 95 % intervals"
        return to_svg(figure, name=name, title=title)


def power_curve(repeats: Repeats, *, power: float = 0.8, alpha: float = 0.05, name: str = "power") -> str:
    """The chance to see a drop by number of cases, for 1, 3 and 5 trials a case; the goal is a line."""
    most = 1.6 * cases_needed(repeats.p_from, repeats.p_to, rho=repeats.rho, power=power, alpha=alpha)
    grid = sorted({max(4, round(most * step / 60)) for step in range(1, 61)})
    with style(name):
        figure, axes = plane()
        axes.axhline(power, color=QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for trials, dash in ((1, "solid"), (3, (0, (6, 2))), (5, (0, (2, 2)))):
            chances = [repeats.power(n=n, trials=trials, alpha=alpha) for n in grid]
            axes.plot(grid, chances, color=INK, linewidth=1.6, linestyle=dash, label=f"{trials} a case", zorder=2)
        axes.set_xlim(0, most)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("cases", color=QUIET)
        axes.set_ylabel(f"chance to show {rate(repeats.p_from)} to {rate(repeats.p_to)}", color=QUIET)
        axes.legend(title="trials", frameon=False, loc="lower right", labelcolor=INK).get_title().set_color(QUIET)
        return to_svg(figure, name=name, title="Power by number of cases and trials")


def _draw_difference(axes: Axes, row: int, difference: Difference, margin: float) -> None:
    tone = "ink" if difference.verdict == "equivalent" else TONES[difference.verdict]
    colour = TONE_COLOURS.get(tone, INK)
    if math.isfinite(difference.lo) and math.isfinite(difference.hi):
        dashes = _BLIND if difference.mde > margin else "solid"
        ends = [difference.lo * 100, difference.hi * 100]
        axes.plot(ends, [row, row], color=colour, linewidth=2, linestyle=dashes, zorder=2)
    hollow = difference.verdict == "undecided"
    axes.plot(
        [difference.effect * 100], [row], _VERDICT_MARKS[difference.verdict],
        markersize=7, markeredgecolor=colour, markerfacecolor=PAPER if hollow else colour, zorder=3,
    )  # fmt: skip
    write_label(axes, row, scope_label(difference.metric, difference.scope), colour=QUIET if hollow else INK)
    figures = f"{points(difference.effect)}  ({points_interval(difference.lo, difference.hi)})"
    write_figures(axes, row, figures, colour=QUIET if hollow else INK)


def dots(
    estimates: Sequence[Estimate], baselines: Mapping[str, Mapping[str, float]], *, name: str = "estimates"
) -> str:
    """Estimates in percent with 95 % intervals, and the degenerate agents' scores on the same cases as grey marks.

    The empty string where nothing could be judged.
    """
    rows = [e for e in estimates if math.isfinite(e.value)][:MOST_ROWS]
    if not rows:
        return ""
    with style(name):
        figure, axes = rows_frame([scope_label(e.metric, e.scope) for e in rows], legend=bool(baselines))
        axes.set_xlim(-1, 101)
        for row, estimate in enumerate(rows):
            axes.plot([0, 100], [row, row], color=BAND, linewidth=1, zorder=0)
            if math.isfinite(estimate.lo) and math.isfinite(estimate.hi):
                axes.plot([estimate.lo * 100, estimate.hi * 100], [row, row], color=INK, linewidth=2, zorder=2)
            axes.plot([estimate.value * 100], [row], "o", markersize=7, color=INK, zorder=3)
            write_label(axes, row, scope_label(estimate.metric, estimate.scope), colour=INK)
            write_figures(axes, row, f"{rate(estimate.value)}  ({rate_interval(estimate.lo, estimate.hi)})", colour=INK)
        for index, (agent, values) in enumerate(baselines.items()):
            scores = [values.get(e.metric, math.nan) * 100 for e in rows]
            axes.plot(
                scores, range(len(rows)), _MARKS[index % len(_MARKS)],
                color=QUIET, markersize=9, markeredgewidth=1.5, label=agent, zorder=1,
            )  # fmt: skip
        axes.set_xlabel("percent", color=QUIET)
        if baselines:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, labelcolor=QUIET)
        return to_svg(figure, name=name, title=f"{len(rows)} estimates with 95 % intervals and baselines")


def sight(differences: Sequence[Difference], *, margin: float, name: str = "sight") -> str:
    """The smallest drop each metric would have shown with power 0.8 (bars) against the margin (line), in points.

    A bar beyond the line is hatched: a drop as large as the margin could have passed unseen. Empty for no rows.
    """
    rows = [d for d in differences if math.isfinite(d.mde)][:MOST_ROWS]
    if not rows:
        return ""
    with style(name):
        figure, axes = rows_frame([scope_label(d.metric, d.scope) for d in rows])
        axes.set_xlim(0, max(margin, *(d.mde for d in rows)) * 115)
        for row, difference in enumerate(rows):
            _bar(axes, row, difference.mde * 100, full=difference.mde <= margin)
            write_label(axes, row, scope_label(difference.metric, difference.scope), colour=INK)
            write_figures(axes, row, f"{width(difference.mde)} points", colour=INK)
        axes.axvline(margin * 100, color=INK, linewidth=1.5, zorder=3)
        axes.set_xlabel("smallest drop seen with power 0.8, percentage points; line: the margin", color=QUIET)
        return to_svg(figure, name=name, title=f"Smallest visible drop of {len(rows)} metrics against the margin")


def variance(noise: Noise, *, name: str = "variance") -> str:
    """Where the variance of a score lies: between cases, and within a case asked again (hatched); empty without."""
    total = noise.between + noise.within
    if not total > 0:
        return ""
    with style(name):
        figure, axes = rows_frame(["one trial", f"mean of {round(noise.trials)} trials"], legend=True)
        axes.set_xlim(0, 100)
        for row, trials in enumerate((1, round(noise.trials))):
            within = noise.within / trials
            split = 100 * noise.between / (noise.between + within)
            axes.barh(row, split, height=0.5, color=QUIET, zorder=2)
            axes.barh(row, 100 - split, left=split, height=0.5, facecolor=PAPER, edgecolor=INK, hatch="////", zorder=2)
            write_label(axes, row, "one trial" if row == 0 else f"mean of {trials} trials", colour=INK)
            write_figures(axes, row, f"{split:.0f} : {100 - split:.0f}", colour=INK)
        axes.set_xlabel("share of the variance, percent; full: between cases, hatched: within a case", color=QUIET)
        return to_svg(figure, name=name, title="Variance between and within cases")


def shares(rows: Sequence[tuple[str, float]], *, floor: float, name: str = "shares") -> str:
    """Shares of a set, one bar each, against the least that each must have (line). Empty for no rows."""
    shown = list(rows)[:MOST_ROWS]
    if not shown:
        return ""
    with style(name):
        figure, axes = rows_frame([label for label, _ in shown])
        axes.set_xlim(0, max(floor, *(share for _, share in shown)) * 110)
        for row, (label, share) in enumerate(shown):
            _bar(axes, row, share * 100, full=share >= floor, short=BAD)
            write_label(axes, row, label, colour=INK)
            write_figures(axes, row, rate(share), colour=INK)
        axes.axvline(floor * 100, color=INK, linewidth=1.5, zorder=3)
        axes.set_xlabel("percent of all cases; line: the least that each must have", color=QUIET)
        return to_svg(figure, name=name, title=f"Shares of {len(shown)} kinds against the least that each must have")


def _bar(axes: Axes, row: int, length: float, *, full: bool, short: str = QUIET) -> None:
    """A bar of a row: full and green where it does what it should, else hatched in the colour ``short``."""
    if full:
        axes.barh(row, length, height=0.36, color=GOOD, zorder=2)
    else:
        axes.barh(row, length, height=0.36, facecolor=PAPER, edgecolor=short, hatch="////", linewidth=1, zorder=2)


def spread(values: Sequence[float], *, limit: float, name: str = "spread") -> str:
    """How values in [0, 1] are spread, in steps of 0.05, and how many reach the limit (line). Empty for no values."""
    if not values:
        return ""
    counts = [sum(low <= value * 20 < low + 1 or (low == 19 and value == 1) for value in values) for low in range(20)]
    with style(name):
        figure, axes = rows_frame([""] * 8)
        axes.set_ylim(0, max(counts) * 1.08)
        axes.set_xlim(0, 1)
        axes.bar([low / 20 for low in range(20)], counts, width=0.046, align="edge", color=INK, linewidth=0, zorder=2)
        axes.axvline(limit, color=BAD, linewidth=1.5, zorder=3)
        reached = sum(value >= limit for value in values)
        axes.set_xlabel(f"similarity to the nearest other text; {reached} of {len(values)} reach the line", color=QUIET)
        return to_svg(figure, name=name, title=f"{reached} of {len(values)} values reach {limit}")
