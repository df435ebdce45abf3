"""Fixtures of the vault: a keyring, a clock that is set by hand, and a failing disk.

Failing disks for sqlite: the n-th write or sync of a file fails, at the level at which sqlite's own tests do it.

Every file that sqlite opens gets a copy of its table of methods (``sqlite3_io_methods``), with ``xWrite`` and
``xSync`` going through a counter. Works where Python's sqlite3 is linked to a shared library.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.vault.keys import FileKeyring

IOERR_WRITE = 10 | (3 << 8)
IOERR_FSYNC = 10 | (4 << 8)
FULL = 13
_PTR = ctypes.c_void_p
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _PTR, _PTR, ctypes.c_int, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _PTR, ctypes.c_int)
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _PTR, _PTR, _PTR, ctypes.c_int, _PTR)


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("close", _PTR),
        ("read", _PTR),
        ("write", _PTR),
        ("truncate", _PTR),
        ("sync", _PTR),
        ("others", _PTR * 13),
    )


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("size", ctypes.c_int),
        ("longest", ctypes.c_int),
        ("next", _PTR),
        ("name", ctypes.c_char_p),
        ("data", _PTR),
        ("open", _PTR),
    )


def find_library() -> ctypes.CDLL | None:
    """The very library that Python's sqlite3 uses, or None where it is built in."""
    with contextlib.suppress(OSError, AttributeError):
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        shared = {line.split()[-1] for line in maps.splitlines() if "libsqlite3" in line}
        for path in shared:
            found = ctypes.CDLL(path)
            found.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
            return found
    return None


class Disk:
    """Counts writes and syncs, and fails one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.fail_at = 0
        self.code = FULL
        self.lasting = False
        """Whether every later call fails too, as on a full disk."""

    def fails(self) -> bool:
        self.calls += 1
        return self.fail_at > 0 and (self.calls == self.fail_at or (self.lasting and self.calls > self.fail_at))


@contextlib.contextmanager
def failing_disk(shared: ctypes.CDLL) -> Iterator[Disk]:
    """Files that are opened inside have their writes and syncs counted and failed."""
    vfs = shared.sqlite3_vfs_find(None).contents
    plain_open = _OPEN(vfs.open)
    before = vfs.open
    disk = Disk()
    kept: list[Any] = []
    copies: dict[int, Any] = {}

    def copy_of(methods: Any) -> Any:
        address = ctypes.addressof(methods.contents)
        if address not in copies:
            plain_write, plain_sync = _WRITE(methods.contents.write), _SYNC(methods.contents.sync)

            def write(file: int, data: int, count: int, offset: int) -> int:
                return disk.code if disk.fails() else plain_write(file, data, count, offset)

            def sync(file: int, flags: int) -> int:
                if disk.fails():
                    return IOERR_FSYNC if disk.code != FULL else FULL
                return plain_sync(file, flags)

            fresh = _Methods()
            ctypes.pointer(fresh)[0] = methods.contents
            callbacks = _WRITE(write), _SYNC(sync)
            fresh.write, fresh.sync = (ctypes.cast(one, _PTR).value for one in callbacks)
            kept.append((fresh, callbacks))
            copies[address] = ctypes.pointer(fresh)
        return copies[address]

    def open_file(this: int, name: int, file: int, flags: int, out: int) -> int:
        code = plain_open(this, name, file, flags, out)
        opened = ctypes.cast(file, ctypes.POINTER(_File)).contents
        if code == 0 and opened.methods:
            opened.methods = copy_of(opened.methods)
        return code

    callback = _OPEN(open_file)
    vfs.open = ctypes.cast(callback, _PTR).value
    try:
        yield disk
    finally:
        vfs.open = before
        _KEPT.append((callback, kept))


_KEPT: list[Any] = []
"""Tables that a file which is still open may use."""


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk whose n-th write or sync fails; for sqlite files that are opened in this test."""
    shared = find_library()
    if shared is None:
        pytest.skip("Python's sqlite3 is not linked to a shared library whose files can be made to fail")
    with failing_disk(shared) as found:
        yield found


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FileKeyring:
    """A keyring that no test changes."""
    keyring = FileKeyring(tmp_path_factory.mktemp("ledger-keys") / "keyring.json")
    keyring.signers()
    return keyring
