"""Workers: what breaks in the harness itself is an error, never a case that passes for undone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError
from evalkit.executions.budget import Budget, Meter
from evalkit.executions.work import Outcome, Turn, Work
from evalkit.executions.workers import SideLoop, close_loop, new_loop, run_tasks, run_threads


@pytest.fixture
def work(cases: Sequence[Case]) -> Work:
    return Work(cases, spec_ref="a@1", trials=1, retries=0, meter=Meter(Budget()))


def test_tasks_and_threads_do_the_same_work(cases: Sequence[Case]) -> None:
    def ask(turn: Turn) -> Outcome:
        return Reply("ok", {"turn": turn.index})

    async def ask_async(turn: Turn) -> Outcome:
        return ask(turn)

    one, two = (Work(cases, spec_ref="a@1", trials=2, retries=0, meter=Meter(Budget())) for _ in range(2))
    run_tasks(ask_async, one, concurrency=3)
    run_threads(ask, two, concurrency=3, timeout_s=None)
    assert [done.reply for done in one.collect()] == [done.reply for done in two.collect()]
    assert one.done == two.done == 80


def test_a_thread_that_breaks_down_breaks_off_the_run(work: Work) -> None:
    def ask(turn: Turn) -> Outcome:
        if turn.index == 7:
            raise RuntimeError("a fault of the harness")
        return Reply("ok")

    ended = threading.Event()
    hook, threading.excepthook = threading.excepthook, lambda _: ended.set()
    try:
        run_threads(ask, work, concurrency=2, timeout_s=None)
        assert ended.wait(30)
    finally:
        threading.excepthook = hook
    assert isinstance(work.error, EvalkitError)


def test_a_task_that_breaks_down_raises(work: Work) -> None:
    async def ask(turn: Turn) -> Outcome:
        raise RuntimeError("a fault of the harness")

    with pytest.raises(RuntimeError, match="a fault of the harness"):
        run_tasks(ask, work, concurrency=2)


def test_a_run_that_is_broken_off_hands_out_nothing_more(work: Work) -> None:
    def ask(turn: Turn) -> Outcome | None:
        if turn.index == 7:
            work.halt()
            return None
        return Reply("ok")

    run_threads(ask, work, concurrency=1, timeout_s=None)
    assert work.done == 7
    assert work.take() is None


def test_a_task_that_will_not_be_cancelled_does_not_hold_up_the_others(work: Work) -> None:
    started = threading.Event()

    async def ask(turn: Turn) -> Outcome:
        started.set()
        if turn.index:
            await asyncio.sleep(60)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # once is swallowed
        return Reply("ok")

    stopper = threading.Thread(target=lambda: started.wait() and work.halt())
    stopper.start()
    run_tasks(ask, work, concurrency=2)
    stopper.join()
    assert work.done == 0


def test_a_side_loop_runs_coroutines_and_ends_with_its_thread() -> None:
    async def add(a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    before = threading.active_count()
    side = SideLoop()
    assert side.submit(add(1, 2)).result() == 3
    assert side.submit(add(3, 4)).result() == 7
    assert threading.active_count() == before + 1
    side.close()
    side.close()
    assert threading.active_count() == before


def test_closing_a_loop_finishes_what_its_generators_hold_open() -> None:
    closed = []

    async def connection() -> object:
        try:
            yield 1
        finally:
            closed.append(True)

    async def use() -> object:
        generator = connection()
        await anext(generator)  # type: ignore[call-overload]
        return generator

    loop = new_loop()
    kept = loop.run_until_complete(use())
    close_loop(loop)
    assert kept is not None
    assert closed == [True]
