"""Judgements as bytes and back: every kind of value comes back as itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.errors import JournalError
from evalkit.evaluation.archive import MAGIC, Judged, pack, unpack
from evalkit.evaluation.scoretable import tabulate
from evalkit.evaluation.traces import gather_traces
from evalkit.metrics.scoring import Ratio, Scores, Tally

counts = st.integers(0, 5)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(0, 1),
    st.sampled_from(["yes", "no", "r", "t"]),
    st.builds(Ratio, counts, counts),
    st.builds(Tally, st.dictionaries(st.sampled_from("abrt"), st.tuples(counts, counts, counts))),
)
FOUND = Finding("leak", "0", 0, "a planted identifier", "output.x", "patient.name", "name", "verbatim")
CHECKS = (CheckResult("leak", "t", "c", "current", 3, 1, 0, (FOUND,)),)
TRACES = (frozenset({"Codes/00012", "Modifiers/25"}), frozenset(), frozenset({"Modifiers/25"}))


def judged(column: list[object], *, trials: int = 1) -> Judged:
    rows = len(column)
    ids = tuple(str(row // trials) for row in range(rows))
    tags = tuple(("a", "b") if row // trials % 2 else () for row in range(rows))
    errors = {"m": {0: "KeyError"} if rows else {}, "other": {}}
    scores = Scores(
        ids,
        tuple(row % trials for row in range(rows)),
        ids,
        tags,
        {"m": tuple(column), "other": (None,) * rows},
        errors,
    )
    return Judged(
        checks=CHECKS, table=tabulate(scores), baselines={"majority": {"m": 0.5}}, head_metric="m",
        lower_is_better=frozenset({"other"}), descriptive=frozenset(), incomplete=2, unprobed=("CODE",),
        traces=gather_traces(TRACES),
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(values, max_size=6), st.integers(1, 3))
def test_what_is_packed_is_what_is_unpacked(column: list[object], trials: int) -> None:
    given_ = judged(column, trials=trials)
    again = unpack(pack(given_), family="billing_codes")
    assert again.table.records() == given_.table.records()
    assert again.table.records().values["m"] == tuple(column)
    assert list(again.traces) == list(TRACES)
    assert (again.checks, again.baselines, again.incomplete, again.unprobed) == (
        CHECKS, {"majority": {"m": 0.5}}, 2, ("CODE",)
    )  # fmt: skip


def test_the_same_judgements_are_the_same_bytes() -> None:
    column: list[object] = [True, None, 0.25, "yes", Ratio(1, 2), Tally({"b": (1, 0, 0), "a": (0, 1, 1)})]
    assert pack(judged(column)) == pack(judged(column)) == pack(unpack(pack(judged(column)), family=""))


def test_a_run_of_the_first_format_is_still_read() -> None:
    stored = {
        "format": 1,
        "checks": [
            {
                "check_id": "consent", "title": "t", "citation": "c", "basis": "current", "passed": 2,
                "not_applicable": 0, "not_observed": 0, "findings": [], "error": None,
            }
        ],
        "case_ids": ["a", "a", "b"],
        "trials": [0, 1, 0],
        "clusters": ["p", "p", "q"],
        "tags": [["timed"], ["timed"], []],
        "values": {
            "exact": [True, False, None],
            "pooled": {"numerators": [1, None, 2], "denominators": [2, None, 2]},
            "mixed": [{"r": [1, 3]}, {"t": {"x": [1, 0, 2]}}, "label"],
        },
        "errors": {"exact": [[2, "KeyError"]]},
        "baselines": {"majority": {"exact": 0.5, "mixed": None}},
        "incomplete": 0,
        "unprobed": ["CODE"],
        "rows": ["Codes/1", "Codes/2"],
        "traces": [[0, 1], []],
    }  # fmt: skip
    read = unpack(json.dumps(stored).encode(), family="billing_codes")
    scores = read.table.records()
    assert scores.case_ids == ("a", "a", "b")
    assert scores.clusters == ("p", "p", "q")
    assert scores.tags == (("timed",), ("timed",), ())
    assert scores.values["exact"] == (True, False, None)
    assert scores.values["pooled"] == (Ratio(1, 2), None, Ratio(2, 2))
    assert scores.values["mixed"] == (Ratio(1, 3), Tally({"x": (1, 0, 2)}), "label")
    assert scores.errors["exact"] == {2: "KeyError"}
    assert list(read.traces) == [frozenset({"Codes/1", "Codes/2"}), frozenset()]
    assert read.checks[0].passed == 2


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"format": 99}', b'{"format": 1, "checks": 3}', b"\xff"])
def test_other_bytes_are_refused_in_one_line(payload: bytes) -> None:
    with pytest.raises(JournalError):
        unpack(payload, family="billing_codes")


def test_a_head_or_an_array_that_is_cut_short_is_refused() -> None:
    whole = pack(judged([True, 0.5]))
    for end in (len(MAGIC), len(MAGIC) + 8, len(MAGIC) + 40, len(whole) - 8):
        with pytest.raises(JournalError):
            unpack(whole[:end], family="billing_codes")


def test_an_array_of_objects_is_refused() -> None:
    whole = pack(judged([True, 0.5]))
    with pytest.raises(JournalError):
        unpack(whole.replace(b'"|u1"', b'"|O8"', 1), family="billing_codes")
