"""Findings: what a verification can say was done to a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What was done, as far as the ledger itself can tell."""

    SCHEMA_CHANGED = "schema_changed"
    """Tables or the triggers that refuse changes are not those that were made."""
    FILE_DAMAGED = "file_damaged"
    """sqlite cannot read the file, or holds a value of another kind."""
    RECORD_CHANGED = "record_changed"
    """A record's clear part is not what its leaf was hashed from."""
    RECORD_MISSING = "record_missing"
    """A gap in the sequence."""
    RECORD_MOVED = "record_moved"
    """A record stands where another one belongs."""
    RECORD_REMOVED = "record_removed"
    """A record was taken out and the later ones were renumbered."""
    RECORD_INSERTED = "record_inserted"
    """A record was put in and the later ones were renumbered."""
    TAIL_MISSING = "tail_missing"
    """There are fewer records than the checkpoint signs; those that are there are the first of them."""
    TAIL_UNSIGNED = "tail_unsigned"
    """Behind the records that the checkpoint signs stand others."""
    PAYLOAD_CHANGED = "payload_changed"
    """A sealed payload is not the one that was recorded."""
    PAYLOAD_MOVED = "payload_moved"
    """A sealed payload is that of another record."""
    PAYLOAD_MISSING = "payload_missing"
    """A payload is gone and no purge is on record."""
    PAYLOAD_ADDED = "payload_added"
    """There is a payload where none was recorded, or where one was purged."""
    PAYLOAD_FORGED = "payload_forged"
    """A payload that the tree vouches for does not open: whoever wrote it could sign and not seal."""
    KEY_CHANGED = "key_changed"
    """A person's wrapped key is not the one on record."""
    KEY_MOVED = "key_moved"
    """A person's wrapped key is that of another person."""
    KEY_MISSING = "key_missing"
    """A person's key is gone and no shredding is on record."""
    KEY_RETURNED = "key_returned"
    """A key that was shredded is there again."""
    TREE_CHANGED = "tree_changed"
    """A stored inner node of the tree is not the one over its records."""
    HISTORY_REWRITTEN = "history_rewritten"
    """Records and leaves agree with one another, and not with the signed root."""
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_MALFORMED = "checkpoint_malformed"
    """The checkpoint is not written as one."""
    CHECKPOINT_CHANGED = "checkpoint_changed"
    """The checkpoint says something else than what our key signed."""
    CHECKPOINT_FOREIGN = "checkpoint_foreign"
    """The checkpoint is that of another ledger."""
    SIGNER_UNKNOWN = "signer_unknown"
    """No key that is trusted signed the checkpoint."""
    SIGNATURE_INVALID = "signature_invalid"
    """The checkpoint fits the records; the signature under our key's name is not our key's."""
    ROLLED_BACK = "rolled_back"
    """The witness has seen more records than there are: the ledger was put back to an earlier state."""
    HISTORY_FORKED = "history_forked"
    """The witness has seen another history: two were told under one key."""
    WITNESS_INVALID = "witness_invalid"
    """The witness holds a note that no trusted key signed, or that is not about this ledger."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was done."""

    reason: Reason
    seq: int | None = None
    """The first record that it concerns."""
    count: int = 1
    """How many."""

    def __str__(self) -> str:
        place = "" if self.seq is None else f" at record {self.seq}"
        more = f", {self.count} in all" if self.count > 1 else ""
        return f"{self.reason.value}{place}{more}"
