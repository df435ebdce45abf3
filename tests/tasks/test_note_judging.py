from __future__ import annotations

import json

import pytest

from evalkit.tasks.note_summary.judging import Known, judge, known, plain
from evalkit.tasks.note_summary.statements import read_statements

TRUTH = """Left knee pain. Denies fever. Mother had breast cancer. Allergic to penicillin.
Stop ibuprofen. Start lisinopril 20 mg by mouth once daily. Blood pressure 140/90. Follow up in 2 weeks."""
FACTS = tuple(Known(statement, major=number in (3, 4, 5)) for number, statement in enumerate(read_statements(TRUTH)))


def test_the_truth_has_every_fact_and_nothing_else() -> None:
    judged = judge(read_statements(TRUTH), FACTS)
    assert len(FACTS) == 8
    assert None not in judged.recalled
    assert (judged.contradicted, judged.unsupported) == (0, 0)


@pytest.mark.parametrize(
    ("right", "wrong", "attribute"),
    [
        ("Left knee", "Right knee", "side"),
        ("Denies fever", "Has fever", "polarity"),
        ("20 mg", "40 mg", "value"),
        ("once daily", "twice daily", "frequency"),
        ("Mother", "Sister", "whom"),
        ("Stop ibuprofen", "Continue ibuprofen", "status"),
        ("140/90", "104/90", "value"),
        ("2 weeks", "2 months", "unit"),
        ("by mouth", "under the skin", "route"),
    ],
)
def test_one_changed_attribute_is_one_contradiction(right: str, wrong: str, attribute: str) -> None:
    judged = judge(read_statements(TRUTH.replace(right, wrong)), FACTS)
    assert judged.contradicted == judged.flips(attribute) == 1  # type: ignore[arg-type]
    assert judged.unsupported == 0
    assert judged.recalled.count(None) == 1


def test_what_is_left_open_contradicts_nothing() -> None:
    judged = judge(read_statements("Knee pain. Lisinopril."), FACTS)
    assert (judged.contradicted, judged.unsupported) == (0, 0)
    assert sum(place is not None for place in judged.recalled) == 2


def test_an_invention_is_unsupported_and_an_omission_is_not_recalled() -> None:
    judged = judge(read_statements(TRUTH.replace("Allergic to penicillin", "Has gout")), FACTS)
    assert (judged.contradicted, judged.unsupported) == (0, 1)
    assert [fact.statement.kind for fact, place in zip(FACTS, judged.recalled, strict=True) if place is None] == [
        "allergy"
    ]


def test_a_problem_may_be_the_patients_and_a_relatives() -> None:
    text = "Has asthma. Her mother had asthma."
    facts = [Known(one) for one in read_statements(text)]
    judged = judge(read_statements(text), facts)
    assert None not in judged.recalled
    assert judge(read_statements("Her father had asthma."), facts).contradicted == 1


def test_facts_survive_json() -> None:
    facts = tuple(Known(fact.statement, fact.major, "subjective", ((3, 9),)) for fact in FACTS)
    back = known(json.loads(json.dumps([plain(fact) for fact in facts])))
    assert [(one.statement.concept, one.statement.value, one.major, one.evidence) for one in back] == [
        (one.statement.concept, one.statement.value, one.major, one.evidence) for one in facts
    ]
