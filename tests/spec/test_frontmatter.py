"""Strict YAML: only what all readers of YAML agree on, each value with its line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SpecError
from evalkit.spec import frontmatter
from evalkit.spec.frontmatter import MAX_DEPTH, parse_head, read_scalar, split_document


def read(head: str) -> Any:
    return parse_head(head + "\n", path="x.md").plain_value()


def test_mappings_lists_and_scalars_are_read() -> None:
    head = "a: {b: [1, -2.5, true, false, null], 'c d': \"x\"}\ne:\n  - f\n  - g: h"
    assert read(head) == {"a": {"b": [1, -2.5, True, False, None], "c d": "x"}, "e": ["f", {"g": "h"}]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("false", False), ("null", None), ("", None), ("0", 0), ("-7", -7), ("0.50", 0.5),
        ("1.5e3", 1500.0), ("1.2.0", "1.2.0"), ("2026-07-01", "2026-07-01"), ("evalkit/1", "evalkit/1"),
        ("45 CFR 164.506(c)", "45 CFR 164.506(c)"), ("yes we can", "yes we can"), ("note_text", "note_text"), ("e", "e"), (".", "."), ("e5", "e5"), ("-x", "-x"),
    ],
)  # fmt: skip
def test_a_plain_scalar_on_which_readers_agree_is_what_it_looks_like(text: str, value: Any) -> None:
    found = read_scalar(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes", "Yes", "NO", "no", "on", "Off", "y", "N", "TRUE", "False", "Null", "~", "=", "<<", ".inf", "-.INF", ".nan",
        "12:30:45", "190:20:30.15", "0o17", "0x1F", "0b1", "012", "+1", "1_000", "1,000", "1e3", ".5", "5.", "1e400",
        "1.0e999", "00061", "1234567890123456789",
    ],
)  # fmt: skip
def test_a_plain_scalar_on_which_readers_differ_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="disagree"):
        read_scalar(text)
    with pytest.raises(SpecError, match="x.md:3: .*disagree.*quotes"):
        read(f"a: 1\nb: {text}")
    assert read(f"a: '{text}'") == {"a": text}


@pytest.mark.parametrize("key", ["NO", "1", "true", "1.10", "null", "~", "12:30:45"])
def test_a_key_that_is_not_plainly_text_is_refused(key: str) -> None:
    with pytest.raises(SpecError, match="a key that is not plainly text"):
        read(f"? {key}\n: x")


@pytest.mark.parametrize(
    ("head", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 4, "the key of line 2 stands here again"),
        ("a: {b: 1, b: 2}", 2, "stands here again"),
        ("a: 1\n'a': 2", 3, "stands here again"),
        ('a: 1\n"\\u0061": 2', 3, "stands here again"),
        ("a: &x 1", 2, "anchors"),
        ("a: 1\nb: *x", 3, "anchors"),
        ("a: &x [1]", 2, "anchors"),
        ("a: &x {}", 2, "anchors"),
        ("a: !!str 1", 2, "tags"),
        ("a: !!map {}", 2, "tags"),
        ("a: ! x", 2, "tags"),
        ("<<: {a: 1}", 2, "not plainly text"),
        ("[a]: b", 2, "a key that is a list"),
        ("a: {? {b: c} : d}", 2, "a key that is a list"),
        ("%TAG ! tag:x,2026:\n--- \na: 1", 2, "directive"),
        ("a: 1\n... \n--- \nb: 1", 4, "second YAML document"),
        ("a: [1, 2", 3, "not YAML"),
        ("a: b: c", 2, "not YAML"),
        ("a: x\n b: y", 3, "not YAML"),
        ("a: 'x", 3, "not YAML"),
        ("a: \"\\U00110000\"", 2, "not YAML"),
        ("a: \"\\ud83d\"", 2, "not YAML"),
        ("a: \"\\u200b\"", 2, "an escape that makes"),
        ("a: \"\\e[31m\"", 2, "an escape that makes"),
        ("a: 1\n\tb: 1", 3, "a tab"),
        ("- a", 2, "not 'key: value' lines"),
        ("a", 2, "not 'key: value' lines"),
        ("# nothing", 2, "the head is empty"),
    ],
)  # fmt: skip
def test_what_is_not_plain_yaml_is_refused_with_its_line(head: str, line: int, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        read(head)
    assert caught.value.where == f"x.md:{line}"


def test_depth_is_bounded_and_costs_no_recursion() -> None:
    assert read("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    with pytest.raises(SpecError, match=f"more than {MAX_DEPTH} levels"):
        read("a: " + "[" * 60_000)


def test_the_number_of_values_is_bounded() -> None:
    with pytest.raises(SpecError, match="more than 4000 values"):
        read("a: [" + "x," * 4_100 + "]")


def test_a_laughing_billion_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [l, l]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    with pytest.raises(SpecError, match="x.md:2: anchors"):
        read(bomb)


def test_a_block_of_text_keeps_its_lines() -> None:
    assert read("a: |\n  one\n  two") == {"a": "one\ntwo\n"}
    assert read("a: >\n  one\n  two") == {"a": "one two\n"}


def test_a_path_finds_the_line_of_its_key_or_of_the_nearest_parent() -> None:
    root = parse_head("a: 1\nb:\n  c:\n    - x\n    - {d: 1}\n", path="x.md")
    assert root.find(("b", "c", 1, "d"))[1] == 6
    assert root.find(("b", "c", 0))[1] == 5
    assert root.find(("b", "c"))[1] == 4
    assert root.find(("b", "nowhere", "at all")) == (None, 3)
    assert root.find(("nowhere",)) == (None, 2)


def test_the_head_ends_at_the_next_three_dashes() -> None:
    assert split_document("---\na: 1\n---\n# X\n", path="x.md") == ("a: 1\n", "# X\n", 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n---\na: 1\n---\n", "does not start with a head"),
        ("# X\n", "does not start"),
        ("----\n", "does not start"),
        ("---\na: 1\n", "the head has no end"),
    ],
)
def test_a_document_without_a_head_is_refused(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        split_document(text, path="x.md")


def test_both_parsers_of_pyyaml_read_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    head, _, _ = split_document(text, path="x.md")
    quick = parse_head(head, path="x.md")
    monkeypatch.setattr(frontmatter, "_loader", lambda: yaml.SafeLoader)
    assert parse_head(head, path="x.md") == quick


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**15), 10**15), st.text(alphabet="abc é:#-\"'", max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(["p", "q", "r"]), JSON, min_size=1))
def test_what_a_yaml_writer_quotes_reads_back(value: dict[str, Any]) -> None:
    """JSON is YAML: strings quoted, the rest canonical."""
    import json

    assert read(json.dumps(value, ensure_ascii=False)) == value


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="ab:-[]{},&*!|>'\"#%@`? \n01.~<=", max_size=60))
def test_any_head_is_read_or_refused_and_nothing_else(head: str) -> None:
    try:
        read(head)
    except SpecError as error:
        assert str(error.where).startswith("x.md:")
