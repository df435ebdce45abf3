from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.tabular import LISTED, MAX_CELL_CHARS, Problems, Sheet, read_sheet
from evalkit.errors import CaseError, RecordedError

SECRET = "Zzyzx Quillfeather"
"""Stands for a patient's name in a cell: no error may show it."""


def read(tmp_path: Path, data: bytes | str, name: str = "runs.csv", wanted: tuple[str, ...] = ("id",)) -> Sheet:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_sheet(path, wanted=wanted, error=CaseError)


def refusal(tmp_path: Path, data: bytes | str, name: str = "runs.csv", wanted: tuple[str, ...] = ("id",)) -> str:
    with pytest.raises(CaseError) as refused:
        read(tmp_path, data, name, wanted)
    message = str(refused.value)
    assert message.startswith(f"{name}: ")
    assert " -> " in message, "every refusal says what to do next"
    assert not any(part in message for part in SECRET.split())
    assert str(tmp_path) not in message
    return message


def test_cells_with_lines_quotes_and_commas_come_back_as_they_are(tmp_path: Path) -> None:
    sheet = read(tmp_path, 'id,note\n1,"line one\nline ""two"", end"\n2,plain\n')
    assert [row.cells["note"] for row in sheet.rows] == ['line one\nline "two", end', "plain"]
    assert [row.place for row in sheet.rows] == ["row 2 (line 2)", "row 3 (line 4)"]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfid,note\n1,x\n").columns == ("id", "note")


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_any_line_ending_separates_rows(tmp_path: Path, ending: str) -> None:
    assert len(read(tmp_path, ending.join(["id,note", "1,x", "2,y", ""])).rows) == 2


def test_a_tsv_file_is_separated_by_tabs(tmp_path: Path) -> None:
    assert read(tmp_path, "id\tnote\n1\ta, b\n", "runs.tsv").rows[0].cells == {"id": "1", "note": "a, b"}


def test_a_formula_is_text(tmp_path: Path) -> None:
    assert read(tmp_path, "id,note\n1,\"=cmd|'/c calc'!A1\"\n").rows[0].cells["note"] == "=cmd|'/c calc'!A1"


def test_empty_lines_between_rows_are_passed_over(tmp_path: Path) -> None:
    sheet = read(tmp_path, "id\n\n1\n\n2\n")
    assert [row.cells["id"] for row in sheet.rows] == ["1", "2"]


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    first, second = read(tmp_path, "id\n1\n"), read(tmp_path, "id\n1\n\n")
    assert first.digest != second.digest
    assert first.digest == read(tmp_path, "id\n1\n").digest


def test_a_sheet_and_its_rows_show_no_cell(tmp_path: Path) -> None:
    sheet = read(tmp_path, f"id,note\n1,{SECRET}\n")
    assert SECRET.split()[0] not in repr(sheet) + repr(sheet.rows) + repr(sheet.rows[0])


@pytest.mark.parametrize("data", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "empty" in refusal(tmp_path, data) or "no rows" in refusal(tmp_path, data)


def test_a_file_with_names_only_is_refused(tmp_path: Path) -> None:
    assert "no rows" in refusal(tmp_path, "id,note\n")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RecordedError, match="no such file"):
        read_sheet(tmp_path / "none.csv", wanted=("id",), error=RecordedError)
    with pytest.raises(RecordedError, match="folder"):
        read_sheet(tmp_path, wanted=("id",), error=RecordedError)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    assert "UTF-16" in refusal(tmp_path, f"id,note\n1,{SECRET}\n".encode(encoding))


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"id,note\n1,{SECRET}\n2,caf\u00e9\n".encode("latin-1"))
    assert "not UTF-8: line 3" in message


def test_a_nul_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "NUL character in line 3" in refusal(tmp_path, f"id,note\n1,{SECRET}\n2,a\0b\n")


