"""Drift: does a window of rows still look like its reference? One family of tests, one verdict, the columns behind it.

Numbers are compared by Kolmogorov and Smirnov's test on the bins of the profile, which sees any change, together with
the rank-sum test, which sees a shift sooner. Labels are compared by Pearson's test of homogeneity, which knows that the
reference is a sample too. Holm's adjustment holds the chance of any false alarm over all columns at ``alpha``.
Distances stand beside the tests as sizes; what is sure and nearer than the margin raises no alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from evalkit.cards import Grid, card
from evalkit.errors import StatisticsError
from evalkit.figures import count, p_value
from evalkit.stats.cells import Numbers, align
from evalkit.stats.distances import (
    homogeneity,
    jensen_shannon,
    kolmogorov_smirnov,
    kolmogorov_smirnov_p,
    rank_sum_p,
    stability_index,
    total_variation,
    wasserstein,
)
from evalkit.stats.distributions import normal_quantile
from evalkit.stats.levels import LEAST, RARE, Groups, Levels
from evalkit.stats.pairs import holm
from evalkit.stats.profile import Column, Profile
from evalkit.stats.shapes import tenths

DriftVerdict = Literal["drifted", "quiet", "undecided"]
ColumnVerdict = Literal["drifted", "small", "quiet"]


@dataclass(frozen=True, slots=True)
class Vigilance:
    """What counts as drift, and how much of it a window must be able to show."""

    alpha: float = 0.05
    """The chance of any false alarm over all columns of a window that did not change."""
    margin: float = 0.05
    """A distance that does not matter, however sure it is: a twentieth of the rows, or 0.125 standard deviations."""
    sight: float = 0.5
    """A quiet window that would not have shown a shift of this many standard deviations is undecided."""
    power: float = 0.8

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 0.5 and 0 <= self.margin < 1 and self.sight > 0 and 0 < self.power < 1):
            raise StatisticsError(
                "an alpha lies between 0 and 0.5, a margin and a power between 0 and 1, sight above 0"
            )


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column of the window against the reference."""

    column: str
    kind: Literal["numbers", "labels"]
    distance: float
    """Numbers: Kolmogorov and Smirnov's D. Labels: total variation. Both in [0, 1]."""
    shift: float
    """Numbers: Wasserstein's distance in standard deviations of the reference; NaN for labels."""
    js: float
    """Jensen and Shannon's distance with base 2, in [0, 1], over tenths of the reference or over labels."""
    psi: float
    """The population stability index over the same."""
    p_value: float
    """Numbers: twice the smaller p of the two tests."""
    p_adjusted: float
    """Holm over all columns of the window."""
    test: str
    """Numbers: the test with the smaller p."""
    verdict: ColumnVerdict
    """``small``: sure, and nearer than the margin."""
    n_reference: int
    n_window: int
    moved: str
    """What moved, in one line: medians, or the labels whose share changed most."""

    def __str__(self) -> str:
        return f"{self.column}: {self.verdict}, distance {self.distance:.3f}, {p_value(self.p_adjusted)}; {self.moved}"


