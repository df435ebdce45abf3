"""The ledger: every execution and every audit event in one order, for years, in one sqlite file.

Records are only ever added. In clear stand enums, ids, digests and times (`Entry`); payloads are sealed under a key
of their own, derived from the key of the person they are about. Every record is a leaf of an RFC 6962 tree over
ciphertext, so that the whole can be verified without any key, and every transaction ends with a checkpoint of that
tree, signed with Ed25519. What was acknowledged is on disk.

The file is in WAL mode with ``synchronous=FULL`` and mode 0600. Several processes may append; each sees what the
others did before it adds to it. Threads that append at one time share one transaction.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from evalkit.errors import AuditError, EvalkitError, JournalError, SealError
from evalkit.vault.database import check_file, connect, damaged, refuse, transaction, translated
from evalkit.vault.entries import FIELDS, OWN, Entry, Record, microseconds, record_of, text_of
from evalkit.vault.keys import LedgerKeys, Signer
from evalkit.vault.merkle import BLOCK, Frontier, prove_consistency, prove_inclusion, root_of
from evalkit.vault.notes import Checkpoint, Verifier, parse_checkpoint, parse_note
from evalkit.vault.subjects import Subjects
from evalkit.vault.turn import Turn
from evalkit.vault.witness import Witness

APPLICATION_ID = 0x45564C31
"""``EVL1``, in the header of the sqlite file."""
FORMAT = 1
_CLEAR = ", ".join(f"{name} {'INTEGER' if name in {'ended', 'ms'} else 'TEXT'} NOT NULL" for name in FIELDS)
SCHEMA = (
    "CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    f"CREATE TABLE records (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, {_CLEAR}, digest TEXT NOT NULL, "
    "leaf BLOB NOT NULL) STRICT",
    "CREATE TABLE payloads (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE subject_keys (subject TEXT PRIMARY KEY, seq INTEGER NOT NULL, wrapped BLOB NOT NULL) "
    "STRICT, WITHOUT ROWID",
    "CREATE TABLE blocks (block INTEGER PRIMARY KEY, root BLOB NOT NULL) STRICT",
    "CREATE TABLE checkpoint (slot INTEGER PRIMARY KEY CHECK (slot = 1), note TEXT NOT NULL) STRICT",
    *(trigger for table in ("header", "records", "blocks") for trigger in refuse(table, "UPDATE", "DELETE")),
    *refuse("payloads", "UPDATE"),
    *refuse("subject_keys", "UPDATE"),
    *refuse("checkpoint", "DELETE"),
)
"""A payload and a key can be taken away (`retention`), never changed."""
SELECT = f"SELECT seq, at, {', '.join(FIELDS)}, digest FROM records"  # noqa: S608 - names of our own
_PATIENCE = 10.0
_PAGE = 512
WITNESS_EVERY = 1000
"""Records after which a checkpoint goes to the witness without being asked for."""
WITNESS_SECONDS = 60.0
"""Seconds after which it does, if anything was added."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


class _Ticket:
    """Entries of one caller, waiting for a transaction."""

    __slots__ = ("entries", "error", "seqs")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.seqs: range | None = None
        self.error: EvalkitError | None = None


