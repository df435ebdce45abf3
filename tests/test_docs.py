"""The documentation is run: every python block, and every ``$ evalkit ...`` line with the output shown below it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import evalkit
from evalkit.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EVALKIT = Path(sys.executable).parent / "evalkit"


def blocks(page: Path) -> list[tuple[str, str]]:
    """(language, text) of every fenced block, in order."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    return [(token.info.strip(), token.content) for token in tokens if token.type == "fence"]


RUNNABLE = [page for page in PAGES if any(kind in {"python", "console"} for kind, _ in blocks(page))]


def run_console(text: str, folder: Path) -> None:
    """Run each command of a block; every line shown below it must stand in what it prints, ``...`` for anything."""
    commands = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for command in commands:
        line, _, shown = command.partition("\n")
        while line.endswith("\\"):
            more, _, shown = shown.partition("\n")
            line = line[:-1] + more
        words = [os.path.expandvars(word) for word in shlex.split(line, comments=True)]
        words[0] = {"evalkit": str(EVALKIT), "python": sys.executable}[words[0]]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1, 3}, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, f"{line}\n{done.stderr}"
        for wanted in filter(None, (part.strip() for part in shown.splitlines())):
            pattern = ".*".join(re.escape(piece.strip()) for piece in wanted.split("..."))
            pattern = re.sub(r"(\\ )+", r"\\s+", pattern)
            assert re.search(pattern, done.stdout), f"{line}\nwanted: {wanted}\ngot:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_runs(
    page: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if "$ACI_BENCH" in page.read_text(encoding="utf-8"):
        monkeypatch.setenv("ACI_BENCH", str(request.getfixturevalue("shared_data") / "aci_bench"))
    names: dict[str, object] = {"__name__": "__page__"}
    for kind, text in blocks(page):
        if kind == "python":
            exec(compile(text, page.name, "exec"), names)
        elif kind == "console":
            run_console(text, workspace.parent)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_documentation_builds_without_a_warning_and_holds_every_name_and_command(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        str(ROOT / "docs"),
        str(tmp_path),
    ]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = (tmp_path / "reference" / "python.html").read_text(encoding="utf-8")
    assert [name for name in evalkit.__all__ if f'id="evalkit.{name}"' not in names] == []
    commands = (tmp_path / "reference" / "commands.html").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f'id="evalkit-{name}"' not in commands] == []
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="https?://(?!github\.com/pradyunsg|pradyunsg\.me|www\.sphinx-doc\.org)', page)


def help_of(*command: str) -> str:
    done = subprocess.run([str(EVALKIT), *command, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_stands_in_the_reference(command: str) -> None:
    text = help_of(command)
    assert "Example:" in text
    assert f"evalkit {command}" in text
    assert f"`evalkit {command}" in (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")


def test_the_readme_shows_what_the_demo_prints(workspace: Path) -> None:
    done = subprocess.run([str(EVALKIT), "demo"], cwd=workspace.parent, capture_output=True, text=True, check=True)
    shown = next(text for kind, text in blocks(ROOT / "README.md") if kind == "text")
    for line in shown.splitlines()[1:]:
        assert line.rstrip() in done.stdout.splitlines()
    for left in ("report.html", ".evalkit/mlflow.db"):
        assert (workspace.parent / left).is_file()
        assert left in done.stdout


def test_the_readme_shows_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
