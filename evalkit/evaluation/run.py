"""The run: one spec version, one set of cases, one agent, and everything that was seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.boundary.finding import NOT_LOOKED_FOR, CheckResult, Finding
from evalkit.cards import Grid, card
from evalkit.errors import MetricError
from evalkit.evaluation.casewise import Casewise, reduce_trials
from evalkit.evaluation.rated import Heard, Opinions, collect, hear, powered_estimate
from evalkit.evaluation.repeats import Reliability, measure_reliability
from evalkit.evaluation.scoretable import ScoreTable
from evalkit.evaluation.traces import NO_TRACES, Traces
from evalkit.evaluation.units import AS_STORED, Units, cluster_by, read_trials
from evalkit.figures import rate, rate_interval
from evalkit.metrics.ratings import Ratings, is_judge
from evalkit.metrics.scoring import Scores
from evalkit.spec.schema import Spec
from evalkit.stats.columns import Column
from evalkit.stats.intervals import Estimate, estimate
from evalkit.stats.judges import FEWEST_RATED, refuse_alone
from evalkit.stats.sequential import Decision

if TYPE_CHECKING:
    import pandas as pd

Baselines = Mapping[str, Mapping[str, float]]
"""Degenerate agent (``majority``, ``refuse-all``, ``copy``) -> metric -> point estimate on the same cases."""


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


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a run ended before its last case: the head metric was decided against a baseline."""

    decision: Decision
    cases: int
    """Cases asked."""
    of: int
    """Cases there were."""
    e_value: float
    """The evidence for the decision; 1 / e_value is a p-value that holds at any stopping."""
    margin: float
    """``noninferior`` says that the drop is smaller than this."""
    baseline: str
    """Run id of the baseline."""

    def __str__(self) -> str:
        words = {
            "regressed": "a drop is shown", "improved": "a rise is shown",
            "noninferior": f"a drop of {100 * self.margin:g} points is excluded",
        }  # fmt: skip
        return f"stopped after {self.cases:,} of {self.of:,} cases: {words[self.decision]} (e-value {self.e_value:.3g})"


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A finished evaluation. Executions stay in the sealed journal at ``path`` until they are asked for."""

    header: RunHeader
    spec: Spec
    checks: tuple[CheckResult, ...]
    table: ScoreTable
    """Every score, as arrays; `scores` gives them as records."""
    baselines: Baselines
    head_metric: str
    lower_is_better: frozenset[str] = frozenset()
    """Metrics of which a rise is a change for the worse."""
    descriptive: frozenset[str] = frozenset()
    """Metrics without a better direction: shown, never compared."""
    incomplete: int = 0
    """Executions that a budget or an interruption left undone; the run is then no evidence for a gate."""
    traces: Traces = NO_TRACES
    """For each case the spec rows that its executions rest on, in the order of the scores' cases."""
    stopped: Stopped | None = None
    """Set where the evaluation stopped as soon as its head metric was decided."""
    unprobed: tuple[str, ...] = ()
    """Refusal codes of the spec that no probe and no case asked for: nothing is known of them."""
    judges: frozenset[str] = frozenset()
    """Metrics that were declared opinions of a model or a proxy (`evalkit.metrics.ratings.as_judge`)."""
    heard: Mapping[str, Heard] = field(default_factory=dict)
    """Judge -> what people said of the executions that it judged. See `rated`."""
    path: Path | None = field(default=None)
    """The sealed journal with the executions."""
    units: Units = AS_STORED
    """How `by` has it read; as stored otherwise."""

    @cached_property
    def scores(self) -> Scores:
        """Every score as a record, by metric and execution."""
        return self.table.records()

    @cached_property
    def casewise(self) -> Casewise:
        """The scores with trials reduced, a row a case."""
        return reduce_trials(self.table)

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """Every metric over all cases, then every metric by tag."""
        return tuple(
            self._estimate(metric, scope, mask.nonzero()[0])
            for scope, mask in self.casewise.masks.items()
            for metric in self.casewise.columns
        )

    def _estimate(self, metric: str, scope: str, rows: Any) -> Estimate:
        left_out, errors = self.casewise.not_applicable[metric], self.casewise.errors[metric]
        found = estimate(
            self.casewise.columns[metric].take(rows),
            metric=metric,
            scope=scope,
            not_applicable=int(left_out[rows].sum()),
            errors=int(errors[rows].sum()),
        )
        return powered_estimate(found, self.opinions(metric).take(rows)) if self.is_judge(metric) else found

    def is_judge(self, metric: str) -> bool:
        """Whether a metric is an opinion: by its name (``judge_``) or as it was declared."""
        return metric in self.judges or is_judge(metric)

    def opinions(self, metric: str) -> Opinions:
        """The values of a judge beside what people said of the same executions."""
        return collect(self.table, metric, self.heard.get(metric))

    def rated(self, metric: str, ratings: Ratings, *, criterion: str | None = None) -> Run:
        """This run with ratings by people: the estimates of a judge become what people would say of all cases.

        Comparisons and gates of such runs follow. Ratings of a metric that is no judge are refused, and so are fewer
        than 20 cases (`StatisticsError`); MetricError for a metric or criterion that is not there.
        """
        self.column(metric)
        if not self.is_judge(metric):
            raise MetricError("the metric is no judge: its figure needs no ratings", where=metric,
                              next_step="declare it as one with evalkit.metrics.ratings.as_judge")  # fmt: skip
        heard = hear(ratings, criterion)
        seen = collect(self.table, metric, heard)
        if len(frozenset(seen.clusters[seen.rated.any(axis=1)].tolist())) < FEWEST_RATED:
            raise refuse_alone(metric)
        return replace(self, heard={**self.heard, metric: heard})

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every boundary finding of every rule."""
        return tuple(found for result in self.checks for found in result.findings)

    def estimate(self, metric: str, scope: str = "all") -> Estimate:
        """One estimate. Raises MetricError where the run has none of that name and scope."""
        self.column(metric, scope)
        return self._estimate(metric, scope, self.casewise.masks[scope].nonzero()[0])

    def column(self, metric: str, scope: str = "all") -> Column:
        """The values of a metric by case. Raises MetricError where the run has none of that name and scope."""
        mask = self.casewise.masks.get(scope)
        if metric in self.casewise.columns and mask is not None:
            return self.casewise.columns[metric].take(mask)
        known = ", ".join(sorted(self.casewise.columns))
        raise MetricError(
            f"this run has no estimate of {metric} on {scope}",
            where=self.header.spec_ref,
            next_step=f"metrics with a figure here: {known}",
        )

    def by(
        self, *, cluster: str | Mapping[str, str] = "patient", trials: str = "mean", named: str = "a mapping"
    ) -> Run:
        """The same run in other units: of `compare` and `gate`, both sides alike.

        ``cluster``: ``patient`` (as the cases say it), ``case``, ``tag:PREFIX``, or case id -> cluster, which is then
        called ``named``. ``trials``: ``mean``, ``pass@K`` or ``pass^K``, for what is right or wrong.
        Raises StatisticsError for clusters or trials that the run does not have.
        """
        table = read_trials(cluster_by(self.table, cluster), trials)
        return replace(self, table=table, units=Units(cluster if isinstance(cluster, str) else named, trials))

    def reliability(self, metric: str | None = None) -> Reliability:
        """Noise, flaky cases, pass@k and pass^k of a metric (the head metric, if none is named).

        Raises MetricError where the run has no numbers of that name.
        """
        return measure_reliability(self.table, metric or self.head_metric)

    def frame(self) -> pd.DataFrame:
        """The tidy table: a row per metric x case x trial.

        Columns case_id, trial, cluster, metric, value (float; NaN for a label or nothing), label, error.
        """
        return frame_of(self.scores)

    def summary(self) -> dict[str, Any]:
        """Header, checks, estimates over all cases and baselines as JSON values, for machines."""
        return {
            "run": asdict(self.header),
            "incomplete": self.incomplete,
            "unprobed": list(self.unprobed),
            "stopped": asdict(self.stopped) if self.stopped else None,
            "checks": [
                {"check": r.check_id, "citation": r.citation, "verdict": r.verdict, "failed": r.failed}
                for r in self.checks
            ],
            "estimates": [_json_estimate(one) for one in self.estimates if one.scope == "all"],
            "baselines": {
                name: {metric: value for metric, value in row.items() if math.isfinite(value)}
                for name, row in self.baselines.items()
            },
        }

    def sentence(self) -> str:
        """What was found, in one line."""
        broken = sum(result.verdict in {"fail", "error"} for result in self.checks)
        checks = f"{broken} of {len(self.checks)} boundary checks failed"
        if self.head_metric not in self.casewise.columns:
            return f"{self.head_metric} could not be judged, {checks}"
        head = self.estimate(self.head_metric)
        stopped = f"; {self.stopped}" if self.stopped else ""
        interval = rate_interval(head.lo, head.hi)
        return f"{self.head_metric} {rate(head.value)} (95 % interval {interval}), {checks}{stopped}"

    def __repr__(self) -> str:
        return f"Run({self.header.spec_ref}, {self.header.cases} cases x {self.header.trials}: {self.sentence()})"

    def _repr_html_(self) -> str:
        figures = [
            (
                *(one.metric, rate(one.value), rate_interval(one.lo, one.hi), one.n),
                *(rate(row.get(one.metric, float("nan"))) for row in self.baselines.values()),
            )
            for one in self.estimates
            if one.scope == "all"
        ]
        checks = [(r.check_id, r.words, r.passed, r.failed, r.citation) for r in self.checks]
        return card(
            f"{self.header.spec_ref} on {self.header.dataset_name}",
            lead=self.sentence(),
            grids=[
                Grid(["metric", "value#", "95 % interval#", "cases#", *(f"{b}#" for b in self.baselines)], figures),
                Grid(["boundary check", "verdict", "passed#", "failed#", "citation"], checks, NOT_LOOKED_FOR),
            ],
        )


def frame_of(scores: Scores) -> pd.DataFrame:
    """Scores as a tidy table, built by column."""
    import pandas as pd

    metrics = list(scores.values)
    rows = len(scores)

    def repeat(column: Iterable[Any]) -> list[Any]:
        return list(column) * len(metrics)

    values = [value for metric in metrics for value in scores.values[metric]]
    errors = [scores.errors.get(metric, {}).get(row) for metric in metrics for row in range(rows)]
    return pd.DataFrame(
        {
            "case_id": repeat(scores.case_ids),
            "trial": repeat(scores.trials),
            "cluster": repeat(scores.clusters),
            "metric": [metric for metric in metrics for _ in range(rows)],
            "value": [_number(value) for value in values],
            "label": [value if isinstance(value, str) else None for value in values],
            "error": errors,
        }
    )


def _number(value: Any) -> float:
    """The value as a number: the case's own ratio for counts, NaN for a label, a tally or nothing."""
    return float(value) if hasattr(value, "__float__") else float("nan")


def _json_estimate(one: Estimate) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(one).items()}
