"""The store: what is on disk is sealed, whole, the owner's alone, and never lost once acknowledged."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.errors import EvalkitError, JournalError, SealError
from evalkit.vault.keys import FileKeyring
from evalkit.vault.store import FORMAT, Row, Store

HEADER = {"run_id": "run-1", "trials": 2}
ROWS: list[Row] = [(f"case-{number}", trial, b"Nakamura-%d" % number) for number in range(40) for trial in range(2)]


@pytest.fixture
def keyring(tmp_path: Path) -> FileKeyring:
    return FileKeyring(tmp_path / "keys" / "keyring.json")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs" / "run.db"


@pytest.fixture
def full(path: Path, keyring: FileKeyring) -> Path:
    """A closed store with all rows and one attachment."""
    with Store.create(path, HEADER, keyring=keyring) as store:
        store.append(ROWS)
        store.attach("judged", b"scores of Nakamura")
    return path


def edit(path: Path, *statements: str) -> None:
    """Change a store behind its back, as somebody with the file and without the key could."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


def test_what_was_appended_is_read_in_order(full: Path, keyring: FileKeyring) -> None:
    with Store.open(full, keyring=keyring) as store:
        assert list(store.read()) == ROWS
        assert store.ids() == {(name, trial) for name, trial, _ in ROWS}
        assert len(store) == len(ROWS)
        assert store.get("case-7", 1) == b"Nakamura-7"
        assert store.get("case-7", 2) is None
        assert dict(store.header) == HEADER


@given(rows=st.lists(st.tuples(st.text(st.characters(codec="utf-8"), max_size=9), st.integers(0, 99), st.binary())))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    folder = tmp_path_factory.mktemp("store")
    keyring = FileKeyring(folder / "keyring.json")
    rows = list({row[:2]: row for row in rows}.values())
    with Store.create(folder / "run.db", HEADER, keyring=keyring) as store:
        store.append(rows)
        assert list(store.read()) == rows


def test_appends_larger_than_a_page_are_one_transaction(path: Path, keyring: FileKeyring) -> None:
    rows: list[Row] = [(f"case-{number}", 0, b"x") for number in range(1000)]
    with Store.create(path, HEADER, keyring=keyring) as store:
        with pytest.raises(JournalError, match="there already"):
            store.append([*rows, rows[0]])
        assert len(store) == 0
        assert store.ids() == set()
        store.append(rows)
        assert list(store.read()) == rows


def test_a_closed_store_is_one_file_of_its_owner(full: Path) -> None:
    assert [entry.name for entry in full.parent.iterdir()] == ["run.db"]
    assert stat.S_IMODE(full.stat().st_mode) == 0o600


def test_side_files_are_the_owners_alone_too(path: Path, keyring: FileKeyring) -> None:
    with Store.create(path, HEADER, keyring=keyring) as store:
        store.append(ROWS)
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == {"run.db": 0o600, "run.db-wal": 0o600}


def test_nothing_sealed_stands_in_any_file(path: Path, keyring: FileKeyring) -> None:
    with Store.create(path, HEADER, keyring=keyring) as store:
        store.append(ROWS)
        store.attach("judged", b"scores of Nakamura")
        assert all(b"Nakamura" not in entry.read_bytes() for entry in path.parent.iterdir())
    assert b"Nakamura" not in path.read_bytes()


def test_the_newest_attachment_of_a_name_counts(full: Path, keyring: FileKeyring) -> None:
    with Store.open(full, keyring=keyring, writable=True) as store:
        assert store.attached("judged") == b"scores of Nakamura"
        assert store.attached("spec") is None
        store.attach("judged", b"judged again")
    with Store.open(full, keyring=keyring) as store:
        assert store.attached("judged") == b"judged again"


def test_a_store_opened_for_reading_takes_no_record(full: Path, keyring: FileKeyring) -> None:
    with Store.open(full, keyring=keyring) as store, pytest.raises(JournalError, match="for reading only"):
        store.append([("case-x", 0, b"")])


def test_a_finished_store_can_be_read_from_a_folder_that_cannot_be_written(full: Path, keyring: FileKeyring) -> None:
    keyring.keys()
    full.chmod(0o400)
    full.parent.chmod(0o500)
    try:
        with Store.open(full, keyring=keyring) as store:
            assert len(list(store.read())) == len(ROWS)
    finally:
        full.parent.chmod(0o700)


@pytest.mark.parametrize("verb", ["UPDATE records SET part = 9", "DELETE FROM records", "DELETE FROM attachments"])
def test_sqlite_itself_refuses_to_change_a_record(full: Path, verb: str) -> None:
    connection = sqlite3.connect(full)
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        connection.execute(verb)
    connection.close()


