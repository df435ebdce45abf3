"""What counts as a reply: the shape is checked, and the JSON in it copied, before anything is recorded.

The copy is deep: an agent that goes on changing what it returned cannot change the record, and the execution in
memory equals the one read back from a journal, tuples, subclasses and all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

from evalkit.agents.agent import Refusal, Reply, ReplyStatus, Usage
from evalkit.errors import AgentError

MAX_DEPTH = 64
"""Levels of arrays and objects in an output."""
_STATUSES = frozenset(get_args(ReplyStatus))
_NO_USAGE: Any = Reply.__dataclass_fields__["usage"].default
_PLAIN = frozenset({int, bool, type(None)})


class BadReply(AgentError):
    """An agent that gave back something that is not a `Reply`, or a reply that JSON cannot hold."""


def accept(value: Any) -> Reply:
    """A copy of the reply, with plain JSON in it. Raises BadReply, which names no value and no field of the output."""
    if not isinstance(value, Reply):
        raise BadReply(f"the agent returned a {type(value).__name__}, not a Reply")
    if value.status not in _STATUSES:
        raise BadReply(f"the status of a reply is one of {', '.join(sorted(_STATUSES))}")
    output = value.output
    if output is not None and not isinstance(output, Mapping):
        raise BadReply(f"the output is a {type(output).__name__}, not an object")
    refusal, confidence, received, model_id = value.refusal, value.confidence, value.received, value.model_id
    return Reply(
        value.status,
        None if output is None else copy_json(output),
        None if refusal is None else _copy_refusal(refusal),
        None if confidence is None else _copy_confidence(confidence),
        () if value.trace == () else _copy_texts(value.trace, "trace"),
        None if received is None else _copy_received(received),
        () if value.stripped == () else _copy_texts(value.stripped, "stripped"),
        None if model_id is None else _copy_text(model_id, "model_id"),
        value.usage if value.usage is _NO_USAGE else _copy_usage(value.usage),
    )


def copy_json(value: Any, depth: int = MAX_DEPTH) -> Any:
    """A deep copy of a JSON value, in plain types (arrays as lists). Raises BadReply for what is not JSON."""
    if isinstance(value, str):
        return _copy_text(value, "the output")
    if type(value) is dict or isinstance(value, Mapping):
        if depth == 0:
            raise BadReply(f"the output is deeper than {MAX_DEPTH} levels")
        # Scalars are nearly all there is: those that need no more than a look are not worth a call.
        return {
            name if type(name) is str and name.isascii() else _copy_key(name): (
                entry if type(entry) in _PLAIN else copy_json(entry, depth - 1)
            )
            for name, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        if depth == 0:
            raise BadReply(f"the output is deeper than {MAX_DEPTH} levels")
        return [entry if type(entry) in _PLAIN else copy_json(entry, depth - 1) for entry in value]
    return _copy_scalar(value)


def _copy_scalar(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadReply("the output holds a number that is not finite")
        return float(value)
    if value is None or type(value) is bool:
        return value
    if isinstance(value, int):
        return int(value)
    raise BadReply(f"the output holds a {type(value).__name__}, which is not JSON")


def _copy_key(name: Any) -> str:
    if not isinstance(name, str):
        raise BadReply(f"the output holds a {type(name).__name__} as a field name")
    return _copy_text(name, "the output")


def _copy_text(text: Any, place: str) -> str:
    if not isinstance(text, str):
        raise BadReply(f"{place} holds a {type(text).__name__} where text belongs")
    if type(text) is str and text.isascii():
        return text
    try:
        return text.encode().decode()
    except UnicodeEncodeError:
        raise BadReply(f"{place} holds half of a surrogate pair, which is not Unicode text") from None


def _copy_texts(texts: Any, place: str) -> tuple[str, ...]:
    if not isinstance(texts, (tuple, list)):
        raise BadReply(f"{place} is a {type(texts).__name__}, not a tuple")
    return tuple(_copy_text(text, place) for text in texts)


def _copy_refusal(refusal: Any) -> Refusal:
    if not isinstance(refusal, Refusal):
        raise BadReply(f"the refusal is a {type(refusal).__name__}, not a Refusal")
    field = None if refusal.field is None else _copy_text(refusal.field, "refusal.field")
    return Refusal(_copy_text(refusal.code, "refusal.code"), field)


def _copy_confidence(confidence: Any) -> float:
    number = isinstance(confidence, (float, int)) and not isinstance(confidence, bool)
    if not number or not 0 <= confidence <= 1:
        raise BadReply("the confidence is not a number in [0, 1]")
    return float(confidence)


def _copy_received(received: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(received, (tuple, list)) or not all(isinstance(entry, Mapping) for entry in received):
        raise BadReply("received is not a tuple of objects")
    return tuple(copy_json(entry) for entry in received)


def _copy_usage(usage: Any) -> Usage:
    if not isinstance(usage, Usage):
        raise BadReply(f"the usage is a {type(usage).__name__}, not a Usage")
    counts = (usage.model_calls, usage.input_tokens, usage.output_tokens)
    cost = usage.cost_usd
    if not all(type(count) is int and count >= 0 for count in counts):
        raise BadReply("the counts of the usage are whole numbers from 0")
    if not isinstance(cost, (float, int)) or not math.isfinite(cost) or cost < 0:
        raise BadReply("the cost of the usage is a number from 0")
    return Usage(*counts, float(cost))
