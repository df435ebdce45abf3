"""Conversations as executions: an agent on a stage, with somebody to talk to and tools that act.

A `Stage` makes the `Scene` of one case and trial: the other side, the tools and the world they act on. `seated` puts an
agent on a stage; the runner then holds one conversation an execution instead of sending one request. What is said and
done is kept as it happens, so a conversation that breaks off leaves its beginning in the record.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from evalkit.agents.agent import Agent, Reply, ReplyStatus, Request, Usage, agent_id
from evalkit.agents.conversation import ENDS, Conversation, Converser, Exchange, ToolCall, Turn
from evalkit.agents.turnwire import ByRequest, by_request, by_steps
from evalkit.cases.case import Case
from evalkit.executions.replies import BadReply, accept, copy_json
from evalkit.records import record

MOST_EXCHANGES = 40
"""A conversation that goes on longer is ended by the runner."""
LEFT, TOO_LONG = "caller_left", "too_long"
"""Ends that are no agent's: the other side leaves, or the runner ends it."""


class Scene(Protocol):
    """The other side of one conversation and the world that the tools act on."""

    def open(self) -> str:
        """The first words."""

    def hear(self, turn: Turn, /) -> str | None:
        """The next words, in answer to the agent's; None where the other side leaves."""

    def call(self, tool: str, arguments: Mapping[str, Any], /) -> Mapping[str, Any]:
        """Do what a tool does. All of it or nothing; what cannot be done is ``{"error": code}``. Never raises."""

    @property
    def cleared(self) -> tuple[str, ...]:
        """Whose identity and authority stand established by what the tools were told."""

    @property
    def state(self) -> Mapping[str, Any]:
        """The world as it is now, as JSON."""


Stage: TypeAlias = Callable[[Case, int], Scene]
"""``(case, trial) -> Scene``. The same case and trial make the same scene."""


