"""The cells of a prior authorization spec: what is read, and what is refused without being repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evalkit.tasks.prior_authorization import tables


@pytest.mark.parametrize(
    ("parse", "cell", "value"),
    [
        (tables.parse_code, "00072", "00072"),
        (tables.parse_codes, "00072; 00073", ("00072", "00073")),
        (tables.parse_name, "therapy_weeks", "therapy_weeks"),
        (tables.parse_kind, "percent", "percent"),
        (tables.parse_yes, "no", False),
        (tables.parse_id, "C12", "C12"),
        (tables.parse_test, "therapy_weeks >= 6", (("therapy_weeks", ">=", 6.0),)),
        (tables.parse_test, "spo2 <= 88.5", (("spo2", "<=", 88.5),)),
        (tables.parse_test, "a is yes or b is yes", (("a", "is", 1.0), ("b", "is", 1.0))),
        (tables.parse_group, "red_flag", "red_flag"),
        (tables.parse_step, "any red_flag met -> approve", ("any", "red_flag", "met", "approve")),
        (tables.parse_step, "otherwise -> pend", ("otherwise", "", "", "pend")),
        (tables.parse_days, "3650", 3650),
        (tables.parse_line, "The request waits.", "The request waits."),
    ],
)
def test_a_cell_is_read(parse: Callable[[str], Any], cell: str, value: Any) -> None:
    assert parse(cell) == value


@pytest.mark.parametrize(
    ("parse", "cell"),
    [
        (tables.parse_code, "7x2"),
        (tables.parse_codes, "00072, 00073"),
        (tables.parse_name, "Therapy weeks"),
        (tables.parse_kind, "years"),
        (tables.parse_yes, "true"),
        (tables.parse_id, "Crit one"),
        (tables.parse_test, "therapy_weeks => 6"),
        (tables.parse_test, "therapy_weeks >= six"),
        (tables.parse_test, "a is yes and b is yes"),
        (tables.parse_test, "a is no"),
        (tables.parse_group, "yellow"),
        (tables.parse_step, "any red_flag met -> deny"),
        (tables.parse_step, "otherwise -> reject"),
        (tables.parse_step, "some standard met -> approve"),
        (tables.parse_days, "none"),
        (tables.parse_days, "3651"),
        (tables.parse_line, "within 7 days"),
        (tables.parse_line, "x" * 301),
    ],
)
def test_a_cell_that_means_nothing_is_refused_and_not_repeated(parse: Callable[[str], Any], cell: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse(cell)
    assert cell not in str(refused.value)


@pytest.mark.parametrize("word", ["deny", "denied", "reject", "not_certified"])
def test_no_table_can_deny(word: str) -> None:
    with pytest.raises(ValueError, match="clinician"):
        tables.parse_decision(word)


def test_a_test_mentions_its_facts() -> None:
    assert tables.facts_of(tables.parse_test("a is yes or b_2 is yes")) == ("a", "b_2")


def test_headings_and_columns_are_unique() -> None:
    headings = [table.heading for table in tables.TABLES]
    assert len(set(headings)) == len(headings)
    for table in tables.TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
