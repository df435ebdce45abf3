"""The witness: it takes what continues what it has, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.errors import AuditError
from evalkit.vault.entries import Entry
from evalkit.vault.findings import Reason
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
from evalkit.vault.verification import verify
from evalkit.vault.witness import FileWitness


@pytest.fixture
def ledger(tmp_path: Path, keys: FileKeyring) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "data.db", keyring=keys) as made:
        made.witness = FileWitness(tmp_path / "witness.txt")
        yield made


def append(ledger: Ledger, count: int = 3) -> None:
    ledger.append([Entry("user:ana", "execute", payload=b"x") for _ in range(count)])


def test_it_keeps_what_continues_what_it_has_and_the_same_only_once(ledger: Ledger) -> None:
    assert ledger.witness is not None
    ledger.testify()
    for _ in range(3):
        append(ledger, 100)
        ledger.testify()
        ledger.testify()
    assert len(ledger.witness.notes()) == 4


def test_a_ledger_that_was_put_back_and_went_on_cannot_testify(
    ledger: Ledger, keys: FileKeyring, tmp_path: Path
) -> None:
    append(ledger)
    ledger.scrub()
    early = tmp_path / "early.db"
    shutil.copy(ledger.path, early)
    append(ledger)
    ledger.testify()
    other = Ledger.open(early, keyring=keys, writable=True)
    append(other, 2)
    other.witness = ledger.witness
    with pytest.raises(AuditError, match="not a continuation of the 7 records that the witness has seen"):
        append(other, 2)
    assert len(other) == 6  # nothing was taken
    other.witness = None
    append(other, 9)
    other.witness = ledger.witness
    with pytest.raises(AuditError, match="not a continuation"):
        other.close()
    found = verify(early, verifiers=keys.trusted(), witness=FileWitness(tmp_path / "witness.txt").notes())
    assert [one.reason for one in found.findings] == [Reason.HISTORY_FORKED]


def test_another_ledgers_checkpoint_is_refused(ledger: Ledger, keys: FileKeyring, tmp_path: Path) -> None:
    ledger.testify()
    with Ledger.create(tmp_path / "other.db", keyring=keys) as other:
        other.witness = ledger.witness
        with pytest.raises(AuditError, match="not signed by a key"):
            other.testify()
        other.witness = None


def test_a_note_that_was_half_written_is_left_out(ledger: Ledger, tmp_path: Path) -> None:
    ledger.testify()
    witness = FileWitness(tmp_path / "witness.txt")
    whole = witness.path.read_bytes()
    append(ledger)
    ledger.testify()
    for length in range(len(whole), witness.path.stat().st_size, 7):
        witness.path.write_bytes(witness.path.read_bytes()[:length])
        assert len(witness.notes()) == 1


def test_a_witness_that_cannot_be_written_or_read_is_named(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot be"):
        FileWitness(tmp_path / "file" / "witness.txt").keep(ledger.note(), ledger.prove_growth, ledger.verifiers())
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AuditError, match="damaged"):
        FileWitness(tmp_path / "binary").notes()


def test_a_witness_with_notes_of_strangers_is_found(ledger: Ledger, keys: FileKeyring, tmp_path: Path) -> None:
    ledger.testify()
    stranger = FileKeyring(tmp_path / "stranger" / "keyring.json")
    with Ledger.create(tmp_path / "other.db", keyring=stranger) as other:
        notes = [ledger.note(), other.note(), "nonsense"]
    found = verify(ledger.path, verifiers=keys.trusted(), witness=notes)
    assert [(one.reason, one.count) for one in found.findings] == [(Reason.WITNESS_INVALID, 2)]
