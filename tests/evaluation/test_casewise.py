"""Trials reduced: means for right or wrong, sums for counts, nothing dropped in silence."""

from __future__ import annotations

import math

import numpy as np
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


def test_the_first_value_there_is_decides_what_a_metric_is() -> None:
    """A later value of another kind is no value of this one."""
    kinds = {
        "flag": (None, True, 0.5, Ratio(1, 2)),
        "ratio": (None, Ratio(1, 2), True, Ratio(2, 2)),
        "number": (0.5, True, None, "label"),
        "label": ("label", True, True, True),
        "tally": (Tally({"a": (1, 0, 0)}), True, None, Tally({})),
    }
    columns = reduce_trials(table_of(kinds, trials=1)).columns
    assert {name: column.kind for name, column in columns.items()} == {
        "flag": "binary", "ratio": "ratio", "number": "mean", "tally": "macro_f1",
    }  # fmt: skip
    assert columns["flag"].values[[1, 2]].tolist() == [1.0, 0.5]
    assert np.isnan(columns["flag"].values[[0, 3]]).all()
    assert columns["ratio"].values[[1, 3]].tolist() == [[1, 2], [2, 2]]
    assert np.isnan(columns["ratio"].values[[0, 2]]).all()
    assert columns["tally"].values[3].tolist() == [[0, 0, 0]]
    assert np.isnan(columns["tally"].values[[1, 2]]).all()


def test_cases_with_unequal_numbers_of_trials_are_reduced_each_by_its_own() -> None:
    ids = ("a", "a", "a", "b", "c", "c")
    column: tuple[Value, ...] = (True, False, None, True, False, False)
    scores = Scores(ids, (0, 1, 2, 0, 0, 1), ids, ((),) * 6, {"m": column}, {"m": {2: "KeyError"}})
    table = reduce_trials(tabulate(scores))
    assert table.columns["m"].values.tolist() == [0.5, 1.0, 0.0]
    assert table.errors["m"].tolist() == [1, 0, 0]
    assert table.not_applicable["m"].tolist() == [0, 0, 0]


def test_cases_of_one_cluster_share_its_code_and_their_tags_make_the_scopes() -> None:
    ids = ("a", "b", "c")
    scores = Scores(ids, (0, 0, 0), ("p", "q", "p"), (("t",), (), ("s", "t")), {"m": (True, True, False)}, {})
    table = reduce_trials(tabulate(scores))
    assert table.columns["m"].clusters.tolist() == [0, 1, 0]
    assert {scope: mask.tolist() for scope, mask in table.masks.items()} == {
        "all": [True, True, True], "tag:s": [False, False, True], "tag:t": [True, False, True],
    }  # fmt: skip
    assert list(table.masks) == ["all", "tag:s", "tag:t"]


@pytest.mark.parametrize(
    ("column", "figure"),
    [
        ((True, False, None), 0.5),
        ((0.25, 0.5, None), 0.375),
        ((Ratio(0, 0), Ratio(1, 4), None), 0.25),
        ((Tally({"a": (1, 1, 0)}), Tally({"b": (1, 0, 0)}), None), (2 / 3 + 1) / 2),
    ],
)
def test_what_was_not_judged_changes_no_figure(column: tuple[Value, ...], figure: float) -> None:
    assert point_estimates(table_of({"m": column}, trials=1)) == {"m": pytest.approx(figure)}
    assert point_estimates(table_of({"m": column[:2]}, trials=1)) == {"m": pytest.approx(figure)}
