"""Ratings: what people said of executions, as records of their own.

A rating is a number from a person about one execution: no text, no name, so that a file of ratings holds nothing of a
patient. Metrics that are opinions (their names begin with ``judge_``, or `as_judge` declares them) are worth what
ratings say of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path

from evalkit.cards import Grid, card
from evalkit.cases.case import Case
from evalkit.cases.tabular import Problems, Row, read_sheet, refuse
from evalkit.digests import digest
from evalkit.errors import MetricError
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Metric, Value

JUDGE = "judge_"
_DECLARED = "evalkit_judge"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_WORDS = {"true": 1.0, "yes": 1.0, "pass": 1.0, "false": 0.0, "no": 0.0, "fail": 0.0}


@dataclass(frozen=True, slots=True)
class Rating:
    """What one person said of one execution."""

    case_id: str
    trial: int
    criterion: str
    """What was asked: ``omission_rate``, ``acceptable``."""
    value: float
    """In [0, 1]; yes is 1."""
    rater: str
    """A pseudonym."""


@dataclass(frozen=True, repr=False)
class Ratings:
    """Ratings by any number of people, about any number of criteria. A person rates an execution once a criterion."""

    rows: tuple[Rating, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion, by name."""
        return tuple(sorted({rating.criterion for rating in self.rows}))

    @property
    def raters(self) -> tuple[str, ...]:
        """Every rater, by pseudonym."""
        return tuple(sorted({rating.rater for rating in self.rows}))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all ratings, in whatever order they came."""
        return digest(sorted([r.case_id, r.trial, r.criterion, r.value, r.rater] for r in self.rows))

    def choose(self, criterion: str | None) -> str:
        """The criterion asked for, or the only one. Raises MetricError where it is not there or not clear."""
        known = self.criteria
        if criterion in known:
            return criterion
        if criterion is None and len(known) == 1:
            return known[0]
        raise MetricError(
            "no such criterion among the ratings" if criterion else "the ratings have several criteria",
            next_step=f"name one of {', '.join(known[:8])}",
        )

    def by_execution(self, criterion: str) -> dict[tuple[str, int], dict[str, float]]:
        """(case id, trial) -> rater -> value, for one criterion."""
        found: dict[tuple[str, int], dict[str, float]] = {}
        for rating in self.rows:
            if rating.criterion == criterion:
                found.setdefault((rating.case_id, rating.trial), {})[rating.rater] = rating.value
        return found

    def to_lines(self) -> str:
        """JSON lines, one a rating, sorted: the same bytes for the same ratings."""
        rows = sorted([r.case_id, r.trial, r.criterion, r.value, r.rater] for r in self.rows)
        names = ("case_id", "trial", "criterion", "value", "rater")
        return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)

    def __repr__(self) -> str:
        return f"Ratings({len(self)} ratings of {len(self.criteria)} criteria by {len(self.raters)} raters)"

    def _repr_html_(self) -> str:
        rows = []
        for criterion in self.criteria:
            rated = self.by_execution(criterion)
            values = [value for one in rated.values() for value in one.values()]
            rows.append((criterion, len(rated), len(values), f"{sum(values) / len(values):.3f}"))
        grids = [Grid(["criterion", "executions#", "ratings#", "mean#"], rows)]
        return card(repr(self), grids=grids)


def collect_ratings(rows: Iterable[Rating]) -> Ratings:
    """Ratings from records. Raises MetricError for a value outside [0, 1], an odd id, or a double."""
    checked, seen = [], set()
    for position, rating in enumerate(rows):
        flaw = _flaw(rating)
        key = (rating.case_id, rating.trial, rating.criterion, rating.rater)
        if flaw or key in seen:
            raise MetricError(flaw or "one rater rated one execution twice", where=f"rating {position}",
                              next_step="repair it; nothing was kept")  # fmt: skip
        seen.add(key)
        checked.append(rating)
    if not checked:
        raise MetricError("there are no ratings", next_step="give at least one")
    return Ratings(tuple(checked))


def read_ratings(path: Path) -> Ratings:
    """Ratings from CSV or JSON lines with the columns case_id and value; trial, criterion, rater where there are any.

    A value is a number from 0 to 1, or yes, no, true, false, pass, fail. All rows are read or none. Raises MetricError
    with row and reason, never with a cell.
    """
    sheet = read_sheet(path, wanted=("case_id", "value"), error=MetricError)
    problems, rows = Problems(), []
    seen: dict[tuple[str, int, str, str], str] = {}
    for row in sheet.rows:
        try:
            rating = _read(row)
        except ValueError as flaw:
            problems.add(row.place, str(flaw))
            continue
        first = seen.setdefault((rating.case_id, rating.trial, rating.criterion, rating.rater), row.place)
        if first != row.place:
            problems.add(row.place, f"the same execution, criterion and rater as {first}")
        rows.append(rating)
    refuse(problems, sheet.name, MetricError)
    return Ratings(tuple(rows))


def as_judge(metric: Metric) -> Metric:
    """A metric declared to be an opinion: it asks a model, or is a cheap proxy of what people would say.

    It scores as before. Its figure has no interval until people have rated some of the cases (`Run.rated`), and gates
    on it stay undecided. A name that begins with ``judge_`` says the same. As a decorator, or around a function.
    """

    @wraps(metric)
    def judge(case: Case, execution: Execution) -> Value:
        return metric(case, execution)

    vars(judge)[_DECLARED] = True
    return judge


def judges_among(metrics: Mapping[str, Metric]) -> frozenset[str]:
    """The names of those that are opinions, by name or as declared."""
    return frozenset(
        name for name, metric in metrics.items() if is_judge(name) or getattr(metric, _DECLARED, False) is True
    )


def is_judge(metric: str) -> bool:
    """Does a metric ask a model for its opinion? Its name says so: it begins with ``judge_``."""
    return metric.startswith(JUDGE)


def _read(row: Row) -> Rating:
    """One row; its ValueErrors are made of fixed words."""
    cells: Mapping[str, object] = row.cells
    trial = str(cells.get("trial") or 0)
    if not re.fullmatch(r"[0-9]{1,6}", trial):
        raise ValueError("trial is not a whole number from 0")
    rating = Rating(
        case_id=str(cells["case_id"] or ""),
        trial=int(trial),
        criterion=str(cells.get("criterion") or "rating"),
        value=_number(cells["value"]),
        rater=str(cells.get("rater") or "rater"),
    )
    flaw = _flaw(rating)
    if flaw:
        raise ValueError(flaw)
    return rating


def _number(value: object) -> float:
    word = str(value).strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    try:
        return float(word)
    except ValueError:
        return -1.0


def _flaw(rating: Rating) -> str:
    if not _ID.fullmatch(rating.case_id):
        return "case_id is not 1 to 128 letters, digits, '.', '_', ':', '@' or '-'"
    if not (_WORD.fullmatch(rating.criterion) and _WORD.fullmatch(rating.rater)):
        return "criterion or rater is not 1 to 40 letters, digits, '.', '_' or '-'"
    return "" if 0 <= rating.value <= 1 else "value is neither a number from 0 to 1 nor yes or no"
