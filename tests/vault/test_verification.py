"""Forty tamperings of a ledger, each found for the right reason; and clean ledgers, of which none is."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evalkit.errors import EvalkitError
from evalkit.vault.cipher import Cipher
from evalkit.vault.entries import FIELDS, Entry, text_of
from evalkit.vault.findings import Reason
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import SCHEMA, Ledger
from evalkit.vault.merkle import BLOCK, hash_leaf, root_of
from evalkit.vault.notes import Checkpoint, Verifier, parse_checkpoint, parse_note, sign_checkpoint
from evalkit.vault.subjects import Subjects
from evalkit.vault.verification import Verification, verify
from evalkit.vault.witness import FileWitness

COUNT = 300
PEOPLE = 5
CANARY = b"Nakamura-canary"


def clock_from(start: datetime) -> Callable[[], datetime]:
    """A clock that goes on by a second each time it is asked."""
    ticks = iter(range(10**9))
    return lambda: start + timedelta(seconds=next(ticks))


def fill(ledger: Ledger, count: int) -> None:
    """Append executions of a few people, in transactions of eight."""
    with ledger.turn() as turn:
        people = [turn.subject(f"mrn-{n}", actor="svc:test") for n in range(PEOPLE)]
    while ledger.frontier.size < count:
        first = ledger.frontier.size
        ledger.append([
            Entry(
                "user:ana", "execute", subject=people[n % PEOPLE], spec="billing_codes@2.0.0", spec_sha="ab" * 32,
                model="rules/offline", agent="rules", phi=("date", "mrn"), target=f"run-1/case-{n}/0", ms=n,
                payload=CANARY + b" %d" % n,
            )
            for n in range(first, min(first + 8, count))
        ])  # fmt: skip


class Thief:
    """A signer whose key nobody trusts."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


