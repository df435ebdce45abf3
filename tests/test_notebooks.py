"""The notebooks: thin, small, with stored outputs that show no path, no clock and no error; nbval runs them apart."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from evalkit.digests import digest_bytes

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("[!.]*.ipynb"))
CODE_CELLS, MEDIAN_LINES, BYTES = 20, 6, 150_000

SUITE = ROOT / "notebooks" / "suites" / "regression.ipynb"

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def shown(path: Path) -> str:
    """Everything that the stored outputs say."""
    return "\n".join(str(output) for cell in cells(path, "code") for output in cell.outputs)


@every_notebook
def test_it_is_thin_and_has_as_much_prose_as_code(path: Path) -> None:
    code = [cell.source for cell in cells(path, "code")]
    assert len(code) <= CODE_CELLS
    assert statistics.median(len(source.splitlines()) for source in code) <= MEDIAN_LINES
    assert path.stat().st_size <= BYTES
    words = [sum(len(cell.source.split()) for cell in cells(path, kind)) for kind in ("markdown", "code")]
    assert words[0] >= words[1] * 0.8, f"{words[0]} words of prose beside {words[1]} of code"


@every_notebook
def test_its_outputs_are_stored_and_none_is_an_error(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell.execution_count is not None
        assert not any(output.output_type == "error" for output in cell.outputs)
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


@every_notebook
def test_its_outputs_show_no_machine_and_no_moment(path: Path) -> None:
    text = shown(path)
    assert not re.search(r"/(?:home|root|tmp|Users|work)/", text)
    assert not re.search(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d", text)
    assert "object at 0x" not in text


def test_papermill_runs_the_suite_for_another_spec(workspace: Path) -> None:
    before = digest_bytes(SUITE.read_bytes())
    out = workspace.parent / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(SUITE), str(out), "-p", "SPEC", "billing_codes@1.0.0"]
    command += ["-p", "BASELINE", "billing_codes@2.0.0", "-p", "CASES", "40", "--no-progress-bar"]
    done = subprocess.run(
        command, cwd=workspace.parent, env={**os.environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "improved" in shown(out)
    assert digest_bytes(SUITE.read_bytes()) == before
