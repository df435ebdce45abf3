"""An execution as bytes and back: a JSON array with the version of its shape in front.

Case id and trial are not in it; they stand beside it in the journal and are bound to it by the seal.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json

from evalkit.agents.agent import Refusal, Reply, Usage
from evalkit.agents.conversation import Exchange, ToolCall, Turn
from evalkit.errors import JournalError
from evalkit.executions.execution import Execution, Failure, Sighting
from evalkit.executions.talks import Talk

VERSION = 3
"""1 had no sightings, 2 no conversation. An execution without one is still written as 2."""


def encode(execution: Execution) -> bytes:
    """The bytes of an execution whose reply was accepted: UTF-8 JSON."""
    failure, reply, talk = execution.failure, execution.reply, execution.talk
    return to_json((
        2 if talk is None else VERSION,
        execution.attempts,
        execution.seconds,
        execution.logs,
        None if failure is None else (failure.kind, failure.text),
        None if reply is None else _list_reply(reply),
        None if execution.seen is None else [(one.sink, one.place, one.text) for one in execution.seen],
        *(() if talk is None else (_list_talk(talk),)),
    ))  # fmt: skip


def decode(data: bytes, *, case_id: str, trial: int) -> Execution:
    """The execution. Raises JournalError for bytes of a newer evalkit, or of none."""
    try:
        version, *rest = from_json(data)
        if isinstance(version, int) and version > VERSION:
            raise JournalError(
                f"an execution has shape {version} and this evalkit reads up to {VERSION}",
                next_step="use the evalkit that wrote the journal, or a newer one",
            )
        attempts, seconds, logs, failure, reply = rest[:5]
        seen = rest[5] if version > 1 else None
        return Execution(
            case_id,
            trial,
            None if reply is None else _read_reply(reply),
            None if failure is None else Failure(*failure),
            tuple(logs),
            attempts,
            seconds,
            None if seen is None else tuple(Sighting(*one) for one in seen),
            _read_talk(rest[6]) if version > 2 else None,
        )
    except (ValueError, TypeError, IndexError):
        # The cause would quote the bytes.
        raise JournalError("an execution does not have the shape that evalkit writes") from None


def _list_reply(reply: Reply) -> tuple[Any, ...]:
    refusal, usage = reply.refusal, reply.usage
    return (
        reply.status,
        reply.output,
        None if refusal is None else (refusal.code, refusal.field),
        reply.confidence,
        reply.trace,
        reply.received,
        reply.stripped,
        reply.model_id,
        (usage.model_calls, usage.input_tokens, usage.output_tokens, usage.cost_usd),
    )


def _read_reply(row: list[Any]) -> Reply:
    status, output, refusal, confidence, trace, received, stripped, model_id, usage = row
    return Reply(
        status,
        output,
        None if refusal is None else Refusal(*refusal),
        confidence,
        tuple(trace),
        None if received is None else tuple(received),
        tuple(stripped),
        model_id,
        Usage(*usage),
    )


def _list_talk(talk: Talk) -> tuple[Any, ...]:
    """A conversation. What a turn refused, cost and was handed stands in the reply."""
    exchanges = [
        (
            one.heard,
            one.turn.say,
            one.turn.end,
            one.turn.trace,
            [(call.tool, call.arguments, call.result) for call in one.calls],
            one.cleared,
        )
        for one in talk.exchanges
    ]
    return (exchanges, talk.end, talk.state)


def _read_talk(row: list[Any]) -> Talk:
    exchanges, end, state = row
    return Talk(
        tuple(
            Exchange(
                heard, Turn(say, ended, None, tuple(trace)), tuple(ToolCall(*call) for call in calls), tuple(cleared)
            )
            for heard, say, ended, trace, calls, cleared in exchanges
        ),
        end,
        state,
    )
