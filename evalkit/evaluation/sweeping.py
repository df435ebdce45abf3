"""Sweeping: what was shredded or purged in the ledger goes from the files of runs too.

A run file is sealed as a whole and knows nothing of persons; the ledger knows whose each execution was. So a file that
holds executions whose payload or key is gone from the ledger is written anew without them, put in its place in one
step, and its old bytes are overwritten. Scores, checks and counts of the run stay: they hold no PHI.

A finished run is matched by run, case and trial. Recordings and runs that never finished are not on record, so a
shredded person's cases are matched by their ids in files that are older than the shredding.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evalkit.evaluation.workspace import Workspace, open_workspace
from evalkit.vault.keys import KeyProvider
from evalkit.vault.ledger import Ledger
from evalkit.vault.store import Store, copy_without

_GONE = (
    "action = 'execute' AND digest != '' AND (NOT EXISTS (SELECT 1 FROM payloads p WHERE p.seq = records.seq) OR "
    "(subject != '' AND NOT EXISTS (SELECT 1 FROM subject_keys k WHERE k.subject = records.subject)))"
)
_ZEROS = bytes(1 << 20)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took out of the files of a workspace."""

    files: int
    executions: int


def sweep(ledger: Ledger, workspace: Workspace | None = None) -> Swept:
    """Take out of every file of the workspace what is gone from its ledger. Doing it again does nothing.

    Raises JournalError where a file is being written to: what was swept until then stays so, run it again later.
    """
    place = workspace or open_workspace()
    keyring = place.keyring()
    by_run, by_case = _gone(ledger)
    files = executions = 0
    for path in _files(place):
        with Store.open(path, keyring=keyring) as store:
            held, run = store.ids(), str(store.header.get("run_id", ""))
        finished = path.parent == place.runs
        out = held & by_run[run] if finished else {one for one in held if by_case.get(one[0], 0) > path.stat().st_mtime}
        if out:
            _rewrite(path, out, keyring)
            files, executions = files + 1, executions + len(out)
    return Swept(files, executions)


def _gone(ledger: Ledger) -> tuple[dict[str, set[tuple[str, int]]], dict[str, float]]:
    """What is gone: run -> cases and trials, and case -> when its person was last shredded, in seconds since 1970."""
    shredded = {found.subject: found.at.timestamp() for found in ledger.records("action = 'shred'")}
    by_run: dict[str, set[tuple[str, int]]] = defaultdict(set)
    by_case: dict[str, float] = {}
    for found in ledger.records(_GONE):
        run, _, rest = found.target.partition("/")
        case, _, trial = rest.rpartition("/")
        if trial.isdigit():
            by_run[run].add((case, int(trial)))
            by_case[case] = max(by_case.get(case, 0), shredded.get(found.subject, 0))
    return by_run, by_case


def _files(place: Workspace) -> Iterator[Path]:
    for folder in (place.runs, place.partial, place.recorded):
        yield from sorted(folder.glob("*.db"))


def _rewrite(path: Path, out: set[tuple[str, int]], keyring: KeyProvider) -> None:
    """Put the file without some records in its place, and overwrite what it was."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        copy_without(path, fresh, out, keyring=keyring)
        os.utime(fresh, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))  # runs of one second keep their order
        with path.open("r+b") as old:
            fresh.replace(path)
            _overwrite(old.fileno())
    finally:
        fresh.unlink(missing_ok=True)


def _overwrite(file: int) -> None:
    left = os.fstat(file).st_size
    while left > 0:
        left -= os.write(file, _ZEROS[: min(left, len(_ZEROS))])
    os.fsync(file)
