"""The parts of a sharded set, with a maker of tiny cases; whole sets of a family are tested in tests/tasks/test_bulk.py."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cases import shards as module
from evalkit.cases.case import Case, Decoys, Spans
from evalkit.cases.datasheet import write_datasheet
from evalkit.cases.patients import make_patient
from evalkit.cases.shards import (
    Plan,
    begin_shards,
    code_digest,
    finish_shards,
    note_shard,
    read_shard_manifest,
    read_shards,
    sole_writer,
    write_shard,
)
from evalkit.errors import CaseError


def plan(**changes) -> Plan:
    values = {"family": "demo", "seed": 7, "cases": 7, "shard_size": 3, "code_sha256": "a" * 64} | changes
    return Plan(**{"vocabulary_sha256": "b" * 64, **values})


def make(index: int) -> Case:
    """A case that tells a name, with a decoy; every third must be refused."""
    patient = make_patient(7, index)
    name = patient.identifier("patient.name")
    text = f"{name.value} has Bell palsy"
    at = text.index("Bell", len(name.value))
    return Case(
        case_id=f"demo-7-{index:012d}", family="demo", input={"note": text}, flags={}, gold={},
        refusal="NO_CONSENT" if index % 3 == 2 else None, identifiers=(name,),
        spans=Spans(("note",), (0,), (len(name.value),), ("patient.name",)),
        decoys=Decoys(("note",), (at,), (at + 4,), ("eponym",)),
        tags=("plain",) if index % 2 else ("edge:odd", "plain"), cluster=patient.pseudonym,
    )  # fmt: skip


def make_all(folder, wanted):
    shards = begin_shards(folder, wanted)
    for number in range(wanted.shards):
        if number not in shards:
            shards[number] = write_shard(folder, wanted, number, make=make)
            note_shard(folder, shards[number])
    ordered = [shards[number] for number in range(wanted.shards)]
    return finish_shards(folder, wanted, shards, datasheet=write_datasheet(wanted, ordered))


@given(st.integers(1, 5000), st.integers(1, 700))
def test_shards_cut_the_indexes_into_ranges_without_gap_or_overlap(cases, size):
    wanted = plan(cases=cases, shard_size=size)
    spans = [wanted.span(number) for number in range(wanted.shards)]
    assert [index for span in spans for index in span] == list(range(cases))
    assert all(0 < len(span) <= size for span in spans)
    assert len({wanted.file(number) for number in range(wanted.shards)}) == wanted.shards


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_what_is_written_is_read_back_in_order(tmp_path, kind):
    make_all(tmp_path, plan(kind=kind))
    assert [case.digest for case in read_shards(tmp_path)] == [make(index).digest for index in range(7)]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == sorted([f".{kind}"] * 3 + [".json", ".md"])


def test_a_shard_counts_what_is_in_it(tmp_path):
    shard = write_shard(tmp_path, plan(), 0, make=make)
    assert (shard.number, shard.file, shard.cases) == (0, "cases-00000.jsonl", 3)
    assert shard.tags == {"edge:odd": 2, "plain": 3}
    assert shard.refusals == {"NO_CONSENT": 1}
    assert shard.categories == {"name": 3}
    assert shard.decoys == {"eponym": 3}
    data = (tmp_path / shard.file).read_bytes()
    assert (shard.bytes, shard.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_weights_are_summed_by_tag_under_stress_and_absent_in_the_population(tmp_path):
    shard = write_shard(tmp_path, plan(), 0, make=make)
    weights = [make_patient(7, index).weight for index in range(3)]
    assert shard.weights["all"] == pytest.approx(sum(weights), abs=1e-5)
    assert shard.weights["edge:odd"] == pytest.approx(weights[0] + weights[2], abs=1e-5)
    assert write_shard(tmp_path, plan(profile="population"), 0, make=make).weights == {}


def test_the_last_shard_is_as_short_as_it_must_be(tmp_path):
    assert write_shard(tmp_path, plan(), 2, make=make).cases == 1


def test_parquet_groups_rows_and_loses_none_at_the_seam(tmp_path, monkeypatch):
    from pyarrow.parquet import ParquetFile

    monkeypatch.setattr(module, "ROWS_IN_A_GROUP", 2)
    write_shard(tmp_path, plan(kind="parquet", shard_size=5), 0, make=make)
    with ParquetFile(tmp_path / "cases-00000.parquet") as file:
        assert file.num_row_groups == 3
        rows = file.read().to_pylist()
    assert [row["case_id"] for row in rows] == [f"demo-7-{index:012d}" for index in range(5)]
    assert rows[2]["refusal"] == "NO_CONSENT"
    assert rows[0]["decoy_kind"] == ["eponym"]
    assert rows[0]["span_letter"] == ["A"]
    assert rows[0]["span_subject"] == ["patient"]
    assert json.loads(rows[1]["case_json"])["case_id"] == rows[1]["case_id"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_maker_that_fails_leaves_no_file(tmp_path, kind):
    def failing(index: int) -> Case:
        if index == 1:
            raise CaseError("no such case")
        return make(index)

    with pytest.raises(CaseError, match="no such case"):
        write_shard(tmp_path, plan(kind=kind), 0, make=failing)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_one_clear_line(tmp_path):
    (tmp_path / "set").write_text("x")
    with (
        pytest.raises(CaseError, match=r"the folder cannot be used \(FileExistsError\)"),
        sole_writer(tmp_path / "set"),
    ):
        pass


def test_only_one_process_makes_a_set_in_a_folder(tmp_path):
    script = (
        "import sys; from pathlib import Path; from evalkit.cases.shards import sole_writer\n"
        "from evalkit.errors import CaseError\n"
        "try:\n"
        "    with sole_writer(Path(sys.argv[1])): print('held')\n"
        "except CaseError as error: print(error)"
    )

    def other() -> str:
        command = [sys.executable, "-c", script, str(tmp_path / "set")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with sole_writer(tmp_path / "set"):
        assert "another process makes a set here -> wait for it" in other()
    assert other() == "held\n"
    assert list((tmp_path / "set").iterdir()) == []


def test_a_plan_that_does_not_read_is_refused(tmp_path):
    begin_shards(tmp_path, plan())
    (tmp_path / "plan.json").write_text('{"format": 1}')
    with pytest.raises(CaseError, match="the plan in the folder does not read"):
        begin_shards(tmp_path, plan())


@pytest.mark.parametrize("text", ["", "{}", '{"plan": 1}', "\x00"])
def test_a_manifest_that_does_not_read_is_refused(tmp_path, text):
    make_all(tmp_path, plan())
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(CaseError, match="the manifest does not read"):
        read_shard_manifest(tmp_path)


def test_a_manifest_names_plan_and_shards(tmp_path):
    manifest = make_all(tmp_path, plan())
    assert read_shard_manifest(tmp_path) == manifest
    assert manifest.plan == plan()
    assert [shard.cases for shard in manifest.shards] == [3, 3, 1]
    assert manifest.data_class == "synthetic"


def test_a_shard_deleted_from_a_finished_set_is_made_anew(tmp_path):
    make_all(tmp_path, plan())
    before = (tmp_path / "cases-00001.jsonl").read_bytes()
    (tmp_path / "cases-00001.jsonl").unlink()
    assert sorted(begin_shards(tmp_path, plan())) == [0, 2]
    make_all(tmp_path, plan())
    assert (tmp_path / "cases-00001.jsonl").read_bytes() == before


def test_progress_that_cannot_be_written_is_one_clear_line(tmp_path):
    shard = write_shard(tmp_path, plan(), 0, make=make)
    (tmp_path / "progress.jsonl").mkdir()
    with pytest.raises(CaseError, match="progress cannot be written"):
        note_shard(tmp_path, shard)


def test_only_python_files_of_the_named_rooms_count_as_code(tmp_path):
    for name in ("cases/a.py", "cases/deep/b.py", "phi/c.py", "cases/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    before = code_digest(tmp_path, ("cases",))
    (tmp_path / "phi/c.py").write_text("other")
    (tmp_path / "cases/notes.txt").write_text("other")
    assert code_digest(tmp_path, ("cases",)) == before
    (tmp_path / "cases/deep/b.py").write_text("other")
    assert code_digest(tmp_path, ("cases",)) != before


@pytest.mark.parametrize(
    "changes",
    [{"cases": 0}, {"shard_size": 0}, {"kind": "csv"}, {"names": "real"}, {"code_sha256": "short"}, {"more": 1}],
)
def test_a_plan_is_strict(changes):
    with pytest.raises(ValueError):
        plan(**changes)
