"""The protocol of a conversing agent: a plain callable ``(conversation, tools) -> Turn``.

It is called once for each thing that the other side says. What it needs to know of before stands in the conversation;
what it wants done it asks of the tools; what it gives back is said. Nothing to subclass, ``def`` or ``async def``::

    def agent(conversation, tools):
        if "book" in conversation.heard:
            slots = tools("find_slots", day="2026-12-03")["slots"]
            return Turn(f"There are {len(slots)} times that day.")
        return Turn("Goodbye.", end="done")

Agents that are asked by requests (an address, a watched process) converse through `evalkit.agents.turnwire`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, Protocol, get_args

from evalkit.agents.agent import Refusal, Request, Usage
from evalkit.agents.guard import Guard, covers
from evalkit.errors import AgentError
from evalkit.records import record
from evalkit.spec.schema import Spec

End = Literal["done", "transferred", "emergency", "message"]
"""Why an agent ends a conversation: all is said; a person takes over; an emergency; a message is left."""
ENDS = frozenset(get_args(End))

Tools = Callable[..., Mapping[str, Any]]
"""``tools("book", patient="p1", slot="s3")``: JSON in, JSON out. What cannot be done gives ``{"error": code}``."""


@record
class ToolCall:
    """One call of a tool. May hold PHI; ``repr`` shows none."""

    tool: str
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"ToolCall({self.tool}, {len(self.arguments)} arguments)"


@record
class Turn:
    """What a conversing agent gives back. May hold PHI; ``repr`` shows none."""

    say: str
    end: End | None = None
    """None to go on listening."""
    refusal: Refusal | None = None
    """Why no conversation is held at all; only ever in answer to the first words."""
    trace: tuple[str, ...] = ()
    """Ids of the spec rows that the turn rests on. No PHI."""
    usage: Usage = Usage()
    received: tuple[Mapping[str, Any], ...] | None = None
    """What of the request a model was handed, where a guard saw it."""
    model_id: str | None = None

    def __repr__(self) -> str:
        return f"Turn({len(self.say)} characters, {self.end or 'goes on'})"


@record
class Exchange:
    """One thing heard, what was done about it, and what was said. May hold PHI; ``repr`` shows none."""

    heard: str
    """The caller's words as the agent got them: written, or as a recogniser understood them."""
    turn: Turn
    calls: tuple[ToolCall, ...] = ()
    cleared: tuple[str, ...] = ()
    """Whose identity and authority stood established, by what the tools were told, when the turn was said."""

    def __repr__(self) -> str:
        return f"Exchange({len(self.heard)} characters heard, {len(self.calls)} calls)"


@dataclass(slots=True)
class Conversation:
    """What a conversing agent is handed. Holds PHI; ``repr`` shows none."""

    request: Request
    """The session: channel, day, flags; what the calling system sent before anybody spoke."""
    heard: str
    """What was said just now."""
    exchanges: tuple[Exchange, ...] = ()
    """What came before, oldest first."""
    memory: dict[str, Any] = field(default_factory=dict)
    """The agent's own, for as long as the conversation lasts. Never recorded."""

    def __repr__(self) -> str:
        return f"Conversation({self.request.request_id}, {len(self.exchanges)} exchanges)"


class Converser(Protocol):
    """A conversing agent. Raise anything: the runner records it, with what was said before, and goes on."""

    def __call__(self, conversation: Conversation, tools: Tools, /) -> Turn | Awaitable[Turn]: ...


class GuardedConverser:
    """A conversing agent held to its spec. Made by `guarded`."""

    __slots__ = ("_door", "agent_id", "converser", "spec")

    def __init__(self, spec: Spec, converser: Callable[[Conversation, Tools], Turn], today: Callable[[], date]) -> None:
        self.spec = spec
        self.converser = converser
        self._door = Guard(spec, converser, today)  # type: ignore[arg-type]  # only its door is used: it admits requests
        self.agent_id = self._door.agent_id

    def __call__(self, conversation: Conversation, tools: Tools) -> Turn:
        """Answer one turn. The session is admitted before its first turn, and remembered."""
        memory = conversation.memory
        if "admitted" not in memory:
            sent = self._door.admit(conversation.request)
            if isinstance(sent, Refusal):
                return Turn("", refusal=sent, received=())
            memory.update(admitted=replace(conversation.request, input=sent, body=None), own={})
        session = memory["admitted"]
        turn = self.converser(Conversation(session, conversation.heard, conversation.exchanges, memory["own"]), tools)
        model_id = turn.model_id or getattr(self.converser, "model_id", None)
        if model_id is not None and not covers(self.spec.models, model_id):
            raise AgentError(
                "the model that answered is not one that the spec allows", where=f"{self.spec.ref}, models.allow"
            )
        return replace(turn, model_id=model_id, received=None if conversation.exchanges else (session.input,))

    def __repr__(self) -> str:
        return f"GuardedConverser({self.spec.ref}, {self.agent_id})"


def guarded(
    spec: Spec, converser: Callable[[Conversation, Tools], Turn], *, today: Callable[[], date] = date.today
) -> GuardedConverser:
    """A conversing agent that holds another one to its spec: refuse rules before the first word, allowed fields only.

    ``today`` is the day that refuse rules are reckoned from.
    """
    return GuardedConverser(spec, converser, today)
