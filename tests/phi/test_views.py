from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IdentifierError
from evalkit.phi.views import MAX_DEPTH, Leaf, TooLarge, is_plain_key, leaves, show_path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def test_leaves_come_in_order_with_a_key_before_its_value():
    found = leaves({"a": "x", "b": [{"c": 2}, "y"]})
    assert [(leaf.path, leaf.text, leaf.is_key) for leaf in found] == [
        (("a",), "a", True),
        (("a",), "x", False),
        (("b",), "b", True),
        (("b", 0, "c"), "c", True),
        (("b", 0, "c"), "2", False),
        (("b", 1), "y", False),
    ]


@settings(deadline=None)
@given(JSON)
def test_every_text_of_a_value_is_a_leaf(value):
    texts = [leaf.text for leaf in leaves(value)]

    def check(part):
        if isinstance(part, str):
            assert part in texts
        elif isinstance(part, list):
            for entry in part:
                check(entry)
        elif isinstance(part, dict):
            for key, entry in part.items():
                assert key in texts
                check(entry)

    check(value)


def test_a_whole_float_is_written_as_its_digits():
    assert [leaf.text for leaf in leaves([48271936.0, 2.5, 10**20, True, None])] == ["48271936", "2.5", str(10**20)]


def test_character_codes_are_read_as_text_too():
    assert leaves([77, 97, 114, 105, 115])[0].text == "Maris"
    assert leaves([1, 2, 3, 4, 5])[0].text == "1"
    assert leaves(["M", "a", "r", "i", "s"])[0].text == "Maris"


def test_too_deep_a_value_is_too_large():
    value: list = []
    for _ in range(MAX_DEPTH + 5):
        value = [value]
    with pytest.raises(TooLarge):
        leaves(value)


def test_what_is_not_json_is_an_error_without_its_value():
    with pytest.raises(IdentifierError) as caught:
        leaves({"a": {"Marisol"}}, where="output")
    assert str(caught.value) == "output: a set is not a JSON value and cannot be searched"


def test_a_leaf_never_shows_its_text():
    assert repr(Leaf(("a",), "Marisol")) == "Leaf(depth 1, 7 characters)"


def test_a_path_shows_keys_and_indices_and_hides_what_it_is_told_to():
    assert show_path("output", ("lines", 0, "note"), {}) == "output.lines[0].note"
    assert show_path("output", ("lines", 0, "note"), {("lines", 0, "note"): 2}) == "output.lines[0].key[2]"


@pytest.mark.parametrize(
    ("key", "plain"), [("note_text", True), ("Marisol", False), ("a b", False), ("9", False), ("", False)]
)
def test_a_plain_key_reads_like_a_field_name(key, plain):
    assert is_plain_key(key) is plain
