from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IdentifierError
from evalkit.phi.views import MAX_DEPTH, Leaf, TooLarge, is_character, is_plain_key, leaves, show_path

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


def _nested(depth, inner, wrap):
    for _ in range(depth):
        inner = wrap(inner)
    return inner


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}], ids=["array", "object"])
def test_a_value_may_be_exactly_as_deep_as_allowed(wrap):
    assert leaves(_nested(MAX_DEPTH, "x", wrap))[-1].text == "x"
    with pytest.raises(TooLarge):
        leaves(_nested(MAX_DEPTH + 1, "x", wrap))


def test_too_large_says_what_to_do_and_no_value():
    assert str(TooLarge()) == "the value is too large to be searched -> treat it as a leak"


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        (8, False),
        (9, True),
        (10, True),
        (11, False),
        (13, True),
        (31, False),
        (32, True),
        (0xD7FF, True),
        (0xD800, False),
        (0xDFFF, False),
        (0xE000, True),
        (0x10FFFF, True),
        (0x110000, False),
        (-1, False),
    ],
)
def test_a_character_code_is_one_of_a_text(code, is_one):
    assert is_character(code) is is_one


@pytest.mark.parametrize(
    "value",
    [
        [77, 97, 114, 105],
        [77, 97, 114, 105, True],
        [77, 97, 114, 105, 115.0],
        [77, 97, 114, 105, 7],
        ["M", "a", "r", "i"],
        ["M", "a", "r", "i", "so"],
        ["M", "a", "r", "i", ""],
        ["M", "a", "r", "i", 115],
    ],
)
def test_an_array_that_is_short_or_mixed_spells_nothing(value):
    texts = [leaf.text for leaf in leaves(value)]
    assert len(texts) == len([entry for entry in value if entry is not True])


def test_what_an_array_spells_comes_before_its_entries_and_at_its_place():
    found = leaves({"t": (77, 97, 114, 105, 115)})
    assert [(leaf.path, leaf.text) for leaf in found[1:3]] == [(("t",), "Maris"), (("t", 0), "77")]
    assert len(found) == 7


def test_bytes_are_read_as_text_and_never_raise():
    assert [leaf.text for leaf in leaves([b"Marisol", bytearray(b"\xff\xfeX")])] == ["Marisol", "\ufffd\ufffdX"]


def test_keys_know_their_place_in_their_own_object():
    found = leaves({"a": {"b": 1, "c": 2}, "d": 3, 4: 5})
    assert [(leaf.text, leaf.position) for leaf in found if leaf.is_key] == [
        ("a", 0),
        ("b", 0),
        ("c", 1),
        ("d", 1),
        ("4", 2),
    ]


def test_empty_containers_and_what_is_not_there_have_no_leaf():
    assert leaves([None, True, False, [], {}, ()]) == []
    assert leaves("") == [Leaf((), "")]


@pytest.mark.parametrize(("key", "plain"), [("a" * 40, True), ("a" * 41, False), ("a1_", True), ("_a", False), ("a-b", False),
                                            ("aé", False), ("a\n", False), ("1a", False), ("aB", False)])  # fmt: skip
def test_a_plain_key_has_at_most_forty_small_letters_digits_and_underscores(key, plain):
    assert is_plain_key(key) is plain


def test_a_hidden_key_hides_at_its_own_depth_only():
    hidden = {("a",): 0, ("b", "a"): 4}
    assert show_path("o", ("a", "a"), hidden) == "o.key[0].a"
    assert show_path("o", ("b", "a", 3), hidden) == "o.b.key[4][3]"
    assert show_path("o", (), hidden) == "o"


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, range(3), lambda: 0], ids=lambda value: type(value).__name__)
def test_what_is_no_json_is_named_by_its_type_wherever_it_stands(value):
    for around in (value, [value], {"k": [value]}):
        with pytest.raises(IdentifierError, match=f"a {type(value).__name__} is not a JSON value"):
            leaves(around)
