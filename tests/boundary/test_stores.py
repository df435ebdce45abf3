"""Files that were left behind, in every format that they come in."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.boundary import stores
from evalkit.boundary.stores import restore_copy, search_files, tamper_with
from evalkit.cases.case import Case
from evalkit.errors import EvalkitError
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal
from evalkit.phi.identifiers import Identifier
from evalkit.vault.keys import FileKeyring

NAME = "Quillan Ostrander"


def database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table runs (name text, note blob)")
    connection.executemany("insert into runs values (?, ?)", [("x" * 50, b"\xff" * 50)] * 200)
    connection.execute("insert into runs values (?, ?)", (f"run of {NAME}", b"\x00\xff"))
    connection.commit()
    connection.close()


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("inside.txt", f"patient {NAME}")


WAYS: dict[str, Callable[[Path], Any]] = {
    "run.log": lambda path: path.write_text(f"INFO {NAME}\n", encoding="utf-8"),
    "deep.txt": lambda path: path.write_text("x " * 300_000 + NAME + " y" * 300_000, encoding="utf-8"),
    "encoded.txt": lambda path: path.write_text(base64.b64encode(NAME.encode()).decode(), encoding="utf-8"),
    "a.json.gz": lambda path: path.write_bytes(gzip.compress(NAME.encode())),
    "a.zip": archive,
    "mlflow.db": database,
    "utf16.txt": lambda path: path.write_bytes(b"\xff\xfe" + NAME.encode("utf-16-le")),
    "out.ipynb": lambda path: path.write_text(
        json.dumps({"cells": [{"outputs": [{"text": [NAME]}]}]}), encoding="utf-8"
    ),
    "Quillan_Ostrander.txt": lambda path: path.write_text("nothing", encoding="utf-8"),
}


@pytest.mark.parametrize("name", WAYS)
def test_an_identifier_is_found_in_any_kind_of_file(tmp_path: Path, cases: tuple[Case, ...], name: str) -> None:
    WAYS[name](tmp_path / name)
    (tmp_path / "clean.txt").write_text("all is well", encoding="utf-8")
    result = search_files([tmp_path], cases)
    assert {found.needle_id for found in result.findings} == {"patient.name"}
    assert {found.case_id for found in result.findings} == {cases[0].case_id}
    assert result.passed == 1
    assert "Ostrander" not in str(result)
    kinds = {"mlflow.db": "a planted identifier in a tracking store", "out.ipynb": "a planted identifier in a notebook"}
    assert result.findings[0].what == kinds.get(name, "a planted identifier in a file")


def test_clean_files_pass_and_are_counted(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("all is well", encoding="utf-8")
    result = search_files([tmp_path / "0.txt", tmp_path], cases)
    assert (result.verdict, result.passed, result.possible) == ("pass", 4, "")


def test_an_empty_folder_proves_nothing_and_one_that_is_not_there_is_an_error(
    tmp_path: Path, cases: tuple[Case, ...]
) -> None:
    assert search_files([tmp_path], cases).verdict == "not_observed"
    with pytest.raises(EvalkitError, match="there is nothing to search"):
        search_files([tmp_path / "none"], cases)


@pytest.mark.parametrize("name", ["broken.gz", "broken.zip", "huge.txt"])
def test_a_file_that_cannot_be_searched_is_a_finding(
    tmp_path: Path, cases: tuple[Case, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_BYTES", 1000)
    content = {"broken.gz": b"\x1f\x8bnonsense", "broken.zip": b"PK\x03\x04nonsense", "huge.txt": b"x" * 1001}[name]
    (tmp_path / name).write_bytes(content)
    (found,) = search_files([tmp_path], cases).findings
    assert found.what == "a file that could not be searched"


def test_the_sealed_journal_of_a_run_shows_nothing_and_notices_every_change(
    tmp_path: Path, cases: tuple[Case, ...]
) -> None:
    from evalkit.agents.agent import Reply

    keyring = FileKeyring(tmp_path / "keys" / "keyring.json")
    header = {
        "run_id": "run-1", "spec_id": "s", "spec_version": "1.0.0", "behaviour_sha": "a" * 64, "dataset_digest": "b" * 64,
        "agent_id": "a", "metrics_digest": "c" * 64, "trials": 1, "cases": 1, "created_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    folder = tmp_path / "runs"
    folder.mkdir()
    journal = Journal.create(folder / "run.db", header, keyring)
    journal.append([Execution(case.case_id, 0, Reply("ok", {"letter": NAME})) for case in cases])
    journal.close()

    def read(path: Path) -> list[tuple[str, Any]]:
        opened = Journal.open(path, keyring)
        try:
            return [(one.case_id, one.reply and one.reply.output) for one in opened.read()]
        finally:
            opened.close()

    assert NAME in str(read(folder / "run.db"))
    assert search_files([folder], cases).verdict == "pass"
    assert not list(folder.rglob("keyring*")), "the keys lie elsewhere: a stolen folder decrypts nothing"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert tamper_with(folder / "run.db", read, scratch, flips=48).findings == ()
    assert restore_copy(folder / "run.db", read, scratch).verdict == "pass"


def test_a_store_that_notices_nothing_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("x" * 640, encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    result = tamper_with(path, lambda file: file.read_bytes(), scratch, flips=16)
    assert (result.passed, result.failed) == (0, 16)
    readings = iter(["all of it", "half of it"])
    lost = restore_copy(path, lambda file: next(readings), scratch)
    assert [found.what for found in lost.findings] == ["a copy does not read as the original does"]


def test_a_name_with_an_accent_is_found_in_a_database(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    case = replace(cases[0], identifiers=(Identifier("patient.name", "name", "Zoë Ångström"),))
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as store:
        store.execute("create table params (key text, value text, blank blob)")
        store.execute("insert into params values ('patient', 'Zoë Ångström', x'ff')")
        store.commit()
    assert [found.needle_id for found in search_files([tmp_path], [case]).findings][:1] == ["patient.name"]
