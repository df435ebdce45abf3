"""The witness: checkpoints kept elsewhere, so that a ledger that was put back, cut off or told twice is found out.

A witness keeps only what continues what it has: smaller sizes, another root at one size, or a growth without proof
are refused (as c2sp.org/tlog-witness asks). Where the file lies decides what it is worth: another disk, another host,
a folder under version control, an append-only bucket.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from evalkit.errors import AuditError
from evalkit.vault.merkle import check_consistency
from evalkit.vault.notes import MAX_NOTE, Checkpoint, Verifier, parse_checkpoint, parse_note

_END = "\n\N{EM DASH} \N{EM DASH}\n"
"""Between two notes: no note holds such a line."""

Growth = Callable[[int, int], list[bytes]]
"""The proof that the first records of one number are the beginning of those of another."""


class Witness(Protocol):
    """Keeps signed checkpoints of one ledger where whoever can change the ledger cannot change them."""

    def keep(self, note: str, prove: Growth, verifiers: Sequence[Verifier]) -> None:
        """Keep a checkpoint that continues the last one. Raises AuditError for one that does not."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Every checkpoint kept, the oldest first."""
        ...


class FileWitness:
    """A witness in a text file, mode 0600, to which notes are only added."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return "FileWitness()"

    def keep(self, note: str, prove: Growth, verifiers: Sequence[Verifier]) -> None:
        """Keep a checkpoint that continues the last one; on return it is on disk."""
        fresh = _read(note, verifiers, self.path)
        kept = self.notes()
        if kept:
            last = _read(kept[-1], verifiers, self.path)
            if fresh == last:
                return
            if fresh.origin != last.origin or not _grows(last, fresh, prove):
                raise AuditError(
                    f"the ledger is not a continuation of the {last.size} records that the witness has seen",
                    where=str(self.path),
                    next_step="run `evalkit audit verify`; restore the ledger from its backup",
                )
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write((note + _END).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AuditError(f"the witness cannot be written ({error.strerror})", where=str(self.path)) from None

    def notes(self) -> tuple[str, ...]:
        """Every checkpoint kept. A last one that a power cut left half-written is left out."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise AuditError(f"the witness cannot be read ({error.strerror})", where=str(self.path)) from None
        try:
            parts = data.decode().split(_END)
        except UnicodeDecodeError:
            raise AuditError("the witness is damaged, or no witness", where=str(self.path)) from None
        if any(len(part) > MAX_NOTE for part in parts):
            raise AuditError("the witness is damaged, or no witness", where=str(self.path))
        return tuple(parts[:-1])


def _grows(last: Checkpoint, fresh: Checkpoint, prove: Growth) -> bool:
    if fresh.size < last.size:
        return False
    path = prove(last.size, fresh.size)
    return check_consistency((last.size, last.root), (fresh.size, fresh.root), path)


def _read(text: str, verifiers: Sequence[Verifier], path: Path) -> Checkpoint:
    note = parse_note(text)
    if note.signed_by(verifiers) is None:
        raise AuditError("a checkpoint is not signed by a key of the keyring", where=str(path))
    return parse_checkpoint(note.text)
