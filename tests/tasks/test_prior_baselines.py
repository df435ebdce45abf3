"""Agents that read nothing, against answers counted by hand."""

from __future__ import annotations

from typing import Any

from evalkit.agents.agent import Agent, Reply, Request
from evalkit.cases.case import Case
from evalkit.tasks.prior_authorization.baselines import ANSWERED_AFTER, BASELINES, approve_all, majority, refuse_all
from evalkit.tasks.prior_authorization.policy import TURNAROUND_DAYS

REQUEST = Request("r", "prior_authorization@1.0.0", {}, {})


def due(decision: str, refusal: str | None = None, /, **statuses: str) -> Case:
    criteria = [{"id": name, "status": status, "evidence": []} for name, status in statuses.items()]
    return Case("c", "prior_authorization", {}, {}, {"decision": decision, "criteria": criteria}, refusal=refusal)


def answer(agent: Agent) -> dict[str, Any]:
    reply = agent(REQUEST)
    assert isinstance(reply, Reply)
    assert reply.status == "ok"
    return dict(reply.output or {})


def statuses(output: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["status"] for one in output["criteria"]}


def test_the_majority_counts_decisions_and_each_criterion_for_itself() -> None:
    cases = [due("pend", C2="met", C1="met"), due("approve", C1="met"), due("pend", C1="insufficient", C2="not_met"),
             due("approve", C2="not_met"), due("pend", C1="met")]  # fmt: skip
    output = answer(majority(cases))
    assert output["decision"] == "pend"
    assert statuses(output) == {"C1": "met", "C2": "not_met"}
    assert [one["id"] for one in output["criteria"]] == ["C1", "C2"]


def test_of_two_that_are_as_common_the_earlier_one_is_given() -> None:
    assert answer(majority([due("approve"), due("pend")]))["decision"] == "approve"
    assert answer(majority([due("pend"), due("approve")]))["decision"] == "pend"


def test_what_must_be_refused_is_not_counted() -> None:
    cases = [due("approve", "NO_CHART", C1="met"), due("approve", "NO_CHART"), due("refer_to_clinician", C3="not_met")]
    output = answer(majority(cases))
    assert (output["decision"], statuses(output)) == ("refer_to_clinician", {"C3": "not_met"})
    assert answer(majority(cases[:2]))["decision"] == "pend"


def test_to_approve_all_every_criterion_that_was_ever_asked_is_met() -> None:
    output = answer(approve_all([due("pend", C1="insufficient"), due("refer_to_clinician", R1="not_met")]))
    assert (output["decision"], statuses(output)) == ("approve", {"C1": "met", "R1": "met"})


def test_no_baseline_cites_asks_for_more_or_doubts() -> None:
    for name in ("majority", "approve-all"):
        output = answer(BASELINES[name]([due("pend", C1="insufficient")]))
        assert (output["missing"], output["letter"], output["needs_review"]) == ([], [], False)
        assert not [one for one in output["criteria"] if one["evidence"]]
        assert output["due_in_days"] == ANSWERED_AFTER == TURNAROUND_DAYS["standard"]


def test_refuse_all_says_one_code_whatever_it_was_shown() -> None:
    for cases in ([], [due("approve", C1="met")]):
        reply = refuse_all(cases)(REQUEST)
        assert isinstance(reply, Reply)
        assert reply.refusal is not None
        assert (reply.status, reply.refusal.code, reply.output) == ("refused", "CONSENT_MISSING", None)
