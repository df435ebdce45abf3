"""`evalkit plan` and the commands that judge anew: what an analyst types before and after an edit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.cli import run
from evalkit.evaluation.runs import load_run


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_plan_says_how_many_cases_show_a_drop(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = say(capsys, "plan", "--from", "0.94", "--to", "0.89", "--power", "0.8")
    assert code == 0
    assert "94.0 % -> 89.0 %: 189 cases show it with chance 0.8" in text


def test_plan_says_what_the_cases_at_hand_see_and_what_trials_would_add(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = say(capsys, "plan", "--from", "0.94", "--to", "0.89", "--cases", "100")
    assert code == 0
    assert "100 cases show it with chance 0.51" in text
    assert "About 3 trials a case would do." in text
    _, alike = say(capsys, "plan", "--to", "0.89", "--cases", "100", "--rerun", "1")
    assert "No number of trials" in alike


def test_plan_speaks_to_machines_and_draws(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "power.svg"
    code, text = say(capsys, "plan", "--to", "0.89", "--cases", "300", "--json", "--plot", str(picture))
    assert code == 0
    assert json.loads(text)["trials_needed"] == 1
    assert picture.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("arguments", [[], ["--to", "0.95"], ["--to", "1.5"], ["--to", "0.9", "--rho", "0.99"]])
def test_a_plan_without_a_drop_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert say(capsys, "plan", *arguments)[0] == 2


def test_a_gate_that_cannot_see_its_margin_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = say(capsys, "plan", "--spec", "billing_codes@2.0.0", "--cases", "60")
    assert code == 3
    assert "the margin needs" in text
    _, machines = say(capsys, "plan", "--spec", "billing_codes@2.0.0", "--cases", "60", "--json")
    assert json.loads(machines)[0]["sees"] is False


def test_a_run_stops_when_decided_and_is_judged_again_by_another_policy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path / ".evalkit"))
    assert say(capsys, "evaluate", "billing_codes@1.0.0", "--synthesize", "100")[0] == 0
    code, text = say(
        capsys, "evaluate", "billing_codes@2.0.0", "--synthesize", "100", "--stop-when-decided", "billing_codes@1.0.0"
    )
    assert code == 0
    assert "stopped after" in text
    stopped = load_run("billing_codes@2.0.0")
    assert stopped.stopped is not None
    assert stopped.stopped.decision == "regressed"
    assert say(capsys, "gate", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0")[0] == 1
    code, text = say(capsys, "gate", "billing_codes@1.0.0", "--policy", "billing_codes@2.0.0")
    assert code == 0
    assert "line_exact drop <= 2 points versus production" in text
    assert say(capsys, "gate", "billing_codes@1.0.0", "--policy", "billing_codes@2.0.0", "--record", "specs")[0] == 2
