"""Stopping early: cases are asked in batches until the head metric is decided against a baseline run.

Cases are drawn in an order that rests on their ids alone, whole clusters together, and an e-process looks after every
batch (`evalkit.stats.sequential`): its error stays at 5 % however often it looks and whenever it stops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.cases.case import Case, GoldSet
from evalkit.digests import digest
from evalkit.errors import StatisticsError
from evalkit.evaluation.casewise import Casewise, reduce_trials
from evalkit.evaluation.run import Run, Stopped
from evalkit.evaluation.scoretable import tabulate
from evalkit.executions.execution import Execution
from evalkit.executions.runner import Budget, Settings
from evalkit.metrics.scoring import Metric, score
from evalkit.spec.schema import Spec
from evalkit.stats.columns import cases as values_of
from evalkit.stats.comparison import MISSING
from evalkit.stats.sequential import look
from evalkit.tasks import FAMILIES

BATCH = 25
"""Cases between two looks."""
MARGIN = 0.02

Ask = Callable[[Sequence[Case]], tuple[Execution, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What was asked of the cases, and what came back."""

    cases: tuple[Case, ...]
    """In the order of the gold set."""
    executions: tuple[Execution, ...]
    """Of the cases, in their order, then of the probes."""
    stopped: Stopped | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What decides: the head metric of a baseline on the same cases, and the smallest drop that matters."""

    baseline: Run
    metric: Metric
    margin: float

    def changes(self, batch: Sequence[Case], executions: Sequence[Execution]) -> list[float]:
        """Candidate minus baseline for each cluster of a batch, higher is better; NaN where one side has none."""
        head, by_id = self.baseline.head_metric, {case.case_id: case for case in batch}
        scores = score([(by_id[done.case_id], done) for done in executions], {head: self.metric})
        before, after = map(self._values, (self.baseline.casewise, reduce_trials(tabulate(scores))))
        sign = -1.0 if head in self.baseline.lower_is_better else 1.0
        by_cluster: dict[str, list[float]] = {}
        for case in batch:
            old, new = (side.get(case.case_id, math.nan) for side in (before, after))
            if not (math.isnan(old) and math.isnan(new)):  # else the metric does not apply to the case
                by_cluster.setdefault(case.cluster_id, []).append(sign * (new - old))
        return [float(np.mean(changes)) for changes in by_cluster.values()]

    def _values(self, side: Casewise) -> dict[str, float]:
        column = side.columns.get(self.baseline.head_metric)
        return {} if column is None else dict(zip(side.case_ids, values_of(column).tolist(), strict=True))


def watch(spec: Spec, gold: GoldSet, baseline: Run | None, *, settings: Settings) -> Watch:
    """The watch over an evaluation. The margin is that of the spec's gate on a drop of the head metric, else 0.02.

    Raises StatisticsError without a baseline, for one on other cases or that stopped early itself, and for a budget:
    batches would each have it anew.
    """
    if baseline is None:
        raise StatisticsError("stopping when decided needs something to decide against", next_step="give a baseline")
    if settings.budget != Budget():
        raise StatisticsError(
            "a budget and stopping when decided do not go together", next_step="leave one of them out"
        )
    if baseline.header.dataset_digest != gold.digest or baseline.stopped is not None:
        raise StatisticsError(
            "the baseline was not made on all of these cases",
            where=baseline.header.run_id,
            next_step="evaluate the baseline version on the cases of the candidate",
        )
    head = baseline.head_metric
    drops = [gate.max_drop for gate in spec.gates if (gate.metric, gate.scope) == (head, "all") and gate.max_drop]
    return Watch(baseline, FAMILIES[spec.family].metrics[head], min(drops, default=MARGIN))


def ask_all(gold: GoldSet, probes: Sequence[Case], ask: Ask) -> Answered:
    """Every case and every probe."""
    return Answered(gold.cases, ask((*gold.cases, *probes)))


def ask_until_decided(gold: GoldSet, probes: Sequence[Case], ask: Ask, *, watching: Watch) -> Answered:
    """Every probe, and the cases up to the batch that decided."""
    executions: list[Execution] = []
    changes: list[float] = []
    stopped, asked = None, 0
    for batch in _batches(gold):
        answered = ask(batch)
        executions += answered
        asked += len(batch)
        changes += watching.changes(batch, answered)
        stopped = _look(changes, watching, asked, len(gold))
        if stopped is not None:
            break
    drawn = {done.case_id for done in executions}
    cases = tuple(case for case in gold if case.case_id in drawn)
    place = {case.case_id: index for index, case in enumerate(cases)}
    executions.sort(key=lambda done: (place[done.case_id], done.trial))
    return Answered(cases, (*executions, *ask(probes)), stopped)


def _look(changes: Sequence[float], watching: Watch, asked: int, there_are: int) -> Stopped | None:
    """The decision after the changes so far; None while there is none, where too many are missing, and at the end."""
    judged = [change for change in changes if not math.isnan(change)]
    found = look(judged, margin=watching.margin)
    short = len(changes) - len(judged) > MISSING * len(changes)
    if found.decision is None or short or asked == there_are:
        return None
    e_values = {"regressed": found.e_worse, "improved": found.e_better, "noninferior": found.e_noninferior}
    run_id = watching.baseline.header.run_id
    return Stopped(found.decision, asked, there_are, e_values[found.decision], watching.margin, run_id)


def _batches(gold: GoldSet) -> Iterator[list[Case]]:
    """The cases in drawn order, whole clusters together, at least `BATCH` at a time."""
    clusters: dict[str, list[Case]] = {}
    for case in gold:
        clusters.setdefault(case.cluster_id, []).append(case)
    batch: list[Case] = []
    for cluster in sorted(clusters, key=lambda name: digest([gold.digest, name])):
        batch += clusters[cluster]
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
