"""The view of a JSON object: by attribute, by key, and silent when it is shown."""

from __future__ import annotations

import pytest

from evalkit.spec.fields import Fields, view


@pytest.fixture
def fields() -> Fields:
    return Fields({"lines": [{"code": "00061", "units": 2}], "note": {"text": "Secret Name"}, "empty": None})


def test_a_field_is_read_by_attribute_or_by_key(fields: Fields) -> None:
    assert fields.lines[0].code == "00061"
    assert fields["note"]["text"] == fields.note.text
    assert fields.empty is None


def test_a_field_that_is_not_there_raises_and_names_no_other(fields: Fields) -> None:
    with pytest.raises(AttributeError, match="no field 'lin' among the 3 here"):
        _ = fields.lin
    with pytest.raises(KeyError):
        _ = fields["lin"]
    assert fields.get("lin") is None
    assert not hasattr(fields, "lin")


def test_showing_it_shows_neither_names_nor_values(fields: Fields) -> None:
    for text in (repr(fields), str(fields), f"{fields}", repr(view([{"Secret Name": 1}]))):
        assert "Secret" not in text
        assert "lines" not in text


def test_it_equals_the_object_behind_it(fields: Fields) -> None:
    assert fields == fields.json()
    assert fields == Fields(dict(fields.json()))
    assert fields != Fields({})
    assert len(fields) == 3
    assert set(fields) == {"lines", "note", "empty"}


def test_it_has_no_hash(fields: Fields) -> None:
    with pytest.raises(TypeError):
        hash(fields)


def test_arrays_are_tuples_of_views() -> None:
    assert view([1, {"a": 2}])[1].a == 2
    assert view("text") == "text"
