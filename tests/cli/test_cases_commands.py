"""`evalkit synthesize` and `evalkit check-identifiers` as people type them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evalkit.cases.goldset import read_cases
from evalkit.cases.shards import read_shards
from evalkit.cli import run

SPEC = Path(__file__).parents[1] / "tasks" / "refill_requests.md"
NUMBER = "123-45-6789"


def cases_of(path: Path):
    return read_cases(path.read_bytes().splitlines(), where=path.name)


@pytest.mark.usefixtures("workspace")
def test_cases_go_to_a_file_as_a_whole(capsys):
    Path("cases.jsonl").write_text("old")
    assert run(["synthesize", "billing_codes", "-n", "12", "-o", "cases.jsonl"]) == 0
    assert "wrote 12 cases to cases.jsonl" in capsys.readouterr().out
    assert len(cases_of(Path("cases.jsonl"))) == 12
    assert [path.name for path in Path().iterdir() if path.name.startswith("cases")] == ["cases.jsonl"]


@pytest.mark.usefixtures("workspace")
def test_people_are_chosen_by_profile_and_names():
    for number, more in enumerate([[], ["--profile", "population"], ["--names", "realistic"]]):
        assert run(["synthesize", "billing_codes", "-n", "8", "-o", f"{number}.jsonl", *more]) == 0
    sets = [[case.digest for case in cases_of(Path(f"{number}.jsonl"))] for number in range(3)]
    assert len({tuple(digests) for digests in sets}) == 3


@pytest.mark.usefixtures("workspace")
def test_a_spec_of_ones_own_gets_cases_and_examples(capsys):
    assert run(["synthesize", str(SPEC), "-n", "5", "-o", "own.jsonl"]) == 0
    cases = cases_of(Path("own.jsonl"))
    assert f"wrote {len(cases)} cases" in capsys.readouterr().out
    assert sum("example" in case.tags for case in cases) == 3
    assert {case.refusal for case in cases} >= {"NO_CONSENT", "TOO_EARLY", "FIELD_NOT_PERMITTED", None}


@pytest.mark.usefixtures("workspace")
def test_a_known_family_is_tested_from_its_contract_when_asked():
    assert run(["synthesize", "billing_codes", "--contract", "-n", "5", "-o", "edges.jsonl"]) == 0
    assert all("contract" in case.tags or "example" in case.tags for case in cases_of(Path("edges.jsonl")))


@pytest.mark.usefixtures("workspace")
def test_parquet_shards_are_read_back_and_scanned(capsys):
    command = [
        "synthesize",
        "billing_codes",
        "-n",
        "30",
        "--shards",
        "many",
        "--shard-size",
        "20",
        "--format",
        "parquet",
    ]
    assert run(command) == 0
    assert len(list(read_shards(Path("many")))) == 30
    capsys.readouterr()
    assert run(["check-identifiers", "many/cases-00000.parquet", "many/cases-00001.parquet", "--strict"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("0 identifiers that can belong to somebody") == 2


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["synthesize", "billing_codes", "-n", "3"], "nowhere to put the cases -> give -o FILE"),
        (["synthesize", "billing_codes", "-n", "3", "--shards", "x", "-o", "y"], "--shards stands alone"),
        (["synthesize", "billing_codes", "-n", "3", "--shards", "x", "--contract"], "--shards stands alone"),
        (["synthesize", str(SPEC), "-n", "3", "--shards", "x"], "cases of this family cannot be made in shards"),
        (["synthesize", "billing_codes", "-n", "3", "-o", "no/such/x"], "the file cannot be written"),
        (["synthesize", "nothing", "-n", "3", "-o", "x"], "no spec of this name"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(arguments, said, capsys):
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not {"x", "y"} & {path.name for path in Path().iterdir()}


def test_a_file_with_somebodys_number_fails_and_shows_no_value(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(f"seen\nSSN {NUMBER} and call 202-456-1111\n")
    assert run(["check-identifiers", str(tmp_path / "a.txt")]) == 1
    shown = capsys.readouterr().out
    assert "a.txt: 2 identifiers that can belong to somebody, in 2 texts" in shown
    assert "line 2, characters 5-15: ssn" in shown
    assert NUMBER not in shown
    assert "456-1111" not in shown


def test_bare_numbers_fail_only_when_strict(tmp_path):
    (tmp_path / "a.txt").write_text("reference 123456789\n")
    assert run(["check-identifiers", str(tmp_path / "a.txt")]) == 0
    assert run(["check-identifiers", str(tmp_path / "a.txt"), "--strict"]) == 1


def test_one_bad_file_among_several_fails(tmp_path, capsys):
    (tmp_path / "good.csv").write_text("name,phone\nx,202-555-0134\n")
    (tmp_path / "bad.csv.gz").write_bytes(gzip.compress(b"name,phone\nx,202-555-0234\n"))
    assert run(["check-identifiers", str(tmp_path / "good.csv"), str(tmp_path / "bad.csv.gz")]) == 1
    shown = capsys.readouterr().out
    assert "good.csv: 0 identifiers" in shown
    assert "row 2, phone, characters 1-12: phone" in shown


def test_json_output_counts_by_kind(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(json.dumps({"mail": "jo@mail.org", "seen_from": "8.8.8.8"}) + "\n")
    assert run(["check-identifiers", str(tmp_path / "a.jsonl"), "--json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert report["file"] == "a.jsonl"
    assert {kind: count for kind, count in report["certain"].items() if count} == {"email": 1, "ip": 1}
    assert set(report["bare"].values()) == {0}


@pytest.mark.parametrize("name", ["absent.csv", "folder"])
def test_what_cannot_be_read_is_one_line(tmp_path, name, capsys):
    (tmp_path / "folder").mkdir()
    assert run(["check-identifiers", str(tmp_path / name)]) == 2
    assert "the file cannot be read" in capsys.readouterr().err


def test_no_file_is_a_usage_error(capsys):
    assert run(["check-identifiers"]) == 2
    assert "FILE" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["synthesize", "check-identifiers"])
def test_help_has_an_example(command, capsys):
    assert run([command, "--help"]) == 0
    assert f"Example:\n    evalkit {command}" in capsys.readouterr().out


def test_real_synthea_numbers_are_seen_for_what_they_are(shared_data, capsys):
    """Synthea takes Social Security numbers of area 999, and half of them lie in groups that the IRS issues."""
    found = sorted((shared_data / "synthea").rglob("*.json*"))
    if not found:
        pytest.skip("no Synthea bundle in ../shared/data")
    run(["check-identifiers", *(str(path) for path in found[:6]), "--json"])
    reports = json.loads(capsys.readouterr().out)
    assert sum(report["certain"]["itin"] for report in reports) >= 1
    assert sum(report["certain"]["ssn"] for report in reports) == 0
