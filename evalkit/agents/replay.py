"""The replay agent: gives again what was recorded, so that a stored system is judged without a new call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Protocol

from evalkit.agents.agent import Reply, Request
from evalkit.agents.scripted import case_of
from evalkit.digests import digest
from evalkit.errors import AgentError


class Recorded(Protocol):
    """One recorded answer; an Execution is one."""

    @property
    def case_id(self) -> str:
        """The case that was answered."""

    @property
    def trial(self) -> int:
        """Which run of the case, from 0."""

    @property
    def reply(self) -> Reply | None:
        """The answer; None where the system failed."""


def replay(recording: Iterable[Recorded] | Mapping[str, Reply]) -> Replay:
    """An agent that answers by case and trial from a recording: executions, or replies by case id.

    A case that was recorded once gives the same answer in every trial; one recorded in several trials gives each its
    own. Where the system had failed, or nothing was recorded, it raises AgentError. Raises AgentError for a case and
    trial recorded twice.
    """
    answers: dict[str, dict[int, Reply | None]] = {}
    if isinstance(recording, Mapping):
        answers = {case_id: {0: reply} for case_id, reply in recording.items()}
    else:
        for recorded in recording:
            trials = answers.setdefault(recorded.case_id, {})
            if recorded.trial in trials:
                raise AgentError("recorded twice", where=f"{recorded.case_id}, trial {recorded.trial}")
            trials[recorded.trial] = recorded.reply
    return Replay(answers)


class Replay:
    """A recording, callable as an agent. Made by `replay`. ``agent_id`` moves with every recorded byte."""

    __slots__ = ("_answers", "agent_id")

    recorded = True
    """Nobody is there to be probed: a recording answers only what it was asked."""

    def __init__(self, answers: Mapping[str, Mapping[int, Reply | None]]) -> None:
        self._answers = answers
        content = [
            [case_id, trial, asdict(reply) if reply is not None else None]
            for case_id, trials in sorted(answers.items())
            for trial, reply in sorted(trials.items())
        ]
        self.agent_id = f"replay@{digest(content)[:12]}"

    def __call__(self, request: Request) -> Reply:
        """What was recorded for the request's case and trial."""
        trials, trial = self._answers.get(request.request_id), 0
        if trials is None:
            case_id, trial = case_of(request.request_id)
            trials = self._answers.get(case_id, {})
        if len(trials) == 1:
            (trial,) = trials
        if trial not in trials:
            raise AgentError("nothing is recorded for this case and trial", where=request.request_id)
        reply = trials[trial]
        if reply is None:
            raise AgentError("the system failed when this was recorded", where=request.request_id)
        return reply

    def __repr__(self) -> str:
        return f"Replay({len(self._answers)} cases)"
