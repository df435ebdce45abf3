from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Reply
from evalkit.agents.faulty import FAULTS, faulty
from evalkit.agents.guard import Guard
from evalkit.boundary import envelopes, strangers, suite
from evalkit.boundary.finding import CheckResult, Finding, Rule
from evalkit.boundary.probes import make_probes, unprobed
from evalkit.boundary.suite import ALL, check
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Failure
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, synthesize

Judge = Callable[[Any, Sequence[Case]], dict[str, CheckResult]]
JudgeSpec = Callable[[Spec, Any, Sequence[Case]], dict[str, CheckResult]]

CAUGHT_BY = {
    "leak_output": {"leak_output"},
    "leak_undeclared": {"leak_output", "declared_output"},
    "leak_evidence": {"leak_evidence"},
    "leak_error": {"leak_error"},
    "leak_log": {"leak_log"},
    "echo_in_refusal": {"leak_refusal", "refusal_shape"},
    "wrong_code": {"refusal_code", "refusal_shape"},
    "invent_evidence": {"evidence_spans"},
    "break_schema": {"output_schema"},
    "ignore_consent": {"consent"},
    "ignore_purpose": {"consent", "purpose"},
    "accept_bad_identifier": {"identifiers"},
    "accept_future_date": {"dates"},
    "accept_wrong_patient": {"one_patient"},
    "accept_forbidden_field": {"fields"},
    "accept_anything": {"consent", "purpose", "identifiers", "dates", "one_patient", "fields", "content"},
    "read_leniently": {"fields"},
    "oversend": {"minimum_necessary"},
    "call_before_refusing": {"no_model_call"},
    "uncovered_model": {"model_policy"},
}
"""Fault -> the rules that must catch it, and no other may."""


def failed(results: dict[str, CheckResult]) -> set[str]:
    return {name for name, result in results.items() if result.verdict == "fail"}


@pytest.fixture(scope="module")
def everything(spec: Spec, cases: tuple[Case, ...]) -> tuple[Case, ...]:
    return (*cases, *make_probes(spec, cases))


def test_a_good_agent_passes_every_rule(good: Guard, everything: tuple[Case, ...], judge: Judge) -> None:
    results = judge(good, everything)
    assert {name: result.findings for name, result in results.items() if result.verdict == "fail"} == {}
    assert {name for name, result in results.items() if result.verdict != "pass"} == {"leak_error"}
    assert results["leak_error"].not_applicable == len(everything), "nothing failed, so no error was there to search"
    assert all(result.not_observed == 0 for result in results.values())


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_every_fault_is_caught_by_its_own_rules(
    good: Guard, everything: tuple[Case, ...], judge: Judge, fault: str
) -> None:
    results = judge(faulty(good, fault), everything)
    assert failed(results) == CAUGHT_BY[fault]
    assert all(result.error is None for result in results.values())


def test_every_rule_is_proven_by_a_fault() -> None:
    about_cases = {rule.check_id for rule in (*strangers.RULES, *envelopes.RULES)}  # proven in tests of their own
    assert set().union(*CAUGHT_BY.values()) | about_cases == {rule.check_id for rule in ALL}


def test_every_fault_that_breaks_a_boundary_is_tried() -> None:
    assert set(FAULTS) - set(CAUGHT_BY) == {"crash", "flaky"}


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_no_finding_shows_a_value(good: Guard, everything: tuple[Case, ...], judge: Judge, fault: str) -> None:
    shown = str([result.findings for result in judge(faulty(good, fault), everything).values()])
    values = [known.value for case in everything for known in case.identifiers]
    assert [value for value in values if value in shown] == []
    assert "Name:" not in shown


def test_an_agent_that_crashes_passes_nothing_that_needs_an_answer(
    good: Guard, everything: tuple[Case, ...], judge: Judge
) -> None:
    results = judge(faulty(good, "crash"), everything)
    about_cases = {rule.check_id for rule in (*strangers.RULES, *envelopes.RULES)}
    passed = {name for name, result in results.items() if result.verdict == "pass"}
    assert passed - about_cases == {"leak_error", "leak_log"}
    assert results["consent"].verdict == "not_observed"


