"""The shipped specs of notes on made up visits: what the agent gets right, what it does not, and what an edit moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalkit.agents.agent import Request
from evalkit.cases.case import Case, GoldSet
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.spec.schema import Spec
from evalkit.tasks import FAMILIES, load_spec, offline_agent, read_spec, synthesize

FAMILY = FAMILIES["note_summary"]


@pytest.fixture(scope="module")
def visits() -> GoldSet:
    return synthesize(load_spec("note_summary@1.1.0"), n=60, seed=7)


@pytest.fixture(scope="module")
def runs(visits: GoldSet) -> dict[str, Run]:
    specs = [load_spec(f"note_summary@{version}") for version in ("1.0.0", "1.1.0")]
    return {spec.version: evaluate(spec, visits, offline_agent(spec)) for spec in specs}


def written(spec: Spec, case: Case) -> str:
    request = Request("r-1", spec.ref, case.input, case.flags, purpose_of_use=case.purpose_of_use)
    return str(offline_agent(spec)(request).output["note"])  # type: ignore[union-attr, index]


def test_every_gate_names_a_metric_of_the_family() -> None:
    for version in ("1.0.0", "1.1.0"):
        assert {rule.metric for rule in load_spec(f"note_summary@{version}").gates} <= set(FAMILY.metrics)


def test_no_boundary_check_fails_and_every_refusal_is_right(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert [check.check_id for check in run.checks if check.verdict in ("fail", "error")] == []
        assert run.estimate("refusal_accuracy").value == 1.0


def test_the_agent_is_neither_perfect_nor_bad(runs: dict[str, Run]) -> None:
    run = runs["1.1.0"]
    assert 0.4 < run.estimate("fact_recall").value < 0.8
    assert run.estimate("contradicted_facts").value < 0.06
    assert run.estimate("dose_exact").value > 0.85
    assert run.estimate("citation_precision").value > 0.8


@pytest.mark.parametrize(
    ("metric", "holds"),
    [
        ("fact_recall", lambda copy, agent: copy > agent),
        ("contradicted_facts", lambda copy, agent: copy > 3 * agent),
        ("compression", lambda copy, _: copy == 1.0),
        ("section_placement", lambda copy, _: copy == 0.0),
    ],
)  # fmt: skip
def test_a_copied_talk_recalls_more_and_pays_for_it(
    runs: dict[str, Run], metric: str, holds: Callable[[float, float], bool]
) -> None:
    run = runs["1.1.0"]
    assert holds(run.baselines["copy"][metric], run.estimate(metric).value)


def test_the_clinicians_note_is_right_by_every_typed_fact(runs: dict[str, Run]) -> None:
    human = runs["1.1.0"].baselines["human-reference"]
    assert [human[name] for name in ("fact_recall", "major_fact_recall", "dose_exact", "section_placement")] == [
        1.0
    ] * 4
    assert [human[name] for name in ("contradicted_facts", "unsupported_facts", "negation_flips")] == [0.0] * 3


def test_examples_move_sections_and_no_fact(runs: dict[str, Run]) -> None:
    moved = {one.metric: one for one in compare(runs["1.0.0"], runs["1.1.0"]).differences if one.scope == "all"}
    assert moved["section_placement"].verdict == "improved"
    assert abs(moved["fact_recall"].effect) < 0.02
    assert abs(moved["contradicted_facts"].effect) < 0.01


def test_a_floor_that_the_cases_cannot_show_is_undecided_or_failed_and_never_passed(runs: dict[str, Run]) -> None:
    verdicts = {result.name: result.verdict for result in gate(runs["1.1.0"]).results}
    assert verdicts
    assert all(verdict in ("pass", "fail", "undecided") for verdict in verdicts.values())
    assert gate(runs["1.1.0"]).verdict != "incomplete"


def test_an_aside_is_written_down_once_the_spec_no_longer_bans_it(visits: GoldSet) -> None:
    spec = load_spec("note_summary@1.1.0")
    kept = spec.source.replace("- between you and me\n", "").replace(
        "| habits     | smoke;", "| habits     | sleeping pills; smoke;"
    )
    edited = read_spec(kept, path="edited.md")
    talk = "[patient] between you and me , i took a few of my wife's sleeping pills\n[doctor] okay"
    case = next(case for case in visits if case.refusal is None)
    said = Case(**{**{name: getattr(case, name) for name in ("case_id", "family", "flags", "gold", "purpose_of_use")},
                   "input": {**case.input, "dialogue": talk}})  # fmt: skip
    assert "sleeping pills" not in written(spec, said)
    assert "sleeping pills" in written(edited, said)
