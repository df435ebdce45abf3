"""An append-only file of events, each bound to the one before: a line cannot be changed, dropped or put between.

Each line is the canonical JSON of one event and holds in ``prev`` the SHA-256 of the line before it (64 zeros for the
first). An append is on the disk when it returns. What a chain alone cannot show is that its end was cut off: keep
`Chain.head` somewhere else to see that too.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit.digests import canonical_json, digest_bytes
from evalkit.errors import RegistryError
from evalkit.spec.strictjson import ContractBreach, strict_json

START = "0" * 64
"""What the first event is bound to."""

Event = Mapping[str, Any]


class Chain:
    """The chain in one file. Writers in other processes wait for one another.

    ``kinds`` says which keys an event of each kind holds, ``event`` and ``prev`` apart; their values are text or null.
    """

    def __init__(self, path: Path, kinds: Mapping[str, frozenset[str]]) -> None:
        self.path = path
        self.kinds = kinds

    def read(self) -> tuple[dict[str, Any], ...]:
        """Every event, oldest first. Raises RegistryError with the line that does not fit, or for a torn last line."""
        try:
            return self._parse(self.path.read_bytes())
        except FileNotFoundError:
            return ()

    def head(self) -> str:
        """SHA-256 of the last line: the one digest that stands for the whole history."""
        events = self.read()
        return digest_bytes(canonical_json(events[-1])) if events else START

    def append(self, decide: Callable[[tuple[dict[str, Any], ...]], Event]) -> dict[str, Any]:
        """Append the event that ``decide`` makes of the history, and return it as it stands in the file.

        The history cannot change between the decision and the append. On any failure nothing is appended.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self.path) as file:
            history = os.pread(file, os.fstat(file).st_size, 0)
            events = self._parse(history)
            previous = digest_bytes(canonical_json(events[-1])) if events else START
            event = {**decide(events), "prev": previous}
            _write(file, canonical_json(event) + b"\n", end=len(history), path=self.path)
        if not events:
            sync_folder(self.path.parent)
        return event

    def mend(self) -> int:
        """Cut off a torn last line, which was never acknowledged; returns the number of bytes cut."""
        if not self.path.exists():
            return 0
        with _locked(self.path) as file:
            history = os.pread(file, os.fstat(file).st_size, 0)
            whole = history.rfind(b"\n") + 1
            os.ftruncate(file, whole)
            os.fsync(file)
        return len(history) - whole

    def _parse(self, history: bytes) -> tuple[dict[str, Any], ...]:
        lines = history.split(b"\n")
        if lines.pop():
            raise RegistryError(
                "the last line is torn: an append was interrupted and never acknowledged",
                where=f"{self.path}:{len(lines) + 1}",
                next_step="cut it off with Registry.mend() and repeat what was interrupted",
            )
        events: list[dict[str, Any]] = []
        previous = START
        for number, line in enumerate(lines, start=1):
            events.append(self._parse_line(line, previous, number))
            previous = digest_bytes(line)
        return tuple(events)

    def _parse_line(self, line: bytes, previous: str, number: int) -> dict[str, Any]:
        try:
            event = strict_json(line)
        except ContractBreach:
            event = {}
        if event.get("prev") == previous and canonical_json(event) == line and self._is_whole(event):
            return event
        raise RegistryError(
            "the line does not fit the one before it: the history was changed",
            where=f"{self.path}:{number}",
            next_step="restore the file from a copy; compare with the head digest that was kept elsewhere",
        )

    def _is_whole(self, event: Event) -> bool:
        expected = self.kinds.get(str(event.get("event")))
        texts = all(value is None or isinstance(value, str) for value in event.values())
        return texts and expected is not None and event.keys() == expected | {"event", "prev"}


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open and locked against other writers. The lock goes with the process, however it ends."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _write(file: int, line: bytes, *, end: int, path: Path) -> None:
    """Write a line at the end, durably; the file is as before where that fails."""
    try:
        written = os.pwrite(file, line, end)
        if written < len(line):
            raise OSError("short write")
        os.fsync(file)
    except OSError as error:
        os.ftruncate(file, end)
        raise RegistryError(
            f"the event could not be written ({type(error).__name__})", where=str(path), next_step="check the disk"
        ) from None


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file durably and at once: a reader sees the old bytes or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
