"""The canvas that every figure is drawn on: colours, frames, labels, and the way to an ``<svg>`` element.

Colours are CSS variables of the page (``--ek-ink`` ...), so that one figure reads in light and in dark. What tells two
things apart is never colour alone: marks differ in shape and filling, lines in dashes, bars in hatching.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Final

from evalkit.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS: Final = 40
"""Rows of one figure; the table beside it has them all."""

_LABEL: Final = 34
_INCHES: Final = 10.0
_WIDE: Final = (_INCHES, 3.6)
_ROW: Final = 0.34

# Matplotlib draws in stand-in colours that nothing else uses; each becomes a variable with a fallback.
_COLOURS: Final = {
    "#010101": "var(--ek-ink,#1c2024)",
    "#020202": "var(--ek-quiet,#60646c)",
    "#030303": "var(--ek-line,#d9dbdf)",
    "#040404": "var(--ek-band,#eceef1)",
    "#050505": "var(--ek-good,#2b7a4b)",
    "#060606": "var(--ek-bad,#b3362d)",
    "#070707": "var(--ek-open,#646872)",
    "#080808": "var(--ek-paper,#ffffff)",
}
INK, QUIET, LINE, BAND, GOOD, BAD, OPEN, PAPER = _COLOURS
TONE_COLOURS: Final = {"good": GOOD, "bad": BAD, "open": OPEN}


@contextmanager
def style(name: str) -> Iterator[None]:
    """Matplotlib's own defaults plus stable bytes, whatever the user's settings are; they are given back on leaving."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = name
        matplotlib.rcParams["svg.fonttype"] = "none"
        matplotlib.rcParams["text.parse_math"] = False
        matplotlib.rcParams["font.size"] = 11
        yield


def rows_frame(labels: Sequence[str], *, legend: bool = False) -> tuple[Figure, Axes]:
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
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(axis="x", colors=QUIET, length=3)
    return figure, axes


def plane() -> tuple[Figure, Axes]:
    """A figure of one axes with numbers on both sides, for a curve."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(0.7 * _INCHES, 0.34 * _INCHES))
    axes = figure.add_axes((0.1, 0.17, 0.86, 0.78))
    figure.patch.set_visible(False)
    make_plain(axes)
    return figure, axes


def write_label(axes: Axes, row: int, text: str, *, colour: str) -> None:
    """The name of a row, left of its frame; a long one ends in an ellipsis."""
    plain = visible(text)
    short = plain if len(plain) <= _LABEL else plain[: _LABEL - 1] + "…"
    axes.text(-0.03, row, short, transform=axes.get_yaxis_transform(), ha="right", va="center", color=colour)


def write_figures(axes: Axes, row: int, text: str, *, colour: str) -> None:
    """The figures of a row, right of its frame."""
    axes.text(1.03, row, text.replace("-", "−"), transform=axes.get_yaxis_transform(), va="center", color=colour)


def to_svg(figure: Figure, *, name: str, title: str) -> str:
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


def make_plain(axes: Axes) -> None:
    """Two thin axes, no ground."""
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=QUIET, length=3)


def single() -> tuple[Figure, Axes]:
    """A wide figure of one axes, with room for a legend above."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=_WIDE)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.07, 0.18, 0.91, 0.7))
    make_plain(axes)
    return figure, axes


def stacked() -> tuple[Figure, tuple[Axes, Axes]]:
    """A wide figure of two axes above one another: a curve, and counts."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(10.0, 5.6))
    figure.patch.set_visible(False)
    upper, lower = figure.add_axes((0.07, 0.32, 0.91, 0.66)), figure.add_axes((0.07, 0.11, 0.91, 0.15))
    for axes in (upper, lower):
        make_plain(axes)
    return figure, (upper, lower)
