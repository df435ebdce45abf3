"""The store: one sqlite file of sealed records that are only ever added.

In clear stand a header of ids, counts and digests, and of each record an id and a part number; everything else is
sealed. The file has a data key of its own, wrapped by a keyring with the header as additional data, so that a changed
header opens nothing. A record's additional data is (digest of the header, sequence, part, id): a record that was
changed, renamed, moved or renumbered does not open, and a gap in the sequence is seen. Attachments carry the number
of records that stood before them, so that a tail cut off below a finished file is seen too. What nothing in the file
can show is that the whole file was put back to an earlier state.

While written to, the file is in WAL mode with ``synchronous=FULL`` and locked against other processes. `Store.append`
returns when the records are on disk. `Store.write` returns when the operating system has them: a killed process has
lost nothing of that, and a power cut only what came after the last `Store.sync`. Either way a whole prefix of what was
added is left. Closing folds everything into the one file. All files have mode 0600.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

from evalkit.digests import canonical_json
from evalkit.errors import JournalError, SealError
from evalkit.vault.cipher import KEY_BYTES, Cipher
from evalkit.vault.database import check_file, connect, damaged, refuse, transaction, translated
from evalkit.vault.keys import KeyProvider

APPLICATION_ID = 0x45564B31
"""``EVK1``, in the header of the sqlite file."""
FORMAT = 1
"""In ``user_version``. Files of a newer format are refused."""

_TABLES = (
    "CREATE TABLE header (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE data_key (slot INTEGER PRIMARY KEY CHECK (slot = 1), wrapped BLOB NOT NULL) STRICT",
    "CREATE TABLE records (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, part INTEGER NOT NULL, sealed BLOB NOT NULL, "
    "UNIQUE (id, part)) STRICT",
    "CREATE TABLE attachments (seq INTEGER PRIMARY KEY, name TEXT NOT NULL, records INTEGER NOT NULL, "
    "sealed BLOB NOT NULL) STRICT",
)
_TRIGGERS = tuple(
    trigger
    for table in ("header", "data_key", "records", "attachments")
    for trigger in refuse(table, "UPDATE", "DELETE")
)
_SCHEMA = _TABLES + _TRIGGERS
_OLDEST_SQLITE = (3, 37, 0)
"""The first with strict tables."""
_PAGE = 256

Row = tuple[str, int, bytes]
"""Id, part number and plaintext of a record."""


class Store:
    """An open file of sealed records. Safe to share between threads; one process writes at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self.header: Mapping[str, str | int] = {}
        self._connection = connection
        self._lock = threading.RLock()
        self._cipher: Cipher | None = None
        self._label = b""
        self._count = 0
        self._log: int | None = None

    @classmethod
    def create(cls, path: Path, header: Mapping[str, str | int], *, keyring: KeyProvider) -> Store:
        """Make a new file. ``header`` stays in clear: ids, counts and digests only.

        Raises FileExistsError where there is one. A file that a killed process had just begun to make is made anew.
        """
        store = cls(path, connect(path, writable=True), writable=True)
        try:
            with store._transaction() as run:
                if run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise FileExistsError(f"{path.name} exists")
                run(f"PRAGMA application_id = {APPLICATION_ID}")
                run(f"PRAGMA user_version = {FORMAT}")
                for statement in _SCHEMA:
                    run(statement)
                wrapped = keyring.wrap(secrets.token_bytes(KEY_BYTES), aad=_header_aad(header))
                run("INSERT INTO data_key (slot, wrapped) VALUES (1, ?)", (wrapped,))
                for item in header.items():
                    run("INSERT INTO header (name, value) VALUES (?, ?)", item)
            return store._unlock(keyring)
        except BaseException:
            store._abandon()
            raise

    @classmethod
    def open(cls, path: Path, *, keyring: KeyProvider, writable: bool = False) -> Store:
        """Open a file that is there. Raises JournalError where it is damaged, foreign, newer, or being written."""
        if not path.is_file():
            raise JournalError("there is no such file", where=str(path))
        store = cls(path, connect(path, writable=writable), writable=writable)
        try:
            return store._unlock(keyring)
        except BaseException:
            store._abandon()
            raise

    def _unlock(self, keyring: KeyProvider) -> Store:
        """Check that this is a file of ours, whole and of this format, and unwrap its data key."""
        with self._reading() as run:
            check_file(self._connection, self.path, application_id=APPLICATION_ID, newest=FORMAT, schema=_SCHEMA)
            # Records are found missing by their sequence; a lost attachment only shows in the structure of its table.
            if run("PRAGMA quick_check(attachments)").fetchone()[0] != "ok":
                raise damaged(self.path)
            self.header = dict(run("SELECT name, value FROM header ORDER BY name").fetchall())
            wrapped = run("SELECT wrapped FROM data_key").fetchone()
            self._count = run("SELECT coalesce(max(seq), 0) FROM records").fetchone()[0]
        try:
            aad = _header_aad(self.header)
            self._cipher = Cipher(keyring.unwrap(bytes(wrapped[0]), aad=aad))
            self._label = hashlib.sha256(aad).digest()
        except SealError as error:
            place = f"{self.path} ({error.where})" if error.where else str(self.path)
            raise JournalError(error.what, where=place, next_step=error.next_step) from None
        except (TypeError, ValueError):
            raise damaged(self.path) from None
        return self

    def __len__(self) -> int:
        return self._count

    def append(self, rows: Sequence[Row]) -> None:
        """Seal and add records in one transaction; on return they are on disk. All of them are added, or none.

        Raises JournalError where a record of that id and part is there already, or the disk refuses.
        """
        self.write(rows)
        self.sync()

    def write(self, rows: Sequence[Row]) -> None:
        """`append`, but on return the records are with the operating system, and on disk after the next `sync`."""
        with self._lock:
            with self._transaction(durable=False) as run:
                first = self._count + 1
                sealed = self._opened().seal_batch([
                    (plaintext, self._aad(b"record", seq, part, record_id))
                    for seq, (record_id, part, plaintext) in enumerate(rows, first)
                ])  # fmt: skip
                values = [(first + i, row[0], row[1], sealed[i]) for i, row in enumerate(rows)]
                for start in range(0, len(values), _PAGE):
                    page = values[start : start + _PAGE]
                    # One statement for all: sqlite3 gives up the interpreter lock at every step, and wins it back late.
                    run(_insert_records(len(page)), tuple(chain.from_iterable(page)))
            self._count += len(rows)

    def sync(self) -> None:
        """Return when everything that was written is on disk. Needs no turn at the file: writing goes on meanwhile."""
        with translated(self.path):
            if self._log is None:
                self._log = os.open(f"{self.path}-wal", os.O_RDONLY | os.O_CLOEXEC)
            os.fsync(self._log)

    def read(self) -> Iterator[Row]:
        """Every record, in the order it was added. Raises JournalError at the first that is missing or changed."""
        last = 0
        while True:
            with self._reading() as run:
                page = run(
                    "SELECT seq, id, part, sealed FROM records WHERE seq > ? ORDER BY seq LIMIT ?", (last, _PAGE)
                ).fetchall()
            for seq, record_id, part, sealed in page:
                if seq != last + 1:
                    raise self._missing()
                last = seq
                yield record_id, part, self._unseal(sealed, b"record", (seq, part, record_id))
            if len(page) < _PAGE:
                break
        with self._reading() as run:
            expected = run("SELECT coalesce(max(records), 0) FROM attachments").fetchone()[0]
        if last < max(expected, self._count):
            raise self._missing()

    def get(self, record_id: str, part: int) -> bytes | None:
        """One record, or None where there is none."""
        find = "SELECT seq, sealed FROM records {} WHERE id = ? AND part = ?"
        with self._reading() as run:
            row = run(find.format(""), (record_id, part)).fetchone()
            if row is None:  # a damaged index says so too
                row = run(find.format("NOT INDEXED"), (record_id, part)).fetchone()
        return None if row is None else self._unseal(row[1], b"record", (row[0], part, record_id))

    def ids(self) -> set[tuple[str, int]]:
        """Id and part of every record, from the clear part alone. Raises JournalError where some are missing."""
        with self._reading() as run:
            found = set(run("SELECT id, part FROM records NOT INDEXED").fetchall())
        if len(found) != self._count:
            raise self._missing()
        return found

    def attach(self, name: str, payload: bytes) -> None:
        """Seal a payload under a name; on return it is on disk. The newest of a name counts, the others stay."""
        with self._transaction() as run:
            seq = run("SELECT coalesce(max(seq), 0) FROM attachments").fetchone()[0] + 1
            aad = self._aad(b"attachment", seq, self._count, name)
            sealed = self._opened().seal(payload, aad=aad)
            row = (seq, name, self._count, sealed)
            run("INSERT INTO attachments (seq, name, records, sealed) VALUES (?, ?, ?, ?)", row)

    def attached(self, name: str) -> bytes | None:
        """The newest payload of that name, or None."""
        with self._reading() as run:
            row = run(
                "SELECT seq, records, sealed FROM attachments WHERE name = ? ORDER BY seq DESC LIMIT 1", (name,)
            ).fetchone()
        return None if row is None else self._unseal(row[2], b"attachment", (row[0], row[1], name))

    def attachment_names(self) -> list[str]:
        """The names under which something is attached, in the order in which each first was."""
        with self._reading() as run:
            found = run("SELECT name FROM attachments GROUP BY name ORDER BY min(seq)").fetchall()
        return [name for (name,) in found]

    def close(self) -> None:
        """Fold the side files into the one file, and let go of it. Closing twice does nothing."""
        with self._lock, contextlib.closing(self._connection):
            if self._log is not None:
                os.close(self._log)
                self._log = None
            if self.writable and self._cipher is not None:
                self._cipher = None
                with translated(self.path):
                    self._connection.execute("PRAGMA journal_mode = DELETE")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _abandon(self) -> None:
        self._cipher = None
        self._connection.close()

    def _opened(self) -> Cipher:
        if self._cipher is None:
            raise JournalError("the file is closed", where=str(self.path))
        return self._cipher

    def _aad(self, kind: bytes, seq: int, number: int, name: str) -> bytes:
        """What a payload is bound to: the store, and its place in it. Only the name, at the end, is of any length."""
        return b"%b%b\x00%d\x00%d\x00%b" % (self._label, kind, seq, number, name.encode())

    def _unseal(self, sealed: Any, kind: bytes, place: tuple[Any, Any, Any]) -> bytes:
        """The payload of a row as it came from the disk: a damaged file holds any type anywhere."""
        seq, number, name = place
        if not (type(seq) is type(number) is int and isinstance(name, str) and isinstance(sealed, bytes)):
            raise damaged(self.path)
        try:
            return self._opened().unseal(sealed, aad=self._aad(kind, seq, number, name))
        except SealError:
            raise damaged(self.path) from None

    def _missing(self) -> JournalError:
        return JournalError("records are missing", where=str(self.path), next_step="restore the file from its backup")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._lock, translated(self.path):
            yield self._connection.execute

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[Any]:
        """All of what is run inside, or nothing of it: on disk, or if not ``durable`` with the operating system."""
        if not self.writable:
            raise JournalError(
                "the file is open for reading only", where=str(self.path), next_step="open it with writable=True"
            )
        with self._lock, transaction(self._connection, self.path, durable=durable) as run:
            yield run


