"""Watched agents: Python code in a child process that sees everything it does besides answering.

::

    with watched(agent) as agent:
        executions = execute(cases, agent, spec_ref=spec.ref)     # execution.seen holds what was seen

A child is forked, so an agent may be anything that lives in memory: a closure, a notebook's function, a guard. The
first fork is a nursery that does nothing but fork again, one child for each call in flight; it was made before any
thread of the run. What a child sees comes back with its answer, as an encoded execution. Linux only.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import shutil
import signal
import socket
import tempfile
import threading
import traceback
import warnings
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic_core import from_json, to_json

from evalkit.agents.agent import Agent, Reply, Request, agent_id
from evalkit.errors import AgentError
from evalkit.executions.encoding import decode, encode
from evalkit.executions.execution import Execution, Failure
from evalkit.executions.logs import notice
from evalkit.executions.readable import printable
from evalkit.executions.replies import accept
from evalkit.executions.watching import Watch
from evalkit.executions.written import find_open_files

_LENGTH = 8
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, what an agent writes there touches no disk


class AgentGone(AgentError):
    """The child process of an agent ended before it had answered."""


def can_watch() -> bool:
    """Whether this system has what it takes: fork, memory files and /proc."""
    return hasattr(os, "fork") and hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()


def watched(agent: Agent) -> Watched:
    """An agent that answers from a watched child process. Close it, or use it in a ``with``.

    Raises AgentError where the system cannot watch (`can_watch`).
    """
    if not can_watch():
        raise AgentError("agents can be watched on Linux only", where="watched", next_step="run without a watch")
    return Watched(agent)


class Watched:
    """An agent in child processes, callable as an agent. Made by `watched`.

    Safe to call from many threads: each call has a child to itself. An exception of the agent is raised here again
    under the name that it had there.
    """

    def __init__(self, agent: Agent) -> None:
        self.agent_id = agent_id(agent)
        self.recorded = bool(getattr(agent, "recorded", False))
        place = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
        self._scratch = Path(tempfile.mkdtemp(prefix="evalkit-", dir=place))
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []
        self._all: list[socket.socket] = []
        self._control, theirs = socket.socketpair()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads of a notebook: none of them is needed there
            self._nursery = os.fork()
        if self._nursery == 0:
            self._control.close()
            _stay_a_child(partial(_nurse, theirs, agent, self._scratch))
        theirs.close()

    def __call__(self, request: Request) -> Reply:
        """The answer of a child; what it saw is kept with the execution at hand."""
        child = self._take()
        try:
            _write(child, _pack(request))
            frame = _read(child)
        except OSError:
            frame = None
        if frame is None:
            raise AgentGone("the agent's process ended before it answered", where=self.agent_id)
        with self._lock:
            self._idle.append(child)
        done = decode(frame[1:], case_id=request.request_id, trial=0)
        notice(*done.logs, *(done.seen or ()))
        if done.reply is not None:
            return done.reply
        assert done.failure is not None
        raise _raise_again(done.failure, retryable=frame[:1] == b"1")

    def close(self) -> None:
        """End the children and remove what they left in their temporary folder."""
        with self._lock:
            ends, self._all, self._idle = [*self._all, self._control], [], []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._nursery, 0)

    def _take(self) -> socket.socket:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            try:
                self._control.sendall(b"+")
                _, ends, _, _ = socket.recv_fds(self._control, 1, 1)
            except OSError:
                ends = []
            if not ends:
                raise AgentGone("no further process can be started for the agent", where=self.agent_id)
            child = socket.socket(fileno=ends[0])
            self._all.append(child)
            return child

    def __enter__(self) -> Watched:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Watched({self.agent_id})"


def _raise_again(failure: Failure, *, retryable: bool) -> AgentError:
    kind = type(failure.kind, (AgentError,), {"retryable": retryable})
    error: AgentError = kind(failure.text)
    return error


# In the children


def _stay_a_child(live: Any) -> None:
    """Run something and end the process there: nothing of the parent's stack may go on in a child."""
    try:
        live()
    finally:
        os._exit(0)


def _nurse(control: socket.socket, agent: Agent, scratch: Path) -> None:
    """Fork a child for each byte that comes, and pass its end of a line on. Ends with the parent, and its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's business
    open_files = find_open_files()
    children: list[int] = []
    while control.recv(1):
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            control.close()
            ours.close()
            own = scratch / str(len(children))
            own.mkdir()
            _stay_a_child(partial(_live, theirs, agent, Watch(own, open_files=open_files)))
        theirs.close()
        children.append(child)
        socket.send_fds(control, [b"+"], [ours.fileno()])
        ours.close()
    for child in children:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    shutil.rmtree(scratch, ignore_errors=True)  # here, so that it is done though the parent was killed


def _live(line: socket.socket, agent: Agent, watch: Watch) -> None:
    """Answer requests until the line ends."""
    read, write = _bare(line)
    watch.install()
    with asyncio.Runner() as runner:
        while (frame := read()) is not None:
            request = _unpack(frame)
            watch.begin()
            reply, failure, retryable = _answer(agent, request, runner)
            seen = watch.end()
            done = Execution(request.request_id, 0, reply, failure, watch.take_logs(), seen=seen)
            write((b"1" if retryable else b"0") + encode(done))


def _answer(agent: Agent, request: Request, runner: asyncio.Runner) -> tuple[Reply | None, Failure | None, bool]:
    try:
        answer = agent(request)
        if inspect.isawaitable(answer):
            answer = runner.run(_wait(answer))
        return accept(answer), None, False
    except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001 - a stranger's code
        frames = error.__traceback__.tb_next if error.__traceback__ is not None else None
        text = printable("".join(traceback.format_exception(type(error), error, frames)))
        retryable = isinstance(error, TimeoutError) or bool(getattr(error, "retryable", False))
        return None, Failure(type(error).__name__, text), retryable


async def _wait(answer: Awaitable[Reply]) -> Reply:
    return await answer


def _bare(line: socket.socket) -> tuple[Any, Any]:
    """Reading and writing on a line, below every hook of the watch."""
    number = line.detach()
    bare = socket.socket.__base__(fileno=number)  # type: ignore[misc]
    return partial(_read, bare), partial(_write, bare)


# Between them: a length of eight bytes, then so many


def _write(line: Any, data: bytes) -> None:
    line.sendall(len(data).to_bytes(_LENGTH, "big") + data)


def _read(line: Any) -> bytes | None:
    """The next message; None where the other end is gone."""
    size = _read_exactly(line, _LENGTH)
    return None if size is None else _read_exactly(line, int.from_bytes(size, "big"))


def _read_exactly(line: Any, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        part = line.recv(min(size - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)


def _pack(request: Request) -> bytes:
    body = None if request.body is None else request.body.hex()
    return to_json((
        request.request_id, request.spec_ref, dict(request.input), dict(request.flags), request.actor,
        request.purpose_of_use, body,
    ))  # fmt: skip


def _unpack(frame: bytes) -> Request:
    request_id, spec_ref, values, flags, actor, purpose, body = from_json(frame)
    raw = None if body is None else bytes.fromhex(body)
    return Request(request_id, spec_ref, values, flags, actor, purpose, raw)
