"""Group commit: everything that was put is on disk at the end, in few transactions, or the error is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
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


class Disk:
    """A journal that notes who commits how many, and may be held up."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, int]] = []
        self.go_on = threading.Event()
        self.entered = threading.Event()

    def append(self, batch: Sequence[Execution]) -> None:
        self.entered.set()
        self.go_on.wait()
        self.groups.append((threading.current_thread().name, len(batch)))


def test_everything_put_is_on_disk_after_close_and_in_order(path: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.create(path, header, keyring) as journal:
        commits = GroupCommit(journal, on_error=pytest.fail)
        for number in range(3000):
            commits.put(execution(number))
        commits.close()
        assert [one.case_id for one in journal.read()] == [f"case-{number}" for number in range(3000)]


def test_a_lone_answer_is_committed_without_waiting_for_another() -> None:
    disk = Disk()
    disk.go_on.set()
    commits = GroupCommit(disk, on_error=pytest.fail)  # type: ignore[arg-type]
    for number in range(3):
        disk.entered.clear()
        commits.put(execution(number))
        assert disk.entered.wait(30)
    commits.close()
    assert [size for _, size in disk.groups] == [1, 1, 1]


def test_what_comes_while_the_disk_is_busy_gathers_into_one_commit() -> None:
    disk = Disk()
    commits = GroupCommit(disk, on_error=pytest.fail)  # type: ignore[arg-type]
    commits.put(execution(0))
    assert disk.entered.wait(30)
    for number in range(1, 500):
        commits.put(execution(number))
    disk.go_on.set()
    commits.close()
    assert [size for _, size in disk.groups] == [1, 499]


def test_a_worker_that_fills_a_group_waits_until_it_is_on_disk() -> None:
    disk = Disk()
    commits = GroupCommit(disk, on_error=pytest.fail)  # type: ignore[arg-type]
    commits.put(execution(0))
    assert disk.entered.wait(30)

    def work() -> None:
        for number in range(1, GROUP + 1):
            commits.put(execution(number))

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join(0.05)
    assert worker.is_alive()
    disk.go_on.set()
    worker.join()
    commits.close()
    assert sum(size for _, size in disk.groups) == GROUP + 1


def test_workers_that_put_at_once_lose_nothing(path: Path, header: Header, keyring: FileKeyring) -> None:
    with Journal.create(path, header, keyring) as journal:
        commits = GroupCommit(journal, on_error=pytest.fail)

        def work(start: int) -> None:
            for number in range(start, start + 700):
                commits.put(execution(number))

        workers = [threading.Thread(target=work, args=(start,)) for start in range(0, 2800, 700)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        commits.close()
        assert len(journal) == len({one.case_id for one in journal.read()}) == 2800


def test_an_error_of_the_journal_is_told_once_and_nothing_waits_for_the_disk_any_more(
    path: Path, header: Header, keyring: FileKeyring
) -> None:
    told: list[EvalkitError] = []
    with Journal.create(path, header, keyring) as journal:
        journal.append([execution(0)])
        commits = GroupCommit(journal, on_error=told.append)
        for _ in range(3 * GROUP):
            commits.put(execution(0))
        commits.close()
        assert len(journal) == 1
    assert [type(error) for error in told] == [JournalError]
