"""Logs: each execution keeps its own lines, and no handler is left behind."""

from __future__ import annotations

import contextvars
import logging

from evalkit.executions.logs import LINES, LogCatcher

log = logging.getLogger("agent")


def test_a_message_goes_to_the_execution_at_hand() -> None:
    def run(name: str) -> list[str]:
        LINES.set(lines := [])
        log.warning("from %s", name)
        return lines

    with LogCatcher(logging.LogRecord.getMessage):
        assert contextvars.copy_context().run(run, "one") == ["from one"]
        assert contextvars.copy_context().run(run, "two") == ["from two"]


def test_a_message_outside_of_any_execution_goes_nowhere() -> None:
    with LogCatcher(logging.LogRecord.getMessage):
        log.warning("from nobody")
    assert LINES.get() is None


def test_one_handler_serves_runs_that_overlap_and_none_stays() -> None:
    catcher = LogCatcher(logging.LogRecord.getMessage)
    root = logging.getLogger()
    before = list(root.handlers)
    with catcher:
        with catcher:
            assert root.handlers.count(catcher) == 1
        assert root.handlers.count(catcher) == 1
    assert root.handlers == before
