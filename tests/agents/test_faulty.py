from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.agents.agent import Reply, Request, agent_id
from evalkit.agents.faulty import FAULTS, Faulty, faulty, secret_of
from evalkit.agents.guard import Guard, guard
from evalkit.agents.scripted import scripted
from evalkit.agents.wire import write_request
from evalkit.errors import AgentError
from evalkit.spec.schema import Spec


@pytest.fixture
def agent(spec: Spec, model: Callable[[Any], Reply]) -> Guard:
    return guard(spec, model, today=lambda: date(2026, 6, 1))


def answer(agent: Faulty, request: Request) -> Reply:
    reply = agent(request)
    assert isinstance(reply, Reply)
    return reply


def text_of(reply: Reply) -> str:
    return json.dumps([reply.output, reply.refusal and [reply.refusal.code, reply.refusal.field]])


def test_every_fault_says_what_it_does() -> None:
    assert all(fault.what and (fault.before or fault.after) for fault in FAULTS.values())


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"accept_wrong_patient", "accept_forbidden_field"}))
def test_every_fault_changes_some_answer(agent: Guard, request_: Request, fault: str) -> None:
    """A fault that changed nothing would prove nothing. Two have no rule to break in this spec."""
    requests = [
        request_,
        replace(request_, flags={}),
        replace(request_, purpose_of_use="HMARKT"),
        replace(request_, input={**request_.input, "patient_mrn": "MRN12345678"}),
        replace(request_, input={**request_.input, "date_of_service": "2999-01-01"}),
        replace(request_, body=write_request(request_).replace(b'_ack":true', b'_ack":false,"payment_ack":true')),
    ]
    wrong = faulty(agent, fault)
    assert any(outcome(wrong, request) != outcome(agent, request) for request in requests)


def outcome(agent: Any, request: Request) -> object:
    handler = Lines()
    logger = logging.getLogger("evalkit.agents.faulty")
    logger.addHandler(handler)
    try:
        return agent(request), handler.lines
    except (RuntimeError, ConnectionError) as error:
        return type(error)
    finally:
        logger.removeHandler(handler)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_a_leak_takes_its_value_out_of_the_request(agent: Guard, request_: Request) -> None:
    mrn = request_.input["patient_mrn"]
    assert mrn in text_of(answer(faulty(agent, "leak_output"), request_))
    assert mrn in text_of(answer(faulty(agent, "leak_undeclared"), request_))
    with pytest.raises(RuntimeError, match=mrn):
        faulty(agent, "leak_error")(request_)
    refused = replace(request_, flags={})
    assert mrn in text_of(answer(faulty(agent, "echo_in_refusal"), refused))


def test_a_leak_into_the_output_finds_a_declared_text(agent: Guard, request_: Request) -> None:
    output = answer(faulty(agent, "leak_output"), request_).output
    assert output is not None
    assert output.keys() == {"letter", "lines"}


def test_a_fault_that_goes_past_the_guard_asks_the_model(agent: Guard, request_: Request) -> None:
    reply = answer(faulty(agent, "ignore_consent"), replace(request_, flags={}))
    assert reply.status == "ok"
    assert reply.received is not None
    assert reply.received[0].keys() == {"note_text", "date_of_service"}


def test_a_fault_past_the_guard_refuses_what_is_not_its_own(agent: Guard, request_: Request) -> None:
    bad_mrn = replace(request_, input={**request_.input, "patient_mrn": "MRN12345678"})
    assert answer(faulty(agent, "ignore_consent"), bad_mrn).status == "refused"
    assert answer(faulty(agent, "accept_bad_identifier"), bad_mrn).status == "ok"


def test_oversending_is_seen_in_what_the_model_received(agent: Guard, request_: Request) -> None:
    reply = answer(faulty(agent, "oversend"), request_)
    assert reply.received == (request_.input,)


def test_a_flaky_agent_works_when_it_is_tried_again(agent: Guard, request_: Request) -> None:
    flaky = faulty(agent, "flaky")
    with pytest.raises(ConnectionError):
        flaky(request_)
    assert answer(flaky, request_) == agent(request_)


