"""One command line in this process, as its user sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evalkit.cli import run

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run one command line: (exit code, stdout, stderr)."""

    def run_line(*words: str) -> tuple[int, str, str]:
        code = run(words)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run_line
