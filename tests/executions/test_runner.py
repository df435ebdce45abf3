"""The runner: whatever an agent does, every case is answered for, in order, once."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Agent, Reply, Request, Usage
from evalkit.cases.case import Case
from evalkit.errors import AgentError, CaseError, EvalkitError, JournalError
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Header, Journal
from evalkit.executions.runner import Budget, Settings, execute, execute_async
from evalkit.vault.keys import FileKeyring

REF = "billing_codes@1.0.0"


def answer(request: Request) -> Reply:
    return Reply("ok", {"number": request.input["number"], "id": request.request_id})


async def answer_async(request: Request) -> Reply:
    await asyncio.sleep(0)
    return answer(request)


def answer_later(request: Request) -> Awaitable[Reply]:
    return answer_async(request)


class Answering:
    async def __call__(self, request: Request) -> Reply:
        return await answer_async(request)


AGENTS = [answer, answer_async, answer_later, Answering(), functools.partial(answer_async), lambda r: answer(r)]
BOTH = pytest.mark.parametrize("form", ["def", "async def"])


def agent_in(form: str, act: Callable[[Request], Reply]) -> Agent:
    """The same agent as a plain function or as a coroutine function."""
    if form == "def":
        return act

    async def agent(request: Request) -> Reply:
        return act(request)

    return agent


def kinds(executions: Sequence[Execution]) -> list[str]:
    return [one.failure.kind if one.failure else one.status for one in executions]


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("concurrency", [1, 7, 100])
def test_executions_come_in_the_order_of_cases_then_trials(
    cases: Sequence[Case], agent: Agent, concurrency: int
) -> None:
    done = execute(cases, agent, spec_ref=REF, trials=2, settings=Settings(concurrency=concurrency))
    assert [(one.case_id, one.trial) for one in done] == [(case.case_id, trial) for case in cases for trial in range(2)]
    assert [one.reply.output for one in done if one.reply] == [
        {"number": number, "id": f"case-{number:03d}" + ("#1" if trial else "")}
        for number in range(40)
        for trial in range(2)
    ]


def test_the_order_does_not_depend_on_who_answers_first(cases: Sequence[Case]) -> None:
    async def backwards(request: Request) -> Reply:
        await asyncio.sleep((40 - request.input["number"]) * 0.001)
        return answer(request)

    done = execute(cases, backwards, spec_ref=REF, settings=Settings(concurrency=40))
    assert [one.case_id for one in done] == [case.case_id for case in cases]


def test_the_agent_is_sent_what_the_case_says(cases: Sequence[Case]) -> None:
    case = Case("c", "f", {"a": [1]}, {"consent": True}, {}, actor="svc:x", purpose_of_use="TREAT", body=b"{}")
    seen: list[Request] = []

    def agent(request: Request) -> Reply:
        seen.append(request)
        return Reply("ok")

    execute([case], agent, spec_ref=REF)
    assert seen == [Request("c", REF, {"a": [1]}, {"consent": True}, "svc:x", "TREAT", b"{}")]


@BOTH
def test_an_agent_that_edits_its_input_edits_no_case(cases: Sequence[Case], form: str) -> None:
    def redact(request: Request) -> Reply:
        assert isinstance(request.input, dict)
        assert request.input["lines"] == [{"units": request.input["number"]}]
        request.input["lines"][0].clear()
        request.input["lines"].append("gone")
        return Reply("ok")

    assert set(kinds(execute(cases, agent_in(form, redact), spec_ref=REF, trials=3))) == {"ok"}
    assert cases[3].input == {"number": 3, "lines": [{"units": 3}]}


@BOTH
@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (ValueError("Nakamura"), "ValueError"),
        (SystemExit(3), "SystemExit"),
        (asyncio.CancelledError(), "CancelledError"),
        (RecursionError(), "RecursionError"),
        (TimeoutError(), "TimeoutError"),
        (AgentError("no"), "AgentError"),
        (ExceptionGroup("many", [ValueError("Nakamura")]), "ExceptionGroup"),
        (StopIteration(), "StopIteration"),
    ],
)
def test_what_an_agent_raises_is_recorded_and_the_run_goes_on(
    cases: Sequence[Case], form: str, raised: BaseException, kind: str
) -> None:
    def agent(request: Request) -> Reply:
        if request.input["number"] == 5:
            raise raised
        return answer(request)

    done = execute(cases, agent_in(form, agent), spec_ref=REF)
    expected = "RuntimeError" if (kind, form) == ("StopIteration", "async def") else kind  # PEP 479
    assert kinds(done) == ["ok"] * 5 + [expected] + ["ok"] * 34
    assert done[5].status == "error"


def test_a_failure_keeps_message_and_traceback_and_its_repr_does_not(cases: Sequence[Case]) -> None:
    def agent(request: Request) -> Reply:
        try:
            raise KeyError("first Nakamura")
        except KeyError:
            raise ValueError("then Nakamura \ud800") from None

    failure = execute(cases[:1], agent, spec_ref=REF)[0].failure
    assert failure is not None
    assert failure.text.startswith("Traceback")
    assert "then Nakamura \\ud800" in failure.text
    assert "first" not in failure.text
    assert "in ask\n" not in failure.text  # frames of the runner are not the agent's
    assert repr(failure) == "Failure(ValueError)"


@BOTH
@pytest.mark.parametrize("returned", [None, {"status": "ok"}, Reply("fine"), Reply("ok", {"a": {1}})])  # type: ignore[arg-type]
def test_what_is_no_reply_is_a_bad_reply(cases: Sequence[Case], form: str, returned: Any) -> None:
    assert kinds(execute(cases[:2], agent_in(form, lambda _: returned), spec_ref=REF)) == ["BadReply"] * 2


def test_a_coroutine_that_hangs_is_cancelled_and_recorded(cases: Sequence[Case]) -> None:
    cancelled = []

    async def agent(request: Request) -> Reply:
        try:
            if request.input["number"] % 10 == 0:
                await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(request.request_id)
            raise
        return answer(request)

    done = execute(cases, agent, spec_ref=REF, settings=Settings(timeout_s=0.05))
    assert kinds(done) == (["Timeout"] + ["ok"] * 9) * 4
    assert len(cancelled) == 4
    assert done[0].failure is not None
    assert done[0].failure.text == "no answer within 0.05 s"


def test_a_function_that_hangs_is_left_to_itself_and_another_thread_goes_on(cases: Sequence[Case]) -> None:
    release = threading.Event()

    def agent(request: Request) -> Reply:
        if request.input["number"] % 10 == 0:
            release.wait()
        return answer(request)

    done = execute(cases, agent, spec_ref=REF, settings=Settings(concurrency=2, timeout_s=0.1))
    release.set()
    assert kinds(done) == (["Timeout"] + ["ok"] * 9) * 4


def test_an_awaitable_that_hangs_times_out_too(cases: Sequence[Case]) -> None:
    def agent(request: Request) -> Awaitable[Any]:
        return asyncio.sleep(60) if request.input["number"] == 1 else answer_async(request)

    done = execute(cases[:4], agent, spec_ref=REF, settings=Settings(timeout_s=0.1))
    assert kinds(done) == ["ok", "Timeout", "ok", "ok"]


def test_an_agents_own_timeout_error_keeps_its_name(cases: Sequence[Case]) -> None:
    async def agent(request: Request) -> Reply:
        raise TimeoutError("the model did not answer")

    done = execute(cases[:1], agent, spec_ref=REF, settings=Settings(timeout_s=60))
    assert kinds(done) == ["TimeoutError"]


class Flaky(AgentError):
    retryable = True


@BOTH
@pytest.mark.parametrize("error", [Flaky("busy"), TimeoutError("slow")])
def test_an_attempt_that_may_work_again_is_made_again(cases: Sequence[Case], form: str, error: Exception) -> None:
    seen: dict[str, int] = {}

    def agent(request: Request) -> Reply:
        seen[request.request_id] = seen.get(request.request_id, 0) + 1
        logging.getLogger("agent").warning("attempt %d", seen[request.request_id])
        if seen[request.request_id] < 3:
            raise error
        return answer(request)

    (done,) = execute(cases[:1], agent_in(form, agent), spec_ref=REF, settings=Settings(retries=5))
    assert (done.status, done.attempts) == ("ok", 3)
    assert done.logs == ("attempt 1", "attempt 2", "attempt 3")


@BOTH
def test_retries_end(cases: Sequence[Case], form: str) -> None:
    def agent(request: Request) -> Reply:
        raise Flaky("busy")

    (done,) = execute(cases[:1], agent_in(form, agent), spec_ref=REF, settings=Settings(retries=2))
    assert (kinds([done]), done.attempts) == (["Flaky"], 3)


@pytest.mark.parametrize("error", [ValueError("bug"), AgentError("refused for good")])
def test_an_attempt_that_would_fail_again_is_not_made_again(cases: Sequence[Case], error: Exception) -> None:
    calls = []

    def agent(request: Request) -> Reply:
        calls.append(request)
        raise error

    execute(cases[:1], agent, spec_ref=REF, settings=Settings(retries=5))
    assert len(calls) == 1


def test_a_function_that_timed_out_is_asked_again_on_another_thread(cases: Sequence[Case]) -> None:
    release, calls = threading.Event(), []

    def agent(request: Request) -> Reply:
        calls.append(threading.get_ident())
        if len(calls) == 1:
            release.wait()
        return answer(request)

    (done,) = execute(cases[:1], agent, spec_ref=REF, settings=Settings(timeout_s=0.1, retries=1))
    release.set()
    assert (done.status, done.attempts) == ("ok", 2)
    assert len(set(calls)) == 2


@BOTH
def test_a_budget_of_calls_stops_the_run_and_says_what_was_left(cases: Sequence[Case], form: str) -> None:
    calls = []

    def agent(request: Request) -> Reply:
        calls.append(request.request_id)
        return answer(request)

    settings = Settings(budget=Budget(calls=15), concurrency=4)
    done = execute(cases, agent_in(form, agent), spec_ref=REF, settings=settings)
    assert len(done) == 40
    assert kinds(done).count("ok") == len(calls) == 15
    left = [one for one in done if one.failure is not None]
    assert {(one.failure.kind, one.attempts) for one in left if one.failure} == {("NotRun", 0)}
    assert left[0].failure is not None
    assert left[0].failure.text == "the budget of calls was spent before this case was reached"


def test_retries_count_against_the_budget(cases: Sequence[Case]) -> None:
    calls = []

    def agent(request: Request) -> Reply:
        calls.append(request)
        raise Flaky("busy")

    settings = Settings(budget=Budget(calls=5), retries=99, concurrency=1)
    assert kinds(execute(cases[:2], agent, spec_ref=REF, settings=settings)) == ["Flaky", "NotRun"]
    assert len(calls) == 5


def test_a_budget_of_money_stops_soon_after_it_is_spent(cases: Sequence[Case]) -> None:
    def agent(request: Request) -> Reply:
        return Reply("ok", usage=Usage(cost_usd=0.25))

    settings = Settings(budget=Budget(cost_usd=2.0), concurrency=1)
    assert kinds(execute(cases, agent, spec_ref=REF, settings=settings)).count("ok") == 8


def test_a_budget_of_seconds_lets_calls_in_flight_finish(cases: Sequence[Case]) -> None:
    async def agent(request: Request) -> Reply:
        await asyncio.sleep(0.1)
        return answer(request)

    settings = Settings(budget=Budget(seconds=0.05), concurrency=4)
    assert kinds(execute(cases, agent, spec_ref=REF, settings=settings)) == ["ok"] * 4 + ["NotRun"] * 36


def test_what_a_budget_left_is_done_by_the_next_call(
    cases: Sequence[Case], path: Path, header: Header, keyring: FileKeyring
) -> None:
    calls: list[str] = []

    def agent(request: Request) -> Reply:
        calls.append(request.request_id)
        return answer(request)

    with Journal.create(path, header, keyring) as journal:
        execute(cases, agent, spec_ref=REF, settings=Settings(budget=Budget(calls=15)), journal=journal)
        assert len(journal) == 15
        done = execute(cases, agent, spec_ref=REF, journal=journal)
        assert sorted(calls) == [case.case_id for case in cases]
        assert done == execute(cases, agent, spec_ref=REF, journal=journal)
        assert len(calls) == 40
        assert {one.case_id: one for one in journal.read()} == {one.case_id: one for one in done}


@pytest.mark.parametrize("agent", AGENTS)
def test_what_is_returned_equals_what_is_journalled(
    cases: Sequence[Case], agent: Agent, path: Path, header: Header, keyring: FileKeyring
) -> None:
    with Journal.create(path, header, keyring) as journal:
        done = execute(cases, agent, spec_ref=REF, trials=2, journal=journal)
        kept = {(one.case_id, one.trial): one for one in journal.read()}
    assert [kept[one.case_id, one.trial] for one in done] == list(done)


def test_a_journal_that_cannot_be_written_stops_the_run(
    cases: Sequence[Case], path: Path, header: Header, keyring: FileKeyring
) -> None:
    Journal.create(path, header, keyring).close()
    calls = []

    async def agent(request: Request) -> Reply:
        calls.append(request)
        await asyncio.sleep(0.01)
        return answer(request)

    with Journal.open(path, keyring) as journal, pytest.raises(JournalError, match="for reading only"):
        execute(list(cases) * 1, agent, spec_ref=REF, settings=Settings(concurrency=1), journal=journal)
    assert len(calls) < 40


def test_two_cases_of_one_id_are_refused_before_anything_is_asked(cases: Sequence[Case]) -> None:
    with pytest.raises(CaseError, match="1 cases have the id of another"):
        execute([*cases, cases[0]], answer, spec_ref=REF)


@pytest.mark.parametrize("settings", [{"concurrency": 0}, {"retries": -1}, {"timeout_s": 0.0}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(EvalkitError, match="concurrency is 1 or more"):
        Settings(**settings)


def test_no_trials_are_refused(cases: Sequence[Case]) -> None:
    with pytest.raises(EvalkitError, match="trials is 1 or more"):
        execute(cases, answer, spec_ref=REF, trials=0)


def test_no_cases_are_no_executions() -> None:
    assert execute([], answer, spec_ref=REF) == execute([], answer_async, spec_ref=REF) == ()


def test_progress_ends_with_everything_done_and_comes_from_the_calling_thread(cases: Sequence[Case]) -> None:
    told: list[tuple[int, int, int]] = []

    async def agent(request: Request) -> Reply:
        await asyncio.sleep(0.03)
        return answer(request)

    settings = Settings(concurrency=4, progress=lambda done, total: told.append((done, total, threading.get_ident())))
    execute(cases, agent, spec_ref=REF, settings=settings)
    assert told[-1] == (40, 40, threading.get_ident())
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {thread for _, _, thread in told} == {threading.get_ident()}


@BOTH
def test_logs_stay_with_the_execution_that_wrote_them(cases: Sequence[Case], form: str) -> None:
    log = logging.getLogger("agent.inner")

    def agent(request: Request) -> Reply:
        log.warning("asked %s", request.request_id)
        time.sleep(0.001)
        log.error("answered %s", request.request_id)
        return answer(request)

    for one in execute(cases, agent_in(form, agent), spec_ref=REF):
        assert one.logs == (f"asked {one.case_id}", f"answered {one.case_id}")


def test_logs_of_tasks_that_an_agent_starts_are_its_own(cases: Sequence[Case]) -> None:
    async def inner(name: str) -> None:
        await asyncio.sleep(0)
        logging.getLogger("agent").warning(name)

    async def agent(request: Request) -> Reply:
        await asyncio.gather(inner(request.request_id), asyncio.to_thread(logging.warning, request.request_id))
        return answer(request)

    for one in execute(cases, agent, spec_ref=REF):
        assert one.logs == (one.case_id, one.case_id)


def test_a_traceback_that_is_logged_is_kept(cases: Sequence[Case]) -> None:
    def agent(request: Request) -> Reply:
        try:
            raise ValueError("Nakamura")
        except ValueError:
            logging.exception("it failed")
        return answer(request)

    (line,) = execute(cases[:1], agent, spec_ref=REF)[0].logs
    assert line.startswith("it failed\nTraceback")
    assert line.endswith("ValueError: Nakamura")


class Unprintable:
    def __str__(self) -> str:
        raise LookupError("Nakamura")


def test_a_log_message_that_cannot_be_written_breaks_nothing(
    cases: Sequence[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    def agent(request: Request) -> Reply:
        logging.getLogger("agent").warning("%s", Unprintable())
        logging.getLogger("agent").warning("half \ud800")
        return answer(request)

    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []  # pytest's own handler raises for such a message
    try:
        (done,) = execute(cases[:1], agent, spec_ref=REF)
    finally:
        root.handlers = handlers
    assert done.logs == ("a log message that raised LookupError", "half \\ud800")
    assert "Nakamura" not in capsys.readouterr().err


def test_a_slow_log_handler_elsewhere_mixes_up_nothing(cases: Sequence[Case]) -> None:
    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            time.sleep(0.002)

    slow = Slow()
    logging.getLogger().addHandler(slow)
    try:

        def agent(request: Request) -> Reply:
            logging.warning(request.request_id)
            return answer(request)

        done = execute(cases, agent, spec_ref=REF, settings=Settings(concurrency=20))
    finally:
        logging.getLogger().removeHandler(slow)
    assert [one.logs for one in done] == [(case.case_id,) for case in cases]


def test_nothing_is_left_on_the_root_logger(cases: Sequence[Case]) -> None:
    before = list(logging.getLogger().handlers)
    execute(cases, answer, spec_ref=REF)
    assert logging.getLogger().handlers == before


def test_the_blocking_call_works_where_an_event_loop_is_running(cases: Sequence[Case]) -> None:
    async def cell() -> tuple[Execution, ...]:
        return execute(cases, answer_async, spec_ref=REF)

    assert len(asyncio.run(cell())) == 40


def test_the_awaitable_form_leaves_the_callers_loop_free(cases: Sequence[Case]) -> None:
    ticks = []

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)

    def agent(request: Request) -> Reply:
        time.sleep(0.005)
        return answer(request)

    async def main() -> tuple[Execution, ...]:
        clock = asyncio.create_task(tick())
        done = await execute_async(cases, agent, spec_ref=REF, settings=Settings(concurrency=4))
        clock.cancel()
        return done

    assert kinds(asyncio.run(main())) == ["ok"] * 40
    assert len(ticks) > 5


def test_the_awaitable_form_gives_what_the_blocking_one_gives(cases: Sequence[Case]) -> None:
    blocking = execute(cases, answer, spec_ref=REF, trials=2)
    awaited = asyncio.run(execute_async(cases, answer_async, spec_ref=REF, trials=2))
    assert [one.reply for one in blocking] == [one.reply for one in awaited]


def test_cancelling_the_awaitable_form_leaves_a_whole_journal(
    cases: Sequence[Case], path: Path, header: Header, keyring: FileKeyring
) -> None:
    answered: list[str] = []

    async def agent(request: Request) -> Reply:
        if len(answered) == 10:
            await asyncio.sleep(60)
        answered.append(request.request_id)
        return answer(request)

    async def main(journal: Journal) -> None:
        run = asyncio.create_task(execute_async(cases, agent, spec_ref=REF, journal=journal))
        while len(answered) < 10:
            await asyncio.sleep(0.001)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    with Journal.create(path, header, keyring) as journal:
        asyncio.run(main(journal))
        assert {case_id for case_id, _ in journal.keys()} == set(answered)  # noqa: SIM118
        assert kinds(execute(cases, answer, spec_ref=REF, journal=journal)) == ["ok"] * 40


@BOTH
def test_an_interrupt_is_raised_with_everything_answered_on_disk(
    cases: Sequence[Case], form: str, path: Path, header: Header, keyring: FileKeyring
) -> None:
    def agent(request: Request) -> Reply:
        if request.input["number"] == 20:
            raise KeyboardInterrupt
        return answer(request)

    with Journal.create(path, header, keyring) as journal:
        with pytest.raises(KeyboardInterrupt):
            execute(cases, agent_in(form, agent), spec_ref=REF, settings=Settings(concurrency=1), journal=journal)
        assert journal.keys() == {(f"case-{number:03d}", 0) for number in range(20)}


def test_an_error_of_the_progress_callback_is_raised(cases: Sequence[Case]) -> None:
    def progress(done: int, total: int) -> None:
        raise RuntimeError("the bar broke")

    with pytest.raises(RuntimeError, match="the bar broke"):
        execute(cases, answer, spec_ref=REF, settings=Settings(progress=progress))


def test_no_more_calls_are_in_flight_than_asked_for(cases: Sequence[Case]) -> None:
    flying, most = 0, 0

    async def agent(request: Request) -> Reply:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.002)
        flying -= 1
        return answer(request)

    execute(cases, agent, spec_ref=REF, settings=Settings(concurrency=6))
    assert most == 6


def test_an_agent_that_answers_without_waiting_lets_the_others_be_answered(cases: Sequence[Case]) -> None:
    order: list[int] = []

    async def agent(request: Request) -> Reply:
        number = request.input["number"]
        if number == 0:
            await asyncio.sleep(0)
        order.append(number)
        return answer(request)

    execute(cases, agent, spec_ref=REF, settings=Settings(concurrency=2))
    assert order.index(0) < 39


def test_tasks_that_an_agent_forgot_are_cancelled_and_say_nothing_of_their_error(
    cases: Sequence[Case], caplog: pytest.LogCaptureFixture
) -> None:
    forgotten: list[asyncio.Task[None]] = []

    async def background(*, fail: bool) -> None:
        if fail:
            raise ValueError("Nakamura")
        await asyncio.sleep(60)

    async def agent(request: Request) -> Reply:
        forgotten.append(asyncio.create_task(background(fail=False)))
        return answer(request)

    async def careless(request: Request) -> Reply:
        asyncio.create_task(background(fail=True))  # noqa: RUF006 - that is the fault
        await asyncio.sleep(0.001)
        return answer(request)

    assert kinds(execute(cases[:3], agent, spec_ref=REF)) == ["ok"] * 3
    assert all(task.cancelled() for task in forgotten)
    assert kinds(execute(cases[:3], careless, spec_ref=REF)) == ["ok"] * 3
    assert "Nakamura" not in caplog.text


def test_an_agent_may_itself_execute(cases: Sequence[Case]) -> None:
    def outer(request: Request) -> Reply:
        logging.warning("outer")
        inner = execute(cases[:2], answer_async, spec_ref=REF)
        return Reply("ok", {"inner": len(inner)})

    done = execute(cases[:3], outer, spec_ref=REF)
    assert [one.logs for one in done] == [("outer",)] * 3


def test_threads_end_with_the_run(cases: Sequence[Case]) -> None:
    before = {thread.name for thread in threading.enumerate()}
    for agent in AGENTS:
        execute(cases, agent, spec_ref=REF)
    left = {thread.name for thread in threading.enumerate()} - before
    assert not {name for name in left if name.startswith(("evalkit-worker", "evalkit-loop", "evalkit-journal"))}
