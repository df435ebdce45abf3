"""The case browser: what went wrong, case by case, wrong ones first; two versions side by side.

In: a run, and where there are any its baseline and its cases. Out: a page for a browser, and the same page in a frame
as the card of a notebook. Rows go into the page as data that its script draws a hundred at a time, so that ten thousand
cases open at once.
Contents (input, output, evidence) are read from the sealed runs and shown for synthetic cases alone: of any other data
class only ids, tags and figures are shown, and there is no way to ask for more.

    from evalkit.report.casebrowser import browse
    browse(run, base=baseline, cases=gold).slice("modifiers")
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from os.path import commonprefix
from typing import Any, Final

from evalkit.cards import card
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import CaseError
from evalkit.evaluation.pairing import align
from evalkit.evaluation.run import Run
from evalkit.evaluation.workspace import open_workspace
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal
from evalkit.figures import NOTHING, count, rate
from evalkit.report.pages import render, trusted
from evalkit.report.text import grid, tell
from evalkit.scripts import data_island
from evalkit.stats.columns import cases as values_of
from evalkit.visible import visible

MOST_OPENED: Final = 40
"""Cases whose contents a page holds; the first of its order."""
IN_NOTEBOOK: Final = 300
"""Cases that a card holds; the first `_OPENED_IN_NOTEBOOK` with their contents."""
_OPENED_IN_NOTEBOOK: Final = 5
_IN_TEXT: Final = 30
_DRAWN: Final = 50
"""Rows that a page shows where no script runs."""
_LONGEST_INPUT: Final = 20_000
_FRAME: Final = "width:100%;max-width:62em;height:32em;border:1px solid rgba(128,128,128,.4);border-radius:8px"
_ORDER: Final = {"broke": 0, "wrong": 1, "fixed": 2, "right": 3, "not judged": 4}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case by the head metric. No content."""

    case_id: str
    state: str
    """``broke``, ``wrong``, ``fixed``, ``right`` or ``not judged``."""
    value: float
    """In [0, 1], trials reduced; NaN where the metric did not apply."""
    before: float
    """Of the baseline; NaN without one."""
    short: tuple[str, ...]
    """Metrics in which the case falls short of their best value."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the input, and who cited it as evidence: ``now``, ``was``, ``both`` or nobody."""

    text: str
    cited: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A case with its contents, for a page."""

    row: CaseRow
    pieces: tuple[Piece, ...]
    lines: tuple[tuple[str, str, str, str, str], ...]
    """Field of the output, expected, baseline, candidate, and what it is: ``same``, ``differs`` or ``wrong``."""
    same: int
    """Fields that are alike everywhere, and left out."""


@dataclass(frozen=True, eq=False, repr=False)
class CaseBrowser:
    """Cases of a run, wrong first. Narrow it with `wrong`, `slice` and `short_of`; every result is a browser again."""

    run: Run
    base: Run | None
    cases: Mapping[str, Case]
    rows: tuple[CaseRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def wrong(self) -> CaseBrowser:
        """The cases that are not right by the head metric."""
        return self._keep(row for row in self.rows if row.state in {"broke", "wrong"})

    def slice(self, tag: str) -> CaseBrowser:
        """The cases with a tag. Raises CaseError for one that no case has."""
        kept = [row for row in self.rows if tag in row.tags]
        if not kept:
            known = sorted({tag for row in self.rows for tag in row.tags})
            raise CaseError("no case here has this tag", next_step=f"there are: {', '.join(known[:12]) or 'none'}")
        return self._keep(kept)

    def short_of(self, metric: str) -> CaseBrowser:
        """The cases that fall short by a metric."""
        return self._keep(row for row in self.rows if metric in row.short)

    def page(self) -> str:
        """One self-contained HTML page with every case, the contents of the first `MOST_OPENED` among them."""
        return self._page(MOST_OPENED)

    def sentence(self) -> str:
        """How many cases there are of each kind, in one line."""
        kinds = [f"{sum(row.state == state for row in self.rows):,} {state}" for state in _ORDER]
        return f"{count(len(self.rows), 'case')} by {self.run.head_metric}: {', '.join(kinds)}."

    def sealed(self) -> str:
        """Why no contents are shown, in one sentence; empty where they are."""
        if not self._readable:
            return f"Contents stay sealed: the data class of these cases is {self.run.header.data_class}."
        if not self.cases:
            return "Contents are shown where the cases are named, as they were for the evaluation."
        return ""

    def __repr__(self) -> str:
        rows = [
            [row.case_id, row.state, _figure(row.before), _figure(row.value), " ".join(row.tags)]
            for row in self.rows[:_IN_TEXT]
        ]
        more = [f"and {len(self.rows) - _IN_TEXT:,} more"] if len(self.rows) > _IN_TEXT else []
        titles = ["case", "state", "baseline", "value", "tags"]
        return "\n".join([*tell(self.sentence()), *grid(titles, rows, left=(0, 1, 4)), *more])

    def _repr_html_(self) -> str:
        """The page in a frame that may run its script and reach nothing; the sentence above it stands without one."""
        shown = self._keep(self.rows[:IN_NOTEBOOK])
        left = len(self.rows) - len(shown)
        lead = f"{self.sentence()} The first {IN_NOTEBOOK} are here: {left:,} more." if left else self.sentence()
        frame = f'<iframe title="Cases" sandbox="allow-scripts" style="{_FRAME}" srcdoc="{{}}"></iframe>'
        return card(self._title(), lead=lead) + frame.format(escape(shown._page(_OPENED_IN_NOTEBOOK, framed=True)))

    def _page(self, opened: int, *, framed: bool = False) -> str:
        return render("cases.html.j2", {
            "title": self._title(), "lead": self.sentence(), "sealed": self.sealed(), "figure": _figure,
            "framed": framed, "paired": self.base is not None, "opened": self._open(opened), "rows": self.rows[:_DRAWN],
            "number": len(self.rows), "states": [state for state in _ORDER if any(r.state == state for r in self.rows)],
            "tags": sorted({tag for row in self.rows for tag in row.tags}),
            "data": trusted(data_island(_columns(self.rows, paired=self.base is not None))),
        })  # fmt: skip

    def _title(self) -> str:
        against = f" against {self.base.header.spec_ref}" if self.base is not None else ""
        return f"Cases of {self.run.header.spec_ref}{against}"

    @property
    def _readable(self) -> bool:
        classes = {self.run.header.data_class, *(case.data_class for case in self.cases.values())}
        return classes == {"synthetic"}

    def _keep(self, rows: Iterator[CaseRow] | Sequence[CaseRow]) -> CaseBrowser:
        return replace(self, rows=tuple(rows))

    def _open(self, most: int) -> list[Opened]:
        """The first cases with their contents; none where they must stay sealed or are not at hand."""
        if not (self._readable and self.cases and self.run.path and self.run.path.exists()):
            return []
        chosen = [row for row in self.rows[:most] if row.case_id in self.cases]
        now = _answers(self.run, chosen)
        was = _answers(self.base, chosen) if self.base is not None else {}
        return [_open_case(row, self.cases[row.case_id], now.get(row.case_id), was.get(row.case_id)) for row in chosen]


def browse(run: Run, *, base: Run | None = None, cases: GoldSet | Sequence[Case] = ()) -> CaseBrowser:
    """A browser over the cases of a run: broken ones first, then wrong, fixed and right ones.

    ``base`` is a run of another version on the same cases, ``cases`` those that were evaluated: without them ids, tags
    and figures are shown and no content. Raises StatisticsError for a base on other cases.
    """
    if base is not None:
        base, run = align(base, run)
    head = run.head_metric
    now = _values(run, head)
    was = _values(base, head) if base is not None else [math.nan] * len(now)
    short = _short(run)
    sign = -1.0 if head in run.lower_is_better else 1.0
    rows = [
        CaseRow(case_id, _state(value, before, sign), value, before, metrics, tags)
        for case_id, value, before, metrics, tags in zip(
            run.casewise.case_ids, now, was, short, run.casewise.tags, strict=True
        )
    ]
    ordered = sorted(rows, key=lambda row: (_ORDER[row.state], sign * row.value if row.value == row.value else 2.0))
    return CaseBrowser(run, base, {case.case_id: case for case in cases}, tuple(ordered))


def _columns(rows: Sequence[CaseRow], *, paired: bool) -> dict[str, Any]:
    """Rows as columns, what repeats written once: a few dozen bytes a case."""
    states = list(_ORDER)
    prefix = commonprefix([row.case_id for row in rows])  # noqa: RUF071  # ids are no paths: by character is meant
    groups: dict[tuple[str, ...], int] = {}
    for row in rows:
        groups.setdefault(row.short, len(groups))
        groups.setdefault(row.tags, len(groups))
    return {
        "prefix": visible(prefix),
        "states": states,
        "groups": [[visible(name) for name in group] for group in groups],
        "id": [visible(row.case_id[len(prefix) :]) for row in rows],
        "state": [states.index(row.state) for row in rows],
        "before": [_percent(row.before) for row in rows] if paired else None,
        "value": [_percent(row.value) for row in rows],
        "short": [groups[row.short] for row in rows],
        "tags": [groups[row.tags] for row in rows],
    }


def _percent(value: float) -> float | None:
    return round(value * 100, 1) if math.isfinite(value) else None


def _values(run: Run, metric: str) -> list[float]:
    column = run.casewise.columns.get(metric)
    return values_of(column).tolist() if column is not None else [math.nan] * len(run.casewise.case_ids)


def _short(run: Run) -> list[tuple[str, ...]]:
    """For each case the metrics in which it falls short of their best value."""
    found: list[list[str]] = [[] for _ in run.casewise.case_ids]
    for metric in (name for name in run.casewise.columns if name not in run.descriptive):
        best = 0.0 if metric in run.lower_is_better else 1.0
        for place, value in enumerate(_values(run, metric)):
            if abs(value - best) > 1e-9:
                found[place].append(metric)
    return [tuple(names) for names in found]


def _state(value: float, before: float, sign: float) -> str:
    if math.isnan(value):
        return "not judged"
    if sign * (value - before) < -1e-9:
        return "broke"
    if sign * (value - before) > 1e-9:
        return "fixed"
    return "right" if abs(value - (1.0 if sign > 0 else 0.0)) < 1e-9 else "wrong"


def _answers(run: Run, rows: Sequence[CaseRow]) -> dict[str, Execution]:
    """The first trials of some cases, unsealed."""
    assert run.path is not None
    with Journal.open(run.path, open_workspace().keyring()) as journal:
        found = {row.case_id: journal.get(row.case_id) for row in rows}
    return {case_id: done for case_id, done in found.items() if done is not None}


def _open_case(row: CaseRow, case: Case, now: Execution | None, was: Execution | None) -> Opened:
    expected, after, before = dict(_flat(case.gold)), dict(_said(now)), dict(_said(was))
    if case.refusal:
        expected = {"refusal": case.refusal}
    lines, same = [], 0
    for name in dict.fromkeys([*expected, *after, *before]):
        if name not in expected and not case.refusal and name.partition("[")[0].partition(".")[0] not in case.gold:
            continue  # a confidence, say: nothing that is right or wrong
        wanted, got, had = (side.get(name, "") for side in (expected, after, before))
        state = "wrong" if got != wanted else "differs" if was is not None and had != got else "same"
        same += state == "same"
        if state != "same":
            lines.append((name, wanted, had, got, state))
    return Opened(row, tuple(_highlight(case, now, was)), tuple(lines), same)


def _said(done: Execution | None) -> Iterator[tuple[str, str]]:
    """What an execution answered, by field; its refusal, or the class of what it raised."""
    if done is None:
        return
    if done.reply is not None and done.reply.output is not None:
        yield from _flat(done.reply.output)
    elif done.refusal is not None:
        yield "refusal", done.refusal.code
    else:
        yield "failure", done.failure.kind if done.failure is not None else "none"


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of a JSON value by their path; a span is one leaf."""
    if isinstance(value, Mapping) and {"start", "end"} <= value.keys():
        yield path, f"{value['start']} to {value['end']}"
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, (list, tuple)) and any(isinstance(part, (Mapping, list, tuple)) for part in value):
        for place, part in enumerate(value):
            yield from _flat(part, f"{path}[{place}]")
    elif isinstance(value, (list, tuple)):
        yield path, ", ".join(map(str, value))
    else:
        yield path, str(value)