def test_ragged_rows_are_counted_and_placed(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"id,note\n1,a,{SECRET}\n2,b\n3\n")
    assert "2 rows are not usable" in message
    assert "row 2 (line 2): 3 cells where the header has 2" in message
    assert "row 4 (line 4): 1 cells" in message


def test_ten_bad_rows_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    message = refusal(tmp_path, "id,note\n" + "1\n" * (LISTED + 5))
    assert message.count("row ") == LISTED
    assert "and 5 more" in message


def test_a_quote_that_is_never_closed_is_refused_where_it_starts(tmp_path: Path) -> None:
    message = refusal(tmp_path, f'id,note\n1,"fine\nhere"\n2,"{SECRET}\n3,x\n')
    assert "row 3 (line 4): a quoted cell that is never closed" in message


def test_text_after_a_closing_quote_is_refused(tmp_path: Path) -> None:
    assert "after the closing quote" in refusal(tmp_path, f'id,note\n1,"a" {SECRET}\n')


def test_an_over_long_cell_is_refused(tmp_path: Path) -> None:
    assert "131,072 characters" in refusal(tmp_path, f"id,note\n1,{'x' * (MAX_CELL_CHARS + 1)}\n")


def test_the_longest_cell_is_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, f"id,note\n1,{'x' * MAX_CELL_CHARS}\n").rows[0].cells["note"]) == MAX_CELL_CHARS


def test_two_columns_of_one_name_are_refused_by_their_places(tmp_path: Path) -> None:
    assert "columns 1, 3" in refusal(tmp_path, "id,note,id\n1,2,3\n")


def test_a_missing_column_is_named_beside_those_that_are_there(tmp_path: Path) -> None:
    message = refusal(tmp_path, "id,Reference Summary\n1,x\n", wanted=("id", "summary"))
    assert "no column 'summary'" in message
    assert "'Reference Summary'" in message


def test_a_first_row_that_nobody_knows_is_not_shown(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"4711,{SECRET}\n4712,x\n", wanted=("id", "note"))
    assert "none of the columns" in message
    assert "4711" not in message


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    lines = [{"id": 1, "lines": [{"code": "00061"}]}, {"id": 2, "lines": None}]
    sheet = read(tmp_path, "\n".join(map(json.dumps, lines)) + "\n\n", "runs.jsonl")
    assert [row.cells for row in sheet.rows] == lines
    assert [row.place for row in sheet.rows] == ["line 1", "line 2"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{'id': 1}", "not JSON"),
        ('{"id": 1', "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"id": 1, "id": 2}', "stands twice"),
        ('{"id": 1, "\\u0069d": 2}', "stands twice"),
        ('{"id": {"a": 1, "a": 2}}', "stands twice"),
        ('{"id": NaN}', "NaN"),
        ('{"id": 1e999}', "infinity"),
        ('{"id": "\\ud800"}', "half a character"),
        ('{"id": ' + "9" * 5000 + "}", "too long"),
        ('{"id": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_a_line_that_is_no_honest_object_is_refused(tmp_path: Path, line: str, what: str) -> None:
    message = refusal(tmp_path, f'{{"id": "{SECRET}"}}\n{line}\n', "runs.jsonl")
    assert "line 2: " in message
    assert what in message


def test_problems_count_themselves() -> None:
    problems = Problems()
    assert not problems
    problems.add("row 2", "no id")
    assert (len(problems), str(problems)) == (1, "row 2: no id")


@settings(deadline=None, max_examples=100)
@given(
    cells=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=1, max_size=5)
)
def test_whatever_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "runs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "note"])
        writer.writerows(["1", cell] for cell in cells)
    assert [row.cells["note"] for row in read_sheet(path, wanted=("id",), error=CaseError).rows] == cells


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".jsonl", ".tsv"]))
def test_any_bytes_are_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"runs{suffix}"
    path.write_bytes(data)
    try:
        rows = read_sheet(path, wanted=(), error=CaseError).rows
    except CaseError:
        return
    assert rows
