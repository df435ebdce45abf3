"""Conversations by requests: how an agent behind an address, or in another process, converses.

One turn is one request, or several where tools are called. The request is that of the session with one more field in
its input, ``conversation``; the reply's output is either calls or words::

    "conversation": {"heard": "...", "exchanges": [{"heard": "...", "say": "...", "calls": [CALL, ...]}, ...],
                     "calls": [CALL, ...]}                                    # of this turn so far, with results
    CALL:   {"tool": "find_slots", "arguments": {...}, "result": {...}}

    output: {"calls": [{"tool": "find_slots", "arguments": {...}}, ...]}      # asked again with their results
    output: {"say": "...", "end": null | "done" | "transferred" | "emergency" | "message"}

The other side keeps no state: all that it needs stands in the request. A reply is read strictly; what is wrong with
it is named without any value.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalkit.agents.agent import Agent, Reply, Request, Usage, agent_id
from evalkit.agents.conversation import ENDS, Conversation, Converser, Exchange, ToolCall, Tools, Turn
from evalkit.errors import AgentError

FIELD = "conversation"
MOST_ROUNDS = 16
"""Requests for one turn."""
_WIRE = "see evalkit.agents.turnwire for the form of a turn"


class ByRequest:
    """An agent ``(request) -> Reply`` as a conversing one. Made by `by_request`."""

    __slots__ = ("agent", "agent_id")

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.agent_id = agent_id(agent)

    def __call__(self, conversation: Conversation, tools: Tools) -> Turn | Awaitable[Turn]:
        """One turn. Raises AgentError for a reply that is no turn."""
        rounds = _rounds(conversation, tools)
        request = next(rounds)
        while True:
            answer = self.agent(request)
            if inspect.isawaitable(answer):
                return self._wait(rounds, answer)
            try:
                request = rounds.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]

    async def _wait(self, rounds: Generator[Request, Reply, Turn], answer: Awaitable[Reply]) -> Turn:
        while True:
            reply = await answer
            try:
                request = rounds.send(reply)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            answer = self.agent(request)  # type: ignore[assignment]  # one that waited once waits again

    def __repr__(self) -> str:
        return f"ByRequest({self.agent_id})"


def by_request(agent: Agent) -> ByRequest:
    """A conversing agent that asks another one by requests: ``by_request(endpoint("https://..."))``."""
    return ByRequest(agent)


def _rounds(conversation: Conversation, tools: Tools) -> Generator[Request, Reply, Turn]:
    """The requests of one turn; is sent the reply to each."""
    session, usage = conversation.request, Usage()
    calls: list[dict[str, Any]] = []
    for _ in range(MOST_ROUNDS):
        said = {
            "heard": conversation.heard,
            "exchanges": [_exchange(one) for one in conversation.exchanges],
            "calls": list(calls),
        }
        reply = yield replace(session, input={**session.input, FIELD: said})
        if not isinstance(reply, Reply):
            raise AgentError("the agent gave no Reply", next_step=_WIRE)
        usage = _sum(usage, reply.usage)
        if reply.refusal is not None:
            return Turn("", refusal=reply.refusal, trace=reply.trace, usage=usage, received=reply.received)
        output = reply.output or {}
        if "calls" not in output:
            return _read_turn(output, reply, usage)
        for tool, arguments in _read_calls(output):
            calls.append({"tool": tool, "arguments": arguments, "result": tools(tool, **arguments)})
    raise AgentError(f"a turn took more than {MOST_ROUNDS} requests", next_step="answer with words at some time")


def _read_turn(output: Mapping[str, Any], reply: Reply, usage: Usage) -> Turn:
    say, end = output.get("say"), output.get("end")
    if not isinstance(say, str) or output.keys() - {"say", "end"} or (end is not None and end not in ENDS):
        raise AgentError("the output is no turn: words to say, and an end where there is one", next_step=_WIRE)
    return Turn(say, end, None, reply.trace, usage, reply.received, reply.model_id)


def _read_calls(output: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    calls = output["calls"]
    plain = isinstance(calls, list) and all(
        isinstance(call, Mapping)
        and call.keys() == {"tool", "arguments"}
        and isinstance(call["tool"], str)
        and isinstance(call["arguments"], Mapping)
        for call in calls
    )
    if not plain or not calls or output.keys() != {"calls"}:
        raise AgentError("the output is no list of calls, each a tool and its arguments", next_step=_WIRE)
    return [(call["tool"], dict(call["arguments"])) for call in calls]


def _exchange(one: Exchange) -> dict[str, Any]:
    calls = [{"tool": call.tool, "arguments": call.arguments, "result": call.result} for call in one.calls]
    return {"heard": one.heard, "say": one.turn.say, "calls": calls}


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.model_calls + other.model_calls,
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cost_usd + other.cost_usd,
    )


class _Wanted(BaseException):
    """A call whose result is not known yet."""

    def __init__(self, tool: str, arguments: Mapping[str, Any]) -> None:
        super().__init__("a tool is wanted")
        self.call = {"tool": tool, "arguments": dict(arguments)}


class BySteps:
    """A conversing agent as one that is asked by requests. Made by `by_steps`."""

    __slots__ = ("agent_id", "converser")

    def __init__(self, converser: Converser) -> None:
        self.converser = converser
        self.agent_id = agent_id(converser)  # type: ignore[arg-type]  # named by the same rule as an agent

    def __call__(self, request: Request) -> Reply:
        """Calls, or the words of the turn. Raises AgentError for a request without a conversation."""
        said = request.input.get(FIELD)
        if not isinstance(said, Mapping):
            raise AgentError("the request holds no conversation", next_step=_WIRE)
        session = replace(request, input={name: value for name, value in request.input.items() if name != FIELD})
        conversation = Conversation(session, "")
        for one in said["exchanges"]:
            turn = self._turn(conversation, one["heard"], one["calls"], past=True)
            calls = tuple(ToolCall(call["tool"], call["arguments"], call["result"]) for call in one["calls"])
            conversation.exchanges = (*conversation.exchanges, Exchange(one["heard"], turn, calls))
        try:
            turn = self._turn(conversation, said["heard"], said["calls"])
        except _Wanted as wanted:
            return Reply("ok", {"calls": [wanted.call]})
        if turn.refusal is not None:
            return Reply("refused", refusal=turn.refusal, received=turn.received)
        output = {"say": turn.say, "end": turn.end}
        return Reply("ok", output, trace=turn.trace, received=turn.received, model_id=turn.model_id, usage=turn.usage)

    def _turn(
        self, conversation: Conversation, heard: str, calls: Sequence[Mapping[str, Any]], *, past: bool = False
    ) -> Turn:
        """One turn of the agent, whose tools answer what is known of them; of a past one all of it is."""
        known = iter(calls)

        def tools(tool: str, /, **arguments: Any) -> Mapping[str, Any]:
            call = next(known, None)
            if call is None and not past:
                raise _Wanted(tool, arguments)
            if call is None or (call["tool"], call["arguments"]) != (tool, arguments):
                raise AgentError(
                    "asked again with the same words, the agent called other tools",
                    next_step="only an agent that does the same each time can be run in steps",
                )
            return call["result"]  # type: ignore[no-any-return]

        conversation.heard = heard
        turn = self.converser(conversation, tools)
        if inspect.isawaitable(turn):
            turn.close()  # type: ignore[attr-defined]
            raise AgentError("only a plain function can be run in steps", next_step="give a def, not an async def")
        return turn

    def __repr__(self) -> str:
        return f"BySteps({self.agent_id})"


def by_steps(converser: Converser) -> BySteps:
    """An agent ``(request) -> Reply`` of a conversing one: to serve it at an address, or to watch it in a process.

    Each request replays the conversation so far, so the agent must do the same each time, and be a plain function.
    """
    return BySteps(converser)
