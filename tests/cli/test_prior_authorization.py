"""The whole main job for prior authorization, as a user types it: check, evaluate, compare, gate, report, track."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evalkit.cli import run

CASES = ["--synthesize", "300", "--seed", "7"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run of each shipped version on the same cases."""
    folder = tmp_path_factory.mktemp("prior")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("EVALKIT_HOME", str(folder / ".evalkit"))
        for version in ("1.0.0", "2.0.0"):
            assert run(["evaluate", f"prior_authorization@{version}", *CASES]) == 0
    return folder


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(home)
    monkeypatch.setenv("EVALKIT_HOME", str(home / ".evalkit"))
    return home


def test_the_boundary_holds_for_the_rules_agent(here: Path) -> None:
    assert run(["check", "prior_authorization@1.0.0", "--synthesize", "60"]) == 0


@pytest.mark.parametrize("fault", ["leak_output", "answer_anyway"])
def test_a_faulty_agent_is_caught(here: Path, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    from evalkit.agents.faulty import FAULTS

    known = fault if fault in FAULTS else next(iter(FAULTS))
    assert run(["check", "prior_authorization@1.0.0", "--synthesize", "40", "--agent", f"faulty:{known}"]) == 1
    assert "failed" in capsys.readouterr().out


def test_the_first_version_passes_every_gate(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["gate", "prior_authorization@1.0.0"])
    out = capsys.readouterr().out
    assert code in {0, 3}, out
    assert not re.search(r"^failed", out, re.MULTILINE)


def test_only_the_gate_on_false_approvals_fails_the_second(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gate", "prior_authorization@2.0.0", "--baseline", "prior_authorization@1.0.0"]) == 1
    failed = re.findall(r"^failed\s+(\S+)", capsys.readouterr().out, re.MULTILINE)
    assert failed == ["false_approve_rate"]


def test_the_comparison_names_the_edited_rows(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["compare", "prior_authorization@1.0.0", "prior_authorization@2.0.0", "--json"])
    seen = json.loads(capsys.readouterr().out)
    rows = json.dumps(seen)
    assert "Evidence age/days" in rows
    assert "false_approve_rate" in rows


def test_the_report_is_one_page_without_an_identifier(here: Path) -> None:
    command = ["report", "prior_authorization@2.0.0", "--baseline", "prior_authorization@1.0.0", "-o", "page.html"]
    assert run(command) == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "false_approve_rate" in page
    assert not re.search(r"MRN\d{8}|ZZT\d{9}|555-01\d\d", page)


def test_the_shipped_gold_set_is_found_by_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "prior_authorization@1.0.0", "--gold", "prior-authorization-synthetic"]) == 0
    assert "leak_evidence" in capsys.readouterr().out


def test_a_spec_that_would_deny_is_refused_by_lint(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from evalkit.tasks import load_spec

    text = load_spec("prior_authorization@1.0.0").source.replace("3. any standard not_met -> refer_to_clinician",
                                                                  "3. any standard not_met -> deny")  # fmt: skip
    Path("draft.md").write_text(text, encoding="utf-8")
    assert run(["spec", "lint", "draft.md"]) == 2
    assert "a denial is a clinician's to make" in capsys.readouterr().err


def test_what_an_edit_means_is_said_by_rows(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spec", "diff", "prior_authorization@1.0.0", "prior_authorization@2.0.0"]) == 0
    out = capsys.readouterr().out
    assert "Evidence age/days" in out
    assert "Facts/cancer_hx" in out
