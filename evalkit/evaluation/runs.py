"""The store of runs: one sealed file a run, found again by id, by spec version or by what it evaluates.

A run in progress lies under ``runs/partial``, named by what it evaluates, so that the same evaluation finds it after
an interruption and goes on. When it is judged it moves to ``runs/<run_id>.db`` and never changes again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path

from evalkit.agents.agent import Agent, agent_id
from evalkit.cases.case import Case, GoldSet
from evalkit.digests import digest
from evalkit.errors import JournalError
from evalkit.evaluation.archive import Judged, pack, unpack
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.workspace import Workspace, open_workspace
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal, open_or_resume
from evalkit.metrics.scoring import Metric, metrics_digest
from evalkit.spec.schema import Spec
from evalkit.tasks import FAMILIES, read_spec
from evalkit.vault.keys import FileKeyring


@dataclass(slots=True)
class OpenRun:
    """A run that is being made: its journal, and where it will lie."""

    header: RunHeader
    spec: Spec
    journal: Journal
    target: Path
    judged: Judged | None = field(default=None)

    def finish(self, judged: Judged) -> Run:
        """Seal the judgements. The file moves to its final place when the run is closed."""
        self.journal.attach("judged", pack(judged))
        self.judged = judged
        return _run(self.header, self.spec, judged, path=self.target)


Identity = Mapping[str, str | int]
"""What is evaluated, in names and digests: equal identities are the same evaluation."""


def identify(
    spec: Spec, gold: GoldSet, agent: Agent, *, probes: Collection[Case], metrics: Mapping[str, Metric], trials: int
) -> Identity:
    """The identity of an evaluation: it moves with every byte of spec and cases, with the agent and the metrics."""
    return {
        "spec_id": spec.id,
        "spec_version": spec.version,
        "family": spec.family,
        "content_sha": spec.content_sha,
        "behaviour_sha": spec.behaviour_sha,
        "dataset_digest": gold.digest,
        "dataset_name": gold.name,
        "data_class": _data_class(gold.cases),
        "agent_id": agent_id(agent),
        "metrics_digest": metrics_digest(metrics),
        "trials": trials,
        "cases": len(gold),
        "probes": len(probes),
        "evalkit_version": package_version("evalkit"),
    }


@contextmanager
def begin(spec: Spec, identity: Identity, path: Path | None = None) -> Iterator[OpenRun]:
    """Open the journal of an evaluation: a new one, or that of the same evaluation where it was interrupted.

    It lies in the workspace, or at ``path``. Raises ResumeRefused where ``path`` holds another evaluation, with what
    differs.
    """
    workspace = open_workspace()
    now = datetime.now(UTC)
    run_id = f"{spec.id}-{spec.version}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    place = path or workspace.partial / f"{digest(identity)[:24]}.db"
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    given = {**identity, "run_id": run_id, "created_at": now.isoformat(timespec="seconds")}
    with open_or_resume(place, given, FileKeyring()) as journal:
        if journal.attached("spec") is None:
            journal.attach("spec", spec.source.encode())
        header = _header(journal.header)
        run = OpenRun(header, spec, journal, path or workspace.runs / f"{header.run_id}.db")
        yield run
    if run.judged is not None and place != run.target:
        place.rename(run.target)


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
        with Journal.open(path, FileKeyring()) as journal:
            headers.append(_header(journal.header))
    return tuple(headers)


def read_executions(run: Run) -> Iterator[Execution]:
    """Every execution of a stored run, probes included, in the order in which they were journalled."""
    assert run.path is not None
    with Journal.open(run.path, FileKeyring()) as journal:
        yield from journal.read()


def _read(path: Path) -> Run:
    with Journal.open(path, FileKeyring()) as journal:
        header = _header(journal.header)
        source, payload = journal.attached("spec"), journal.attached("judged")
    if source is None or payload is None:
        raise JournalError("the run was never judged", where=str(path), next_step="evaluate it again")
    spec = read_spec(source.decode(), path=f"{header.spec_ref} as stored in {path.name}")
    return _run(header, spec, unpack(payload), path=path)


def _run(header: RunHeader, spec: Spec, judged: Judged, *, path: Path) -> Run:
    return Run(
        header=header,
        spec=spec,
        head_metric=FAMILIES[spec.family].head_metric,
        checks=judged.checks,
        table=judged.table,
        baselines=judged.baselines,
        incomplete=judged.incomplete,
        traces=judged.traces,
        unprobed=judged.unprobed,
        path=path,
    )


def _header(stored: Mapping[str, str | int]) -> RunHeader:
    return RunHeader(**{one.name: stored[one.name] for one in fields(RunHeader)})  # type: ignore[arg-type]


def _data_class(cases: Collection[Case]) -> str:
    """The most protected class that occurs."""
    return max((case.data_class for case in cases), key=("synthetic", "deidentified", "phi").index, default="synthetic")


def _paths(folder: Path) -> Iterator[Path]:
    return folder.glob("*.db")


def _moment(path: Path) -> tuple[str, int]:
    """When a run was made: by its id, and within one second by the file."""
    return path.stem.rsplit("-", 2)[-2], path.stat().st_mtime_ns
