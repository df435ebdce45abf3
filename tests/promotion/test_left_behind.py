"""What the loop leaves behind: no file of it holds a value in clear, also where a process was killed or crashed."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import evalkit as ek

AGENT = """
import logging, os, time
import evalkit as ek
from evalkit.agents.agent import Reply

CANARY = bytes({canary}).decode()
rules = ek.offline_agent(ek.load_spec("billing_codes@1.0.0"))
calls = []


def clinic(request):
    calls.append(request)
    logging.getLogger("clinic").warning("%s %s", CANARY, request.input)
    if len(calls) == int(os.environ.get("CRASH_AT", 0)):
        time.sleep(0.2)  # what was answered is journalled: the files are there, side files too
        os.kill(os.getpid(), int(os.environ["CRASH_WITH"]))
    if len(calls) % 4 == 0:
        raise ValueError(CANARY, request.input)
    return rules(request)


clinic.agent_id = "clinic@1"
"""
CANARY = "ZQXJ-canary-7731"
CODE = "import sys; from evalkit.cli import main; sys.argv[0] = 'evalkit'; main()"


def command(folder: Path, *words: str, **besides: str) -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own that may write core dumps as large as it likes."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", CODE, *words], cwd=folder, capture_output=True, check=False,
        env={**os.environ, **besides}, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)),
    )  # fmt: skip


def scan(folder: Path, needles: set[bytes]) -> dict[str, int]:
    """File -> needles in it, over every file under a folder."""
    hits = {}
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            found = sum(form in body for needle in needles for form in (needle, needle[::-1], needle.hex().encode()))
            hits[str(path.relative_to(folder))] = found
    return hits


@pytest.mark.usefixtures("workspace")
def test_no_value_is_in_any_file_that_the_loop_leaves_killed_crashed_and_finished(
    tmp_path: Path, own_keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "here" / "tmp"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    here = tmp_path / "here"
    (here / "tmp").mkdir()
    (here / "clinic.py").write_text(AGENT.format(canary=list(CANARY.encode())))
    spec = ek.load_spec("billing_codes@1.0.0")
    cases = ek.synthesize(spec, n=12, seed=7)
    needles = {CANARY.encode()} | {
        known.value.encode() for one in cases for known in one.identifiers if len(known.value) > 5
    }
    evaluate = ("evaluate", "billing_codes@1.0.0", "--synthesize", "12", "--seed", "7", "--concurrency", "1",
                "--agent", "python:clinic:clinic")  # fmt: skip
    said = b""
    for crash in (9, 6):
        done = command(here, *evaluate, CRASH_AT="9", CRASH_WITH=str(crash))
        assert done.returncode == -crash, done.stderr
        said += done.stdout + done.stderr
        hits = scan(here, needles)
        assert any(name.endswith("-wal") for name in hits), "the scan saw a journal that was being written"
        assert {name for name, count in hits.items() if count} == set()
    for words in (
        evaluate,
        ("flags", "billing_codes@1.0.0", "--audit-share", "1"),
        ("audit", "export", "-o", "out.jsonl"),
    ):
        done = command(here, *words)
        assert done.returncode in {0, 1, 4}, done.stderr
        said += done.stdout + done.stderr
    from evalkit.evaluation.safekeeping import open_ledger

    with open_ledger() as ledger:
        numbers = [one.seq for one in ledger.records("action = 'execute'")]
    for seq in numbers[3:4]:
        done = command(here, "replay", str(seq), "--agent", "python:clinic:clinic")
        assert done.returncode in {0, 1}, done.stderr
        said += done.stdout + done.stderr
    assert not [needle for needle in needles if needle in said]
    for folder in (here, own_keyring.parent):
        hits = scan(folder, needles)
        assert hits
        assert {name for name, count in hits.items() if count} == set()
    assert not list(here.rglob("core*"))
