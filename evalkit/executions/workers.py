"""The workers of a run: tasks on one event loop for coroutine agents, threads for plain functions.

A fixed number of them takes one turn after another, so memory does not grow with the number of cases waiting.
They know nothing of agents: they are handed a function that asks and never raises.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from evalkit.errors import EvalkitError
from evalkit.executions.work import Outcome, Turn, Work, time_out

Ask = Callable[[Turn], Outcome | None]
"""None where the run is broken off."""
AskAsync = Callable[[Turn], Awaitable[Outcome | None]]
T = TypeVar("T")

_TICK = 0.02
"""Seconds between two looks at threads that may be overdue."""
_GRACE = 2.0
"""Seconds for tasks that were cancelled to end."""
_STREAK = 32
"""Answers that came without waiting before a task lets the others run."""


def run_tasks(ask: AskAsync, work: Work, *, concurrency: int) -> None:
    """Do the work with ``concurrency`` tasks on an event loop of this thread. Returns when all of it is done."""
    loop = new_loop()
    try:
        loop.run_until_complete(_supervise(ask, work, concurrency))
    finally:
        close_loop(loop)


async def _supervise(ask: AskAsync, work: Work, concurrency: int) -> None:
    loop = asyncio.get_running_loop()
    halted = asyncio.Event()

    def alarm() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(halted.set)

    work.on_halt = alarm
    ebb = _Ebb(work, concurrency)
    tasks = {loop.create_task(_serve(ask, work, ebb)) for _ in range(min(concurrency, work.total - work.done))}
    watch = loop.create_task(halted.wait())
    pending = tasks | {watch}
    while pending != {watch} and not watch.done():
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    watch.cancel()
    for task in pending:
        task.cancel()
    await asyncio.wait(tasks | {watch}, timeout=_GRACE)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()


class _Ebb:
    """Has what is recorded written before a kill could lose more than ``concurrency`` turns.

    Answers that come in one round of the loop are written together when the round ends. Where answers come without any
    waiting, one task has given them all: nobody else is under way, and it writes them itself.
    """

    def __init__(self, work: Work, concurrency: int) -> None:
        self._work = work
        self._concurrency = concurrency
        self._written: asyncio.Event | None = None

    @property
    def due(self) -> bool:
        """May no further turn be taken before something is written?"""
        unwritten = self._work.unwritten
        return unwritten > 0 and self._work.in_flight + unwritten >= self._concurrency

    async def wait(self) -> None:
        """Return when it is written."""
        if self._work.in_flight == 0:
            self._work.write()
            return
        if self._written is None:
            self._written = asyncio.Event()
            asyncio.get_running_loop().call_soon(self._write, self._written)
        await self._written.wait()

    def _write(self, written: asyncio.Event) -> None:
        self._written = None
        self._work.write()
        written.set()


async def _serve(ask: AskAsync, work: Work, ebb: _Ebb) -> None:
    streak = 0
    while (turn := work.take()) is not None:
        again = True
        while again:
            started = time.perf_counter()
            outcome = await ask(turn)
            if outcome is None:
                return
            again = work.settle(turn, outcome, time.perf_counter() - started)
        if ebb.due:
            await ebb.wait()
        streak += 1
        if streak % _STREAK == 0:
            await asyncio.sleep(0)


class _Lane:
    """One worker thread and the turn that it holds."""

    def __init__(self, first: Turn | None) -> None:
        self.turn = first
        self.started = 0.0
        self.lost = False
        self.lock = threading.Lock()
        self.thread: threading.Thread

    def begin(self, turn: Turn) -> float:
        """Note that this turn is being asked from now on."""
        self.started = time.perf_counter()
        self.turn = turn
        return self.started

    def end(self) -> bool:
        """Take the turn back; False where it was given up meanwhile, and its answer is not wanted any more."""
        with self.lock:
            self.turn = None
            return not self.lost

    def give_up(self, timeout_s: float) -> Turn | None:
        """The turn, if it is overdue; from then on the lane is lost. Its thread ends when the agent lets it."""
        with self.lock:
            turn = self.turn
            if turn is None or self.lost or time.perf_counter() - self.started < timeout_s:
                return None
            self.lost = True
            return turn


def run_threads(ask: Ask, work: Work, *, concurrency: int, timeout_s: float | None) -> None:
    """Do the work with ``concurrency`` threads. Returns when all of it is done.

    Nothing can stop a function that hangs: after ``timeout_s`` its thread is left to itself (it holds up neither the
    run nor the end of the process) and another one takes its place.
    """

    def start(first: Turn | None = None) -> _Lane:
        lane = _Lane(None)
        lane.thread = threading.Thread(
            target=_serve_lane, args=(ask, work, lane, first), name="evalkit-worker", daemon=True
        )
        lane.thread.start()
        return lane

    lanes = [start() for _ in range(min(concurrency, work.total - work.done))]
    while lanes and not work.halted:
        lanes[0].thread.join(_TICK)
        lanes = [lane for lane in lanes if lane.thread.is_alive()]
        if timeout_s is not None:
            lanes = [_replace_overdue(lane, work, timeout_s, start) for lane in lanes]


def _replace_overdue(lane: _Lane, work: Work, timeout_s: float, start: Callable[[Turn | None], _Lane]) -> _Lane:
    turn = lane.give_up(timeout_s)
    if turn is None:
        return lane
    again = Turn(turn.index, turn.attempts, list(turn.lines), turn.running)
    return start(again if work.settle(again, time_out(timeout_s), timeout_s) else None)


def _serve_lane(ask: Ask, work: Work, lane: _Lane, first: Turn | None) -> None:
    broken: EvalkitError | None = EvalkitError("a worker of the run broke down")
    try:
        turn = first or work.take()
        while turn is not None:
            started = lane.begin(turn)
            outcome = ask(turn)
            if not lane.end() or outcome is None:
                break
            if not work.settle(turn, outcome, time.perf_counter() - started):
                work.write()
                turn = work.take()
        broken = None
    finally:
        if broken is not None:  # nobody waits for a thread's own exception, and its cases must not pass for undone
            work.halt(broken)


class SideLoop:
    """An event loop on a thread of its own, started when first needed: for plain functions that return awaitables."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there, in the context of the caller."""
        with self._lock:
            if self._loop is None:
                self._loop = new_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="evalkit-loop", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancel what is left there and end the thread."""
        with self._lock:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            close_loop(loop)


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop that reports a background task's exception by its class alone: the message may hold PHI."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(_report)
    return loop


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    what = type(error).__name__ if error is not None else "nothing"
    logging.getLogger("evalkit").error("a background task of an agent ended badly: it raised %s", what)


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the tasks that are left, give them a moment, and close; threads that hang are not waited for."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=_GRACE))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
