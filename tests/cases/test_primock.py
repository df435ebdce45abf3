from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.cases.case import GoldSet
from evalkit.cases.primock import read_primock57
from evalkit.errors import CaseError

SECRET = "Quillon Zyxwerth"


def visit(**changes: Any) -> dict[str, Any]:
    return {
        "id": "day1_consultation01",
        "note": {"note": "3/7 cough. Plan: rest."},
        "turns": [
            {"speaker": "patient", "start": 2.5, "end": 4.0, "text": "<UNSURE>I've had</UNSURE> a cough"},
            {"speaker": "doctor", "start": 0.5, "end": 2.0, "text": "Hello <UNIN/> there"},
            {"speaker": "doctor", "start": 5.0, "end": 6.0, "text": "<INAUDIBLE_SPEECH/>"},
        ],
    } | changes


def written(folder: Path, *visits: Any) -> Path:
    path = folder / "primock57.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in visits), encoding="utf-8")
    return path


def test_a_consultation_is_a_case_with_turns_as_they_begin(tmp_path: Path) -> None:
    (case,) = read_primock57(written(tmp_path, visit()))
    assert case.case_id == "primock57-day1-consultation01"
    assert case.input == {"dialogue": "[doctor] Hello there\n[patient] I've had a cough"}
    assert case.gold == {"note": "3/7 cough. Plan: rest."}
    assert (case.data_class, case.refusal, case.tags) == ("deidentified", None, ("source-day1",))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{{{SECRET}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (visit(id=SECRET), "id is not"),
        (visit(note={"note": "  "}), "note is missing"),
        (visit(note=SECRET), "note is missing"),
        (visit(turns=[]), "turns are not"),
        (visit(turns=[{"speaker": SECRET, "start": 1.0, "text": "x"}]), "turns are not"),
        (visit(turns=[{"speaker": "doctor", "start": True, "text": "x"}]), "turns are not"),
    ],
    ids=["cut", "deep", "id", "empty-note", "note", "no-turns", "speaker", "start"],
)
def test_anything_else_is_refused_by_line_and_without_a_word_of_it(tmp_path: Path, line: Any, reason: str) -> None:
    with pytest.raises(CaseError, match=reason) as caught:
        read_primock57(written(tmp_path, visit(id="day1_consultation02"), line))
    assert "line 2" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_id_twice_an_empty_file_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="twice"):
        read_primock57(written(tmp_path, visit(), visit()))
    with pytest.raises(CaseError, match="empty"):
        read_primock57(written(tmp_path))
    with pytest.raises(CaseError, match="cannot be read"):
        read_primock57(tmp_path / "nowhere.jsonl")


@pytest.fixture(scope="module")
def primock(shared_data: Path) -> GoldSet:
    path = shared_data / "primock57" / "primock57.jsonl"
    if not path.exists():
        pytest.skip("no PriMock57 in the shared data")
    return read_primock57(path)


def test_the_public_file_is_30_consultations(primock: GoldSet) -> None:
    assert len(primock) == len({case.case_id for case in primock}) == 30
    for case in primock:
        assert "<" not in case.input["dialogue"]
        assert case.input["dialogue"].startswith(("[doctor]", "[patient]"))


def test_the_command_keeps_a_gold_set_and_refuses_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evalkit.cli import run

    monkeypatch.chdir(tmp_path)
    assert run(["import", "primock57", str(written(tmp_path, visit()))]) == 0
    assert "gold set primock57@1: 1 cases" in capsys.readouterr().out
    assert run(["import", "primock57", str(written(tmp_path, visit(), SECRET))]) == 2
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    assert "line 2" in shown.err
    assert len(shown.err.strip().splitlines()) == 1
