"""Papers: pages about one question, drift or calibration, with their plain text twins.

In: a Drift or a Calibration. Out: one self-contained HTML page in the same dress as the report, and lines of text.
Columns, labels of at least 11 rows and figures are shown; no row, no value of anybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evalkit.evaluation.calibration import Calibration
from evalkit.figures import rate, rate_interval
from evalkit.report import curves
from evalkit.report.pages import render, trusted
from evalkit.report.parts import (
    BIN_COLUMNS,
    DRIFT_COLUMNS,
    Part,
    bin_row,
    columns_part,
    drift_row,
    reliability_part,
    review_parts,
    shapes_part,
)  # fmt: skip
from evalkit.report.text import grid, tell
from evalkit.stats.charts import Chart
from evalkit.stats.drift import Drift
from evalkit.stats.profile import Profile

DRIFT_TONES: Final = {"drifted": "bad", "quiet": "good", "undecided": "open"}
_DRIFT_LIMITS: Final = (
    "A quiet window is no proof that nothing changed: it would have shown a shift of the stated size, no smaller one.",
    "Columns are held against the reference one by one. What changed only jointly needs the rows: see joint_drift.",
    "Of a text only its length is a column. A new wording of the same length is not seen.",
    "Drift of inputs says that the cases are others, not that the answers are worse.",
)
_CALIBRATION_LIMITS: Final = (
    "The figures hold for cases like these. Where the mix of cases changes, load and error change with it.",
    "A confidence that is the same for nearly all answers can be well calibrated and useless: look at the resolution.",
    "The map that repairs a confidence was judged on cases it had not seen; it is not applied to anything by itself.",
)


def render_drift(
    drift: Drift, *, reference: Profile, window: Profile, charts: Sequence[Chart] = (), earlier: Sequence[Drift] = ()
) -> str:
    """The page about one window; ``earlier`` are the drifts of the windows before it, oldest first."""
    parts = [
        columns_part(drift),
        *shapes_part(drift, reference, window),
        *(Part(f"Stream: {chart.kind}", chart.sentence(), trusted(curves.stream(chart, name=f"stream-{place}")))
          for place, chart in enumerate(charts)),
        *(
            [Part("History", "Every window against the same reference, this one last.",
                  trusted(curves.history([*earlier, drift])))]
            if earlier else []
        ),
        Part("Reference and window", "Where the rows came from.", "", ("what", "reference", "window"),
             _about(reference, window), "names and digests"),
    ]  # fmt: skip
    said = (drift.sentence(), *drift.warnings)
    tone = DRIFT_TONES[drift.verdict]
    return _page("Drift", word=drift.verdict, tone=tone, said=said, parts=parts, limits=_DRIFT_LIMITS)


def render_calibration(calibration: Calibration) -> str:
    """The page about the confidences of one run."""
    c = calibration
    honest = c.error.lo == 0
    parts = [reliability_part(c), *review_parts(c)]
    word = "no miscalibration shown" if honest else "miscalibrated"
    title = f"Calibration of {c.run.spec_ref}"
    said = (f"{c.metric}: {c.error}.", c.band.sentence(), c.promise())
    tone = "good" if honest else "bad"
    return _page(title, word=word, tone=tone, said=said, parts=parts, limits=_CALIBRATION_LIMITS)


def plain_drift(drift: Drift) -> str:
    """The verdict in one line, warnings, then every column."""
    rows = [[str(cell) for cell in drift_row(one)] for one in drift.columns]
    titles = [name.removesuffix("#") for name in DRIFT_COLUMNS]
    warned = [f"Read with care: {warning}" for warning in drift.warnings]
    return "\n".join([*tell(drift.sentence(), *warned), "", *grid(titles, rows, left=(0, 1, 7))])


def plain_calibration(calibration: Calibration) -> str:
    """Error, band and promise in three lines, then the bins and the thresholds that differ."""
    c = calibration
    bins = [[str(cell) for cell in bin_row(b)] for b in c.bins]
    shown: list[list[str]] = []
    for t in c.curve:
        row = [f"{t.threshold:.2f}", rate(t.load), rate(t.error), rate_interval(t.error_lo, t.error_hi), rate(t.caught)]
        if not shown or shown[-1][1:] != row[1:]:
            shown.append(row)
    return "\n".join(
        [
            *tell(f"{c.metric} of {c.run.spec_ref}: {c.error}", c.band.sentence(), c.promise()),
            "",
            *grid([name.removesuffix("#") for name in BIN_COLUMNS], bins),
            "",
            *grid(["threshold from", "reviewed", "wrong among accepted", "95 % interval", "wrong ones caught"], shown),
        ]
    )


def _about(reference: Profile, window: Profile) -> list[tuple[str, str, str]]:
    names = [*reference.about, *(name for name in window.about if name not in reference.about)]
    rows = [(name, reference.about.get(name, ""), window.about.get(name, "")) for name in names]
    return [("rows", f"{reference.rows:,}", f"{window.rows:,}"), *rows]


def _page(
    title: str, *, word: str, tone: str, said: Sequence[str], parts: Sequence[Part], limits: Sequence[str]
) -> str:
    """A page: its word and headline in a tone, remarks, sections, and what it cannot show."""
    values = {
        "title": f"{title}: {word}", "eyebrow": title, "word": word, "tone": tone, "headline": said[0],
        "remarks": said[1:], "parts": parts, "limits": limits,
    }  # fmt: skip
    return render("paper.html.j2", values)
