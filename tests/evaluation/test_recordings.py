"""Recorded runs: kept sealed under a name, answered from again."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.errors import JournalError, RecordedError
from evalkit.evaluation.recordings import load_recording, save_recording
from evalkit.executions.execution import Execution

TEXT = "Seen by the fire with a canary named Zebulon."


def recorded(text: str = TEXT) -> list[Execution]:
    return [Execution("visit-1", 0, Reply("ok", output={"note": text}))]


@pytest.mark.usefixtures("workspace")
def test_a_recording_answers_again() -> None:
    save_recording("system", recorded())
    agent = load_recording("system")
    assert agent(Request("visit-1", "note_summary@1.0.0", {}, {})).output == {"note": TEXT}


def test_nothing_of_it_stands_in_clear(workspace: Path) -> None:
    save_recording("system", recorded())
    stored = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    assert b"visit-1" in stored, "ids are in clear"
    assert b"Zebulon" not in stored


@pytest.mark.usefixtures("workspace")
def test_a_second_recording_of_a_name_replaces_the_first() -> None:
    save_recording("system", recorded("first"))
    save_recording("system", recorded("second"))
    assert load_recording("system")(Request("visit-1", "s@1.0.0", {}, {})).output == {"note": "second"}


@pytest.mark.usefixtures("workspace")
def test_an_unknown_name_lists_those_that_there_are() -> None:
    save_recording("system", recorded())
    with pytest.raises(RecordedError, match="system"):
        load_recording("other")


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("name", ["../out", "", "a/b", ".hidden", "x" * 200, "a\nb"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(JournalError):
        save_recording(name, recorded())
