"""Scores as arrays: every record back, and the table of some cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalkit.evaluation.scoretable import FLAG, LABEL, NOTHING, NUMBER, RATIO, TALLY, ScoreTable, tabulate
from evalkit.metrics.scoring import Ratio, Scores, Tally, Value

SCORES = Scores(
    case_ids=("a", "a", "b", "c", "c"),
    trials=(0, 1, 0, 0, 1),
    clusters=("p", "p", "p", "q", "q"),
    tags=(("timed",), ("timed",), (), ("timed",), ("timed",)),
    values={
        "right": (True, False, None, True, True),
        "lines": (Ratio(1, 2), Ratio(0, 1), None, Ratio(3, 3), Ratio(2, 3)),
        "codes": (Tally({"x": (1, 0, 0)}), Tally({}), None, Tally({"y": (0, 1, 0), "x": (2, 0, 0)}), None),
        "reason": ("no", "yes", None, "no", 0.5),
    },
    errors={"right": {2: "KeyError"}, "lines": {}, "codes": {}, "reason": {}},
)


def test_records_come_back_as_they_were() -> None:
    assert tabulate(SCORES).records() == SCORES


def test_cases_stand_once_with_their_tags() -> None:
    table = tabulate(SCORES)
    assert table.case_ids == ("a", "b", "c")
    assert table.tags == (("timed",), (), ("timed",))
    assert table.starts.tolist() == [0, 2, 3]


def test_some_cases_are_taken_with_all_that_belongs_to_them() -> None:
    taken = tabulate(SCORES).take(np.array([2, 1], np.int32)).records()
    assert taken.case_ids == ("c", "c", "b")
    assert taken.trials == (0, 1, 0)
    assert taken.values["right"] == (True, True, None)
    assert taken.values["lines"] == (Ratio(3, 3), Ratio(2, 3), None)
    assert taken.values["codes"] == (Tally({"y": (0, 1, 0), "x": (2, 0, 0)}), None, None)
    assert taken.values["reason"] == ("no", 0.5, None)
    assert taken.errors["right"] == {2: "KeyError"}


def test_taking_every_case_changes_nothing() -> None:
    table = tabulate(SCORES)
    assert table.take(np.arange(3, dtype=np.int32)).records() == SCORES


def table_of(*column: Value, ids: str = "abcdef", **changes: Any) -> ScoreTable:
    rows = len(column)
    parts = {"trials": (0,) * rows, "clusters": tuple(ids[:rows]), "tags": ((),) * rows, "errors": {}, **changes}
    return tabulate(Scores(case_ids=tuple(ids[:rows]), values={"m": column}, **parts))


@pytest.mark.parametrize(
    ("value", "kind", "number", "below"),
    [
        (None, NOTHING, 0.0, []),
        (True, FLAG, 1.0, []),
        (False, FLAG, 0.0, []),
        (1.0, NUMBER, 1.0, []),
        (0, NUMBER, 0.0, []),
        ("word", LABEL, 0.0, []),
        (Ratio(3, 4), RATIO, 3.0, [4.0]),
        (Ratio(0, 0), RATIO, 0.0, [0.0]),
        (Tally({}), TALLY, 0.0, []),
    ],
)
def test_each_kind_of_value_has_its_place(value: Value, kind: int, number: float, below: list[float]) -> None:
    values = table_of(value).metrics["m"]
    assert (values.kinds.tolist(), values.numbers.tolist(), values.denominators.tolist()) == ([kind], [number], below)
    assert table_of(value).records().values["m"] == (value,)
    assert isinstance(table_of(value).records().values["m"][0], bool) == isinstance(value, bool)


def test_labels_are_numbered_in_sorted_order_and_shared_with_those_of_tallies() -> None:
    values = table_of("b", "c", "b", Tally({"a": (1, 2, 3)})).metrics["m"]
    assert values.labels == ("a", "b", "c")
    assert values.numbers.tolist() == [1, 2, 1, 0]
    assert values.entries.tolist() == [[3, 0]]
    assert values.counts.tolist() == [[1, 2, 3]]


def test_one_id_in_two_places_is_two_cases() -> None:
    """Only rows that follow one another are trials of one case."""
    assert table_of(True, True, True, ids="aba").case_ids == ("a", "b", "a")
    assert table_of(True, True, True, ids="aab").starts.tolist() == [0, 2]


def test_combinations_of_tags_stand_once_and_keep_their_order() -> None:
    table = table_of(True, False, True, tags=(("x", "y"), ("y", "x"), ("x", "y")))
    assert table.tag_sets == (("x", "y"), ("y", "x"))
    assert table.tagged.tolist() == [0, 1, 0]


def test_no_case_taken_leaves_nothing_and_drops_its_errors() -> None:
    taken = tabulate(SCORES).take(np.zeros(0, np.int32))
    assert len(taken) == 0
    assert taken.records().values == {"right": (), "lines": (), "codes": (), "reason": ()}
    assert taken.records().errors["right"] == {}


def test_an_error_moves_with_its_row_and_a_metric_without_errors_has_none() -> None:
    table = table_of(None, True, None, errors={"m": {0: "KeyError", 2: "Timeout"}})
    assert table.take(np.array([2, 1], np.int32)).metrics["m"].errors == {0: "Timeout"}
    assert table_of(True).metrics["m"].errors == {}
