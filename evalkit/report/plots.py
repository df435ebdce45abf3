"""Figures as inline SVG: differences with intervals, estimates beside their baselines, and what a run could have seen.

In: differences and estimates. Out: an ``<svg>`` element as a string: no script, no font, no outside reference, the
same bytes for the same numbers. Colours are CSS variables of the page (``--ek-ink`` ...), so that one figure reads
in light and in dark. Every number drawn here also stands in a table of the report.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Final

from evalkit.figures import points, points_interval, rate, rate_interval, width
from evalkit.report.sentences import TONES
from evalkit.stats.comparison import Difference
from evalkit.stats.intervals import Estimate
from evalkit.stats.noise import Noise
from evalkit.stats.power import Repeats, cases_needed
from evalkit.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS: Final = 40
"""Rows of one figure; the table beside it has them all."""

_LABEL: Final = 34
_INCHES: Final = 10.0
_ROW: Final = 0.34
_MARKS: Final = ("|", "x", "+", "^", "v", "d")

# Matplotlib draws in stand-in colours that nothing else uses; each becomes a variable with a fallback.
_COLOURS: Final = {
    "#010101": "var(--ek-ink,#1c2024)",
    "#020202": "var(--ek-quiet,#60646c)",
    "#030303": "var(--ek-line,#d9dbdf)",
    "#040404": "var(--ek-band,#eceef1)",
    "#050505": "var(--ek-good,#2b7a4b)",
    "#060606": "var(--ek-bad,#b3362d)",
    "#070707": "var(--ek-open,#8b8d98)",
    "#080808": "var(--ek-paper,#ffffff)",
}
_INK, _QUIET, _LINE, _BAND, _GOOD, _BAD, _OPEN, _PAPER = _COLOURS
_TONE_COLOURS: Final = {"good": _GOOD, "bad": _BAD, "open": _OPEN}


def scope_label(metric: str, scope: str) -> str:
    """``line_exact``, or ``line_exact, modifiers`` for a slice."""
    return metric if scope == "all" else f"{metric}, {scope.removeprefix('tag:')}"


def forest(differences: Sequence[Difference], *, margin: float, name: str = "forest") -> str:
    """Effects in points with 95 % intervals, the zero line and the margin band; undecided rows are grey and hollow.

    ``name`` starts every id inside, so that two figures on one page never share one. The empty string for no rows.
    """
    rows = [d for d in differences if math.isfinite(d.effect)][:MOST_ROWS]
    if not rows:
        return ""
    with _style(name):
        figure, axes = _frame([scope_label(d.metric, d.scope) for d in rows])
        reach = max(margin, *(abs(end) for d in rows for end in (d.lo, d.hi, d.effect) if math.isfinite(end))) * 108
        axes.set_xlim(-reach, reach)
        axes.axvspan(-margin * 100, margin * 100, color=_BAND, linewidth=0, zorder=0)
        axes.axvline(0, color=_QUIET, linewidth=1, zorder=1)
        for row, difference in enumerate(rows):
            _draw_difference(axes, row, difference)
        axes.set_xlabel("candidate minus baseline, percentage points; band: the margin", color=_QUIET)
        title = f"{len(rows)} differences between candidate and baseline with 95 % intervals"
        return _svg(figure, name=name, title=title)


def power_curve(repeats: Repeats, *, power: float = 0.8, alpha: float = 0.05, name: str = "power") -> str:
    """The chance to see a drop by number of cases, for 1, 3 and 5 trials a case; the goal is a line."""
    most = 1.6 * cases_needed(repeats.p_from, repeats.p_to, rho=repeats.rho, power=power, alpha=alpha)
    grid = sorted({max(4, round(most * step / 60)) for step in range(1, 61)})
    with _style(name):
        figure, axes = _plane()
        axes.axhline(power, color=_QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for trials, dash in ((1, "solid"), (3, (0, (6, 2))), (5, (0, (2, 2)))):
            chances = [repeats.power(n=n, trials=trials, alpha=alpha) for n in grid]
            axes.plot(grid, chances, color=_INK, linewidth=1.6, linestyle=dash, label=f"{trials} a case", zorder=2)
        axes.set_xlim(0, most)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("cases", color=_QUIET)
        axes.set_ylabel(f"chance to show {rate(repeats.p_from)} to {rate(repeats.p_to)}", color=_QUIET)
        axes.legend(title="trials", frameon=False, loc="lower right", labelcolor=_INK).get_title().set_color(_QUIET)
        return _svg(figure, name=name, title="Power by number of cases and trials")


def _draw_difference(axes: Axes, row: int, difference: Difference) -> None:
    tone = "ink" if difference.verdict == "equivalent" else TONES[difference.verdict]
    colour = _TONE_COLOURS.get(tone, _INK)
    if math.isfinite(difference.lo) and math.isfinite(difference.hi):
        axes.plot([difference.lo * 100, difference.hi * 100], [row, row], color=colour, linewidth=2, zorder=2)
    hollow = difference.verdict == "undecided"
    axes.plot(
        [difference.effect * 100], [row], "o",
        markersize=7, markeredgecolor=colour, markerfacecolor=_PAPER if hollow else colour, zorder=3,
    )  # fmt: skip
    _label(axes, row, scope_label(difference.metric, difference.scope), colour=_QUIET if hollow else _INK)
    figures = f"{points(difference.effect)}  ({points_interval(difference.lo, difference.hi)})"
    _figures(axes, row, figures, colour=_QUIET if hollow else _INK)


def dots(
    estimates: Sequence[Estimate], baselines: Mapping[str, Mapping[str, float]], *, name: str = "estimates"
) -> str:
    """Estimates in percent with 95 % intervals, and the degenerate agents' scores on the same cases as grey marks.

    The empty string where nothing could be judged.
    """
    rows = [e for e in estimates if math.isfinite(e.value)][:MOST_ROWS]
    if not rows:
        return ""
    with _style(name):
        figure, axes = _frame([scope_label(e.metric, e.scope) for e in rows], legend=bool(baselines))
        axes.set_xlim(-1, 101)
        for row, estimate in enumerate(rows):
            axes.plot([0, 100], [row, row], color=_BAND, linewidth=1, zorder=0)
            if math.isfinite(estimate.lo) and math.isfinite(estimate.hi):
                axes.plot([estimate.lo * 100, estimate.hi * 100], [row, row], color=_INK, linewidth=2, zorder=2)
            axes.plot([estimate.value * 100], [row], "o", markersize=7, color=_INK, zorder=3)
            _label(axes, row, scope_label(estimate.metric, estimate.scope), colour=_INK)
            _figures(axes, row, f"{rate(estimate.value)}  ({rate_interval(estimate.lo, estimate.hi)})", colour=_INK)
        for index, (agent, values) in enumerate(baselines.items()):
            scores = [values.get(e.metric, math.nan) * 100 for e in rows]
            axes.plot(
                scores, range(len(rows)), _MARKS[index % len(_MARKS)],
                color=_QUIET, markersize=9, markeredgewidth=1.5, label=agent, zorder=1,
            )  # fmt: skip
        axes.set_xlabel("percent", color=_QUIET)
        if baselines:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, labelcolor=_QUIET)
        return _svg(figure, name=name, title=f"{len(rows)} estimates with 95 % intervals and baselines")


def sight(differences: Sequence[Difference], *, margin: float, name: str = "sight") -> str:
    """The smallest drop each metric would have shown with power 0.8 (bars) against the margin (line), in points.

    A bar beyond the line means that a drop as large as the margin could have passed unseen. Empty for no rows.
    """
    rows = [d for d in differences if math.isfinite(d.mde)][:MOST_ROWS]
    if not rows:
        return ""
    with _style(name):
        figure, axes = _frame([scope_label(d.metric, d.scope) for d in rows])
        axes.set_xlim(0, max(margin, *(d.mde for d in rows)) * 115)
        for row, difference in enumerate(rows):
            colour = _GOOD if difference.mde <= margin else _OPEN
            axes.plot([0, difference.mde * 100], [row, row], color=colour, linewidth=8, zorder=2)
            _label(axes, row, scope_label(difference.metric, difference.scope), colour=_INK)
            _figures(axes, row, f"{width(difference.mde)} points", colour=_INK)
        axes.axvline(margin * 100, color=_INK, linewidth=1.5, zorder=3)
        axes.set_xlabel("smallest drop seen with power 0.8, percentage points; line: the margin", color=_QUIET)
        return _svg(figure, name=name, title=f"Smallest visible drop of {len(rows)} metrics against the margin")


def variance(noise: Noise, *, name: str = "variance") -> str:
    """Where the variance of a score lies: between cases, and within a case asked again (hatched); empty without."""
    total = noise.between + noise.within
    if not total > 0:
        return ""
    with _style(name):
        figure, axes = _frame(["one trial", f"mean of {round(noise.trials)} trials"], legend=True)
        axes.set_xlim(0, 100)
        for row, trials in enumerate((1, round(noise.trials))):
            within = noise.within / trials
            split = 100 * noise.between / (noise.between + within)
            axes.barh(row, split, height=0.5, color=_QUIET, zorder=2)
            axes.barh(
                row, 100 - split, left=split, height=0.5, facecolor=_PAPER, edgecolor=_INK, hatch="////", zorder=2
            )
            _label(axes, row, "one trial" if row == 0 else f"mean of {trials} trials", colour=_INK)
            _figures(axes, row, f"{split:.0f} : {100 - split:.0f}", colour=_INK)
        axes.set_xlabel("share of the variance, percent; full: between cases, hatched: within a case", color=_QUIET)
        return _svg(figure, name=name, title="Variance between and within cases")


def shares(rows: Sequence[tuple[str, float]], *, floor: float, name: str = "shares") -> str:
    """Shares of a set, one bar each, against the least that each must have (line). Empty for no rows."""
    shown = list(rows)[:MOST_ROWS]
    if not shown:
        return ""
    with _style(name):
        figure, axes = _frame([label for label, _ in shown])
        axes.set_xlim(0, max(floor, *(share for _, share in shown)) * 110)
        for row, (label, share) in enumerate(shown):
            axes.plot([0, share * 100], [row, row], color=_GOOD if share >= floor else _BAD, linewidth=8, zorder=2)
            _label(axes, row, label, colour=_INK)
            _figures(axes, row, rate(share), colour=_INK)
        axes.axvline(floor * 100, color=_INK, linewidth=1.5, zorder=3)
        axes.set_xlabel("percent of all cases; line: the least that each must have", color=_QUIET)
        return _svg(figure, name=name, title=f"Shares of {len(shown)} kinds against the least that each must have")


def spread(values: Sequence[float], *, limit: float, name: str = "spread") -> str:
    """How values in [0, 1] are spread, in steps of 0.05, and how many reach the limit (line). Empty for no values."""
    if not values:
        return ""
    counts = [sum(low <= value * 20 < low + 1 or (low == 19 and value == 1) for value in values) for low in range(20)]
    with _style(name):
        figure, axes = _frame([""] * 8)
        axes.set_ylim(0, max(counts) * 1.08)
        axes.set_xlim(0, 1)
        axes.bar([low / 20 for low in range(20)], counts, width=0.046, align="edge", color=_INK, linewidth=0, zorder=2)
        axes.axvline(limit, color=_BAD, linewidth=1.5, zorder=3)
        reached = sum(value >= limit for value in values)
        axes.set_xlabel(
            f"similarity to the nearest other text; {reached} of {len(values)} reach the line", color=_QUIET
        )
        return _svg(figure, name=name, title=f"{reached} of {len(values)} values reach {limit}")


@contextmanager
def _style(name: str) -> Iterator[None]:
    """Matplotlib's own defaults plus stable bytes, whatever the user's settings are; they are given back on leaving."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = name
        matplotlib.rcParams["svg.fonttype"] = "none"
        matplotlib.rcParams["text.parse_math"] = False
        matplotlib.rcParams["font.size"] = 11
        yield


