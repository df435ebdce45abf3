"""An evaluation that is killed goes on where it stopped: nothing that was recorded is asked again, nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EVALKIT = Path(sys.executable).with_name("evalkit")
CASES, CONCURRENCY = 60, 6
AGENT = """
import os, time
from pathlib import Path
import evalkit as ek

INNER = ek.offline_agent(ek.load_spec("billing_codes@1.0.0"))

def agent(request):
    time.sleep(0.03)
    with open("asked.log", "a", encoding="ascii") as log:
        log.write(request.request_id + "\\n")
    return INNER(request)
"""
COMMAND = [
    *(str(EVALKIT), "evaluate", "billing_codes@1.0.0", "--synthesize", str(CASES)),
    *("--agent", "python:slow:agent", "--concurrency", str(CONCURRENCY), "--json"),
]


@pytest.fixture
def folder(workspace: Path) -> Path:
    (workspace.parent / "slow.py").write_text(AGENT, encoding="utf-8")
    return workspace.parent


def asked(folder: Path) -> list[str]:
    log = folder / "asked.log"
    return log.read_text(encoding="ascii").split() if log.exists() else []


def kill_half_way(folder: Path) -> int:
    """Start the evaluation, kill it with SIGKILL after some twenty answers; how many had been asked."""
    process = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(asked(folder)) < 25 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    return len(asked(folder))


def test_only_what_was_in_flight_is_asked_again(folder: Path) -> None:
    before = kill_half_way(folder)
    assert before >= 25
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, check=True)
    run = json.loads(done.stdout)["run"]
    every = run["cases"] + run["probes"]
    ids = asked(folder)
    assert before < every, "it was killed before the end"
    assert len(set(ids)) == every, "every case and probe was asked"
    assert len(ids) - every <= CONCURRENCY, "what is asked twice was in flight"


def test_a_killed_evaluation_leaves_nothing_in_clear_and_no_finished_run(folder: Path) -> None:
    kill_half_way(folder)
    assert list((folder / ".evalkit" / "runs").glob("*.db")) == []
    left = [path for path in (folder / ".evalkit").rglob("*") if path.is_file()]
    assert left
    for path in left:
        assert path.stat().st_mode & 0o077 == 0, path.name
        assert b"Visit time" not in path.read_bytes()


def test_an_edited_spec_starts_anew_and_the_named_journal_is_refused(folder: Path) -> None:
    kill_half_way(folder)
    partial = next((folder / ".evalkit" / "runs" / "partial").glob("*.db"))
    other = [word.replace("billing_codes@1.0.0", "billing_codes@2.0.0") for word in COMMAND]
    done = subprocess.run([*other, "--journal", str(partial)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "content_sha is" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
