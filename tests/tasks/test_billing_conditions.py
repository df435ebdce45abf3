"""Conditions: what is coded, on which side, and what is told of and not coded."""

from __future__ import annotations

import re

import pytest

from evalkit.tasks.billing_codes.conditions import (
    CHILDS_REASONS,
    CONDITIONS,
    DISTRACTORS,
    INDICATIONS,
    VISIT_REASONS,
    Finding,
    code_conditions,
)
from evalkit.tasks.billing_codes.ledger import side_of_code

PAIRED = [name for name, condition in CONDITIONS.items() if None not in condition.codes]


@pytest.mark.parametrize("certainty", ["ruled out", "suspected", "past", "family"])
def test_only_what_is_so_today_is_coded(certainty: str) -> None:
    findings = [Finding("a", "asthma", certainty), Finding("b", "pressure")]  # type: ignore[arg-type]
    assert code_conditions(findings) == ("I10",)


def test_each_code_is_listed_once_in_the_order_of_the_facts() -> None:
    findings = [Finding("a", "sugar"), Finding("b", "knee", side="left"), Finding("c", "sugar")]
    assert code_conditions(findings) == ("E11.9", "M17.12")
    assert code_conditions([]) == ()


def test_a_condition_without_sides_has_one_code_whatever_the_side() -> None:
    assert code_conditions([Finding("a", "heel", side="left")]) == code_conditions([Finding("a", "heel")]) == ("M72.2",)


@pytest.mark.parametrize("name", PAIRED)
def test_a_paired_condition_has_a_code_for_each_side(name: str) -> None:
    codes = CONDITIONS[name].codes
    assert set(codes) == {"left", "right", "both"}
    assert [side_of_code(codes[side][0]) for side in ("left", "right")] == ["left", "right"]
    both = codes["both"]
    assert set(both) == {*codes["left"], *codes["right"]} if len(both) == 2 else side_of_code(both[0]) == "both"


@pytest.mark.parametrize("name", PAIRED)
def test_every_name_of_a_paired_condition_says_the_side(name: str) -> None:
    condition = CONDITIONS[name]
    assert all("{side}" in text for text in (*condition.usual, *condition.rare))


def test_no_two_conditions_share_a_code_or_a_name() -> None:
    codes = [
        code
        for condition in CONDITIONS.values()
        for side, group in condition.codes.items()
        for code in group
        if side != "both"
    ]
    names = [text for condition in CONDITIONS.values() for text in (*condition.usual, *condition.rare)]
    assert len(set(codes)) == len(codes)
    assert len(set(names)) == len(names)
    assert not set(names) & set(DISTRACTORS)


def test_no_name_holds_another_so_that_one_sentence_names_one_condition() -> None:
    for name, condition in CONDITIONS.items():
        others = [text for key, other in CONDITIONS.items() if key != name for text in other.usual]
        for text in condition.usual:
            spoken = text.format(side="left")
            inside = [o for o in others if re.search(rf"\b{re.escape(o.format(side='left'))}\b", spoken)]
            assert not inside, (name, inside)


def test_reasons_are_conditions() -> None:
    assert {name for names in INDICATIONS.values() for name in names} | set(VISIT_REASONS) == set(CONDITIONS)
    assert set(CHILDS_REASONS) <= set(VISIT_REASONS)
