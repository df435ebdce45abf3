"""The sqlite door: how a file of sealed records is opened, checked, written in one go, and how its errors are told.

What sqlite and the disk raise may quote what stands in the file; here it becomes one line that does not.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evalkit.errors import JournalError

LOG_PAGES = 4000
"""Pages (16 MB) that gather in the write-ahead log before an append has to fold them in."""
_BUSY_SECONDS = 0.5
_PRAGMAS = ("trusted_schema = OFF", "recursive_triggers = ON", "cell_size_check = ON")
_LOGGED = ("journal_mode = WAL", "synchronous = FULL", f"wal_autocheckpoint = {LOG_PAGES}")


def refuse(table: str, *verbs: str) -> tuple[str, ...]:
    """The triggers by which sqlite itself refuses verbs (UPDATE, DELETE) on a table."""
    return tuple(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'append only'); END"
        for verb in verbs
    )


def connect(path: Path, *, writable: bool, shared: bool = False, patience: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file, for reading unless ``writable``: then it is made where there is none, for its owner alone (0600).

    A writer locks every other process out unless ``shared``; ``patience`` is how many seconds it waits for its turn.
    """
    with translated(path):
        if writable:
            # sqlite gives its side files the mode of the file itself.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={'rw' if writable else 'ro'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=patience,
        )
        try:
            locking = () if shared else ("locking_mode = EXCLUSIVE",)
            for pragma in (*_PRAGMAS, *((*locking, *_LOGGED) if writable else ())):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
    return connection


def check_file(
    connection: sqlite3.Connection, path: Path, *, application_id: int, newest: int, schema: Collection[str]
) -> None:
    """Raise JournalError unless this is a file of ours, of a format we read, with exactly the tables we make."""
    run = connection.execute
    if run("PRAGMA application_id").fetchone()[0] != application_id:
        raise damaged(path)
    version = run("PRAGMA user_version").fetchone()[0]
    if version > newest:
        raise JournalError(
            f"the file has format {version} and this evalkit reads up to {newest}",
            where=str(path),
            next_step="use the evalkit that wrote it, or a newer one",
        )
    if {row[0] for row in run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")} != set(schema):
        raise damaged(path)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, durable: bool = True) -> Iterator[Any]:
    """All of what is run inside, or nothing of it: on disk, or if not ``durable`` with the operating system."""
    with translated(path):
        run = connection.execute
        if not durable:
            run("PRAGMA synchronous = NORMAL")
        try:
            run("BEGIN IMMEDIATE")
            yield run
            run("COMMIT")
        except BaseException:
            if connection.in_transaction:
                run("ROLLBACK")
            raise
        finally:
            if not durable:
                run("PRAGMA synchronous = FULL")


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what sqlite and the disk raise into a JournalError. Their own messages may quote what stands in the file."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise JournalError("such a record is there already", where=str(path)) from None
    except sqlite3.Error as error:
        raise _explain(error, path) from None
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        raise JournalError(f"the file cannot be used ({error.strerror})", where=str(path)) from None
    except (UnicodeError, OverflowError, ValueError):
        raise damaged(path) from None


def damaged(path: Path) -> JournalError:
    """The one error of a file that is not as we left it."""
    return JournalError(
        "the file is damaged, was changed, or is not one of evalkit's",
        where=str(path),
        next_step="restore it from its backup",
    )


def _explain(error: sqlite3.Error, path: Path) -> JournalError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return JournalError("another process is writing the file", where=str(path), next_step="wait until it is done")
    if code == sqlite3.SQLITE_FULL:
        return JournalError("the disk is full", where=str(path), next_step="make room and run the same command again")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR}:
        return JournalError("the disk refuses to read or write the file", where=str(path))
    if isinstance(error, sqlite3.ProgrammingError):
        return JournalError("the file is closed", where=str(path))
    return damaged(path)
