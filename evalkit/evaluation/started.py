"""Runs that were started: the journal that fills, what it is a journal of, and how it becomes a stored run.

A run in progress lies under ``runs/partial``, named by what it evaluates, so that the same evaluation finds it after
an interruption and goes on. When it is judged it moves to ``runs/<run_id>.db`` and never changes again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path

from evalkit.agents.agent import Agent, agent_id
from evalkit.cases.case import Case, GoldSet
from evalkit.digests import digest
from evalkit.evaluation.archive import Judged, pack
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.runs import header_of, make_run
from evalkit.evaluation.workspace import open_workspace
from evalkit.executions.journal import Journal, open_or_resume
from evalkit.metrics.scoring import Metric, metrics_digest
from evalkit.spec.schema import Spec


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
        return make_run(self.header, self.spec, judged, path=self.target)


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
    with open_or_resume(place, given, open_workspace().keyring()) as journal:
        if journal.attached("spec") is None:
            journal.attach("spec", spec.source.encode())
        header = header_of(journal.header)
        run = OpenRun(header, spec, journal, path or workspace.runs / f"{header.run_id}.db")
        yield run
    if run.judged is not None and place != run.target:
        place.rename(run.target)


def _data_class(cases: Collection[Case]) -> str:
    """The most protected class that occurs."""
    return max((case.data_class for case in cases), key=("synthetic", "deidentified", "phi").index, default="synthetic")
