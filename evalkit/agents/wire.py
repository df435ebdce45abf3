"""The wire form: how a request goes to an agent over HTTP, and how its reply comes back. JSON both ways.

Request::

    {"request_id": "...", "spec_ref": "billing_codes@2.0.0", "actor": "svc:evalkit", "purpose_of_use": "HPAYMT",
     "flags": {"note_signed": true}, "input": {"note_text": "..."}}

Reply (``output`` belongs to ok and needs_review, ``refusal`` to refused; the rest may be absent)::

    {"status": "ok" | "needs_review" | "refused", "output": {...}, "refusal": {"code": "...", "field": "..."},
     "confidence": 0.97, "trace": ["Codes/00061"], "model_id": "rules/offline@1",
     "usage": {"model_calls": 1, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0}}

A reply is read strictly: duplicate and unknown keys, other types and half a refusal are errors. They name no value,
and no unknown key either, for a leaky agent may put a name there.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalkit.agents.agent import Refusal, Reply, Request, Usage
from evalkit.digests import canonical_json
from evalkit.errors import AgentError
from evalkit.spec.contract import ContractBreach, strict_json


class WireRefusal(BaseModel):
    """A refusal as it comes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    code: str = Field(max_length=200)
    field: str | None = Field(default=None, max_length=1000)


class WireUsage(BaseModel):
    """Usage as it comes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model_calls: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cost_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class WireReply(BaseModel):
    """A reply as it comes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())

    status: Literal["ok", "refused", "needs_review"]
    output: dict[str, Any] | None = None
    refusal: WireRefusal | None = None
    confidence: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    trace: list[str] = []
    model_id: str | None = None
    usage: WireUsage = WireUsage()


def write_request(request: Request) -> bytes:
    """The body of a request; ``request.body`` as it is where a test is about the very bytes.

    Raises AgentError where the input is not JSON.
    """
    if request.body is not None:
        return request.body
    envelope = {
        "request_id": request.request_id,
        "spec_ref": request.spec_ref,
        "actor": request.actor,
        **({"purpose_of_use": request.purpose_of_use} if request.purpose_of_use else {}),
        "flags": dict(request.flags),
        "input": dict(request.input),
    }
    try:
        return canonical_json(envelope)
    except (TypeError, ValueError):  # NaN, a lone surrogate, a date object: the error would hold the text
        pass
    raise AgentError("the request is not JSON", where=request.request_id, next_step="send JSON values in the input")


def read_reply(body: bytes) -> Reply:
    """The reply in a body. Raises AgentError that names the broken field and holds no value."""
    problem = ""
    try:
        wire = WireReply.model_validate(strict_json(body))
    except ContractBreach:
        problem = "the reply is not one strict JSON object"
    except ValidationError as error:
        problem = _describe(error)
    if problem:
        raise AgentError(problem, next_step="send the reply in the wire form of evalkit.agents.wire")
    if (wire.status == "refused") != (wire.refusal is not None) or (wire.status == "refused") != (wire.output is None):
        raise AgentError("a refused reply has a refusal and no output, any other has an output and no refusal")
    return Reply(
        wire.status,
        output=wire.output,
        refusal=Refusal(wire.refusal.code, wire.refusal.field) if wire.refusal else None,
        confidence=wire.confidence,
        trace=tuple(wire.trace),
        model_id=wire.model_id,
        usage=Usage(**wire.usage.model_dump()),
    )


def _describe(error: ValidationError) -> str:
    """Which field of the reply is broken and how: pydantic's own words carry the input, so only type and place do."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "extra_forbidden":
        return "the reply has a key that the wire form does not know"
    return f"the reply's {'.'.join(str(part) for part in first['loc'])} is wrong ({first['type']})"
