"""Files that were left behind: logs of a remote agent, a tracking store, a folder of notebooks, a database.

The identifiers of every case are looked for in every file and every file name, in all normal forms. A file that cannot
be read, or is too large, is a finding: what was not searched is not clean (45 CFR 164.312(a)(2)(iv)).
"""

from __future__ import annotations

import gzip
import io
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalkit.boundary.channels import kind_of_file
from evalkit.boundary.finding import CheckResult, Finding
from evalkit.boundary.sinks import needles_of
from evalkit.cases.case import Case
from evalkit.digests import digest, digest_bytes
from evalkit.errors import EvalkitError

MOST_BYTES = 64 << 20
"""Of one file."""
WINDOW, OVERLAP = 200_000, 2_000
"""Characters searched at once, and how much of them again with the next ones."""
_FILES = ("stored_files", "No identifier in files left behind", "45 CFR 164.312(a)(2)(iv), 164.310(d)(1)")
_TAMPER = ("tampering", "A changed record is noticed", "45 CFR 164.312(c)(1), (c)(2)")
_RESTORE = ("restored_copy", "A copy can be read in full", "45 CFR 164.308(a)(7)(ii)(A), (B)")


def search_files(paths: Iterable[Path], cases: Sequence[Case]) -> CheckResult:
    """A finding for every identifier of every case in every file under the paths; files are named by their number.

    Raises EvalkitError where a path is not there: nothing searched would look like nothing found.
    """
    files = [file for path in paths for file in _walk(path)]
    searched = [_search_file(number, file, cases) for number, file in enumerate(files)]
    findings = tuple(dict.fromkeys(finding for found, _ in searched for finding in found))
    clean = sum(not found for found, _ in searched)
    evidence = digest([mark for _, mark in searched])
    return CheckResult(*_FILES, "current", clean, 0, int(not files), findings, None, evidence, sampled=False)


def _search_file(number: int, file: Path, cases: Sequence[Case]) -> tuple[list[Finding], str]:
    """What is found in one file, and the digest of its bytes."""
    texts, mark = _texts(file)
    place = f"file[{number}]"
    if not mark:
        return [Finding(_FILES[0], f"file {number}", 0, "a file that could not be searched", place)], mark
    kind = kind_of_file(str(file))
    places = [(f"{place}.name", str(file)), *((place, text) for text in texts)]
    found = [
        _finding(case, leak, kind) for case in cases for where, text in places for leak in _leaks(case, text, where)
    ]
    return found, mark


def tamper_with(path: Path, read: Callable[[Path], Any], scratch: Path, *, flips: int = 64) -> CheckResult:
    """Flip one bit at places spread over copies of a store: reading each copy must fail, or give what it gave before.

    ``read`` gives back everything in a store; ``scratch`` is an empty folder for the copies.
    """
    original = path.read_bytes()
    known = digest_bytes(repr(read(path)).encode())
    findings = []
    for number in range(flips):
        at = (2 * number + 1) * len(original) // (2 * flips)
        copy = scratch / f"{number}{path.suffix}"
        copy.write_bytes(original[:at] + bytes([original[at] ^ (1 << number % 8)]) + original[at + 1 :])
        if not _noticed(copy, read, known):
            findings.append(
                Finding(_TAMPER[0], f"byte {at}", 0, "a changed record was read as if it were whole", f"[{at}]")
            )
        copy.unlink(missing_ok=True)
    passed = flips - len(findings)
    evidence = digest([known, flips, passed])
    return CheckResult(*_TAMPER, "current", passed, 0, 0, tuple(findings), None, evidence, sampled=False)


def restore_copy(path: Path, read: Callable[[Path], Any], scratch: Path) -> CheckResult:
    """Copy a store into an empty folder and read it there: everything must be there, and the same."""
    before = digest_bytes(repr(read(path)).encode())
    copy = scratch / path.name
    shutil.copyfile(path, copy)
    after = digest_bytes(repr(read(copy)).encode())
    good = before == after
    found = () if good else (Finding(_RESTORE[0], path.name, 0, "a copy does not read as the original does"),)
    return CheckResult(*_RESTORE, "current", int(good), 0, 0, found, None, digest([before, after]), sampled=False)


def _noticed(copy: Path, read: Callable[[Path], Any], known: str) -> bool:
    try:
        return digest_bytes(repr(read(copy)).encode()) == known
    except EvalkitError:
        return True


def _walk(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise EvalkitError("there is nothing to search", where=path.name, next_step="name a file or folder that exists")
    yield from sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _texts(file: Path) -> tuple[list[str], str]:
    """What a file says, in windows, and the digest of its bytes; no digest where it cannot be read."""
    try:
        data = file.read_bytes()
        if len(data) > MOST_BYTES:
            return [], ""
        parts = _unpack(data)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError):
        return [], ""
    texts = [_readable(part) for part in parts]
    return [window for text in texts for window in _windows(text)], digest_bytes(data)


def _unpack(data: bytes) -> list[bytes]:
    if data.startswith(b"\x1f\x8b"):
        return [gzip.decompress(data)]
    if not data.startswith(b"PK\x03\x04"):
        return [data]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = "\n".join(entry.filename for entry in entries).encode()
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            raise EOFError
        return [names, *map(archive.read, entries)]


def _readable(data: bytes) -> str:
    """Text as it is; of a binary file, a database say, the runs of characters in it, in UTF-8, Latin-1 and UTF-16."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        wide = data.replace(b"\x00", b"").decode("latin-1")
        narrow = re.sub(r"[^\x20-\x7e\xa0-\xff\n]+", "\n", f"{data.decode('latin-1')}\n{wide}")
        return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd]+", "\n", data.decode(errors="replace")) + narrow


def _windows(text: str) -> Iterator[str]:
    for start in range(0, max(len(text), 1), WINDOW - OVERLAP):
        yield text[start : start + WINDOW]
        if start + WINDOW >= len(text):
            return


def _leaks(case: Case, text: str, place: str) -> Iterable[Any]:
    return needles_of(case.identifiers).search(text, place=place) if case.identifiers else ()


def _finding(case: Case, leak: Any, kind: str) -> Finding:
    what = {"tracking": "a planted identifier in a tracking store", "notebook": "a planted identifier in a notebook"}
    return Finding(
        _FILES[0], case.case_id, 0, what.get(kind, "a planted identifier in a file"), leak.place, leak.needle_id,
        leak.category, leak.form,
    )  # fmt: skip
