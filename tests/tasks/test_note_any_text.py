"""Notes come from anywhere: any text is read without failing, in time that grows with it, and shown nowhere."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case
from evalkit.cases.randomness import stream
from evalkit.executions.execution import Execution
from evalkit.tasks.note_summary.factmetrics import FACT_METRICS
from evalkit.tasks.note_summary.judging import Known, contradicts, differences, judge
from evalkit.tasks.note_summary.planting import KINDS, plant
from evalkit.tasks.note_summary.scenarios import make_case
from evalkit.tasks.note_summary.statements import Statement, read_statements

WORDS = st.sampled_from([
    "no", "denies", "left", "right", "knee pain", "fever", "mother", "had", "start", "stop", "lisinopril", "20 mg",
    "twice a day", "blood pressure", "140/90", "allergic to", "penicillin", "follow up in", "two weeks", ",", ".", "but",
    "\n", "PLAN\n", "if", "x-ray", "smoking", "by mouth", "to", "500", "one hundred",
])  # fmt: skip
CLINICAL = st.lists(WORDS, max_size=40).map(" ".join)
HOSTILE = {
    "one long word": "a" * 50_000,
    "numbers": "1 " * 25_000,
    "spelled numbers": "one hundred " * 5_000,
    "negations": "no " * 20_000,
    "sides": "left right " * 8_000,
    "follow ups": "follow up " * 6_000,
    "commas": "but , but " * 6_000,
    "drugs": "lisinopril 20 mg " * 4_000,
    "sentences": "No fever. " * 6_000,
    "headings": "PLAN\n" * 10_000,
}


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.text(), CLINICAL))
def test_any_text_is_read_and_every_statement_has_its_place(text: str) -> None:
    for statement in read_statements(text):
        assert 0 <= statement.start < len(text)
        assert statement.polarity in ("affirmed", "negated", "family")
        assert statement.whom is None or statement.polarity == "family"


@settings(deadline=None, max_examples=200)
@given(CLINICAL)
def test_a_note_agrees_with_itself(text: str) -> None:
    said = read_statements(text)
    judged = judge(said, [Known(statement) for statement in said])
    assert judged.contradicted == 0
    assert judged.unsupported == 0
    assert None not in judged.recalled


@settings(deadline=None, max_examples=100)
@given(CLINICAL, CLINICAL, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_no_count(note: str, truth: str, rng: random.Random) -> None:
    facts = [Known(statement) for statement in read_statements(truth)]
    mixed = list(facts)
    rng.shuffle(mixed)
    first, second = judge(read_statements(note), facts), judge(read_statements(note), mixed)
    assert (first.contradicted, first.unsupported) == (second.contradicted, second.unsupported)
    assert sum(place is None for place in first.recalled) == sum(place is None for place in second.recalled)


@settings(deadline=None, max_examples=100)
@given(CLINICAL, st.sampled_from(sorted(KINDS)), st.integers(0, 1000))
def test_an_error_is_put_into_any_note_or_there_is_no_place_for_it(note: str, kind: str, index: int) -> None:
    damaged = plant(kind, note, stream(1, kind).at(index))
    assert damaged is None or damaged != note


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_notes_are_judged_by_every_metric(text: str) -> None:
    case = make_case(7, 0)
    for metric in FACT_METRICS.values():
        metric(case, Execution("v1", 0, Reply("ok", {"note": text, "evidence": [text, {"start": -1}]})))


@pytest.mark.parametrize(
    "output", [None, {}, {"note": 5}, {"note": None}, {"note": ["x"]}, {"note": "", "evidence": "x"}]
)
def test_an_output_of_another_shape_recalls_nothing(output: dict[str, object] | None) -> None:
    case = make_case(7, 0)
    execution = Execution("v1", 0, Reply("ok", output))
    recall = FACT_METRICS["fact_recall"](case, execution)
    assert recall is not None
    assert float(recall) == 0.0  # type: ignore[arg-type]
    assert FACT_METRICS["citation_precision"](case, execution) is None


def test_a_visit_whose_note_states_nothing_known_is_left_out() -> None:
    case = Case("v1", "note_summary", {"dialogue": "[doctor] hello"}, {}, {"note": "Seen today."})
    assert all(metric(case, Execution("v1", 0, Reply("ok", {"note": "x"}))) is None for metric in FACT_METRICS.values())


@pytest.mark.parametrize(
    ("said", "facts", "wanted"),
    [
        (Statement("drug", "aspirin", value="81"), [], ()),
        (Statement("drug", "aspirin", value="81"), [Statement("drug", "aspirin")], ()),
        (Statement("drug", "aspirin", value="81"), [Statement("drug", "aspirin"), Statement("drug", "aspirin", value="325")],
         ("value",)),
        (Statement("problem", "gout", "negated"), [Statement("problem", "gout"), Statement("problem", "gout", "family")],
         ("polarity",)),
        (Statement("problem", "gout", "family", whom="father"), [Statement("problem", "gout"),
         Statement("problem", "gout", "family", whom="mother")], ("whom",)),
        (Statement("follow_up", "follow-up", value="2", unit="month"), [
            Statement("follow_up", "follow-up", value="2", unit="week"),
            Statement("follow_up", "follow-up", value="6", unit="month"),
        ], ("unit",)),
    ],
)  # fmt: skip
def test_a_contradiction_is_named_by_what_no_fact_says(
    said: Statement, facts: list[Statement], wanted: tuple[str, ...]
) -> None:
    assert contradicts(said, facts) == wanted
    assert all(differences(fact, fact) == () for fact in facts)