@dataclass(frozen=True, eq=False, repr=False)
class Drift:
    """A window held against a profile."""

    columns: tuple[ColumnDrift, ...]
    """The most significant first."""
    n_reference: int
    n_window: int
    sees: float
    """The smallest shift of a normal column, in standard deviations, that would have been shown with that power."""
    vigilance: Vigilance
    warnings: tuple[str, ...] = ()

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """The columns behind the verdict."""
        return tuple(one for one in self.columns if one.verdict == "drifted")

    @property
    def verdict(self) -> DriftVerdict:
        """``drifted``, ``quiet``, or ``undecided`` where too few rows could have shown a thing."""
        if self.drifted:
            return "drifted"
        return "quiet" if self.sees <= self.vigilance.sight else "undecided"

    def sentence(self) -> str:
        """What was found, in one line."""
        rows = f"{count(self.n_window, 'row')} against {self.n_reference:,}"
        if self.drifted:
            names = ", ".join(one.column for one in self.drifted[:5])
            more = f" and {len(self.drifted) - 5} more" if len(self.drifted) > 5 else ""
            return f"DRIFTED: {len(self.drifted)} of {count(len(self.columns), 'column')} ({names}{more}), {rows}."
        if self.verdict == "undecided":
            return f"UNDECIDED: {rows} show no drift, and would have missed a shift below {self.sees:.2f} sd."
        return (
            f"QUIET: {count(len(self.columns), 'column')}, {rows}; a shift of {self.sees:.2f} sd would have been seen."
        )

    def summary(self) -> dict[str, Any]:
        """The drift as JSON values, for machines."""
        return {
            "verdict": self.verdict,
            "n_reference": self.n_reference,
            "n_window": self.n_window,
            "sees": self.sees,
            "vigilance": asdict(self.vigilance),
            "columns": [
                {key: None if isinstance(value, float) and not math.isfinite(value) else value
                 for key, value in asdict(one).items()}
                for one in self.columns
            ],
            "warnings": list(self.warnings),
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Drift({self.sentence()})"

    def _repr_html_(self) -> str:
        rows = [
            (
                one.column, one.verdict, f"{one.distance:.3f}", f"{one.shift:.2f}" if math.isfinite(one.shift) else "",
                f"{one.js:.3f}", f"{one.psi:.3f}", p_value(one.p_adjusted), one.moved,
            )
            for one in self.columns
        ]  # fmt: skip
        head = ["column", "verdict", "distance#", "shift in sd#", "JS#", "PSI#", "p (Holm)", "what moved"]
        return card(
            f"Drift: {self.verdict}", lead=" ".join((self.sentence(), *self.warnings)), grids=[Grid(head, rows)]
        )


def compare_profiles(reference: Profile, window: Profile, vigilance: Vigilance | None = None) -> Drift:
    """Hold a window's profile, made ``like`` the reference, against it.

    The reference is suppressed first, so that a profile in memory and the same one read from disk give one answer.
    Raises StatisticsError for another set of columns, kinds or scales, and for fewer than `LEAST` rows on either side.
    """
    vigilance = vigilance or Vigilance()
    if reference.columns.keys() != window.columns.keys():
        raise StatisticsError(
            "the window has other columns than the profile", next_step="profile the window `like` the reference"
        )
    if min(reference.rows, window.rows) < LEAST:
        raise StatisticsError(
            f"drift needs at least {LEAST} rows on either side", next_step="take a longer window, or more references"
        )
    kept = reference.suppressed()
    found = [_compare(name, column, window.columns[name]) for name, column in kept.columns.items()]
    # of a handful of rows nothing can be said: the window may have no answers at all
    found = [
        replace(one, p_value=1.0, test="too few rows") if min(one.n_reference, one.n_window) < LEAST else one
        for one in found
    ]
    adjusted = holm([one.p_value for one in found])
    judged = [_judge(one, float(p), vigilance) for one, p in zip(found, adjusted, strict=True)]
    blind = [name for name, column in kept.columns.items() if isinstance(column, Numbers) and _is_blind(column)]
    judged.sort(key=lambda one: (one.p_adjusted, one.p_value, -one.distance, one.column))
    return Drift(
        columns=tuple(judged),
        n_reference=kept.rows,
        n_window=window.rows,
        sees=smallest_shift(kept.rows, window.rows, columns=len(found), vigilance=vigilance),
        vigilance=vigilance,
        warnings=_warn_of(blind),
    )


def _is_blind(column: Numbers) -> bool:
    """One bin for rows that are not all alike: what differs is in too few of them to be told apart."""
    return len(column.starts) == 1 and column.counts.sum() > 0


def _warn_of(blind: list[str]) -> tuple[str, ...]:
    if not blind:
        return ()
    names = ", ".join(blind[:5])
    return (f"Of {names} only gaps can be seen: fewer than {LEAST} rows of the reference differ. Profile more rows.",)


def smallest_shift(n_reference: int, n_window: int, *, columns: int, vigilance: Vigilance) -> float:
    """The shift of a normal column, in standard deviations, that a window shows with the power asked, among so many.

    By the rank-sum test at alpha / (2 columns), whose efficiency against the mean is 3 / pi.
    """
    quantiles = normal_quantile(1 - vigilance.alpha / (4 * max(columns, 1))) + normal_quantile(vigilance.power)
    return quantiles * math.sqrt(math.pi / 3 * (1 / n_reference + 1 / n_window))


def _judge(one: ColumnDrift, adjusted: float, vigilance: Vigilance) -> ColumnDrift:
    sure = adjusted <= vigilance.alpha
    verdict: ColumnVerdict = "quiet" if not sure else "drifted" if one.distance >= vigilance.margin else "small"
    return replace(one, p_adjusted=adjusted, verdict=verdict)


def _compare(name: str, reference: Column, window: Column) -> ColumnDrift:
    if isinstance(reference, Numbers) and isinstance(window, Numbers) and reference.scale == window.scale:
        return _compare_numbers(name, *align(reference, window))
    if isinstance(reference, Groups) and isinstance(window, Levels):
        return _compare_groups(name, reference, window.grouped(reference), fresh=window.unnamed_in(reference))
    if isinstance(reference, Groups) and isinstance(window, Groups):
        common = np.intersect1d(reference.starts, window.starts, assume_unique=True)
        return _compare_groups(name, reference.regroup(common), window.regroup(common), fresh={})
    raise StatisticsError("a column is of another kind or scale than in the profile", where=name,
                          next_step="profile the window `like` the reference")  # fmt: skip


def _compare_numbers(name: str, reference: Numbers, window: Numbers) -> ColumnDrift:
    """Rows without a number stand below every number, so that one test sees both more of them and other numbers."""
    before, after = (np.append(column.missing or 0, column.counts) for column in (reference, window))
    if reference.missing is None:
        before, after = before[1:], np.append(after[0] + after[1], after[2:])
    places, scale = reference.middles, reference.spread
    first = tenths(before)
    tenths_before, tenths_after = np.add.reduceat(before, first), np.add.reduceat(after, first)
    comparable = reference.counts.sum() > 0 and window.counts.sum() > 0
    shift = wasserstein(places, reference.counts, window.counts) / scale if comparable and scale else math.nan
    moved = f"median {reference.quantile(0.5):.3g} -> {window.quantile(0.5):.3g}"
    if reference.missing != window.missing and reference.missing is not None:
        shares = [(column.missing or 0) / column.rows for column in (reference, window)]
        moved += f", missing {shares[0]:.1%} -> {shares[1]:.1%}"
    tests = {"Kolmogorov-Smirnov": kolmogorov_smirnov_p(before, after), "rank sum": rank_sum_p(before, after)}
    smaller = min(tests, key=tests.__getitem__)
    return ColumnDrift(
        column=name, kind="numbers", distance=kolmogorov_smirnov(before, after), shift=shift,
        js=jensen_shannon(tenths_before, tenths_after, base=2), psi=stability_index(tenths_before, tenths_after),
        p_value=min(1.0, 2 * tests[smaller]), p_adjusted=1.0, test=smaller, verdict="quiet",
        n_reference=reference.rows, n_window=window.rows, moved=moved,
    )  # fmt: skip


def _compare_groups(name: str, reference: Groups, window: Groups, *, fresh: Mapping[str, int]) -> ColumnDrift:
    """Groups by the test of homogeneity; a tenth of the level goes to labels that the reference hardly had."""
    before, after = reference.counts.astype(float), window.counts.astype(float)
    if reference.missing is None:
        after[0] += window.missing or 0
    else:
        before, after = np.append(before, reference.missing), np.append(after, window.missing or 0)
    _, p, df = homogeneity(before, after)
    shares = before / before.sum(), after / after.sum()
    most = int(np.abs(shares[0] - shares[1]).argmax())
    label = "missing" if most == len(reference.counts) else reference.label(most)
    if label == RARE and window.names[most]:
        label = f"{window.label(most)} and {RARE}"
    found = ColumnDrift(
        column=name, kind="labels", distance=total_variation(before, after), shift=math.nan,
        js=jensen_shannon(before, after, base=2), psi=stability_index(before, after), p_value=min(1.0, p / 0.9),
        p_adjusted=1.0, test=f"chi-square, {df} df" if df else "one label", verdict="quiet",
        n_reference=reference.rows, n_window=window.rows,
        moved=f"{label} {shares[0][most]:.1%} -> {shares[1][most]:.1%}",
    )  # fmt: skip
    if not fresh:
        return found
    rows, new = max((rows, name) for name, rows in fresh.items())
    share, p_new = rows / window.rows, 10 * len(fresh) * _hardly_had(rows, window.rows, reference.rows)
    if p_new >= found.p_value:
        return found
    least = max(found.distance, share - (LEAST - 1) / reference.rows)
    return replace(found, p_value=min(1.0, p_new), distance=least, test="new label",
                   moved=f"{new} hardly ever -> {share:.1%}")  # fmt: skip


def _hardly_had(rows: int, of_window: int, of_reference: int) -> float:
    """How often chance gives a label so many rows where the reference had at most ten: as if it had had ten."""
    most = min(LEAST - 1, of_reference - 1)
    if rows / of_window <= most / of_reference:
        return 1.0
    return homogeneity([most, of_reference - most], [rows, of_window - rows])[1]
