"""A visit in words: each statement is told by a bank of its own, and its written sentence is read as that statement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cases.randomness import stream
from evalkit.tasks.note_summary.judging import Known, differences
from evalkit.tasks.note_summary.phrases import HEADINGS, TALK, WRITTEN
from evalkit.tasks.note_summary.statements import Statement, read_statements
from evalkit.tasks.note_summary.talks import bank_of, manner
from evalkit.tasks.note_summary.visits import DOSES, TRAPS, TURNS, Told, make_visit
from evalkit.tasks.note_summary.wording import said, written

STATEMENTS = {
    "complaint": Statement("problem", "knee pain", side="left"),
    "denied": Statement("problem", "fever", "negated"),
    "chronic": Statement("problem", "asthma"),
    "family": Statement("problem", "stroke", "family", whom="sister"),
    "allergy": Statement("allergy", "penicillin"),
    "habit affirmed": Statement("habit", "smoking"),
    "habit negated": Statement("habit", "alcohol", "negated"),
    "drug continued": Statement("drug", "metformin", value="500", unit="mg", frequency="twice daily", route="oral",
                                status="continued"),
    "drug started": Statement("drug", "albuterol", value="2", unit="puff", frequency="as needed", route="inhaled",
                              status="started"),
    "drug increased": Statement("drug", "insulin glargine", value="24", unit="unit", frequency="nightly",
                                route="injected", status="increased"),
    "drug stopped": Statement("drug", "ibuprofen", status="stopped"),
    "exam": Statement("measure", "blood pressure", value="147/90"),
    "order": Statement("order", "mri", side="right"),
    "follow-up": Statement("follow_up", "follow-up", value="3", unit="month"),
}  # fmt: skip


@pytest.mark.parametrize(("bank", "statement"), STATEMENTS.items(), ids=STATEMENTS)
def test_each_statement_is_told_by_its_own_bank(bank: str, statement: Statement) -> None:
    assert bank_of(Told("fact-1", Known(statement))) == bank
    assert manner(statement) == ("complaint" if bank == "chronic" else bank)


def test_a_reading_among_the_results_is_told_as_a_result() -> None:
    fact = Known(Statement("measure", "tsh", value="4.1"), section="objective results")
    assert bank_of(Told("fact-1", fact)) == "result"


@pytest.mark.parametrize(("bank", "statement"), STATEMENTS.items(), ids=STATEMENTS)
def test_every_sentence_of_a_bank_is_read_as_the_statement(bank: str, statement: Statement) -> None:
    for template in WRITTEN[bank]:
        for index in range(6):
            words = written(statement, stream(1, "words").at(index), part="knee")
            found = [one for one in read_statements(template.format(**words)) if one.concept == statement.concept]
            assert found, template
            assert [differences(one, statement) for one in found] == [()] * len(found), template


@pytest.mark.parametrize(("bank", "statement"), STATEMENTS.items(), ids=STATEMENTS)
def test_every_exchange_finds_the_words_for_its_slots(bank: str, statement: Statement) -> None:
    for exchange in TALK[bank]:
        words = said(statement, stream(2, "words").at(0), part="knee")
        told = [turn[2:].format(**words) for turn in exchange]
        assert all(turn and "  " not in turn for turn in told), exchange
        assert {turn[:2] for turn in exchange} <= {"d:", "p:", "g:"}


def test_every_part_of_a_note_has_headings() -> None:
    assert all(heading.isupper() for headings in HEADINGS.values() for heading in headings)


@given(st.integers(0, 10**9))
def test_a_visit_agrees_with_itself(index: int) -> None:
    visit = make_visit(5, index)
    low, high = min(low for low, _ in TURNS.values()), max(high for _, high in TURNS.values())
    assert low <= visit.turns <= high
    assert visit.trap in TRAPS.shares
    concepts = [(told.statement.concept, told.statement.polarity == "family") for told in visit.told]
    assert len(set(concepts)) == len(concepts)
    for told in visit.told:
        if told.statement.kind == "drug" and told.statement.status != "stopped":
            doses, unit, route, frequency = DOSES[told.statement.name]
            assert told.statement.value in doses
            assert (told.statement.unit, told.statement.route, told.statement.frequency) == (unit, route, frequency)
        if told.first is not None:
            assert differences(told.first, told.statement) or told.statement.status == "stopped"
