"""Runs of conversations from end to end: judged, gated on every trial, told apart, shown."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.conversation import Conversation, Tools, Turn
from evalkit.errors import MetricError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.repeats import hat_by_case
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import load_run, read_executions
from evalkit.report.html import render_html
from evalkit.tasks import load_spec, offline_agent, synthesize

SPEC = load_spec("patient_conversation@1.0.0")
GOLD = synthesize(SPEC, n=60, seed=7)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return evaluate(SPEC, GOLD, offline_agent(SPEC), trials=4, journal=tmp_path_factory.mktemp("runs") / "run.db")


def test_a_run_of_conversations_passes_the_boundary_with_every_turn_looked_at(run: Run) -> None:
    verdicts = {one.check_id: (one.verdict, one.passed) for one in run.checks}
    assert verdicts["disclosure"][0] == verdicts["tool_arguments"][0] == verdicts["other_patient"][0] == "pass"
    assert verdicts["disclosure"][1] >= 4 * len(GOLD)
    assert verdicts["minimum_necessary"][0] == verdicts["model_policy"][0] == "pass"
    assert not run.findings


def test_the_gate_on_every_trial_is_judged_on_pass_hat_k(run: Run) -> None:
    (result,) = [one for one in gate(run).results if one.name.startswith("task_done^4")]
    assert result.name == "task_done^4 >= 0.8"
    assert f"{100 * run.reliability().hat_k[3]:.1f} %" in result.what


def test_pass_hat_k_of_each_case_is_the_share_of_draws_that_are_all_right(run: Run) -> None:
    by_case = hat_by_case(run.table, "task_done", 3)
    assert by_case is not None
    values = np.array(
        [np.nan if one.value is None else float(one.value) for one in run.scores if one.metric == "task_done"]
    )
    for got, trials in zip(by_case, values.reshape(len(GOLD), 4), strict=True):
        if np.isnan(trials).any():
            assert np.isnan(got)
        else:
            assert got == pytest.approx(comb(int(trials.sum()), 3) / comb(4, 3))
    assert np.nanmean(by_case) == pytest.approx(run.reliability("task_done").hat_k[2])


def test_fewer_trials_than_the_gate_asks_for_decide_nothing(run: Run, tmp_path: Path) -> None:
    once = evaluate(SPEC, replace(GOLD, cases=GOLD.cases[:6]), offline_agent(SPEC), journal=tmp_path / "once.db")
    (result,) = [one for one in gate(once).results if one.name.startswith("task_done^4")]
    assert (result.verdict, result.what) == ("undecided", "the run has fewer than 4 trials a case")
    with pytest.raises(MetricError, match="right or wrong"):
        hat_by_case(run.table, "turns", 2)


def test_an_agent_that_greets_by_name_is_found_out_whatever_it_scores(tmp_path: Path) -> None:
    few = replace(GOLD, cases=GOLD.cases[:24])
    names = {case.case_id: case.facts[0]["patients"]["p1"]["name"] for case in few if case.facts}

    def greeting(conversation: Conversation, _tools: Tools) -> Turn:
        case_id = conversation.request.request_id.partition("#")[0]
        return Turn(f"Am I speaking with {names.get(case_id, 'somebody')}?", "done")

    run = evaluate(SPEC, few, greeting, journal=tmp_path / "run.db")
    assert run.estimate("disclosure_before_verification").value == 1
    checks = {one.check_id: one.verdict for one in run.checks}
    assert checks["disclosure"] == "fail"
    failed = {one.name for one in gate(run).results if one.verdict == "fail"}
    assert {"disclosure_before_verification = 0", "boundary: disclosure"} <= failed


def test_a_one_argument_agent_is_asked_by_requests_and_two_runs_are_compared(run: Run, tmp_path: Path) -> None:
    def deaf(_request: Request) -> Reply:
        return Reply("ok", {"say": "I will connect you.", "end": "transferred"})

    other = evaluate(SPEC, GOLD, deaf, trials=4, journal=tmp_path / "deaf.db")
    found = {one.metric: one.verdict for one in compare(run, other).differences if one.scope == "all"}
    assert found["task_done"] == "regressed"
    assert found["false_reject"] == "regressed"


def test_a_stored_run_gives_its_conversations_back_and_a_page_without_a_word_of_them(run: Run) -> None:
    assert run.path is not None
    again = load_run(str(run.path))
    talks = [one.talk for one in read_executions(again) if one.talk is not None]
    said = [exchange.heard for talk in talks for exchange in talk.exchanges if len(exchange.heard) > 40]
    assert len(talks) >= 4 * len(GOLD)
    page = render_html(again)
    assert not any(words in page for words in said)
