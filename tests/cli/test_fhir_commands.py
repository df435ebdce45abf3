"""`evalkit import fhir` and `evalkit export fhir`, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.cli import run

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Zzyzx"}], "birthDate": "1961-02-28"}


def write(path: Path, *resources: dict[str, object]) -> Path:
    path.write_text("\n".join(map(json.dumps, resources)) + "\n")
    return path


def test_a_file_becomes_a_gold_set(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("p.ndjson"), PATIENT)
    assert run(["import", "fhir", "p.ndjson", "--name", "mine", "--data-class", "synthetic"]) == 0
    assert "gold set mine@1: 1 cases" in capsys.readouterr().out
    assert (workspace / "datasets" / "gold" / "mine" / "1" / "cases.jsonl").is_file()


def test_one_bad_file_keeps_the_whole_folder_out(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("charts")
    folder.mkdir()
    write(folder / "a.json", PATIENT)
    write(folder / "Zzyzx.json", {**PATIENT, "birthDate": "Zzyzx"})
    command = ["import", "fhir", "charts", "--name", "mine", "--data-class", "synthetic"]
    assert run(command) == 2
    error = capsys.readouterr().err
    assert "Patient.birthDate: no date" in error
    assert "1 of the files refused, nothing kept" in error
    assert "Zzyzx" not in error
    assert not workspace.exists()
    assert run([*command, "--skip-refused"]) == 0
    assert "left out: charts: file 1 of 2 by name" in capsys.readouterr().err


def test_named_people_are_not_taken_for_de_identified(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("p.json"), PATIENT)
    assert run(["import", "fhir", "p.json", "--name", "mine", "--data-class", "deidentified"]) == 2
    assert "Zzyzx" not in capsys.readouterr().err
    assert not workspace.exists()


@pytest.mark.parametrize("more", [[], ["--data-class", "phi"]])
def test_the_data_class_is_asked_for_and_phi_is_not_taken(workspace: Path, more: list[str]) -> None:
    write(Path("p.json"), PATIENT)
    assert run(["import", "fhir", "p.json", "--name", "mine", *more]) == 2
    assert not workspace.exists()


@pytest.mark.parametrize("field", ["side", "=none", "codes=[1,"])
def test_a_field_that_cannot_be_read_is_refused(workspace: Path, field: str) -> None:
    write(Path("p.json"), PATIENT)
    assert run(["import", "fhir", "p.json", "--name", "m", "--data-class", "synthetic", "--field", field]) == 2


def test_cases_go_out_and_come_back_to_be_evaluated(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "fhir", "prior_authorization", "--synthesize", "12", "-o", "out.ndjson"]) == 0
    assert run(["import", "fhir", "out.ndjson", "--name", "back", "--data-class", "synthetic"]) == 0
    assert run(["check", "prior_authorization", "--gold", "back"]) == 0
    out = capsys.readouterr().out
    assert "wrote 12 Bundles to out.ndjson" in out
    assert "gold set back@1: 12 cases" in out


def test_an_export_that_cannot_be_written_leaves_nothing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "fhir", "prior_authorization", "--synthesize", "2", "-o", "missing/out.ndjson"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not Path("missing").exists()
