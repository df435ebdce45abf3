"""Group commit: an answer is safe from the death of the process before the next is asked, and soon from a power cut.

These are two steps, because they cost so differently. *Writing* hands what is waiting to the operating system in one
transaction: `kill -9` loses nothing of it. Workers write before a kill could lose more than `concurrency` turns, so
that is the most that a resumed run asks again. *Syncing* waits for the disk; a thread of its own does it a breath after
there is anything to sync, and holds up nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal

BREATH = 0.05
"""Seconds of answers that gather before they are synced: about what a power cut can take."""


class GroupCommit:
    """Writes executions to a journal. ``on_error`` is told, once, why it could not."""

    def __init__(self, journal: Journal, *, on_error: Callable[[EvalkitError], None]) -> None:
        self._journal = journal
        self._on_error = on_error
        self._waiting: list[Execution] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._broken = False
        self._some = threading.Event()
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="evalkit-journal")
        self._thread = self._pool.submit(self._sync_soon)

    def put(self, execution: Execution) -> None:
        """Have it written with the next group."""
        with self._lock:  # between finding the list and adding to it, another thread may have taken it to write
            self._waiting.append(execution)

    def write(self) -> int:
        """Return when a kill would lose nothing of what was put, and how many were written for that by this call."""
        with self._writing:
            with self._lock:
                group, self._waiting = self._waiting, []
            if group and not self._broken:
                self._attempt(lambda: self._journal.write(group))
                self._some.set()
            return len(group)

    def close(self) -> None:
        """Return when everything that was put is on disk, or has failed."""
        self._closing.set()
        self._some.set()
        self._pool.shutdown()
        self._thread.result()
        self.write()
        self._attempt(self._journal.sync)

    def _sync_soon(self) -> None:
        while not self._closing.is_set():
            self._some.wait()
            self._closing.wait(BREATH)
            self._some.clear()
            self._attempt(self._journal.sync)

    def _attempt(self, action: Callable[[], None]) -> None:
        if self._broken:
            return
        try:
            action()
        except EvalkitError as error:
            self._broken = True
            self._on_error(error)
