from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from evalkit.cases.case import GoldSet
from evalkit.cases.corpora import ACI_BENCH_METADATA, ACI_BENCH_VISITS, read_aci_bench
from evalkit.errors import CaseError

SECRET = "Quillfeather"
VISIT = ("aci", "D2N001", f"[doctor] hello {SECRET}\n[patient] my knee hurts", "Knee pain.")
PATIENT = ("aci", "D2N001", "female", "45.0")


def write(path: Path, header: Sequence[str], *rows: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def corpus(
    folder: Path, visits: Sequence[Sequence[str]] = (VISIT,), patients: Sequence[Sequence[str]] = (PATIENT,)
) -> Path:
    write(folder / ACI_BENCH_VISITS, ("dataset", "encounter_id", "dialogue", "note"), *visits)
    write(folder / ACI_BENCH_METADATA, ("dataset", "encounter_id", "patient_gender", "patient_age"), *patients)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(CaseError) as refused:
        read_aci_bench(folder)
    assert SECRET not in str(refused.value)
    assert refused.value.next_step
    return str(refused.value)


def with_age(folder: Path, age: str) -> GoldSet:
    return read_aci_bench(corpus(folder, patients=[("aci", "D2N001", "male ", age)]))


@pytest.fixture(scope="module")
def aci_bench(shared_data: Path) -> GoldSet:
    return read_aci_bench(shared_data / "aci_bench")


def test_a_visit_becomes_a_case(tmp_path: Path) -> None:
    (case,) = read_aci_bench(corpus(tmp_path))
    assert case.case_id == "aci-bench-D2N001"
    assert (case.family, case.data_class, case.cluster, case.refusal) == (
        "note_summary",
        "deidentified",
        "D2N001",
        None,
    )
    assert case.input == {"dialogue": VISIT[2], "sex": "female", "age_years": 45}
    assert case.gold == {"note": "Knee pain."}
    assert case.tags == ("source-aci", "age-40-64", "talk-short")


@pytest.mark.parametrize(
    ("age", "band", "sent"),
    [
        ("9-month", "age-0-17", None),
        ("15", "age-0-17", 15),
        ("36.0", "age-18-39", 36),
        ("40", "age-40-64", 40),
        ("65", "age-65-89", 65),
        ("89", "age-65-89", 89),
        ("90", "age-90-up", None),
        ("100", "age-90-up", None),
        ("", "age-unknown", None),
    ],
)
def test_an_age_over_89_is_a_band_and_never_a_number(tmp_path: Path, age: str, band: str, sent: int | None) -> None:
    (case,) = with_age(tmp_path, age)
    assert band in case.tags
    assert case.input.get("age_years") == sent


def test_neither_name_nor_chief_complaint_of_the_metadata_comes_along(tmp_path: Path) -> None:
    corpus(tmp_path)
    header = ("encounter_id", "patient_gender", "patient_age", "patient_firstname", "cc")
    write(tmp_path / ACI_BENCH_METADATA, header, ("D2N001", "female", "45", "Wilhelmina", "gout"))
    (case,) = read_aci_bench(tmp_path)
    assert not {"Wilhelmina", "gout"} & {str(value) for value in case.input.values()}
    assert set(case.input) == {"dialogue", "sex", "age_years"}


def test_the_folder_of_the_repository_works_as_well(tmp_path: Path) -> None:
    inner = tmp_path / "data" / "challenge_data"
    inner.mkdir(parents=True)
    assert read_aci_bench(corpus(inner)).digest == read_aci_bench(tmp_path).digest


def test_a_missing_folder_says_which_file_it_should_hold(tmp_path: Path) -> None:
    assert ACI_BENCH_VISITS in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [ACI_BENCH_VISITS, ACI_BENCH_METADATA])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (corpus(tmp_path) / name).unlink()
    assert f"no file {name}" in refusal(tmp_path)


def test_a_missing_column_is_named_with_its_file(tmp_path: Path) -> None:
    corpus(tmp_path)
    write(tmp_path / ACI_BENCH_VISITS, ("dataset", "encounter_id", "dialogue", "summary"), VISIT)
    message = refusal(tmp_path)
    assert message.startswith(ACI_BENCH_VISITS)
    assert "no column 'note'" in message


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        (0, SECRET, "dataset is none of"),
        (1, SECRET, "not of the form D2N000"),
        (1, "D2N777", "does not know this encounter_id"),
        (2, "  ", "empty"),
        (3, "", "empty"),
    ],
)
def test_a_visit_that_cannot_be_used_is_refused_by_its_row(tmp_path: Path, column: int, value: str, what: str) -> None:
    bad = list(VISIT)
    bad[column] = value
    message = refusal(corpus(tmp_path, visits=[bad]))
    assert "1 row is not usable: row 2 (line 2)" in message
    assert what in message


def test_a_visit_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "row 3 (line 4): this encounter_id stands twice" in refusal(corpus(tmp_path, visits=[VISIT, VISIT]))


def test_aci_bench_test1_is_40_visits_with_notes(aci_bench: GoldSet) -> None:
    assert len(aci_bench) == 40
    assert len({case.case_id for case in aci_bench}) == len({case.cluster for case in aci_bench}) == 40
    assert all(case.gold["note"] and case.input["dialogue"] for case in aci_bench)


def test_aci_bench_has_three_sources(aci_bench: GoldSet) -> None:
    sources = [tag for case in aci_bench for tag in case.tags if tag.startswith("source-")]
    assert {source: sources.count(source) for source in sources} == {
        "source-virtassist": 10,
        "source-virtscribe": 8,
        "source-aci": 22,
    }


def test_no_age_over_89_is_sent(aci_bench: GoldSet) -> None:
    assert max(case.input.get("age_years", 0) for case in aci_bench) <= 89
    assert sum("age-90-up" in case.tags for case in aci_bench) == 1


def test_reading_twice_gives_the_same_set(aci_bench: GoldSet, shared_data: Path) -> None:
    assert read_aci_bench(shared_data / "aci_bench").digest == aci_bench.digest
