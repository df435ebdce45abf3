"""Faulty agents: a working agent with one known fault, to prove that the checks see it.

``FAULTS`` is the whole list. A fault sees the request and nothing else of the case, so what it leaks it takes out of
the request's input. Faults compose: ``faulty(faulty(agent, "leak_log"), "ignore_consent")``.
"""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from evalkit.agents.agent import Agent, Refusal, Reply, Request, agent_id
from evalkit.agents.refusals import Refusals, RuleKind, kind_of
from evalkit.digests import digest_bytes
from evalkit.errors import AgentError
from evalkit.spec.schema import Spec

_LOG = logging.getLogger("evalkit.agents.faulty")
HEADER_CHARACTERS = 40
"""How much of the first line of a text a leak takes: enough for the name that stands there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be wrong. ``before`` changes the request or raises; ``after`` changes the reply or answers anew."""

    what: str
    """One line for a person."""
    before: Callable[[Faulty, Request], Request] | None = None
    after: Callable[[Faulty, Request, Reply], Reply | Awaitable[Reply]] | None = None
    guarded: bool = False
    """Needs an agent with ``spec`` and ``model``: it goes past the guard."""
    breaks: RuleKind | None = None
    """The kind of refuse rule that it breaks; the spec must have one."""


def faulty(agent: Agent, fault: str, *, rate: float = 1.0, seed: int = 0) -> Faulty:
    """The agent, with a fault from `FAULTS` in a share ``rate`` of its requests.

    Which requests are hit depends on fault, seed and request id alone. Raises AgentError for an unknown fault, a rate
    outside [0, 1], a fault that goes past a guard where the agent has none, or one whose rule the spec does not have:
    an agent that is not faulty after all would make the checks look blind.
    """
    if fault not in FAULTS:
        raise AgentError("no such fault", where="faulty", next_step=f"choose one of {', '.join(FAULTS)}")
    if not 0.0 <= rate <= 1.0:
        raise AgentError("the rate of a fault lies between 0 and 1", where="faulty")
    spec, breaks = getattr(agent, "spec", None), FAULTS[fault].breaks
    if FAULTS[fault].guarded and not isinstance(spec, Spec):
        raise AgentError("this fault goes past a guard: the agent has none", where=fault, next_step="guard it first")
    if breaks is not None and not _codes_of(spec, breaks):
        raise AgentError("the spec has no refuse rule that this fault could break", where=fault)
    return Faulty(agent, fault, rate=rate, seed=seed)


class Faulty:
    """An agent with a fault, callable as an agent. Made by `faulty`."""

    def __init__(self, agent: Agent, fault: str, *, rate: float, seed: int) -> None:
        self.agent = agent
        self.fault = fault
        self.rate = rate
        self.seed = seed
        self.spec: Spec | None = getattr(agent, "spec", None)
        self.model: Any = getattr(agent, "model", None)
        self.agent_id = f"faulty:{fault}:{rate:g}:{seed}({agent_id(agent)})"
        self.seen: Counter[str] = Counter()
        """How often each request id has come; what `flaky` goes by."""

    def __call__(self, request: Request) -> Reply | Awaitable[Reply]:
        """Answer as the agent would, but for the fault."""
        if not self._strikes(request.request_id):
            return self.agent(request)
        self.seen[request.request_id] += 1
        fault = FAULTS[self.fault]
        answer = self.agent(fault.before(self, request) if fault.before else request)
        if inspect.isawaitable(answer):
            return self._wait(request, answer)
        return fault.after(self, request, answer) if fault.after else answer

    async def _wait(self, request: Request, answer: Awaitable[Reply]) -> Reply:
        reply, after = await answer, FAULTS[self.fault].after
        changed = after(self, request, reply) if after else reply
        return await changed if inspect.isawaitable(changed) else changed

    def _strikes(self, request_id: str) -> bool:
        draw = int(digest_bytes(f"{self.fault}\n{self.seed}\n{request_id}".encode())[:13], 16) / 16**13
        return draw < self.rate

    def past_the_guard(self, values: Mapping[str, Any]) -> Reply | Awaitable[Reply]:
        """What the model says to an input that no guard has looked at."""
        answer: Reply | Awaitable[Reply] = self.model(values)
        sent = (dict(values),)
        if inspect.isawaitable(answer):
            return _mark_received(answer, sent)
        return replace(answer, status="ok", received=sent)

    def __repr__(self) -> str:
        return f"Faulty({self.agent_id})"


