"""Strict reading of CSV and JSON-lines files that others made. Bytes in, rows of cells out, or one clear error.

The whole file is read and judged before anything is given back. A file of cases may hold PHI, so an error names
rows, lines and columns, never a cell; and the first row counts as column names only where the caller recognises one.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.digests import canonical_json, digest_bytes
from evalkit.errors import EvalkitError

MAX_COLUMNS = 10_000
MAX_CELL_CHARS = 131_072
"""Longest cell of a CSV file, the bound of Python's own csv module; a JSON line may have eight times as many bytes."""
LISTED = 10
"""Bad rows that one error lists; further ones are counted."""
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One record. Cells are text (CSV) or JSON values (JSON lines) and may hold PHI."""

    place: str
    """``row 3 (line 41)`` of a CSV file, where the header is row 1; ``line 3`` of JSON lines."""
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """A file, read: the names of its columns in order, its rows, and the SHA-256 of its bytes."""

    name: str
    """The file's name without folders."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    digest: str


class Problems:
    """What is wrong with the rows of one file, collected so that a person repairs them in one go."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, place: str, what: str) -> None:
        """Note one problem; ``what`` is made of fixed words and column names only."""
        self._found.append(f"{place}: {what}")

    def __bool__(self) -> bool:
        return bool(self._found)

    def __str__(self) -> str:
        shown = "; ".join(self._found[:LISTED])
        more = len(self._found) - LISTED
        return shown + (f"; and {more} more" if more > 0 else "")

    def __len__(self) -> int:
        return len(self._found)


def read_sheet(path: Path, *, wanted: Sequence[str], error: type[EvalkitError]) -> Sheet:
    """Every row of a CSV file (``.csv``, ``.tsv`` too) or a JSON-lines file (``.jsonl``, ``.ndjson``).

    ``wanted`` are the columns that must be there; ``error`` is the class of what is raised, always with the file's
    name and a next step. A byte order mark is dropped; UTF-16 and other encodings, NUL characters, ragged rows,
    unclosed quotes, cells over `MAX_CELL_CHARS`, repeated columns, an empty file and a file without rows are refused.
    """
    data = _read_bytes(path, error)
    text = _decode(data, path.name, error)
    if path.suffix.lower() in JSON_LINES:
        columns, rows = _read_json_lines(text, path.name, error)
    else:
        columns, rows = _read_csv(text, path.name, error, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    _require(columns, wanted, name=path.name, error=error)
    if not rows:
        raise error("the file has column names and no rows", where=path.name, next_step="export the rows too")
    return Sheet(path.name, columns, rows, digest_bytes(data))


def refuse(problems: Problems, where: str, error: type[EvalkitError]) -> None:
    """Raise ``error`` if there are problems: how many, and the first ten."""
    if problems:
        count = "1 row is" if len(problems) == 1 else f"{len(problems)} rows are"
        raise error(
            f"{count} not usable: {problems}", where=where, next_step="repair the file; nothing of it was imported"
        )


def _read_bytes(path: Path, error: type[EvalkitError]) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise error("there is no such file", where=path.name, next_step="check the path") from None
    except IsADirectoryError:
        raise error("this is a folder, not a file", where=path.name, next_step="name the file in it") from None
    except OSError as problem:
        why = problem.strerror or "the file cannot be read"
        raise error(why, where=path.name, next_step="check its permissions") from None
    if not data.strip():
        raise error("the file is empty", where=path.name, next_step="export it again")
    return data


def _decode(data: bytes, name: str, error: type[EvalkitError]) -> str:
    """The text of UTF-8 bytes, without a byte order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:200].count(0) > len(data[:200]) // 4:
        raise error("the file is UTF-16, not UTF-8", where=name, next_step="save it as 'CSV UTF-8'")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error(
            f"the file is not UTF-8: line {line}, byte {problem.start}", where=name, next_step="save it as 'CSV UTF-8'"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise error(f"a NUL character in line {line}", where=name, next_step="export the file again as text")
    return text


def _read_csv(
    text: str, name: str, error: type[EvalkitError], *, delimiter: str
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    records = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    numbered = _numbered(records, name, error)
    try:
        _, _, header = next(numbered)
    except StopIteration:
        raise error("the file has no rows", where=name, next_step="export it again") from None
    if len(header) > MAX_COLUMNS:
        raise error(f"{len(header):,} columns, of which {MAX_COLUMNS:,} are read", where=name, next_step="cut it down")
    columns = tuple(cell.strip() for cell in header)
    seen = Counter(columns)
    repeated = [place for place, column in enumerate(columns, start=1) if column and seen[column] > 1]
    if repeated:
        more = f" and {len(repeated) - 10} more" if len(repeated) > 10 else ""
        places = ", ".join(map(str, repeated[:10])) + more
        raise error(f"one column name stands in columns {places}", where=name, next_step="rename them")
    problems, rows = Problems(), []
    for number, line, cells in numbered:
        place = f"row {number} (line {line})"
        if len(cells) != len(columns):
            problems.add(place, f"{len(cells)} cells where the header has {len(columns)}")
        elif any(len(cell) > MAX_CELL_CHARS for cell in cells):
            problems.add(place, f"a cell of more than {MAX_CELL_CHARS:,} characters")
        else:
            rows.append(Row(place, dict(zip(columns, cells, strict=True))))
    refuse(problems, name, error)
    return columns, tuple(rows)


def _numbered(records: Any, name: str, error: type[EvalkitError]) -> Iterator[tuple[int, int, list[str]]]:
    """Each record with its row number and the line it starts on; rows with nothing in them are passed over."""
    number, line = 0, 1
    while True:
        number += 1
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error as problem:
            reason = _reason(str(problem))
            raise error(
                f"row {number} (line {line}): {reason}", where=name, next_step="repair the row or export the file again"
            ) from None
        if cells:
            yield number, line, cells
        line = records.line_num + 1


def _reason(problem: str) -> str:
    """The csv module's complaint in plain words; it never holds a cell."""
    if "field larger" in problem:
        return f"a cell of more than {MAX_CELL_CHARS:,} characters"
    if "unexpected end" in problem:
        return "a quoted cell that is never closed"
    return "text after the closing quote of a cell"


def _read_json_lines(text: str, name: str, error: type[EvalkitError]) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    problems, rows = Problems(), []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        cells = _read_object(line)
        if isinstance(cells, str):
            problems.add(f"line {number}", cells)
        else:
            rows.append(Row(f"line {number}", cells))
    refuse(problems, name, error)
    columns = dict.fromkeys(key for row in rows for key in row.cells)
    return tuple(columns), tuple(rows)


def _read_object(line: str) -> dict[str, Any] | str:
    """The object of one line, or what is wrong with it."""
    try:
        value = json.loads(line, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError:
        return "not JSON"
    except RecursionError:
        return "nested too deeply"
    except ValueError:  # our own, or a number of thousands of digits
        return "a key stands twice, or a number is too long"
    if not isinstance(value, dict):
        return "not a JSON object; one object a line is needed"
    try:
        long = len(canonical_json(value)) > MAX_CELL_CHARS * 8
    except ValueError:
        return "NaN, infinity or half a character"
    return f"more than {MAX_CELL_CHARS * 8:,} bytes" if long else value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made


def _require(columns: Sequence[str], wanted: Sequence[str], *, name: str, error: type[EvalkitError]) -> None:
    """Refuse a file without the wanted columns. What it has instead is shown only where one of them is known:
    otherwise the first row may well be a patient."""
    missing = [column for column in wanted if column not in columns]
    if not missing:
        return
    named = ", ".join(repr(column) for column in missing)
    if len(missing) < len(set(wanted)):
        raise error(
            f"no column {named}",
            where=name,
            next_step=f"the file has {', '.join(repr(column) for column in columns)}",
        )
    raise error(
        f"none of the columns {named} is in the first row, which has {len(columns)} cells",
        where=name,
        next_step="put the column names into the first row, or name the columns that are there",
    )
