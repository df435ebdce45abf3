"""Repeated trials and concurrency: a leak once is a leak, scores are means, order and bytes never change."""

from __future__ import annotations

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.faulty import faulty
from evalkit.cases.case import GoldSet
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.executions.runner import Settings
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent

Specs = tuple[Spec, Spec]
pytestmark = pytest.mark.usefixtures("workspace")


def leaks_in_its_second_trial(spec: Spec):
    good, bad = offline_agent(spec), faulty(offline_agent(spec), "leak_output")

    def agent(request: Request) -> Reply:
        return (bad if request.request_id.endswith("#1") else good)(request)

    return agent


def test_one_leak_in_one_of_three_trials_fails_the_check(specs: Specs, gold: GoldSet) -> None:
    run = evaluate(specs[0], gold.cases[:8], leaks_in_its_second_trial(specs[0]), trials=3)
    leak = next(result for result in run.checks if result.check_id == "leak_output")
    assert leak.verdict == "fail"
    assert {found.trial for found in leak.findings} == {1}


def test_a_row_for_each_trial_and_an_estimate_for_each_case(specs: Specs, gold: GoldSet) -> None:
    run = evaluate(specs[0], gold.cases[:6], offline_agent(specs[0]), trials=3)
    assert len(run.scores) == 18
    assert run.scores.trials == (0, 1, 2) * 6
    assert run.estimate("refusal_accuracy").n == 6


def figures(run: Run) -> list[str]:
    return [str(one) for one in run.estimates]


@pytest.mark.parametrize("concurrency", [1, 3, 32])
def test_the_number_of_workers_changes_nothing(specs: Specs, gold: GoldSet, concurrency: int) -> None:
    alone = evaluate(specs[0], gold.cases[:20], offline_agent(specs[0]), settings=Settings(concurrency=1))
    many = evaluate(specs[0], gold.cases[:20], offline_agent(specs[0]), settings=Settings(concurrency=concurrency))
    assert many.scores == alone.scores
    assert many.checks == alone.checks
    assert list(many.traces) == list(alone.traces)
    assert figures(many) == figures(alone)


def test_an_awaited_agent_scores_like_a_called_one(specs: Specs, gold: GoldSet) -> None:
    inner = offline_agent(specs[0])

    async def awaited(request: Request) -> Reply:
        return inner(request)  # type: ignore[return-value]

    called = evaluate(specs[0], gold.cases[:12], inner)
    assert evaluate(specs[0], gold.cases[:12], awaited).scores == called.scores


def test_two_runs_of_several_trials_are_compared_on_case_means(specs: Specs, gold: GoldSet) -> None:
    runs = [evaluate(spec, gold.cases, offline_agent(spec), trials=2) for spec in specs]
    comparison = compare(*runs)
    assert comparison.head.n <= len(gold)
    case = next(d for d in comparison.differences if d.metric == "case_exact" and d.scope == "all")
    assert case.test in {"exact sign-flip mid-p", "McNemar mid-p"}
    assert comparison.verdict == "regressed"


def test_the_order_of_the_cases_does_not_change_the_digest_of_the_set(specs: Specs, gold: GoldSet) -> None:
    forth = GoldSet("a", gold.cases[:5])
    back = GoldSet("b", gold.cases[4::-1])
    assert forth.digest == back.digest


def test_an_edited_case_is_another_set(specs: Specs, gold: GoldSet) -> None:
    assert GoldSet("a", gold.cases[:5]).digest != GoldSet("a", gold.cases[1:6]).digest