TAMPERINGS = {
    "renamed": ["UPDATE records SET id = 'case-x' WHERE seq = 5"],
    "another part": ["UPDATE records SET part = 7 WHERE seq = 5"],
    "deleted in the middle": ["DELETE FROM records WHERE seq = 5"],
    "deleted and closed up": ["DELETE FROM records WHERE seq = 5", "UPDATE records SET seq = 5 WHERE seq = 80"],
    "cut off at the end": ["DELETE FROM records WHERE seq > 70"],
    "emptied": ["DELETE FROM records"],
    "two payloads swapped": [
        "UPDATE records SET sealed = (SELECT sealed FROM records WHERE seq = 6) WHERE seq = 5",
    ],
    "payload cut": ["UPDATE records SET sealed = substr(sealed, 1, 50) WHERE seq = 5"],
    "payload emptied": ["UPDATE records SET sealed = x'' WHERE seq = 5"],
    "record repeated": ["INSERT INTO records SELECT 81, 'case-new', 0, sealed FROM records WHERE seq = 5"],
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampered_record_is_seen_when_it_is_read(full: Path, keyring: FileKeyring, what: str) -> None:
    edit(full, *TAMPERINGS[what])
    with Store.open(full, keyring=keyring) as store, pytest.raises(JournalError) as caught:
        list(store.read())
    assert "Nakamura" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE header SET value = 'run-2' WHERE name = 'run_id'",
        "UPDATE header SET value = 3 WHERE name = 'trials'",
        "UPDATE header SET value = '2' WHERE name = 'trials'",
        "UPDATE header SET value = x'00' WHERE name = 'trials'",
        "DELETE FROM header WHERE name = 'trials'",
        "INSERT INTO header VALUES ('agent_id', 'another')",
        "UPDATE data_key SET wrapped = x''",
        "UPDATE data_key SET wrapped = randomblob(124)",
        "DELETE FROM data_key",
        "PRAGMA application_id = 1",
        "CREATE TABLE extra (x)",
        "CREATE VIEW extra AS SELECT 1",
        "DROP TABLE attachments",
    ],
)
def test_a_tampered_header_or_schema_does_not_open(full: Path, keyring: FileKeyring, statement: str) -> None:
    edit(full, statement) if "attachments" not in statement else full.write_bytes(full.read_bytes()[:8192])
    with pytest.raises(JournalError):
        Store.open(full, keyring=keyring)


def test_a_store_whose_triggers_were_dropped_does_not_open(full: Path, keyring: FileKeyring) -> None:
    connection = sqlite3.connect(full)
    connection.execute("DROP TRIGGER records_delete")
    connection.commit()
    connection.close()
    with pytest.raises(JournalError, match="damaged"):
        Store.open(full, keyring=keyring)


def test_a_tampered_attachment_is_seen(full: Path, keyring: FileKeyring) -> None:
    edit(full, "UPDATE attachments SET records = 0")
    with Store.open(full, keyring=keyring) as store, pytest.raises(JournalError, match="damaged"):
        store.attached("judged")


def test_an_attachment_renamed_is_seen(full: Path, keyring: FileKeyring) -> None:
    edit(full, "UPDATE attachments SET name = 'spec'")
    with Store.open(full, keyring=keyring) as store, pytest.raises(JournalError, match="damaged"):
        store.attached("spec")


def test_a_newer_format_is_named(full: Path, keyring: FileKeyring) -> None:
    edit(full, f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(JournalError, match=f"has format {FORMAT + 1} and this evalkit reads up to {FORMAT}"):
        Store.open(full, keyring=keyring)


@pytest.mark.parametrize("body", [b"", b"x", b"SQLite format 3\0" + bytes(84), b"\xff" * 8192, b"%PDF-1.7\n" * 500])
def test_a_file_that_is_no_store_is_refused_in_words(path: Path, keyring: FileKeyring, body: bytes) -> None:
    path.write_bytes(body)
    with pytest.raises(JournalError, match="damaged") as caught:
        Store.open(path, keyring=keyring)
    assert caught.value.__cause__ is None


def test_another_programs_database_is_refused(path: Path, keyring: FileKeyring) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE records (x)")
    connection.close()
    with pytest.raises(JournalError, match="not one of evalkit's"):
        Store.open(path, keyring=keyring)


def test_a_store_cut_short_anywhere_gives_an_error_or_nothing_wrong(full: Path, keyring: FileKeyring) -> None:
    whole = full.read_bytes()
    for length in range(0, len(whole), 1024):
        full.write_bytes(whole[:length])
        with pytest.raises(JournalError):
            _read_all(full, keyring)


@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_in_the_file_gives_an_error_or_changes_nothing(
    full: Path, keyring: FileKeyring, place: int, bit: int
) -> None:
    whole = bytearray(full.read_bytes())
    whole[place % len(whole)] ^= 1 << bit
    broken = full.with_name("broken.db")
    broken.write_bytes(bytes(whole))
    for side in full.parent.glob("broken.db?*"):
        side.unlink()
    shown = ""
    try:
        seen = _read_all(broken, keyring)
    except EvalkitError as error:
        seen, shown = (ROWS, b"scores of Nakamura"), str(error)
    assert seen == (ROWS, b"scores of Nakamura")
    assert "Nakamura" not in shown


@pytest.mark.parametrize("place", [0, 3, 5, 8, 12, 40, 300])
def test_a_damaged_index_hides_no_record(full: Path, keyring: FileKeyring, place: int) -> None:
    connection = sqlite3.connect(full)
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name LIKE 'sqlite_autoindex_rec%'"
    ).fetchone()
    connection.close()
    whole = bytearray(full.read_bytes())
    whole[(root - 1) * 4096 + place] ^= 0x01
    full.write_bytes(bytes(whole))
    with Store.open(full, keyring=keyring) as store:
        assert store.ids() == {row[:2] for row in ROWS}
        for record_id, part, plaintext in ROWS[::7]:
            with contextlib.suppress(JournalError):
                assert store.get(record_id, part) == plaintext


