"""The watch inside a child process: everything that Python code does there besides answering.

`Watch.install` lays hooks for good, which is why it is done in a process that does nothing else: an audit hook (PEP 578)
for files, processes, sockets and the environment; the two standard streams as memory files; wrappers around the
functions that send on a socket, before TLS takes the text away; one around loggers. Nothing that is seen touches a disk.

Not seen: what a C library does with files and sockets of its own, and what a program does that the agent starts (that it
was started is seen, with its arguments). A file is read when the answer is there, or at the moment it is taken away.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import io
import logging
import os
import socket
import ssl
import stat
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalkit.executions.execution import Sighting, Sink

SINKS = ("stdout", "stderr", "file", "process", "environment", "network", "listen", "tool")
"""What a watched child has under watch; logs besides."""
MOST_BYTES = 4 << 20
"""Of one execution. What comes after is not kept, and the watch says so: what was not searched is not clean."""
OVERFLOW = "overflow"
"""Place of the ``watch`` sighting that says that there was more."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_TAKEN_AWAY = frozenset({"os.remove", "os.rename", "os.truncate"})
_NAMED = frozenset({"os.mkdir", "os.link", "os.symlink"})
_STARTED = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"})
_HANDSHAKE = b"\x16\x03"
"""How an encrypted stream begins (RFC 8446, section 5.1)."""


_WATCHES: list[Watch] = []


def current_watch() -> Watch | None:
    """The watch of this process, if it is a watched child."""
    return _WATCHES[0] if _WATCHES else None


