"""The stage of the family: a case's clinic and caller, made into a scene for one trial."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from evalkit.agents.conversation import Turn
from evalkit.cases.case import Case
from evalkit.errors import CaseError
from evalkit.tasks.patient_conversation.caller import Caller
from evalkit.tasks.patient_conversation.clinic import Clinic


class Call:
    """One call to a clinic: a `evalkit.executions.talks.Scene`."""

    __slots__ = ("_caller", "_clinic")

    def __init__(self, clinic: Clinic, caller: Caller) -> None:
        self._clinic = clinic
        self._caller = caller

    def open(self) -> str:
        """The caller's first words."""
        return self._caller.open()

    def hear(self, turn: Turn) -> str | None:
        """The caller's answer."""
        return self._caller.hear(turn)

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what a tool does."""
        return self._clinic.call(tool, arguments)

    @property
    def cleared(self) -> tuple[str, ...]:
        """Owners who are verified."""
        return self._clinic.cleared

    @property
    def state(self) -> Mapping[str, Any]:
        """The clinic's records, how often the caller had to say something again, and whether of an emergency."""
        return {**self._clinic.state, "repairs": self._caller.repairs, "urgent": self._caller.urgent}


class Nobody:
    """The scene of a session that must be refused: somebody says hello, and leaves when there is an answer."""

    __slots__ = ()

    cleared: tuple[str, ...] = ()
    state: Mapping[str, Any] = MappingProxyType({})

    def open(self) -> str:
        """A greeting."""
        return "Hello."

    def hear(self, _turn: Turn) -> None:
        """Nobody stays."""

    def call(self, _tool: str, _arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """There is no clinic to act on."""
        return {"error": "no_such_tool"}


def stage(case: Case, trial: int) -> Call | Nobody:
    """The call of a case; a case without facts (a probe) has nobody who calls. Raises CaseError for other facts."""
    if not case.facts:
        return Nobody()
    try:
        clinic, caller = case.facts
        return Call(Clinic(clinic), Caller(caller, clinic["slots"], trial))
    except (KeyError, ValueError, TypeError):
        raise CaseError("the facts of the case are no clinic and no caller", where=case.case_id) from None
