"""A project made by `init` passes its own tests, its notebook runs, and nothing half-made is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.cli import run

pytestmark = pytest.mark.usefixtures("workspace")


@pytest.fixture
def project(workspace: Path) -> Path:
    assert run(["init", "our_coder"]) == 0
    return workspace.parent / "our_coder"


def call(project: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as a user would type it in the folder of the project."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    environment |= {"PATH": path, **more}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_its_tests_and_its_notebook_pass_as_they_are(project: Path) -> None:
    done = call(project, sys.executable, "-m", "pytest", "-q", "--nbval-lax", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


def test_its_ci_script_passes(project: Path) -> None:
    done = call(
        project, "bash", "ci.sh",
        SPEC="specs/our_coder/1.0.0.md", BASELINE="", AGENT="python:agent:agent", CASES="--gold our_coder",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "evalkit-results" / "report.html").is_file()


def test_no_placeholder_and_no_foreign_name_is_left(project: Path) -> None:
    for path in project.rglob("*"):
        if path.is_file() and path.suffix != ".jsonl":
            text = path.read_text(encoding="utf-8")
            assert not {"$name", "$cases", "$seed"} & set(text.replace("@", " ").replace("/", " ").split()), path.name
    spec = (project / "specs" / "our_coder" / "1.0.0.md").read_text(encoding="utf-8")
    assert "\nid: our_coder\n" in spec
    assert "\nstatus: draft\n" in spec


@pytest.mark.parametrize("name", ["Our-Coder", "1coder", "../outside", "x" * 80])
def test_a_name_that_is_no_spec_id_is_refused_and_nothing_is_left(name: str, workspace: Path) -> None:
    assert run(["init", name]) == 2
    assert [path for path in workspace.parent.iterdir() if path.name != workspace.name] == []


def test_a_folder_that_is_there_is_left_alone(project: Path) -> None:
    (project / "agent.py").write_text("mine", encoding="utf-8")
    assert run(["init", "our_coder"]) == 2
    assert (project / "agent.py").read_text(encoding="utf-8") == "mine"
