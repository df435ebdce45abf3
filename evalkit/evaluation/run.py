"""The run: one spec version, one set of cases, one agent, and everything that was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Scores
from evalkit.stats.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What was run, in digests and names. No PHI: this part is kept in clear."""

    run_id: str
    spec_id: str
    spec_version: str
    family: str
    content_sha: str
    behaviour_sha: str
    dataset_digest: str
    dataset_name: str
    """``billing_codes synthetic seed 7``, ``aci-bench-test1@1``: for people."""
    data_class: str
    agent_id: str
    metrics_digest: str
    trials: int
    cases: int
    probes: int
    """Boundary probes: derived requests that must be refused. They are checked and never scored."""
    created_at: str
    """ISO 8601, UTC."""
    evalkit_version: str

    @property
    def spec_ref(self) -> str:
        """``id@version``."""
        return f"{self.spec_id}@{self.spec_version}"


@dataclass(frozen=True)
class Run:
    """A finished evaluation. ``executions`` are read from the sealed journal only when asked for."""

    header: RunHeader
    head_metric: str
    checks: tuple[CheckResult, ...]
    scores: Scores
    baselines: Mapping[str, Mapping[str, float]]
    """Degenerate agent (``majority``, ``refuse-all``, ``copy``) -> metric -> point estimate on the same cases."""
    incomplete: int = 0
    """Executions that a budget or an interruption left undone; the run is then no evidence for a gate."""
    executions: Sequence[Execution] = field(default=(), repr=False, compare=False)

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """Every metric over all cases, then by tag."""
        raise NotImplementedError

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every boundary finding of every rule."""
        return tuple(found for result in self.checks for found in result.findings)

    def estimate(self, metric: str, scope: str = "all") -> Estimate:
        """One estimate. Raises MetricError where the run has none of that name."""
        raise NotImplementedError

    def frame(self) -> pd.DataFrame:
        """The tidy table: a row per case x trial x metric (columns case_id, trial, cluster, metric, value, error)."""
        raise NotImplementedError