@dataclass
class World:
    """A ledger on disk, its keys, its witness, and what an attacker does to it."""

    folder: Path
    keyring: FileKeyring
    origin: str

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def witness(self) -> FileWitness:
        return FileWitness(self.folder / "witness.txt")

    def open(self) -> sqlite3.Connection:
        """A connection with every trigger gone."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        return connection

    def close(self, connection: sqlite3.Connection) -> None:
        """Put the triggers back as they were: the attacker hides the traces."""
        for sql in self.triggers:
            connection.execute(sql)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    @property
    def triggers(self) -> list[str]:
        return [sql for sql in SCHEMA if sql.startswith("CREATE TRIGGER")]

    def verify(self, *, witness: bool = True, keyring: bool = True) -> Verification:
        return verify(
            self.path,
            verifiers=self.keyring.trusted(),
            keyring=self.keyring if keyring else None,
            witness=self.witness.notes() if witness else None,
        )


def make(folder: Path, count: int = COUNT) -> World:
    keyring = FileKeyring(folder / "keys" / "keyring.json")
    world = World(folder, keyring, "")
    with Ledger.create(world.path, keyring=keyring, clock=clock_from(datetime(2026, 3, 1, tzinfo=UTC))) as ledger:
        ledger.witness = world.witness
        fill(ledger, count // 2)
        ledger.testify()
        fill(ledger, count)
        world.origin = ledger.origin
    return world


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def world(pristine: World, tmp_path: Path) -> World:
    shutil.copytree(pristine.folder, tmp_path / "copy")
    folder = tmp_path / "copy"
    return World(folder, FileKeyring(folder / "keys" / "keyring.json"), pristine.origin)


# What an attacker with the file can do. `reroot` recomputes everything that needs no key.


def relabel(world: World, run: Any, seqs: list[int] | None = None) -> None:
    """Recompute the leaves of records from what stands in them."""
    where = "" if seqs is None else f"WHERE seq IN ({','.join(map(str, seqs))})"
    for row in run(f"SELECT seq, at, {', '.join(FIELDS)}, digest FROM records {where}").fetchall():
        text = text_of(world.origin, row[0], row[1], values=row[2:-1])
        run("UPDATE records SET leaf = ? WHERE seq = ?", (hash_leaf(text + row[-1].encode() + b"\n"), row[0]))


def reroot(world: World, run: Any, signers: list[Any] | None = None, *, keep_signature: bool = False) -> None:
    """Recompute the tree, and write the checkpoint anew: signed by others, or with the old signature."""
    relabel(world, run)
    leaves = [leaf for (leaf,) in run("SELECT leaf FROM records ORDER BY seq").fetchall()]
    run("DELETE FROM blocks")
    for start in range(0, len(leaves) - BLOCK + 1, BLOCK):
        run("INSERT INTO blocks VALUES (?, ?)", (start // BLOCK, root_of(leaves[start : start + BLOCK])))
    head = Checkpoint(world.origin, len(leaves), root_of(leaves))
    if keep_signature:
        tail = note_of(run).rpartition("\n\n")[2]
        run("UPDATE checkpoint SET note = ?", (f"{head}\n{tail}",))
    elif signers is not None:
        run("UPDATE checkpoint SET note = ?", (sign_checkpoint(head, signers),))


def note_of(run: Any) -> str:
    return str(run("SELECT note FROM checkpoint").fetchone()[0])


def set_note(run: Any, note: str) -> None:
    run("UPDATE checkpoint SET note = ?", (note,))


def flip(run: Any, seq: int, place: int) -> None:
    """Flip a bit of a sealed payload; a negative place counts from its end."""
    (sealed,) = run("SELECT sealed FROM payloads WHERE seq = ?", (seq,)).fetchone()
    changed = bytearray(sealed)
    changed[place] ^= 1
    run("UPDATE payloads SET sealed = ? WHERE seq = ?", (bytes(changed), seq))


def set_field(name: str, value: str) -> Callable[[World, Any], None]:
    return lambda world, run: run(f"UPDATE records SET {name} = ? WHERE seq = 40", (value,))


def swap(run: Any, table: str, columns: str, one: int, other: int) -> None:
    names = columns.split(",")
    rows = [run(f"SELECT {columns} FROM {table} WHERE seq = ?", (seq,)).fetchone() for seq in (one, other)]
    for seq, row in ((one, rows[1]), (other, rows[0])):
        run(f"UPDATE {table} SET {', '.join(f'{n} = ?' for n in names)} WHERE seq = ?", (*row, seq))


ALL = "at," + ",".join(FIELDS) + ",digest,leaf"


def shift(run: Any, start: int, by: int) -> None:
    """Renumber every record from ``start`` on."""
    for table in ("records", "payloads"):
        run(f"UPDATE {table} SET seq = seq + 1000000 WHERE seq >= {start}")
        run(f"UPDATE {table} SET seq = seq - 1000000 + {by} WHERE seq >= 1000000")


def delete(run: Any, condition: str) -> None:
    for table in ("records", "payloads"):
        run(f"DELETE FROM {table} WHERE seq {condition}")


def t11(world: World, run: Any) -> None:
    delete(run, "= 40")


def t12(world: World, run: Any) -> None:
    delete(run, "= 40")
    shift(run, 41, -1)


def t13(world: World, run: Any) -> None:
    delete(run, ">= 280")


def t14(world: World, run: Any) -> None:
    """The tail goes, and the checkpoint is one that was really signed at that size."""
    old = world.witness.notes()[1]
    delete(run, f">= {parse_checkpoint(parse_note(old).text).size}")
    run("DELETE FROM blocks")
    set_note(run, old)


def t15(world: World, run: Any) -> None:
    """The whole file is put back to when it was young."""
    t14(world, run)
    run("DELETE FROM subject_keys WHERE seq >= 150")


def t16(world: World, run: Any) -> None:
    shift(run, 40, 1)
    run(f"INSERT INTO records SELECT 40, {ALL} FROM records WHERE seq = 39")
    run("INSERT INTO payloads SELECT 40, sealed FROM payloads WHERE seq = 39")
    relabel(world, run, [40])


def t17(world: World, run: Any) -> None:
    run(f"INSERT INTO records SELECT {COUNT}, {ALL} FROM records WHERE seq = 39")
    run(f"INSERT INTO payloads SELECT {COUNT}, sealed FROM payloads WHERE seq = 39")
    relabel(world, run, [COUNT])


def t18(world: World, run: Any) -> None:
    swap(run, "records", ALL, 40, 60)
    swap(run, "payloads", "sealed", 40, 60)


def t19(world: World, run: Any) -> None:
    t18(world, run)
    relabel(world, run, [40, 60])


def rewrite(run: Any) -> None:
    run("UPDATE records SET actor = 'user:eve' WHERE seq = 40")


def t20(world: World, run: Any) -> None:
    rewrite(run)
    reroot(world, run, keep_signature=True)


def t21(world: World, run: Any) -> None:
    rewrite(run)
    reroot(world, run, [Thief()])


def t22(world: World, run: Any) -> None:
    rewrite(run)
    reroot(world, run, [world.keyring.signer()])


def forge_payload(world: World, run: Any) -> None:
    """With the keyring's wrapping keys: another payload, sealed as it should be."""
    row = run(f"SELECT seq, at, {', '.join(FIELDS)} FROM records WHERE seq = 40").fetchone()
    connection = sqlite3.connect(world.path)
    key = Subjects(connection, world.origin, world.keyring, path=world.path).unwrap(row[5])
    connection.close()
    sealed = Cipher(key).seal(b"another", aad=text_of(world.origin, row[0], row[1], values=row[2:]))
    run("UPDATE payloads SET sealed = ? WHERE seq = 40", (sealed,))
    run("UPDATE records SET digest = ? WHERE seq = 40", (hashlib.sha256(sealed).hexdigest(),))
    relabel(world, run, [40])


