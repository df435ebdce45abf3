from __future__ import annotations

import errno
from pathlib import Path

import pytest

from evalkit.cases.wholefile import sweep, whole_file
from evalkit.errors import CaseError


def test_a_file_takes_its_place_when_all_went_well(tmp_path):
    with whole_file(tmp_path / "a.jsonl") as file:
        file.write(b"one\n")
        assert not (tmp_path / "a.jsonl").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert (tmp_path / "a.jsonl").read_bytes() == b"one\n"


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), ValueError(), CaseError("x")])
def test_an_error_leaves_the_older_file_and_nothing_else(tmp_path, raised):
    (tmp_path / "a").write_bytes(b"old")

    def write() -> None:
        with whole_file(tmp_path / "a") as file:
            file.write(b"new")
            raise raised

    with pytest.raises(type(raised)):
        write()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_a_full_disk_is_one_clear_line(tmp_path):
    with pytest.raises(CaseError, match="a: the disk is full -> free some space"), whole_file(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path):
    with (
        pytest.raises(CaseError, match=r"cannot be written \(FileNotFoundError\) -> check the folder"),
        whole_file(tmp_path / "no" / "a"),
    ):
        pass


def test_what_a_killed_process_left_is_swept(tmp_path):
    (tmp_path / ".a.jsonl.part").write_bytes(b"half")
    (tmp_path / "b.part").write_bytes(b"somebody else's")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.part"]


def test_a_real_full_disk_is_seen(tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / ".a.part").symlink_to(full)
    with pytest.raises(CaseError, match="the disk is full"), whole_file(tmp_path / "a") as file:
        file.write(b"x" * 100_000)
    assert not (tmp_path / "a").exists()
