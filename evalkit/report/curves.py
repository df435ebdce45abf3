"""Curves as inline SVG: a reliability diagram, load and error of a threshold, distances of columns, charts of streams.

As `plots`: no script, the page's colours, the same bytes for the same numbers. What tells two things apart is never
colour alone: lines differ in dashes, marks in shape and filling, so that grey paper and colour-blind eyes lose nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from evalkit.evaluation.calibration import Calibration
from evalkit.evaluation.history import History
from evalkit.report.canvas import (
    BAD,
    BAND,
    GOOD,
    INK,
    LINE,
    MOST_ROWS,
    OPEN,
    PAPER,
    QUIET,
    make_plain,
    rows_frame,
    single,
    stacked,
    style,
    to_svg,
    write_figures,
    write_label,
)  # fmt: skip
from evalkit.report.typography import p_figure
from evalkit.stats.calibration import step_knots
from evalkit.stats.cells import Numbers
from evalkit.stats.charts import Chart
from evalkit.stats.drift import Drift
from evalkit.stats.profile import Profile
from evalkit.stats.shapes import shape_of
from evalkit.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_SHAPES: Final = 6
_STEP_MARKS: Final = {"regressed": ("s", BAD, BAD), "improved": ("^", GOOD, GOOD)}


def reliability_diagram(calibration: Calibration, *, name: str = "reliability") -> str:
    """Accuracy by stated confidence with 95 % intervals and counts, the diagonal, the isotonic map, the review band."""
    with style(name):
        figure, (axes, below) = stacked()
        axes.plot([0, 100], [0, 100], color=QUIET, linewidth=1, zorder=1)
        axes.text(9, 1.5, "line: right as often as said", color=QUIET, fontsize=10)
        _mark_threshold(axes, calibration)
        _mark_threshold(below, calibration)
        corners = step_knots(calibration.recalibration.knots, calibration.recalibration.values)
        axes.plot([x * 100 for x, _ in corners], [y * 100 for _, y in corners], color=QUIET, linewidth=1.4,
                  linestyle=(0, (4, 2)), zorder=2, label="isotonic map")  # fmt: skip
        for one in calibration.bins:
            place = one.confidence * 100
            axes.plot([place, place], [one.lo * 100, one.hi * 100], color=INK, linewidth=2, zorder=3)
            axes.plot([place], [one.accuracy * 100], "o", markersize=8, color=INK, zorder=4)
            below.bar(place, one.n, width=2.2, color=QUIET, zorder=2)
            below.text(place, one.n, f"{one.n:,}", ha="center", va="bottom", color=INK, fontsize=10)
        axes.set_ylim(0, 104)
        axes.set_ylabel("right, percent", color=QUIET)
        axes.legend(loc="upper left", frameon=False, labelcolor=QUIET)
        below.set_ylim(0, max(one.n for one in calibration.bins) * 1.35)
        below.set_yticks([])
        below.set_ylabel("answers", color=QUIET)
        below.set_xlabel("stated confidence, percent; line and band: the review threshold", color=QUIET)
        for part in (axes, below):
            part.set_xlim(-3, 103)
        return to_svg(figure, name=name, title=f"Reliability diagram of {len(calibration.bins)} bins with counts")


def load_curve(calibration: Calibration, *, name: str = "load") -> str:
    """The share reviewed and the share wrong among the accepted, by threshold; the error's 95 % interval as a band."""
    with style(name):
        figure, axes = single()
        curve = [one for one in calibration.curve if one.accepted]
        places = [one.threshold * 100 for one in curve]
        _mark_threshold(axes, calibration)
        low, high = [one.error_lo * 100 for one in curve], [one.error_hi * 100 for one in curve]
        axes.fill_between(places, low, high, color=LINE, linewidth=0, zorder=1)
        axes.plot(places, [one.error * 100 for one in curve], color=INK, linewidth=2, linestyle=(0, (4, 2)), zorder=3,
                  marker="s", markersize=4, label="wrong among the accepted")  # fmt: skip
        axes.plot(places, [one.load * 100 for one in curve], color=INK, linewidth=2, marker="o", markersize=4,
                  label="reviewed by a person", zorder=3)  # fmt: skip
        axes.set_xlim(-2, 102)
        axes.set_ylim(0, max(5.0, *high, *(one.load * 100 for one in curve)) * 1.1)
        axes.set_ylabel("percent of answers", color=QUIET)
        axes.set_xlabel("threshold, percent; line and band: the review threshold of the spec", color=QUIET)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, labelcolor=INK)
        return to_svg(figure, name=name, title="Load and error by review threshold")


