"""Scores as arrays: every record back, and the table of some cases."""

from __future__ import annotations

import numpy as np

from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Ratio, Scores, Tally

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
