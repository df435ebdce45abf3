"""Files that a watched process writes: which they are, and what is in them when the answer is there.

A file is read at the end of the execution that opened it, or at the moment when it is taken away; one that stays open
at the end of every execution. Of a file that is only ever appended to, such as a log, what is new is read; of any other
that has changed, all of it. Where several processes append to one file at once, what another one wrote meanwhile is
read as well: ask for one execution at a time to have each line with its own.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import io
import os
import stat
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evalkit.executions.readable import MOST_BYTES, printable, text_of

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_GONE = (0, 0, 0)
Look = tuple[int, int, int]
"""Inode, size and time of change of a file; zeros where there is none."""
Note = Callable[[str, str | None], None]
"""Told of a path and of what was written there; None where it could not be read."""


class Written:
    """The files of one process. ``note`` is told what each of them holds; ``before`` were open before the watch."""

    def __init__(self, scratch: Path, note: Note, *, before: Mapping[str, bool]) -> None:
        self._scratch = scratch
        self._before = before
        self._note = note
        self._looks: dict[str, Look] = {}
        """Every path that was opened for writing, as it was then, or when it was last read."""
        self._touched: set[str] = set()
        """Those that were opened since the last reading."""
        self._lasting: set[str] = set()
        """Those that may be written without being opened again."""
        self._rewritten: set[str] = set()
        """Those of them that are written in other ways than at their end."""
        self._streams: list[weakref.ref[Any]] = []
        self.reading = False

    def install(self) -> None:
        """From now on every way to write a file from Python goes through here. For good."""
        for path, appended in self._before.items():
            self._looks[path] = _look(path)
            self._lasting.add(path)
            if not appended:
                self._rewritten.add(path)
        tempfile.tempdir = os.environ["TMPDIR"] = str(self._scratch)
        # one without a name would go unseen
        tempfile.TemporaryFile = tempfile.NamedTemporaryFile  # type: ignore[assignment]
        original = io.open

        def opened(*args: Any, **named: Any) -> Any:
            stream = original(*args, **named)
            if not self.reading and stream.writable():
                self._streams.append(weakref.ref(stream))
            return stream

        io.open = builtins.open = opened

    def open(self, path: Any, flags: int, *, lasting: bool = False) -> None:
        """A file is about to be opened; ``lasting`` where nobody will see it closed."""
        if flags & _WRITES and isinstance(path, (str, bytes, os.PathLike)):
            full = _full(path)
            if full not in self._touched | self._lasting:
                self._looks[full] = _look(full)
            (self._lasting if lasting else self._touched).add(full)
            if not flags & os.O_APPEND:
                self._rewritten.add(full)

    def take_away(self, path: Any, folder: int = -1) -> None:
        """A file is about to go, or to be cut: this is the last moment to read it. ``folder`` is an open folder that
        its path begins in."""
        if isinstance(path, (str, bytes, os.PathLike)):
            self._flush()
            full = _full(path if folder < 0 else Path(f"/proc/self/fd/{folder}").readlink() / os.fsdecode(path))
            if full in self._looks:
                self._read(full)

    def rename(self, path: Any, target: Any) -> None:
        """A file is about to have another name."""
        self.take_away(path)
        full = _full(target)
        self._note(printable(full), "")
        self._looks[full] = self._looks.pop(_full(path), _GONE)
        self._rewritten.add(full)
        self._touched.add(full)

    def read(self) -> None:
        """Tell what all of them hold that was not told yet; in the temporary folder whoever wrote it."""
        mine = {f"{folder}/{name}" for folder, _, names in os.walk(self._scratch) for name in names}
        touched, self._touched = self._touched, set()
        for path in sorted(mine | touched | self._lasting | self._flush()):
            self._read(path)

    def _flush(self) -> set[str]:
        """Write out what is buffered; the paths of the files that are open."""
        alive = [stream for reference in self._streams if (stream := reference()) is not None and not stream.closed]
        for stream in alive:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        self._streams = [weakref.ref(stream) for stream in alive]
        return {_full(stream.name) for stream in alive if isinstance(getattr(stream, "name", None), (str, bytes))}

    def _read(self, path: str) -> None:
        before, now = self._looks.get(path, _GONE), _look(path)
        if now == before:
            return
        self._looks[path] = now
        if now == _GONE:
            return
        grew = before[0] == now[0] and before[1] <= now[1] and path not in self._rewritten
        try:
            with io.FileIO(path) as file:
                file.seek(before[1] if grew else 0)
                data = file.read(MOST_BYTES + 1)
        except OSError:
            self._note(printable(path), None)
            return
        self._note(printable(path), text_of(data))


def find_open_files() -> dict[str, bool]:
    """Files that Python objects hold open for writing, such as a log file's, and whether they are only appended to.

    What a C library holds open, a database or a redirected stream, belongs to whoever runs the agent.
    """
    found = {}
    for one in gc.get_objects():
        if type(one) is io.FileIO and not one.closed and one.writable() and isinstance(one.name, (str, bytes)):
            found[_full(one.name)] = one.mode.startswith("a")
    return found


def _full(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolving links would name another file


def _look(path: str) -> Look:
    try:
        now = os.stat(path)  # noqa: PTH116 - asked for every file of every execution
    except OSError:
        return _GONE
    return (now.st_ino, now.st_size, now.st_mtime_ns) if stat.S_ISREG(now.st_mode) else _GONE
