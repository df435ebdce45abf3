"""Proofs: one record, the path to the root, and the signed checkpoint, in one text that needs nothing else.

The text is C2SP's tlog-proof (c2sp.org/tlog-proof@v1); its ``extra`` line holds the text of the record, which is in
clear and holds no PHI. Whoever has the ledger's verifier key can check it without the ledger, and without any key
that opens anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.errors import AuditError
from evalkit.vault.entries import FIELDS, LINES, MAGIC, Record, microseconds, record_of, stamp, text_of
from evalkit.vault.ledger import Ledger
from evalkit.vault.merkle import HASH_BYTES, check_inclusion, hash_leaf
from evalkit.vault.notes import Checkpoint, Verifier, parse_checkpoint, parse_note

_HEAD = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")
_MAX_CHARS = 64 * 1024
_LONGEST_PATH = 64


@dataclass(frozen=True, slots=True)
class Proved:
    """A record that a trusted checkpoint vouches for."""

    record: Record
    checkpoint: Checkpoint

    def __str__(self) -> str:
        return f"record {self.record.seq} is among the {self.checkpoint.size} records of {self.checkpoint.origin}"


def prove(ledger: Ledger, seq: int) -> str:
    """The proof that a record is in the ledger. Raises AuditError where there is none of that number."""
    return prove_under(ledger, ledger.get(seq), ledger.note())


def prove_under(ledger: Ledger, found: Record, note: str) -> str:
    """The same under a checkpoint that is at hand."""
    head = parse_checkpoint(parse_note(note).text)
    path = "".join(f"{_encode(step)}\n" for step in ledger.prove(found.seq, head.size))
    return f"{_HEAD}\nextra {_encode(_text(head.origin, found))}\nindex {found.seq}\n{path}\n{note}"


def check_proof(text: str, verifiers: Sequence[Verifier]) -> Proved:
    """The record that a proof is about. Raises AuditError where it proves nothing, and says why."""
    head, gap, note_text = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > _MAX_CHARS or not gap or len(lines) < 3 or lines[0] != _HEAD or not lines[1].startswith("extra "):
        raise _no_proof()
    leaf, index = _decode(lines[1].removeprefix("extra ")), _INDEX.fullmatch(lines[2])
    path = [_decode(line) for line in lines[3:]]
    if index is None or len(path) > _LONGEST_PATH or any(len(step) != HASH_BYTES for step in path):
        raise _no_proof()
    note = parse_note(note_text)
    checkpoint = parse_checkpoint(note.text)
    if note.signed_by(verifiers) is None:
        raise AuditError("the checkpoint is not signed by this key", next_step="use the key of this very ledger")
    seq = int(index[1])
    if not check_inclusion(hash_leaf(leaf), seq, checkpoint.size, path=path, root=checkpoint.root):
        raise AuditError("the record is not the one that the checkpoint vouches for")
    found = _parse(leaf, checkpoint.origin)
    if found.seq != seq:
        raise _no_proof()
    return Proved(found, checkpoint)


def _text(origin: str, found: Record) -> bytes:
    """What a record's leaf is hashed from."""
    values = [getattr(found, name) for name in FIELDS if name not in {"ended", "ms"}]
    flat = [",".join(value) if isinstance(value, tuple) else value for value in values]
    flat += [stamp(found.ended), found.ms]
    return text_of(origin, found.seq, microseconds(found.at), values=flat) + found.digest.encode() + b"\n"


def _parse(leaf: bytes, origin: str) -> Record:
    """The record in a leaf that a signature vouches for."""
    try:
        lines = leaf.decode("ascii").split("\n")
        if len(lines) != LINES + 1 or lines[-1] or lines[:2] != [MAGIC, origin]:
            raise _no_proof()
        _, _, seq, at, *texts, ended, ms, digest, _ = lines
        return record_of((int(seq), int(at), *texts, int(ended), int(ms), digest))
    except (UnicodeError, ValueError, OverflowError):
        raise _no_proof() from None


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _no_proof() from None


def _no_proof() -> AuditError:
    return AuditError("this is no proof", next_step="use the text that `evalkit audit prove` prints, whole")
