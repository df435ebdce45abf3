"""Parts: sections of a page that say something, draw it, and give its numbers; the report and the papers share them.

In: a Calibration, a Drift, a History. Out: `Part` records for the templates. Figures, columns and labels only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalkit.evaluation.calibration import Calibration
from evalkit.evaluation.history import COLUMNS, History
from evalkit.figures import rate, rate_interval
from evalkit.report import curves
from evalkit.report.pages import trusted
from evalkit.report.typography import p_figure
from evalkit.stats.calibration import Bin
from evalkit.stats.drift import ColumnDrift, Drift
from evalkit.stats.profile import Profile

BIN_COLUMNS: Final = ("confidence", "mean#", "right#", "95 % interval#", "answers#")
DRIFT_COLUMNS: Final = ("column", "verdict", "distance#", "shift, sd#", "JS#", "PSI#", "p (Holm)#", "what moved")
_CURVE_COLUMNS: Final = ("threshold", "reviewed#", "wrong among accepted#", "95 % interval#", "wrong ones caught#")


@dataclass(frozen=True, slots=True)
class Part:
    """A section: what it says, a figure and a table."""

    title: str
    lede: str
    figure: Any = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    caption: str = ""


def reliability_part(c: Calibration) -> Part:
    """Is a confidence as often right as it says: the diagram with counts, the debiased error, Brier's parts."""
    brier = c.brier
    helps = "helps" if c.recalibration.helps else "does not help"
    return Part(
        "Reliability",
        f"{c.error}. Noise alone would show {c.error.noise:.3f}. Brier score {brier.score:.3f} = reliability "
        f"{brier.reliability:.3f} - resolution {brier.resolution:.3f} + uncertainty {brier.uncertainty:.3f} + "
        f"within bins {brier.within:.3f}. An "
        f"isotonic map {helps} on unseen cases: {c.recalibration.before:.3f} -> {c.recalibration.after:.3f}.",
        trusted(curves.reliability_diagram(c)),
        BIN_COLUMNS,
        [bin_row(b) for b in c.bins],
        f"{c.error.n:,} answers by {c.metric}; {c.without:,} more state no confidence",
    )


def review_parts(c: Calibration) -> list[Part]:
    """What the review threshold does: who lies near it, and load and error of every other threshold."""
    curve = [
        (f"{t.threshold:.2f}", rate(t.load), rate(t.error), rate_interval(t.error_lo, t.error_hi), rate(t.caught))
        for t in c.curve
    ]
    steps = [(f"{s.low:.2f} to {s.high:.2f}", s.n, rate(s.right)) for s in c.band.histogram if s.n]
    return [
        Part(
            "Near the review threshold", c.band.sentence(), trusted(curves.nearness(c)),
            ("confidence", "answers#", "right#"), steps, f"confidences in steps of {c.band.band:g}",
        ),
        Part(
            "Review threshold",
            "Answers below it go to a person. A higher threshold reviews more and lets less slip past. " + c.promise(),
            trusted(curves.load_curve(c)), _CURVE_COLUMNS, curve, "expected load and error of every threshold",
        ),
    ]  # fmt: skip


def columns_part(drift: Drift) -> Part:
    """How far every column moved from the reference."""
    return Part(
        "Columns",
        "Distances say how much a column moved, p after Holm whether chance explains it. A column drifted when it "
        f"is sure (p at most {drift.vigilance.alpha:g}) and beyond the margin of {drift.vigilance.margin:g}.",
        trusted(curves.distances(drift)),
        DRIFT_COLUMNS,
        [drift_row(one) for one in drift.columns],
        f"{len(drift.columns)} columns, the surest first; numbers by two rank tests, labels by chi-square",
    )


def shapes_part(drift: Drift, reference: Profile, window: Profile) -> list[Part]:
    """The drifted columns before and after; nothing where none drifted."""
    if not drift.drifted:
        return []
    lede = "The columns behind the verdict, by tenths of the reference or by label."
    return [Part("Before and after", lede, trusted(curves.shapes(drift, reference, window)))]


def history_part(history: History) -> Part:
    """The versions on the same cases, and whether small losses add up."""
    return Part(
        "Versions",
        f"{history.sentence()} Each version stands beside the one before it; a CUSUM of the changes in standard errors "
        f"sees losses that are too small one by one (one false alarm in about {history.chart.arl0:,.0f} changes).",
        trusted(curves.versions(history)),
        COLUMNS,
        history.rows(),
        "verdict alone: each step by itself, not adjusted for looking often",
    )


def bin_row(b: Bin) -> tuple[object, ...]:
    """A bin of confidences as cells."""
    return f"{b.low:.2f} to {b.high:.2f}", f"{b.confidence:.3f}", f"{b.accuracy:.3f}", f"{b.lo:.3f} to {b.hi:.3f}", b.n


def drift_row(one: ColumnDrift) -> tuple[str, ...]:
    """A column of a drift as cells."""
    shift = f"{one.shift:.2f}" if math.isfinite(one.shift) else ""
    return (one.column, one.verdict, f"{one.distance:.3f}", shift, f"{one.js:.3f}", f"{one.psi:.3f}",
            p_figure(one.p_adjusted), one.moved)  # fmt: skip