def _frame(labels: Sequence[str], *, legend: bool = False) -> tuple[Figure, Axes]:
    """A figure of one axes with a line of ``_ROW`` inches for each label, the first on top, labels on the left."""
    from matplotlib.figure import Figure as NewFigure

    rows, right = len(labels), 0.24
    left = 0.04 + 0.0095 * min(_LABEL, max(len(label) for label in labels))
    above, below = (0.42 if legend else 0.12), 0.62
    height = rows * _ROW + above + below
    figure = NewFigure(figsize=(_INCHES, height))
    axes = figure.add_axes((left, below / height, 1 - left - right, rows * _ROW / height))
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    axes.tick_params(axis="x", colors=_QUIET, length=3)
    return figure, axes


def _plane() -> tuple[Figure, Axes]:
    """A figure of one axes with numbers on both sides, for a curve."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(0.7 * _INCHES, 0.34 * _INCHES))
    axes = figure.add_axes((0.1, 0.17, 0.86, 0.78))
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_LINE)
    axes.tick_params(colors=_QUIET, length=3)
    return figure, axes


def _label(axes: Axes, row: int, text: str, *, colour: str) -> None:
    plain = visible(text)
    short = plain if len(plain) <= _LABEL else plain[: _LABEL - 1] + "…"
    axes.text(-0.03, row, short, transform=axes.get_yaxis_transform(), ha="right", va="center", color=colour)


def _figures(axes: Axes, row: int, text: str, *, colour: str) -> None:
    axes.text(1.03, row, text.replace("-", "−"), transform=axes.get_yaxis_transform(), va="center", color=colour)


def _svg(figure: Figure, *, name: str, title: str) -> str:
    """The figure as one ``<svg>`` element with its own ids, the page's colours and fonts, and a spoken title."""
    out = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(out, format="svg", metadata=nothing, transparent=True)
    text = out.getvalue()
    box = re.search(r'viewBox="([^"]+)"', text)
    body = re.search(r"<svg[^>]*>(.*)</svg>", text, re.S)
    assert box is not None
    assert body is not None
    inside = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", body.group(1), flags=re.S)
    inside = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", inside).replace("xlink:href", "href")
    inside = re.sub(r" font-family: [^;\"]*;?", "", inside)
    for stand_in, variable in _COLOURS.items():
        inside = inside.replace(stand_in, variable)
    lines = "\n".join(line.rstrip() for line in inside.strip().splitlines() if line.strip())
    return (
        f'<svg class="ek-figure" role="img" aria-label="{escape(title)}" viewBox="{box.group(1)}" '
        f'xmlns="http://www.w3.org/2000/svg">\n{lines}\n</svg>'
    )
