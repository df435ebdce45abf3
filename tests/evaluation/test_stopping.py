"""Evaluations that stop when decided: fewer calls, a decision that holds, and no verdict beyond it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.cases.case import GoldSet
from evalkit.errors import StatisticsError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import load_run, read_executions
from evalkit.executions.runner import Budget, Settings
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent

Specs = tuple[Spec, Spec]


@pytest.fixture(scope="module")
def stopped(runs: tuple[Run, Run], specs: Specs, gold: GoldSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    place = tmp_path_factory.mktemp("stopped") / "run.db"
    return evaluate(specs[1], gold, offline_agent(specs[1]), baseline=runs[0], stop_when_decided=True, journal=place)


def test_a_regression_stops_the_run_before_its_last_case(stopped: Run, gold: GoldSet) -> None:
    assert stopped.stopped is not None
    assert stopped.stopped.decision == "regressed"
    assert stopped.stopped.cases == len(stopped.table.case_ids) < len(gold)
    assert stopped.stopped.e_value >= 20
    assert "stopped after" in stopped.sentence()


def test_the_cases_asked_keep_the_order_of_the_gold_set(stopped: Run, gold: GoldSet) -> None:
    asked = set(stopped.table.case_ids)
    assert stopped.table.case_ids == tuple(case.case_id for case in gold if case.case_id in asked)


def test_what_was_not_needed_was_not_asked_and_every_probe_was(stopped: Run, gold: GoldSet) -> None:
    asked = {done.case_id for done in read_executions(stopped)}
    cases = {case.case_id for case in gold}
    assert asked & cases == set(stopped.table.case_ids)
    assert len(asked - cases) == stopped.header.probes > 0


def test_a_stopped_run_is_kept_with_its_reason(stopped: Run) -> None:
    again = load_run(str(stopped.path))
    assert again.stopped == stopped.stopped
    assert again.table.case_ids == stopped.table.case_ids
    assert list(again.traces) == list(stopped.traces)


def test_comparing_it_brings_the_baseline_down_to_its_cases(stopped: Run, runs: tuple[Run, Run]) -> None:
    found = compare(runs[0], stopped)
    assert stopped.stopped is not None
    assert found.verdict == "regressed"
    assert found.head.test == "e-process"
    assert found.head.p_adjusted == pytest.approx(1 / stopped.stopped.e_value)
    assert {one.verdict for one in found.differences[1:]} == {"undecided"}
    assert any("stopped after" in warning for warning in found.warnings)
    assert {change.case_id for change in found.changes} <= set(stopped.table.case_ids)


def test_its_gates_fail_on_the_drop_and_pass_no_floor(stopped: Run, runs: tuple[Run, Run]) -> None:
    report = gate(stopped, runs[0])
    verdicts = {result.name: result.verdict for result in report.results if not result.name.startswith("boundary")}
    assert verdicts["line_exact drop <= 2 points versus production"] == "fail"
    assert "pass" not in {verdict for name, verdict in verdicts.items() if "drop" not in name}


def test_another_baseline_leaves_the_comparison_open(stopped: Run, runs: tuple[Run, Run]) -> None:
    assert compare(runs[1], stopped).verdict == "undecided"


def test_the_same_version_runs_to_the_end_and_is_no_regression(
    runs: tuple[Run, Run], specs: Specs, gold: GoldSet, tmp_path: Path
) -> None:
    run = evaluate(
        specs[0], gold, offline_agent(specs[0]), baseline=runs[0], stop_when_decided=True, journal=tmp_path / "r.db"
    )
    assert run.stopped is None or run.stopped.decision == "noninferior"
    assert compare(runs[0], run).verdict != "regressed"


def test_stopping_needs_a_baseline_on_all_of_the_cases(
    runs: tuple[Run, Run], stopped: Run, specs: Specs, gold: GoldSet
) -> None:
    agent = offline_agent(specs[1])
    with pytest.raises(StatisticsError, match="give a baseline"):
        evaluate(specs[1], gold, agent, stop_when_decided=True)
    with pytest.raises(StatisticsError, match="not made on all of these cases"):
        evaluate(specs[1], gold.cases[:20], agent, baseline=runs[0], stop_when_decided=True)
    with pytest.raises(StatisticsError, match="not made on all of these cases"):
        evaluate(specs[1], gold, agent, baseline=stopped, stop_when_decided=True)


def test_a_budget_beside_it_is_refused(runs: tuple[Run, Run], specs: Specs, gold: GoldSet) -> None:
    settings = Settings(budget=Budget(calls=50))
    with pytest.raises(StatisticsError, match="budget"):
        evaluate(specs[1], gold, offline_agent(specs[1]), baseline=runs[0], stop_when_decided=True, settings=settings)


def test_a_full_baseline_on_fewer_cases_is_still_refused(runs: tuple[Run, Run], stopped: Run) -> None:
    with pytest.raises(StatisticsError, match="different cases"):
        compare(stopped, runs[1])
