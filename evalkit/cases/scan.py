"""A scan of whole files for identifiers that can belong to somebody (`evalkit.phi.assignable`), ours or anybody's.

JSON lines, JSON, CSV, Parquet and any other text, packed with gzip or not. Files are read piece by piece; a report
holds kinds, places and counts, never a value, for a hit in somebody's data is protected health information.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.cards import Grid, card
from evalkit.errors import CaseError, IdentifierError
from evalkit.phi.assignable import Sighting, find_assignable
from evalkit.phi.views import is_plain_key, leaves

KINDS = ("ssn", "itin", "phone", "email", "ip", "npi", "mbi")
SHOWN = 20
"""Places that a report names; further ones are counted."""
MAX_LINE = 64_000_000
"""Characters of one line or of one JSON document; a longer one is cut, and read as plain text."""
_OVERLAP = 200
"""Characters that two pieces of a cut line share, so that no identifier falls between them."""
_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")

Text = tuple[str, str, str]
"""(place, name of the field, text)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan saw. ``certain`` are identifiers; ``bare`` are numbers without form or label, perhaps others."""

    name: str
    texts: int
    """Values or lines that were read."""
    certain: tuple[tuple[str, int], ...]
    bare: tuple[tuple[str, int], ...]
    """(kind, count) in the order of `KINDS`, zeros included."""
    places: tuple[str, ...]
    """The first `SHOWN` places: ``line 3, input.note_text, characters 27-38: ssn``."""

    def count(self, *, strict: bool = False) -> int:
        """How many identifiers can belong to somebody; ``strict`` counts bare numbers too."""
        return sum(count for _, count in self.certain) + (sum(count for _, count in self.bare) if strict else 0)

    def __str__(self) -> str:
        rows = [
            f"  {kind:<7}{certain:>8}{bare:>8}"
            for (kind, certain), (_, bare) in zip(self.certain, self.bare, strict=True)
        ]
        head = [f"{self.name}: {self.count():,} identifiers that can belong to somebody, in {self.texts:,} texts"]
        head.append(f"  {'kind':<7}{'certain':>8}{'perhaps':>8}")
        return "\n".join([*head, *rows, *(f"  {place}" for place in self.places)])

    def _repr_html_(self) -> str:
        rows = [(kind, certain, bare) for (kind, certain), (_, bare) in zip(self.certain, self.bare, strict=True)]
        return card(
            f"{self.name}: {self.count():,} identifiers that can belong to somebody",
            lead=f"{self.texts:,} texts read",
            grids=[
                Grid(["kind", "certain#", "perhaps#"], rows),
                Grid(["first places"], [(one,) for one in self.places]),
            ],
        )


def scan_file(path: Path) -> Scan:
    """Scan a file. Raises CaseError where it cannot be read or is no text."""
    try:
        return scan_texts(_texts(path), name=path.name)
    except (OSError, EOFError, zlib.error) as error:
        raise CaseError(
            f"the file cannot be read ({type(error).__name__})",
            where=path.name,
            next_step="check the path; a packed file must be whole",
        ) from None


def scan_value(value: Any, *, name: str = "value", place: str = "") -> Scan:
    """Scan every text, number and key of a JSON value: a case as a dict, a reply, an export."""
    return scan_texts(_leaves(value, place), name=name)


def scan_texts(texts: Iterable[Text], *, name: str) -> Scan:
    """Scan texts that come with the place and the field where they stand."""
    certain: Counter[str] = Counter()
    bare: Counter[str] = Counter()
    places: list[str] = []
    count = 0
    for place, field, text in texts:
        count += 1
        for seen in find_assignable(text, field=field):
            (certain if seen.certain else bare)[seen.kind] += 1
            if seen.certain and len(places) < SHOWN:
                places.append(_place(place, field, seen))
    return Scan(
        name,
        count,
        tuple((kind, certain[kind]) for kind in KINDS),
        tuple((kind, bare[kind]) for kind in KINDS),
        tuple(places),
    )


def _place(place: str, field: str, seen: Sighting) -> str:
    where = ", ".join(part for part in (place, field) if part)
    return f"{where}{', ' if where else ''}characters {seen.start + 1}-{seen.end}: {seen.kind}"


def _texts(path: Path) -> Iterator[Text]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    kind = (suffixes[:-1] if packed else suffixes)[-1:] or [""]
    if kind == [".parquet"]:
        yield from _parquet(path)
        return
    with gzip.open(path, "rb") if packed else path.open("rb") as raw:
        text = _decoded(raw, path.name)
        if kind[0] in _TABLES:
            yield from _rows(text, "\t" if kind == [".tsv"] else ",")
        elif kind == [".json"]:
            yield from _document(text)
        else:
            yield from _lines(text, json_lines=kind[0] in _LINES)


def _decoded(raw: Any, name: str) -> io.TextIOBase:
    """The file as text: UTF-16 where it says so, else UTF-8 with strange bytes kept apart."""
    head = raw.peek(4096)[:4096]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return io.TextIOWrapper(raw, encoding="utf-16", errors="replace", newline=None)
    if b"\x00" in head:
        raise CaseError("this is no text", where=name, next_step="export it as text, CSV, JSON lines or Parquet")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline=None)


def _lines(text: io.TextIOBase, *, json_lines: bool) -> Iterator[Text]:
    number, tail = 0, ""
    while line := text.readline(MAX_LINE):
        number += not tail
        if json_lines and not tail and (value := _parsed(line)) is not None:
            yield from _leaves(value, f"line {number}")
            continue
        yield f"line {number}", "", tail + line.rstrip("\n")
        tail = "" if line.endswith("\n") else line[-_OVERLAP:]


def _document(text: io.TextIOBase) -> Iterator[Text]:
    whole = text.read(MAX_LINE)
    value = None if text.read(1) else _parsed(whole)
    if value is not None:
        yield from _leaves(value, "")
        return
    text.seek(0)
    yield from _lines(text, json_lines=False)


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any, place: str) -> Iterator[Text]:
    """Every leaf with its path; a key that is no plain word may itself be somebody's name and is not shown."""
    try:
        found = leaves(value)
    except IdentifierError:
        yield place, "", json.dumps(value, default=str)
        return
    for leaf in found:
        steps = [str(s) if isinstance(s, int) or is_plain_key(s) else "<key>" for s in leaf.path]
        yield place, ".".join(steps), leaf.text


def _rows(text: io.TextIOBase, delimiter: str) -> Iterator[Text]:
    """Cells with the name of their column, where the first row has plain words; the file line by line where it is no
    table after all."""
    names: list[str] = []
    reader = csv.reader(text, delimiter=delimiter)
    try:
        for row in reader:
            if not names:
                plain = [name.strip().casefold().replace(" ", "_") for name in row]
                names = [name if is_plain_key(name) else f"column_{at}" for at, name in enumerate(plain, start=1)]
            for at, cell in enumerate(row):
                yield f"row {reader.line_num}", names[at] if at < len(names) else f"column_{at + 1}", cell
    except csv.Error:
        text.seek(0)
        yield from _lines(text, json_lines=False)


def _parquet(path: Path) -> Iterator[Text]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            records = (record for batch in file.iter_batches(batch_size=1024) for record in batch.to_pylist())
            for row, record in enumerate(records, start=1):
                yield from _leaves(json.loads(json.dumps(record, default=str)), f"row {row}")
    except ArrowException:
        raise CaseError("this is no Parquet file, or a damaged one", where=path.name) from None
