"""The record of one agent run on one case. It does not know its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.agents.agent import Refusal, Reply
from evalkit.cards import Grid, card
from evalkit.executions.talks import Talk
from evalkit.records import record
from evalkit.spec.fields import Fields

ExecutionStatus = Literal["ok", "refused", "needs_review", "error"]


@dataclass(frozen=True, slots=True, repr=False)
class Failure:
    """An agent that raised or ran out of time. ``text`` may hold PHI and is only ever stored sealed."""

    kind: str
    """The class of the exception, or ``Timeout``. Safe to show."""
    text: str = ""
    """Message and traceback as the agent's caller would have seen them."""

    def __repr__(self) -> str:
        return f"Failure({self.kind})"


Sink = Literal["stdout", "stderr", "file", "process", "environment", "network", "listen", "tool", "answer", "watch"]
"""Where something came out besides the reply. ``answer``: headers and bodies of an HTTP answer that are no reply;
``watch``: no sink, but the note of a watcher that it was there."""


@dataclass(frozen=True, slots=True, repr=False)
class Sighting:
    """Something that an agent did besides answering. May hold PHI; only ever stored sealed, and ``repr`` shows none."""

    sink: Sink
    place: str
    """The file's path, the program, the tool, ``tls host:443``. May hold PHI too."""
    text: str = ""
    """What was written, passed or sent. For ``watch``: the sinks that were under watch."""

    def __repr__(self) -> str:
        return f"Sighting({self.sink}, {len(self.text)} characters)"


@record
class Execution:
    """One run of one case: exactly one of ``reply`` and ``failure`` is there."""

    case_id: str
    trial: int
    """From 0."""
    reply: Reply | None
    failure: Failure | None = None
    logs: tuple[str, ...] = ()
    """Log messages that the process wrote while this agent ran. May hold PHI."""
    attempts: int = 1
    seconds: float = 0.0
    """Wall time of the last attempt. Left out of every digest and comparison."""
    seen: tuple[Sighting, ...] | None = None
    """What a watcher saw besides the reply (`evalkit.executions.watched`); None where nobody watched."""
    talk: Talk | None = None
    """What was said and done, where the agent held a conversation; as far as it went."""

    def watched(self, sink: Sink) -> bool:
        """Whether somebody watched a sink while the agent ran."""
        return any(sink in one.text.split() for one in self.seen or () if one.sink == "watch")

    @property
    def status(self) -> ExecutionStatus:
        """The reply's status, or ``error``."""
        return self.reply.status if self.reply is not None else "error"

    @property
    def output(self) -> Fields | None:
        """The output, by attribute: ``execution.output.lines``; None for a refusal or an error."""
        if self.reply is None or self.reply.output is None:
            return None
        return Fields(self.reply.output)

    @property
    def refusal(self) -> Refusal | None:
        """The refusal, if it was one."""
        return self.reply.refusal if self.reply is not None else None

    @property
    def confidence(self) -> float | None:
        """The stated confidence in [0, 1]."""
        return self.reply.confidence if self.reply is not None else None

    @property
    def trace(self) -> tuple[str, ...]:
        """The spec rows that the answer rests on."""
        return self.reply.trace if self.reply is not None else ()

    def __repr__(self) -> str:
        return f"Execution({self.case_id}, trial {self.trial}, {self.status})"

    def _repr_html_(self) -> str:
        why = self.failure.kind if self.failure else self.refusal.code if self.refusal else ""
        return card(
            f"Execution of {self.case_id}, trial {self.trial}",
            lead=" ".join(filter(None, (self.status, why))),
            grids=[Grid(["spec row that the answer rests on"], [(row,) for row in self.trace])],
        )
