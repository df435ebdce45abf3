"""What a spec is, in digests: each part belongs to the behaviour, the contract, the rules, or to none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from evalkit.spec.identity import behaviour_sha, contract_sha, plain, plain_necessity, rules_sha
from evalkit.spec.schema import Gate, Review, Row, Spec, Table

DAYS = "  chart_window_days: 90"
PARTS = [
    # (old, new, moves behaviour, moves contract, moves rules)
    ("Read one note", "Read a note", False, False, False),
    ("version: 1.2.0", "version: 1.2.1", False, False, False),
    ("the wound is described here", "another reason", False, False, False),
    ("forbid: [patient_name, ssn", "forbid: [ssn, patient_name", False, False, False),
    ("min: 0.9}", "min: 0.8}", False, False, True),
    ("rule: each", "rule: all", True, False, True),
    ("threshold: 0.8", "threshold: 0.7", True, False, True),
    ("[rules/offline]", "[rules/offline, acme/large]", True, False, True),
    ("max_chars: 5000", "max_chars: 4000", True, True, False),
    ("not flags.consent", "not flags.agreed", True, True, False),
    ("count: integer", "count: number", True, True, False),
    ("data_class: phi", "data_class: synthetic", False, True, False),
    (DAYS, f"{DAYS}\n  echo:\n    - {{field: summary, needle: patient.name, reason: a letter}}", True, True, False),
]


@pytest.mark.parametrize(("old", "new", "behaviour", "contract", "rules"), PARTS)
def test_each_part_moves_its_own_digests(
    load: Callable[..., Spec],
    change: Callable[..., str],
    spec: Spec,
    *,
    old: str,
    new: str,
    behaviour: bool,
    contract: bool,
    rules: bool,
) -> None:
    edited = load(change(old, new))
    assert (behaviour_sha(edited) != behaviour_sha(spec)) is behaviour
    assert (contract_sha(edited) != contract_sha(spec)) is contract
    assert (rules_sha(edited) != rules_sha(spec)) is rules


def test_why_an_output_repeats_an_identifier_moves_no_digest(
    load: Callable[..., Spec], change: Callable[..., str]
) -> None:
    row = f"{DAYS}\n  echo:\n    - {{field: summary, needle: patient.name, reason: REASON}}"
    first, second = (load(change(DAYS, row.replace("REASON", why))) for why in ("a letter", "the payer asks for it"))
    assert contract_sha(first) == contract_sha(second)
    assert behaviour_sha(first) == behaviour_sha(second)


def test_a_spec_carries_its_own_behaviour(spec: Spec) -> None:
    assert spec.behaviour_sha == behaviour_sha(spec)


@dataclass(frozen=True)
class Cell:
    kind: str
    codes: frozenset[str]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, ("a", None)), [1, ["a", None]]),
        (frozenset({"b", "a", "c"}), plain({"c", "b", "a"})),
        (date(2026, 7, 1), "2026-07-01"),
        (Cell("x", frozenset({"a"})), {"kind": "x", "codes": ["a"]}),
        ({1: True}, {"1": True}),
        (Review(threshold=0.8), {"threshold": 0.8}),
        (Gate(metric="m", min=0.5, scope="all"), {"metric": "m", "min": 0.5}),
    ],
)
def test_every_cell_has_one_plain_form(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_a_reason_is_for_readers(spec: Spec) -> None:
    assert plain_necessity(spec.minimum_necessary)["allow"] == sorted(spec.minimum_necessary.allow)


def test_a_table_gives_columns_and_settings() -> None:
    table = Table("Counting", ("key", "value"), (Row("Counting/rule", {"key": "rule", "value": "each"}, 3),), 2)
    assert table.column("value") == ("each",)
    assert table.setting("rule") == "each"
    with pytest.raises(KeyError):
        table.setting("limit")


def test_a_spec_shows_its_name_and_nothing_else(spec: Spec) -> None:
    assert str(spec) == "wound_care@1.2.0"
    assert repr(spec) == f"Spec(wound_care@1.2.0, dressings, behaviour {spec.behaviour_sha[:12]})"
