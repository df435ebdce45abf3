from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.boundary import envelopes
from evalkit.boundary.finding import Finding
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.phi.identifiers import Identifier
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, synthesize

OK = Execution("case", 0, Reply("ok", {}))


@pytest.mark.parametrize(("actor", "good"), [
    ("svc:evalkit", True), ("user:a-1", True), ("agent:x", True), ("", False), ("admin", False), ("user:", False),
    ("user:Quillan Ostrander", False), ("user:x\n", False), ("USER:x", False), (f"user:{'x' * 64}", False),
])  # fmt: skip
def test_an_actor_is_one_person_agent_or_service(spec: Spec, cases: tuple[Case, ...], actor: str, good: bool) -> None:
    found = envelopes.name_one_actor(spec, replace(cases[0], actor=actor), OK)
    assert bool(found) != good
    assert "Ostrander" not in str(found)


@pytest.mark.parametrize(("purpose", "execution", "found"), [
    ("HPAYMT", OK, 0), ("TREAT", OK, 1), ("TREAT", Execution("c", 0, Reply("refused", refusal=Refusal("X"))), 0),
    ("because", OK, 1), ("", OK, 1), ("because", Execution("c", 0, Reply("refused", refusal=Refusal("X"))), 1),
])  # fmt: skip
def test_a_request_is_answered_for_the_specs_purpose_only(
    spec: Spec, cases: tuple[Case, ...], purpose: str, execution: Execution, found: int
) -> None:
    assert len(envelopes.name_the_purpose(spec, replace(cases[0], purpose_of_use=purpose), execution)) == found


def test_a_run_made_elsewhere_does_not_tell_its_purpose(spec: Spec, cases: tuple[Case, ...]) -> None:
    imported = replace(cases[0], purpose_of_use="TREAT", provenance={"source": "imported runs"})
    assert envelopes.name_the_purpose(spec, imported, OK) == "not_observed"


@pytest.mark.parametrize("change", [
    {"case_id": "ostrander-quillan"}, {"cluster": hashlib.sha256(b"Quillan Ostrander").hexdigest()},
    {"tags": ("laterality", "Quillan Ostrander")}, {"cluster": hashlib.md5(b"Quillan Ostrander").hexdigest()[:16]},
])  # fmt: skip
def test_a_pseudonym_made_of_an_identifier_is_found(
    spec: Spec, cases: tuple[Case, ...], change: dict[str, Any]
) -> None:
    found = envelopes.reveal_nobody_by_name(spec, replace(cases[0], **change), OK)
    assert [one.needle_id for one in found] == ["patient.name"]
    assert found[0].place.split("[")[0] in change


def test_a_tag_that_several_patients_have_is_nobodys_name(spec: Spec, cases: tuple[Case, ...]) -> None:
    tagged = [replace(case, tags=("Quillan Ostrander",), cluster=f"patient-7-{n}") for n, case in enumerate(cases[:2])]
    assert envelopes.over(tagged)(spec, tagged[0], OK) == ()
    alone = envelopes.over(tagged[:1])(spec, tagged[0], OK)
    assert [one.place for one in alone if isinstance(one, Finding)] == ["tags[0]"]


def test_a_running_number_is_no_pseudonym_of_anybody(spec: Spec, cases: tuple[Case, ...]) -> None:
    known = (Identifier("patient.account", "account", "000000000123"),)
    numbered = replace(cases[0], case_id="reviews-7-000000000123~x", identifiers=known)
    assert envelopes.reveal_nobody_by_name(spec, numbered, OK) == ()
    bare = replace(numbered, case_id="000000000123")
    assert len(envelopes.reveal_nobody_by_name(spec, bare, OK)) == 1
    assert envelopes.reveal_nobody_by_name(spec, replace(cases[0], identifiers=()), OK) == "not_applicable"


def test_a_synthetic_number_that_somebody_may_have_is_found(spec: Spec, cases: tuple[Case, ...]) -> None:
    real = replace(cases[0], identifiers=(Identifier("patient.ssn", "ssn", "536-42-7719"),))
    (found,) = envelopes.plant_nobody_real(spec, real, OK)
    assert (found.needle_id, found.category) == ("patient.ssn", "ssn")
    assert "7719" not in str(found)
    assert envelopes.plant_nobody_real(spec, replace(real, data_class="deidentified"), OK) == "not_applicable"
    assert envelopes.plant_nobody_real(spec, replace(real, refusal="MRN_INVALID"), OK) == "not_applicable"
    assert envelopes.plant_nobody_real(spec, cases[0], OK) == []


def test_no_shipped_generator_plants_a_number_that_somebody_may_have() -> None:
    loaded = load_spec("billing_codes@1.0.0")
    for case in synthesize(loaded, n=200, seed=5):
        for rule in (envelopes.plant_nobody_real, envelopes.reveal_nobody_by_name, envelopes.name_one_actor):
            assert rule(loaded, case, OK) in ([], (), "not_applicable")
