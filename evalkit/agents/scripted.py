"""The scripted agent: answers that are written down beforehand, by case."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.agents.agent import Reply, Request
from evalkit.errors import AgentError


def scripted(answers: Mapping[str, Reply | Exception], *, default: Reply | None = None) -> Scripted:
    """An agent that gives the answer written for a case, the same in every trial, or raises the exception there.

    Other cases get ``default``; without one they raise AgentError.
    """
    return Scripted(dict(answers), default)


class Scripted:
    """Written answers, callable as an agent. Made by `scripted`."""

    __slots__ = ("_answers", "_default")

    agent_id = "scripted"

    def __init__(self, answers: Mapping[str, Reply | Exception], default: Reply | None) -> None:
        self._answers = answers
        self._default = default

    def __call__(self, request: Request) -> Reply:
        """The answer for the request's case."""
        answer = self._answers.get(request.request_id)
        if answer is None:
            answer = self._answers.get(case_of(request.request_id)[0], self._default)
        if answer is None:
            raise AgentError("nothing is written for this case", where=request.request_id, next_step="give a default")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def __repr__(self) -> str:
        return f"Scripted({len(self._answers)} answers)"


def case_of(request_id: str) -> tuple[str, int]:
    """The case and the trial that a request id stands for: ``case#2`` is trial 2 of ``case``, ``case`` is trial 0."""
    case_id, mark, trial = request_id.rpartition("#")
    if mark and trial.isascii() and trial.isdecimal():
        return case_id, int(trial)
    return request_id, 0