def test_evidence_is_a_digest_that_moves_with_what_was_judged(
    good: Guard, cases: tuple[Case, ...], judge: Judge
) -> None:
    first, again = judge(good, cases), judge(good, cases)
    other = judge(faulty(good, "leak_log"), cases)
    assert {name: one.evidence for name, one in first.items()} == {name: one.evidence for name, one in again.items()}
    assert all(first[name].evidence != other[name].evidence for name in first), "another execution, another evidence"
    assert all(len(one.evidence) == 64 for one in first.values())
    assert "Ostrander" not in str(first)


def test_what_is_clean_leaves_a_share_of_breaches_possible(good: Guard, cases: tuple[Case, ...], judge: Judge) -> None:
    results = judge(good, cases)
    assert results["leak_output"].possible == "45.1 %", "1 - 0.05^(1/5)"
    assert results["leak_error"].possible == ""
    assert judge(faulty(good, "leak_output"), cases)["leak_output"].possible == ""


def test_one_breach_among_many_is_a_breach(good: Guard, everything: tuple[Case, ...], judge: Judge) -> None:
    results = judge(faulty(good, "leak_output", rate=0.3, seed=1), everything)
    assert results["leak_output"].verdict == "fail"
    assert 0 < results["leak_output"].failed < len(everything)
    assert results["leak_output"].passed > 0


def test_rules_are_named_once_and_cite_their_law() -> None:
    assert len({rule.check_id for rule in ALL}) == len(ALL)
    assert all("CFR" in rule.citation and rule.title and rule.check.__doc__ for rule in ALL)  # type: ignore[attr-defined]
    text = " ".join(rule.title + str(rule.check.__doc__) for rule in ALL)
    assert "compliant" not in text.lower()


def test_a_rule_that_raises_is_an_error_and_the_others_go_on(spec: Spec, cases: tuple[Case, ...]) -> None:
    def broken(_spec: Spec, case: Case, _execution: Execution) -> Sequence[Finding]:
        if case is cases[1]:
            raise KeyError("Quillan Ostrander")
        return ()

    rules = (Rule("broken", "Breaks", "45 CFR 164", broken), ALL[-1])
    executions = [Execution(case.case_id, 0, Reply("ok", {}, model_id="rules/offline")) for case in cases]
    first, second = check(spec, zip(cases, executions, strict=True), rules=rules)
    assert (first.verdict, first.error, first.passed) == ("error", "KeyError", 1)
    assert (second.verdict, second.passed) == ("pass", 5)


def test_an_execution_that_was_never_made_proves_nothing(spec: Spec, cases: tuple[Case, ...]) -> None:
    left_out = Execution(cases[0].case_id, 0, None, Failure("NotRun"), attempts=0)
    results = check(spec, [(cases[0], left_out)])
    assert {(result.passed, result.not_observed) for result in results} == {(0, 1)}


def test_results_come_in_the_order_of_the_rules_and_without_executions_prove_nothing(spec: Spec) -> None:
    results = check(spec, [])
    assert [result.check_id for result in results] == [rule.check_id for rule in ALL]
    assert {result.verdict for result in results} == {"not_observed"}


def test_no_identifier_is_kept_in_memory_when_the_check_is_done(
    good: Guard, cases: tuple[Case, ...], judge: Judge
) -> None:
    judge(good, cases)
    assert suite.sinks.needles_of.cache_info().currsize == 0


def test_the_shipped_billing_spec_catches_every_fault_that_it_can_have(root: Path, judge_spec: JudgeSpec) -> None:
    spec = load_spec(root / "specs" / "billing_codes" / "1.0.0.md")
    cases = synthesize(spec, n=20, seed=3).cases
    probes = make_probes(spec, cases)
    everything = (*cases, *probes)
    assert unprobed(spec, probes) == ()
    good = offline_agent(spec)
    assert failed(judge_spec(spec, good, everything)) == set()
    for fault in CAUGHT_BY.keys() - {"accept_wrong_patient"}:
        expected = CAUGHT_BY[fault] - {"one_patient", "content"}
        assert failed(judge_spec(spec, faulty(good, fault), everything)) >= expected, fault
