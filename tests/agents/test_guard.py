from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply, Request, agent_id
from evalkit.agents.guard import Guard, covers, guard
from evalkit.agents.wire import write_request
from evalkit.errors import AgentError
from evalkit.spec.schema import ModelPolicy, Spec

SECRET = "Quillan Ostrander"
Model = Callable[[Any], Reply]


def today() -> date:
    return date(2026, 6, 1)


class Spy:
    """A model that remembers what it was handed."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.handed: list[Any] = []

    def __call__(self, values: Any) -> Reply:
        self.handed.append(values)
        return self.reply


@pytest.fixture
def good(model: Model) -> Reply:
    return model({})


def answer(agent: Guard, request: Request) -> Reply:
    reply = agent(request)
    assert isinstance(reply, Reply)
    return reply


def test_the_model_is_handed_allowed_fields_only(spec: Spec, request_: Request, good: Reply) -> None:
    spy = Spy(good)
    reply = answer(guard(spec, spy, today=today), request_)
    expected = {"note_text": request_.input["note_text"], "date_of_service": "2026-05-01"}
    assert spy.handed == [expected]
    assert reply.received == (expected,)
    assert reply.status == "ok"


@pytest.mark.parametrize("flags", [{}, {"payment_ack": False}])
def test_a_refused_request_reaches_no_model(spec: Spec, request_: Request, good: Reply, flags: dict[str, bool]) -> None:
    spy = Spy(good)
    reply = answer(guard(spec, spy, today=today), replace(request_, flags=flags))
    assert reply.refusal == Refusal("CONSENT_MISSING", "payment_ack")
    assert (reply.status, reply.output, reply.received, spy.handed) == ("refused", None, (), [])


@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_request_for_another_purpose_reaches_no_model(
    spec: Spec, request_: Request, good: Reply, as_bytes: bool
) -> None:
    spy = Spy(good)
    asked = replace(request_, purpose_of_use="HMARKT")
    if as_bytes:
        asked = replace(request_, body=write_request(asked))
    reply = answer(guard(spec, spy, today=today), asked)
    assert reply.refusal == Refusal("PURPOSE_NOT_PERMITTED", "purpose_of_use")
    assert (reply.received, spy.handed) == ((), [])
    own = replace(request_, body=write_request(request_))
    assert b"purpose_of_use" not in (own.body or b"")
    assert answer(guard(spec, spy, today=today), own).status == "ok"


def test_a_forbidden_or_unknown_field_is_refused(spec: Spec, request_: Request, good: Reply) -> None:
    spy = Spy(good)
    for name in ("ssn", "never_heard_of"):
        reply = answer(guard(spec, spy, today=today), replace(request_, input={**request_.input, name: SECRET}))
        assert reply.refusal is not None
        assert reply.refusal.code == "FIELD_NOT_PERMITTED"
        assert SECRET not in str(reply.refusal)
    assert spy.handed == []


def test_a_raw_body_is_what_counts(spec: Spec, request_: Request, model: Model) -> None:
    body = write_request(replace(request_, flags={"payment_ack": False}))
    reply = answer(guard(spec, model, today=today), replace(request_, body=body))
    assert reply.refusal == Refusal("CONSENT_MISSING", "payment_ack")


def test_a_good_raw_body_is_answered(spec: Spec, request_: Request, model: Model) -> None:
    body = write_request(request_)
    assert answer(guard(spec, model, today=today), Request("case-1", spec.ref, {}, {}, body=body)).status == "ok"


@pytest.mark.parametrize("change", [
    lambda body: body.replace(b'"payment_ack":true', b'"payment_ack":false,"payment_ack":true'),
    lambda body: body.replace(b'"payment_ack":true', b'"payment_ack":false,"payment_\\u0061ck":true'),
    lambda body: body.replace(b'"payment_ack":true', b'"payment_ack":"true"'),
    lambda body: body.replace(b'"payment_ack":true', b'"payment_ack":1'),
    lambda body: body + b"{}",
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: b"[" + body + b"]",
    lambda body: b"",
])  # fmt: skip
def test_consent_cannot_be_smuggled_in_by_bytes(
    spec: Spec, request_: Request, good: Reply, change: Callable[[bytes], bytes]
) -> None:
    spy = Spy(good)
    reply = answer(guard(spec, spy, today=today), replace(request_, body=change(write_request(request_))))
    assert reply.refusal is not None
    assert reply.refusal.code == "SCHEMA_INVALID"
    assert spy.handed == []


def test_undeclared_output_is_stripped_and_counted(spec: Spec, request_: Request, good: Reply) -> None:
    chatty = replace(good, output={**(good.output or {}), "debug": {"record": SECRET}})
    reply = answer(guard(spec, Spy(chatty), today=today), request_)
    assert reply.output == good.output
    assert len(reply.stripped) == 1
    assert SECRET not in str(reply.stripped)


def test_undeclared_output_is_stripped_inside_lists_too(spec: Spec, request_: Request, good: Reply) -> None:
    lines = [{**line, "remark": SECRET} for line in (good.output or {})["lines"]]
    reply = answer(
        guard(spec, Spy(replace(good, output={**(good.output or {}), "lines": lines})), today=today), request_
    )
    assert SECRET not in json.dumps(reply.output)
    assert len(reply.stripped) == 1


@pytest.mark.parametrize("output", [{}, {"letter": 1, "lines": []}, {"letter": SECRET, "lines": [{"code": [SECRET]}]}])
def test_an_output_that_breaks_the_schema_does_not_get_out(
    spec: Spec, request_: Request, output: dict[str, Any]
) -> None:
    agent = guard(spec, Spy(Reply("ok", output, model_id="rules/offline")), today=today)
    with pytest.raises(AgentError, match="breaks the schema") as caught:
        agent(request_)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("confidence", "status"), [(0.79, "needs_review"), (0.8, "ok"), (1.0, "ok"), (None, "ok")])
def test_an_unsure_answer_goes_to_a_person(
    spec: Spec, request_: Request, good: Reply, confidence: float | None, status: str
) -> None:
    agent = guard(spec, Spy(replace(good, confidence=confidence)), today=today)
    assert answer(agent, request_).status == status


def test_a_model_may_ask_for_a_person_itself(spec: Spec, request_: Request, good: Reply) -> None:
    agent = guard(spec, Spy(replace(good, status="needs_review")), today=today)
    assert answer(agent, request_).status == "needs_review"


def test_a_model_cannot_refuse_past_the_guard(spec: Spec, request_: Request) -> None:
    refusing = Spy(Reply("refused", refusal=Refusal("NOT_TODAY", SECRET), model_id="rules/offline"))
    with pytest.raises(AgentError) as caught:
        guard(spec, refusing, today=today)(request_)
    assert SECRET not in str(caught.value)


def test_what_a_model_raises_stays_inside_but_for_its_class(spec: Spec, request_: Request) -> None:
    def broken(values: Any) -> Reply:
        raise ValueError(f"cannot read {values['note_text']}")

    with pytest.raises(AgentError) as caught:
        guard(spec, broken, today=today)(request_)
    assert "ValueError" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_interruption_is_not_kept_in(spec: Spec, request_: Request) -> None:
    def interrupted(_: Any) -> Reply:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard(spec, interrupted, today=today)(request_)


def test_an_async_model_is_guarded_the_same(spec: Spec, request_: Request, good: Reply) -> None:
    async def model(values: Any) -> Reply:
        await asyncio.sleep(0)
        return replace(good, output={**(good.output or {}), "debug": list(values)})

    async def run() -> Reply:
        return await guard(spec, model, today=today)(request_)  # type: ignore[misc]

    reply = asyncio.run(run())
    assert reply.output == good.output
    assert reply.received is not None
    assert reply.received[0].keys() == {"note_text", "date_of_service"}


def test_what_an_async_model_raises_stays_inside_too(spec: Spec, request_: Request) -> None:
    async def model(_: Any) -> Reply:
        raise LookupError(SECRET)

    async def run() -> None:
        with pytest.raises(AgentError) as caught:
            await guard(spec, model, today=today)(request_)  # type: ignore[misc]
        assert SECRET not in str(caught.value)
        assert caught.value.__context__ is None

    asyncio.run(run())


def test_a_model_outside_the_policy_is_not_built_into_an_agent(spec: Spec, good: Reply) -> None:
    spy = Spy(good)
    spy.model_id = "somebody/else@1"  # type: ignore[attr-defined]
    with pytest.raises(AgentError, match="not one that the spec allows"):
        guard(spec, spy)


def test_an_answer_of_a_model_outside_the_policy_does_not_get_out(spec: Spec, request_: Request, good: Reply) -> None:
    with pytest.raises(AgentError, match="not one that the spec allows"):
        guard(spec, Spy(replace(good, model_id="somebody/else@1")), today=today)(request_)


@pytest.mark.parametrize(("model_id", "allowed"), [
    ("rules/offline", True), ("rules/offline@1", True), ("rules/offline@2.0", True), ("hosted/model@3", True),
    ("hosted/model@4", False), ("hosted/model", False), ("rules/offline2", False), ("Rules/offline", False),
    ("rules/offline/", False), ("", False), ("@1", False),
])  # fmt: skip
def test_a_policy_covers_whole_ids_and_versions_of_unversioned_ones(model_id: str, allowed: bool) -> None:
    policy = ModelPolicy(policy="baa_only", allow=("rules/offline", "hosted/model@3"))
    assert covers(policy, model_id) is allowed


def test_an_agent_is_named_after_its_model(spec: Spec, model: Model) -> None:
    agent = guard(spec, model)
    assert agent_id(agent) == agent_id(model)  # type: ignore[arg-type]
    assert agent.model is model
    assert agent.spec is spec


def test_what_is_not_a_reply_is_an_error(spec: Spec, request_: Request) -> None:
    with pytest.raises(AgentError, match="no Reply"):
        guard(spec, lambda _: {"letter": SECRET}, today=today)(request_)  # type: ignore[arg-type, return-value]
