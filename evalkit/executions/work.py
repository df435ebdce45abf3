"""The work of one run: what is still to be asked, and what came of it. Its workers share it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import Case
from evalkit.errors import CaseError
from evalkit.executions.budget import Meter
from evalkit.executions.execution import Execution, Failure, Sighting
from evalkit.executions.logs import sort_out
from evalkit.executions.talks import Running


@dataclass(slots=True)
class Turn:
    """One case and trial in the hands of a worker."""

    index: int
    """Case-major: ``case * trials + trial``."""
    attempts: int = 0
    lines: list[str | Sighting] = field(default_factory=list)
    """What was logged, and seen by a watcher, so far."""
    running: Running | None = None
    """The conversation that is held in this attempt, if one is."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An attempt that brought no reply."""

    failure: Failure
    retryable: bool = False


Outcome = Reply | Raised


def time_out(seconds: float) -> Raised:
    """The outcome of an attempt that was given up after ``seconds``."""
    return Raised(Failure("Timeout", f"no answer within {seconds:g} s"), retryable=True)


class Work:
    """All turns of a run, handed out one by one, and the executions that they became."""

    def __init__(self, cases: Sequence[Case], *, spec_ref: str, trials: int, retries: int, meter: Meter) -> None:
        self.total = len(cases) * trials
        self.done = 0
        """Executions that are there, those of a resumed journal counted."""
        self.error: BaseException | None = None
        """What broke the run off."""
        self.halted = False
        self.in_flight = 0
        """Turns that are being asked."""
        self.unwritten = 0
        """Executions that a kill would lose. Always 0 where nothing is written."""
        self.on_record: Callable[[Execution], None] | None = None
        self.on_write: Callable[[], int] | None = None
        self.on_halt: Callable[[], None] | None = None
        self._cases = cases
        self._spec_ref = spec_ref
        self._trials = trials
        self._retries = retries
        self._meter = meter
        self._lock = threading.Lock()
        self._results: list[Execution | None] = [None] * self.total
        self._pending: Iterator[int] = iter(range(self.total))

    def resume(self, executions: Iterator[Execution]) -> None:
        """Take over what a journal holds already. Raises CaseError where two cases have one id."""
        places = {case.case_id: index for index, case in enumerate(self._cases)}
        if len(places) != len(self._cases):
            twice = len(self._cases) - len(places)
            raise CaseError(f"{twice} cases have the id of another case", next_step="give every case an id of its own")
        for execution in executions:
            case = places.get(execution.case_id)
            if case is not None and 0 <= execution.trial < self._trials:
                self._results[case * self._trials + execution.trial] = execution
        missing = [index for index, execution in enumerate(self._results) if execution is None]
        self.done = self.total - len(missing)
        self._pending = iter(missing)

    def take(self) -> Turn | None:
        """The next turn; None when all are taken, the budget is spent, or the run is broken off."""
        with self._lock:
            index = None if self.halted else next(self._pending, None)
            if index is None:
                return None
            if not self._meter.start_call():
                self._pending = iter(())
                return None
            self.in_flight += 1
        return Turn(index)

    def write(self) -> None:
        """Return when a kill would lose nothing of what is recorded."""
        if self.on_write is not None:
            written = self.on_write()
            with self._lock:
                self.unwritten -= written

    def asked(self, index: int) -> tuple[Case, int]:
        """The case and the trial of a turn."""
        case_index, trial = divmod(index, self._trials)
        return self._cases[case_index], trial

    def request(self, index: int) -> Request:
        """What the agent is sent. The input is a copy: an agent that edits it edits nobody's case."""
        case, trial = self.asked(index)
        return Request(
            f"{case.case_id}#{trial}" if trial else case.case_id,
            self._spec_ref,
            _copy(case.input),
            dict(case.flags),
            case.actor,
            case.purpose_of_use,
            case.body,
        )

    def settle(self, turn: Turn, outcome: Outcome, seconds: float) -> bool:
        """Record what came of a turn. True where it is to be asked again instead."""
        turn.attempts += 1
        raised = outcome if isinstance(outcome, Raised) else None
        reply = outcome if isinstance(outcome, Reply) else None
        if (
            raised
            and raised.retryable
            and turn.attempts <= self._retries
            and not self.halted
            and self._meter.start_call()
        ):
            return True
        case_index, trial = divmod(turn.index, self._trials)
        logs, seen = sort_out(turn.lines) if turn.lines else ((), None)
        execution = Execution(
            self._cases[case_index].case_id,
            trial,
            reply,
            raised.failure if raised else None,
            logs,
            turn.attempts,
            seconds,
            seen,
            turn.running.close() if turn.running is not None else None,
        )
        with self._lock:
            self.in_flight -= 1
            if self.halted:
                return False
            self._results[turn.index] = execution
            self.done += 1
            if self.on_record is not None:
                self.on_record(execution)
                self.unwritten += 1
        if reply is not None:
            self._meter.pay(reply.usage.cost_usd)
        return False

    def halt(self, error: BaseException | None = None) -> None:
        """Break the run off: nothing more is handed out or recorded. The first error counts."""
        with self._lock:
            self.halted = True
            self.error = self.error or error
        if self.on_halt is not None:
            self.on_halt()

    def collect(self) -> tuple[Execution, ...]:
        """Every execution, case-major, then by trial. What a budget left undone is there as ``NotRun``."""
        reason = f"the budget of {self._meter.spent} was spent before this case was reached"
        return tuple(
            execution if execution is not None else self._not_run(index, reason)
            for index, execution in enumerate(self._results)
        )

    def _not_run(self, index: int, reason: str) -> Execution:
        case_index, trial = divmod(index, self._trials)
        return Execution(self._cases[case_index].case_id, trial, None, Failure("NotRun", reason), attempts=0)


_SCALARS = frozenset({str, int, float, bool, type(None)})


def _copy(value: Any) -> Any:
    """A deep copy of the arrays and objects in a JSON value."""
    if isinstance(value, dict):
        return {name: entry if type(entry) in _SCALARS else _copy(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [entry if type(entry) in _SCALARS else _copy(entry) for entry in value]
    return value
