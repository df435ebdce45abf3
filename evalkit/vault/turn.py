"""A turn at the ledger: one transaction, in which entries are sealed, added to the tree, and signed together."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import Any

from evalkit.errors import AuditError
from evalkit.vault.cipher import MAX_PLAINTEXT
from evalkit.vault.entries import FIELDS, OWN, Entry, text_of, values_of
from evalkit.vault.keys import Signer
from evalkit.vault.merkle import BLOCK, Frontier
from evalkit.vault.notes import Checkpoint, sign_checkpoint
from evalkit.vault.subjects import Subjects

_ROWS = 256
"""Rows of one statement: sqlite3 gives up the interpreter lock at every step, and wins it back late."""
_COLUMNS = len(FIELDS) + 4
_TOLERANCE = 1_000_000
"""Microseconds by which clocks of one machine may differ without a word."""

_KEEP_NOTE = "INSERT INTO checkpoint (slot, note) VALUES (1, ?) ON CONFLICT (slot) DO UPDATE SET note = excluded.note"

_sha256 = hashlib.sha256


class Turn:
    """One transaction. Nothing of it counts before the ledger has finished it."""

    def __init__(
        self, run: Any, frontier: Frontier, *, origin: str, subjects: Subjects, times: tuple[int, int]
    ) -> None:
        """``times`` are the last record's time and the clock's, in microseconds since 1970."""
        self.run = run
        """Executes a statement inside of the transaction."""
        self.frontier = frontier.copy()
        self._origin = origin
        self._subjects = subjects
        last, now = times
        self.at = max(last, now)
        """The time of every record of this turn: it never goes back."""
        if now < last - _TOLERANCE:
            self.add([Entry("svc:evalkit", "clock", outcome="error", ms=(last - now) // 1000)])

    def add(self, entries: Sequence[Entry]) -> range:
        """Seal and add entries. Returns their sequence numbers."""
        first = self.frontier.size
        rows: list[tuple[Any, ...]] = []
        payloads: list[tuple[Any, ...]] = []
        at, origin, cipher = self.at, self._origin, self._subjects.cipher
        for seq, entry in enumerate(entries, first):
            values = values_of(entry)
            text = text_of(origin, seq, at, values=values)
            digest = ""
            if entry.payload is not None:
                if len(entry.payload) > MAX_PLAINTEXT:
                    raise AuditError(f"a payload is longer than {MAX_PLAINTEXT} bytes")
                sealed = cipher(entry.subject).seal(entry.payload, aad=text)
                digest = _sha256(sealed).hexdigest()
                payloads.append((seq, sealed))
            rows.append((seq, at, *values, digest, _sha256(b"\x00%b%b\n" % (text, digest.encode())).digest()))
        self._insert("records", _COLUMNS, rows)
        self._insert("payloads", 2, payloads)
        self.frontier.extend([row[-1] for row in rows])
        return range(first, self.frontier.size)

    def subject(self, name: str, *, actor: str) -> str:
        """The pseudonym of a person by their outside name; a new random one where the name is new.

        Raises AuditError for an empty name. The name is sealed under the person's own key.
        """
        if not name:
            raise AuditError("a subject has no name", next_step="leave the subject of the entry empty")
        found = self._subjects.find(name)
        if found is None:
            found, wrapped, mark = self._subjects.make()
            entry = Entry(actor, "subject", subject=found, target=mark, payload=name.encode())
            self.put_key(found, wrapped, entry)
            self._subjects.learn(found, name)
        return found

    def put_key(self, subject: str, wrapped: bytes, entry: Entry) -> None:
        """Keep a wrapped key, the only one of its subject, and the record that vouches for it."""
        self.run("DELETE FROM subject_keys WHERE subject = ?", (subject,))
        key = (subject, self.frontier.size, wrapped)
        self.run("INSERT INTO subject_keys (subject, seq, wrapped) VALUES (?, ?, ?)", key)
        self.add([entry])

    def found(self, *, actor: str) -> None:
        """The first record of a ledger: its own key."""
        _, wrapped, mark = self._subjects.make(OWN)
        self.put_key(OWN, wrapped, Entry(actor, "create", target=mark))

    def finish(self, signers: Sequence[Signer]) -> Frontier:
        """Store what the tree needs, and the signed checkpoint. Returns the frontier as it then is."""
        frontier = self.frontier
        if frontier.blocks:
            first = frontier.size // BLOCK - len(frontier.blocks)
            self._insert("blocks", 2, list(enumerate(frontier.blocks, first)))
            frontier.blocks.clear()
        note = sign_checkpoint(Checkpoint(self._origin, frontier.size, frontier.root()), signers)
        self.run(
            "INSERT INTO checkpoint (slot, note) VALUES (1, ?) ON CONFLICT (slot) DO UPDATE SET note = excluded.note",
            (note,),
        )
        return frontier

    def _insert(self, table: str, columns: int, rows: Sequence[tuple[Any, ...]]) -> None:
        for start in range(0, len(rows), _ROWS):
            page = rows[start : start + _ROWS]
            self.run(_insertion(table, columns, len(page)), tuple(chain.from_iterable(page)))


@functools.lru_cache(maxsize=1024)
def _insertion(table: str, columns: int, rows: int) -> str:
    marks = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([marks] * rows)}"  # noqa: S608 - question marks and our own names
