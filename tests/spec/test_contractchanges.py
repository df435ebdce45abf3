"""What changes between the contracts of two versions: more that is seen, and less that is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evalkit.spec.contractchanges import contract_changes
from evalkit.spec.difference import Change
from evalkit.spec.schema import Echo, InputField, MinimumNecessary, ModelPolicy, OutputField, RefusalRule, Review, Spec

Differ = Callable[[Any, Any], list[Change]]


def only(changes: list[Change]) -> Change:
    assert len(changes) == 1, changes
    return changes[0]


@pytest.fixture
def field(spec: Spec) -> Callable[[dict[str, Any], dict[str, Any]], list[Change]]:
    """The changes from one input field to another, all else equal."""

    def compare(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        base = {"type": "string"}
        before, after = (replace(spec, input={"letter": InputField(**{**base, **keys})}) for keys in (old, new))
        return list(contract_changes(before, after))

    return compare


@pytest.fixture
def necessity(spec: Spec) -> Callable[[dict[str, Any], dict[str, Any]], list[Change]]:
    """The changes from one minimum necessary to another, all else equal."""

    def compare(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        base: dict[str, Any] = {"allow": {"note_text": "read"}}
        before, after = (replace(spec, minimum_necessary=MinimumNecessary(**{**base, **keys})) for keys in (old, new))
        return list(contract_changes(before, after))

    return compare


@pytest.fixture
def echoes(necessity: Callable[..., list[Change]]) -> Callable[..., list[Change]]:
    """The changes from one set of ``(field, needle, reason)`` to another."""

    def rows(entries: Any) -> dict[str, Any]:
        return {"echo": tuple(Echo(field=field, needle=needle, reason=reason) for field, needle, reason in entries)}

    return lambda old, new: necessity(rows(old), rows(new))


def test_an_identifier_that_the_output_may_now_repeat_takes_a_second_person(echoes: Differ) -> None:
    row = ("letter", "patient.member_id", "the payer files by it")
    added = only(echoes([], [row]))
    assert (added.kind, added.severity) == ("safeguard removed", "blocking")
    assert added.place == "minimum_necessary/echo/letter/patient.member_id"
    assert added.what.startswith("PHI alarm: ")
    gone = only(echoes([row], []))
    assert (gone.kind, gone.severity) == ("safeguard added", "loud")
    other = only(echoes([row], [(*row[:2], "the plan does")]))
    assert (other.kind, other.severity) == ("reason changed", "note")
    assert echoes([row], [row]) == []


@pytest.fixture
def refusals(spec: Spec) -> Differ:
    """The changes from one list of ``(code, when[, field])`` to another."""

    def rules(rows: Any) -> Spec:
        names = ("code", "when", "field")
        return replace(spec, refuse=tuple(RefusalRule(**dict(zip(names, row, strict=False))) for row in rows))

    return lambda old, new: list(contract_changes(rules(old), rules(new)))


def test_a_contract_has_no_changes_from_itself(spec: Spec) -> None:
    assert list(contract_changes(spec, spec)) == []


@pytest.mark.parametrize("name", ["version", "title", "owner", "change_note", "source", "path", "content_sha"])
def test_what_a_caller_does_not_rely_on_is_not_of_the_contract(spec: Spec, name: str) -> None:
    assert list(contract_changes(spec, replace(spec, **{name: "another"}))) == []


@pytest.mark.parametrize("name", ["tables", "prose"])
def test_the_body_is_not_of_the_contract(spec: Spec, name: str) -> None:
    assert list(contract_changes(spec, replace(spec, **{name: {}}))) == []


def test_gates_are_not_of_the_contract(spec: Spec) -> None:
    assert list(contract_changes(spec, replace(spec, gates=()))) == []


@pytest.mark.parametrize("name", ["family", "data_class", "purpose_of_use", "legal_basis", "code_table"])
def test_a_word_of_the_head_that_a_caller_relies_on_is_loud(spec: Spec, name: str) -> None:
    change = only(list(contract_changes(spec, replace(spec, **{name: "another"}))))
    assert (change.kind, change.place, change.severity) == ("head changed", name, "loud")
    assert change.what == f"{getattr(spec, name) or '-'} -> another"


# -------------------------------------------------------------------------------------------------------- inputs


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"required": True}, {"required": False}, "required -> optional"),
        ({"use": "validate_only"}, {"use": "send"}, "use: validate_only -> send"),
        ({"use": "validate_only"}, {"use": "derive"}, "use: validate_only -> derive"),
        ({"use": "derive"}, {"use": "send"}, "use: derive -> send"),
        ({"max_chars": 10}, {"max_chars": 11}, "max_chars: 10 -> 11"),
        ({"max_chars": 10}, {"max_chars": None}, "max_chars: 10 -> -"),
        ({"phi": ()}, {"phi": ("mrn",)}, "phi: - -> mrn"),
        ({"phi": ("mrn", "date")}, {"phi": ("mrn", "ssn")}, "phi: mrn; date -> mrn; ssn"),
        ({"values": ("a", "b")}, {"values": ("b", "c")}, "values: a; b -> b; c"),
    ],
)
def test_a_wider_input_raises_the_alarm(field: Differ, old: Any, new: Any, what: str) -> None:
    assert only(field(old, new)) == Change("input widened", "input/letter", f"PHI alarm: {what}", "loud")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"required": False}, {"required": True}, "optional -> required"),
        ({"use": "send"}, {"use": "validate_only"}, "use: send -> validate_only"),
        ({"use": "send"}, {"use": "derive"}, "use: send -> derive"),
        ({"use": "derive"}, {"use": "validate_only"}, "use: derive -> validate_only"),
        ({"max_chars": 11}, {"max_chars": 10}, "max_chars: 11 -> 10"),
        ({"max_chars": None}, {"max_chars": 10}, "max_chars: - -> 10"),
        ({"values": ("a", "b")}, {"values": ("b",)}, "values: a; b -> b"),
    ],
)
def test_a_narrower_input_is_told_without_an_alarm(field: Differ, old: Any, new: Any, what: str) -> None:
    assert only(field(old, new)) == Change("input narrowed", "input/letter", what, "loud")


def test_a_label_taken_off_is_told_as_such(field: Differ) -> None:
    change = only(field({"phi": ("mrn", "date")}, {"phi": ("date",)}))
    assert change == Change("label removed", "input/letter", "phi: mrn; date -> date", "loud")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"type": "integer"}, {"type": "number"}, "type: integer -> number"),
        ({"derive": "age_years"}, {"derive": "year"}, "derive: age_years -> year"),
        ({"derive": None}, {"derive": "year"}, "derive: - -> year"),
    ],
)
def test_another_kind_of_value_is_neither_wider_nor_narrower(field: Differ, old: Any, new: Any, what: str) -> None:
    assert only(field(old, new)) == Change("input changed", "input/letter", what, "loud")


def test_every_key_of_a_field_is_told_by_itself(field: Differ) -> None:
    changes = field({"required": True, "max_chars": 5}, {"required": False, "max_chars": 4})
    assert [change.kind for change in changes] == ["input widened", "input narrowed"]


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"phi": ("mrn", "date")}, "PHI alarm: new field that may hold mrn, date, send"),
        ({"phi": ("mrn",), "use": "validate_only"}, "PHI alarm: new field that may hold mrn, validate_only"),
        ({}, "PHI alarm: new field, send"),
    ],
)
def test_a_new_field_says_what_it_may_hold_and_where_it_goes(spec: Spec, keys: dict[str, Any], what: str) -> None:
    grown = replace(spec, input={**spec.input, "letter": InputField(type="string", **keys)})
    assert only(list(contract_changes(spec, grown))) == Change("input widened", "input/letter", what, "loud")


def test_a_field_that_goes_is_told(spec: Spec) -> None:
    shrunk = replace(spec, input={name: entry for name, entry in spec.input.items() if name != "photos"})
    change = only(list(contract_changes(spec, shrunk)))
    assert change == Change("input narrowed", "input/photos", "field removed", "loud")


def test_the_order_of_fields_is_no_change(spec: Spec) -> None:
    turned = replace(spec, input=dict(reversed(spec.input.items())))
    assert list(contract_changes(spec, turned)) == []


# ---------------------------------------------------------------------------------------------- minimum necessary


@pytest.mark.parametrize(
    ("old", "new", "kind", "place", "severity"),
    [
        ({}, {"allow": {"note_text": "read", "age": "skin"}}, "input widened", "allow/age", "loud"),
        ({"allow": {"note_text": "read", "age": "skin"}}, {}, "input narrowed", "allow/age", "loud"),
        ({}, {"allow": {"note_text": "read twice"}}, "reason changed", "allow/note_text", "note"),
        ({"forbid": ("ssn", "name")}, {"forbid": ("name",)}, "safeguard removed", "forbid/ssn", "blocking"),
        ({"forbid": ("name",)}, {"forbid": ("name", "ssn")}, "safeguard added", "forbid/ssn", "loud"),
        ({"chart_window_days": 30}, {"chart_window_days": 31}, "input widened", "chart_window_days", "loud"),
        ({"chart_window_days": 30}, {"chart_window_days": None}, "input widened", "chart_window_days", "loud"),
        ({"chart_window_days": 31}, {"chart_window_days": 30}, "input narrowed", "chart_window_days", "loud"),
        ({"chart_window_days": None}, {"chart_window_days": 9999}, "input narrowed", "chart_window_days", "loud"),
    ],
)
def test_minimum_necessary_is_graded_by_what_reaches_the_model(
    necessity: Differ, old: Any, new: Any, kind: str, place: str, severity: str
) -> None:
    change = only(necessity(old, new))
    assert (change.kind, change.place, change.severity) == (kind, f"minimum_necessary/{place}", severity)


def test_a_field_that_now_reaches_the_model_shows_the_reason_given(necessity: Differ) -> None:
    change = only(necessity({}, {"allow": {"note_text": "read", "age": "skin thins"}}))
    assert change.what == "PHI alarm: now reaches the model: skin thins"


@pytest.mark.parametrize("name", ["allow", "forbid"])
def test_the_order_of_a_list_is_no_change(necessity: Differ, name: str) -> None:
    lists = {"allow": ({"a": "one", "b": "two"}, {"b": "two", "a": "one"}), "forbid": (("x", "y"), ("y", "x"))}
    old, new = lists[name]
    assert necessity({name: old}, {name: new}) == []


# ------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("old", "new", "kind", "what", "severity"),
    [
        ([("AAA", "x")], [], "refusal removed", "no longer refused: x", "blocking"),
        ([], [("AAA", "x")], "refusal added", "now refused: x", "loud"),
        ([("AAA", "x")], [("AAA", "y")], "refusal changed", "x -> y", "loud"),
        ([("AAA", "x", "f")], [("AAA", "x", "g")], "refusal changed", "names another field: f -> g", "loud"),
        ([("AAA", "x", "f")], [("AAA", "x")], "refusal changed", "names another field: f -> -", "loud"),
    ],
)
def test_a_refusal_is_told_by_its_code(
    refusals: Differ, old: Any, new: Any, kind: str, what: str, severity: Any
) -> None:
    assert only(refusals(old, new)) == Change(kind, "refuse/AAA", what, severity)


def test_a_refusal_under_another_code_is_one_taken_away(refusals: Differ) -> None:
    changes = refusals([("AAA", "x")], [("BBB", "x")])
    assert [(change.kind, change.place) for change in changes] == [
        ("refusal removed", "refuse/AAA"),
        ("refusal added", "refuse/BBB"),
    ]


def test_another_order_of_the_same_refusals_is_loud(refusals: Differ) -> None:
    change = only(refusals([("AAA", "x"), ("BBB", "y")], [("BBB", "y"), ("AAA", "x")]))
    assert (change.kind, change.place, change.severity) == ("refusals reordered", "refuse", "loud")


@pytest.mark.parametrize(
    ("old", "new"),
    [("AAA BBB", "CCC AAA BBB"), ("AAA BBB", "AAA CCC BBB"), ("AAA BBB CCC", "AAA CCC"), ("AAA BBB", "BBB CCC")],
)
def test_one_that_comes_or_goes_does_not_reorder_the_others(refusals: Differ, old: str, new: str) -> None:
    changes = refusals([(code, "x") for code in old.split()], [(code, "x") for code in new.split()])
    assert "refusals reordered" not in [change.kind for change in changes]


# ---------------------------------------------------------------------------------- outputs, review and models


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"type": "number", "max": 1.0}, {"type": "number", "max": 2.0}, "max: 1.0 -> 2.0"),
        ({"type": "string"}, {"type": "string", "required": False}, "required: true -> false"),
        ({"type": "enum", "values": ("a",)}, {"type": "enum", "values": ("a", "b")}, "values: a -> a; b"),
        ({"type": "list", "item": {"n": "a|b"}}, {"type": "list", "item": {"n": "a"}}, "item: n a|b -> n a"),
        ({"type": "number", "min": 0.0}, {"type": "integer"}, "type: number -> integer, min: 0.0 -> -"),
    ],
)
def test_an_output_names_each_key_that_changed(spec: Spec, old: Any, new: Any, what: str) -> None:
    before, after = (replace(spec, output={"size": OutputField(**keys)}) for keys in (old, new))
    change = only(list(contract_changes(before, after)))
    assert change == Change("output changed", "output/size", what, "loud")


def test_an_output_that_comes_and_one_that_goes_are_loud(spec: Spec) -> None:
    before, after = (replace(spec, output={name: OutputField(type="string")}) for name in ("old", "new"))
    assert list(contract_changes(before, after)) == [
        Change("output widened", "output/new", "new field", "loud"),
        Change("output narrowed", "output/old", "field removed", "loud"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind", "what"),
    [
        (0.8, 0.7, "review lowered", "0.8 -> 0.7: fewer answers go to a person"),
        (0.7, 0.8, "review raised", "0.7 -> 0.8: more answers go to a person"),
    ],
)
def test_a_threshold_says_who_sees_more(spec: Spec, old: float, new: float, kind: str, what: str) -> None:
    before, after = (replace(spec, review=Review(threshold=value)) for value in (old, new))
    assert only(list(contract_changes(before, after))) == Change(kind, "review/threshold", what, "loud")


def test_a_band_is_told_apart_from_its_threshold(spec: Spec) -> None:
    before, after = (replace(spec, review=Review(threshold=0.8, band=band)) for band in (0.05, 0.1))
    change = only(list(contract_changes(before, after)))
    assert change == Change("review changed", "review/band", "0.05 -> 0.1", "loud")


@pytest.mark.parametrize(
    ("old", "new", "severity"), [("offline_only", "baa_only", "blocking"), ("baa_only", "offline_only", "loud")]
)
def test_only_giving_up_offline_takes_a_safeguard_away(spec: Spec, old: Any, new: Any, severity: str) -> None:
    before, after = (replace(spec, models=ModelPolicy(policy=policy, allow=("a/b",))) for policy in (old, new))
    change = only(list(contract_changes(before, after)))
    assert (change.kind, change.what, change.severity) == ("model policy changed", f"{old} -> {new}", severity)


def test_a_model_exchanged_is_one_more_and_one_less(spec: Spec) -> None:
    before, after = (replace(spec, models=ModelPolicy(policy="baa_only", allow=(name,))) for name in ("a/old", "a/new"))
    assert list(contract_changes(before, after)) == [
        Change("model policy widened", "models/allow", "PHI alarm: a/new may be called", "loud"),
        Change("model policy narrowed", "models/allow", "a/old may no longer be called", "loud"),
    ]


def test_no_change_of_the_contract_is_a_row(spec: Spec) -> None:
    bare = replace(spec, input={}, refuse=(), output={}, minimum_necessary=MinimumNecessary(allow={}))
    changes = list(contract_changes(spec, bare))
    assert len(changes) > 20
    assert {change.row_id for change in changes} == {None}
