"""Judgements as bytes and back: every kind of value comes back as itself."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.errors import JournalError
from evalkit.evaluation.archive import MAGIC, Judged, pack, unpack
from evalkit.evaluation.run import Stopped
from evalkit.evaluation.scoretable import tabulate
from evalkit.evaluation.traces import gather_traces
from evalkit.metrics.scoring import Ratio, Scores, Tally
from evalkit.tasks import FAMILIES

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


def head_of(payload: bytes) -> dict[str, Any]:
    size = int.from_bytes(payload[4:12], "little")
    return json.loads(payload[12 : 12 + size])


def with_head(payload: bytes, **changes: Any) -> bytes:
    """The same arrays behind another head."""
    size = int.from_bytes(payload[4:12], "little")
    head = json.dumps({**head_of(payload), **changes}).encode()
    return MAGIC + len(head).to_bytes(8, "little") + head + payload[12 + size :]


def first_format(**changes: Any) -> bytes:
    stored = {
        "format": 1, "checks": [], "case_ids": ["a", "b"], "trials": [0, 0], "clusters": ["a", "b"], "tags": [[], []],
        "values": {"m": [True, False]}, "errors": {}, "baselines": {}, "incomplete": 3, "unprobed": [], "rows": [],
        "traces": [],
    }  # fmt: skip
    return json.dumps({**stored, **changes}).encode()


def test_arrays_begin_where_the_head_says_each_filled_up_to_eight_bytes() -> None:
    payload = pack(judged([True, 0.5, "yes"]))
    size, places = int.from_bytes(payload[4:12], "little"), head_of(payload)["arrays"]
    ends = [place + math.prod(shape) * np.dtype(kind).itemsize for kind, shape, place in places.values()]
    assert all(place % 8 == 0 for _, _, place in places.values())
    assert len(payload) == 12 + size + max(end + -end % 8 for end in ends)
    assert {kind for kind, _, _ in places.values()} == {"|u1", "<i4", "<f8"}


def test_clusters_are_written_once_where_they_are_the_cases() -> None:
    alone = judged([True, False])
    assert head_of(pack(alone))["clusters"] is None
    assert unpack(pack(alone), family="").table.clusters == ("0", "1")
    scores = Scores(("a", "b"), (0, 0), ("p", "p"), ((), ()), {"m": (True, False)}, {})
    shared = Judged(**{**{name: getattr(alone, name) for name in Judged.__slots__}, "table": tabulate(scores)})
    assert unpack(pack(shared), family="").table.clusters == ("p", "p")


def test_a_figure_that_is_missing_is_missing_again() -> None:
    given_ = judged([True])
    given_.baselines["majority"]["m"] = math.nan  # type: ignore[index]
    assert b"NaN" not in pack(given_)
    assert math.isnan(unpack(pack(given_), family="").baselines["majority"]["m"])


def test_why_a_run_stopped_is_kept_and_may_be_missing_in_a_head() -> None:
    whole = judged([True])
    stopped = Stopped("regressed", 25, 100, 21.5, 0.02, "run-0")
    early = Judged(**{**{name: getattr(whole, name) for name in Judged.__slots__}, "stopped": stopped})
    assert unpack(pack(early), family="").stopped == stopped
    assert unpack(pack(whole), family="").stopped is None
    without = {name: value for name, value in head_of(pack(whole)).items() if name != "stopped"}
    size = int.from_bytes(pack(whole)[4:12], "little")
    head = json.dumps(without).encode()
    older = MAGIC + len(head).to_bytes(8, "little") + head + pack(whole)[12 + size :]
    assert unpack(older, family="").stopped is None


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": [{"check_id": "x"}]},
        {"arrays": {}},
        {"metrics": {"m": {"labels": [], "errors": [[1]]}}},
        {"stopped": {"decision": "regressed", "of": 3, "and": 4}},
        {"tag_sets": None},
        {"trace_rows": 7},
    ],
)
def test_a_head_that_was_tampered_with_is_one_clear_line(changes: dict[str, Any]) -> None:
    with pytest.raises(JournalError) as refused:
        unpack(with_head(pack(judged([True, 0.5])), **changes), family="billing_codes")
    assert str(refused.value) == "the judgements of the run cannot be read -> evaluate it again"


@pytest.mark.parametrize("family", ["billing_codes", "note_summary"])
def test_the_first_format_asks_the_family_which_metric_leads_and_which_way(family: str) -> None:
    read = unpack(first_format(), family=family)
    assert read.head_metric == FAMILIES[family].head_metric
    assert read.lower_is_better == FAMILIES[family].lower_is_better
    assert read.descriptive == FAMILIES[family].descriptive
    assert (read.incomplete, read.stopped, len(read.traces)) == (3, None, 0)


def test_the_first_format_is_written_again_in_the_second_without_a_loss() -> None:
    values = {
        "m": [True, None],
        "counts": {"numerators": [1, 0], "denominators": [4, 0]},
        "tally": [{"t": {}}, {"t": {"b": [1, 2, 3], "a": [0, 0, 1]}}],
        "single": [0.25, {"r": [0, 2]}],
    }
    old = first_format(values=values, errors={"m": [[1, "KeyError"]]}, rows=["Codes/1"], traces=[[], [0]])
    read = unpack(old, family="billing_codes")
    again = unpack(pack(read), family="note_summary")
    assert again.table.records() == read.table.records()
    assert again.table.records().values["single"] == (0.25, Ratio(0, 2))
    assert again.table.records().values["tally"][1] == Tally({"a": (0, 0, 1), "b": (1, 2, 3)})
    assert list(again.traces) == [frozenset(), frozenset({"Codes/1"})]
    assert (again.head_metric, again.incomplete) == (read.head_metric, 3)


def test_a_later_version_is_told_from_bytes_that_cannot_be_read() -> None:
    with pytest.raises(JournalError, match="another version of evalkit"):
        unpack(first_format(format=3), family="billing_codes")
    with pytest.raises(JournalError, match="cannot be read"):
        unpack(first_format().replace(b"format", b"from at"), family="billing_codes")


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"counts": {"numerators": [1, 2], "denominators": [1]}}},
        {"values": {"m": [{"r": [1]}, True]}},
        {"values": {"m": [{"x": 1}, True]}},
        {"traces": [[5], []]},
        {"errors": {"m": [["row"]]}},
        {"tags": [[]]},
    ],
)
def test_a_damaged_run_of_the_first_format_is_refused_in_the_same_line(changes: dict[str, Any]) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        unpack(first_format(**changes), family="billing_codes")