class Watch:
    """What one process does, from `begin` to `end`."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._busy = threading.local()
        self._sightings: list[Sighting] = []
        self._kept = 0
        self._files: dict[str, tuple[int, int, int]] = {}
        """Every path that was ever opened for writing: inode, size and time of change when it was last looked at."""
        self._writers: list[weakref.ref[Any]] = []
        self._streams: dict[tuple[int, str], bytearray] = {}
        self._opaque: set[int] = set()
        self._names: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._consoles: dict[Sink, int] = {}
        self.logs: list[str] = []

    def install(self) -> None:
        """Lay the hooks, for as long as the process lives."""
        self._take_consoles()
        self._find_open_files()
        tempfile.tempdir = os.environ["TMPDIR"] = str(self._scratch)
        tempfile.TemporaryFile = tempfile.NamedTemporaryFile  # type: ignore[assignment]  # one without a name goes unseen
        self._wrap_open()
        self._wrap_sockets()
        self._wrap_loggers()
        sys.addaudithook(self._hear)
        _WATCHES.append(self)

    def begin(self) -> None:
        """A request comes. What a background thread did since the last one is kept: it counts here."""
        self._note("watch", "child", " ".join(SINKS))

    def end(self) -> tuple[Sighting, ...]:
        """The answer is there: everything that was seen, and a clean slate."""
        self._busy.on = True
        try:
            self._read_consoles()
            self._read_files()
            self._read_streams()
        finally:
            self._busy.on = False
        seen, self._sightings, self._kept = tuple(self._sightings), [], 0
        return seen

    def take_logs(self) -> tuple[str, ...]:
        """The messages that were logged, which are forgotten here."""
        logs, self.logs = tuple(self.logs), []
        return logs

    def note_tool(self, name: str, arguments: str) -> None:
        """A tool was called."""
        self._note("tool", name, arguments)

    def _note(self, sink: Sink, place: str, text: str = "") -> None:
        size = len(place) + len(text)
        if self._kept + size > MOST_BYTES:
            if self._sightings and self._sightings[-1].place != OVERFLOW:
                self._sightings.append(Sighting("watch", OVERFLOW))
            return
        self._kept += size
        self._sightings.append(Sighting(sink, place, text))

    # Standard streams

    def _take_consoles(self) -> None:
        before = {id(stream) for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)}
        names: tuple[tuple[Sink, int], ...] = (("stdout", 1), ("stderr", 2))
        for sink, number in names:
            memory = os.memfd_create(sink)
            os.dup2(memory, number)
            self._consoles[sink] = memory
            raw = io.FileIO(number, "wb", closefd=False)
            text = io.TextIOWrapper(
                io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", write_through=True
            )
            setattr(sys, sink, text)
            setattr(sys, f"__{sink}__", text)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for logger in (logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))):
            for handler in logger.handlers:
                if isinstance(handler, logging.StreamHandler) and id(handler.stream) in before:
                    handler.stream = sys.stderr

    def _read_consoles(self) -> None:
        for sink, memory in self._consoles.items():
            with contextlib.suppress(OSError, ValueError):
                getattr(sys, sink).flush()
            size = os.fstat(memory).st_size
            if size:
                self._note(sink, "", text_of(os.pread(memory, min(size, MOST_BYTES + 1), 0)))
                os.ftruncate(memory, 0)
                os.lseek(memory, 0, os.SEEK_SET)

    # Files

    def _find_open_files(self) -> None:
        """Files that were open for writing before the watch began, such as a log file's."""
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError, ValueError):
                path = os.readlink(f"/proc/self/fd/{name}")
                flags = Path(f"/proc/self/fdinfo/{name}").read_text(encoding="ascii").split("flags:", 1)[1].split()[0]
                if path.startswith("/") and int(flags, 8) & (os.O_WRONLY | os.O_RDWR):
                    self._files[path] = _look(path)

    def _wrap_open(self) -> None:
        """Remember what is written through, so that it can be flushed before it is read."""
        original = io.open

        def opened(*args: Any, **named: Any) -> Any:
            stream = original(*args, **named)
            if not getattr(self._busy, "on", False) and stream.writable():
                self._writers.append(weakref.ref(stream))
            return stream

        io.open = opened
        builtins.open = opened

    def _remember(self, path: Any) -> None:
        if isinstance(path, (str, bytes, os.PathLike)):
            full = os.path.abspath(os.fsdecode(path))
            self._files.setdefault(full, _look(full))

    def _read_files(self) -> None:
        for reference in self._writers:
            stream = reference()
            if stream is not None and not stream.closed:
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
        self._writers = [reference for reference in self._writers if reference() is not None]
        for folder, _, names in os.walk(self._scratch):
            for name in names:
                self._files.setdefault(os.path.join(folder, name), (0, 0, 0))
        for path in list(self._files):
            self._read_file(path)

    def _read_file(self, path: str) -> None:
        """What was added to a file since it was last looked at; all of it where it was written anew."""
        before, now = self._files[path], _look(path)
        if now == before:
            return
        self._files[path] = now
        if now[0] == 0:
            return
        start = before[1] if before[0] == now[0] and before[1] <= now[1] and self._same_until(path, before[1]) else 0
        try:
            with io.FileIO(path) as file:
                file.seek(start)
                data = file.read(MOST_BYTES + 1)
        except OSError:
            self._note("watch", OVERFLOW)
            return
        self._note("file", printable(path), text_of(data))

    def _same_until(self, path: str, size: int) -> bool:
        """A file that only grew is read from where it ended; log files would otherwise be read over and over."""
        return size > 0 and path.endswith((".log", ".jsonl", ".txt", ".csv"))

    # Audit events

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "open" and event[:3] not in _HEARD:
            return
        if getattr(self._busy, "on", False):
            return
        self._busy.on = True
        try:
            self._judge(event, args)
        finally:
            self._busy.on = False

    def _judge(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(args[2], int) and args[2] & _WRITES and not isinstance(args[0], int):
                self._remember(args[0])
        elif event in _TAKEN_AWAY:
            self._take_away(event, args)
        elif event in _NAMED:
            self._note("file", printable(os.fsdecode(args[0 if event == "os.mkdir" else 1])))
        elif event == "sqlite3.connect":
            self._remember(args[0])
        elif event in _STARTED:
            self._note("process", _words(args[0]), " ".join(map(_words, args[1:])))
        elif event == "os.putenv":
            self._note("environment", _words(args[0]), _words(args[1]))
        elif event == "socket.getaddrinfo" or event == "socket.gethostbyname":
            self._note("network", f"dns {_words(args[0])}")
        elif event == "socket.connect":
            self._connect(args[1])
        elif event == "socket.bind":
            self._note("listen", _words(args[1]))
        elif event == "syslog.syslog":
            self._note("process", "syslog", _words(args[-1]))

    def _take_away(self, event: str, args: tuple[Any, ...]) -> None:
        """Read a file before it goes, or before it has another name."""
        if isinstance(args[0], int):
            return
        path = os.path.abspath(os.fsdecode(args[0]))
        for reference in self._writers:
            stream = reference()
            if stream is not None and not stream.closed:
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
        if path in self._files:
            self._read_file(path)
        if event == "os.rename":
            target = os.path.abspath(os.fsdecode(args[1]))
            self._note("file", printable(target))
            self._files[target] = self._files.get(path, (0, 0, 0))

    # Sockets

    def _connect(self, address: Any) -> None:
        if isinstance(address, tuple):
            host = self._names.get(str(address[0]), str(address[0]))
            self._ports[host] = int(address[1])
            self._note("network", f"connect {printable(host)}:{address[1]}")
        else:
            self._note("network", f"unix {_words(address)}")

    def _wrap_sockets(self) -> None:
        resolve = socket.getaddrinfo

        def resolved(host: Any, *rest: Any, **named: Any) -> Any:
            found = resolve(host, *rest, **named)
            for entry in found:
                self._names[str(entry[4][0])] = _words(host)
            return found

        socket.getaddrinfo = resolved
        for owner in (socket.socket, ssl.SSLSocket, ssl.SSLObject):
            for name in ("send", "sendall", "write", "sendto", "sendmsg"):
                if name in vars(owner) or (owner is socket.socket and hasattr(owner, name)):
                    if not (owner is ssl.SSLSocket and name in {"sendall", "sendto", "sendmsg"}):
                        setattr(owner, name, self._tap(getattr(owner, name)))

    def _tap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def tapped(end: Any, data: Any, *rest: Any, **named: Any) -> Any:
            sent = None
            nested = getattr(self._busy, "sending", False)
            self._busy.sending = True
            try:
                sent = original(end, data, *rest, **named)
                return sent
            finally:
                self._busy.sending = nested
                if not nested:
                    self._sent(end, data, sent if isinstance(sent, int) else None, rest)

        return tapped

    def _sent(self, end: Any, data: Any, count: int | None, rest: tuple[Any, ...]) -> None:
        parts = data if isinstance(data, (list, tuple)) else [data]
        plain = b"".join(bytes(part) for part in parts)[:count]
        encrypted = isinstance(end, (ssl.SSLSocket, ssl.SSLObject)) and end.version() is not None
        if not encrypted and (id(end) in self._opaque or plain.startswith(_HANDSHAKE)):
            self._opaque.add(id(end))
            return
        key = (id(end), self._line(end, rest))
        stream = self._streams.setdefault(key, bytearray())
        if len(stream) <= MOST_BYTES:
            stream += plain

    def _line(self, end: Any, rest: tuple[Any, ...]) -> str:
        """``tls HOST:PORT TLSv1.3``, ``unverified HOST:PORT TLSv1.3``, ``plain HOST:PORT``, ``unix PATH``."""
        if isinstance(end, (ssl.SSLSocket, ssl.SSLObject)) and end.version() is not None:
            host = printable(str(end.server_hostname or ""))
            checked = end.context.verify_mode is ssl.CERT_REQUIRED and end.context.check_hostname
            port = self._ports.get(host, 443)
            return f"{'tls' if checked else 'unverified'} {host}:{port} {end.version()}"
        try:
            peer = end.getpeername()
        except OSError:
            peer = next((part for part in rest if isinstance(part, tuple)), ("", 0))
        if isinstance(peer, tuple):
            return f"plain {printable(self._names.get(str(peer[0]), str(peer[0])))}:{peer[1]}"
        return f"unix {_words(peer)}"

    def _read_streams(self) -> None:
        for (_, line), data in self._streams.items():
            if not line.startswith("unix ") or data:
                self._note("network", line, text_of(bytes(data)))
        self._streams.clear()

    # Logs

    def _wrap_loggers(self) -> None:
        """Every record that a logger lets through, whether or not it propagates."""
        original = logging.Logger.callHandlers
        formatter = logging.Formatter()

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            try:
                self.logs.append(printable(formatter.format(record)))
            except Exception as error:  # noqa: BLE001 - a stranger's __str__ runs in there
                self.logs.append(f"a log message that raised {type(error).__name__}")
            original(logger, record)

        logging.Logger.callHandlers = call_handlers  # type: ignore[assignment]


_HEARD = frozenset({"os.", "sql", "sub", "soc", "sys"})
"""How the events that matter begin: the hook is called for all of them, and most are of no interest."""


def _look(path: str) -> tuple[int, int, int]:
    try:
        now = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (now.st_ino, now.st_size, now.st_mtime_ns) if stat.S_ISREG(now.st_mode) else (0, 0, 0)


def printable(text: str) -> str:
    """The text, with halves of surrogate pairs escaped: it has to go into UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def text_of(data: bytes) -> str:
    """Bytes as text that can be searched: UTF-8; what is binary as base64, which the leak check unpacks.

    Of an HTTP message the head stays readable whatever its body is.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    head, mark, body = data.partition(b"\r\n\r\n")
    if mark and head.isascii():
        return f"{head.decode()}\r\n\r\n{text_of(body)}"
    readable = data.decode("latin-1")
    return f"{base64.b64encode(data).decode()}\n{''.join(c if c.isprintable() else ' ' for c in readable)}"


def _words(value: Any) -> str:
    """An argument of an audit event, for searching: text, bytes, and lists and dicts of them."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, (bytes, os.PathLike)):
        return printable(os.fsdecode(value))
    if isinstance(value, dict):
        return " ".join(f"{_words(name)}={_words(entry)}" for name, entry in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(map(_words, value))
    return "" if value is None else str(value)
