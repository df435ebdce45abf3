from __future__ import annotations

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Ratio
from evalkit.tasks import FAMILIES
from evalkit.tasks.openfamily import fields_exact, open_family


def case(**changes) -> Case:
    return Case(**{"case_id": "c", "family": "f", "input": {}, "flags": {}, "gold": {"a": 1, "b": [2]}} | changes)


def answered(output) -> Execution:
    from evalkit.agents.agent import Reply

    return Execution("c", 0, reply=Reply("ok", output=output))


def test_any_other_name_gives_an_open_family_and_is_not_kept():
    family = FAMILIES["a_family_of_ours"]
    assert family is open_family("a_family_of_ours")
    assert (family.name, family.rules, family.make_case, family.tables) == ("a_family_of_ours", None, None, ())
    assert "a_family_of_ours" not in FAMILIES
    assert "a_family_of_ours" not in list(FAMILIES)


def test_fields_are_compared_one_by_one():
    assert fields_exact(case(), answered({"a": 1, "b": [2], "c": 0})) == Ratio(2, 2)
    assert fields_exact(case(), answered({"a": 1, "b": 2})) == Ratio(1, 2)
    assert fields_exact(case(), answered({})) == Ratio(0, 2)


def test_nothing_is_compared_without_a_gold_answer():
    assert fields_exact(case(gold={}), answered({"a": 1})) is None
    assert fields_exact(case(refusal="NO_CONSENT"), answered({"a": 1})) is None
