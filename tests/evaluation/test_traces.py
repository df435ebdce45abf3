"""Which rows each case touched, in three arrays."""

from __future__ import annotations

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
