"""The journal of a run: every execution, sealed as it happens, and what a finished run attaches to it.

In clear stand the header (`HEADER_FIELDS`: ids, digests and counts), case ids and trials; the rest is sealed by
`evalkit.vault.store`, each execution under a key of its own with run, case id and trial bound to it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from evalkit.errors import JournalError, ResumeRefused
from evalkit.executions.encoding import decode, encode
from evalkit.executions.execution import Execution
from evalkit.vault.keys import KeyProvider
from evalkit.vault.store import Row, Store

HEADER_FIELDS: Mapping[str, type[str] | type[int]] = {
    "run_id": str,
    "spec_id": str,
    "spec_version": str,
    "family": str,
    "content_sha": str,
    "behaviour_sha": str,
    "dataset_digest": str,
    "dataset_name": str,
    "data_class": str,
    "agent_id": str,
    "metrics_digest": str,
    "trials": int,
    "cases": int,
    "probes": int,
    "created_at": str,
    "evalkit_version": str,
}
"""What may stand in clear, and as what. No PHI, no free text."""
_FREE_TO_DIFFER = frozenset({"run_id", "created_at", "dataset_name", "evalkit_version"})
"""What does not decide what an agent is asked or who it is."""
_LONGEST = 256

Header = Mapping[str, str | int]


class Journal:
    """An open journal. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.times: dict[tuple[str, int], int] = {}
        """When each execution was journalled by this process, in microseconds since 1970."""

    @classmethod
    def create(cls, path: Path, header: Header, keyring: KeyProvider) -> Journal:
        """Make a new journal at ``path`` and open it for writing.

        ``header`` has fields of `HEADER_FIELDS` only, ``run_id`` among them. Raises JournalError for another field,
        or where there is a file already.
        """
        _check_header(header)
        try:
            return cls(Store.create(path, header, keyring=keyring))
        except FileExistsError:
            raise JournalError(
                "there is a journal here already", where=str(path), next_step="resume it, or choose another name"
            ) from None

    @classmethod
    def open(cls, path: Path, keyring: KeyProvider, *, writable: bool = False) -> Journal:
        """Open a journal, for reading unless ``writable``. Raises JournalError where it is damaged, newer, or busy."""
        return cls(Store.open(path, keyring=keyring, writable=writable))

    @property
    def path(self) -> Path:
        """Where the journal is kept."""
        return self._store.path

    @property
    def header(self) -> Header:
        """The clear part: ids, digests and counts."""
        return self._store.header

    def __len__(self) -> int:
        return len(self._store)

    def keys(self) -> set[tuple[str, int]]:
        """Case id and trial of every execution in the journal."""
        return self._store.ids()

    def append(self, batch: Sequence[Execution]) -> None:
        """Add executions, all or none; on return they are on disk.

        Raises JournalError where one of them is there already, or the disk refuses.
        """
        self.write(batch)
        self.sync()

    def write(self, batch: Sequence[Execution]) -> None:
        """`append`, but on return the executions are safe from a kill only, and on disk after the next `sync`."""
        self._store.write(_rows(batch))
        now = time.time_ns() // 1000
        self.times.update(((one.case_id, one.trial), now) for one in batch)

    def sync(self) -> None:
        """Return when everything that was written is on disk."""
        self._store.sync()

    def read(self) -> Iterator[Execution]:
        """Every execution, in the order they were finished. Raises JournalError at the first that was changed."""
        for case_id, trial, data in self._store.read():
            yield decode(data, case_id=case_id, trial=trial)

    def get(self, case_id: str, trial: int = 0) -> Execution | None:
        """One execution, or None where it is not in the journal."""
        data = self._store.get(case_id, trial)
        return None if data is None else decode(data, case_id=case_id, trial=trial)

    def attach(self, name: str, payload: bytes) -> None:
        """Seal a payload (scores, findings) under a name; the newest of a name counts."""
        self._store.attach(name, payload)

    def attached(self, name: str) -> bytes | None:
        """The newest payload of that name, or None."""
        return self._store.attached(name)

    def close(self) -> None:
        """Leave one plain file behind. Closing twice does nothing."""
        self._store.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_or_resume(path: Path, header: Header, keyring: KeyProvider) -> Journal:
    """The journal at ``path``, new or gone on with, open for writing.

    Raises ResumeRefused, with every field that differs, where the journal there is of another spec, case set, agent,
    metric set or number of trials. Times, names for people and versions of evalkit may differ.
    """
    try:
        _check_header(header)
        return Journal(Store.create(path, header, keyring=keyring))
    except FileExistsError:
        journal = Journal.open(path, keyring, writable=True)
    differences = compare_headers(journal.header, header)
    if differences:
        journal.close()
        raise ResumeRefused(
            "the journal is of another run: " + "; ".join(differences),
            where=str(path),
            next_step="use another name for the new run, or delete the journal of the old one",
        )
    return journal


def compare_headers(kept: Header, asked: Header) -> tuple[str, ...]:
    """One line for each field that makes two runs different: ``trials is 1 there and 2 here``."""
    return tuple(
        f"{name} is {_show(kept.get(name))} there and {_show(asked.get(name))} here"
        for name in HEADER_FIELDS
        if name not in _FREE_TO_DIFFER and kept.get(name) != asked.get(name)
    )


def _rows(batch: Sequence[Execution]) -> list[Row]:
    return [(execution.case_id, execution.trial, encode(execution)) for execution in batch]


def _show(value: str | int | None) -> str:
    """A value short enough to read: twelve digits tell two digests apart."""
    text = "missing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def _check_header(header: Header) -> None:
    odd = sorted(set(header) - set(HEADER_FIELDS))
    if odd:
        raise JournalError(f"{len(odd)} fields of the header are not among those that may stand in clear")
    for name, value in header.items():
        if type(value) is not HEADER_FIELDS[name]:
            raise JournalError(f"{name} of the header is not a {HEADER_FIELDS[name].__name__}")
        if isinstance(value, str) and (len(value) > _LONGEST or not value.isprintable()):
            raise JournalError(f"{name} of the header is longer than {_LONGEST} characters, or not printable")
    if not header.get("run_id"):
        raise JournalError("the header has no run_id")