def _highlight(case: Case, now: Execution | None, was: Execution | None) -> Iterator[Piece]:
    """The longest text of the input, cut where evidence begins and ends."""
    texts = {name: value for name, value in case.input.items() if isinstance(value, str)}
    if not texts:
        return
    name = max(texts, key=lambda key: len(texts[key]))
    text = texts[name][:_LONGEST_INPUT]
    spans = [_spans(done, name) for done in (now, was)]
    edges = sorted({0, len(text), *(min(edge, len(text)) for side in spans for span in side for edge in span)})
    for low, high in pairwise(edges):
        by_now, by_was = (any(start <= low and high <= end for start, end in side) for side in spans)
        yield Piece(text[low:high], "both" if by_now and by_was else "now" if by_now else "was" if by_was else "")


def _spans(done: Execution | None, field: str) -> list[tuple[int, int]]:
    """The evidence that an answer cites in a field; a span that names no field is of the longest text."""
    output = done.reply.output if done is not None and done.reply is not None else None
    found: list[tuple[int, int]] = []
    left: list[Any] = [output]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            start, end = value.get("start"), value.get("end")
            if (
                isinstance(start, int)
                and isinstance(end, int)
                and value.get("field", field) == field
                and 0 <= start < end
            ):
                found.append((start, end))
            left += value.values()
        elif isinstance(value, (list, tuple)):
            left += value
    return found


def _figure(value: float) -> str:
    return rate(value) if math.isfinite(value) else NOTHING
