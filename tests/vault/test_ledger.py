"""The ledger: what was acknowledged is there, in order and sealed; nothing that fails is silent."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from evalkit.errors import AuditError, EvalkitError, JournalError, SealError
from evalkit.vault import retention
from evalkit.vault.entries import Entry
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import FORMAT, WITNESS_EVERY, Ledger
from evalkit.vault.merkle import BLOCK, check_consistency, check_inclusion
from evalkit.vault.notes import parse_checkpoint, parse_note
from evalkit.vault.verification import verify
from evalkit.vault.witness import FileWitness

CANARY = b"Nakamura-canary"


def execution(payload: bytes | None = CANARY, subject: str = "", **more: Any) -> Entry:
    return Entry("user:ana", "execute", subject=subject, payload=payload, **more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.db"


@pytest.fixture
def ledger(path: Path, keys: FileKeyring, clock: Any) -> Any:
    path.parent.mkdir()
    with Ledger.create(path, keyring=keys, clock=clock) as made:
        yield made


def sound(path: Path, keys: FileKeyring) -> int:
    """How many records there are; every one as signed, every payload opening."""
    seen = verify(path, verifiers=keys.trusted(), keyring=keys)
    assert seen.ok, seen
    return seen.records


def test_what_was_appended_is_read_back_in_its_order(ledger: Ledger, clock: Any) -> None:
    with ledger.turn() as turn:
        who = turn.subject("mrn-1", actor="user:ana")
    seqs = ledger.append([execution(b"%d" % n, who, ms=n, phi=("date", "mrn"), tools=("lookup",)) for n in range(5)])
    assert list(seqs) == [2, 3, 4, 5, 6]
    assert [ledger.payload(seq) for seq in seqs] == [b"0", b"1", b"2", b"3", b"4"]
    found = ledger.get(4)
    assert (found.seq, found.actor, found.action, found.subject, found.ms) == (4, "user:ana", "execute", who, 2)
    assert (found.phi, found.tools, found.at) == (("date", "mrn"), ("lookup",), clock.now)
    assert [one.action for one in ledger.records()] == ["create", "subject"] + ["execute"] * 5
    assert len(ledger) == 7


def test_a_person_has_one_random_pseudonym_that_nothing_of_them_gives_away(
    ledger: Ledger, path: Path, keys: FileKeyring
) -> None:
    with ledger.turn() as turn:
        one, again, other = (turn.subject(name, actor="svc:x") for name in ("mrn-1", "mrn-1", "mrn-2"))
    assert one == again != other
    with Ledger.open(path, keyring=keys, writable=True) as reopened, reopened.turn() as turn:
        assert turn.subject("mrn-1", actor="svc:x") == one
    with Ledger.create(path.with_name("other.db"), keyring=keys) as elsewhere, elsewhere.turn() as turn:
        assert turn.subject("mrn-1", actor="svc:x") != one


def test_nothing_of_a_payload_or_a_name_is_in_any_file(ledger: Ledger, path: Path) -> None:
    with ledger.turn() as turn:
        who = turn.subject(CANARY.decode(), actor="svc:x")
    ledger.append([execution(CANARY * 100, who), execution(CANARY)])
    for entry in path.parent.iterdir():
        assert CANARY not in entry.read_bytes(), entry.name
        assert stat.S_IMODE(entry.stat().st_mode) == 0o600


def test_every_record_and_every_growth_is_proved_from_what_is_stored(ledger: Ledger) -> None:
    sizes = []
    for batch in (1, 3, 7, 200, 60, 300, 5):
        ledger.append([execution(None) for _ in range(batch)])
        head = parse_checkpoint(parse_note(ledger.note()).text)
        sizes.append((head.size, head.root))
    leaves = [leaf for (leaf,) in sqlite3.connect(ledger.path).execute("SELECT leaf FROM records ORDER BY seq")]
    for size, root in sizes:
        for seq in {0, 1, size // 2, size - 1, min(255, size - 1), min(256, size - 1)}:
            assert check_inclusion(leaves[seq], seq, size, path=ledger.prove(seq, size), root=root)
        for later in sizes:
            if later[0] >= size:
                assert check_consistency((size, root), later, ledger.prove_growth(size, later[0]))


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (Entry("ana", "execute"), "actor"),
        (Entry("user:Nakamura", "execute"), "actor"),
        (Entry("user:\N{CYRILLIC SMALL LETTER A}na", "execute"), "actor"),
        (Entry("user:ana\nuser:eve", "execute"), "actor"),
        (Entry("user:ana", "execute", target="Nakamura Ken"), "target"),
        (Entry("user:ana", "execute", target="x" * 201), "target"),
        (Entry("user:ana", "execute", target="a\x1b[31m"), "target"),
        (Entry("user:ana", "execute", target="a\nb"), "target"),
        (Entry("user:ana", "execute", phi=("Nakamura",)), "phi"),
        (Entry("user:ana", "execute", tools=("a,b", "")), "tools"),
        (Entry("user:ana", "execute", spec_sha="x"), "spec_sha"),
        (Entry("user:ana", "execute", subject="mrn-1"), "subject"),
        (Entry("user:ana", "delete"), "action"),  # type: ignore[arg-type]
        (Entry("user:ana", "execute", "fine"), "outcome"),  # type: ignore[arg-type]
        (Entry("user:ana", "execute", ms=-1), "ms"),
        (Entry("user:ana", "execute", model="a\u202eb"), "model"),
    ],
)
def test_what_may_not_stand_in_clear_is_refused_by_its_name_and_nothing_is_kept(
    ledger: Ledger, entry: Entry, what: str
) -> None:
    with pytest.raises(AuditError, match=rf"\b{what}\b") as caught:
        ledger.append([execution(), entry])
    assert "Nakamura" not in str(caught.value)
    assert len(ledger) == 1


def test_an_entry_shows_nothing_of_its_payload() -> None:
    assert "canary" not in repr(execution())


def test_a_subject_that_nobody_knows_is_refused(ledger: Ledger) -> None:
    with pytest.raises(AuditError, match="no such subject"):
        ledger.append([execution(subject="p_" + "0" * 24)])
    assert len(ledger) == 1


def test_a_ledger_is_not_made_over_another(ledger: Ledger, path: Path, keys: FileKeyring) -> None:
    with pytest.raises(FileExistsError):
        Ledger.create(path, keyring=keys)
    assert len(ledger) == 1


def test_without_the_keyring_nothing_opens_and_the_line_says_what_to_do(
    path: Path, ledger: Ledger, tmp_path: Path
) -> None:
    ledger.append([execution()])
    missing = FileKeyring(tmp_path / "nowhere" / "keyring.json")
    with pytest.raises(AuditError, match=r"no keyring here.*restore it"):
        Ledger.open(path, keyring=missing)
    wrong = FileKeyring(tmp_path / "wrong" / "keyring.json")
    wrong.signers()
    with pytest.raises(AuditError, match=r"not in this keyring.*EVALKIT_KEYRING"):
        Ledger.open(path, keyring=wrong)
    with pytest.raises(AuditError, match="not in this keyring"):
        verify(path, verifiers=wrong.trusted(), keyring=wrong)


def test_a_copy_of_the_folder_without_the_keyring_opens_not_one_payload(
    path: Path, ledger: Ledger, tmp_path: Path
) -> None:
    ledger.append([execution(b"%d" % n) for n in range(20)])
    copy = tmp_path / "stolen"
    shutil.copytree(path.parent, copy)
    thief = FileKeyring(tmp_path / "thief" / "keyring.json")
    thief.signers()
    with pytest.raises(EvalkitError):
        Ledger.open(copy / "ledger.db", keyring=thief)
    data = b"".join(entry.read_bytes() for entry in copy.iterdir())
    for key in (*ledger.keyring.keys(), *ledger.keyring.signers()):  # type: ignore[attr-defined]
        assert key.secret not in data


def test_a_keyring_inside_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="inside the folder"):
        FileKeyring(tmp_path / "data" / "sub" / "keyring.json").check_outside(tmp_path / "data")
    FileKeyring(tmp_path / "keyring.json").check_outside(tmp_path / "data")


def test_a_ledger_opened_for_reading_takes_nothing(path: Path, ledger: Ledger, keys: FileKeyring) -> None:
    with Ledger.open(path, keyring=keys) as reader, pytest.raises(JournalError, match="for reading only"):
        reader.append([execution()])


@pytest.mark.parametrize(
    "verb",
    ["UPDATE records SET ms = 9", "DELETE FROM records", "DELETE FROM blocks", "UPDATE payloads SET seq = 9",
     "UPDATE subject_keys SET seq = 9", "DELETE FROM checkpoint", "UPDATE header SET value = ''",
     "INSERT OR REPLACE INTO records SELECT * FROM records"],
)  # fmt: skip
def test_sqlite_itself_refuses_to_change_a_record(path: Path, ledger: Ledger, verb: str) -> None:
    ledger.append([execution() for _ in range(BLOCK)])
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA recursive_triggers = ON")
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        connection.execute(verb)
    connection.close()


def test_a_clock_that_goes_back_is_on_record_and_time_does_not(
    ledger: Ledger, clock: Any, path: Path, keys: FileKeyring
) -> None:
    ledger.append([execution()])
    before = clock.now
    clock.go(hours=-1)
    ledger.append([execution()])
    clock.go(hours=2)
    ledger.append([execution()])
    found = list(ledger.records())
    assert [one.action for one in found] == ["create", "execute", "clock", "execute", "execute"]
    assert (found[2].outcome, found[2].ms) == ("error", 3_600_000)
    assert [one.at for one in found] == [before] * 4 + [before + timedelta(hours=1)]
    assert sound(path, keys) == 5


def test_a_newer_format_is_named(path: Path, ledger: Ledger, keys: FileKeyring) -> None:
    ledger.close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(JournalError, match=f"has format {FORMAT + 1} and this evalkit reads up to {FORMAT}"):
        Ledger.open(path, keyring=keys)


@pytest.mark.parametrize("body", [b"", b"x", b"SQLite format 3\0" + bytes(84), b"\xff" * 8192, b"%PDF-1.7\n" * 500])
def test_a_file_that_is_no_ledger_is_refused_in_words(path: Path, keys: FileKeyring, body: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(body)
    with pytest.raises(JournalError, match="damaged"):
        Ledger.open(path, keyring=keys)


def test_threads_that_append_at_one_time_lose_nothing_and_pay_for_nobodys_mistake(
    ledger: Ledger, path: Path, keys: FileKeyring
) -> None:
    refused = []

    def work(number: int) -> None:
        for turn in range(20):
            if number == 0 and turn % 2:
                try:
                    ledger.append([Entry("nobody", "execute")])
                except AuditError:
                    refused.append(turn)
            else:
                ledger.append([execution(b"%d/%d" % (number, turn)), execution(None)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 10
    assert sound(path, keys) == 1 + 2 * (20 * 5 - 10)
    payloads = [ledger.payload(one.seq) for one in ledger.records("digest != '' AND action = 'execute'")]
    for number in range(5):
        own = [text for text in payloads if text.startswith(b"%d/" % number)]
        assert own == sorted(own, key=lambda text: int(text.split(b"/")[1]))


def test_two_writers_see_what_the_other_did(path: Path, ledger: Ledger, keys: FileKeyring, clock: Any) -> None:
    with Ledger.open(path, keyring=keys, writable=True, clock=clock) as other:
        for size in (1, 255, 2, 300):
            ledger.append([execution() for _ in range(size)])
            other.append([execution()])
        assert sound(path, keys) == 1 + 1 + 255 + 2 + 300 + 4


def test_a_writer_that_holds_the_file_is_named_when_the_wait_is_over(path: Path, ledger: Ledger) -> None:
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    ledger._connection.execute("PRAGMA busy_timeout = 20")
    with pytest.raises(JournalError, match="another process is writing"):
        ledger.append([execution()])
    blocker.execute("ROLLBACK")
    blocker.close()
    assert list(ledger.append([execution()])) == [1]


KILLED = """
import os, sys
from pathlib import Path
from evalkit.vault.entries import Entry
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]), keyring=FileKeyring(Path(sys.argv[2])), writable=True)
while True:
    done = ledger.append([Entry("user:ana", "execute", payload=bytes(900)) for _ in range(7)])
    os.write(1, b"%d\\n" % done.stop)
