"""Many cases in one folder: shards that are made one by one, resumed after a kill, and described by a manifest.

::

    <folder>/cases-00000.jsonl ...     one case a line; or cases-00000.parquet
    <folder>/manifest.json             plan, digest and size of every shard, what is in the set
    <folder>/datasheet.md              the same for people

While a set is made, ``plan.json`` holds what is to be made and ``progress.jsonl`` one line for every finished shard.
The plan holds the digests of code and vocabulary: a folder is only ever completed by what began it. Nothing here
depends on how many processes work: a shard is a range of case indexes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalkit.cases.case import SCHEMA_VERSION, Case
from evalkit.cases.goldset import case_from_json, case_to_json
from evalkit.cases.patients import weight_of
from evalkit.cases.people import Names, People, Profile
from evalkit.cases.wholefile import sweep, whole_file
from evalkit.errors import CaseError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PLAN, PROGRESS, MANIFEST, DATASHEET = "plan.json", "progress.jsonl", "manifest.json", "datasheet.md"
MOST_CASES = 10**9
Row = Callable[[Case, float | None], None]
"""Writes one case with its weight."""
AGAIN = "free some space and run the same command again: finished shards are kept"


_CLOSED = ConfigDict(frozen=True, strict=True, extra="forbid")


class Plan(BaseModel):
    """What is to be made. Equal plans make equal bytes."""

    model_config = _CLOSED

    format: Literal[1] = 1
    case_schema: int = SCHEMA_VERSION
    family: str
    seed: int
    cases: int = Field(ge=1, le=MOST_CASES)
    """Case indexes 0 to cases - 1."""
    shard_size: int = Field(default=10_000, ge=1, le=1_000_000)
    kind: Literal["jsonl", "parquet"] = "jsonl"
    profile: Profile = "stress"
    names: Names = "canary"
    code_sha256: Sha256
    """Of the source files that make these cases."""
    vocabulary_sha256: Sha256

    @property
    def shards(self) -> int:
        """How many files there will be."""
        return -(-self.cases // self.shard_size)

    def span(self, number: int) -> range:
        """The case indexes of a shard, from 0."""
        return range(number * self.shard_size, min((number + 1) * self.shard_size, self.cases))

    def file(self, number: int) -> str:
        """The name of a shard."""
        return f"cases-{number:05d}.{self.kind}"


class Shard(BaseModel):
    """One finished shard and what is in it. No PHI."""

    model_config = _CLOSED

    number: int
    file: str
    cases: int
    bytes: int
    sha256: Sha256
    tags: dict[str, int] = {}
    refusals: dict[str, int] = {}
    categories: dict[str, int] = {}
    """Planted identifiers by Safe Harbor category."""
    decoys: dict[str, int] = {}
    weights: dict[str, float] = {}
    """Sum of weights by tag, where people have weights; the key ``all`` is their sum."""


class ShardManifest(BaseModel):
    """What stands in ``manifest.json``."""

    model_config = _CLOSED

    plan: Plan
    shards: tuple[Shard, ...]
    data_class: Literal["synthetic"] = "synthetic"


def write_shard(folder: Path, plan: Plan, number: int, *, make: Callable[[int], Case]) -> Shard:
    """Make one shard: the whole file or none. Raises CaseError where it cannot be written.

    Weights are those of `evalkit.cases.patients.weight_of`, in the ``stress`` profile; the other one needs none.
    """
    people = People(plan.profile, plan.names)
    path = folder / plan.file(number)
    counts = {name: Counter[str]() for name in ("tags", "refusals", "categories", "decoys")}
    weights: dict[str, float] = {}
    rows = _parquet_rows if plan.kind == "parquet" else _json_rows
    with whole_file(path, next_step=AGAIN) as file, rows(file) as add:
        for index in plan.span(number):
            case = make(index)
            weight = weight_of(case.cluster, people=people) if people.profile == "stress" else None
            add(case, weight)
            counts["tags"].update(case.tags)
            counts["refusals"].update([case.refusal] if case.refusal else ())
            counts["categories"].update(case.labels.category)
            counts["decoys"].update(case.decoys.kind)
            _weigh(weights, case, weight)
    return Shard(
        number=number, file=path.name, cases=len(plan.span(number)), bytes=path.stat().st_size,
        sha256=_digest_of(path).hexdigest(), weights={tag: round(weights[tag], 6) for tag in sorted(weights)},
        **{name: dict(sorted(found.items())) for name, found in counts.items()},
    )  # fmt: skip


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Hold a folder, made where it is not there, so that no other process makes a set in it at the same time.

    A killed process holds nothing. Raises CaseError where another one holds it, or it cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise CaseError(
            f"the folder cannot be used ({type(error).__name__})", where=folder.name, next_step="check its permissions"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise CaseError(
            "another process makes a set here", where=folder.name, next_step="wait for it, or name a new folder"
        ) from None
    finally:
        os.close(handle)


def begin_shards(folder: Path, plan: Plan) -> dict[int, Shard]:
    """Open a folder for a plan and give the shards that it already holds, by number.

    Raises CaseError where it holds another plan or other files, or where a finished shard was changed.
    """
    sweep(folder)
    there = _known_plan(folder)
    if there is None and any(folder.iterdir()):
        raise CaseError(
            "the folder is not empty",
            where=folder.name,
            next_step="name a new folder, or one begun by this command",
        )
    if there is not None and there != plan:
        raise CaseError(
            f"the folder was begun with another plan: {_difference(there, plan)}",
            where=folder.name,
            next_step="repeat that plan, or name a new folder",
        )
    if there is None:
        with whole_file(folder / PLAN, next_step=AGAIN) as file:
            file.write(plan.model_dump_json(indent=2).encode() + b"\n")
    finished = {shard.number: shard for shard in _finished(folder) if (folder / shard.file).is_file()}
    for shard in finished.values():
        _check(folder, shard)
    return finished


def note_shard(folder: Path, shard: Shard) -> None:
    """Keep on disk that a shard is finished. Raises CaseError where that cannot be written."""
    try:
        with (folder / PROGRESS).open("ab") as file:
            file.write(shard.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CaseError(
            f"progress cannot be written ({type(error).__name__})", where=PROGRESS, next_step=AGAIN
        ) from None


def finish_shards(folder: Path, plan: Plan, shards: dict[int, Shard], *, datasheet: str) -> ShardManifest:
    """Write manifest and datasheet once every shard is there, and take the notes of progress away."""
    manifest = ShardManifest(plan=plan, shards=tuple(shards[number] for number in range(plan.shards)))
    with whole_file(folder / DATASHEET, next_step=AGAIN) as file:
        file.write(datasheet.encode())
    with whole_file(folder / MANIFEST, next_step=AGAIN) as file:
        file.write(manifest.model_dump_json(indent=2).encode() + b"\n")
    for name in (PLAN, PROGRESS):
        with suppress(FileNotFoundError):
            (folder / name).unlink()
    return manifest


def read_shards(folder: Path) -> Iterator[Case]:
    """The cases of a finished folder in order, shard by shard, each verified by its digest first.

    Raises CaseError where the set is not finished or a file was changed.
    """
    manifest = read_shard_manifest(folder)
    for shard in manifest.shards:
        _check(folder, shard)
        for number, line in enumerate(_json_of(folder / shard.file), start=1):
            yield case_from_json(line, where=f"{shard.file}:{number}")


def read_shard_manifest(folder: Path) -> ShardManifest:
    """The manifest of a finished folder. Raises CaseError where there is none or it does not read."""
    try:
        return ShardManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError:
        raise CaseError(
            "the set is not finished", where=folder.name, next_step="run the command that began it again"
        ) from None
    except ValidationError:
        raise CaseError("the manifest does not read", where=f"{folder.name}/{MANIFEST}") from None


def _weigh(weights: dict[str, float], case: Case, weight: float | None) -> None:
    if weight is not None:
        for tag in ("all", *case.tags):
            weights[tag] = weights.get(tag, 0.0) + weight


@contextmanager
def _json_rows(file: BinaryIO) -> Iterator[Row]:
    def add(case: Case, _weight: float | None) -> None:
        file.write(case_to_json(case) + b"\n")

    yield add


ROWS_IN_A_GROUP = 1000


@contextmanager
def _parquet_rows(file: BinaryIO) -> Iterator[Row]:
    """Rows with the columns that people filter by, the labels as lists, and the whole case as JSON."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    rows: list[dict[str, Any]] = []
    texts, numbers = pa.list_(pa.string()), pa.list_(pa.int32())
    schema = pa.schema([
        ("case_id", pa.string()), ("refusal", pa.string()), ("tags", texts), ("cluster", pa.string()),
        ("weight", pa.float64()), ("span_field", texts), ("span_start", numbers), ("span_end", numbers),
        ("span_category", texts), ("span_letter", texts), ("span_subject", texts), ("span_value_id", numbers),
        ("decoy_field", texts), ("decoy_start", numbers), ("decoy_end", numbers), ("decoy_kind", texts),
        ("case_json", pa.string()),
    ])  # fmt: skip

    def add(case: Case, weight: float | None) -> None:
        rows.append(_row(case, weight))
        if len(rows) == ROWS_IN_A_GROUP:
            flush()

    def flush() -> None:
        writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        rows.clear()

    with ParquetWriter(file, schema, compression="zstd") as writer:
        yield add
        if rows:
            flush()


