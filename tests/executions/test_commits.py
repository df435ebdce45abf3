"""Group commit: what is written is safe from a kill, what is synced from a power cut, and an error is told once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply
from evalkit.errors import EvalkitError, JournalError
from evalkit.executions.commits import GroupCommit
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Header, Journal
from evalkit.vault.keys import FileKeyring


def execution(number: int) -> Execution:
    return Execution(f"case-{number}", 0, Reply("ok", {}))


class Disk:
    """A journal that notes what it is told to do, and may be held up."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.go_on = threading.Event()
        self.entered = threading.Event()
        self.synced = threading.Event()

    def write(self, batch: Sequence[Execution]) -> None:
        self.entered.set()
        assert self.go_on.wait(30)
        self.groups.append(len(batch))

    def sync(self) -> None:
        self.synced.set()


def test_everything_put_is_on_disk_after_close_and_in_order(path: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.create(path, header, keyring) as journal:
        commits = GroupCommit(journal, on_error=pytest.fail)
        for number in range(3000):
            commits.put(execution(number))
        commits.close()
        assert [one.case_id for one in journal.read()] == [f"case-{number}" for number in range(3000)]


def test_what_is_written_is_synced_soon_without_being_asked() -> None:
    disk = Disk()
    disk.go_on.set()
    commits = GroupCommit(disk, on_error=pytest.fail)  # type: ignore[arg-type]
    commits.put(execution(0))
    assert not disk.synced.is_set()
    assert commits.write() == 1
    assert disk.synced.wait(30)
    commits.close()
    assert disk.groups == [1]


def test_what_comes_while_another_writes_is_the_next_group_and_its_worker_waits_for_it() -> None:
    disk = Disk()
    commits = GroupCommit(disk, on_error=pytest.fail)  # type: ignore[arg-type]
    written: list[int] = []

    def work(numbers: range) -> None:
        for number in numbers:
            commits.put(execution(number))
        written.append(commits.write())

    first = threading.Thread(target=work, args=(range(1),))
    first.start()
    assert disk.entered.wait(30)
    second = threading.Thread(target=work, args=(range(1, 500),))
    second.start()
    second.join(0.05)
    assert second.is_alive()
    disk.go_on.set()
    first.join()
    second.join()
    commits.close()
    assert disk.groups == [1, 499]
    assert written == [1, 499]


def test_nothing_is_written_where_nothing_waits() -> None:
    disk = Disk()
    commits = GroupCommit(disk, on_error=pytest.fail)  # type: ignore[arg-type]
    assert commits.write() == 0
    commits.close()
    assert disk.groups == []


def test_workers_that_put_at_once_lose_nothing(path: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.create(path, header, keyring) as journal:
        commits = GroupCommit(journal, on_error=pytest.fail)

        def work(start: int) -> None:
            for number in range(start, start + 200):
                commits.put(execution(number))
                commits.write()

        workers = [threading.Thread(target=work, args=(start,)) for start in range(0, 800, 200)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        commits.close()
        assert len(journal) == len({one.case_id for one in journal.read()}) == 800


def test_an_error_of_the_journal_is_told_once_and_nothing_is_written_any_more(
    path: Path, header: Header, keyring: FileKeyring
) -> None:
    told: list[EvalkitError] = []
    with Journal.create(path, header, keyring) as journal:
        journal.append([execution(0)])
        commits = GroupCommit(journal, on_error=told.append)
        for number in (0, 1, 2):
            commits.put(execution(number))
            commits.write()
        commits.close()
        assert len(journal) == 1
    assert [type(error) for error in told] == [JournalError]
