"""The watch inside a child process: everything that Python code does there besides answering.

`Watch.install` lays hooks for good, which is why it is done in a process that does nothing else: an audit hook (PEP
578) for files, processes, sockets and the environment; the two standard streams as memory files; wrappers around
opening (`written`) and sending (`wires`); one around loggers. Nothing that is seen touches a disk.

Not seen: what a C library does with files and sockets of its own, and what a program does that the agent starts (that
it was started is seen, with its arguments, and what it prints).
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalkit.executions.execution import Sighting, Sink
from evalkit.executions.readable import MOST_BYTES, printable, text_of, words_of
from evalkit.executions.wires import Wires
from evalkit.executions.written import Written

SINKS = ("stdout", "stderr", "file", "process", "environment", "network", "listen", "tool")
"""What a watched child has under watch; logs besides."""
OVERFLOW = "overflow"
"""Place of the ``watch`` sighting that says that there was more than is kept."""
_STARTED = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "syslog.syslog"})
_NAMED = frozenset({"os.mkdir", "os.link", "os.symlink"})
_RESOLVED = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_HEARD = frozenset({"os.", "sql", "sub", "soc", "sys"})
"""How the events that matter begin: the hook is called for all of them, and most are of no interest."""
_WATCHES: list[Watch] = []


def current_watch() -> Watch | None:
    """The watch of this process, if it is a watched child."""
    return _WATCHES[0] if _WATCHES else None


class Watch:
    """What one process does, from `begin` to `end`."""

    def __init__(self, scratch: Path, *, open_files: Mapping[str, bool]) -> None:
        self._busy = threading.local()
        self._sightings: list[Sighting] = []
        self._kept = 0
        self._written = Written(scratch, self._note_file, before=open_files)
        self._wires = Wires()
        self._consoles: dict[Sink, int] = {}
        self._logs: list[str] = []

    def install(self) -> None:
        """Lay the hooks, for as long as the process lives."""
        self._take_consoles()
        self._written.install()
        self._wires.install()
        self._wrap_loggers()
        sys.addaudithook(self._hear)
        _WATCHES.append(self)

    def begin(self) -> None:
        """A request comes. What a background thread did since the last one is kept: it counts here."""
        self.note("watch", "child", " ".join(SINKS))

    def end(self) -> tuple[Sighting, ...]:
        """The answer is there: everything that was seen, and a clean slate."""
        self._busy.on = self._written.reading = True
        try:
            self._read_consoles()
            self._written.read()
            for line, text in self._wires.read():
                self.note("network", line, text)
        finally:
            self._busy.on = self._written.reading = False
        seen, self._sightings, self._kept = tuple(self._sightings), [], 0
        return seen

    def take_logs(self) -> tuple[str, ...]:
        """The messages that were logged, which are forgotten here."""
        logs, self._logs = tuple(self._logs), []
        return logs

    def note(self, sink: Sink, place: str, text: str = "") -> None:
        """Keep one sighting, as long as there is room."""
        self._kept += len(place) + len(text)
        if self._kept <= MOST_BYTES:
            self._sightings.append(Sighting(sink, place, text))
        elif self._sightings[-1].place != OVERFLOW:
            self._sightings.append(Sighting("watch", OVERFLOW))

    def _note_file(self, path: str, text: str | None) -> None:
        self.note(*(("file", path, text) if text is not None else ("watch", OVERFLOW)))

    def _take_consoles(self) -> None:
        """Standard output and error become memory files, for Python and for programs that it starts alike."""
        before = {id(stream) for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)}
        names: tuple[tuple[Sink, int], ...] = (("stdout", 1), ("stderr", 2))
        for sink, number in names:
            self._consoles[sink] = os.memfd_create(sink)
            os.dup2(self._consoles[sink], number)
            raw = io.BufferedWriter(io.FileIO(number, "wb", closefd=False))
            text = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
            setattr(sys, sink, text)
            setattr(sys, f"__{sink}__", text)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
        for handler in [handler for logger in loggers for handler in logger.handlers]:
            if isinstance(handler, logging.StreamHandler) and id(handler.stream) in before:
                handler.stream = sys.stderr

    def _read_consoles(self) -> None:
        for sink, memory in self._consoles.items():
            with contextlib.suppress(OSError, ValueError):
                getattr(sys, sink).flush()
            size = os.fstat(memory).st_size
            if size:
                self.note(sink, "", text_of(os.pread(memory, min(size, MOST_BYTES + 1), 0)))
                os.ftruncate(memory, 0)
                os.lseek(memory, 0, os.SEEK_SET)

    def _wrap_loggers(self) -> None:
        """Every record that a logger lets through, whether or not it propagates."""
        original = logging.Logger.callHandlers
        formatter = logging.Formatter()

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            try:
                self._logs.append(printable(formatter.format(record)))
            except Exception as error:  # noqa: BLE001 - a stranger's __str__ runs in there
                self._logs.append(f"a log message that raised {type(error).__name__}")
            original(logger, record)

        logging.Logger.callHandlers = call_handlers  # type: ignore[assignment]

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        """The audit hook. It comes before the deed, so what a deed would destroy can still be read."""
        if (event != "open" and event[:3] not in _HEARD) or getattr(self._busy, "on", False):
            return
        self._busy.on = self._written.reading = True
        try:
            self._judge(event, args)
        finally:
            self._busy.on = self._written.reading = False

    def _judge(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(args[2], int):
                self._written.open(args[0], args[2], lasting=args[1] is None)  # os.open gives a bare number
        elif event == "os.remove":
            self._written.take_away(args[0], args[1])
        elif event == "os.truncate":
            self._written.take_away(args[0])
        elif event == "os.rename":
            self._written.rename(args[0], args[1])
        elif event == "sqlite3.connect":
            self._written.open(args[0], os.O_RDWR, lasting=True)
        elif event in _NAMED:
            self.note("file", words_of(args[0 if event == "os.mkdir" else 1]))
        elif event in _STARTED:
            self.note("process", words_of(args[0]), " ".join(map(words_of, args[1:])))
        elif event == "os.putenv":
            self.note("environment", words_of(args[0]), words_of(args[1]))
        elif event in _RESOLVED:
            self.note("network", f"dns {words_of(args[0])}")
        elif event == "socket.connect":
            self.note("network", self._wires.connect(args[1]))
        elif event == "socket.bind":
            self.note("listen", words_of(args[1]))
