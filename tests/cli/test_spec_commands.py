"""`evalkit spec`: publish, promote, roll back; production moves only with a passing gate or a named override."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evalkit.cli import run
from evalkit.tasks import shipped_root

pytestmark = pytest.mark.usefixtures("workspace")
WHO = ("--author", "revenue-cycle", "--reason", "a test")


@pytest.fixture
def drafts() -> Path:
    folder = Path("drafts")
    shutil.copytree(shipped_root() / "specs" / "billing_codes", folder)
    return folder


def test_lint_shows_both_digests(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spec", "lint", str(drafts / "1.0.0.md")]) == 0
    assert "content" in capsys.readouterr().out


def test_a_broken_document_is_refused_with_its_line(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (drafts / "1.0.0.md").read_text(encoding="utf-8").replace("# Modifiers", "# Modifierz")
    (drafts / "broken.md").write_text(text, encoding="utf-8")
    line = text.splitlines().index("# Modifierz") + 1
    assert run(["spec", "lint", str(drafts / "broken.md")]) == 2
    assert f"broken.md:{line}" in capsys.readouterr().err


def test_production_moves_with_a_passing_gate_and_rolls_back(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spec", "publish", str(drafts / "1.0.0.md"), *WHO]) == 0
    assert run(["spec", "promote", "billing_codes@1.0.0", *WHO]) == 2, "no gate on record"
    assert run(["evaluate", "billing_codes@1.0.0", "--synthesize", "400"]) == 0
    assert run(["gate", "billing_codes@1.0.0", "--record", "specs"]) == 0
    assert run(["spec", "promote", "billing_codes@1.0.0", *WHO]) == 0

    assert run(["spec", "publish", str(drafts / "2.0.0.md"), *WHO]) == 0
    assert run(["evaluate", "billing_codes@2.0.0", "--synthesize", "400"]) == 0
    assert run(["gate", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0", "--record", "specs"]) == 1
    assert run(["spec", "promote", "billing_codes@2.0.0", *WHO]) == 2, "its gate failed"
    assert run(["spec", "promote", "billing_codes@2.0.0", *WHO, "--override", "chief of coding"]) == 0
    assert run(["spec", "rollback", "billing_codes", *WHO]) == 0
    capsys.readouterr()
    assert run(["spec", "log", "billing_codes", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) >= 6


def test_diff_names_the_edited_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spec", "diff", "billing_codes@1.0.0", "billing_codes@2.0.0"]) == 0
    assert "Modifiers/25" in capsys.readouterr().out


def test_a_gate_that_cannot_see_its_margin_says_so_when_it_is_written(
    drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = ("--gold", "billing-codes-synthetic")
    assert run(["spec", "lint", str(drafts / "2.0.0.md"), *gold]) == 0
    blind = "BLIND: line_exact: a drop of 2.0 points from 90.0 % is shown by"
    assert blind in capsys.readouterr().out
    generous = (drafts / "2.0.0.md").read_text(encoding="utf-8").replace("max_drop: 0.02", "max_drop: 0.6")
    (drafts / "generous.md").write_text(generous, encoding="utf-8")
    assert run(["spec", "lint", str(drafts / "generous.md"), *gold]) == 0
    lint = capsys.readouterr().out
    assert "BLIND" not in lint
    assert "a drop of 60.0 points" in lint
    assert run(["spec", "publish", str(drafts / "2.0.0.md"), *WHO, *gold]) == 0
    published = capsys.readouterr().out
    assert published.index(blind) < published.index("published billing_codes@2.0.0")


def test_publishing_without_a_gold_set_says_that_nobody_asked(drafts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spec", "publish", str(drafts / "2.0.0.md"), *WHO]) == 0
    assert "not asked whether 1 gate on a drop can be seen" in capsys.readouterr().out
