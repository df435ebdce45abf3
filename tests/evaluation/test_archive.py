"""Judgements as bytes and back: every kind of value comes back as itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.errors import JournalError
from evalkit.evaluation.archive import Judged, pack, unpack
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


@settings(deadline=None, max_examples=60)
@given(st.lists(values, max_size=6))
def test_what_is_packed_is_what_is_unpacked(column: list[object]) -> None:
    rows = len(column)
    ids = tuple(map(str, range(rows)))
    scores = Scores(
        ids, (0,) * rows, ids, (("a", "b"),) * rows, {"m": tuple(column)}, {"m": {0: "KeyError"} if rows else {}}
    )
    found = Finding("leak", "0", 0, "a planted identifier", "output.x", "patient.name", "name", "verbatim")
    judged = Judged(
        (CheckResult("leak", "t", "c", "current", 3, 1, 0, (found,)),),
        scores,
        {"majority": {"m": 0.5}},
        2,
        ("CODE",),
        (frozenset({"Codes/00012", "Modifiers/25"}), frozenset()),
    )
    assert unpack(pack(judged)) == judged


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b'{"format": 99}', b'{"format": 1, "checks": 3}', b"\xff"])
def test_other_bytes_are_refused_in_one_line(payload: bytes) -> None:
    with pytest.raises(JournalError):
        unpack(payload)