class Ledger:
    """An open ledger. Safe to share between threads, and between processes that each open it."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, *, keyring: LedgerKeys, clock: Clock, writable: bool
    ) -> None:
        self.path = path
        self.origin = ""
        """Which ledger: ``evalkit/log/`` and 32 random hex digits."""
        self.keyring = keyring
        self.clock = clock
        self.writable = writable
        self.witness: Witness | None = None
        """Where checkpoints are kept besides; `Ledger.testify` sends the newest one there."""
        self.frontier = Frontier()
        self._connection = connection
        self._lock = threading.RLock()
        self._gate = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._signer: Signer | None = None
        self._testified = (0, 0.0)
        self._last = 0

    @classmethod
    def create(cls, path: Path, *, keyring: LedgerKeys, clock: Clock = utc_now, actor: str = "svc:evalkit") -> Ledger:
        """Make a new ledger. Raises FileExistsError where there is one."""
        ledger = cls(path, cls._connect(path), keyring=keyring, clock=clock, writable=True)
        try:
            origin = f"evalkit/log/{secrets.token_hex(16)}"
            with transaction(ledger._connection, path) as run:
                if run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    raise FileExistsError(f"{path.name} exists")
                run(f"PRAGMA application_id = {APPLICATION_ID}")
                run(f"PRAGMA user_version = {FORMAT}")
                for statement in SCHEMA:
                    run(statement)
                run("INSERT INTO header (name, value) VALUES ('origin', ?)", (origin,))
                ledger._begin(origin)
                ledger._signer = keyring.signer()
                turn = ledger._turn(run)
                turn.found(actor=actor)
                ledger.frontier = turn.finish([keyring.signer()])
            return ledger
        except BaseException:
            ledger._connection.close()
            raise

    @classmethod
    def open(cls, path: Path, *, keyring: LedgerKeys, writable: bool = False, clock: Clock = utc_now) -> Ledger:
        """Open a ledger that is there. Raises JournalError where it is damaged, foreign or newer."""
        if not path.is_file():
            raise JournalError("there is no such file", where=str(path), next_step="evaluate something first")
        connection = cls._connect(path) if writable else connect(path, writable=False, patience=_PATIENCE)
        ledger = cls(path, connection, keyring=keyring, clock=clock, writable=writable)
        try:
            with translated(path):
                check_file(connection, path, application_id=APPLICATION_ID, newest=FORMAT, schema=SCHEMA)
                (origin,) = connection.execute("SELECT value FROM header WHERE name = 'origin'").fetchone()
                ledger._begin(str(origin))
                ledger.subjects.cipher("")  # without the keyring nothing is read or added, and no new one is made
                ledger._signer = keyring.signer() if writable else None
                ledger.catch_up()
                if writable:
                    ledger._check_head()
            return ledger
        except (TypeError, IndexError):
            connection.close()
            raise damaged(path) from None
        except BaseException:
            connection.close()
            raise

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        connection = connect(path, writable=True, shared=True, patience=_PATIENCE)
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _begin(self, origin: str) -> None:
        self.origin = origin
        self.subjects = Subjects(self._connection, origin, self.keyring, path=self.path)

    def __len__(self) -> int:
        with self._reading() as run:
            return int(run("SELECT count(*) FROM records").fetchone()[0])

    def append(self, entries: Sequence[Entry]) -> range:
        """Seal and add entries, all or none; on return they are on disk. Returns their sequence numbers.

        Threads that append at one time share one transaction. Raises AuditError for an entry that may not stand in
        clear or whose subject was shredded, JournalError where the disk refuses.
        """
        ticket = _Ticket(entries)
        with self._gate:
            self._waiting.append(ticket)
        with self._lock:
            if ticket.seqs is None and ticket.error is None:
                with self._gate:
                    waiting, self._waiting = self._waiting, []
                # not among them where whoever served it before was interrupted
                self._serve(waiting if ticket in waiting else [ticket, *waiting])
        if ticket.error is not None:
            raise ticket.error
        assert ticket.seqs is not None
        return ticket.seqs

    def _serve(self, tickets: list[_Ticket]) -> None:
        """One transaction for all who wait; where it fails, one for each, so that nobody pays for another's entry."""
        try:
            with self.turn() as turn:
                served = [turn.add(ticket.entries) for ticket in tickets]
        except EvalkitError as error:
            if len(tickets) == 1:
                tickets[0].error = error
                return
            for ticket in tickets:
                self._serve([ticket])
            return
        for ticket, seqs in zip(tickets, served, strict=True):
            ticket.seqs = seqs

    @contextlib.contextmanager
    def turn(self) -> Iterator[Turn]:
        """One transaction: what is added and taken away inside is on disk when it ends, signed, or none of it is."""
        signer = self._signer
        if signer is None:
            raise JournalError("the ledger is open for reading only", where=str(self.path))
        with self._lock:
            self._testify_in_time()  # a ledger whose witness cannot be told, or refuses, takes nothing more
            try:
                with transaction(self._connection, self.path) as run:
                    turn = self._turn(run)
                    yield turn
                    frontier = turn.finish([signer])
            except BaseException:
                self.subjects.forget()  # of what was rolled back nothing is known
                raise
            self.frontier, self._last = frontier, turn.at

    def _turn(self, run: Any) -> Turn:
        self.catch_up()
        times = (self._last, microseconds(self.clock()))
        return Turn(run, self.frontier, origin=self.origin, subjects=self.subjects, times=times)

    def rotate_signer(self, rotate: Callable[[], str], *, actor: str) -> None:
        """Change the signing key: ``rotate`` makes the new one; one checkpoint is signed by both."""
        with self._lock:
            before = self._signer
            assert before is not None
            key_id = rotate()
            self._signer = self.keyring.signer()
            with transaction(self._connection, self.path) as run:
                turn = self._turn(run)
                turn.add([Entry(actor=actor, action="rotate", target=f"signer:{key_id}")])
                frontier = turn.finish([self._signer, before])
            self.frontier = frontier

    def catch_up(self) -> None:
        """Grow the frontier by what other processes have added."""
        run = self._connection.execute
        have = self.frontier.size
        (last,) = run("SELECT max(seq) FROM records").fetchone()
        size = 0 if last is None else last + 1
        if size == have:
            return
        if have % BLOCK == 0:
            whole = run("SELECT root FROM blocks WHERE block >= ? ORDER BY block", (have // BLOCK,))
            for (root,) in whole.fetchall():
                self.frontier.extend_block(root)
        leaves = run("SELECT leaf FROM records WHERE seq >= ? ORDER BY seq", (self.frontier.size,)).fetchall()
        self.frontier.extend([leaf for (leaf,) in leaves])
        self.frontier.blocks.clear()
        if self.frontier.size != size:
            raise damaged(self.path)
        (self._last,) = run("SELECT at FROM records WHERE seq = ?", (size - 1,)).fetchone()
        self.subjects.forget()
        if self.writable and have:
            self._check_head()

    def _check_head(self) -> None:
        """Raise AuditError unless the tree is the one that was signed: nothing is signed over another."""
        try:
            note = parse_note(self.note())
            signed = note.signed_by(self.verifiers()) is not None and parse_checkpoint(note.text)
        except EvalkitError:
            signed = False
        if signed != Checkpoint(self.origin, self.frontier.size, self.frontier.root()):
            raise AuditError(
                "the ledger is not as it was signed",
                where=str(self.path),
                next_step="run `evalkit audit verify` to see what was done; restore it from its backup",
            )

    def records(self, where: str = "", values: Sequence[Any] = ()) -> Iterator[Record]:
        """Records in their order; ``where`` is a condition of the code's own on clear fields, ``values`` its values."""
        last = -1
        condition = f"({where}) AND " if where else ""
        while True:
            with self._reading() as run:
                page = run(f"{SELECT} WHERE {condition}seq > ? ORDER BY seq LIMIT {_PAGE}", (*values, last)).fetchall()
            yield from map(record_of, page)
            if len(page) < _PAGE:
                return
            last = page[-1][0]

    def get(self, seq: int) -> Record:
        """One record. Raises AuditError where there is none of that number."""
        for found in self.records("seq = ?", (seq,)):
            return found
        raise AuditError("there is no record of that number", where=str(self.path))

    def payload(self, seq: int) -> bytes:
        """The payload of a record, opened. Raises AuditError where it was purged or shredded, or does not open.

        This is the plain access that `Audit.read` records; call that one.
        """
        with self._reading() as run:
            row = run(f"{SELECT} WHERE seq = ?", (seq,)).fetchone()
            sealed = run("SELECT sealed FROM payloads WHERE seq = ?", (seq,)).fetchone()
            if row is None or sealed is None:
                raise AuditError("the record has no payload, or it was purged", where=f"{self.path} seq {seq}")
            if run("SELECT 1 FROM subject_keys WHERE subject = ?", (row[5] or OWN,)).fetchone() is None:
                self.subjects.forget()  # shredded, perhaps by another process
            key = self.subjects.cipher(row[5])
        try:
            return key.unseal(sealed[0], aad=text_of(self.origin, seq, row[1], values=row[2:-1]))
        except SealError as error:
            raise AuditError(error.what, where=f"{self.path} seq {seq}", next_step=error.next_step) from None

    def why_gone(self, found: Record) -> str | None:
        """Why a record's payload can never be opened again, or None where it is there and its key is."""
        with self._reading() as run:
            if run("SELECT 1 FROM subject_keys WHERE subject = ?", (found.subject or OWN,)).fetchone() is None:
                return "the person was shredded: nothing opens what was sealed for them"
            if run("SELECT 1 FROM payloads WHERE seq = ?", (found.seq,)).fetchone() is None:
                return "the payload was purged" if found.digest else "the record never had a payload"
        return None

    def note(self) -> str:
        """The newest checkpoint, signed."""
        with self._reading() as run:
            row = run("SELECT note FROM checkpoint").fetchone()
        if row is None:
            raise damaged(self.path)
        return str(row[0])

    def verifiers(self) -> tuple[Verifier, ...]:
        """The keys whose checkpoints of this ledger the keyring trusts."""
        return tuple(Verifier(self.origin, public) for public in self.keyring.trusted())

    def span(self, low: int, high: int) -> bytes:
        """The root of the records from ``low`` up to ``high``, from what is stored of the tree."""
        with self._reading() as run:
            if high - low <= BLOCK:
                rows = run("SELECT leaf FROM records WHERE seq >= ? AND seq < ? ORDER BY seq", (low, high)).fetchall()
                return root_of([leaf for (leaf,) in rows])
            blocks = (low // BLOCK, high // BLOCK)
            rows = run("SELECT root FROM blocks WHERE block >= ? AND block < ? ORDER BY block", blocks).fetchall()
        rest = [self.span(high - high % BLOCK, high)] if high % BLOCK else []
        return root_of([root for (root,) in rows] + rest)

    def prove(self, seq: int, size: int) -> list[bytes]:
        """The path from a record to the root of the first ``size`` records."""
        return prove_inclusion(seq, size, self.span)

    def prove_growth(self, old: int, new: int) -> list[bytes]:
        """That the first ``old`` records are the beginning of the first ``new`` ones."""
        return prove_consistency(old, new, self.span)

    def scrub(self) -> bool:
        """Fold the write-ahead log in and empty it. False while another process reads from it: try again then.

        What was deleted has been overwritten with zeros in the pages; copies and backups are elsewhere.
        """
        with self._reading() as run:
            busy, _, _ = run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def testify(self) -> None:
        """Give the newest checkpoint to the witness, with the proof that it continues the last one it has.

        Raises AuditError where the witness has seen another history.
        """
        if self.witness is not None:
            self.witness.keep(self.note(), self.prove_growth, self.verifiers())
            self._testified = (self.frontier.size, self.clock().timestamp())

    def _testify_in_time(self) -> None:
        size, at = self._testified
        if self.witness is not None and (
            self.frontier.size - size >= WITNESS_EVERY or self.clock().timestamp() - at >= WITNESS_SECONDS
        ):
            self.testify()

    def close(self) -> None:
        """Let go of the file, the witness told. Closing twice does nothing."""
        with self._lock, contextlib.closing(self._connection):
            if self._signer is not None and self._testified[0] != self.frontier.size:
                self.testify()
            self._signer = None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._lock, translated(self.path):
            yield self._connection.execute
