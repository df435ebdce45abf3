"""Verification: whether a ledger is what was signed, and if not, what was done to it. Needs no key that opens anything.

Every record is read once, in order, in memory that does not grow with them: its text and its sealed payload are hashed
anew, compared with what is stored, and gathered into the tree; the root is compared with the signed checkpoint, and at
every size that the witness has seen with what it saw. With a keyring each payload is opened besides, which finds a
ledger that was rewritten by someone who can sign and not seal.

A ledger that was put back whole to an earlier state, and one that was rewritten by someone who can sign and seal, are
found by the witness alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.cards import Grid, card
from evalkit.errors import AuditError, JournalError
from evalkit.vault.controls import check_keys, read_controls
from evalkit.vault.database import check_file, connect
from evalkit.vault.findings import Finding, Reason
from evalkit.vault.keys import KeyProvider
from evalkit.vault.ledger import APPLICATION_ID, FORMAT, SCHEMA
from evalkit.vault.notes import Checkpoint, Note, Verifier, parse_checkpoint, parse_note
from evalkit.vault.scan import Scan
from evalkit.vault.subjects import Subjects

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """What a verification found."""

    origin: str
    records: int
    checkpoint: Checkpoint | None
    """The signed head, where it is signed by a trusted key."""
    witnessed: int | None
    """Records that the witness has seen; None without a witness."""
    opened: bool
    """Whether payloads were opened besides."""
    findings: tuple[Finding, ...]
    """The most telling first."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def reason(self) -> Reason | None:
        """The most telling reason, or None."""
        return self.findings[0].reason if self.findings else None

    def summary(self) -> dict[str, Any]:
        """The verification as JSON values."""
        return {
            "origin": self.origin,
            "ok": self.ok,
            "records": self.records,
            "root": self.checkpoint.root.hex() if self.checkpoint else None,
            "witnessed": self.witnessed,
            "opened": self.opened,
            "findings": [{"reason": f.reason.value, "seq": f.seq, "count": f.count} for f in self.findings],
        }

    def sentence(self) -> str:
        """One line."""
        if not self.ok:
            return f"{self.records} records: {'; '.join(map(str, self.findings))}"
        seen = "no witness was asked" if self.witnessed is None else f"the witness has seen {self.witnessed} of them"
        opened = ", every payload opened" if self.opened else ""
        return f"{self.records} records, as signed{opened}; {seen}"

    def __repr__(self) -> str:
        return f"Verification({self.sentence()})"

    def _repr_html_(self) -> str:
        rows = [(f.reason.value, "" if f.seq is None else f.seq, f.count) for f in self.findings]
        return card("Ledger " + ("as signed" if self.ok else "not as signed"), lead=self.sentence(),
                    grids=[Grid(["what was done", "first record#", "records#"], rows)])  # fmt: skip


def verify(
    path: Path, *, verifiers: Sequence[bytes] | Sequence[Verifier], keyring: KeyProvider | None = None,
    witness: Sequence[str] | None = None,
) -> Verification:  # fmt: skip
    """Verify a ledger.

    ``verifiers`` are the trusted public keys (32 bytes each, for whatever ledger this is, or `Verifier`), ``witness``
    the notes that a witness kept, ``keyring`` what opens the payloads. Raises JournalError where there is no ledger,
    AuditError where the keyring lacks a key. Whatever was done to the ledger is a finding, not an error.
    """
    if not path.is_file():
        raise JournalError("there is no such file", where=str(path))
    connection = connect(path, writable=False, patience=_PATIENCE)
    findings: list[Finding] = []
    origin = ""
    scan: Scan | None = None
    head: Checkpoint | None = None
    seen: dict[int, bytes] | None = None
    try:
        connection.execute("BEGIN")  # one state of the file, whatever is appended meanwhile
        _check_schema(connection, path, findings)
        (origin,) = connection.execute("SELECT value FROM header WHERE name = 'origin'").fetchone()
        trusted = [one if isinstance(one, Verifier) else Verifier(origin, one) for one in verifiers]
        note, stated = _read_note(connection, findings)
        head = _trust(note, stated, trusted, origin=origin, findings=findings)
        seen = None if witness is None else _read_witness(witness, trusted, origin, findings)
        controls = read_controls(connection)
        bad = check_keys(connection, controls, findings)
        opener = Subjects(connection, origin, keyring, path=path) if keyring is not None else None
        sizes = {one.size for one in (stated,) if one} | set(seen or ())
        scan = Scan(connection, origin, controls, opener=opener, closed=bad | controls.shredded, sizes=sizes)
        scan.run()
        _judge(scan, findings, head=head, stated=stated, note=note, seen=seen)
    except sqlite3.Error:
        findings.append(Finding(Reason.FILE_DAMAGED))
    except (UnicodeError, TypeError, ValueError, OverflowError, AttributeError):
        # a value of another kind than the tables allow: sqlite let it through, we do not
        findings.append(Finding(Reason.FILE_DAMAGED))
    finally:
        connection.close()
    return Verification(
        origin=origin,
        records=scan.records if scan else 0,
        checkpoint=head,
        witnessed=None if seen is None else max(seen, default=0),
        opened=keyring is not None,
        findings=tuple(findings),
    )


