"""Claim edits, one by one: which a claim breaks, how often, and what no edit minds."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.tasks.billing_codes.edits import MOST_MODIFIERS, broken_edits
from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISITS_ESTABLISHED, VISITS_NEW

COUNTED = [(known.code, known.cap) for known in PROCEDURES.values()]
FURTHER = [(known.code, known.further, known.further_cap) for known in PROCEDURES.values() if known.further]
VISITS = [code for table in (VISITS_ESTABLISHED, VISITS_NEW) for _, code in table]


def line(code: Any, units: Any = 1, *modifiers: Any) -> dict[str, Any]:
    return {"code": code, "units": units, "modifiers": list(modifiers)}


def broken(*lines: dict[str, Any]) -> list[str]:
    return list(broken_edits(lines))


@pytest.mark.parametrize(("code", "cap"), COUNTED)
def test_a_day_allows_as_many_units_as_the_policy_says_and_no_more(code: str, cap: int) -> None:
    assert broken(line(code, cap)) == []
    assert broken(line(code, cap + 1)) == ["units_beyond_max"]


@pytest.mark.parametrize("code", VISITS)
def test_a_visit_is_one_unit(code: str) -> None:
    assert broken(line(code, 1)) == []
    assert broken(line(code, 2)) == ["units_beyond_max"]


@pytest.mark.parametrize(("first", "further", "cap"), FURTHER)
def test_an_add_on_needs_its_own_first_code_and_has_a_maximum(first: str, further: str, cap: int) -> None:
    stranger = next(code for code, _, _ in FURTHER if code != first)
    assert broken(line(further, cap), line(first)) == []
    assert broken(line(first), line(further, cap + 1)) == ["units_beyond_max"]
    assert "add_on_alone" in broken(line(further, cap), line(stranger, 1, "59"))


@pytest.mark.parametrize(
    ("modifiers", "breaks"),
    [
        (("LT",), False),
        (("LT", "59"), False),
        (("50", "RT"), True),
        (("LT", "LT"), False),
        (("1A", "1B", "1C", "1D"), False),
        (("1A", "1B", "1C", "1D", "1E"), True),
        (("LT", "RT", "50", "1A", "1B"), True),
    ],
)
def test_sides_exclude_each_other_and_modifiers_are_four_at_most(modifiers: tuple[str, ...], breaks: bool) -> None:
    assert MOST_MODIFIERS == 4
    assert broken(line("00061", 1, *modifiers)) == ["modifiers_exclude_each_other"] * breaks


@pytest.mark.parametrize("pair", INCLUDED, ids=" and ".join)
def test_included_work_stands_beside_the_other_only_where_a_separate_site_may_say_so(pair: tuple[str, str]) -> None:
    kept, dropped = (PROCEDURES[name].code for name in pair)
    assert broken(line(kept), line(dropped)) == ["part_of_another"]
    assert broken(line(kept, 1, "59"), line(dropped)) == ["part_of_another"]
    assert broken(line(dropped, 1, "59"), line(kept)) == ([] if INCLUDED[pair] else ["part_of_another"])
    assert broken(line(dropped)) == broken(line(kept)) == []


def test_each_line_that_breaks_an_edit_is_counted() -> None:
    lines = line("00013"), line("00074", 7), line("00077", 5), line("00061", 1, "LT", "50")
    assert sorted(broken(*lines)) == [
        "add_on_alone", "modifiers_exclude_each_other", "part_of_another", "units_beyond_max", "units_beyond_max",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"code": None, "units": 99, "modifiers": None},
        line(["00012"], 99),
        line("00074", "7"),
        line("00074", 6.5),
        line("00051", True),
        line("99999", 500),
        {"code": "00061", "units": 1, "modifiers": "LT RT 50"},
        line("00061", 1, None, 50, ["LT"]),
    ],
    ids=repr,
)
def test_what_is_no_line_breaks_nothing_and_raises_nothing(odd: dict[str, Any]) -> None:
    assert broken(odd) == []
