"""Evidence: spans follow their text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.errors import PromotionError
from evalkit.phi.deidentification import Edit
from evalkit.promotion.evidence import is_span, lift, lower, spans_of


def edits_and_text(text, pieces):
    """Stretches replaced by their stand-ins, and the text that comes of it."""
    out, at, edits, length = [], 0, [], 0
    for start, end, shown in pieces:
        out += [text[at:start], shown]
        length += start - at
        edits.append(Edit("input.note", start, end, length, length + len(shown), "name", True))
        length += len(shown)
        at = end
    return "".join([*out, text[at:]]), tuple(edits)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5), st.text("xyz", min_size=1, max_size=9)), max_size=5),
    st.data(),
)
def test_a_span_that_cuts_nothing_shows_the_same_text_after_any_edits(steps, data):
    text = "abcdefghij" * 8
    pieces, at = [], 0
    for gap, size, shown in steps:
        pieces.append((at + gap, at + gap + size, shown))
        at += gap + size
    new, edits = edits_and_text(text, pieces)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    (moved,) = lower([{"field": "note"}], [{"field": "note", "start": start, "end": end}], edits, where="x")
    shown = new[moved["start"] : moved["end"]]
    assert 0 <= moved["start"] < moved["end"] <= len(new)
    if not any(first < end and start < last for first, last, _ in pieces):
        assert shown == text[start:end]
    for first, last, stand_in in pieces:
        if first < end and start < last:
            assert stand_in in shown


def test_offsets_are_lifted_out_and_other_numbers_stay():
    answer = {"lines": [{"units": 3, "evidence": [{"field": "note", "start": 1, "end": 2}]}]}
    assert lift(answer) == {"lines": [{"units": 3, "evidence": [{"field": "note"}]}]}
    assert list(spans_of(answer)) == [("note", 1, 2)]


def test_a_span_of_another_text_does_not_move():
    _, edits = edits_and_text("abcdef", [(0, 2, "longer")])
    assert lower({"field": "letter"}, {"field": "letter", "start": 3, "end": 4}, edits, where="x")["start"] == 3


@pytest.mark.parametrize(("start", "end"), [(4, 4), (5, 2), (-1, 3)])
def test_a_span_without_text_is_refused(start, end):
    with pytest.raises(PromotionError, match="points to no text"):
        lower({"field": "note"}, {"field": "note", "start": start, "end": end}, (), where="x")


@pytest.mark.parametrize(
    "value", [{"field": "x"}, {"field": 1, "start": 1, "end": 2}, {"field": "x", "start": True, "end": 2}, [1], None]
)
def test_what_is_no_span_is_none(value):
    assert not is_span(value)
