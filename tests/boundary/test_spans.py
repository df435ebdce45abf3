from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.boundary.spans import Span, output_names, resolve, spans_of
from evalkit.spec.schema import Spec

NAMES = frozenset({"lines", "evidence"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


def test_spans_are_found_at_any_depth_with_their_places() -> None:
    span = {"field": "note_text", "start": 0, "end": 1}
    output = {"lines": [{"evidence": [span, span]}], "Ostrander": {"x": span}}
    places = [found.place for found in spans_of(output, NAMES)]
    assert places == ["output.lines[0].evidence[0]", "output.lines[0].evidence[1]", "output.<undeclared>.<undeclared>"]


@given(JSON)
def test_any_json_value_can_be_walked(value: Any) -> None:
    assert all(isinstance(span, Span) for span in spans_of(value, NAMES))


@given(st.text(min_size=1), st.data())
def test_a_span_gives_the_code_points_that_it_covers(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert Span("output", "note_text", start, end).text({"note_text": text}) == text[start:end]


@pytest.mark.parametrize(("field", "text"), [
    ("note_text", "note"), ("chart_notes[1].text", "two"), ("texts[0]", "a"), ("input.note_text", None), ("", None),
    ("chart_notes[2].text", None), ("chart_notes.text", None), ("chart_notes[1]", None), ("count", None), (7, None),
    ("note_text[0]", None), ("chart_notes[-1].text", None), ("note text", None),
])  # fmt: skip
def test_a_field_path_leads_to_a_text_or_nowhere(field: Any, text: str | None) -> None:
    values = {"note_text": "note", "chart_notes": [{"text": "one"}, {"text": "two"}], "texts": ["a"], "count": 3}
    assert resolve(field, values) == text


@given(st.text(max_size=30))
def test_no_field_path_raises(path: str) -> None:
    assert resolve(path, {"note_text": "note", "chart_notes": [{"text": "one"}]}) in {None, "note", "one"}


def test_the_root_of_a_path_is_its_input_field() -> None:
    assert Span("output", "chart_notes[2].text", 0, 1).root == "chart_notes"
    assert Span("output", None, 0, 1).root == ""
    assert Span("output", "[0]", 0, 1).root == ""


def test_output_names_are_those_of_fields_and_of_their_items(spec: Spec) -> None:
    assert output_names(spec) == {"letter", "lines", "code", "evidence"}