def t24(world: World, run: Any) -> None:
    forge_payload(world, run)
    reroot(world, run, [world.keyring.signer()])


def t25(world: World, run: Any) -> None:
    set_note(run, note_of(run).replace(f"\n{COUNT}\n", f"\n{COUNT - 1}\n"))


def t26(world: World, run: Any) -> None:
    head = parse_checkpoint(parse_note(note_of(run)).text)
    other = Checkpoint(head.origin, head.size, bytes(32))
    set_note(run, f"{other}\n{note_of(run).rpartition(chr(10) * 2)[2]}")


def t27(world: World, run: Any) -> None:
    text = note_of(run).rstrip("\n")
    raw = bytearray(base64.b64decode(text.rpartition(" ")[2]))
    raw[40] ^= 1
    set_note(run, f"{text.rpartition(' ')[0]} {base64.b64encode(raw).decode()}\n")


def t28(world: World, run: Any) -> None:
    run("DELETE FROM checkpoint")


def t29(world: World, run: Any) -> None:
    head = parse_checkpoint(parse_note(note_of(run)).text)
    other = Checkpoint(f"evalkit/log/{'0' * 32}", head.size, head.root)
    set_note(run, sign_checkpoint(other, [world.keyring.signer()]))


def t30(world: World, run: Any) -> None:
    """The signature of an unknown key under the name and id of ours."""
    head = parse_checkpoint(parse_note(note_of(run)).text)
    ours = Verifier(world.origin, world.keyring.trusted()[0])
    mark = base64.b64encode(ours.key_id + Thief().sign(str(head).encode())).decode()
    set_note(run, f"{head}\n\N{EM DASH} {world.origin} {mark}\n")


def key_rows(run: Any) -> list[tuple[str, bytes]]:
    return list(run("SELECT subject, wrapped FROM subject_keys WHERE subject != 'log' ORDER BY seq LIMIT 2").fetchall())


def t31(world: World, run: Any) -> None:
    (one, first), (two, second) = key_rows(run)
    run("UPDATE subject_keys SET wrapped = ? WHERE subject = ?", (second, one))
    run("UPDATE subject_keys SET wrapped = ? WHERE subject = ?", (first, two))


def t32(world: World, run: Any) -> None:
    (one, wrapped), _ = key_rows(run)
    changed = bytearray(wrapped)
    changed[70] ^= 1
    run("UPDATE subject_keys SET wrapped = ? WHERE subject = ?", (bytes(changed), one))


