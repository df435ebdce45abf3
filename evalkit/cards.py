"""Cards: how a noun shows itself in a notebook. Static HTML, everything escaped, no script, no colour of its own.

Notebooks set formulas in any HTML output; the class ``tex2jax_ignore`` keeps them from doing so with a name.

Colours derive from the text around, so one card reads well in a light and in a dark theme. The bytes depend on the
content alone, so a stored notebook output can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evalkit.visible import LONGEST, visible

STYLE = (
    "<style>.ek{font:13px/1.5 system-ui,sans-serif;border:1px solid rgba(128,128,128,.4);border-radius:8px;"
    "padding:12px 16px;max-width:60em;margin:4px 0}.ek b{font-weight:600}.ek .ek-t{font-size:15px;font-weight:600}"
    ".ek p{margin:2px 0 6px}.ek table{border-collapse:collapse;margin:6px 0 2px;background:none}"
    ".ek table{font-size:12px}.ek caption{text-align:left;opacity:.75;padding:2px 0}.ek th{font-weight:500;opacity:.7}"
    ".ek th,.ek td{text-align:left;padding:2px 14px 2px 0;"
    "background:none;color:inherit;border:0;border-bottom:1px solid rgba(128,128,128,.22)}"
    ".ek td.n,.ek th.n{text-align:right;font-variant-numeric:tabular-nums}</style>"
)
_SENTENCE = 2000


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table. A column whose name ends in ``#`` holds figures and is set flush right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str = ""


def card(title: str, *, lead: str = "", grids: Sequence[Grid] = ()) -> str:
    """One card: a title, a sentence, tables. HTML fragment of a few kB."""
    body = "".join(_table(grid) for grid in grids if grid.rows)
    sentence = f"<p>{_text(lead, most=_SENTENCE)}</p>" if lead else ""
    return f'{STYLE}<div class="ek tex2jax_ignore"><div class="ek-t">{_text(title)}</div>{sentence}{body}</div>'


def _table(grid: Grid) -> str:
    kinds = [' class="n"' if column.endswith("#") else "" for column in grid.columns]
    head = "".join(
        f'<th scope="col"{kind}>{_text(column.removesuffix("#"))}</th>'
        for column, kind in zip(grid.columns, kinds, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(f"<td{k}>{_text(str(cell))}</td>" for cell, k in zip(row, kinds, strict=True)) + "</tr>"
        for row in grid.rows
    )
    caption = f"<caption>{_text(grid.caption)}</caption>" if grid.caption else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _text(text: str, *, most: int = LONGEST) -> str:
    return escape(visible(text, most=most))
