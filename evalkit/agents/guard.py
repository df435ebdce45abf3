"""The guard: the enforcing half of an agent. What the spec forbids never reaches the model, nor leaves it.

::

    request -> strict parse -> its purpose -> refuse rules, first hit wins -> allowed fields only -> model
            -> undeclared output stripped -> output schema -> review threshold -> reply

A refusal is a code and a field name, and no model is called for it. What goes wrong behind the guard comes out as an
AgentError that names a class or a field, never a message: messages of models quote their inputs.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from types import TracebackType
from typing import Any

from evalkit.agents.agent import Model, Refusal, Reply, ReplyStatus, Request, agent_id
from evalkit.agents.refusals import Refusals
from evalkit.errors import AgentError
from evalkit.spec.contract import ContractBreach, allowed_fields, check_output, read_request, strip_output
from evalkit.spec.schema import ModelPolicy, Spec

SHOWN_PATHS = 5
"""How many broken fields an error names."""


def guard(spec: Spec, model: Model, *, today: Callable[[], date] = date.today) -> Guard:
    """An agent that holds a model to its spec.

    ``model`` is a function of the allowed fields that gives a Reply (its output, confidence, trace, model_id and
    usage count; the guard decides the status). It may be async. A ``model_id`` on it, or on its replies, must be one
    that the spec allows. ``today`` is the day that refuse rules and derived ages are reckoned from.

    Raises AgentError where the model says it is one that the spec does not allow.
    """
    declared = getattr(model, "model_id", None)
    if isinstance(declared, str) and not covers(spec.models, declared):
        raise AgentError(
            "the model is not one that the spec allows",
            where=f"{spec.ref}, models.allow",
            next_step="use a model of that list, or publish a version that lists this one",
        )
    return Guard(spec, model, today)


def covers(policy: ModelPolicy, model_id: str) -> bool:
    """Whether a policy allows a model: an entry is a whole id, and one without ``@`` covers every version of it."""
    return any(model_id == entry or ("@" not in entry and model_id.split("@", 1)[0] == entry) for entry in policy.allow)


class Guard:
    """A guarded model, callable as an agent. Made by `guard`."""

    __slots__ = ("_refusals", "_today", "agent_id", "model", "spec")

    def __init__(self, spec: Spec, model: Model, today: Callable[[], date]) -> None:
        self.spec = spec
        self.model = model
        self.agent_id: str = agent_id(model)  # type: ignore[arg-type]  # named by the same rule as an agent
        self._refusals = Refusals(spec)
        self._today = today

    def __call__(self, request: Request) -> Reply | Awaitable[Reply]:
        """Answer one request. An async model makes an awaitable answer.

        Raises AgentError where the model fails, uses a model that is not allowed, or breaks the output schema.
        """
        sent = self.admit(request)
        if isinstance(sent, Refusal):
            return Reply("refused", refusal=sent, received=())
        screen = _Screen()
        with screen:
            answer = self.model(sent)
        screen.report()
        if inspect.isawaitable(answer):
            return self._wait(answer, sent)
        return self._release(answer, sent)

    def admit(self, request: Request) -> dict[str, Any] | Refusal:
        """What the model is handed for a request, or the refusal that is due."""
        values, flags, purpose = request.input, request.flags, request.purpose_of_use
        if request.body is not None:
            try:
                envelope = read_request(self.spec, request.body)
            except ContractBreach as breach:
                return Refusal(breach.code, breach.field)
            values, flags, purpose = envelope.input, envelope.flags, envelope.purpose_of_use
        today = self._today()
        refusal = self._refusals.first(values, flags, today=today, purpose=purpose)
        return refusal or allowed_fields(self.spec, values, today=today)

    async def _wait(self, answer: Awaitable[Reply], sent: Mapping[str, Any]) -> Reply:
        screen = _Screen()
        with screen:
            reply = await answer
        screen.report()
        return self._release(reply, sent)

    def _release(self, reply: Reply, sent: Mapping[str, Any]) -> Reply:
        """The reply as far as the spec lets it out."""
        if not isinstance(reply, Reply):
            raise AgentError(
                "the model gave no Reply", where=self.spec.ref, next_step="return evalkit.agents.agent.Reply"
            )
        model_id = reply.model_id or getattr(self.model, "model_id", None)
        if model_id is not None and not covers(self.spec.models, model_id):
            raise AgentError(
                "the model that answered is not one that the spec allows", where=f"{self.spec.ref}, models.allow"
            )
        if reply.output is None:
            raise AgentError("the model gave no output", where=self.spec.ref)
        output, stripped = strip_output(self.spec, reply.output)
        broken = check_output(self.spec, output)
        if broken:
            shown = ", ".join(broken[:SHOWN_PATHS])
            raise AgentError(f"the output breaks the schema in {len(broken)} places", where=f"{self.spec.ref}, {shown}")
        return replace(
            reply,
            status=self._status(reply, output),
            output=output,
            refusal=None,
            received=(sent,),
            stripped=stripped,
            model_id=model_id,
        )

    def _status(self, reply: Reply, output: Mapping[str, Any]) -> ReplyStatus:
        """ok, or needs_review where the model is not sure enough or asks for a person itself."""
        confidence = reply.confidence if reply.confidence is not None else output.get("confidence")
        unsure = confidence is not None and confidence < self.spec.review.threshold
        asked = reply.status == "needs_review" or output.get("needs_review") is True
        return "needs_review" if unsure or asked else "ok"

    def __repr__(self) -> str:
        return f"Guard({self.spec.ref}, {self.agent_id})"


class _Screen:
    """Keeps exceptions of a model in, and lets out the name of their class.

    The error is raised after the block, not from within, so that it does not even hold the original as its context.
    """

    __slots__ = ("_kind",)

    def __init__(self) -> None:
        self._kind: str | None = None

    def __enter__(self) -> None:
        self._kind = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if kind is None or not issubclass(kind, Exception):
            return False
        self._kind = kind.__name__
        return True

    def report(self) -> None:
        """Raise AgentError where something was kept in."""
        if self._kind is not None:
            raise AgentError(f"the model raised {self._kind}", next_step="call the model alone to see its message")
