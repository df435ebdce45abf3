"""Progress: a bar on a terminal, one that fills in a notebook and leaves its name, silence elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios

import nbformat
import pytest
from nbclient import NotebookClient

from evalkit.report.progress import show_progress

SCRIPT = """
import time
from evalkit.report.progress import show_progress
with show_progress("evaluating <x>") as progress:
    for done in range(0, 4001, 2000):
        time.sleep(0.15)
        progress(done, 4000)
"""


def test_it_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("evaluating") as progress:
        progress(1, 2)
    assert capsys.readouterr() == ("", "")


def test_it_draws_a_bar_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=theirs, check=True)
    drawn = os.read(ours, 100_000).decode()
    os.close(theirs)
    os.close(ours)
    assert "evaluating <x>" in drawn
    assert "/4000" in drawn


def test_in_a_notebook_it_ends_as_its_name() -> None:
    def outputs() -> list[nbformat.NotebookNode]:
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SCRIPT)])
        NotebookClient(book, timeout=60, kernel_name="python3").execute()
        return [output.data for output in book.cells[0].outputs]

    assert outputs() == [{"text/plain": "evaluating <x>"}]


def test_a_bar_of_a_notebook_escapes_what_it_says() -> None:
    from evalkit.report.progress import _Bar

    bundle = _Bar("<img>\x1b", 1, 2)._repr_mimebundle_()
    assert "<img" not in bundle["text/html"]
    assert "\x1b" not in bundle["text/html"] + bundle["text/plain"]
