"""What the agent's code logs while it runs, kept apart for each execution.

A context variable says which execution is at hand: tasks and threads each have their own, tasks that an agent starts
inherit it. One handler on the root logger serves however many runs there are at once, and none is there between runs.
Where no handler was configured, its presence keeps Python's last resort from printing warnings to stderr.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import TracebackType

from evalkit.executions.execution import Sighting

LINES: ContextVar[list[str | Sighting] | None] = ContextVar("evalkit_lines", default=None)
"""Where the messages of the execution at hand go, and what a watcher sees meanwhile; None outside of one."""


def notice(*seen: str | Sighting) -> None:
    """Keep what was logged or seen with the execution at hand; outside of one it is nobody's."""
    lines = LINES.get()
    if lines is not None:
        lines += seen


def sort_out(lines: Sequence[str | Sighting]) -> tuple[tuple[str, ...], tuple[Sighting, ...] | None]:
    """The messages apart from the sightings; None where nobody watched."""
    seen = tuple(line for line in lines if isinstance(line, Sighting))
    return tuple(line for line in lines if isinstance(line, str)), seen or None


class LogCatcher(logging.Handler):
    """Keeps every message with the execution that logged it, while it is entered.

    ``render`` makes a line of a record and never raises. There is no lock around it, as handlers usually have one:
    each execution has a list of its own, and a slow handler elsewhere holds up nobody here.
    """

    def __init__(self, render: Callable[[logging.LogRecord], str]) -> None:
        super().__init__()
        self._render = render
        self._users = 0
        self._guard = threading.Lock()

    def handle(self, record: logging.LogRecord) -> bool:
        """Keep the message, if an execution is at hand."""
        lines = LINES.get()
        if lines is not None:
            lines.append(self._render(record))
        return True

    def __enter__(self) -> LogCatcher:
        with self._guard:
            self._users += 1
            if self._users == 1:
                logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            self._users -= 1
            if self._users == 0:
                logging.getLogger().removeHandler(self)
