"""Relations that must hold, and agents that break each of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.agents.faulty import FAULTS, faulty
from evalkit.agents.guard import Guard
from evalkit.boundary.finding import CheckResult
from evalkit.boundary.metamorphic import (
    ORDER,
    RELATIONS,
    add_forbidden_field,
    change_identity,
    check_relations,
    reverse_fields,
)  # fmt: skip
from evalkit.cases.case import Case
from evalkit.executions.runner import Settings, execute
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import find_leaks
from evalkit.spec.schema import Echo, Spec
from evalkit.tasks import load_spec, offline_agent, synthesize

IDS = {relation.check_id for relation in (*RELATIONS, ORDER)}


def judge(spec: Spec, cases: Sequence[Case], agent: Any) -> dict[str, CheckResult]:
    one = Settings(concurrency=1)
    results = check_relations(spec, cases, lambda some: execute(some, agent, spec_ref=spec.ref, settings=one))
    return {result.check_id: result for result in results}


def broken(results: dict[str, CheckResult]) -> set[str]:
    return {name for name, result in results.items() if result.verdict == "fail"}


def test_a_good_agent_holds_every_relation(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    results = judge(spec, cases, good)
    assert results.keys() == IDS
    assert {name: result.verdict for name, result in results.items()} == dict.fromkeys(IDS, "pass")


def test_the_shipped_agent_holds_every_relation_on_synthetic_cases() -> None:
    loaded = load_spec("billing_codes@1.0.0")
    results = judge(loaded, synthesize(loaded, n=40, seed=3).cases, offline_agent(loaded))
    assert broken(results) == set()
    assert results["identity_invariance"].passed >= 10
    assert results["forbidden_adds_nothing"].passed == results["field_order"].passed == results["case_order"].passed


def remark(reply: Any, text: str) -> Reply:
    assert isinstance(reply, Reply)
    return reply if reply.output is None else replace(reply, output={**reply.output, "letter": text})


def test_an_agent_that_decides_by_the_name_is_found(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    def snob(request: Request) -> Reply:
        return remark(good(request), "approved" if "Quillan" in request.input["note_text"] else "wait")

    results = judge(spec, cases, snob)
    assert broken(results) == {"identity_invariance"}
    assert "Quillan" not in str(results)


@pytest.mark.parametrize("by_name", [False, True])
def test_what_an_output_has_to_repeat_is_no_part_of_a_decision(
    spec: Spec, cases: tuple[Case, ...], good: Guard, by_name: bool
) -> None:
    echo = (Echo(field="letter", needle="patient.name", reason="a letter is addressed"),)
    echoing = replace(
        spec, minimum_necessary=spec.minimum_necessary.model_copy(update={"echo": echo}), content_sha="e" * 64
    )

    def write(request: Request) -> Reply:
        name = request.input["note_text"].split("\n")[0].removeprefix("Name: ")
        urgent = " It is urgent." if by_name and "Ostrander" in name else ""
        return remark(good(request), f"Dear {name},{urgent}")

    assert broken(judge(echoing, cases, write)) == ({"identity_invariance"} if by_name else set())
    assert broken(judge(spec, cases, write)) == {"identity_invariance"}


def test_an_agent_that_hands_its_model_a_forbidden_field_is_found(
    spec: Spec, cases: tuple[Case, ...], good: Guard
) -> None:
    careless = faulty(faulty(good, "oversend"), "accept_forbidden_field")

    def greedy(request: Request) -> Any:
        reply = good(request)
        assert isinstance(reply, Reply)
        return reply if reply.status != "refused" else replace(reply, status="ok", refusal=None, output={"letter": "", "lines": []},
                                                               received=(dict(request.input),))  # fmt: skip

    assert broken(judge(spec, cases, greedy)) == {"forbidden_adds_nothing"}
    assert careless.fault in FAULTS


def test_an_agent_that_takes_fields_as_they_come_is_found(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    def positional(request: Request) -> Reply:
        return remark(good(request), next(iter(request.input)))

    assert broken(judge(spec, cases, positional)) == {"field_order"}


def test_an_agent_that_remembers_the_case_before_is_found(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    def make() -> Callable[[Request], Reply]:
        before = ["none"]

        def forgetful(request: Request) -> Reply:
            letter, before[0] = before[0], request.request_id.split("~")[0]
            return remark(good(request), letter)

        return forgetful

    agent = make()
    results = judge(spec, cases, agent)
    assert "case_order" in broken(results)


def test_an_agent_that_does_not_agree_with_itself_shows_nothing(
    spec: Spec, cases: tuple[Case, ...], good: Guard
) -> None:
    dice = random.Random(1)

    def fickle(request: Request) -> Reply:
        return remark(good(request), str(dice.random()))

    results = judge(spec, cases, fickle)
    assert {name: result.verdict for name, result in results.items()} == dict.fromkeys(IDS, "not_observed")


def test_an_agent_that_always_fails_shows_nothing(spec: Spec, cases: tuple[Case, ...], good: Guard) -> None:
    results = judge(spec, cases, faulty(good, "crash"))
    assert {result.verdict for result in results.values()} == {"not_observed"}


def test_an_agent_whose_model_nobody_watches_shows_nothing_about_it(
    spec: Spec, cases: tuple[Case, ...], good: Guard
) -> None:
    def closed(request: Request) -> Reply:
        reply = good(request)
        assert isinstance(reply, Reply)
        return replace(reply, received=None)

    assert judge(spec, cases, closed)["forbidden_adds_nothing"].verdict == "not_observed"


def test_another_identity_replaces_every_trace_of_the_first(spec: Spec, cases: tuple[Case, ...]) -> None:
    changed = change_identity(spec, cases[0], cases[2:])
    assert changed is not None
    assert changed.input["patient_mrn"] == cases[2].input["patient_mrn"]
    assert changed.input["chart_notes"][0]["mrn"] == cases[2].input["patient_mrn"]
    assert "Thaddeus Brockwhistle" in changed.input["note_text"]
    alone = [known for known in cases[0].identifiers if known.subject == "patient"]
    assert find_leaks(alone, dict(changed.input), place="input") == ()
    assert changed.input["date_of_service"] == cases[0].input["date_of_service"]


def test_half_a_name_is_exchanged_too(spec: Spec, cases: tuple[Case, ...]) -> None:
    told = replace(cases[0], input={**cases[0].input, "note_text": "Ms. Ostrander came. Quillan Ostrander left."})
    changed = change_identity(spec, told, cases[2:])
    assert changed is not None
    assert changed.input["note_text"] == "Ms. Brockwhistle came. Thaddeus Brockwhistle left."


def test_a_case_whose_identity_cannot_be_changed_whole_is_left_out(spec: Spec, cases: tuple[Case, ...]) -> None:
    hidden = replace(cases[0], input={**cases[0].input, "note_text": "seen by rednartsO nalliuQ Quillan Ostrander"})
    assert change_identity(spec, hidden, cases[2:]) is None
    more = replace(cases[0], identifiers=(*cases[0].identifiers, Identifier("patient.ssn", "ssn", "900-12-3456")))
    assert change_identity(spec, more, cases[2:]) is None
    assert change_identity(spec, cases[0], ()) is None


def test_changes_touch_only_what_they_are_about(spec: Spec, cases: tuple[Case, ...]) -> None:
    forbidden = add_forbidden_field(spec, cases[0], ())
    assert forbidden is not None
    assert set(forbidden.input) - set(cases[0].input) == {"ssn", "employer", "photo"}
    backwards = reverse_fields(spec, cases[0], ())
    assert backwards is not None
    assert list(backwards.input) == list(reversed(cases[0].input))
    assert backwards.input == cases[0].input


@pytest.mark.parametrize("field", ["title", "citation", "what"])
def test_relations_say_what_they_are(field: str) -> None:
    assert len({getattr(relation, field) for relation in RELATIONS}) == len(RELATIONS) or field == "citation"
    assert all("CFR" in relation.citation for relation in (*RELATIONS, ORDER))
