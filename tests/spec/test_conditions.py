"""The language of refuse conditions: what it says, that the unknown refuses, and that nothing else gets in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import ConditionError
from evalkit.phi.identifiers import VALIDATORS
from evalkit.phi.surrogates import mrn, npi
from evalkit.spec.conditions import Context, compile_condition, forbidden_names
from evalkit.spec.schema import Row, Table

TODAY = date(2026, 3, 1)
SERVICES = Table(
    "Services",
    ("code", "note"),
    (
        Row("Services/00072", {"code": "00072", "note": None}, 3),
        Row("Services/00073", {"code": "00073", "note": "x"}, 4),
    ),
    1,
)


def context(
    values: Mapping[str, Any] | None = None, flags: Mapping[str, Any] | None = None, forbidden: tuple[str, ...] = ()
) -> Context:
    return Context(values or {}, flags or {}, {"Services": SERVICES}, forbidden, TODAY, VALIDATORS)


def holds(text: str, values: Mapping[str, Any] | None = None, flags: Mapping[str, Any] | None = None) -> bool:
    return compile_condition(text).holds(context(values, flags))


@pytest.mark.parametrize(
    ("text", "values", "flags", "expected"),
    [
        ("not flags.consent", {}, {"consent": True}, False),
        ("not flags.consent", {}, {"consent": False}, True),
        ("not flags.consent", {}, {}, True),
        ("flags.sud_record and not flags.part2", {}, {"sud_record": True}, True),
        ("flags.sud_record and not flags.part2", {}, {"sud_record": True, "part2": True}, False),
        ("flags.sud_record and not flags.part2", {}, {}, False),
        ("input.day > today", {"day": "2026-03-02"}, {}, True),
        ("input.day > today", {"day": "2026-03-01"}, {}, False),
        ("today < input.day", {"day": "2026-03-02"}, {}, True),
        ("input.code not in table('Services').code", {"code": "00072"}, {}, False),
        ("input.code not in table('Services').code", {"code": "00099"}, {}, True),
        ("input.code in ['a', 'b']", {"code": "b"}, {}, True),
        ("input.code in ('a', 'b')", {"code": "c"}, {}, False),
        ("'00072' in input.codes", {"codes": ["00072"]}, {}, True),
        ("len(input.notes) == 0", {"notes": []}, {}, True),
        ("len(input.notes) == 0", {"notes": [{}]}, {}, False),
        ("len(input.text) > 3", {"text": "long"}, {}, True),
        ("0 <= input.age < 18", {"age": 17}, {}, True),
        ("0 <= input.age < 18", {"age": 18}, {}, False),
        ("input.age == -1", {"age": -1}, {}, True),
        ("input.new", {"new": True}, {}, True),
        ("not input.new", {"new": True}, {}, False),
        ("input.new == true", {"new": True}, {}, True),
        ("input.new == false", {"new": True}, {}, False),
        ("input.x is None", {}, {}, True),
        ("input.x is None", {"x": 1}, {}, False),
        ("input.x is not None and input.x == 'a'", {}, {}, False),
        ("input.x == None", {}, {}, True),
        ("input.x != None", {}, {}, False),
        ("false or (flags.a or flags.b)", {}, {"b": True}, True),
        ("true", {}, {}, True),
        ("False", {}, {}, False),
    ],
)
def test_a_condition_says_what_it_reads(
    text: str, values: dict[str, Any], flags: dict[str, Any], expected: bool
) -> None:
    assert holds(text, values, flags) is expected


@pytest.mark.parametrize(
    ("text", "values", "flags"),
    [
        ("input.day > today", {}, {}),
        ("input.day <= today", {}, {}),
        ("input.day > today", {"day": None}, {}),
        ("input.day > today", {"day": "tomorrow"}, {}),
        ("input.day > today", {"day": 20260301}, {}),
        ("not (input.day > today)", {"day": "tomorrow"}, {}),
        ("input.code not in table('Services').code", {}, {}),
        ("input.code in table('Services').code", {}, {}),
        ("input.code in table('Services').code", {"code": 72}, {}),
        ("input.code in table('Nowhere').code", {"code": "00072"}, {}),
        ("len(input.notes) == 0", {}, {}),
        ("len(input.notes) == 0", {"notes": 7}, {}),
        ("input.age < 18", {"age": "17"}, {}),
        ("input.age < 18", {"age": True}, {}),
        ("input.new", {}, {}),
        ("not input.new", {}, {}),
        ("not input.new", {"new": "false"}, {}),
        ("flags.blocked", {}, {"blocked": "false"}),
        ("not flags.consent", {}, {"consent": "true"}),
        ("not flags.consent", {}, {"consent": 1}),
        ("flags.a and input.x == 1", {}, {"a": True}),
        ("flags.a or input.x == 1", {}, {}),
    ],
)
def test_what_is_not_known_refuses(text: str, values: dict[str, Any], flags: dict[str, Any]) -> None:
    """Fail closed: missing, of another kind, or no date at all, under a negation too."""
    condition = compile_condition(text)
    assert condition.test(context(values, flags)) is None
    assert condition.holds(context(values, flags))


def test_a_known_part_decides_where_logic_says_so() -> None:
    assert holds("flags.a and input.x == 1", {}, {}) is False
    assert compile_condition("flags.a or input.x == 1").test(context({}, {"a": True})) is True


def test_validators_are_those_of_the_privacy_room() -> None:
    for name, good in (("npi", npi(7)), ("mrn", mrn(7))):
        text = f"not valid.{name}(input.x)"
        assert not holds(text, {"x": good})
        assert holds(text, {"x": good[:-1]})
        assert holds(text, {})
        assert holds(text, {"x": 5})


def test_a_validator_that_is_not_there_refuses() -> None:
    assert compile_condition("not valid.nobody(input.x)").test(context({"x": "1"})) is None


def test_a_condition_knows_what_it_mentions_in_order() -> None:
    condition = compile_condition(
        "not valid.npi(input.b) and flags.c and input.a in table('Services').code or input.b is None or flags.c"
    )
    assert condition.fields == ("b", "c", "a")
    assert condition.inputs == ("b", "a")
    assert condition.flags == ("c",)
    assert condition.validators == ("npi",)
    assert condition.columns == (("Services", "code"),)


def test_a_refusal_names_the_first_field_or_the_forbidden_one() -> None:
    there = context({"ok": 1, "ssn": "x"}, forbidden=("phone", "ssn"))
    assert compile_condition("input.b == 1 or flags.c").field_in(there) == "b"
    assert compile_condition("any_forbidden(input)").field_in(there) == "ssn"
    assert compile_condition("true").field_in(context()) is None


def test_forbidden_names_are_found_at_any_depth_and_not_in_values() -> None:
    value = {"a": [{"b": {"ssn": 1}}], "c": "phone"}
    assert forbidden_names(value, ("phone", "ssn")) == ("ssn",)
    deep: Any = {"ssn": 1}
    for _ in range(50_000):
        deep = [deep]
    assert forbidden_names(deep, ("ssn",)) == ("ssn",)


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        ({}, False),
        ({"notes": [{"mrn": "ZZ-1"}, {"mrn": "ZZ-1"}]}, False),
        ({"notes": [{"mrn": "ZZ-1"}, {"mrn": " zz-1"}, {}]}, False),
        ({"notes": [{"mrn": "ZZ-1"}, {"mrn": "ZZ-2"}]}, True),
        ({"notes": [{"mrn": "ZZ-1"}], "patient_mrn": "ZZ-2"}, True),
        ({"notes": [{"mrn": "ZZ-1"}], "letters": [{"mrn": "ZZ-2"}]}, True),
        ({"notes": [{"mrn": 1}]}, None),
        ({"notes": ["text", 3, None]}, False),
    ],
)
def test_a_note_of_another_patient_is_seen(values: dict[str, Any], truth: bool | None) -> None:
    assert compile_condition("any_note_mrn_differs(input)").test(context(values)) is truth


HOSTILE = [
    "__import__('os').system('id')", "().__class__.__bases__", "input.__class__", "input.x.__class__", "input.x.y",
    "flags.__dict__", "valid.__class__(input.x)", "valid.npi.__globals__", "valid.npi.__call__(input.x)",
    "table('Services').__class__", "table('Services').rows[0]", "table(input.x).code == 'a'", "table('a', 'b').c == 1",
    "input['x'] == 1", "input", "flags", "today", "1", "'a'", "None", "[]", "input.x + 1 == 2", "input.x * 9 == 2",
    "2**9**9 == input.x", "input.x << 999 == 1", "-input.x == 1", "~input.x == 1", "lambda: true", "[x for x in input.y]",
    "{'a': 1} == input.x", "{1} == input.x", "(x := 1) == 1", "f'{input.x}' == 'a'", "b'a' == input.x", "1j == input.x",
    "... == input.x", "input.x if true else false", "await input.x", "yield", "eval('1')", "open('x')", "print(input)",
    "len(input.x)", "len(len(input.x)) == 1 == [", "len(input) == 1", "len(*input.x) == 1", "len(x=input.x) == 1",
    "any_forbidden(flags)", "any_forbidden()", "any_forbidden(input, input)", "any_note_mrn_differs('input')",
    "valid.npi()", "valid.npi(*input.x)", "valid.npi(input.x, 1)", "valid.npi(input=input.x)", "input.x is 3",
    "input.x is input.y", "input.X == 1", "Input.x == 1", "input.x = 1", "input.x; true", "import os", "true; true",
    "input.x == 1e999", "input.x in [input.y]", "input.x == [1, [2]]", "not", "", "   ", "(", ")", "and", "flags.a and",
    "flags.a\nor true", "flags.a # or", "flags.a \\", "flags.é", "ﬂags.a", "flags.a\x00", "'\ud800' == input.x",
    "not " * 50 + "true", "flags.a or " * 40 + "true", "1or 2", "0xfor == input.x",
    "input.x == 'a' 'b", "input.a.b(1)", "flags.a()", "input.x(1) == 1", "@flags.a", "flags.a @ 1", "*flags.a",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:40]) for text in HOSTILE])
def test_what_is_outside_the_language_is_refused(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text)
    assert caught.value.next_step


def test_length_and_depth_are_bounded() -> None:
    with pytest.raises(ConditionError, match="longer than 400"):
        compile_condition("flags.a or " * 60 + "true")
    with pytest.raises(ConditionError, match="more than 12 levels"):
        compile_condition("not " * 20 + "flags.a")


def test_a_refusal_names_the_column_and_what_is_allowed() -> None:
    with pytest.raises(ConditionError, match=r"column 13: .*allowed: input\.x, flags\.x"):
        compile_condition("flags.a and exec(input.x)")


def test_a_condition_is_compiled_once_and_its_context_shows_nothing() -> None:
    assert compile_condition("flags.a") is compile_condition("flags.a")
    assert "Secret" not in repr(context({"name": "Secret"}))
    assert "lambda" not in repr(compile_condition("flags.a"))


WORDS = st.sampled_from(
    ["input.a", "flags.b", "today", "len(", "valid.npi(", "table('Services').code", "any_forbidden(input)", "(", ")", "'x'",
     "12", "==", "<", "in", "not", "and", "or", "is", "None", "true", "[", "]", ",", "lambda", "__class__", ".", ":"]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_any_text_is_a_condition_or_a_refusal_and_nothing_else(text: str) -> None:
    try:
        condition = compile_condition(text)
    except ConditionError:
        return
    for values in ({}, {"a": "x"}, {"a": [1]}, {"a": None}, {"a": {"b": 1}}, {"a": 10**400}):
        assert condition.test(context(values, {"b": True})) in {True, False, None}


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_arbitrary_text_is_a_condition_or_a_refusal(text: str) -> None:
    try:
        assert compile_condition(text).text == text
    except ConditionError as error:
        assert error.next_step