def _row(case: Case, weight: float | None) -> dict[str, Any]:
    labels, decoys = case.labels, case.decoys
    return {
        "case_id": case.case_id, "refusal": case.refusal, "tags": case.tags, "cluster": case.cluster,
        "weight": weight,
        "span_field": labels.field, "span_start": labels.start, "span_end": labels.end,
        "span_category": labels.category, "span_letter": labels.letter, "span_subject": labels.subject,
        "span_value_id": labels.value_id, "decoy_field": decoys.field, "decoy_start": decoys.start,
        "decoy_end": decoys.end, "decoy_kind": decoys.kind, "case_json": case_to_json(case).decode(),
    }  # fmt: skip


def _json_of(path: Path) -> Iterator[str | bytes]:
    if path.suffix == ".parquet":
        from pyarrow.parquet import ParquetFile

        with ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS_IN_A_GROUP, columns=["case_json"]):
                yield from batch.column(0).to_pylist()
        return
    with path.open("rb") as lines:
        yield from lines


def _known_plan(folder: Path) -> Plan | None:
    try:
        if (folder / MANIFEST).is_file():
            return read_shard_manifest(folder).plan
        return Plan.model_validate_json((folder / PLAN).read_bytes()) if (folder / PLAN).is_file() else None
    except ValidationError:
        raise CaseError(
            "the plan in the folder does not read", where=f"{folder.name}/{PLAN}", next_step="name a new folder"
        ) from None