"""


def test_a_killed_writer_has_lost_nothing_that_was_acknowledged(path: Path, ledger: Ledger, keys: FileKeyring) -> None:
    ledger.close()
    for turn in range(6):
        writer = subprocess.Popen([sys.executable, "-c", KILLED, str(path), str(keys.path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        with writer.stdout:
            for _ in range(1 + 3 * turn):
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            said = [int(line) for line in writer.stdout.read().split(b"\n")[:-1]]
        writer.wait()
        records = sound(path, keys)
        assert records >= max(said, default=0)
        assert records % 7 == 1  # no transaction is torn


@pytest.mark.parametrize("code", ["full", "broken"])
@pytest.mark.parametrize("lasting", [False, True])
def test_whichever_write_or_sync_fails_there_is_one_clear_line_and_nothing_acknowledged_is_lost(
    path: Path, keys: FileKeyring, disk: Any, code: str, lasting: bool
) -> None:
    path.parent.mkdir()
    Ledger.create(path, keyring=keys).close()
    pristine = path.read_bytes()
    failures, fail_at = 0, 0
    while True:
        fail_at += 1
        for left in path.parent.iterdir():
            left.unlink()
        path.write_bytes(pristine)
        path.chmod(0o600)
        disk.calls, disk.fail_at, disk.lasting, disk.code = 0, fail_at, lasting, 13 if code == "full" else 10 | (3 << 8)
        acknowledged, errors = 1, []
        try:
            ledger = Ledger.open(path, keyring=keys, writable=True)
        except EvalkitError as error:
            errors.append(error)
        else:
            for _ in range(3):
                try:
                    acknowledged = ledger.append([execution(CANARY * 400), execution(None)]).stop
                except EvalkitError as error:
                    errors.append(error)
            ledger.close()
        failed = disk.calls >= fail_at
        disk.fail_at = 0
        for error in errors:
            assert isinstance(error, JournalError)
            assert "canary" not in str(error)
            assert error.what in {"the disk is full", "the disk refuses to read or write the file"}
        records = sound(path, keys)
        assert records >= acknowledged
        assert (records - 1) % 2 == 0
        failures += bool(errors)
        if not failed:
            break
    assert failures >= 3
    assert not errors


def test_a_write_ahead_log_cut_at_any_place_leaves_a_signed_beginning(
    ledger: Ledger, path: Path, keys: FileKeyring, tmp_path: Path
) -> None:
    for n in range(6):
        ledger.append([execution(b"%d" % n), execution(None)])
    main, log = path.read_bytes(), path.with_name("ledger.db-wal").read_bytes()
    folder = tmp_path / "cut"
    folder.mkdir()
    seen = set()
    for length in range(len(log), 0, -1777):
        for left in folder.iterdir():
            left.unlink()
        (folder / "ledger.db").write_bytes(main)
        (folder / "ledger.db-wal").write_bytes(log[:length])
        try:
            with Ledger.open(folder / "ledger.db", keyring=keys, writable=True) as reopened:
                reopened.append([execution()])
        except JournalError:
            continue  # cut before the ledger was made
        seen.add(sound(folder / "ledger.db", keys))
    assert seen == {2, 4, 6, 8, 10, 12, 14}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, keys: FileKeyring) -> Path:
    path = tmp_path_factory.mktemp("finished") / "ledger.db"
    with Ledger.create(path, keyring=keys) as ledger:
        with ledger.turn() as turn:
            who = turn.subject("mrn-1", actor="svc:x")
        ledger.append([execution(CANARY + b"%d" % n, who) for n in range(BLOCK + 20)])
    return path


@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_is_found_or_changes_nothing(
    finished: Path, keys: FileKeyring, tmp_path: Path, place: int, bit: int
) -> None:
    whole = bytearray(finished.read_bytes())
    whole[place % len(whole)] ^= 1 << bit
    for left in tmp_path.glob("broken.db*"):
        left.unlink()
    broken = tmp_path / "broken.db"
    broken.write_bytes(bytes(whole))
    try:
        seen = verify(broken, verifiers=keys.trusted(), keyring=keys)
    except EvalkitError as error:
        assert "canary" not in str(error)
        return
    if seen.ok:
        assert seen.records == BLOCK + 22
        with Ledger.open(finished, keyring=keys) as before, Ledger.open(broken, keyring=keys) as after:
            assert list(after.records()) == list(before.records())
            assert [after.payload(n) for n in range(2, BLOCK + 22, 25)] == [
                before.payload(n) for n in range(2, BLOCK + 22, 25)
            ]


def test_a_ledger_whose_name_was_lost_is_damaged(finished: Path, keys: FileKeyring, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(finished.read_bytes().replace(b"originevalkit/log/", b"origioevalkit/log/"))
    seen = verify(broken, verifiers=keys.trusted(), keyring=keys)
    assert seen.reason == "file_damaged"
    with pytest.raises(JournalError, match="damaged"):
        Ledger.open(broken, keyring=keys)


def test_the_witness_is_told_in_time_and_at_the_end(path: Path, keys: FileKeyring, clock: Any, tmp_path: Path) -> None:
    path.parent.mkdir()
    witness = FileWitness(tmp_path / "elsewhere" / "witness.txt")
    with Ledger.create(path, keyring=keys, clock=clock) as ledger:
        ledger.witness = witness
        ledger.append([execution()])
        assert len(witness.notes()) == 1
        ledger.append([execution() for _ in range(10)])
        assert len(witness.notes()) == 1  # not yet: neither long ago nor many
        clock.go(seconds=61)
        ledger.append([execution()])
        assert len(witness.notes()) == 2
        ledger.append([execution(None) for _ in range(WITNESS_EVERY)])
        assert len(witness.notes()) == 2
        ledger.append([execution()])
        assert len(witness.notes()) == 3
    assert [parse_checkpoint(parse_note(text).text).size for text in witness.notes()] == [1, 12, 1013, 1014]
    assert stat.S_IMODE(witness.path.stat().st_mode) == 0o600


def test_silence_is_signed_too(ledger: Ledger, clock: Any) -> None:
    clock.go(hours=1)
    (seq,) = ledger.append([Entry("svc:cron", "silence")])
    assert ledger.get(seq).at == clock.now
    assert parse_checkpoint(parse_note(ledger.note()).text).size == 2


def test_the_signing_key_changes_with_one_checkpoint_that_both_sign(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "keys" / "keyring.json")
    path = tmp_path / "ledger.db"
    with Ledger.create(path, keyring=keyring) as ledger:
        before = ledger.verifiers()
        ledger.rotate_signer(keyring.rotate_signer, actor="user:ana")
        note = parse_note(ledger.note())
        after = ledger.verifiers()
        assert note.signed_by(before) == before[0]
        assert note.signed_by(after[:1]) == after[0] != before[0]
        ledger.append([execution()])
        assert parse_note(ledger.note()).signed_by(before) is None
    assert verify(path, verifiers=keyring.trusted()).ok


class Machine(RuleBasedStateMachine):
    """A ledger beside a list: what may be done to it, in any order."""

    folder: Path
    keyring: FileKeyring
    people = Bundle("people")

    @initialize()
    def begin(self) -> None:
        for left in self.folder.iterdir():
            left.unlink()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.path = self.folder / "ledger.db"
        self.witness = FileWitness(self.folder / "witness.txt")
        self.ledger = Ledger.create(self.path, keyring=self.keyring, clock=lambda: self.now)
        self.ledger.witness = self.witness
        self.other = Ledger.open(self.path, keyring=self.keyring, clock=lambda: self.now, writable=True)
        self.kept: dict[int, tuple[bytes, str, datetime]] = {}
        self.gone: set[int] = set()
        self.named: dict[str, str] = {}
        self.held: dict[str, set[str]] = {}

    @rule(target=people, name=st.sampled_from(["mrn-1", "mrn-2", "mrn-3"]))
    def meet(self, name: str) -> str:
        with self.ledger.turn() as turn:
            who = turn.subject(name, actor="user:ana")
        assert self.named.setdefault(name, who) == who
        return who

    @rule(who=people, texts=st.lists(st.binary(max_size=20), min_size=1, max_size=3), second=st.booleans())
    def append(self, who: str, texts: list[bytes], second: bool) -> None:
        ledger = self.other if second else self.ledger
        entries = [execution(text, who) for text in texts]
        if who not in self.named.values():
            with pytest.raises(AuditError, match="shredded"):
                ledger.append(entries)
            return
        for seq, text in zip(ledger.append(entries), texts, strict=True):
            self.kept[seq] = (text, who, self.now)

    @rule(days=st.sampled_from([1, 400, 2200]))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(who=people)
    def hold(self, who: str) -> None:
        if who in self.named.values():
            retention.hold(self.ledger, who, name="case-1", actor="user:ana")
            self.held[who] = set()

    @rule(who=people, actor=st.sampled_from(["user:ana", "user:ben"]))
    def lift(self, who: str, actor: str) -> None:
        if who not in self.held:
            with pytest.raises(AuditError, match="no such hold"):
                retention.lift(self.ledger, who, name="case-1", actor=actor)
            return
        self.held[who].add(actor)
        ended = len(self.held[who]) == 2
        assert retention.lift(self.ledger, who, name="case-1", actor=actor) is ended
        if ended:
            del self.held[who]

    @rule()
    def purge(self) -> None:
        due = {
            seq
            for seq, (_, who, at) in self.kept.items()
            if who not in self.held and self.now >= retention.keep_until(at)
        }
        retention.purge(self.other, last_in_effect=lambda _: None, actor="user:ana")
        self.gone |= due

    @rule(who=people)
    def shred(self, who: str) -> None:
        if who in self.held or who not in self.named.values():
            with pytest.raises(AuditError):
                retention.shred(self.ledger, who, basis="court_order", last_in_effect=lambda _: None, actor="user:ana")
            return
        retention.shred(self.ledger, who, basis="court_order", last_in_effect=lambda _: None, actor="user:ana")
        self.named = {name: one for name, one in self.named.items() if one != who}
        self.gone |= {seq for seq, (_, one, _) in self.kept.items() if one == who}

    @rule()
    def rewrap(self) -> None:
        assert retention.rewrap(self.ledger, actor="user:ana") == 1 + len(self.named)

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = Ledger.open(self.path, keyring=self.keyring, clock=lambda: self.now, writable=True)
        self.ledger.witness = self.witness

    @rule()
    def testify(self) -> None:
        self.ledger.testify()

    @invariant()
    def nothing_kept_is_lost_and_nothing_gone_comes_back(self) -> None:
        for seq, (text, _, _) in self.kept.items():
            if seq in self.gone:
                with pytest.raises(AuditError):
                    self.ledger.payload(seq)
            else:
                assert self.ledger.payload(seq) == text

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        self.ledger.close()
        self.other.close()
        seen = verify(self.path, verifiers=self.keyring.trusted(), keyring=self.keyring, witness=self.witness.notes())
        assert seen.ok, seen


def test_a_ledger_does_what_a_list_does(tmp_path: Path, keys: FileKeyring) -> None:
    (tmp_path / "machine").mkdir()
    machine = type("TheMachine", (Machine,), {"folder": tmp_path / "machine", "keyring": keys})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))