def distances(drift: Drift, *, name: str = "distances") -> str:
    """The distance of every column with the margin as a band: filled squares drifted, hollow circles did not."""
    rows = drift.columns[:MOST_ROWS]
    with style(name):
        figure, axes = rows_frame([one.column for one in rows])
        axes.set_xlim(-0.006, max(0.2, *(one.distance for one in rows)) * 1.06)
        axes.axvspan(0, drift.vigilance.margin, color=BAND, linewidth=0, zorder=0)
        for row, one in enumerate(rows):
            drifted = one.verdict == "drifted"
            colour = BAD if drifted else OPEN
            axes.plot([0, one.distance], [row, row], color=colour, linewidth=2 if drifted else 1, zorder=1)
            axes.plot([one.distance], [row], "s" if drifted else "o", markersize=7, markeredgecolor=colour,
                      markerfacecolor=colour if drifted else PAPER, zorder=3)  # fmt: skip
            write_label(axes, row, one.column, colour=INK if drifted else QUIET)
            write_figures(
                axes, row, f"{one.distance:.3f}  (p {p_figure(one.p_adjusted)})", colour=INK if drifted else QUIET
            )
        axes.set_xlabel("distance to the reference, 0 to 1; band: the margin; filled squares drifted", color=QUIET)
        return to_svg(figure, name=name, title=f"Distances of {len(rows)} columns to the reference")


def shapes(drift: Drift, reference: Profile, window: Profile, *, name: str = "shapes") -> str:
    """The drifted columns before and after, by tenths of the reference or by label: filled bars the reference, hollow
    outlines the window. Of each side only counts that may be written down. Empty where nothing drifted."""
    drifted = drift.drifted[:MOST_SHAPES]
    if not drifted:
        return ""
    with style(name):
        from matplotlib.figure import Figure as NewFigure

        rows = math.ceil(len(drifted) / 2)
        figure = NewFigure(figsize=(10.0, 2.6 * rows))
        figure.patch.set_visible(False)
        for place, one in enumerate(drifted):
            axes = figure.add_subplot(rows, 2, place + 1)
            make_plain(axes)
            labels, before, after = shape_of(reference.columns[one.column], window.columns[one.column])
            at = np.arange(len(labels))
            axes.bar(at, before * 100, width=0.86, color=LINE, linewidth=0, zorder=1, label="reference")
            axes.bar(at, after * 100, width=0.56, fill=False, edgecolor=INK, linewidth=1.4, zorder=2, label="window")
            axes.set_title(visible(one.column), fontsize=11, color=INK, loc="left")
            numbers = isinstance(reference.columns[one.column], Numbers)
            axes.set_xticks(
                at,
                [*map(visible, labels)],
                rotation=30 if not numbers else 0,
                fontsize=8,
                ha="right" if not numbers else "center",
            )
            axes.set_ylabel("percent", color=QUIET, fontsize=9)
            if place == 0:
                axes.legend(frameon=False, labelcolor=INK, fontsize=9, loc="best")
        figure.tight_layout()
        return to_svg(figure, name=name, title=f"{len(drifted)} drifted columns, reference and window")


def stream(chart: Chart, *, name: str = "stream") -> str:
    """The statistic of a chart with its limit as a dashed line; alarms are filled triangles."""
    with style(name):
        figure, axes = single()
        at = list(range(1, len(chart.upper) + 1))
        axes.plot(at, chart.upper, color=INK, linewidth=1.6, zorder=2, label="upper" if chart.lower else "statistic")
        if chart.lower:
            axes.plot(at, chart.lower, color=QUIET, linewidth=1.4, linestyle=(0, (1, 1)), zorder=2, label="lower")
        axes.axhline(chart.limit, color=QUIET, linewidth=1.2, linestyle=(0, (5, 3)), zorder=1, label="limit")
        for alarm in chart.alarms[:MOST_ROWS]:
            height = max(chart.upper[alarm], chart.lower[alarm] if chart.lower else -math.inf)
            axes.plot([alarm + 1], [height], "^", markersize=9, color=BAD, zorder=3)
        axes.set_xlim(0, len(at) + 1)
        axes.set_xlabel("point; triangles: alarms", color=QUIET)
        axes.set_ylabel("log of evidence" if chart.kind == "e-process" else "statistic", color=QUIET)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, labelcolor=INK)
        return to_svg(figure, name=name, title=f"{chart.kind} of {len(at)} points with {len(chart.alarms)} alarms")


