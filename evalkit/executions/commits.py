"""Group commit: executions go to the journal many at once, soon, and without holding up the agents.

A thread of its own commits what is there a breath after there is anything, so a slow agent's answer is on disk a
moment after it came. Where answers crowd in, that thread would only fight the workers for the interpreter: it rests,
and the worker that fills a group commits it. So what can wait for the disk is at most `GROUP` executions or those of
`REST` seconds, and nobody runs ahead of it. What was not committed when the process dies is asked again on resume.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal

GROUP = 1024
"""Executions that are committed at once when so many are waiting."""
BREATH = 0.002
"""Seconds in which answers that come together gather before they are committed."""
CROWD = 64
"""Executions in one commit from which on the thread takes a rest."""
REST = 0.1
"""Seconds of that rest."""


class GroupCommit:
    """Writes executions to a journal. ``on_error`` is told, once, why it could not."""

    def __init__(self, journal: Journal, *, on_error: Callable[[EvalkitError], None]) -> None:
        self._journal = journal
        self._on_error = on_error
        self._waiting: list[Execution] = []
        self._lock = threading.Lock()
        self._committing = threading.Lock()
        self._broken = False
        self._some = threading.Event()
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="evalkit-journal")
        self._thread = self._pool.submit(self._write)

    def put(self, execution: Execution) -> None:
        """Have it written soon. Returns at once, or when the group that it fills is on disk."""
        with self._lock:
            self._waiting.append(execution)
            count = len(self._waiting)
        if count == 1:
            self._some.set()
        elif count >= GROUP:
            self._commit()

    def close(self) -> None:
        """Return when everything that was put is on disk, or has failed."""
        self._closing.set()
        self._some.set()
        self._pool.shutdown()
        self._commit()
        self._thread.result()

    def _write(self) -> None:
        while not self._closing.is_set():
            self._some.wait()
            self._closing.wait(BREATH)
            self._some.clear()
            if self._commit() >= CROWD:
                self._closing.wait(REST)

    def _commit(self) -> int:
        """Write what is waiting; return how many that were."""
        with self._committing:
            with self._lock:
                group, self._waiting = self._waiting, []
            if not group or self._broken:
                return 0
            try:
                self._journal.append(group)
            except EvalkitError as error:
                self._broken = True
                self._on_error(error)
            return len(group)
