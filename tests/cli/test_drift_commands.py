"""`evalkit drift`, `calibrate` and `import ratings` as people use them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.cli import run

Say = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.usefixtures("workspace")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs: production, and its edit, on other cases."""
    home = tmp_path_factory.mktemp("stocked") / ".evalkit"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_HOME", str(home))
        for version, seed in (("1.0.0", "7"), ("2.0.0", "8")):
            assert run(["evaluate", f"billing_codes@{version}", "--synthesize", "140", "--seed", seed]) == 0
    return home


@pytest.fixture
def made(say: Say, stocked: Path, workspace: Path) -> Say:
    """The command line in a copy of that workspace."""
    shutil.copytree(stocked, workspace)
    return say


def test_a_run_is_profiled_and_a_window_is_measured(made: Say, tmp_path: Path) -> None:
    code, out, _ = made("drift", "profile", "billing_codes@1.0.0", "-o", "reference.json", "--without", "seconds")
    assert code == 0
    assert "Profile(140 rows" in out
    code, out, _ = made("drift", "measure", "reference.json", "billing_codes@1.0.0", "--page", "drift.html")
    assert code == 0
    assert out.startswith("QUIET: ")
    assert Path("drift.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    code, out, _ = made("drift", "measure", "reference.json", "billing_codes@2.0.0", "--json")
    found = json.loads(out)
    assert code == {"quiet": 0, "drifted": 1, "undecided": 3}[found["verdict"]]
    assert any("another behaviour" in warning for warning in found["warnings"])


def test_several_runs_make_one_profile(made: Say) -> None:
    code, out, _ = made("drift", "profile", "billing_codes@1.0.0", "billing_codes@2.0.0", "-o", "both.json", "--json")
    assert code == 0
    assert json.loads(out)["rows"] == 280
    assert "behaviour" not in json.loads(out)["about"]


def test_a_stream_of_runs_is_watched(made: Say) -> None:
    code, out, _ = made("drift", "watch", "billing_codes@1.0.0", "billing_codes@1.0.0", "--metric", "case_exact")
    assert code == 0
    assert "no alarm" in out
    words = ("drift", "watch", "billing_codes@1.0.0", "billing_codes@2.0.0", "--metric", "case_exact", "--json")
    code, out, _ = made(*words)
    assert code == 1
    assert json.loads(out)["alarms"]


def test_confidences_are_calibrated(made: Say) -> None:
    words = ("calibrate", "confidence", "billing_codes@1.0.0", "--metric", "case_exact")
    code, out, _ = made(*words, "--page", "calibration.html")
    assert code == 0
    assert "calibration error" in out
    assert "<svg" in Path("calibration.html").read_text(encoding="utf-8")
    assert json.loads(made(*words, "--json")[1])["metric"] == "case_exact"


def test_ratings_calibrate_a_metric(made: Say) -> None:
    lines = ["case_id,value"] + [f"billing_codes-8-{n:012d},{'yes' if n % 3 else 'no'}" for n in range(60)]
    Path("ratings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert made("import", "ratings", "ratings.csv", "--name", "clinicians")[1].startswith("ratings clinicians: 60")
    words = ("calibrate", "metric", "billing_codes@2.0.0", "--metric", "case_exact", "--ratings", "clinicians")
    code, out, _ = made(*words)
    assert code == 0
    assert "rated cases and the judge on" in out
    assert json.loads(made(*words, "--json")[1])["estimate"]["n_rated"] > 20
    Path("few.csv").write_text("\n".join(lines[:8]) + "\n", encoding="utf-8")
    code, _, err = made(*words[:-1], "few.csv")
    assert code == 2
    assert "a judge alone has no interval" in err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("drift", "measure", "missing.json", "billing_codes"), "no profile that can be read"),
        (("drift", "profile", "nothing@1.0.0", "-o", "x.json"), "no run"),
        (("calibrate", "confidence", "nothing"), "no run"),
        (("import", "ratings", "missing.csv", "--name", "x"), "no such file"),
        (("import", "mts-dialog", "missing"), "no such file"),
    ],
)
def test_bad_input_is_one_line_and_code_two(say: Say, words: tuple[str, ...], what: str) -> None:
    code, _, err = say(*words)
    assert code == 2
    assert what in err
    assert "Traceback" not in err


def test_a_file_that_is_no_profile_is_refused(say: Say) -> None:
    Path("x.json").write_text("{}", encoding="utf-8")
    assert say("drift", "measure", "x.json", "billing_codes")[0] == 2


def test_mts_dialog_is_imported_with_its_ratings(say: Say, shared_data: Path) -> None:
    code, out, _ = say("import", "mts-dialog", str(shared_data / "mts_dialog"))
    assert code == 0
    assert "gold set mts-dialog-validation@1: 400 cases" in out
    assert "omission_rate" in out
