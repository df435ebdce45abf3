"""`evalkit browse` and `evalkit runs tracked`: cases as a page, and what a tracking store holds as rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.tasks import load_spec, synthesize

Say = Callable[..., tuple[int, str, str]]
RUN = ("browse", "billing_codes@2.0.0")
CASES = ("--synthesize", "60", "--seed", "7")


@pytest.fixture
def compared(say: Say, workspace: Path) -> Say:
    """Two runs are in the workspace: the shipped billing spec and its edit, on the same 60 cases."""
    for version in ("1.0.0", "2.0.0"):
        assert say("evaluate", f"billing_codes@{version}", *CASES)[0] == 0
    assert workspace.is_dir()
    return say


def test_browse_writes_the_cases_of_a_run_beside_its_baseline(compared: Say) -> None:
    code, out, _ = compared(*RUN, "--baseline", "billing_codes@1.0.0", *CASES, "-o", "all.html")
    assert code == 0
    assert out.startswith("60 cases by line_exact: ")
    assert out.endswith("wrote all.html\n")
    page = Path("all.html").read_text(encoding="utf-8")
    assert page.count("<details") == 40
    assert ">Baseline<" in page

    few = compared(*RUN, "--baseline", "billing_codes@1.0.0", "--wrong", "--tag", "mod25", "--short-of", "line_exact")
    assert few[0] == 0
    shown = Path("cases.html").read_text(encoding="utf-8")
    assert "<details" not in shown
    assert 0 < int(few[1].partition(" ")[0]) < 60
    assert "Contents are shown where the cases are named" in few[1]


def test_browse_refuses_other_cases_and_unknown_tags_and_writes_nothing(compared: Say) -> None:
    for words, said in (
        (("--synthesize", "60", "--seed", "8"), "these are not the cases of the run"),
        (("--tag", "nothing"), "no case here has this tag"),
    ):
        code, out, err = compared(*RUN, *words)
        assert (code, out) == (2, "")
        assert said in err
        assert err.count("\n") == 1
    assert not Path("cases.html").exists()


def test_a_page_of_browse_holds_no_content_that_was_not_asked_for(compared: Say) -> None:
    assert compared(*RUN)[0] == 0
    page = Path("cases.html").read_text(encoding="utf-8")
    notes = [case.input["note_text"] for case in synthesize(load_spec("billing_codes@2.0.0"), n=60, seed=7)]
    assert not any(note[:60] in page for note in notes)


def test_tracked_runs_are_listed_from_their_store(compared: Say) -> None:
    assert compared("track", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0")[0] == 0
    code, out, _ = compared("runs", "tracked", "billing_codes")
    assert code == 0
    assert out.startswith("2 runs of billing_codes by line_exact, oldest first\n")
    assert [line.split()[0] for line in out.splitlines()[3:]] == ["billing_codes@1.0.0", "billing_codes@2.0.0"]
    told = json.loads(compared("runs", "tracked", "billing_codes", "--metric", "nothing", "--json")[1])
    assert {run["value"] for run in told["runs"]} == {None}
    assert compared("runs", "tracked", "nothing")[0] == 2