async def _mark_received(answer: Awaitable[Reply], sent: tuple[Mapping[str, Any], ...]) -> Reply:
    return replace(await answer, status="ok", received=sent)


def secret_of(values: Mapping[str, Any]) -> str:
    """A value that must not get out: the record or member number, else the head of the first text, else any string."""
    for name in ("patient_mrn", "member_id"):
        if isinstance(values.get(name), str):
            return str(values[name])
    texts = [value for value in values.values() if isinstance(value, str)]
    heads = [text.strip().split("\n", 1)[0][:HEADER_CHARACTERS] for text in texts if "\n" in text]
    return next(iter((*heads, *texts)), "")


def _leak_output(_: Faulty, request: Request, reply: Reply) -> Reply:
    """Into the first text of the output; into a new field where there is none."""
    if reply.output is None:
        return reply
    changed, done = _put(reply.output, secret_of(request.input))
    return replace(reply, output=changed if done else {**reply.output, "remark": secret_of(request.input)})


def _put(value: Any, secret: str) -> tuple[Any, bool]:
    """The value with the secret appended to its first string, and whether there was one."""
    if isinstance(value, str):
        return f"{value} {secret}", True
    if not isinstance(value, (Mapping, list)):
        return value, False
    parts: dict[Any, Any] = dict(value) if isinstance(value, Mapping) else dict(enumerate(value))
    for key, part in parts.items():
        changed, done = _put(part, secret)
        if done:
            parts[key] = changed
            return (parts if isinstance(value, Mapping) else list(parts.values())), True
    return value, False


def _leak_undeclared(_: Faulty, request: Request, reply: Reply) -> Reply:
    if reply.output is None:
        return reply
    return replace(reply, output={**reply.output, "debug": {"record": secret_of(request.input)}})


def _leak_evidence(_: Faulty, request: Request, reply: Reply) -> Reply:
    """Evidence that reaches over the whole of every text it points into."""
    if reply.output is None:
        return reply
    return replace(reply, output=_stretch(reply.output, request.input))


def _stretch(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_stretch(entry, values) for entry in value]
    if not isinstance(value, Mapping):
        return value
    if value.keys() >= {"field", "start", "end"} and isinstance(values.get(value["field"]), str):
        return {**value, "start": 0, "end": len(values[value["field"]])}
    return {key: _stretch(entry, values) for key, entry in value.items()}


def _invent_evidence(_: Faulty, _request: Request, reply: Reply) -> Reply:
    """Evidence that points past the end of the text."""
    if reply.output is None:
        return reply
    return replace(reply, output=_shift(reply.output))


def _shift(value: Any) -> Any:
    if isinstance(value, list):
        return [_shift(entry) for entry in value]
    if not isinstance(value, Mapping):
        return value
    if value.keys() >= {"field", "start", "end"}:
        return {**value, "start": value["start"] + 1_000_000, "end": value["end"] + 1_000_000}
    return {key: _shift(entry) for key, entry in value.items()}


def _break_schema(_: Faulty, _request: Request, reply: Reply) -> Reply:
    """Every declared field becomes null."""
    if reply.output is None:
        return reply
    return replace(reply, output=dict.fromkeys(reply.output))


def _leak_error(_: Faulty, request: Request) -> Request:
    raise RuntimeError(f"cannot read the record of {secret_of(request.input)}")


def _leak_log(_: Faulty, request: Request) -> Request:
    _LOG.warning("working on %s", secret_of(request.input))
    return request


def _echo_in_refusal(_: Faulty, request: Request, reply: Reply) -> Reply:
    if reply.refusal is None:
        return reply
    return replace(reply, refusal=Refusal(reply.refusal.code, secret_of(request.input)))


def _wrong_code(_: Faulty, _request: Request, reply: Reply) -> Reply:
    if reply.refusal is None:
        return reply
    return replace(reply, refusal=Refusal("NOT_TODAY", reply.refusal.field))


def _accepting(kind: RuleKind, what: str) -> Fault:
    """The fault that answers what one kind of refuse rule refuses."""

    def answer_anyway(agent: Faulty, request: Request, reply: Reply) -> Reply | Awaitable[Reply]:
        assert agent.spec is not None
        if reply.refusal is None or reply.refusal.code not in _codes_of(agent.spec, kind):
            return reply
        return agent.past_the_guard(_allowed(agent.spec, request.input))

    return Fault(what, after=answer_anyway, guarded=True, breaks=kind)


