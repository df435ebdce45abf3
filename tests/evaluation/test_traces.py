"""Which rows each case touched, in three arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.evaluation.traces import NO_TRACES, gather_traces

CASES = (frozenset({"Codes/1", "Modifiers/25"}), frozenset(), frozenset({"Codes/1"}))


def test_each_case_gives_its_rows_again() -> None:
    traces = gather_traces(CASES)
    assert tuple(traces) == CASES
    assert len(traces) == 3


def test_a_row_names_the_cases_that_touched_it() -> None:
    traces = gather_traces(CASES)
    assert traces.touching("Codes/1").tolist() == [True, False, True]
    assert traces.touching("Modifiers/25").tolist() == [True, False, False]


def test_a_row_that_nobody_touched_has_no_cases() -> None:
    assert not gather_traces(CASES).touching("Codes/9").any()
    assert len(NO_TRACES) == 0


row_sets = st.lists(st.frozensets(st.sampled_from(["Codes/1", "Codes/10", "Codes/2", "Modifiers/25"])), max_size=8)


@given(row_sets, st.data())
def test_taking_cases_and_asking_for_a_row_agree_with_the_sets_themselves(
    cases: list[frozenset[str]], data: st.DataObject
) -> None:
    traces = gather_traces(cases)
    assert list(traces) == cases
    for row in ("Codes/1", "Codes/10", "Modifiers/25", "Codes/9"):
        assert traces.touching(row).tolist() == [row in touched for touched in cases]
    chosen = data.draw(st.lists(st.integers(0, len(cases) - 1), max_size=8) if cases else st.just([]))
    taken = traces.take(np.array(chosen, np.int32))
    assert list(taken) == [cases[place] for place in chosen]


def test_rows_stand_once_and_sorted_however_the_cases_came() -> None:
    one, other = gather_traces(CASES), gather_traces(CASES[::-1])
    assert one.rows == other.rows == ("Codes/1", "Modifiers/25")
    assert one.take(np.array([1], np.int32)).rows == ()


def test_a_case_beyond_the_last_is_an_error_and_ends_a_loop() -> None:
    traces = gather_traces(CASES)
    with pytest.raises(IndexError):
        traces[3]
    assert sum(1 for _ in traces) == 3
