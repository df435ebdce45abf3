"""The store of runs: found again, resumed, and never mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import GoldSet
from evalkit.errors import JournalError
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import list_runs, load_run, read_executions
from evalkit.evaluation.workspace import Workspace
from evalkit.executions.runner import Budget, Settings
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent

Specs = tuple[Spec, Spec]


def workspace_of(run: Run) -> Workspace:
    assert run.path is not None
    return Workspace(run.path.parents[1])


def test_a_stored_run_is_the_run_that_was_made(runs: tuple[Run, Run]) -> None:
    made = runs[0]
    stored = load_run(made.header.run_id, workspace=workspace_of(made))
    assert stored.header == made.header
    assert stored.scores == made.scores
    assert stored.checks == made.checks
    assert stored.baselines == made.baselines
    assert stored.spec.content_sha == made.spec.content_sha
    assert repr(stored.estimates) == repr(made.estimates)  # nan is not equal to itself


def test_a_run_is_found_by_id_prefix_and_version(runs: tuple[Run, Run]) -> None:
    space = workspace_of(runs[0])
    for ref in (runs[1].header.run_id, runs[1].header.run_id[:-3], "billing_codes@2.0.0"):
        assert load_run(ref, workspace=space).header == runs[1].header
    assert load_run("billing_codes", version="1.0.0", workspace=space).header == runs[0].header


def test_an_unknown_run_is_one_clear_line(workspace: Path) -> None:
    with pytest.raises(JournalError, match="evalkit runs"):
        load_run("nowhere@1.0.0", workspace=Workspace(workspace))


def test_runs_are_listed_newest_first(runs: tuple[Run, Run]) -> None:
    listed = list_runs(workspace_of(runs[0]))
    assert {header.run_id for header in listed} == {run.header.run_id for run in runs}
    assert [h.created_at for h in listed] == sorted((h.created_at for h in listed), reverse=True)


def test_traces_name_rows_of_the_spec(runs: tuple[Run, Run], specs: Specs) -> None:
    assert len(runs[0].traces) == len(runs[0].casewise.case_ids)
    assert frozenset().union(*runs[0].traces) <= set(specs[0].rows())
    again = load_run(runs[0].header.run_id, workspace=workspace_of(runs[0])).traces
    assert list(again) == list(runs[0].traces)


def test_an_interrupted_evaluation_goes_on_where_it_stopped(specs: Specs, gold: GoldSet, workspace: Path) -> None:
    calls: list[str] = []
    inner = offline_agent(specs[0])

    def counted(request: Request) -> Reply:
        calls.append(request.request_id)
        if len(calls) == 8 and not (workspace / "interrupted").exists():
            (workspace / "interrupted").touch()
            raise KeyboardInterrupt
        return inner(request)  # type: ignore[return-value]

    settings = Settings(concurrency=1)
    with pytest.raises(KeyboardInterrupt):
        evaluate(specs[0], gold.cases[:10], counted, settings=settings)
    assert list((workspace / "runs" / "partial").glob("*.db"))
    first = len(calls)
    run = evaluate(specs[0], gold.cases[:10], counted, settings=settings)
    total = 10 + run.header.probes
    assert sum(1 for _ in read_executions(run)) == total
    assert total <= len(calls) <= total + 1
    assert first < total
    assert not list((workspace / "runs" / "partial").glob("*.db"))


@pytest.mark.usefixtures("workspace")
def test_a_finished_evaluation_is_made_anew_and_not_taken_from_the_store(specs: Specs, gold: GoldSet) -> None:
    calls: list[str] = []
    inner = offline_agent(specs[0])

    def counted(request: Request) -> Reply:
        calls.append(request.request_id)
        return inner(request)  # type: ignore[return-value]

    first = evaluate(specs[0], gold.cases[:5], counted)
    before = len(calls)
    second = evaluate(specs[0], gold.cases[:5], counted)
    assert len(calls) == 2 * before
    assert first.header.run_id != second.header.run_id


@pytest.mark.usefixtures("workspace")
def test_a_run_that_a_budget_stopped_is_kept_as_incomplete(specs: Specs, gold: GoldSet) -> None:
    run = evaluate(specs[0], gold.cases[:10], offline_agent(specs[0]), settings=Settings(budget=Budget(calls=3)))
    assert load_run(run.header.run_id).incomplete == run.incomplete > 0


def test_a_run_file_is_for_its_owner_alone(runs: tuple[Run, Run]) -> None:
    assert runs[0].path is not None
    assert runs[0].path.stat().st_mode & 0o777 == 0o600