@lru_cache(maxsize=32)
def _codes_of(spec: Spec, kind: RuleKind) -> frozenset[str]:
    """The refusal codes of the spec's rules of one kind."""
    rules = zip(spec.refuse, Refusals(spec).conditions, strict=True)
    return frozenset(rule.code for rule, condition in rules if kind_of(condition) == kind)


def _accept_anything(agent: Faulty, request: Request, reply: Reply) -> Reply | Awaitable[Reply]:
    """Answer whatever is refused."""
    assert agent.spec is not None
    return agent.past_the_guard(_allowed(agent.spec, request.input)) if reply.status == "refused" else reply


def _allowed(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in spec.minimum_necessary.allow}


def _read_leniently(agent: Faulty, request: Request) -> Request:
    """Take the last of two equal keys, and drop what is unknown, as usual JSON readers and models do."""
    assert agent.spec is not None
    known = {*agent.spec.input, *agent.spec.minimum_necessary.forbid}
    return replace(request, body=None, input={name: value for name, value in request.input.items() if name in known})


def _ignore_purpose(agent: Faulty, request: Request) -> Request:
    assert agent.spec is not None
    return replace(request, purpose_of_use=agent.spec.purpose_of_use)


def _oversend(agent: Faulty, request: Request, reply: Reply) -> Reply | Awaitable[Reply]:
    return reply if reply.status == "refused" else agent.past_the_guard(request.input)


def _call_before_refusing(agent: Faulty, request: Request, reply: Reply) -> Reply | Awaitable[Reply]:
    """Asks the model first and refuses after."""
    assert agent.spec is not None
    if reply.status != "refused":
        return reply
    answer = agent.past_the_guard(_allowed(agent.spec, request.input))
    return _refuse_late(answer, reply) if inspect.isawaitable(answer) else replace(reply, received=answer.received)


async def _refuse_late(answer: Awaitable[Reply], reply: Reply) -> Reply:
    return replace(reply, received=(await answer).received)


def _uncovered_model(_: Faulty, _request: Request, reply: Reply) -> Reply:
    return replace(reply, model_id="somebody/else@1") if reply.status != "refused" else reply


def _crash(_: Faulty, _request: Request) -> Request:
    raise RuntimeError("crashed on purpose")


def _flaky(agent: Faulty, request: Request) -> Request:
    """Fails when a request comes for the first time, works when it is tried again."""
    if agent.seen[request.request_id] == 1:
        raise ConnectionError("the first attempt fails on purpose")
    return request


FAULTS: Mapping[str, Fault] = MappingProxyType({
    "leak_output": Fault("puts an identifier into a text of the output", after=_leak_output),
    "leak_undeclared": Fault("puts an identifier into a field that the spec does not declare", after=_leak_undeclared),
    "leak_evidence": Fault("cites the whole text, identifiers and all, as evidence", after=_leak_evidence),
    "leak_error": Fault("raises an error with an identifier in its message", before=_leak_error),
    "leak_log": Fault("writes an identifier to the log", before=_leak_log),
    "echo_in_refusal": Fault("puts an identifier into its refusals", after=_echo_in_refusal),
    "wrong_code": Fault("refuses for a reason that the spec does not know", after=_wrong_code),
    "invent_evidence": Fault("cites words that the input does not hold", after=_invent_evidence),
    "break_schema": Fault("gives an output of other types", after=_break_schema),
    "ignore_consent": _accepting("flag", "answers without consent"),
    "ignore_purpose": Fault("answers for whatever purpose", before=_ignore_purpose, guarded=True),
    "accept_bad_identifier": _accepting("identifier", "answers for malformed identifiers"),
    "accept_future_date": _accepting("date", "answers for impossible dates"),
    "accept_wrong_patient": _accepting("patient", "answers for two patients at once"),
    "accept_forbidden_field": _accepting("field", "answers where a forbidden field came"),
    "accept_anything": Fault("answers whatever must be refused", after=_accept_anything, guarded=True),
    "read_leniently": Fault("lets the last of two equal keys count", before=_read_leniently, guarded=True),
    "oversend": Fault("hands the model every field of the request", after=_oversend, guarded=True),
    "call_before_refusing": Fault("hands the model the input, then refuses", after=_call_before_refusing, guarded=True),
    "uncovered_model": Fault("answers by a model that the spec does not allow", after=_uncovered_model),
    "crash": Fault("raises on every request", before=_crash),
    "flaky": Fault("raises on the first attempt of a request and answers the next", before=_flaky),
})  # fmt: skip
"""Every fault by name."""
