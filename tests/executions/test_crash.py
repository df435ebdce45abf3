"""Kill -9 half-way: nothing acknowledged is lost, only what was in flight is asked again, and no file shows a value."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import Case
from evalkit.errors import JournalError
from evalkit.executions.journal import Header, Journal, open_or_resume
from evalkit.executions.runner import execute
from evalkit.vault.keys import FileKeyring

CASES = 200
CONCURRENCY = 10
CANARIES = ("Wilhelmina Nakamura-Oyelaran", "900-12-3456", "mrn-canary-00417")


@dataclass
class Victim:
    """A run in a process of its own."""

    command: list[str]
    calls_file: Path

    def calls(self) -> list[str]:
        return self.calls_file.read_text().split() if self.calls_file.exists() else []

    @contextmanager
    def running(self, until: int) -> Iterator[subprocess.Popen[bytes]]:
        """The process, once it has asked so often."""
        process = subprocess.Popen(self.command, stderr=subprocess.PIPE)
        try:
            while process.poll() is None and len(self.calls()) < until:
                time.sleep(0.002)
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def victim(form: str, path: Path, header: Header, keyring: FileKeyring, tmp_path: Path) -> Victim:
    calls = tmp_path / "calls.txt"
    script = Path(__file__).with_name("killed.py")
    given = [json.dumps(value) for value in (dict(header), CANARIES, CASES, CONCURRENCY)]
    return Victim([sys.executable, str(script), str(path), str(keyring.path), str(calls), form, *given], calls)


def assert_nothing_shows(folder: Path) -> None:
    """No word of a planted identifier, as `strings` would show it, in any file; and all of them 0600."""
    files = [entry for entry in folder.rglob("*") if entry.is_file()]
    assert files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
        data = file.read_bytes()
        for word in " ".join(CANARIES).split():
            for encoding in ("utf-8", "utf-16-le"):
                assert word.encode(encoding) not in data, file.name


@pytest.mark.parametrize("form", ["def", "async def"])
def test_a_killed_run_asks_again_only_what_was_in_flight(
    victim: Victim, path: Path, header: Header, keyring: FileKeyring
) -> None:
    with victim.running(until=CASES // 2) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.returncode == -signal.SIGKILL
    first = victim.calls()
    assert_nothing_shows(path.parent)
    with open_or_resume(path, header, keyring) as journal:
        kept = {one.case_id for one in journal.read()}
    assert kept <= set(first)

    subprocess.run(victim.command, check=True, capture_output=True)
    again = victim.calls()[len(first) :]
    assert sorted(again) == sorted({f"case-{number:03d}" for number in range(CASES)} - kept)
    assert len(set(first) & set(again)) <= CONCURRENCY
    assert_nothing_shows(path.parent)
    with Journal.open(path, keyring) as journal:
        executions = list(journal.read())
    assert len(executions) == len({one.case_id for one in executions}) == CASES
    assert any(CANARIES[2] in one.failure.text for one in executions if one.failure)
    assert all(one.logs == (CANARIES[1],) for one in executions)


@pytest.mark.parametrize("form", ["def"])
def test_a_run_that_is_being_made_is_not_made_twice_at_once(
    victim: Victim, path: Path, header: Header, keyring: FileKeyring
) -> None:
    victim.command[-2] = "100000"  # it will not be done before it is killed
    with victim.running(until=1), pytest.raises(JournalError, match="another process is writing"):
        open_or_resume(path, header, keyring)


@pytest.mark.parametrize("form", ["def", "async def"])
def test_control_c_leaves_a_journal_to_go_on_from(
    victim: Victim, path: Path, header: Header, keyring: FileKeyring
) -> None:
    with victim.running(until=50) as process:
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.communicate(timeout=30)[1]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]  # closed, in one file
    assert_nothing_shows(path.parent)

    def agent(request: Request) -> Reply:
        return Reply("ok", {})

    cases = [Case(f"case-{number:03d}", "billing_codes", {}, {}, {}) for number in range(CASES)]
    with open_or_resume(path, header, keyring) as journal:
        assert len(journal) >= 50 - 2 * CONCURRENCY
        assert len(execute(cases, agent, spec_ref="a@1", journal=journal)) == CASES
        assert len(journal) == CASES
