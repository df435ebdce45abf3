"""Cases, a keyring and a journal's header for tests of running."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from evalkit.cases.case import Case
from evalkit.executions.journal import Header
from evalkit.vault.keys import FileKeyring


@pytest.fixture
def cases() -> Sequence[Case]:
    """Forty cases whose input says which one it is."""
    return [
        Case(f"case-{number:03d}", "billing_codes", {"number": number, "lines": [{"units": number}]}, {"ok": True}, {})
        for number in range(40)
    ]


@pytest.fixture
def keyring(tmp_path: Path) -> FileKeyring:
    """A keyring outside of the folder of runs."""
    return FileKeyring(tmp_path / "keys" / "keyring.json")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal is to be."""
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs" / "run.db"


@pytest.fixture
def header() -> Header:
    """The header of a run."""
    return {
        "run_id": "run-1",
        "spec_id": "billing_codes",
        "spec_version": "1.0.0",
        "behaviour_sha": "ab" * 32,
        "dataset_digest": "cd" * 32,
        "agent_id": "answer@1",
        "metrics_digest": "ef" * 32,
        "trials": 1,
        "cases": 40,
        "created_at": "2026-01-01T00:00:00+00:00",
    }