def t33(world: World, run: Any) -> None:
    run("DELETE FROM subject_keys WHERE subject = ?", (key_rows(run)[0][0],))


def t34(world: World, run: Any) -> None:
    flip(run, 40, 32)


def t38(world: World, run: Any) -> None:
    """The last letter of one field becomes the first of the next, and a line break wanders with it."""
    run("UPDATE records SET model = 'rules/offlin', agent = 'erules' WHERE seq = 40")
    run("UPDATE records SET model = model || char(10) || agent, agent = '' WHERE seq = 41")


def t39(world: World, run: Any) -> None:
    """Another history from the first half on, sealed and signed with the real keys."""
    delete(run, ">= 100")
    run("DELETE FROM blocks")
    reroot(world, run, [world.keyring.signer()])


def t39_after(world: World) -> None:
    with Ledger.open(world.path, keyring=world.keyring, writable=True) as ledger:
        fill(ledger, COUNT)


def t40(world: World) -> None:
    """A letter of a record, in the page itself."""
    whole = bytearray(world.path.read_bytes())
    whole[whole.rindex(b"run-1/case-200/0")] ^= 1
    world.path.write_bytes(whole)


TAMPERINGS: dict[str, tuple[Callable[[World, Any], None], Reason]] = {
    "T01 a bit of the ciphertext": (lambda w, run: flip(run, 40, 70), Reason.PAYLOAD_CHANGED),
    "T02 a bit of the tag": (lambda w, run: flip(run, 40, -1), Reason.PAYLOAD_CHANGED),
    "T03 a bit of the salt": (lambda w, run: flip(run, 40, 0), Reason.PAYLOAD_CHANGED),
    "T04 the actor": (set_field("actor", "user:eve"), Reason.RECORD_CHANGED),
    "T05 the time": (lambda w, run: run("UPDATE records SET at = at - 1 WHERE seq = 40"), Reason.RECORD_CHANGED),
    "T06 the outcome": (set_field("outcome", "error"), Reason.RECORD_CHANGED),
    "T07 the spec": (set_field("spec", "billing_codes@1.0.0"), Reason.RECORD_CHANGED),
    "T08 the subject": (
        lambda w, run: run("UPDATE records SET subject = ? WHERE seq = 40", (key_rows(run)[1][0],)),
        Reason.RECORD_CHANGED,
    ),
    "T09 the action and the leaf": (
        lambda w, run: (set_field("action", "read")(w, run), relabel(w, run, [40])),
        Reason.HISTORY_REWRITTEN,
    ),
    "T10 payloads of one person swapped": (
        lambda w, run: swap(run, "payloads", "sealed", 40, 40 + PEOPLE),
        Reason.PAYLOAD_MOVED,
    ),
    "T11 a record deleted": (t11, Reason.RECORD_MISSING),
    "T12 a record deleted, the later ones renumbered": (t12, Reason.RECORD_REMOVED),
    "T13 the tail cut off": (t13, Reason.TAIL_MISSING),
    "T14 the tail cut off, an old checkpoint put back": (t14, Reason.ROLLED_BACK),
    "T15 everything put back to an earlier state": (t15, Reason.ROLLED_BACK),
    "T16 a record inserted": (t16, Reason.RECORD_INSERTED),
    "T17 a record appended unsigned": (t17, Reason.TAIL_UNSIGNED),
    "T18 two records in each other's place": (t18, Reason.RECORD_MOVED),
    "T19 the same, with new leaves": (t19, Reason.HISTORY_REWRITTEN),
    "T20 rewritten, new root under the old signature": (t20, Reason.SIGNATURE_INVALID),
    "T21 rewritten, signed by a key of one's own": (t21, Reason.SIGNER_UNKNOWN),
    "T22 rewritten with the stolen signing key": (t22, Reason.PAYLOAD_FORGED),
    "T23 a payload rewritten with the stolen wrapping key": (forge_payload, Reason.HISTORY_REWRITTEN),
    "T24 a payload rewritten with both stolen keys": (t24, Reason.HISTORY_FORKED),
    "T25 the checkpoint's size": (t25, Reason.CHECKPOINT_CHANGED),
    "T26 the checkpoint's root": (t26, Reason.CHECKPOINT_CHANGED),
    "T27 a bit of the signature": (t27, Reason.SIGNATURE_INVALID),
    "T28 the checkpoint deleted": (t28, Reason.CHECKPOINT_MISSING),
    "T29 the checkpoint of another ledger": (t29, Reason.CHECKPOINT_FOREIGN),
    "T30 another key under our key's id": (t30, Reason.SIGNATURE_INVALID),
    "T31 wrapped keys swapped": (t31, Reason.KEY_MOVED),
    "T32 a bit of a wrapped key": (t32, Reason.KEY_CHANGED),
    "T33 a key taken away without a word": (t33, Reason.KEY_MISSING),
    "T34 the key commitment": (t34, Reason.PAYLOAD_CHANGED),
    "T35 the triggers dropped": (lambda w, run: None, Reason.SCHEMA_CHANGED),
    "T36 a NUL behind a value": (
        lambda w, run: run("UPDATE records SET outcome = outcome || char(0) WHERE seq = 40"),
        Reason.RECORD_CHANGED,
    ),
    "T37 a look-alike letter in the actor": (
        set_field("actor", "user:\N{CYRILLIC SMALL LETTER A}na"),
        Reason.RECORD_CHANGED,
    ),
    "T38 the border between two fields moved": (t38, Reason.RECORD_CHANGED),
    "T39 another history under the same keys": (t39, Reason.HISTORY_FORKED),
    "T40 a byte of a page": (lambda w, run: None, Reason.RECORD_CHANGED),
}
WITNESS_ONLY = {"T14", "T15", "T24", "T39"}
"""What a ledger alone cannot show: it is, to the last byte, one that was really signed."""


