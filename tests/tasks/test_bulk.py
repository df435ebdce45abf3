"""Sets in shards: the same bytes however they are made, and nothing half-written whatever happens."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.cases.patients import weight_of
from evalkit.cases.shards import Plan, code_digest, read_shard_manifest, read_shards
from evalkit.cli import run
from evalkit.errors import CaseError
from evalkit.tasks import FAMILIES, bulk
from evalkit.tasks.bulk import make_shards, plan_shards

FAMILY = "billing_codes"


def plan(**changes) -> Plan:
    return plan_shards(**({"family": FAMILY, "cases": 50, "seed": 3, "shard_size": 10} | changes))


def files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    make_shards(folder, plan())
    return folder


def test_a_finished_folder_holds_shards_manifest_and_datasheet_and_nothing_else(whole):
    assert list(files(whole)) == [*(f"cases-{n:05d}.jsonl" for n in range(5)), "datasheet.md", "manifest.json"]


def test_two_processes_write_the_same_bytes_as_one(whole, tmp_path):
    make_shards(tmp_path / "two", plan(), workers=2)
    assert files(tmp_path / "two") == files(whole)


def test_case_i_of_a_shard_is_case_i_alone(whole):
    cases = list(read_shards(whole))
    assert [case.digest for case in cases] == [FAMILIES[FAMILY].make_case(3, i).digest for i in range(50)]


def test_the_manifest_says_what_made_it_and_counts_what_is_in_it(whole):
    manifest = read_shard_manifest(whole)
    cases = list(read_shards(whole))
    assert (manifest.plan.seed, manifest.plan.cases, manifest.plan.profile) == (3, 50, "stress")
    assert manifest.plan.code_sha256 == plan().code_sha256
    for shard in manifest.shards:
        assert hashlib.sha256((whole / shard.file).read_bytes()).hexdigest() == shard.sha256
    planted = sum(sum(shard.categories.values()) for shard in manifest.shards)
    assert planted == sum(len(case.spans) for case in cases)
    refused = sum(sum(shard.refusals.values()) for shard in manifest.shards)
    assert refused == sum(case.refusal is not None for case in cases)


def test_the_datasheet_tells_tags_refusals_and_identifiers(whole):
    text = (whole / "datasheet.md").read_text(encoding="utf-8")
    assert text.startswith("# 50 synthetic cases: billing_codes\n")
    for heading in ("## What it is for", "## Identifiers", "## Refusals that are due", "## Tags"):
        assert heading in text
    assert "| seed | 3 |" in text
    assert "| - |" not in text  # the stress profile has weights


def test_parquet_holds_the_same_cases_with_their_labels_in_columns(tmp_path, whole):
    import pyarrow.parquet

    make_shards(tmp_path / "p", plan(kind="parquet", shard_size=25))
    there = list(read_shards(tmp_path / "p"))
    assert [case.digest for case in there] == [case.digest for case in read_shards(whole)]
    rows = pyarrow.parquet.read_table(tmp_path / "p" / "cases-00001.parquet").to_pylist()
    for row, case in zip(rows, there[25:], strict=True):
        labels = case.labels
        assert (row["case_id"], row["refusal"], tuple(row["tags"])) == (case.case_id, case.refusal, case.tags)
        assert tuple(row["span_category"]) == labels.category
        assert tuple(row["span_letter"]) == labels.letter
        assert tuple(row["span_value_id"]) == labels.value_id
        assert tuple(row["span_start"]) == labels.start
        assert row["weight"] == weight_of(case.cluster)


def test_people_are_part_of_the_plan(tmp_path):
    from evalkit.cases.people import People

    other = plan(people=People("population", "realistic"))
    make_shards(tmp_path / "a", other)
    assert read_shard_manifest(tmp_path / "a").plan.names == "realistic"
    assert [c.digest for c in read_shards(tmp_path / "a")] != [
        FAMILIES[FAMILY].make_case(3, i).digest for i in range(50)
    ]


def kill_after(folder: Path, done: int, *, workers: int = 1) -> list[int]:
    """Kill the process that makes shards once so many cases are done; the ids of its helpers."""
    script = Path(__file__).with_name("killed_shards.py")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run(
        [sys.executable, str(script), str(folder), str(done), str(workers)],
        stdout=subprocess.PIPE,
        check=False,
        env=environment,
    )
    assert killed.returncode == -signal.SIGKILL
    return [int(pid) for pid in killed.stdout.splitlines()[-1].split()[1:]]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.is_file() and ") Z " in state.read_text())


def test_helpers_end_with_the_process_that_asked_even_where_it_is_killed(tmp_path, whole):
    helpers = kill_after(tmp_path / "killed", 20, workers=2)
    assert len(helpers) == 1
    deadline = time.monotonic() + 30
    while lives(helpers[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lives(helpers[0])
    make_shards(tmp_path / "killed", plan())
    assert files(tmp_path / "killed") == files(whole)


def test_a_killed_process_is_resumed_and_finished_shards_are_not_made_again(tmp_path, whole):
    folder = tmp_path / "killed"
    kill_after(folder, 20)
    first = folder / "cases-00000.jsonl"
    (folder / ".cases-00002.jsonl.part").write_bytes(b"half")
    before = first.stat().st_mtime_ns
    seen: list[tuple[int, int]] = []
    make_shards(folder, plan(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(30, 50), (40, 50), (50, 50)]
    assert first.stat().st_mtime_ns == before
    assert files(folder) == files(whole)


def test_a_killed_worker_is_one_clear_line_and_its_shards_are_made_by_the_same_call_again(tmp_path):
    folder = tmp_path / "worker"
    killed = False

    def kill_a_worker(done: int, total: int) -> None:
        nonlocal killed
        if not killed and done < total:
            killed = True
            for child in multiprocessing.active_children():
                child.kill()

    bigger = plan(cases=400, shard_size=10)
    with pytest.raises(CaseError, match="a worker was killed -> run the same command again"):
        make_shards(folder, bigger, workers=2, progress=kill_a_worker)
    assert not (folder / "manifest.json").exists()
    make_shards(folder, bigger, workers=2)
    make_shards(tmp_path / "alone", bigger)
    assert files(folder) == files(tmp_path / "alone")


def test_a_note_of_progress_that_was_cut_short_only_costs_its_shard(tmp_path, whole):
    folder = tmp_path / "cut"
    kill_after(folder, 20)
    notes = folder / "progress.jsonl"
    notes.write_bytes(notes.read_bytes()[:-30])
    make_shards(folder, plan())
    assert files(folder) == files(whole)


def test_an_unfinished_set_is_not_read(tmp_path):
    kill_after(tmp_path / "k", 10)
    with pytest.raises(CaseError, match="not finished -> run the command that began it again"):
        list(read_shards(tmp_path / "k"))


def test_a_shard_changed_in_between_is_refused_and_made_anew_once_deleted(tmp_path, whole):
    folder = tmp_path / "changed"
    kill_after(folder, 20)
    shard = folder / "cases-00001.jsonl"
    shard.write_bytes(shard.read_bytes().replace(b"synthetic", b"synthetix", 1))
    with pytest.raises(CaseError, match=r"cases-00001.jsonl: this shard was changed.*delete it and run"):
        make_shards(folder, plan())
    shard.unlink()
    make_shards(folder, plan())
    assert files(folder) == files(whole)


def test_a_finished_set_that_was_changed_is_refused_when_read(tmp_path):
    folder = tmp_path / "done"
    make_shards(folder, plan(cases=20))
    (folder / "cases-00001.jsonl").write_bytes(b"{}\n")
    with pytest.raises(CaseError, match="this shard was changed"):
        list(read_shards(folder))


def test_repeating_a_finished_command_changes_nothing(tmp_path, whole):
    folder = tmp_path / "twice"
    make_shards(folder, plan())
    make_shards(folder, plan())
    assert files(folder) == files(whole)


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"seed": 4}, "seed 3 there, 4 here"), ({"cases": 60}, "cases 50 there, 60 here"),
     ({"shard_size": 5}, "shard_size 10 there, 5 here"), ({"kind": "parquet"}, "kind jsonl there, parquet here")],
)  # fmt: skip
def test_a_folder_of_another_plan_is_refused_and_says_what_differs(tmp_path, changes, what):
    kill_after(tmp_path / "k", 10)
    with pytest.raises(CaseError, match=what):
        make_shards(tmp_path / "k", plan(**changes))


def test_other_code_is_another_plan(tmp_path):
    kill_after(tmp_path / "k", 10)
    other = plan().model_copy(update={"code_sha256": "0" * 64})
    with pytest.raises(CaseError, match="code_sha256 .* there, 000000000000 here"):
        make_shards(tmp_path / "k", other)


def test_the_digest_of_code_moves_with_any_of_its_files(tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "a.py").write_text("x = 1\n")
    one = code_digest(tmp_path, ("cases",))
    assert code_digest(tmp_path, ("cases",)) == one
    (tmp_path / "cases" / "a.py").write_text("x = 2\n")
    assert code_digest(tmp_path, ("cases",)) != one


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(CaseError, match="not empty"):
        make_shards(tmp_path, plan())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_full_disk_leaves_no_half_file_and_the_same_command_goes_on(tmp_path, kind):
    folder = tmp_path / "full"
    script = (
        "import resource, sys; from pathlib import Path; from evalkit.cli import run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, resource.RLIM_INFINITY))\n"
        f"sys.exit(run(['synthesize', 'billing_codes', '-n', '50', '--seed', '3', '--shards', {str(folder)!r},"
        f" '--shard-size', '10', '--format', {kind!r}]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "the disk is full" in done.stderr
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(files(folder)) == ["plan.json"]
    make_shards(folder, plan(kind=kind))
    make_shards(tmp_path / "never", plan(kind=kind))
    assert files(folder) == files(tmp_path / "never")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 8_000


@pytest.mark.parametrize("changes", [{"cases": 0}, {"cases": -1}, {"cases": 10**10}, {"shard_size": 0}])
def test_a_count_that_makes_no_sense_is_one_clear_line(changes):
    with pytest.raises(CaseError, match="makes no sense"):
        plan(**changes)


def test_a_family_without_cases_of_its_own_cannot_be_made_in_shards(monkeypatch):
    monkeypatch.setattr(bulk, "FAMILIES", {"note_summary": replace(FAMILIES["note_summary"], make_case=None)})
    with pytest.raises(CaseError, match="cannot be made in shards"):
        plan(family="note_summary")


def test_the_command_makes_shards_and_says_where_to_look(tmp_path, capsys, whole):
    folder = tmp_path / "cli"
    command = ["synthesize", FAMILY, "-n", "50", "--seed", "3", "--shards", str(folder), "--shard-size", "10"]
    assert run(command) == 0
    assert "50 cases in 5 files" in capsys.readouterr().out
    assert files(folder) == files(whole)
    assert json.loads((folder / "manifest.json").read_text())["plan"]["seed"] == 3


@pytest.mark.parametrize(
    "more", [["-n", "0"], ["-n", "x"], ["--shard-size", "0"], ["--gold", "x"], ["--profile", "rich"]]
)
def test_bad_use_of_the_command_writes_nothing(tmp_path, more, capsys):
    folder = tmp_path / "bad"
    assert run(["synthesize", FAMILY, "--shards", str(folder), *more]) == 2
    assert not folder.exists()
    assert "Traceback" not in capsys.readouterr().err
