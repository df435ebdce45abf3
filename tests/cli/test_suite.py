"""The suite as CI calls it: one command, four files, an exit code; and the shell recipe that wraps it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

import evalkit
from evalkit.cli import run
from evalkit.evaluation.runs import list_runs

RECIPES = Path(evalkit.__file__).parent / "cli" / "skeleton"
WORDS = ("suite", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0", "--synthesize", "60")

pytestmark = pytest.mark.usefixtures("workspace")


def test_it_fails_an_edit_that_hurts_and_leaves_four_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WORDS) == 1
    assert "REGRESSED" in capsys.readouterr().out
    left = Path("evalkit-results")
    assert sorted(path.name for path in left.iterdir()) == ["junit.xml", "report.html", "result.json", "summary.md"]
    result = json.loads((left / "result.json").read_text(encoding="utf-8"))
    assert (result["verdict"], result["exit_code"]) == ("fail", 1)
    assert result["comparison"]["verdict"] == "regressed"
    assert ET.parse(left / "junit.xml").getroot().findall(".//failure")


def test_a_second_call_asks_no_agent_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WORDS) == 1
    before = list_runs()
    capsys.readouterr()
    assert run(WORDS) == 1
    assert list_runs() == before
    assert capsys.readouterr().out.count("known ") == 2


def test_without_a_baseline_the_gates_on_a_drop_stay_open() -> None:
    assert run(("suite", "billing_codes@1.0.0", "--synthesize", "60")) == 3


def test_a_leaky_agent_fails_whatever_its_scores() -> None:
    words = ("suite", "billing_codes@1.0.0", "--synthesize", "30", "--agent", "faulty:leak_output")
    assert run(words) == 1
    result = json.loads(Path("evalkit-results/result.json").read_text(encoding="utf-8"))
    assert any(row["verdict"] == "fail" for row in result["run"]["checks"])


@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_a_folder_that_cannot_be_written_is_told_before_any_call(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("a file", encoding="utf-8")
    assert run((*WORDS, "--out", out)) == 2
    assert "taken" in capsys.readouterr().err
    assert list_runs() == ()


def test_the_shell_recipe_passes_the_verdict_on_and_posts_the_summary(workspace: Path) -> None:
    posted = workspace.parent / "posted.md"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SPEC": "billing_codes@2.0.0",
        "BASELINE": "billing_codes@1.0.0",
        "CASES": "--synthesize 40",
        "GITHUB_STEP_SUMMARY": str(posted),
    }
    done = subprocess.run(
        ["bash", str(RECIPES / "ci.sh")],
        cwd=workspace.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "fail: see evalkit-results/report.html" in done.stdout
    assert "Modifiers/25" in posted.read_text(encoding="utf-8")


def test_the_actions_recipe_calls_the_shell_recipe_with_what_it_needs() -> None:
    recipe = yaml.safe_load((RECIPES / "evalkit.yml").read_text(encoding="utf-8"))
    job = recipe["jobs"]["suite"]
    assert {"SPEC", "BASELINE", "AGENT", "CASES"} == set(job["env"])
    assert any(step.get("run") == "bash ci.sh" for step in job["steps"])
    assert job["permissions"] == {"contents": "read"}
