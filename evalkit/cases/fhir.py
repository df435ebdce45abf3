"""FHIR R4 files in and out: every resource is held against the standard before anything is made of it.

In: ``.json``, ``.ndjson`` (one resource a line), both also ``.gz``, or a folder of these. Out: the same JSON again,
decimals with their digits, for FHIR makes a difference between 1.0 and 1.00.

An error names a file by what the caller typed. Files of a folder go by their place in it, sorted by name: exporters
like to call a file after the patient. Nothing is written by reading.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from evalkit.cases.fhirshapes import Flaw, find_flaws
from evalkit.errors import CaseError

SUFFIXES = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
MOST_BYTES = 512 * 2**20
"""A larger file, unpacked, is refused: what unpacks to more is no chart."""
SHOWN_FLAWS = 5


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """One resource as it came, most often a Bundle. May hold PHI; ``repr`` shows its type and size."""

    resource: Mapping[str, Any]
    where: str
    """What errors call it. No PHI."""

    @property
    def type(self) -> str:
        """The resource's type."""
        return str(self.resource["resourceType"])

    @property
    def is_bundle(self) -> bool:
        """Is it a Bundle?"""
        return self.type == "Bundle"

    def entries(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """``(full URL or empty, resource)`` of each resource in it; of itself where it is no Bundle."""
        if not self.is_bundle:
            yield "", self.resource
            return
        for entry in self.resource.get("entry", ()):
            if "resource" in entry:
                yield entry.get("fullUrl", ""), entry["resource"]

    def counts(self) -> Counter[str]:
        """How many resources of each type it holds."""
        return Counter(str(resource["resourceType"]) for _, resource in self.entries())

    def __repr__(self) -> str:
        return f"Document({self.type}, {sum(self.counts().values())} resources)"


def read_fhir(path: Path) -> tuple[tuple[Document, ...], tuple[CaseError, ...]]:
    """``(documents, refusals)`` of a file or folder, in order. What one file holds is taken whole or refused whole.

    A refusal says which file, what is wrong at which element, and how many flaws there are. Raises CaseError where
    there is no such file, or no file in the folder that could be one.
    """
    documents: list[Document] = []
    refusals: list[CaseError] = []
    for file, where in _files(Path(path)):
        try:
            documents += _read_file(file, where)
        except CaseError as refused:
            refusals.append(refused)
    return tuple(documents), tuple(refusals)


def parse_fhir(text: bytes | str, *, where: str) -> Document:
    """One resource from its JSON. Raises CaseError for what is no JSON, a key that stands twice, or no FHIR R4."""
    try:
        value = json.loads(text, parse_float=_decimal, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except _KeyTwice:
        raise CaseError("a key stands twice in one object", where=where, next_step="keep one of the two") from None
    except (ValueError, RecursionError):
        raise CaseError(
            "the file is not JSON", where=where, next_step="export it again; XML and Turtle are not read"
        ) from None
    _refuse_flaws(value, where)
    return Document(value, where)


def format_fhir(resource: Mapping[str, Any]) -> bytes:
    """A resource as compact JSON in UTF-8, keys in their order, decimals digit for digit."""
    return "".join(_pieces(resource)).encode()


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Each file with the name that errors may use."""
    if path.is_file():
        yield path, path.name
        return
    if not path.is_dir():
        raise CaseError("no such file or folder", where=path.name, next_step="name a FHIR file or a folder of them")
    found = sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(SUFFIXES))
    if not found:
        raise CaseError(
            f"no file ends in {', '.join(SUFFIXES)}", where=path.name, next_step="name the folder with the files"
        )
    for number, file in enumerate(found, start=1):
        yield file, f"{path.name}: file {number} of {len(found)} by name"


def _read_file(file: Path, where: str) -> list[Document]:
    payload = _unpack(file, where)
    if file.name.removesuffix(".gz").endswith(".ndjson"):
        lines = enumerate(payload.split(b"\n"), start=1)
        return [parse_fhir(line, where=f"{where}, line {number}") for number, line in lines if line.strip()]
    return [parse_fhir(payload, where=where)]


def _unpack(file: Path, where: str) -> bytes:
    try:
        with gzip.open(file) if file.name.endswith(".gz") else file.open("rb") as handle:
            payload = handle.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CaseError(f"the file cannot be read ({type(error).__name__})", where=where) from None
    if len(payload) > MOST_BYTES:
        raise CaseError(f"more than {MOST_BYTES // 2**20} MB", where=where, next_step="split it, or use NDJSON")
    return bytes(payload)


def _refuse_flaws(value: Any, where: str) -> None:
    flaws = find_flaws(value) or tuple(_bundle_flaws(value))
    if flaws:
        shown = "; ".join(f"{flaw.place}: {flaw.what}" for flaw in flaws[:SHOWN_FLAWS])
        more = f"; and {len(flaws) - SHOWN_FLAWS} more" if len(flaws) > SHOWN_FLAWS else ""
        raise CaseError(
            f"this is not FHIR R4: {shown}{more}", where=where, next_step="correct the export; nothing of it was kept"
        )


def _bundle_flaws(value: Mapping[str, Any]) -> Iterator[Flaw]:
    """Rule bdl-3 of Bundle, which goes beyond its shape: a transaction says what is to be done with each entry.

    Rule bdl-7, that no full URL stands twice, is not held: payers' responses repeat the one of the request.
    """
    if value["resourceType"] == "Bundle" and value.get("type") in {"transaction", "batch"}:
        for number, entry in enumerate(value.get("entry", ())):
            if "request" not in entry:
                yield Flaw(f"Bundle.entry[{number}].request", "missing in a transaction or batch")


class _KeyTwice(Exception):
    """A key that stands twice in one object: readers disagree on which of the two counts."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwice
    return found


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("no decimal") from None


def _refuse_constant(_name: str) -> Any:
    raise ValueError("NaN and infinities are no JSON")


def _pieces(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        yield "{"
        for number, (key, entry) in enumerate(value.items()):
            yield f"{',' if number else ''}{json.dumps(key, ensure_ascii=False)}:"
            yield from _pieces(entry)
        yield "}"
    elif isinstance(value, (list, tuple)):
        yield "["
        for number, entry in enumerate(value):
            if number:
                yield ","
            yield from _pieces(entry)
        yield "]"
    elif isinstance(value, Decimal):
        yield str(value)
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)
