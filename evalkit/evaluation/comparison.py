"""Two runs compared, and every change joined to the spec rows that the case touched."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from evalkit.cards import Grid, card
from evalkit.errors import MetricError
from evalkit.evaluation.pairing import align, judge_stopped, watched_by
from evalkit.evaluation.rated import ALONE, adjust_family, powered_difference, say_alone
from evalkit.evaluation.repeats import trials_to_decide
from evalkit.evaluation.run import Run, RunHeader
from evalkit.figures import count, p_value, points, points_interval, rate
from evalkit.spec.changes import diff_specs
from evalkit.stats.columns import cases
from evalkit.stats.comparison import Difference, Plan, Verdict, compare_columns

HEAD_SHARE = 0.5
"""Of the level: the head metric keeps half, the other metrics and the slices share the rest; together they keep it."""
MOVED = 1e-9
"""A case moved when its value did by more than rounding."""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that one of two versions has better, by the head metric."""

    case_id: str
    kind: Literal["broke", "fixed"]
    baseline: float
    candidate: float
    """Value of the head metric in [0, 1], trials reduced."""
    rows: tuple[str, ...]
    """Edited spec rows that the case touched in either version."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowEffect:
    """What one edited row did. A case that touched two edited rows counts for both."""

    row_id: str
    change: str
    """One line: which cells changed and how."""
    broke: int
    fixed: int


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Candidate against baseline on the same cases."""

    baseline: RunHeader
    candidate: RunHeader
    head_metric: str
    differences: tuple[Difference, ...]
    """The head metric first, then the other metrics over all cases, then the head metric by tag."""
    changes: tuple[CaseChange, ...]
    rows: tuple[RowEffect, ...]
    """Edited rows, most broken cases first."""
    margin: float
    trials_needed: int | None = None
    """Trials a case that would decide the head metric, where it is undecided and both runs have repeated trials."""
    warnings: tuple[str, ...] = ()

    @property
    def head(self) -> Difference:
        """The head metric over all cases."""
        return self.differences[0]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the head metric."""
        return self.head.verdict

    def summary(self) -> dict[str, Any]:
        """The comparison as JSON values, for machines."""
        return {
            "baseline": self.baseline.run_id,
            "candidate": self.candidate.run_id,
            "head_metric": self.head_metric,
            "verdict": self.verdict,
            "margin": self.margin,
            "trials_needed": self.trials_needed,
            "differences": [_json_numbers(asdict(difference)) for difference in self.differences],
            "changes": [asdict(change) for change in self.changes],
            "rows": [asdict(row) for row in self.rows],
            "warnings": list(self.warnings),
        }

    def sentence(self) -> str:
        """What happened, in one line: effect in points, 95 % interval, p, cases, verdict."""
        head = self.head
        trials = f", or {count(self.trials_needed, 'trial')} a case," if self.trials_needed else ""
        need = f"; about {head.need:,} cases{trials} would decide" if head.need else ""
        return (
            f"{head.metric} {rate(head.baseline)} -> {rate(head.candidate)}: {points(head.effect)} points "
            f"(95 % interval {points_interval(head.lo, head.hi)}), {p_value(head.p_adjusted)}, "
            f"{count(head.n, 'case')}: {self.verdict.upper()}{need}."
        )

    def __repr__(self) -> str:
        return f"Comparison({self.baseline.spec_ref} -> {self.candidate.spec_ref}: {self.sentence()})"

    def _repr_html_(self) -> str:
        shown = [
            (
                *(d.metric, d.scope, points(d.effect), points_interval(d.lo, d.hi)),
                *(p_value(d.p_adjusted), d.verdict, d.broke, d.fixed),
            )
            for d in self.differences
        ]
        rows = [(row.row_id, row.change, row.broke, row.fixed) for row in self.rows]
        columns = ["metric", "scope", "points#", "95 % interval#", "p (Holm)", "verdict", "broke#", "fixed#"]
        return card(
            f"{self.baseline.spec_ref} -> {self.candidate.spec_ref}",
            lead=" ".join((self.sentence(), *self.warnings)),
            grids=[Grid(["edited row", "change", "broke#", "fixed#"], rows), Grid(columns, shown)],
        )


def compare(
    baseline: Run, candidate: Run, *, margin: float = 0.02, alpha: float = 0.05, plan: Plan | None = None
) -> Comparison:
    """Compare two runs on the same cases, paired by case: a pure function of what is stored.

    ``margin`` is the smallest drop that matters (0.02 is 2 points); ``alpha`` is one-sided and holds over every metric
    and slice together (Holm; the head metric keeps half of it). A ``plan`` says both, and the test, the interval and
    the adjustment besides. Clusters and trials are those that both runs are read in (`Run.by`).
    Raises StatisticsError for runs on different cases, of different families or in different units, MetricError where
    one of them has no figure of the head metric.
    """
    plan = plan or Plan(margin=margin, alpha=alpha)
    sets = dict.fromkeys(run.header.dataset_name for run in (baseline, candidate))
    baseline, candidate = align(baseline, candidate)
    head = candidate.head_metric
    aside = {head, *candidate.descriptive}
    metrics = [head, *(name for name in candidate.casewise.columns if name not in aside)]
    found = [
        difference_of(baseline, candidate, metric, plan=plan)
        for metric in metrics
        if metric == head or metric in baseline.casewise.columns
    ]
    slices = [scope for scope in candidate.casewise.masks if scope != "all"]
    found += [difference_of(baseline, candidate, head, scope=scope, plan=plan) for scope in slices]
    differences = adjust_family(found, plan, first=HEAD_SHARE)
    if candidate.stopped is not None:
        watched = watched_by(candidate) == baseline.header.run_id
        differences = judge_stopped(differences, candidate.stopped, watched=watched)
    edited = diff_specs(baseline.spec, candidate.spec).row_ids
    changes = _find_changes(baseline, candidate, edited)
    return Comparison(
        baseline=baseline.header,
        candidate=candidate.header,
        head_metric=head,
        differences=differences,
        changes=changes,
        rows=_count_rows(changes, edited),
        margin=plan.margin,
        trials_needed=_trials_needed(baseline, candidate, differences[0], plan),
        warnings=(*_cut_down(baseline, list(sets)), *_warnings(baseline, candidate, differences)),
    )


def difference_of(
    baseline: Run, candidate: Run, metric: str, *, scope: str = "all", plan: Plan | None = None
) -> Difference:
    """One metric in one scope, paired by case, by ``plan`` (which way is better, the run knows); no adjustment.

    Raises MetricError where one of the runs has no such figure, StatisticsError as `compare` does.
    """
    baseline, candidate = align(baseline, candidate)
    before, after = baseline.casewise.columns.get(metric), candidate.casewise.columns.get(metric)
    mask = candidate.casewise.masks.get(scope)
    if before is None or after is None or mask is None:
        raise MetricError(
            f"the two runs do not both have {metric} on {scope}",
            where=f"{baseline.header.spec_ref} and {candidate.header.spec_ref}",
            next_step="evaluate both versions with the same metrics",
        )
    towards = replace(plan or Plan(), better="lower" if metric in candidate.lower_is_better else "higher")
    found = compare_columns(before.take(mask), after.take(mask), metric=metric, scope=scope, plan=towards)
    if not (baseline.is_judge(metric) or candidate.is_judge(metric)):
        return found
    said = [run.opinions(metric).take(mask) for run in (baseline, candidate)]
    return powered_difference(found, before=said[0], after=said[1], plan=towards)


def _trials_needed(baseline: Run, candidate: Run, head: Difference, plan: Plan) -> int | None:
    repeated = min(baseline.header.trials, candidate.header.trials) > 1
    if head.verdict != "undecided" or head.test == ALONE or not repeated:
        return None
    return trials_to_decide(baseline.table, candidate.table, head.metric, plan=plan)


def _find_changes(baseline: Run, candidate: Run, edited: Mapping[str, str]) -> tuple[CaseChange, ...]:
    """Cases whose head metric moved, with the edited rows that they touched, the largest drop first."""
    head = candidate.head_metric
    before, after = (cases(run.casewise.columns[head]) for run in (baseline, candidate))
    traces = [run.traces for run in (baseline, candidate) if len(run.traces)]  # an old run may have kept none
    nowhere = np.zeros(len(after), dtype=np.bool_)
    touched = {row: sum((one.touching(row) for one in traces), nowhere) for row in sorted(edited)}
    sign = -1.0 if head in candidate.lower_is_better else 1.0
    changes = [
        CaseChange(
            case_id=candidate.casewise.case_ids[case],
            kind="broke" if sign * (after[case] - before[case]) < 0 else "fixed",
            baseline=float(before[case]),
            candidate=float(after[case]),
            rows=tuple(row for row, cases_of in touched.items() if cases_of[case]),
            tags=candidate.casewise.tags[case],
        )
        for case in np.flatnonzero(np.abs(after - before) > MOVED).tolist()
    ]
    return tuple(sorted(changes, key=lambda change: (sign * (change.candidate - change.baseline), change.case_id)))


def _count_rows(changes: tuple[CaseChange, ...], edited: Mapping[str, str]) -> tuple[RowEffect, ...]:
    counts = {kind: Counter(row for c in changes if c.kind == kind for row in c.rows) for kind in ("broke", "fixed")}
    effects = [RowEffect(row, what, counts["broke"][row], counts["fixed"][row]) for row, what in edited.items()]
    return tuple(sorted(effects, key=lambda effect: (-effect.broke, -effect.fixed, effect.row_id)))


def _cut_down(paired: Run, sets: list[str]) -> list[str]:
    """What is to be said where the runs were made on two versions of a gold set."""
    if paired.header.dataset_name in sets:
        return []
    return [f"compared on {count(paired.header.cases, 'case')} that {' and '.join(sets)} both have, unchanged"]


def _warnings(baseline: Run, candidate: Run, differences: tuple[Difference, ...]) -> tuple[str, ...]:
    found = [f"judged with {candidate.units}"] if str(candidate.units) else []
    found += [*differences[0].warnings, *filter(None, [say_alone(differences)])]
    if candidate.stopped:
        found.append(f"{candidate.stopped}; the other metrics and slices are shown and not judged")
    for run in (baseline, candidate):
        if run.incomplete:
            found.append(f"{run.header.spec_ref} is incomplete: {run.incomplete} executions were left undone")
    other_agent = baseline.header.agent_id != candidate.header.agent_id
    if other_agent and baseline.header.behaviour_sha != candidate.header.behaviour_sha:
        found.append("both the spec and the agent differ: the effect belongs to neither alone")
    if baseline.header.metrics_digest != candidate.header.metrics_digest:
        found.append("the metrics differ in name or code between the two runs")
    return tuple(found)


def _json_numbers(values: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