def _check_schema(connection: sqlite3.Connection, path: Path, findings: list[Finding]) -> None:
    try:
        check_file(connection, path, application_id=APPLICATION_ID, newest=FORMAT, schema=SCHEMA)
    except JournalError as error:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {"header", "records", "payloads", "subject_keys", "blocks", "checkpoint"} <= tables:
            raise JournalError(error.what, where=str(path), next_step=error.next_step) from None
        findings.append(Finding(Reason.SCHEMA_CHANGED))


def _read_note(connection: sqlite3.Connection, findings: list[Finding]) -> tuple[Note | None, Checkpoint | None]:
    row = connection.execute("SELECT note FROM checkpoint").fetchone()
    if row is None:
        findings.append(Finding(Reason.CHECKPOINT_MISSING))
        return None, None
    try:
        note = parse_note(str(row[0]))
        return note, parse_checkpoint(note.text)
    except AuditError:
        findings.append(Finding(Reason.CHECKPOINT_MALFORMED))
        return None, None


def _trust(
    note: Note | None, stated: Checkpoint | None, trusted: Sequence[Verifier], *, origin: str, findings: list[Finding]
) -> Checkpoint | None:
    """The stated head, where a trusted key signed it for this ledger."""
    if note is None or stated is None:
        return None
    if stated.origin != origin:
        findings.append(Finding(Reason.CHECKPOINT_FOREIGN))
    elif note.signed_by(trusted):
        return stated
    elif not note.claims(trusted):
        findings.append(Finding(Reason.SIGNER_UNKNOWN))
    return None


def _read_witness(
    notes: Sequence[str], trusted: Sequence[Verifier], origin: str, findings: list[Finding]
) -> dict[int, bytes]:
    """Size -> root of everything that the witness saw of this ledger."""
    seen: dict[int, bytes] = {}
    invalid = forked = 0
    for text in notes:
        try:
            note = parse_note(text)
            one = parse_checkpoint(note.text)
        except AuditError:
            invalid += 1
            continue
        if one.origin != origin or note.signed_by(trusted) is None:
            invalid += 1
        elif seen.setdefault(one.size, one.root) != one.root:
            forked += 1
    if invalid:
        findings.append(Finding(Reason.WITNESS_INVALID, count=invalid))
    if forked:
        findings.append(Finding(Reason.HISTORY_FORKED, count=forked))
    return seen


def _judge(
    scan: Scan, findings: list[Finding], *, head: Checkpoint | None, stated: Checkpoint | None, note: Note | None,
    seen: dict[int, bytes] | None,
) -> None:  # fmt: skip
    """Compare the tree of the records with what was signed and witnessed, after what the records themselves show."""
    before = len(findings)
    findings += scan.explain(head.size if head else None)
    reasons = {found.reason for found in findings}
    fits = stated is not None and scan.next_seq == stated.size and scan.roots.get(stated.size) == stated.root
    if note is not None and head is None and not reasons & {Reason.CHECKPOINT_FOREIGN, Reason.SIGNER_UNKNOWN}:
        findings.append(Finding(Reason.SIGNATURE_INVALID if fits else Reason.CHECKPOINT_CHANGED))
    if head is not None and not scan.broken:
        findings += _compare_head(scan, head)
    if head is not None and len(findings) == before:
        findings += scan.explain_tree()
    if seen is not None:
        findings += _compare_witness(scan, findings, head=head, seen=seen)


def _compare_witness(
    scan: Scan, findings: Sequence[Finding], *, head: Checkpoint | None, seen: dict[int, bytes]
) -> list[Finding]:
    found = []
    known = head.size if head is not None else scan.next_seq
    ahead = max(seen, default=0) - known
    if ahead > 0:
        found.append(Finding(Reason.ROLLED_BACK, seq=known, count=ahead))
    other = sum(scan.roots.get(size, root) != root for size, root in seen.items())
    if other and not scan.broken and not any(one.reason is Reason.HISTORY_REWRITTEN for one in findings):
        found.append(Finding(Reason.HISTORY_FORKED, count=other))
    return found


def _compare_head(scan: Scan, head: Checkpoint) -> list[Finding]:
    size = scan.next_seq
    if size < head.size:
        return [Finding(Reason.TAIL_MISSING, seq=size, count=head.size - size)]
    if scan.roots.get(head.size) != head.root:
        return [Finding(Reason.HISTORY_REWRITTEN, seq=scan.first_changed_block())]
    return [Finding(Reason.TAIL_UNSIGNED, seq=head.size, count=size - head.size)] if size > head.size else []