@record
class Talk:
    """The record of one conversation. May hold PHI; ``repr`` shows none (`evalkit.report.transcript` shows it)."""

    exchanges: tuple[Exchange, ...]
    end: str
    """One of the agent's ends, ``caller_left``, ``too_long``; empty where it broke off."""
    state: Mapping[str, Any]
    """The world when it was over."""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Every call, in order."""
        return tuple(call for exchange in self.exchanges for call in exchange.calls)

    def __repr__(self) -> str:
        return f"Talk({len(self.exchanges)} exchanges, {self.end or 'broken off'})"


class Running:
    """A conversation while it is held: what the record is made of, whenever it ends."""

    __slots__ = ("calls", "end", "exchanges", "heard", "scene")

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.exchanges: list[Exchange] = []
        self.heard: str | None = None
        """What was heard and not answered yet."""
        self.calls: list[ToolCall] = []
        self.end = ""

    def tools(self, tool: str, /, **arguments: Any) -> Mapping[str, Any]:
        """Call a tool and keep the call. Raises BadReply for arguments that are not JSON."""
        asked = copy_json(arguments)
        result = copy_json(self.scene.call(str(tool), asked))
        self.calls.append(ToolCall(str(tool), asked, result))
        return result  # type: ignore[no-any-return]

    def answer(self, turn: Turn) -> None:
        """The agent has spoken."""
        assert self.heard is not None
        turn = Turn(turn.say, turn.end, None, turn.trace)  # what it cost and was handed goes into the reply
        self.exchanges.append(Exchange(self.heard, turn, tuple(self.calls), self.scene.cleared))
        self.heard, self.calls = None, []

    def close(self) -> Talk:
        """The record as it stands; a turn that never came is empty."""
        exchanges = tuple(self.exchanges)
        if self.heard is not None:
            exchanges += (Exchange(self.heard, Turn(""), tuple(self.calls), self.scene.cleared),)
        return Talk(exchanges, self.end, copy_json(self.scene.state))


class Seated:
    """A conversing agent on a stage: what `execute` takes. Made by `seated`."""

    __slots__ = ("agent_id", "converser", "stage")

    def __init__(self, converser: Converser, stage: Stage) -> None:
        self.converser = converser
        self.stage = stage
        self.agent_id = agent_id(converser)  # type: ignore[arg-type]  # named by the same rule as an agent

    def __call__(self, _request: Request) -> Reply:
        """A conversation needs a case: only the runner holds one."""
        raise BadReply("a conversing agent is asked case by case", next_step="use execute or evaluate")

    @property
    def asked(self) -> Agent:
        """The agent ``(request) -> Reply`` behind it, or the one that stands for it step by step."""
        return self.converser.agent if isinstance(self.converser, ByRequest) else by_steps(self.converser)

    def through(self, agent: Agent) -> Seated:
        """On the same stage, with another agent to be asked by requests: a watched one, a faulty one."""
        return Seated(by_request(agent), self.stage)

    @property
    def is_async(self) -> bool:
        """Whether its turns are awaited."""
        one: Any = self.converser.agent if isinstance(self.converser, ByRequest) else self.converser
        return inspect.iscoroutinefunction(one) or inspect.iscoroutinefunction(getattr(one, "__call__", None))  # noqa: B004

    def talk(self, request: Request, running: Running) -> Reply | Awaitable[Reply]:
        """Hold the conversation. Raises what the agent raises, and BadReply for what is no turn."""
        course = _course(request, running)
        conversation = next(course)
        while True:
            turn = self.converser(conversation, running.tools)
            if inspect.isawaitable(turn):
                return self._wait(course, turn, running)
            try:
                conversation = course.send(turn)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]

    async def _wait(
        self, course: Generator[Conversation, Turn, Reply], turn: Turn | Awaitable[Turn], running: Running
    ) -> Reply:
        while True:
            said = await turn if inspect.isawaitable(turn) else turn
            try:
                conversation = course.send(said)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            turn = self.converser(conversation, running.tools)

    def __repr__(self) -> str:
        return f"Seated({self.agent_id})"


def seated(agent: Agent | Converser, stage: Stage) -> Seated:
    """An agent on a stage. One that takes a request alone (an address, a watched process) is asked by requests."""
    if isinstance(agent, Seated):
        return Seated(agent.converser, stage)
    takes = [one for one in inspect.signature(agent).parameters.values() if one.kind <= one.POSITIONAL_OR_KEYWORD]
    return Seated(agent if len(takes) > 1 else by_request(agent), stage)  # type: ignore[arg-type]


def _course(request: Request, running: Running) -> Generator[Conversation, Turn, Reply]:
    """The conversation, turn by turn; is sent each turn. Gives the reply that stands for the whole."""
    conversation = Conversation(request, running.scene.open())
    trace: dict[str, None] = {}
    usages: list[Usage] = []
    received: list[Mapping[str, Any]] | None = None
    while True:
        running.heard = conversation.heard
        turn = accept_turn((yield conversation))
        usages.append(turn.usage)
        trace.update(dict.fromkeys(turn.trace))
        received = received if turn.received is None else [*(received or ()), *turn.received]
        running.answer(turn)
        if turn.refusal is not None:
            if len(running.exchanges) > 1:
                raise BadReply(
                    "a conversation was refused in the middle of it", next_step="refuse before the first words"
                )
            return Reply("refused", refusal=turn.refusal, trace=turn.trace, received=turn.received, usage=turn.usage)
        heard = None if turn.end else running.scene.hear(turn)
        if heard is None or len(running.exchanges) >= MOST_EXCHANGES:
            running.end = turn.end or (LEFT if heard is None else TOO_LONG)
            break
        conversation.exchanges = tuple(running.exchanges)
        conversation.heard = heard
    output = {"end": running.end}
    handed = None if received is None else tuple(received)
    return Reply("ok", output, trace=tuple(trace), received=handed, model_id=turn.model_id, usage=_total(usages))


def accept_turn(value: Any) -> Turn:
    """A copy of a turn, checked as `evalkit.executions.replies.accept` checks a reply. Raises BadReply."""
    if not isinstance(value, Turn):
        raise BadReply(f"the agent returned a {type(value).__name__}, not a Turn")
    if value.end is not None and value.end not in ENDS:
        raise BadReply(f"the end of a turn is None or one of {', '.join(sorted(ENDS))}")
    status: ReplyStatus = "refused" if value.refusal is not None else "ok"
    plain = accept(
        Reply(
            status,
            {"say": value.say},
            value.refusal,
            None,
            value.trace,
            value.received,
            model_id=value.model_id,
            usage=value.usage,
        )
    )
    say = (plain.output or {})["say"]
    if not isinstance(say, str):
        raise BadReply(f"what a turn says is a {type(value.say).__name__}, not text")
    return Turn(say, value.end, plain.refusal, plain.trace, plain.usage, plain.received, plain.model_id)


def _total(usages: Sequence[Usage]) -> Usage:
    if all(usage == Usage() for usage in usages):
        return Usage()
    return Usage(
        sum(usage.model_calls for usage in usages),
        sum(usage.input_tokens for usage in usages),
        sum(usage.output_tokens for usage in usages),
        sum(usage.cost_usd for usage in usages),
    )
