"""`evalkit demo`: one run of it on 60 cases, and what a person finds afterwards."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from evalkit.cli import run
from evalkit.tasks import load_spec, synthesize


@dataclass(frozen=True)
class Shown:
    code: int
    out: str
    err: str
    folder: Path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The demo on 60 cases, run once for this module in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("EVALKIT_HOME", str(folder / ".evalkit"))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(["demo", "-n", "60", "--seed", "7", "-o", "page.html"])
    return Shown(code, out.getvalue(), err.getvalue(), folder)


def test_the_demo_succeeds_although_the_gate_it_shows_fails(shown: Shown) -> None:
    assert shown.code == 0
    assert re.search(r"^6  Gated: fail$", shown.out, re.MULTILINE)


def test_its_seven_steps_are_shown_in_their_order(shown: Shown) -> None:
    assert re.findall(r"^(\d)  ", shown.out, re.MULTILINE) == list("1234567")


def test_it_names_the_cases_by_count_seed_and_digest(shown: Shown) -> None:
    cases = synthesize(load_spec("billing_codes@1.0.0"), n=60, seed=7)
    assert f"2  60 synthetic cases, seed 7, digest {cases.digest[:12]}\n" in shown.out


def test_the_edited_row_is_shown_before_and_after(shown: Shown) -> None:
    assert re.search(r"loud +Modifiers/25 .* -> ", shown.out)


def test_the_leaky_agent_is_caught_by_the_check_for_leaks(shown: Shown) -> None:
    assert "   leak_output: 10 of 10 executions (45 CFR 164.502(a)" in shown.out
    assert re.search(r"^The leaky agent was caught by: .*\bleak_output\b.*\.$", shown.out, re.MULTILINE)


def test_both_versions_are_scored(shown: Shown) -> None:
    for version in ("1.0.0", "2.0.0"):
        assert re.search(rf"^   billing_codes@{re.escape(version)}: line_exact \d+\.\d %", shown.out, re.MULTILINE)


def test_the_drop_is_said_in_points_with_interval_and_p(shown: Shown) -> None:
    assert re.search(
        r"^line_exact .* -> .*: -\d+\.\d points \(95 % interval .* to .*\), p .*: ", shown.out, re.MULTILINE
    )


def test_the_row_at_fault_is_named_with_what_it_broke(shown: Shown) -> None:
    assert re.search(r"^Edited row Modifiers/25 broke [1-9]\d* cases and fixed 0\.$", shown.out, re.MULTILINE)


def test_the_report_is_where_it_was_asked_for_and_nowhere_else(shown: Shown) -> None:
    page = (shown.folder / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "Modifiers/25" in page
    assert "\nReport: page.html\n" in shown.out
    assert not (shown.folder / "report.html").exists()


def test_nothing_is_left_beside_the_page_and_the_workspace(shown: Shown) -> None:
    assert {path.name for path in shown.folder.iterdir()} == {"page.html", ".evalkit"}


def test_both_runs_are_kept_and_none_is_left_unfinished(shown: Shown) -> None:
    kept = sorted(path.name[:19] for path in (shown.folder / ".evalkit" / "runs").glob("*.db"))
    assert kept == ["billing_codes-1.0.0", "billing_codes-2.0.0"]
    assert not list((shown.folder / ".evalkit" / "runs" / "partial").glob("*.db"))


def test_the_last_line_opens_the_store_that_was_written(shown: Shown) -> None:
    last = shown.out.strip().splitlines()[-1]
    store = last.rpartition("--backend-store-uri sqlite:///")[2]
    assert store == ".evalkit/mlflow.db"
    assert (shown.folder / store).is_file()


def test_mlflow_holds_the_comparison_and_both_runs(shown: Shown) -> None:
    from evalkit.tracking.sink import quiet

    with quiet():
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=f"sqlite:///{shown.folder / '.evalkit' / 'mlflow.db'}")
        experiment = client.get_experiment_by_name("billing_codes")
        kinds = [found.data.tags["evalkit.kind"] for found in client.search_runs([experiment.experiment_id])]
    assert sorted(kinds) == ["comparison", "run", "run", "versions"]


def test_no_planted_identifier_is_shown_or_stored_in_the_page(shown: Shown) -> None:
    page = (shown.folder / "page.html").read_text(encoding="utf-8")
    known = {
        one.value for case in synthesize(load_spec("billing_codes@1.0.0"), n=60, seed=7) for one in case.identifiers
    }
    long = {value for value in known if len(value) >= 8}
    assert long
    assert not {value for value in long if value in shown.out + shown.err + page}


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "words", [("-n", "19"), ("-n", "0"), ("-n", "many"), ("--seed", "x"), ("-o", "."), ("--agent", "rules"), ("extra",)]
)
def test_a_wrong_option_is_usage_and_nothing_is_written(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Error: " in shown.err
    assert not list(Path.cwd().iterdir())


def test_help_says_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"default: {value}" in out for value in ("400", "7", "report.html"))
