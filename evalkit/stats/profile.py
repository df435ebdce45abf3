"""Profiles: what a table of rows looked like, as counts alone, so that a later window can be held against it.

A numeric column becomes counts in cells (`cells`), any other counts by label (`levels`). No row and no value is kept,
and profiles of parts add up to that of the whole. Before a profile is written or compared with, bins and labels are
pooled until each holds no row or at least 11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalkit.cards import Grid, card
from evalkit.errors import StatisticsError
from evalkit.stats.cells import CELLS, Numbers, Scale, add_numbers, count_numbers, find_scale, read_numbers
from evalkit.stats.levels import LEAST, Groups, Levels, add_levels, count_levels

FORMAT = 1
Column = Numbers | Levels | Groups
_LIKE = "profile the second table `like` the first"


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """A table as counts by column. Profiles of parts are added with ``+``."""

    columns: Mapping[str, Column]
    about: Mapping[str, str] = field(default_factory=dict)
    """Where the rows came from, in names and digests. What two profiles say differently, their sum does not say."""

    @property
    def rows(self) -> int:
        """Rows that were profiled."""
        return max((column.rows for column in self.columns.values()), default=0)

    def __add__(self, other: Profile) -> Profile:
        """The profile of both tables together. Raises StatisticsError for other columns, kinds or scales."""
        if self.columns.keys() != other.columns.keys():
            raise StatisticsError("two profiles with different columns do not add up", next_step=_LIKE)
        merged = {name: _add(column, other.columns[name], name) for name, column in self.columns.items()}
        both = {**self.about, **other.about}
        agreed = {key: value for key, value in both.items() if self.about.get(key, value) == value}
        return Profile(merged, agreed)

    def suppressed(self) -> Profile:
        """The profile with every count 0 or at least `LEAST`: what may be written down and compared with."""
        kept = {name: c if isinstance(c, Groups) else c.suppress() for name, c in self.columns.items()}
        return Profile(kept, self.about)

    def to_json(self) -> str:
        """The suppressed profile as JSON text: the same bytes for the same counts."""
        kept = {name: _pack(column) for name, column in self.suppressed().columns.items()}
        stored = {"format": FORMAT, "about": dict(self.about), "columns": kept}
        return json.dumps(stored, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Profile:
        """A profile again. Raises StatisticsError for text that is none."""
        try:
            stored = json.loads(text)
            if stored["format"] != FORMAT:
                raise StatisticsError("the profile is of another format", next_step="profile the reference again")
            columns = {str(name): _unpack(column) for name, column in stored["columns"].items()}
            return Profile(columns, {str(key): str(value) for key, value in stored["about"].items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            raise StatisticsError(
                "this is no profile", next_step="make one with `evalkit drift profile RUN -o profile.json`"
            ) from None

    def __repr__(self) -> str:
        numbers = sum(isinstance(column, Numbers) for column in self.columns.values())
        return f"Profile({self.rows:,} rows, {numbers} columns of numbers, {len(self.columns) - numbers} of labels)"

    def _repr_html_(self) -> str:
        shown = [(name, *_describe(column)) for name, column in self.suppressed().columns.items()]
        lead = ", ".join(f"{key} {value}" for key, value in self.about.items())
        return card(repr(self), lead=lead, grids=[Grid(["column", "kind", "rows#", "missing#", "looks like"], shown)])


def profile_columns(table: Any, *, like: Profile | None = None, about: Mapping[str, str] | None = None) -> Profile:
    """The profile of a table: a mapping of column names to (n,) arrays or lists, or a DataFrame.

    Numbers (not booleans) are profiled as numbers, everything else as labels; None and NaN are missing. A profile
    made ``like`` another has its columns, kinds and cells, so that the two can be compared and added. Raises
    StatisticsError for a table without rows, columns of two lengths, and one that lacks a column of ``like``.
    """
    given = dict(table.items())
    if like is not None:
        lacking = sorted(like.columns.keys() - given.keys())
        if lacking:
            raise StatisticsError(
                f"the table lacks {len(lacking)} of the profile's columns",
                where=", ".join(lacking[:5]),
                next_step="profile the same columns in the reference and in the window",
            )
        given = {name: given[name] for name in like.columns}
    lengths = {len(values) for values in given.values()}
    if len(lengths) != 1 or not lengths.pop():
        raise StatisticsError("a table to profile has at least one row, and columns of one length")
    columns = {
        str(name): _profile(values, like.columns[name] if like is not None else None, str(name))
        for name, values in given.items()
    }
    return Profile(columns, dict(about or {}))


def _profile(values: Any, like: Column | None, name: str) -> Column:
    numbers = None if isinstance(like, Levels | Groups) else read_numbers(values)
    if isinstance(like, Numbers):
        if numbers is None:
            raise StatisticsError("a column of numbers came with something else in it", where=name)
        return count_numbers(numbers, like.scale)
    return count_numbers(numbers, find_scale(numbers)) if numbers is not None else count_levels(values)


def _add(one: Column, other: Column, name: str) -> Column:
    if isinstance(one, Numbers) and isinstance(other, Numbers) and one.scale == other.scale:
        return add_numbers(one, other)
    if isinstance(one, Levels | Groups) and isinstance(other, Levels | Groups):
        return add_levels(one, other)
    raise StatisticsError("two columns of different kinds or scales do not add up", where=name, next_step=_LIKE)


def _pack(column: Column) -> dict[str, Any]:
    if isinstance(column, Numbers):
        widths = np.diff(np.append(column.starts, CELLS))  # short numbers, where starts would be long ones
        return {
            "centre": column.scale.centre, "step": column.scale.step, "widths": widths.tolist(),
            "counts": column.counts.tolist(), "missing": column.missing,
        }  # fmt: skip
    assert isinstance(column, Groups)
    return {
        "groups": column.starts.tolist(), "counts": column.counts.tolist(), "names": column.names,
        "missing": column.missing,
    }  # fmt: skip


def _unpack(stored: Mapping[str, Any]) -> Column:
    missing = None if stored["missing"] is None else int(stored["missing"])
    counts = np.asarray(stored["counts"], dtype=np.int64)
    if "groups" in stored:
        starts = np.asarray(stored["groups"], dtype=np.int64)
        names = tuple(tuple(map(str, group)) for group in stored["names"])
        _check(starts, counts, len(names))
        return Groups(starts, counts, names, missing)
    widths = np.asarray(stored["widths"], dtype=np.int64)
    starts = np.cumsum(widths) - widths
    _check(starts, counts, len(widths))
    if widths.sum() != CELLS:
        raise ValueError
    return Numbers(Scale(float(stored["centre"]), float(stored["step"])), starts, counts, missing)


def _check(starts: Any, counts: Any, size: int) -> None:
    ascending = len(starts) > 0 and starts[0] == 0 and bool((np.diff(starts) > 0).all())
    if not ascending or not len(starts) == len(counts) == size or counts.min() < 0:
        raise ValueError


def _describe(column: Column) -> tuple[str, str, str, str]:
    missing = f"< {LEAST}" if column.missing is None else f"{column.missing:,}"
    if isinstance(column, Numbers):
        low, middle, high = (column.quantile(share) for share in (0.25, 0.5, 0.75))
        return "numbers", f"{column.rows:,}", missing, f"{low:.3g} to {high:.3g}, median {middle:.3g}"
    assert isinstance(column, Groups)
    most = np.argsort(-column.counts, kind="stable")[:4].tolist()
    looks = "; ".join(f"{column.label(group)} {column.counts[group] / max(column.rows, 1):.0%}" for group in most)
    return "labels", f"{column.rows:,}", missing, looks
