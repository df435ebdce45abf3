"""Recorded runs of systems elsewhere, kept sealed in the workspace under a name, for replay."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from evalkit.agents.replay import Replay, replay
from evalkit.errors import RecordedError
from evalkit.evaluation.workspace import check_name, open_workspace
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal


def save_recording(name: str, executions: Sequence[Execution]) -> Path:
    """Keep recorded executions under a name: the whole of them or nothing. An earlier recording is replaced."""
    folder = open_workspace().recorded
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{check_name(name, what='recorded run')}.db"
    fresh = folder / f".{path.name}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    header: dict[str, str | int] = {"run_id": name, "cases": len({one.case_id for one in executions})}
    with Journal.create(fresh, header, open_workspace().keyring()) as journal:
        journal.append(executions)
    fresh.replace(path)
    return path


def load_recording(name: str) -> Replay:
    """An agent that gives the recorded answers again. Raises RecordedError for a name that is not there."""
    folder = open_workspace().recorded
    path = folder / f"{check_name(name, what='recorded run')}.db"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in folder.glob("*.db"))) or "none yet"
        raise RecordedError(
            f"no recorded run {name!r}", next_step=f"there are: {known}; `evalkit import` brings in more"
        )
    with Journal.open(path, open_workspace().keyring()) as journal:
        return replay(tuple(journal.read()))