def _difference(there: Plan, here: Plan) -> str:
    names = [name for name in Plan.model_fields if getattr(there, name) != getattr(here, name)]
    shown = (f"{name} {str(getattr(there, name))[:12]} there, {str(getattr(here, name))[:12]} here" for name in names)
    return "; ".join(shown)


def _finished(folder: Path) -> Iterator[Shard]:
    """Shards noted as finished. The last note may be cut short by a kill; then its shard is made again."""
    if (folder / MANIFEST).is_file():
        yield from read_shard_manifest(folder).shards
        return
    if not (folder / PROGRESS).is_file():
        return
    for line in (folder / PROGRESS).read_bytes().split(b"\n"):
        with suppress(ValidationError):
            yield Shard.model_validate_json(line)


def _check(folder: Path, shard: Shard) -> None:
    path = folder / shard.file
    if not path.is_file() or path.stat().st_size != shard.bytes or _digest_of(path).hexdigest() != shard.sha256:
        raise CaseError(
            "this shard was changed since it was made",
            where=f"{folder.name}/{shard.file}",
            next_step="delete it and run the same command again: it alone is made anew",
        )


def _digest_of(path: Path) -> Any:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256")


def code_digest(package: Path, rooms: tuple[str, ...]) -> str:
    """SHA-256 over the Python files under some folders of a package: their paths and their bytes, sorted."""
    files = sorted(path for room in rooms for path in (package / room).rglob("*.py"))
    listed = [[path.relative_to(package).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()] for path in files]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()
