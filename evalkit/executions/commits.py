"""Group commit: executions go to the journal from a thread of their own, as many at once as are waiting.

A writer that is idle commits at once, so that a slow agent's answer is on disk a moment after it came; while one
group is being written the next one gathers. What was not committed when the process dies is asked again on resume.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal

GROUP = 1024
"""Most executions in one commit."""
BACKLOG = 2048
"""Executions that may wait for the disk before workers wait for it too."""


class GroupCommit:
    """Writes executions to a journal. ``on_error`` is told, once, why it could not."""

    def __init__(self, journal: Journal, *, on_error: Callable[[EvalkitError], None]) -> None:
        self._journal = journal
        self._on_error = on_error
        self._waiting: SimpleQueue[Execution | None] = SimpleQueue()
        self._committed = 0
        self._broken = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="evalkit-journal")
        self._written = self._thread.submit(self._write)

    def put(self, execution: Execution) -> None:
        """Have it written soon. Returns at once."""
        self._waiting.put(execution)

    @property
    def full(self) -> bool:
        """Whether workers had better wait."""
        return self._waiting.qsize() >= BACKLOG and not self._written.done()

    def close(self) -> None:
        """Return when everything that was put is on disk, or has failed."""
        self._waiting.put(None)
        self._thread.shutdown()
        self._written.result()

    def _write(self) -> None:
        going = True
        while going:
            group = self._gather()
            going = group[-1] is not None
            batch = [execution for execution in group if execution is not None]
            if batch and not self._broken:
                self._commit(batch)

    def _gather(self) -> list[Execution | None]:
        """Wait for one, then take what else is there; None at the end is the end."""
        group = [self._waiting.get()]
        try:
            while group[-1] is not None and len(group) < GROUP:
                group.append(self._waiting.get_nowait())
        except Empty:
            pass
        return group

    def _commit(self, batch: list[Execution]) -> None:
        try:
            self._journal.append(batch)
        except EvalkitError as error:
            self._broken = True
            self._on_error(error)