def copy_without(path: Path, fresh: Path, out: Collection[tuple[str, int]], *, keyring: KeyProvider) -> None:
    """Write a file anew without some records (id and part), under a new data key; attachments stay."""
    with Store.open(path, keyring=keyring) as old, Store.create(fresh, old.header, keyring=keyring) as new:
        page: list[Row] = []
        for row in old.read():
            if (row[0], row[1]) not in out:
                page.append(row)
            if len(page) == _PAGE:
                new.append(page)
                page = []
        if page:
            new.append(page)
        for name in old.attachment_names():
            payload = old.attached(name)
            assert payload is not None
            new.attach(name, payload)


def check_sqlite() -> str:
    """The version of the sqlite library. Raises JournalError for one without strict tables."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise JournalError(
            f"this Python is built with SQLite {sqlite3.sqlite_version}, which has no strict tables",
            next_step="use a Python that is built with SQLite 3.37 or newer",
        )
    return sqlite3.sqlite_version


@functools.lru_cache(maxsize=_PAGE)
def _insert_records(rows: int) -> str:
    marks = ", ".join(["(?, ?, ?, ?)"] * rows)
    return f"INSERT INTO records (seq, id, part, sealed) VALUES {marks}"  # noqa: S608 - question marks only


def _header_aad(header: Mapping[str, str | int]) -> bytes:
    return b"evalkit/store/%d\x00" % FORMAT + canonical_json(dict(header))
