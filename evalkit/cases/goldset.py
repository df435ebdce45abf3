"""Gold sets on disk: versions that are only ever added, each verified by digest when it is read.

::

    <root>/gold/<id>/<version>/manifest.json     what it is, who made it, digests, the version before
    <root>/gold/<id>/<version>/cases.jsonl       one case a line
    <root>/gold/<id>/<version>/manifest.sig      the signature of the manifest, where somebody signed (`signing`)
    <root>/gold/<id>/<version>/datasheet.md      what is in it and how it came in, where it was promoted

Only synthetic and de-identified cases are written here: cases of data class ``phi`` never touch the disk in clear.
Errors name file, line and field path, never a value.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from evalkit.cases.case import Case, GoldSet
from evalkit.cases.manifest import FORMAT, Card, Manifest, Origin
from evalkit.cases.signing import SIGNATURE, check_signature, require_trusted, sign_manifest, verifier_of
from evalkit.digests import digest_bytes
from evalkit.errors import CaseError
from evalkit.phi.views import is_plain_key
from evalkit.vault.keys import Signer

__all__ = [
    "CASES", "DATASHEET", "MANIFEST", "SIGNATURE", "Card", "Manifest", "Origin", "Papers", "case_from_json",
    "case_to_json", "cases_to_jsonl", "gold_versions", "load_gold", "read_cases", "read_manifest", "save_gold",
]  # fmt: skip

MANIFEST = "manifest.json"
CASES = "cases.jsonl"
DATASHEET = "datasheet.md"
_SAVING = ".saving-"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Papers:
    """What a promoted version has beside its cases."""

    origins: tuple[Origin, ...]
    datasheet: str
    signer: Signer


def save_gold(
    root: Path, id: str, gold: GoldSet, *, card: Card | None = None, papers: Papers | None = None,
    after: int | None = None,
) -> int:  # fmt: skip
    """Write a gold set as the next version of ``id`` under ``root`` and give its number, from 1.

    The version appears as a whole or not at all (written beside, synced, renamed). With ``papers`` it is signed; with
    ``after`` it is written only where that is still the newest version (0 for none).

    Raises CaseError for an unusable id, no cases, a case id twice, inconsistent spans, cases of data class ``phi``, a
    newest version other than ``after``, and an unsigned version after a signed one.
    """
    folder = _folder(root, id)
    _check_set(gold)
    payload = cases_to_jsonl(gold)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CaseError(f"the folder cannot be made ({type(error).__name__})", where=str(folder)) from None
    with _alone(folder):
        newest = (gold_versions(root, id) or (0,))[-1]
        if after is not None and newest != after:
            raise CaseError(
                f"version {newest} was saved meanwhile", where=f"{id}@{after + 1}", next_step="look at it and try again"
            )
        if papers is None and newest and read_manifest(root, id, newest).signer is not None:
            raise CaseError(
                "the version before is signed, and this one would not be",
                where=f"{id}@{newest + 1}",
                next_step="promote instead: `evalkit promote`",
            )
        card = card or Card()
        manifest = Manifest(
            format=FORMAT if papers else 1, id=id, version=newest + 1, name=gold.name, cases=len(gold),
            file_sha256=digest_bytes(payload), dataset_digest=gold.digest,
            data_class="deidentified" if any(case.data_class == "deidentified" for case in gold) else "synthetic",
            parent=_manifest_digest(folder / str(newest)) if newest else None,
            author=card.author, note=card.note, at=card.at, origins=papers.origins if papers else (),
            datasheet_sha256=digest_bytes(papers.datasheet.encode()) if papers else None,
            signer=verifier_of(id, papers.signer) if papers else None,
        )  # fmt: skip
        files = {CASES: payload, MANIFEST: manifest.to_bytes()}
        if papers is not None:
            files[SIGNATURE] = sign_manifest(id, manifest.version, files[MANIFEST], signer=papers.signer)
            files[DATASHEET] = papers.datasheet.encode()
        _write_whole(folder / str(manifest.version), files, where=f"{id}@{manifest.version}")
    return manifest.version


def load_gold(root: Path, id: str, version: int | None = None) -> GoldSet:
    """Read a version, the newest by default; the set is named ``id@version``.

    Raises CaseError where there is none, where a file is missing, does not read, or differs from the digests in its
    manifest, where the manifest of the version before was changed, and where a signed manifest was edited or its key
    is not trusted here.
    """
    folder = _folder(root, id)
    before = gold_versions(root, id)
    if not before:
        raise CaseError("no such gold set", where=id)
    wanted = before[-1] if version is None else version
    if wanted not in before:
        raise CaseError("no such version of the gold set", where=f"{id}@{wanted}", next_step=f"newest is {before[-1]}")
    manifest = read_manifest(root, id, wanted)
    place = f"{id}@{wanted}/{CASES}"
    payload = _read(folder / str(wanted) / CASES, place)
    if digest_bytes(payload) != manifest.file_sha256:
        raise CaseError("the file is not the one that was saved", where=place, next_step="restore it; never edit it")
    _check_parent(root, manifest)
    sheet = f"{id}@{wanted}/{DATASHEET}"
    known = manifest.datasheet_sha256
    if known is not None and digest_bytes(_read(folder / str(wanted) / DATASHEET, sheet)) != known:
        raise CaseError("the file is not the one that was saved", where=sheet, next_step="restore it; never edit it")
    gold = GoldSet(f"{id}@{wanted}", read_cases(payload.splitlines(), where=place))
    if len(gold) != manifest.cases or gold.digest != manifest.dataset_digest:
        raise CaseError("the cases are not those of the manifest", where=place, next_step="restore both files")
    return gold


def _check_parent(root: Path, manifest: Manifest) -> None:
    """The version before is the one that this one was made from, and is signed only if this one is."""
    parent = _folder(root, manifest.id) / str(manifest.version - 1)
    if manifest.parent is None or not parent.is_dir():
        return
    place = f"{manifest.id}@{manifest.version - 1}/{MANIFEST}"
    if _manifest_digest(parent) != manifest.parent:
        raise CaseError("the manifest of the version before was changed", where=place)
    if manifest.signer is None and read_manifest(root, manifest.id, manifest.version - 1).signer is not None:
        raise CaseError(
            "the version before is signed and this one is not",
            where=f"{manifest.id}@{manifest.version}/{MANIFEST}",
            next_step="restore it with its signature",
        )


def read_manifest(root: Path, id: str, version: int) -> Manifest:
    """The manifest of a version, its signature verified where it has one.

    Raises CaseError where it is missing, does not read, names another version, or is not as a trusted key signed it.
    """
    place = f"{id}@{version}/{MANIFEST}"
    folder = _folder(root, id) / str(version)
    text = _read(folder / MANIFEST, place)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise CaseError(_explain(error), where=place) from None
    if (manifest.id, manifest.version) != (id, version):
        raise CaseError("the manifest belongs to another gold set or version", where=place)
    if (manifest.signer is None) != (manifest.format == 1) or (manifest.signer is None and manifest.origins):
        raise CaseError("a manifest of format 2, and no other, names its key", where=place, next_step="restore it")
    if manifest.signer is not None:
        signature = _read(folder / SIGNATURE, f"{id}@{version}/{SIGNATURE}")
        key = check_signature(place, text, signature, vkey=manifest.signer, head=(id, version))
        require_trusted(place, key)
    return manifest


def gold_versions(root: Path, id: str) -> tuple[int, ...]:
    """The versions of a gold set, oldest first; none where it does not exist."""
    folder = _folder(root, id)
    if not folder.is_dir():
        return ()
    names = [entry.name for entry in folder.iterdir() if entry.is_dir()]
    return tuple(sorted(int(name) for name in names if re.fullmatch(r"[1-9][0-9]{0,8}", name)))


def cases_to_jsonl(cases: Iterable[Case]) -> bytes:
    """Cases as JSON lines, one case a line, for a file. Raises CaseError for a case of data class ``phi``."""
    lines: list[bytes] = []
    for case in cases:
        if case.data_class == "phi":
            raise CaseError(
                "a case with PHI is never written in clear",
                where=case.case_id,
                next_step="de-identify it first, or keep it in a sealed store",
            )
        lines.append(case_to_json(case))
    return b"".join(line + b"\n" for line in lines)


def read_cases(lines: Iterable[bytes | str], *, where: str = "cases") -> tuple[Case, ...]:
    """Cases from JSON lines; blank lines are passed over. Raises CaseError with the line and the field path."""
    cases = tuple(
        case_from_json(line, where=f"{where}:{number}") for number, line in enumerate(lines, start=1) if line.strip()
    )
    _check_ids(cases, where)
    return cases


def case_to_json(case: Case) -> bytes:
    """A case as one line of JSON, PHI included where it holds any: for sealed storage and `cases_to_jsonl`."""
    return _adapter().dump_json(case)


def case_from_json(text: bytes | str, *, where: str = "case") -> Case:
    """A case from its JSON, strictly: unknown fields, wrong types and spans outside their text are refused."""
    try:
        case = _adapter().validate_json(text)
    except ValidationError as error:
        raise CaseError(_explain(error), where=where) from None
    try:
        _ = case.digest
    except ValueError:
        raise CaseError("a value is no JSON value (NaN, infinity or a lone surrogate)", where=where) from None
    _check_spans(case, where)
    return case


@cache
def _adapter() -> TypeAdapter[Case]:
    return TypeAdapter(Case)


def _explain(error: ValidationError) -> str:
    """What pydantic refused, as field paths and kinds; its own message would show the input."""
    found = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        steps = [str(step) if isinstance(step, int) or is_plain_key(step) else "<key>" for step in problem["loc"]]
        found.append(f"{'.'.join(steps) or 'line'}: {problem['type']}")
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return "does not read: " + "; ".join(found[:5]) + more


def _check_set(gold: GoldSet) -> None:
    if not len(gold):
        raise CaseError("a gold set without cases is none", where=gold.name)
    _check_ids(gold.cases, gold.name)
    for case in gold:
        _check_spans(case, case.case_id)


def _check_ids(cases: Iterable[Case], where: str) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.case_id in seen:
            raise CaseError("a case id stands twice", where=f"{where}: {case.case_id}")
        seen.add(case.case_id)


def _check_spans(case: Case, where: str) -> None:
    """Columns of one length, needles that the case knows, offsets inside texts of the input."""
    spans = case.spans
    if not len(spans.field) == len(spans.start) == len(spans.end) == len(spans.needle_id):
        raise CaseError("the columns of the spans differ in length", where=where)
    known = {identifier.needle_id for identifier in case.identifiers}
    for row, (field, start, end, needle_id) in enumerate(
        zip(spans.field, spans.start, spans.end, spans.needle_id, strict=True)
    ):
        if needle_id not in known:
            raise CaseError("a span names an identifier that the case does not have", where=f"{where}: spans[{row}]")
        text = case.text_of(field)
        if text is None and "[" in field:
            raise CaseError("a span names a text that the input does not have", where=f"{where}: spans[{row}]")
        if text is not None and not 0 <= start < end <= len(text):
            raise CaseError("a span lies outside the text of its field", where=f"{where}: spans[{row}]")
    _check_decoys(case, where)


def _check_decoys(case: Case, where: str) -> None:
    decoys = case.decoys
    if not len(decoys.field) == len(decoys.start) == len(decoys.end) == len(decoys.kind):
        raise CaseError("the columns of the decoys differ in length", where=where)
    for row, (field, start, end) in enumerate(zip(decoys.field, decoys.start, decoys.end, strict=True)):
        text = case.text_of(field)
        if text is None or not 0 <= start < end <= len(text):
            raise CaseError("a decoy lies outside the text of its field", where=f"{where}: decoys[{row}]")


def _folder(root: Path, id: str) -> Path:
    if len(id) > 100 or _ID.fullmatch(id) is None:
        raise CaseError(
            "a gold set's id is made of lower-case letters, digits, _ and -, with single dots between",
            where="gold set id",
        )
    return Path(root) / "gold" / id


def _read(path: Path, place: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CaseError(f"the file cannot be read ({type(error).__name__})", where=place) from None


def _manifest_digest(folder: Path) -> str:
    return digest_bytes(_read(folder / MANIFEST, f"version {folder.name}/{MANIFEST}"))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One saver of a gold set at a time, between processes too; the lock dies with its process, and what an earlier one
    left half written goes."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob(f"{_SAVING}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(handle)


def _write_whole(target: Path, files: dict[str, bytes], *, where: str) -> None:
    """Write a folder that appears at once: made beside its place, synced, renamed. Never over an existing one."""
    beside = Path(tempfile.mkdtemp(prefix=_SAVING, dir=target.parent))
    try:
        for name, payload in files.items():
            with (beside / name).open("xb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
        beside.chmod(0o755)
        _sync(beside)
        beside.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise CaseError(
            f"the version could not be written ({type(error).__name__})",
            where=where,
            next_step="save again; somebody else may have saved the same version, or the disk may be full",
        ) from None
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(beside)


def _sync(folder: Path) -> None:
    """Make a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
