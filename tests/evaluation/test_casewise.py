"""Trials reduced: means for right or wrong, sums for counts, nothing dropped in silence."""

from __future__ import annotations

import math

import pytest

from evalkit.evaluation.casewise import point_estimates, reduce_trials
from evalkit.evaluation.scoretable import ScoreTable, tabulate
from evalkit.metrics.scoring import Ratio, Scores, Tally, Value


def table_of(
    values: dict[str, tuple[Value, ...]], *, trials: int = 2, errors: dict[str, dict[int, str]] | None = None
) -> ScoreTable:
    rows = len(next(iter(values.values())))
    ids = tuple(f"case-{row // trials}" for row in range(rows))
    return tabulate(Scores(ids, tuple(row % trials for row in range(rows)), ids, ((),) * rows, values, errors or {}))


def test_right_or_wrong_becomes_the_share_of_right_trials() -> None:
    table = reduce_trials(table_of({"m": (True, False, True, True)}))
    assert table.case_ids == ("case-0", "case-1")
    assert table.columns["m"].values.tolist() == [0.5, 1.0]


def test_counts_become_sums() -> None:
    table = reduce_trials(table_of({"m": (Ratio(1, 2), Ratio(2, 2), Ratio(0, 1), Ratio(0, 1))}))
    assert table.columns["m"].values.tolist() == [[3, 4], [0, 2]]


def test_tallies_are_summed_by_label() -> None:
    table = reduce_trials(table_of({"m": (Tally({"a": (1, 0, 0)}), Tally({"a": (1, 1, 0), "b": (0, 0, 1)}))}))
    assert table.columns["m"].labels == ("a", "b")
    assert table.columns["m"].values.tolist() == [[[2, 1, 0], [0, 0, 1]]]


def test_what_does_not_apply_is_counted_and_errors_apart() -> None:
    table = reduce_trials(table_of({"m": (None, True, None, None)}, errors={"m": {2: "KeyError"}}))
    assert table.not_applicable["m"].tolist() == [1, 1]
    assert table.errors["m"].tolist() == [0, 1]
    assert table.columns["m"].values[0] == 1.0
    assert math.isnan(table.columns["m"].values[1])


def test_labels_and_metrics_that_judged_nothing_have_no_column() -> None:
    table = reduce_trials(table_of({"label": ("yes", "no"), "nothing": (None, None)}))
    assert table.columns == {}


def test_a_point_estimate_of_counts_is_pooled() -> None:
    assert point_estimates(table_of({"m": (Ratio(1, 1), Ratio(0, 3))}, trials=1))["m"] == pytest.approx(0.25)


def test_no_scores_are_no_cases() -> None:
    assert reduce_trials(tabulate(Scores((), (), (), (), {"m": ()}, {}))).case_ids == ()
