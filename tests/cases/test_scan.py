from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from evalkit.cases.goldset import case_to_json
from evalkit.cases.patients import make_patient
from evalkit.cases.people import People
from evalkit.cases.scan import SHOWN, scan_file, scan_texts, scan_value
from evalkit.errors import CaseError
from evalkit.tasks import FAMILIES

NUMBER = "123-45-6789"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def counts(scan) -> dict[str, int]:
    return {kind: count for kind, count in scan.certain if count}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", f"one\ntwo {NUMBER}\n"),
        ("a.jsonl", '{"note": "one"}\n' + json.dumps({"note": {"text": f"x {NUMBER}"}}) + "\n"),
        ("a.jsonl", "not json\n" + NUMBER),
        ("a.json", json.dumps({"a": [{"b": NUMBER}]}, indent=1)),
        ("a.json", "{broken " + NUMBER),
        ("a.csv", f"name,ssn\nx,{NUMBER}\n"),
        ("a.tsv", f"name\tssn\nx\t{NUMBER}\n"),
        ("a.csv", f'name,ssn\n"x,{NUMBER}\n'),
        ("notes", NUMBER),
        ("a.json", json.dumps({NUMBER: 1})),
    ],
)  # fmt: skip
def test_a_number_is_found_in_every_kind_of_file(tmp_path, name, text):
    scan = scan_file(write(tmp_path / name, text))
    assert counts(scan) == {"ssn": 1}
    assert scan.count() == 1
    assert NUMBER not in str(scan) + repr(scan) + scan._repr_html_()


def test_packed_files_and_other_encodings_are_read(tmp_path):
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps({"note": NUMBER}).encode()))
    assert counts(scan_file(packed)) == {"ssn": 1}
    assert counts(scan_file(write(tmp_path / "b.txt", NUMBER, "utf-16"))) == {"ssn": 1}
    latin = tmp_path / "c.txt"
    latin.write_bytes("Zoë ".encode("latin-1") + NUMBER.encode())
    assert counts(scan_file(latin)) == {"ssn": 1}


def test_parquet_is_read_row_by_row(tmp_path):
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"npi": ["1234567893", "9999999999"], "more": [{"x": [NUMBER]}, {"x": []}]})
    pyarrow.parquet.write_table(table, path)
    scan = scan_file(path)
    assert counts(scan) == {"ssn": 1, "npi": 1}
    assert "row 1, npi, characters 1-10: npi" in scan.places


def test_a_place_names_line_field_and_characters(tmp_path):
    line = json.dumps({"input": {"notes": ["", f"born 1950, {NUMBER}"]}})
    scan = scan_file(write(tmp_path / "a.jsonl", f"{{}}\n{line}\n"))
    assert scan.places == ("line 2, input.notes.1, characters 12-22: ssn",)
    assert scan_file(write(tmp_path / "a.csv", f"Patient SSN,x\n1,\n{NUMBER},2\n")).places == (
        "row 3, patient_ssn, characters 1-11: ssn",
    )


def test_a_key_that_is_no_plain_word_is_not_shown(tmp_path):
    scan = scan_file(write(tmp_path / "a.json", json.dumps({"Jo Doe": {"ssn": NUMBER}})))
    assert scan.places == ("<key>.ssn, characters 1-11: ssn",)


def test_a_column_labels_a_bare_number_and_strict_counts_those_without_label(tmp_path):
    scan = scan_file(write(tmp_path / "a.csv", "ssn,lab\n123456789,123456789\n"))
    assert (scan.count(), scan.count(strict=True)) == (1, 2)


def test_a_number_across_the_cut_of_an_endless_line_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.cases.scan.MAX_LINE", 1000)
    text = "x" * 990 + f" {NUMBER} " + "y" * 3000
    assert counts(scan_file(write(tmp_path / "a.txt", text))) == {"ssn": 1}


def test_a_report_names_the_first_places_and_counts_all():
    scan = scan_texts([("", "", " ".join([NUMBER] * 50))], name="x")
    assert (len(scan.places), scan.count()) == (SHOWN, 50)


@pytest.mark.parametrize("name", ["absent.txt", "a.bin", "a.gz", "a.parquet", "."])
def test_what_cannot_be_read_is_one_clear_error(tmp_path, name):
    if name == "a.bin":
        (tmp_path / name).write_bytes(b"\x00\x01" + NUMBER.encode())
    elif name in {"a.gz", "a.parquet"}:
        (tmp_path / name).write_bytes(b"\x1f\x8b\x08 not whole")
    with pytest.raises(CaseError) as caught:
        scan_file(tmp_path / name)
    assert NUMBER not in str(caught.value)


@pytest.mark.parametrize("people", [People(), People("population", "realistic")], ids=str)
def test_no_patient_and_no_case_holds_an_identifier_that_can_belong_to_somebody(people):
    values = [
        [known.value for known in (*patient.identifiers, *patient.further)] + [patient.address]
        for patient in (make_patient(11, index, people=people) for index in range(1500))
    ]
    assert scan_value(values).count(strict=True) == 0
    for family in FAMILIES.values():
        if family.make_case is not None:
            cases = [json.loads(case_to_json(family.make_case(11, i, people=people))) for i in range(150)]
            assert scan_value(cases, name=family.name).count(strict=True) == 0