def _read_all(path: Path, keyring: FileKeyring) -> tuple[list[Row], bytes | None]:
    with Store.open(path, keyring=keyring) as store:
        return list(store.read()), store.attached("judged")


def test_a_second_store_is_not_made_over_the_first(full: Path, keyring: FileKeyring) -> None:
    with pytest.raises(FileExistsError):
        Store.create(full, HEADER, keyring=keyring)
    with Store.open(full, keyring=keyring) as store:
        assert len(store) == len(ROWS)


def test_a_file_that_was_only_just_begun_is_made_anew(path: Path, keyring: FileKeyring) -> None:
    path.touch(mode=0o600)
    with Store.create(path, HEADER, keyring=keyring) as store:
        store.append(ROWS)
        assert len(list(store.read())) == len(ROWS)


def test_without_the_keyring_the_file_is_not_opened(full: Path, tmp_path: Path) -> None:
    other = FileKeyring(tmp_path / "other" / "keyring.json")
    other.keys()
    with pytest.raises(JournalError, match=r"not in this keyring.*EVALKIT_KEYRING"):
        Store.open(full, keyring=other)


def test_a_key_that_cannot_be_had_leaves_no_store_behind(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SealError):
        Store.create(path, HEADER, keyring=FileKeyring(tmp_path / "file" / "keyring.json"))
    with Store.create(path, HEADER, keyring=FileKeyring(tmp_path / "good" / "keyring.json")) as store:
        assert len(store) == 0


def test_what_is_missing_or_a_folder_is_said_to_be_so(tmp_path: Path, keyring: FileKeyring) -> None:
    with pytest.raises(JournalError, match="there is no such file"):
        Store.open(tmp_path / "nowhere.db", keyring=keyring)
    with pytest.raises(JournalError, match="cannot be used"):
        Store.create(tmp_path, HEADER, keyring=keyring)


def test_a_closed_store_says_that_it_is_closed(path: Path, keyring: FileKeyring) -> None:
    store = Store.create(path, HEADER, keyring=keyring)
    store.close()
    store.close()
    with pytest.raises(JournalError, match="closed"):
        store.append(ROWS)
    with pytest.raises(JournalError, match="closed"):
        store.get("case-1", 0)


def test_one_process_writes_at_a_time(path: Path, keyring: FileKeyring) -> None:
    script = (
        "import sys; from pathlib import Path; from evalkit.vault.keys import FileKeyring;"
        "from evalkit.vault.store import Store; from evalkit.errors import JournalError\n"
        "try: Store.open(Path(sys.argv[1]), keyring=FileKeyring(Path(sys.argv[2])), writable=True)\n"
        "except JournalError as error: print(error.what)"
    )
    with Store.create(path, HEADER, keyring=keyring) as store:
        store.append(ROWS[:1])
        command = [sys.executable, "-c", script, str(path), str(keyring.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "another process is writing the file"


def test_threads_append_without_losing_a_record(path: Path, keyring: FileKeyring) -> None:
    with Store.create(path, HEADER, keyring=keyring) as store:

        def append(part: int) -> None:
            for number in range(25):
                store.append([(f"case-{number}", part, b"x")])

        threads = [threading.Thread(target=append, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(store.read())) == 100


def test_a_copy_taken_while_writing_opens_with_everything_acknowledged(
    path: Path, keyring: FileKeyring, tmp_path: Path
) -> None:
    crashed = tmp_path / "crashed"
    with Store.create(path, HEADER, keyring=keyring) as store:
        store.append(ROWS)
        shutil.copytree(path.parent, crashed)  # what a power cut would leave
    with Store.open(crashed / "run.db", keyring=keyring, writable=True) as store:
        assert list(store.read()) == ROWS
        store.append([("case-x", 0, b"more")])
        assert len(list(store.read())) == len(ROWS) + 1


def test_a_write_ahead_log_cut_anywhere_leaves_a_prefix_of_whole_appends(
    path: Path, keyring: FileKeyring, tmp_path: Path
) -> None:
    with Store.create(path, HEADER, keyring=keyring) as store:
        for start in range(0, len(ROWS), 8):
            store.append(ROWS[start : start + 8])
        main, wal = path.read_bytes(), path.with_name("run.db-wal").read_bytes()
    for turn, length in enumerate(range(len(wal), 0, -1500)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        (folder / "run.db").write_bytes(main)
        (folder / "run.db-wal").write_bytes(wal[:length])
        try:
            with Store.open(folder / "run.db", keyring=keyring, writable=True) as store:
                rows = list(store.read())
        except JournalError:
            continue  # cut before the store was made
        assert rows == ROWS[: len(rows)]
        assert len(rows) % 8 == 0
