"""The store of runs: one sealed file a run, found again by id, by spec version or by what it evaluates.

Judging reads no execution: header, spec and judgements stand in the file apart from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import JournalError
from evalkit.evaluation.archive import Judged, unpack
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.workspace import Workspace, open_workspace
from evalkit.spec.schema import Spec
from evalkit.tasks import reread_spec
from evalkit.vault.store import Store

if TYPE_CHECKING:
    from evalkit.executions.execution import Execution


def load_run(ref: str, *, version: str | None = None, workspace: Workspace | None = None) -> Run:
    """A stored run, by run id, the beginning of one, ``spec@version``, or spec id and ``version``: the latest of these.

    A path ending in ``.db`` names the file itself. Raises JournalError where there is none.
    """
    if ref.endswith(".db"):
        return _read(Path(ref))
    wanted = f"{ref}@{version}" if version else ref
    folder = (workspace or open_workspace()).runs
    matching = [path for path in _paths(folder) if path.stem.startswith(wanted)]
    if not matching:
        prefix = f"{wanted.replace('@', '-')}-"
        matching = [path for path in _paths(folder) if path.stem.startswith(prefix)]
    if not matching:
        raise JournalError(
            f"no run {wanted!r} in {folder}",
            next_step="list them with `evalkit runs`, or make one with `evalkit evaluate`",
        )
    return _read(max(matching, key=_moment))


def list_runs(workspace: Workspace | None = None) -> tuple[RunHeader, ...]:
    """The headers of all finished runs, newest first."""
    paths = sorted(_paths((workspace or open_workspace()).runs), key=_moment, reverse=True)
    headers = []
    for path in paths:
        with Store.open(path, keyring=open_workspace().keyring()) as store:
            headers.append(header_of(store.header))
    return tuple(headers)


def read_executions(run: Run) -> Iterator[Execution]:
    """Every execution of a stored run, probes included, in the order in which they were journalled."""
    from evalkit.executions.journal import Journal

    assert run.path is not None
    with Journal.open(run.path, open_workspace().keyring()) as journal:
        yield from journal.read()


def _read(path: Path) -> Run:
    with Store.open(path, keyring=open_workspace().keyring()) as store:
        header = header_of(store.header)
        source, payload = store.attached("spec"), store.attached("judged")
    if source is None or payload is None:
        raise JournalError("the run was never judged", where=str(path), next_step="evaluate it again")
    spec = reread_spec(source.decode(), path=f"{header.spec_ref} as stored in {path.name}")
    return make_run(header, spec, unpack(payload, family=header.family), path=path)


def make_run(header: RunHeader, spec: Spec, judged: Judged, *, path: Path) -> Run:
    """The run of a header, a spec and what was judged."""
    return Run(
        header=header,
        spec=spec,
        checks=judged.checks,
        table=judged.table,
        baselines=judged.baselines,
        head_metric=judged.head_metric,
        lower_is_better=judged.lower_is_better,
        descriptive=judged.descriptive,
        incomplete=judged.incomplete,
        traces=judged.traces,
        unprobed=judged.unprobed,
        stopped=judged.stopped,
        judges=judged.judges,
        path=path,
    )


def header_of(stored: Mapping[str, str | int]) -> RunHeader:
    """The header of a stored run. Raises JournalError for a file of another kind, such as a recording."""
    try:
        return RunHeader(**{one.name: stored[one.name] for one in fields(RunHeader)})  # type: ignore[arg-type]
    except KeyError:
        raise JournalError("the file holds no run", next_step="list runs with `evalkit runs`") from None


def _paths(folder: Path) -> Iterator[Path]:
    return folder.glob("*.db")


def _moment(path: Path) -> tuple[str, int]:
    """When a run was made: by its id, and within one second by the file."""
    return path.stem.rsplit("-", 2)[-2], path.stat().st_mtime_ns