def history(drifts: Sequence[Drift], *, name: str = "history") -> str:
    """The largest distance of each window in turn; filled squares are windows that drifted. Empty for no windows."""
    if not drifts:
        return ""
    with style(name):
        figure, axes = single()
        at = list(range(1, len(drifts) + 1))
        most = [max(one.distance for one in drift.columns) for drift in drifts]
        axes.plot(at, most, color=QUIET, linewidth=1.2, zorder=1)
        for place, drift, distance in zip(at, drifts, most, strict=True):
            mark, edge, face = ("s", BAD, BAD) if drift.drifted else ("o", OPEN, PAPER)
            axes.plot([place], [distance], mark, markersize=7, markeredgecolor=edge, markerfacecolor=face, zorder=2)
        axes.axhline(drifts[-1].vigilance.margin, color=QUIET, linewidth=1.2, linestyle=(0, (5, 3)), zorder=0)
        axes.set_xlim(0, len(at) + 1)
        axes.set_ylim(0, max(0.2, *most) * 1.1)
        axes.set_xlabel("window; filled squares drifted; dashed: the margin", color=QUIET)
        axes.set_ylabel("largest distance", color=QUIET)
        return to_svg(figure, name=name, title=f"Largest distance of {len(drifts)} windows")


def versions(history: History, *, name: str = "versions") -> str:
    """The head metric of every version with 95 % intervals, and below it the CUSUM of losses with its dashed limit.

    A filled square is worse than the version before it, a filled triangle better, a hollow circle neither.
    """
    with style(name):
        figure, (axes, below) = stacked()
        steps = history.steps
        at = list(range(len(steps)))
        axes.plot(at, [step.estimate.value * 100 for step in steps], color=LINE, linewidth=1.4, zorder=1)
        for place, step in zip(at, steps, strict=True):
            verdict = step.change.verdict if step.change else "first"
            mark, edge, face = _STEP_MARKS.get(verdict, ("o", INK, PAPER))
            low, high = step.estimate.lo * 100, step.estimate.hi * 100
            axes.plot([place, place], [low, high], color=edge, linewidth=2, zorder=2)
            axes.plot([place], [step.estimate.value * 100], mark, markersize=8, markeredgecolor=edge,
                      markerfacecolor=face, zorder=3)  # fmt: skip
        losses = [0.0, *history.losses]
        below.bar(at, losses, width=0.3, color=QUIET, zorder=2)
        below.axhline(history.chart.limit, color=INK, linewidth=1.2, linestyle=(0, (5, 3)), zorder=1)
        below.set_ylim(0, max(history.chart.limit, *losses) * 1.2)
        for part in (axes, below):
            part.set_xlim(-0.5, len(at) - 0.5)
        axes.set_xticks([])
        below.set_xticks(at, [visible(step.run.spec_version) for step in steps])
        axes.set_ylabel("percent", color=QUIET)
        below.set_ylabel("losses", color=QUIET)
        below.set_xlabel(
            "version; below: losses gathered in standard errors, dashed: the limit of the chart", color=QUIET
        )
        return to_svg(figure, name=name, title=f"{history.metric} over {len(at)} versions, and the CUSUM of its losses")


def nearness(calibration: Calibration, *, name: str = "nearness") -> str:
    """Confidences in steps of the band; the threshold is a dashed line, its band shaded, what is reviewed hatched."""
    with style(name):
        figure, axes = single()
        _mark_threshold(axes, calibration)
        shown = [one for one in calibration.band.histogram if one.n]
        for one in shown:
            reviewed = one.high <= calibration.band.at.threshold + 1e-9
            face, hatch = (PAPER, "////") if reviewed else (INK, "")
            middle, wide = (one.low + one.high) * 50, (one.high - one.low) * 86
            axes.bar(middle, one.n, width=wide, facecolor=face, hatch=hatch, edgecolor=INK, linewidth=1, zorder=2)
            axes.text(middle, one.n, f"{one.n:,}", ha="center", va="bottom", color=INK, fontsize=10)
        axes.set_xlim(-3, 103)
        axes.set_ylim(0, max(one.n for one in shown) * 1.15)
        axes.set_ylabel("answers", color=QUIET)
        axes.set_xlabel("stated confidence, percent; hatched: reviewed; line and band: the threshold", color=QUIET)
        return to_svg(figure, name=name, title=f"{calibration.band.n} confidences around the review threshold")


def _mark_threshold(axes: Axes, calibration: Calibration) -> None:
    at, band = calibration.band.at.threshold * 100, calibration.band.band * 100
    axes.axvspan(at - band, at + band, color=BAND, linewidth=0, zorder=0)
    axes.axvline(at, color=QUIET, linewidth=1.2, linestyle=(0, (5, 3)), zorder=0.5)
