"""The agent protocol: a plain callable that takes a `Request` and gives a `Reply`.

Nothing to subclass. A function may be ``def`` or ``async def``. A callable may carry ``agent_id``, a short string
that names it and its version; otherwise `agent_id` derives one from its code.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any, Literal, Protocol

from evalkit.cards import Grid, card
from evalkit.digests import digest_bytes
from evalkit.figures import count
from evalkit.records import record
from evalkit.spec.fields import Fields

ReplyStatus = Literal["ok", "refused", "needs_review"]


@record
class Request:
    """What the calling system sends. Holds PHI; ``repr`` shows none."""

    request_id: str
    spec_ref: str
    """``id@version``."""
    input: Mapping[str, Any]
    flags: Mapping[str, bool]
    actor: str = "svc:evalkit"
    purpose_of_use: str = ""
    """HL7 code of what it is for; empty for the purpose of the spec."""
    body: bytes | None = None
    """The request as bytes, where a test is about them; then `input` and `flags` are only a lenient reading."""

    @property
    def fields(self) -> Fields:
        """The input, by attribute: ``request.fields.note_text``."""
        return Fields(self.input)

    def __repr__(self) -> str:
        return f"Request({self.request_id}, {self.spec_ref}, {len(self.input)} fields)"

    def _repr_html_(self) -> str:
        given = ", ".join(sorted(name for name, holds in self.flags.items() if holds is True)) or "none"
        lead = f"to {self.spec_ref} by {self.actor}; flags that hold: {given}; no value is shown"
        return card(f"Request {self.request_id}", lead=lead, grids=[_kinds(self.input)])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no answer was given: a code and the name of a field, never its value."""

    code: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. Unknown counts are 0."""

    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@record
class Reply:
    """What an agent gives back. May hold PHI; ``repr`` shows none."""

    status: ReplyStatus
    output: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    confidence: float | None = None
    """In [0, 1]."""
    trace: tuple[str, ...] = ()
    """Ids of the spec rows that the answer rests on (``Modifiers/25``). No PHI."""
    received: tuple[Mapping[str, Any], ...] | None = None
    """Each input that a model was handed for this answer, as the guard saw it; None where nobody watched."""
    stripped: tuple[str, ...] = ()
    """Paths of what the guard removed because the spec does not declare it; an undeclared name is not shown in them."""
    model_id: str | None = None
    usage: Usage = Usage()

    def __repr__(self) -> str:
        code = f", {self.refusal.code}" if self.refusal else ""
        return f"Reply({self.status}{code}, {len(self.output or ())} fields)"

    def _repr_html_(self) -> str:
        code = f", {self.refusal.code}" if self.refusal else ""
        sure = "" if self.confidence is None else f", confidence {self.confidence:.2f}"
        lead = f"{self.model_id or 'no model'}; rests on {count(len(self.trace), 'row')} of the spec; no value is shown"
        return card(f"Reply: {self.status}{code}{sure}", lead=lead, grids=[_kinds(self.output or {})])


class Agent(Protocol):
    """The system under test. Raise anything: the runner records it and goes on."""

    def __call__(self, request: Request, /) -> Reply | Awaitable[Reply]: ...


def _kinds(fields: Mapping[str, Any]) -> Grid:
    """What fields hold, by kind of value: a name that nobody declared may itself be a value."""
    found = Counter(type(value).__name__ for value in fields.values())
    return Grid(["kind of value", "fields#"], sorted(found.items()))


Model = Callable[[Mapping[str, Any]], "Reply | Awaitable[Reply]"]
"""The part of an agent behind the guard: it is handed the allowed fields only."""


def agent_id(agent: Agent) -> str:
    """The agent's own ``agent_id``, or its qualified name with a digest of its code.

    The digest makes an edited function another agent, so that a resumed run never mixes two of them.
    """
    named = getattr(agent, "agent_id", None)
    if isinstance(named, str):
        return named
    plain = getattr(agent, "__func__", agent)
    function = plain if inspect.isfunction(plain) else type(agent).__call__
    code = getattr(function, "__code__", None)
    name = getattr(agent, "__qualname__", type(agent).__qualname__)
    mark = digest_bytes(repr(_content(code)).encode("utf-8", "backslashreplace"))[:8] if code else "builtin"
    return f"{name}@{mark}"


def _content(part: Any) -> Any:
    """What makes code the same code: instructions, names and constants, in one order in every process."""
    if isinstance(part, CodeType):
        return [part.co_code, part.co_names, [_content(constant) for constant in part.co_consts]]
    if isinstance(part, tuple):
        return [_content(entry) for entry in part]
    return sorted(map(repr, part)) if isinstance(part, frozenset) else repr(part)
