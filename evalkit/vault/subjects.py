"""Subjects: a person's pseudonym, the key that seals what is about them, and their outside name.

The pseudonym is random: nobody can work it out from a name or number (45 CFR 164.514(c)). The outside name (a patient
id, a cluster of cases) is sealed under the person's own key, so that forgetting the key forgets the link too. Keys
are wrapped by the keyring; the record that introduced a wrapped key holds its digest, so that a key that was swapped,
changed or taken away is seen without opening anything.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from evalkit.errors import AuditError, SealError
from evalkit.vault.cipher import KEY_BYTES, Cipher
from evalkit.vault.entries import FIELDS, OWN, text_of
from evalkit.vault.keys import KeyProvider

_CACHED = 10_000
"""Keys kept in memory."""


class Subjects:
    """The keys of one ledger."""

    def __init__(self, connection: sqlite3.Connection, origin: str, keyring: KeyProvider, *, path: Path) -> None:
        self._run: Any = connection.execute
        self._origin = origin
        self._keyring = keyring
        self._path = path
        self._ciphers: dict[str, Cipher] = {}
        self._names: dict[str, str] = {}
        self._seen = -1

    def forget(self) -> None:
        """Look everything up anew: another process may have shredded a key."""
        self._ciphers.clear()
        self._names.clear()
        self._seen = -1

    def make(self, subject: str | None = None) -> tuple[str, bytes, str]:
        """A new subject: pseudonym, wrapped key, and what its record's ``target`` says of that."""
        return self.wrap(subject or f"p_{secrets.token_hex(12)}", secrets.token_bytes(KEY_BYTES))

    def learn(self, subject: str, name: str) -> None:
        """Remember a name that is being recorded."""
        self._names[name] = subject

    def find(self, name: str) -> str | None:
        """The pseudonym of an outside name, or None. Names of shredded subjects are known to nobody."""
        select = (
            f"SELECT r.seq, r.at, {', '.join(f'r.{field}' for field in FIELDS)}, p.sealed FROM records r "  # noqa: S608
            "JOIN payloads p ON p.seq = r.seq JOIN subject_keys k ON k.subject = r.subject "
            "WHERE r.action = 'subject' AND r.seq > ? ORDER BY r.seq"
        )
        for row in self._run(select, (self._seen,)).fetchall():
            self._seen, subject = row[0], row[5]
            opened = self.cipher(subject).unseal(row[-1], aad=text_of(self._origin, row[0], row[1], values=row[2:-1]))
            self._names[opened.decode()] = subject
        return self._names.get(name)

    def wrap(self, subject: str, key: bytes) -> tuple[str, bytes, str]:
        """The subject's key, wrapped under the keyring's primary key."""
        wrapped = self._keyring.wrap(key, aad=self._aad(subject))
        return subject, wrapped, mark_of(wrapped)

    def unwrap(self, subject: str) -> bytes:
        """The subject's key. Raises AuditError where it was shredded, or its key is not in the keyring."""
        row = self._run("SELECT wrapped FROM subject_keys WHERE subject = ?", (subject,)).fetchone()
        if row is None:
            raise AuditError(
                "there is no such subject, or its key was shredded",
                where=str(self._path),
                next_step="nothing can open what was sealed for it",
            )
        try:
            return self._keyring.unwrap(bytes(row[0]), aad=self._aad(subject))
        except SealError as error:
            place = f"{self._path} ({error.where})" if error.where else str(self._path)
            raise AuditError(error.what, where=place, next_step=error.next_step) from None

    def cipher(self, subject: str) -> Cipher:
        """What seals and opens the payloads of a subject; the empty one is the ledger itself."""
        found = self._ciphers.get(subject)
        if found is None:
            if len(self._ciphers) >= _CACHED:
                self._ciphers.clear()
            found = self._ciphers[subject] = Cipher(self.unwrap(subject or OWN))
        return found

    def _aad(self, subject: str) -> bytes:
        return f"evalkit/subject/1\n{self._origin}\n{subject}\n".encode()


def mark_of(wrapped: bytes) -> str:
    """How a record names a wrapped key: ``key:`` and its SHA-256 in hex."""
    return f"key:{hashlib.sha256(wrapped).hexdigest()}"