def tamper(world: World, what: str) -> None:
    connection = world.open()
    TAMPERINGS[what][0](world, connection.execute)
    if what.startswith("T35"):
        connection.close()
    else:
        world.close(connection)
    if what.startswith("T39"):
        t39_after(world)
    if what.startswith("T40"):
        t40(world)


def test_there_are_forty() -> None:
    assert [name[:3] for name in TAMPERINGS] == [f"T{n:02}" for n in range(1, 41)]


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampering_is_found_for_the_right_reason(world: World, what: str) -> None:
    tamper(world, what)
    alone, found, keyless = world.verify(witness=False), world.verify(), world.verify(keyring=False)
    expected = TAMPERINGS[what][1]
    # a ledger alone shows all but four of them, for this reason and no other
    assert [one.reason for one in alone.findings] == ([] if what[:3] in WITNESS_ONLY else [expected]), alone
    # with the witness every one is found; that it saw another history is said besides
    assert found.reason is expected, found
    assert {one.reason for one in found.findings} <= {expected, Reason.HISTORY_FORKED}
    # nobody has to be able to read for that
    assert keyless.reason is (Reason.HISTORY_FORKED if what.startswith("T22") else expected), keyless


@pytest.mark.parametrize(
    "what", [name for name in TAMPERINGS if name[:3] in {"T13", "T17", *(f"T{n}" for n in range(25, 31))}]
)
def test_nothing_is_added_to_and_signed_over_what_was_not_signed(world: World, what: str) -> None:
    tamper(world, what)
    with pytest.raises(EvalkitError, match="not as it was signed"):
        Ledger.open(world.path, keyring=world.keyring, writable=True)
    assert world.verify().reason is TAMPERINGS[what][1]  # it is still to be seen


def test_a_tail_that_another_process_slipped_in_stops_the_writer(world: World) -> None:
    with Ledger.open(world.path, keyring=world.keyring, writable=True) as ledger:
        tamper(world, "T17 a record appended unsigned")
        with pytest.raises(EvalkitError, match="not as it was signed"):
            ledger.append([Entry("user:ana", "execute")])


def test_a_clean_ledger_raises_no_alarm(world: World) -> None:
    found = world.verify()
    assert found.ok
    assert found.sentence() == f"{COUNT} records, as signed, every payload opened; the witness has seen {COUNT} of them"
