"""The journal: what is kept, what stands in clear, and whose run it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.errors import JournalError, ResumeRefused
from evalkit.executions.encoding import VERSION
from evalkit.executions.execution import Execution, Failure
from evalkit.executions.journal import HEADER_FIELDS, Header, Journal, compare_headers, open_or_resume
from evalkit.vault.keys import FileKeyring
from evalkit.vault.store import Store

EXECUTIONS = (
    Execution("case-1", 0, Reply("ok", {"summary": "Nakamura was seen"}, confidence=0.5, trace=("Modifiers/25",))),
    Execution("case-1", 1, None, Failure("ValueError", "ValueError: Nakamura"), ("asked about Nakamura",), 2, 0.25),
    Execution("case-2", 0, Reply("refused", refusal=Refusal("CONSENT_MISSING", "flags.consent"), stripped=("x",))),
)


@pytest.fixture
def kept(path: Path, header: Header, keyring: FileKeyring) -> Path:
    with Journal.create(path, header, keyring) as journal:
        journal.append(EXECUTIONS)
    return path


def test_executions_are_read_back_equal_and_in_order(kept: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.open(kept, keyring) as journal:
        assert tuple(journal.read()) == EXECUTIONS
        assert journal.keys() == {("case-1", 0), ("case-1", 1), ("case-2", 0)}
        assert journal.get("case-1", 1) == EXECUTIONS[1]
        assert journal.get("case-3") is None
        assert len(journal) == 3
        assert dict(journal.header) == dict(header)


def test_nothing_of_an_execution_stands_in_clear_but_its_case_and_trial(kept: Path) -> None:
    data = kept.read_bytes()
    for text in (b"Nakamura", b"summary", b"ValueError", b"CONSENT_MISSING", b"Modifiers", b"refused"):
        assert text not in data
    assert b"case-1" in data


def test_attachments_are_sealed_and_come_back(path: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.create(path, header, keyring) as journal:
        journal.attach("judged", b"Nakamura scores 1")
        assert journal.attached("judged") == b"Nakamura scores 1"
        assert journal.attached("spec") is None
    assert b"Nakamura" not in path.read_bytes()


def test_the_same_case_and_trial_is_kept_once(kept: Path, keyring: FileKeyring) -> None:
    with Journal.open(kept, keyring, writable=True) as journal:
        with pytest.raises(JournalError, match="there already"):
            journal.append([Execution("case-9", 0, Reply("ok")), EXECUTIONS[0]])
        assert journal.get("case-9") is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"patient": "Nakamura"}, "1 fields of the header are not among those that may stand in clear"),
        ({"trials": "1"}, "trials of the header is not a int"),
        ({"trials": True}, "trials of the header is not a int"),
        ({"spec_id": 7}, "spec_id of the header is not a str"),
        ({"dataset_name": "x" * 257}, "longer than 256"),
        ({"dataset_name": "two\nlines"}, "not printable"),
        ({"run_id": ""}, "has no run_id"),
    ],
)
def test_only_named_fields_of_their_type_stand_in_clear(
    path: Path, header: Header, keyring: FileKeyring, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(JournalError, match=message) as caught:
        Journal.create(path, {**header, **changed}, keyring)  # type: ignore[dict-item]
    assert "Nakamura" not in str(caught.value)
    assert not path.exists()


def test_the_same_run_is_gone_on_with(kept: Path, header: Header, keyring: FileKeyring) -> None:
    later = {**header, "run_id": "run-2", "created_at": "2026-01-02T00:00:00+00:00", "evalkit_version": "9"}
    with open_or_resume(kept, later, keyring) as journal:
        assert journal.header["run_id"] == "run-1"
        journal.append([Execution("case-3", 0, Reply("ok", {}))])
        assert len(tuple(journal.read())) == 4


def test_a_new_run_is_begun_where_there_is_none(path: Path, header: Header, keyring: FileKeyring) -> None:
    with open_or_resume(path, header, keyring) as journal:
        assert len(journal) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("behaviour_sha", "00" * 32),
        ("dataset_digest", "00" * 32),
        ("agent_id", "b@2"),
        ("metrics_digest", "0"),
        ("trials", 3),
    ],
)
def test_another_run_is_refused_with_the_field_that_differs(
    kept: Path, header: Header, keyring: FileKeyring, name: str, value: str | int
) -> None:
    with pytest.raises(ResumeRefused, match=f"{name} is .* there and .* here"):
        open_or_resume(kept, {**header, name: value}, keyring)
    with Journal.open(kept, keyring) as journal:  # and it was let go of, unharmed
        assert len(journal) == 3


def test_every_field_that_differs_is_in_the_refusal(header: Header) -> None:
    other = {**header, "trials": 2, "dataset_digest": "00" * 32, "run_id": "other"}
    assert compare_headers(header, other) == (
        "dataset_digest is cdcdcdcdcdcd... there and 000000000000... here",
        "trials is 1 there and 2 here",
    )


def test_a_field_that_is_missing_differs(header: Header) -> None:
    assert compare_headers({}, {"family": "x"}) == ("family is missing there and x here",)


def test_names_and_times_for_people_never_refuse_a_resume(header: Header) -> None:
    assert compare_headers(header, {**header, "dataset_name": "b", "run_id": "c", "evalkit_version": "d"}) == ()
    assert {"dataset_name", "run_id", "evalkit_version"} < set(HEADER_FIELDS)


def test_a_journal_is_not_made_over_another(kept: Path, header: Header, keyring: FileKeyring) -> None:
    with pytest.raises(JournalError, match="there is a journal here already"):
        Journal.create(kept, header, keyring)


def test_a_journal_with_an_execution_of_a_newer_evalkit_says_so(
    path: Path, header: Header, keyring: FileKeyring
) -> None:
    with Store.create(path, header, keyring=keyring) as store:
        store.append([("case-1", 0, b"[%d, 1, 0.5, [], null, null, {}]" % (VERSION + 1))])
    with Journal.open(path, keyring) as journal, pytest.raises(JournalError, match="or a newer one"):
        tuple(journal.read())


def test_a_journal_of_a_newer_format_says_so(kept: Path, keyring: FileKeyring) -> None:
    connection = sqlite3.connect(kept)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JournalError, match="format 99"):
        Journal.open(kept, keyring)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.8])
def test_a_truncated_journal_is_a_journal_error(kept: Path, keyring: FileKeyring, share: float) -> None:
    whole = kept.read_bytes()
    kept.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(JournalError), Journal.open(kept, keyring) as journal:
        tuple(journal.read())


def test_an_execution_moved_to_another_trial_is_a_journal_error(kept: Path, keyring: FileKeyring) -> None:
    connection = sqlite3.connect(kept)
    (trigger,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'records_update'").fetchone()
    connection.execute("DROP TRIGGER records_update")
    connection.execute("UPDATE records SET part = 5 WHERE id = 'case-2'")
    connection.execute(trigger)
    connection.commit()
    connection.close()
    with Journal.open(kept, keyring) as journal, pytest.raises(JournalError, match="damaged"):
        journal.get("case-2", 5)
