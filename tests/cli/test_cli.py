"""The command line as people and CI use it: output, exit codes, one clear line for bad input."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.cli import COMMANDS

Say = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.usefixtures("workspace")


@pytest.fixture
def compared(say: Say) -> Say:
    """Two runs are in the workspace: the shipped billing spec and its edit, on the same 60 cases."""
    for version in ("1.0.0", "2.0.0"):
        assert say("evaluate", f"billing_codes@{version}", "--synthesize", "60", "--seed", "7")[0] == 0
    return say


def test_help_lists_every_command(say: Say) -> None:
    code, out, _ = say("--help")
    assert code == 0
    assert all(f"  {command} " in out for command in COMMANDS)


def test_an_unknown_command_or_option_is_usage(say: Say) -> None:
    assert say("evalute")[0] == 2
    assert say("evaluate", "billing_codes", "--sed", "1")[0] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "nothing@1.0.0"),
        ("evaluate", "billing_codes@9.9.9"),
        ("evaluate", "missing/file.md"),
        ("evaluate", "billing_codes@1.0.0", "--gold", "nowhere"),
        ("evaluate", "billing_codes@1.0.0", "--gold", "x", "--synthesize", "5"),
        ("evaluate", "billing_codes@1.0.0", "--agent", "oracle"),
        ("evaluate", "billing_codes@1.0.0", "--agent", "replay:nobody"),
        ("evaluate", "billing_codes@1.0.0", "--agent", "python:no.such.module:agent"),
        ("evaluate", "billing_codes@1.0.0", "--agent", "python::agent"),
        ("evaluate", "billing_codes@1.0.0", "--agent", "python:.relative:agent"),
        ("evaluate", "billing_codes@1.0.0", "--agent", "faulty:no_such_fault"),
        ("compare", "billing_codes@1.0.0", "billing_codes@2.0.0"),
        ("gate", "billing_codes@1.0.0"),
        ("report", "billing_codes@1.0.0"),
        ("runs", "show", "nothing"),
        ("synthesize", "billing_codes", "-n", "3"),
        ("import", "aci-bench", "nowhere"),
        ("import", "runs", "nowhere.csv", "--map", "case_id=id,output.note=n", "--name", "x"),
        ("spec", "lint", "nowhere.md"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(say: Say, words: tuple[str, ...]) -> None:
    code, out, err = say(*words)
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert "Traceback" not in err


def test_check_passes_the_offline_agent_and_writes_junit(say: Say, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    code, out, _ = say("check", "billing_codes@1.0.0", "--synthesize", "10", "--junit", str(junit))
    assert code == 0
    assert "164." in out
    assert ET.parse(junit).getroot().tag in {"testsuites", "testsuite"}


@pytest.mark.parametrize("fault", ["leak_output", "ignore_consent", "oversend"])
def test_check_fails_a_faulty_agent(say: Say, fault: str) -> None:
    code, out, _ = say("check", "billing_codes@1.0.0", "--synthesize", "10", "--agent", f"faulty:{fault}", "--json")
    assert code == 1
    assert any(row["verdict"] == "fail" for row in json.loads(out)["checks"])


def test_synthesize_writes_the_same_bytes_twice(say: Say, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert say("synthesize", "billing_codes", "-n", "5", "-o", str(tmp_path / name))[0] == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_synthesized_gold_set_is_kept_and_used_by_name(say: Say) -> None:
    assert say("synthesize", "billing_codes", "-n", "12", "--gold", "mine")[0] == 0
    code, out, _ = say("evaluate", "billing_codes@1.0.0", "--gold", "mine", "--json")
    assert code == 0
    assert json.loads(out)["run"]["dataset_name"].startswith("mine")


def test_a_budget_ends_with_exit_code_4(say: Say) -> None:
    assert say("evaluate", "billing_codes@1.0.0", "--synthesize", "20", "--max-calls", "3")[0] == 4


def test_a_journal_of_another_evaluation_is_refused_with_what_differs(say: Say, tmp_path: Path) -> None:
    journal = str(tmp_path / "run.db")
    assert (
        say("evaluate", "billing_codes@1.0.0", "--synthesize", "20", "--max-calls", "3", "--journal", journal)[0] == 4
    )
    code, _, err = say("evaluate", "billing_codes@2.0.0", "--synthesize", "20", "--journal", journal)
    assert code == 2
    assert "spec_version is 1.0.0 there and 2.0.0 here" in err


def test_compare_says_effect_interval_p_and_the_row_and_exits_1(compared: Say, tmp_path: Path) -> None:
    summary = tmp_path / "pr.md"
    code, out, _ = compared("compare", "billing_codes@1.0.0", "billing_codes@2.0.0", "--markdown", str(summary))
    assert code == 1
    assert "Modifiers/25" in out
    assert "line_exact" in summary.read_text(encoding="utf-8")
    code, out, _ = compared("compare", "billing_codes@1.0.0", "billing_codes@2.0.0", "--json")
    assert json.loads(out)["verdict"] == "regressed"


def test_gate_exits_1_and_leaves_what_ci_needs(compared: Say, tmp_path: Path) -> None:
    junit, summary = tmp_path / "gate.xml", tmp_path / "gate.md"
    words = ("gate", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0")
    code, _, _ = compared(*words, "--junit", str(junit), "--markdown", str(summary))
    assert code == 1
    assert ET.parse(junit).getroot().findall(".//failure")
    assert summary.stat().st_size > 100
    code, out, _ = compared(*words, "--json")
    assert json.loads(out)["exit_code"] == 1


def test_report_writes_one_page(compared: Say, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    assert compared("report", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0", "-o", str(page))[0] == 0
    assert "Modifiers/25" in page.read_text(encoding="utf-8")


def test_runs_lists_and_shows(compared: Say) -> None:
    code, out, _ = compared("runs")
    assert code == 0
    assert len(out.strip().splitlines()) == 2
    assert len(json.loads(compared("runs", "--json")[1])) == 2
    assert "line_exact" in compared("runs", "show", "billing_codes@1.0.0")[1]


def test_an_agent_of_ones_own_is_named_by_module_and_function(say: Say) -> None:
    Path("mine.py").write_text(
        "from evalkit import Reply\n\ndef agent(request):\n    return Reply('ok', output={'lines': []})\n",
        encoding="utf-8",
    )
    code, out, _ = say("check", "billing_codes@1.0.0", "--synthesize", "5", "--agent", "python:mine:agent", "--json")
    assert code == 1, "an agent without a guard refuses nothing"
    assert json.loads(out)["spec"] == "billing_codes@1.0.0"


def test_recorded_runs_of_a_file_are_imported_whole_or_not_at_all(say: Say) -> None:
    rows = "id,text,summary,reference\nv1,hello there,a note,a note\nv2,again,b note,c note\n"
    Path("good.csv").write_text(rows, encoding="utf-8")
    mapping = "case_id=id,output.note=summary,input.dialogue=text,gold.note=reference"
    code, out, _ = say("import", "runs", "good.csv", "--map", mapping, "--name", "sys", "--gold", "mine")
    assert code == 0, out
    Path("bad.csv").write_text(rows + "v2,again,dup,x\n", encoding="utf-8")
    code, out, err = say("import", "runs", "bad.csv", "--map", mapping, "--name", "other")
    assert (code, out) == (2, "")
    assert not (Path(".evalkit") / "recorded" / "other.db").exists()
    assert "b note" not in err


def test_a_tracking_server_that_is_down_loses_nothing_and_the_run_is_sent_later(compared: Say) -> None:
    code, _, err = compared("track", "billing_codes@2.0.0", "--uri", "http://127.0.0.1:9")
    assert code == 2
    assert "evalkit track RUN" in err
    code, out, _ = compared("track", "billing_codes@2.0.0", "--uri", "sqlite:///later.db")
    assert code == 0
    assert Path("later.db").is_file(), out