def test_faults_compose(agent: Guard, request_: Request) -> None:
    both = faulty(faulty(agent, "ignore_consent"), "leak_output")
    reply = answer(both, replace(request_, flags={}))
    assert reply.status == "ok"
    assert request_.input["patient_mrn"] in text_of(reply)


def test_a_guarded_fault_goes_through_another_fault(agent: Guard, request_: Request) -> None:
    both = faulty(faulty(agent, "leak_undeclared"), "ignore_consent")
    assert answer(both, replace(request_, flags={})).status == "ok"


def test_an_async_agent_can_be_faulty(spec: Spec, request_: Request, model: Callable[[Any], Reply]) -> None:
    async def later(values: Any) -> Reply:
        return model(values)

    async def run(fault: str, request: Request) -> Reply:
        return await faulty(guard(spec, later, today=lambda: date(2026, 6, 1)), fault)(request)  # type: ignore[misc]

    assert request_.input["patient_mrn"] in text_of(asyncio.run(run("leak_output", request_)))
    assert asyncio.run(run("ignore_consent", replace(request_, flags={}))).status == "ok"
    assert asyncio.run(run("call_before_refusing", replace(request_, flags={}))).received


def test_a_rate_of_0_never_strikes_and_of_1_always(agent: Guard, request_: Request) -> None:
    assert faulty(agent, "crash", rate=0.0)(request_) == agent(request_)
    with pytest.raises(RuntimeError):
        faulty(agent, "crash", rate=1.0)(request_)


@given(st.integers(0, 10**6), st.floats(0.05, 0.95))
def test_which_requests_are_hit_depends_on_seed_and_id_alone(seed: int, rate: float) -> None:
    good = Reply("ok", {"letter": "Seen."})

    def hits() -> list[bool]:
        agent = faulty(scripted({}, default=good), "uncovered_model", rate=rate, seed=seed)
        return [answer(agent, Request(f"case-{at}", "letters@1.0.0", {}, {})) != good for at in range(40)]

    assert hits() == hits()


def test_a_rate_is_about_its_share_of_requests() -> None:
    good = Reply("ok", {"letter": "Seen."})
    agent = faulty(scripted({}, default=good), "uncovered_model", rate=0.25, seed=3)
    hit = sum(answer(agent, Request(f"case-{at}", "letters@1.0.0", {}, {})) != good for at in range(2000))
    assert 420 <= hit <= 580  # four standard deviations about 500


def test_the_agent_id_tells_fault_rate_and_seed_apart(agent: Guard) -> None:
    made = [agent, faulty(agent, "crash"), faulty(agent, "flaky"), faulty(agent, "crash", rate=0.5)]
    assert len({agent_id(one) for one in [*made, faulty(agent, "crash", seed=1)]}) == 5


def test_an_unknown_fault_is_refused_with_the_list_of_known_ones(agent: Guard) -> None:
    with pytest.raises(AgentError, match="leak_output"):
        faulty(agent, "be_wrong")


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_that_is_none_is_refused(agent: Guard, rate: float) -> None:
    with pytest.raises(AgentError, match="between 0 and 1"):
        faulty(agent, "crash", rate=rate)


def test_a_fault_without_a_rule_to_break_is_refused(agent: Guard) -> None:
    for fault in ("accept_wrong_patient", "accept_forbidden_field"):
        with pytest.raises(AgentError, match="no refuse rule"):
            faulty(agent, fault)


def test_a_fault_past_the_guard_needs_a_guard() -> None:
    with pytest.raises(AgentError, match="past a guard"):
        faulty(scripted({}), "ignore_consent")


@pytest.mark.parametrize(("values", "secret"), [
    ({"note_text": "Name: A B\nSeen.", "patient_mrn": "MRN1"}, "MRN1"),
    ({"note_text": "Name: A B\nSeen.", "member_id": "ZZT1"}, "ZZT1"),
    ({"day": "2026-05-01", "note_text": "Name: A B\nSeen."}, "Name: A B"),
    ({"note_text": "x" * 60 + "\n"}, "x" * 40),
    ({"note_text": "short"}, "short"),
    ({"count": 3}, ""),
])  # fmt: skip
def test_a_secret_is_a_number_or_the_head_of_a_text(values: dict[str, Any], secret: str) -> None:
    assert secret_of(values) == secret
