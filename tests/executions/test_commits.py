"""Group commit: everything that was put is on disk at the end, in few transactions, or the error is told."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply
from evalkit.errors import EvalkitError, JournalError
from evalkit.executions.commits import GROUP, GroupCommit
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Header, Journal
from evalkit.vault.keys import FileKeyring


def execution(number: int) -> Execution:
    return Execution(f"case-{number}", 0, Reply("ok", {}))


class Slow:
    """A journal whose disk waits until it is let go on."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.go_on = threading.Event()
        self.entered = threading.Event()

    def append(self, batch: list[Execution]) -> None:
        self.entered.set()
        self.go_on.wait()
        self.groups.append(len(batch))


def test_everything_put_is_on_disk_after_close(path: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.create(path, header, keyring) as journal:
        commits = GroupCommit(journal, on_error=pytest.fail)
        for number in range(3000):
            commits.put(execution(number))
        commits.close()
        assert [one.case_id for one in journal.read()] == [f"case-{number}" for number in range(3000)]


def test_the_first_is_committed_at_once_and_the_rest_gathers_meanwhile() -> None:
    slow = Slow()
    commits = GroupCommit(slow, on_error=pytest.fail)  # type: ignore[arg-type]
    commits.put(execution(0))
    slow.entered.wait()
    for number in range(1, 2 * GROUP):
        commits.put(execution(number))
    slow.go_on.set()
    commits.close()
    assert slow.groups == [1, GROUP, GROUP - 1]


def test_a_disk_that_falls_behind_is_said_to_be_full() -> None:
    slow = Slow()
    commits = GroupCommit(slow, on_error=pytest.fail)  # type: ignore[arg-type]
    assert not commits.full
    for number in range(5000):
        commits.put(execution(number))
    assert commits.full
    slow.go_on.set()
    commits.close()
    assert not commits.full


def test_an_error_of_the_journal_is_told_once_and_nobody_waits_for_the_disk_any_more(
    path: Path, header: Header, keyring: FileKeyring
) -> None:
    told: list[EvalkitError] = []
    with Journal.create(path, header, keyring) as journal:
        journal.append([execution(0)])
        commits = GroupCommit(journal, on_error=told.append)
        for number in [0] * 5000:
            commits.put(execution(number))
        commits.close()
    assert [type(error) for error in told] == [JournalError]
    assert not commits.full
