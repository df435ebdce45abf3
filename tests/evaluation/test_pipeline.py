"""The pipeline: every case and probe is run, judged and kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.faulty import faulty
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import CaseError, MetricError
from evalkit.evaluation.pipeline import admit, evaluate, pair
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import read_executions
from evalkit.executions.execution import Execution
from evalkit.executions.runner import Budget, Settings
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent

Specs = tuple[Spec, Spec]


def cites_the_note(case: Case, execution: Execution) -> bool | None:
    return all(line.evidence for line in execution.output.lines) if execution.output else None


def test_every_case_is_scored_and_every_probe_is_checked(runs: tuple[Run, Run], gold: GoldSet) -> None:
    run = runs[0]
    assert run.casewise.case_ids == tuple(case.case_id for case in gold)
    assert run.header.probes > 0
    judged = next(result for result in run.checks if result.passed)
    assert judged.passed + judged.failed + judged.not_applicable + judged.not_observed == len(gold) + run.header.probes


def test_the_guarded_offline_agent_breaks_no_boundary(runs: tuple[Run, Run]) -> None:
    for run in runs:
        assert run.findings == ()
        assert all(result.error is None for result in run.checks)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "fault", ["leak_output", "leak_undeclared", "leak_error", "leak_log", "ignore_consent", "oversend"]
)
def test_a_faulty_agent_is_caught(specs: Specs, gold: GoldSet, fault: str) -> None:
    run = evaluate(specs[0], gold.cases[:12], faulty(offline_agent(specs[0]), fault))
    assert any(result.verdict == "fail" for result in run.checks)


@pytest.mark.usefixtures("workspace")
def test_a_metric_of_ones_own_stands_beside_those_of_the_family(specs: Specs, gold: GoldSet) -> None:
    run = evaluate(specs[0], gold.cases[:10], offline_agent(specs[0]), metrics=[cites_the_note])
    assert run.estimate("cites_the_note").value == 1.0
    assert run.estimate("line_exact").n > 0


@pytest.mark.usefixtures("workspace")
def test_two_metrics_of_one_name_are_refused(specs: Specs, gold: GoldSet) -> None:
    def line_exact(case: Case, execution: Execution) -> bool:
        return True

    with pytest.raises(MetricError, match="line_exact"):
        evaluate(specs[0], gold.cases[:3], offline_agent(specs[0]), metrics=[line_exact])


@pytest.mark.usefixtures("workspace")
def test_an_agent_that_raises_is_an_error_in_every_score_and_never_fatal(specs: Specs, gold: GoldSet) -> None:
    def broken(request: Request) -> Reply:
        raise RuntimeError("down")

    run = evaluate(specs[0], gold.cases[:5], broken)
    assert run.estimate("refusal_accuracy").errors == 5 if "refusal_accuracy" in run.casewise.columns else True
    assert set(run.scores.errors["line_exact"].values()) == {"agent:RuntimeError"}


@pytest.mark.usefixtures("workspace")
def test_a_run_that_a_budget_stops_says_what_was_left_undone(specs: Specs, gold: GoldSet) -> None:
    settings = Settings(concurrency=1, budget=Budget(calls=4))
    run = evaluate(specs[0], gold.cases[:10], offline_agent(specs[0]), settings=settings)
    assert run.incomplete > 0
    assert run.incomplete + sum(1 for _ in read_executions(run)) == 10 + run.header.probes


def test_no_cases_double_ids_and_foreign_cases_are_refused(specs: Specs, gold: GoldSet) -> None:
    with pytest.raises(CaseError, match="no cases"):
        admit(specs[0], [])
    with pytest.raises(CaseError, match="one id"):
        admit(specs[0], [gold[0], gold[0]])
    with pytest.raises(CaseError, match="1 of 2"):
        admit(specs[0], [gold[0], replace(gold[1], family="note_summary")])


def test_executions_of_other_cases_are_left_out_of_the_pairs(gold: GoldSet) -> None:
    done = [Execution(case.case_id, 0, Reply("ok")) for case in gold.cases[:3]]
    assert [case.case_id for case, _ in pair(gold.cases[1:2], done)] == [gold[1].case_id]


def test_nothing_of_a_case_stands_in_clear_in_the_workspace(specs: Specs, gold: GoldSet, workspace: Path) -> None:
    evaluate(specs[0], gold.cases[:10], faulty(offline_agent(specs[0]), "leak_error"))
    stored = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    assert stored
    for case in gold.cases[:10]:
        for known in case.identifiers:
            assert known.value.encode() not in stored, known.needle_id
        assert str(case.input["note_text"])[:60].encode() not in stored
