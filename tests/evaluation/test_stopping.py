"""Evaluations that stop when decided: fewer calls, a decision that holds, and no verdict beyond it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import StatisticsError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.evaluation.runs import load_run, read_executions
from evalkit.evaluation.stopping import Watch, ask_until_decided, watch
from evalkit.executions.execution import Execution
from evalkit.executions.runner import Budget, Settings
from evalkit.spec.schema import Gate, Spec
from evalkit.tasks import offline_agent

Build = Callable[..., Run]
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


# The parts of a watch, with answers that are made up: the metric says what stands in the output

Asked = Callable[[Sequence[Case]], tuple[Execution, ...]]


def by_note(_case: Case, execution: Execution) -> bool | None:
    assert execution.reply is not None
    return execution.reply.output["right"]  # type: ignore[index,no-any-return]


def case(case_id: str, cluster: str = "") -> Case:
    return Case(case_id, "billing_codes", {"note": "n"}, {}, {"lines": []}, cluster=cluster)


def answers(right: dict[str, bool | None], *, otherwise: bool = True) -> Asked:
    def ask(cases: Sequence[Case]) -> tuple[Execution, ...]:
        return tuple(
            Execution(one.case_id, 0, Reply("ok", {"right": right.get(one.case_id, otherwise)})) for one in cases
        )

    return ask


def watching(build: Build, cases: Sequence[Case], column: Sequence[bool | None], **changes: Any) -> Watch:
    given = {"case_ids": [one.case_id for one in cases]}
    return Watch(build({"m": column}, given=given, **changes), by_note, 0.02)


def test_changes_are_means_by_cluster_and_turned_where_low_is_better(build: Build) -> None:
    batch = [case("a", "p"), case("b", "p"), case("c", "q"), case("d", "r")]
    ask = answers({"a": False, "c": True, "d": True})
    for low, sign in ((frozenset(), 1), (frozenset({"m"}), -1)):
        watch_ = watching(build, batch, [True, True, False, True], lower_is_better=low)
        assert watch_.changes(batch, ask(batch)) == [sign * -0.5, sign * 1.0, 0.0]


def test_a_case_that_one_side_judged_is_missing_and_one_that_neither_did_is_none_at_all(build: Build) -> None:
    batch = [case("a"), case("b"), case("c")]
    found = watching(build, batch, [None, None, True]).changes(batch, answers({"a": None, "c": False})(batch))
    assert len(found) == 2
    assert math.isnan(found[0])
    assert found[1] == -1.0


def test_cases_are_drawn_by_their_ids_and_whole_clusters_together(build: Build) -> None:
    cases = [case(f"c-{place:03d}", f"p-{place // 4}") for place in range(200)]
    turned = answers({}, otherwise=False)
    drawn: list[list[str]] = []

    def ask(batch: Sequence[Case]) -> tuple[Execution, ...]:
        drawn.append([one.case_id for one in batch])
        return turned(batch)

    watch_ = watching(build, cases, [True] * 200)
    found = ask_until_decided(GoldSet("g", tuple(cases)), [], ask, watching=watch_)
    again = ask_until_decided(GoldSet("g", tuple(cases[::-1])), [], ask, watching=watch_)
    assert found.stopped == again.stopped
    assert found.stopped is not None
    assert (found.stopped.decision, found.stopped.cases) == ("regressed", len(found.cases))
    assert 25 <= len(drawn[0]) < 25 + 4
    by_cluster = Counter(one.cluster_id for one in found.cases)
    assert set(by_cluster.values()) == {4}
    assert [one.case_id for one in found.cases] == sorted(one.case_id for one in found.cases)
    assert {one.case_id for one in found.cases} == {one.case_id for one in again.cases}


def test_probes_are_asked_last_and_what_comes_back_keeps_the_order_of_the_set(build: Build) -> None:
    cases, probe = [case(f"c-{place}") for place in range(60)], case("probe")
    found = ask_until_decided(
        GoldSet("g", tuple(cases)), [probe], answers({}, otherwise=False), watching=watching(build, cases, [True] * 60)
    )
    ids = [done.case_id for done in found.executions]
    assert ids == [*(one.case_id for one in found.cases), "probe"]


def test_too_many_missing_answers_decide_nothing_and_the_last_case_stops_nothing(build: Build) -> None:
    cases = [case(f"c-{place:02d}") for place in range(60)]
    gaps: dict[str, bool | None] = {one.case_id: None for one in cases[::5]}
    watch_ = watching(build, cases, [True] * 60)
    gold = GoldSet("g", tuple(cases))
    short = ask_until_decided(gold, [], answers(gaps, otherwise=False), watching=watch_)
    assert (short.stopped, len(short.cases)) == (None, 60)
    few = [case(f"c-{place:02d}") for place in range(25)]
    whole = ask_until_decided(
        GoldSet("g", tuple(few)), [], answers({}, otherwise=False), watching=watching(build, few, [True] * 25)
    )
    assert (whole.stopped, len(whole.cases)) == (None, 25)


@pytest.mark.parametrize(
    ("gates", "margin"),
    [
        ((), 0.02),
        ((Gate(metric="line_exact", min=0.9),), 0.02),
        (
            (
                Gate(metric="line_exact", max_drop=0.05, versus="x"),
                Gate(metric="line_exact", max_drop=0.03, versus="y"),
            ),
            0.03,
        ),
        ((Gate(metric="line_exact", max_drop=0.01, versus="x", scope="tag:t"),), 0.02),
        ((Gate(metric="case_exact", max_drop=0.01, versus="x"),), 0.02),
    ],
)
def test_the_margin_is_the_smallest_drop_that_the_spec_forbids_of_the_head(
    build: Build, specs: Specs, gates: tuple[Gate, ...], margin: float
) -> None:
    gold = GoldSet("g", (case("a"),))
    baseline = build({"line_exact": [True]}, about={"dataset_digest": gold.digest})
    assert watch(replace(specs[0], gates=gates), gold, baseline, settings=Settings()).margin == margin
