"""Sentences beside the answer: side facts that say what they hold, and banks that are walked without a repetition."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import gcd

import pytest

from evalkit.cases.randomness import Dice, stream
from evalkit.cases.writing import Slot, steps_of
from evalkit.tasks.billing_codes.fillers import BANKS, DECOYS, DRUGS, LABS, VITALS, Side, side_facts, some_of

MANY = 400


def dice(index: int) -> Dice:
    return stream(3, "tests.fillers").at(index)


@pytest.fixture(scope="module")
def sides() -> list[list[Side]]:
    return [list(side_facts(dice(index))) for index in range(MANY)]


def test_every_case_has_a_drug_two_different_vitals_and_some_a_laboratory_value(sides: list[list[Side]]) -> None:
    shapes = Counter(tuple(side.fact.type for side in told) for told in sides)
    assert set(shapes) == {("drug", "vital", "vital"), ("drug", "vital", "vital", "lab")}
    assert 0.3 < shapes["drug", "vital", "vital", "lab"] / MANY < 0.5
    assert all(told[1].fact.name != told[2].fact.name for told in sides)
    assert all(len({side.fact.fact_id for side in told}) == len(told) for told in sides)


def test_a_value_lies_within_its_range_in_its_unit_and_stands_in_its_sentence(sides: list[list[Side]]) -> None:
    ranges = {name: (low, high, unit) for name, unit, low, high, _ in VITALS}
    ranges |= {name: (low / 10, high / 10, unit) for name, unit, low, high in LABS}
    ranges |= {name: (min(doses), max(doses), unit) for name, unit, doses in DRUGS}
    for side in (side for told in sides for side in told):
        low, high, unit = ranges[side.fact.name]
        assert low <= side.fact.value <= high
        assert side.fact.unit == unit
        assert re.search(rf"(?<![\d.]){re.escape(str(side.fact.value))}(?![\d])", side.text)


def test_the_ends_of_every_range_of_a_vital_sign_come(sides: list[list[Side]]) -> None:
    seen: dict[str, set[int]] = {}
    for side in (side for told in sides for side in told if side.fact.type == "vital"):
        seen.setdefault(side.fact.name, set()).add(side.fact.value)
    assert {97, 98, 99} == seen["temperature"]
    assert seen["respiratory rate"] == set(range(12, 21))
    assert set(seen) == {name for name, *_ in VITALS}


def test_a_drug_that_was_stopped_is_denied_and_says_so(sides: list[list[Side]]) -> None:
    for told in sides:
        stopped = "Stopped" in told[0].text or "No longer" in told[0].text
        assert told[0].fact.polarity == ("negated" if stopped else "affirmed")
    assert 0.12 < sum(told[0].fact.polarity == "negated" for told in sides) / MANY < 0.28


def test_a_laboratory_value_names_the_day_of_the_laboratory(sides: list[list[Side]]) -> None:
    for side in (side for told in sides for side in told if side.fact.type == "lab"):
        (slot,) = (step for step in steps_of(side.text) if isinstance(step, Slot))
        assert (slot.kind, slot.name) == ("plant", "lab.date")


@pytest.mark.parametrize("section", BANKS)
def test_a_section_gets_as_many_sentences_as_its_bank_says_and_every_one_of_them_comes(section: str) -> None:
    bank, least, most = BANKS[section]  # type: ignore[index]
    walks = [some_of(section, dice(index)) for index in range(MANY)]  # type: ignore[arg-type]
    assert {len(walk) for walk in walks} == set(range(least, most + 1))
    assert {text for walk in walks for text in walk} == set(bank)
    assert len(set(bank)) == len(bank) >= most


def test_a_walk_goes_on_by_one_step_that_reaches_the_whole_bank() -> None:
    bank = BANKS["plan"][0]
    for index in range(100):
        places = [bank.index(text) for text in some_of("plan", dice(index))]
        steps = {(after - before) % len(bank) for before, after in pairwise(places)}
        assert len(steps) == 1
        assert gcd(steps.pop(), len(bank)) == 1


@pytest.mark.parametrize("kind", DECOYS)
def test_a_decoy_is_called_what_it_is(kind: str) -> None:
    for _, text in DECOYS[kind]:  # type: ignore[index]
        slots = [step for step in steps_of(text) if isinstance(step, Slot)]
        assert {(slot.kind, slot.more) for slot in slots} == {("decoy", kind)}


def test_side_facts_are_the_same_for_the_same_draws(sides: list[list[Side]]) -> None:
    assert [list(side_facts(dice(index))) for index in (0, 7)] == [sides[0], sides[7]]
