"""The runner: an agent on every case, each answer recorded and sealed as it comes.

`execute` blocks, `execute_async` is awaited; both run the agent on threads of their own, so the same call works in
a script, a test and a notebook, where an event loop is running already. ``async def`` agents share one event loop;
plain functions get a thread each.

An agent may do anything: raise, hang, exit, return nonsense, edit its input. That becomes a `Failure` in the record,
never the end of the run. Failures have the name of the exception's class, or

- ``BadReply``: the agent returned something that is not a `Reply`, or not JSON;
- ``Timeout``: no answer within ``timeout_s``. A coroutine is cancelled; a plain function cannot be, so its thread is
  left to itself and another one goes on;
- ``NotRun``: a budget was spent before the case was reached. Its ``attempts`` is 0, it is not in the journal, and the
  run is incomplete.

What the agent's code logs through `logging`, on its own thread or task or one that inherited its context, is caught
and kept with the execution. Loggers that do not propagate to the root are not seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from typing import Any

from evalkit.agents.agent import Agent
from evalkit.cases.case import Case
from evalkit.errors import AgentError, EvalkitError
from evalkit.executions.budget import Budget, Meter
from evalkit.executions.commits import GroupCommit
from evalkit.executions.execution import Execution, Failure
from evalkit.executions.journal import Journal
from evalkit.executions.logs import LINES, LogCatcher
from evalkit.executions.readable import printable
from evalkit.executions.replies import accept
from evalkit.executions.talks import Running, Seated
from evalkit.executions.work import Outcome, Raised, Turn, Work, time_out
from evalkit.executions.workers import Ask, AskAsync, SideLoop, run_tasks, run_threads

__all__ = ["Budget", "Progress", "Settings", "execute", "execute_async"]

Progress = Callable[[int, int], None]
"""``(done, total)``: executions there are and will be."""

_TICK = 0.1
"""Seconds between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is made. None of it changes what an agent is asked."""

    concurrency: int = 10
    """Agent calls in flight at most."""
    timeout_s: float | None = None
    """Seconds for one attempt."""
    retries: int = 0
    """Attempts after the first, only where the agent timed out, raised TimeoutError, or raised an AgentError whose
    ``retryable`` is true; made at once, pauses are the agent's business. An answer is never asked for again because
    of what it says: that would bias the scores."""
    budget: Budget = field(default_factory=Budget)
    progress: Progress | None = None
    """Called from the calling thread (or task), at most ten times a second and once at the end."""

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.retries < 0 or (self.timeout_s is not None and not self.timeout_s > 0):
            raise EvalkitError("concurrency is 1 or more, retries 0 or more, and timeout_s more than 0")


def execute(
    cases: Sequence[Case],
    agent: Agent,
    *,
    spec_ref: str,
    trials: int = 1,
    settings: Settings | None = None,
    journal: Journal | None = None,
) -> tuple[Execution, ...]:
    """Run an agent on every case; executions come back case-major, then by trial, at any concurrency.

    With a journal each execution is sealed and safe from a kill before its worker asks the next, and on disk soon
    after; what the journal holds already is not asked again. What a budget left undone is returned as a failure of kind
    ``NotRun``.
    KeyboardInterrupt (and any error of ``progress``) is raised when what was answered is on disk.
    Raises CaseError where two cases have one id, JournalError where the journal cannot be written.
    """
    run = _Run(cases, agent, spec_ref=spec_ref, trials=trials, settings=settings or Settings(), journal=journal)
    try:
        while not wait_for([run.ended], timeout=_TICK).done:
            run.report()
    except BaseException:
        run.break_off()
        raise
    return run.collect()


async def execute_async(
    cases: Sequence[Case],
    agent: Agent,
    *,
    spec_ref: str,
    trials: int = 1,
    settings: Settings | None = None,
    journal: Journal | None = None,
) -> tuple[Execution, ...]:
    """`execute`, to be awaited. Cancelling it raises CancelledError when what was answered is on disk."""
    run = _Run(cases, agent, spec_ref=spec_ref, trials=trials, settings=settings or Settings(), journal=journal)
    ended = asyncio.wrap_future(run.ended)
    try:
        while not (await asyncio.wait([ended], timeout=_TICK))[0]:
            run.report()
    except BaseException:
        run.break_off()
        raise
    return run.collect()


class _Run:
    """One call of `execute`, on its way on a thread of its own."""

    def __init__(
        self,
        cases: Sequence[Case],
        agent: Agent,
        *,
        spec_ref: str,
        trials: int,
        settings: Settings,
        journal: Journal | None,
    ) -> None:
        if trials < 1:
            raise EvalkitError("trials is 1 or more")
        self._settings = settings
        self._agent = agent
        meter = Meter(settings.budget)
        self._work = Work(tuple(cases), spec_ref=spec_ref, trials=trials, retries=settings.retries, meter=meter)
        self._work.resume(iter(()) if journal is None else journal.read())
        self.ended: Future[None] = Future()
        threading.Thread(target=self._main, args=(journal,), name="evalkit-run", daemon=True).start()

    def report(self) -> None:
        """Tell the caller how far it is."""
        if self._settings.progress is not None:
            self._settings.progress(self._work.done, self._work.total)

    def break_off(self) -> None:
        """Stop asking, and return when what was answered is on disk."""
        self._work.halt()
        wait_for([self.ended])

    def collect(self) -> tuple[Execution, ...]:
        """The executions, or the error that broke the run off."""
        self.ended.result()
        if self._work.error is not None:
            raise self._work.error
        self.report()
        return self._work.collect()

    def _main(self, journal: Journal | None) -> None:
        try:
            with _CATCHER, _committed(self._work, journal):
                self._drive()
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)

    def _drive(self) -> None:
        work, settings = self._work, self._settings
        if _is_async(self._agent):
            ask_async = _ask_async(self._agent, work, settings.timeout_s)
            run_tasks(ask_async, work, concurrency=settings.concurrency)
            return
        side = SideLoop()
        try:
            ask = _ask(self._agent, work, settings.timeout_s, side=side)
            timeout_s = settings.timeout_s
            run_threads(ask, work, concurrency=settings.concurrency, timeout_s=timeout_s)
        finally:
            side.close()


@contextlib.contextmanager
def _committed(work: Work, journal: Journal | None) -> Iterator[None]:
    """Have every execution journalled; at the end all of them are on disk."""
    if journal is None:
        yield
        return
    commits = GroupCommit(journal, on_error=work.halt)
    work.on_record, work.on_write = commits.put, commits.write
    try:
        yield
    finally:
        commits.close()


def _is_async(agent: Agent) -> bool:
    if isinstance(agent, Seated):
        return agent.is_async
    return inspect.iscoroutinefunction(agent) or inspect.iscoroutinefunction(getattr(agent, "__call__", None))  # noqa: B004


def _ask_async(agent: Callable[..., Any], work: Work, timeout_s: float | None) -> AskAsync:
    async def ask(turn: Turn) -> Outcome | None:
        LINES.set(turn.lines)
        try:
            if timeout_s is not None:
                return await _await(_put(agent, work, turn), timeout_s)
            return accept(await _put(agent, work, turn))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _judge(error)
        except KeyboardInterrupt as error:
            work.halt(error)
            return None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code may raise anything
            return _judge(error)

    return ask


def _ask(agent: Callable[..., Any], work: Work, timeout_s: float | None, *, side: SideLoop) -> Ask:
    def ask(turn: Turn) -> Outcome | None:
        LINES.set(turn.lines)
        try:
            answer = _put(agent, work, turn)
            if inspect.isawaitable(answer):
                return side.submit(_await(answer, timeout_s)).result()
            return accept(answer)
        except KeyboardInterrupt as error:
            work.halt(error)
            return None
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001 - a stranger's code
            return _judge(error)

    return ask


def _put(agent: Callable[..., Any], work: Work, turn: Turn) -> Any:
    """One request, or one conversation, put to the agent: its answer, or what is to be awaited for it."""
    if not isinstance(agent, Seated):
        return agent(work.request(turn.index))
    turn.running = None
    turn.running = Running(agent.stage(*work.asked(turn.index)))
    return agent.talk(work.request(turn.index), turn.running)


async def _await(answer: Awaitable[Any], timeout_s: float | None) -> Outcome:
    try:
        async with asyncio.timeout(timeout_s) as clock:
            result = await answer
        return accept(result)
    except TimeoutError as error:
        return time_out(timeout_s) if timeout_s is not None and clock.expired() else _judge(error)


def _judge(error: BaseException) -> Raised:
    """What an exception of the agent is recorded as: its class, and the text that a caller would have seen."""
    flagged = isinstance(error, AgentError) and bool(getattr(error, "retryable", False))
    frames = error.__traceback__.tb_next if error.__traceback__ is not None else None
    text = "".join(traceback.format_exception(type(error), error, frames))
    return Raised(Failure(type(error).__name__, printable(text)), flagged or isinstance(error, TimeoutError))


_FORMATTER = logging.Formatter()


def _render(record: logging.LogRecord) -> str:
    """The message as a formatter would have written it, traceback and all."""
    try:
        return printable(_FORMATTER.format(record))
    except Exception as error:  # noqa: BLE001 - a stranger's __str__ runs in there
        return f"a log message that raised {type(error).__name__}"


_CATCHER = LogCatcher(_render)
