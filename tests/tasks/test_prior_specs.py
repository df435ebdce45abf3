"""The shipped prior authorization specs: good and not perfect, and an edit that only the safety metric sees."""

from __future__ import annotations

import re

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import GoldSet
from evalkit.evaluation.casewise import point_estimates
from evalkit.evaluation.scoretable import tabulate
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import score
from evalkit.phi.leaks import find_leaks
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent, read_spec, shipped_root, synthesize
from evalkit.tasks.prior_authorization.facts import REFUSALS
from evalkit.tasks.prior_authorization.metrics import METRICS
from evalkit.tasks.prior_authorization.phrases import BANKS
from evalkit.tasks.prior_authorization.policy import CRITERIA, SERVICES, TURNAROUND_DAYS
from evalkit.tasks.reading import heard_among, read_sentences

VERSIONS = ("1.0.0", "2.0.0")


def shipped(version: str) -> Spec:
    path = shipped_root() / "specs" / "prior_authorization" / f"{version}.md"
    return read_spec(path.read_bytes(), path=path.name)


@pytest.fixture(scope="module")
def specs() -> dict[str, Spec]:
    return {version: shipped(version) for version in VERSIONS}


@pytest.fixture(scope="module")
def gold(specs: dict[str, Spec]) -> GoldSet:
    return synthesize(specs["1.0.0"], n=400, seed=7)


@pytest.fixture(scope="module")
def replies(specs: dict[str, Spec], gold: GoldSet) -> dict[str, list[Reply]]:
    answered: dict[str, list[Reply]] = {}
    for version, spec in specs.items():
        agent = offline_agent(spec)
        given = [agent(Request(case.case_id, spec.ref, case.input, case.flags)) for case in gold]
        answered[version] = [reply for reply in given if isinstance(reply, Reply)]
    return answered


@pytest.fixture(scope="module")
def figures(gold: GoldSet, replies: dict[str, list[Reply]]) -> dict[str, dict[str, float]]:
    return {
        version: point_estimates(tabulate(score(
            [(case, Execution(case.case_id, 0, reply)) for case, reply in zip(gold, given, strict=True)], METRICS
        )))
        for version, given in replies.items()
    }  # fmt: skip


def test_the_registry_holds_both_versions_as_they_are(specs: dict[str, Spec]) -> None:
    registry = Registry(shipped_root() / "specs")
    registry.verify()
    for version, spec in specs.items():
        assert registry.read("prior_authorization", version)[0] == spec.source
    assert registry.aliases("prior_authorization")["production"] == "1.0.0"


def test_2_0_0_changes_five_rows_and_nothing_of_the_contract(specs: dict[str, Spec]) -> None:
    old, new = specs["1.0.0"].rows(), specs["2.0.0"].rows()
    assert {row_id for row_id in old if old[row_id].cells != new[row_id].cells} == {
        "Evidence age/days", "Facts/therapy_weeks", "Facts/nsaid_trial", "Facts/xray_done", "Facts/cancer_hx",
    }  # fmt: skip
    parts = ("input", "minimum_necessary", "refuse", "output", "review", "models", "gates", "data_class")
    assert all(getattr(specs["1.0.0"], part) == getattr(specs["2.0.0"], part) for part in parts)
    assert specs["2.0.0"].supersedes == "1.0.0"


def test_no_version_can_deny(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        assert spec.output["decision"].values == ("approve", "pend", "refer_to_clinician")


def test_every_code_is_a_placeholder_and_known_to_the_policy(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        codes = spec.tables["Services"].column("code")
        assert all(re.fullmatch(r"000[1-9]\d", code) for code in codes)
        assert set(codes) == {service.code for service in SERVICES.values()}
        assert set(spec.tables["Criteria"].column("id")) == set(CRITERIA)
        assert {row.cells["key"]: row.cells["value"] for row in spec.tables["Turnaround"].rows} == TURNAROUND_DAYS


def test_every_refusal_of_the_cases_stands_in_the_specs(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        assert set(REFUSALS) <= {rule.code for rule in spec.refuse}


def test_every_field_that_reaches_the_model_has_a_reason(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        sent = {name for name, field in spec.input.items() if field.use == "send"}
        assert sent == set(spec.minimum_necessary.allow)
        assert sent == {"service_code", "side", "urgency", "request_date", "chart_notes"}


def test_every_gate_names_a_metric_and_false_approvals_have_one_of_their_own(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        assert {gate.metric for gate in spec.gates} <= set(METRICS)
        assert any(gate.metric == "false_approve_rate" and gate.max is not None for gate in spec.gates)


def test_1_0_0_is_good_and_not_perfect_and_approves_nothing_wrongly(figures: dict[str, dict[str, float]]) -> None:
    seen = figures["1.0.0"]
    assert 0.93 <= seen["decision_accuracy"] <= 0.97
    assert seen["false_approve_rate"] == 0.0
    assert seen["criterion_agreement"] > 0.98
    assert seen["refusal_accuracy"] == 1.0


def test_only_the_safety_metric_sees_what_2_0_0_does(figures: dict[str, dict[str, float]]) -> None:
    old, new = figures["1.0.0"], figures["2.0.0"]
    assert abs(new["decision_accuracy"] - old["decision_accuracy"]) < 0.02
    assert new["criterion_agreement"] > 0.98
    assert new["false_approve_rate"] > 0.05


def test_every_line_of_every_letter_that_states_something_cites_it(figures: dict[str, dict[str, float]]) -> None:
    for seen in figures.values():
        assert (seen["letter_uncited"], seen["letter_unsupported"]) == (0.0, 0.0)


def test_no_identifier_of_a_case_stands_in_any_answer(gold: GoldSet, replies: dict[str, list[Reply]]) -> None:
    for given in replies.values():
        for case, reply in list(zip(gold, given, strict=True))[:100]:
            assert not find_leaks(case.identifiers, reply.output or {}, place="output")


def test_the_banks_hold_wordings_that_no_cue_of_1_0_0_knows(specs: dict[str, Spec]) -> None:
    """Otherwise the agent would score 1.0 and nothing could be learnt from an improvement."""
    cues = {row.cells["fact"]: row.cells["cues (any)"] for row in specs["1.0.0"].tables["Facts"].rows}
    every = tuple(cue for own in cues.values() for cue in own)
    usual = rare = rare_heard = usual_heard = 0
    for bank in BANKS.values():
        for sentence in bank.usual:
            usual += 1
            usual_heard += bool(heard_among(next(iter(read_sentences(sentence))), every))
        for sentence in (*bank.rare, *bank.spanish):
            rare += 1
            rare_heard += bool(heard_among(next(iter(read_sentences(sentence))), every))
    assert usual_heard / usual > 0.9
    assert rare_heard / rare < 0.35
