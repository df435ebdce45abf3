"""History: the versions of a spec on the same cases, oldest first, and whether small losses add up.

Each version is compared with the one before it, paired by case. A CUSUM over these changes, in standard errors, raises
an alarm where a spec became worse step by step and no single step was large enough to be shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

from evalkit.cards import Grid, card
from evalkit.evaluation.comparison import difference_of
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.runs import list_runs, load_run
from evalkit.figures import count, points, points_interval, rate, rate_interval
from evalkit.stats.charts import Chart, cusum
from evalkit.stats.comparison import Difference
from evalkit.stats.distributions import normal_quantile
from evalkit.stats.intervals import Estimate

MOST_VERSIONS: Final = 20
"""Versions that a history looks back on."""
_SMALLEST: Final = 1e-12
ARL0: Final = 500.0
"""Changes between two false alarms of the chart, on average."""


@dataclass(frozen=True, slots=True)
class Step:
    """One version, and how it differs from the one before it."""

    run: RunHeader
    estimate: Estimate
    """Of the head metric over all cases."""
    change: Difference | None
    """From the version before, paired by case; None for the first."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Versions of one spec on one set of cases, oldest first."""

    metric: str
    steps: tuple[Step, ...]
    chart: Chart
    """CUSUM of the changes in standard errors."""
    lower_is_better: bool = False

    @property
    def losses(self) -> tuple[float, ...]:
        """The side of the chart that gathers changes for the worse, a value a change."""
        return self.chart.upper if self.lower_is_better else self.chart.lower

    @property
    def sank_at(self) -> Step | None:
        """The first version at which losses added up to an alarm; None where they never did."""
        found = (place for place in self.chart.alarms if self.losses[place] > self.chart.limit)
        place = next(found, None)
        return None if place is None else self.steps[place + 1]

    def sentence(self) -> str:
        """How the spec has moved, in one line."""
        first, last = self.steps[0].estimate, self.steps[-1].estimate
        sank = self.sank_at
        alarm = "losses do not add up to an alarm" if sank is None else f"losses add up at {sank.run.spec_ref}"
        return (
            f"{count(len(self.steps), 'version')} on these cases: {self.metric} {rate(first.value)} -> "
            f"{rate(last.value)}, {points(last.value - first.value)} points in all; {alarm} (CUSUM)."
        )

    def rows(self) -> list[tuple[str, ...]]:
        """A row a version: spec, when, value, interval, change, its interval, verdict alone."""
        return [
            (
                step.run.spec_ref, step.run.created_at[:10], rate(step.estimate.value),
                rate_interval(step.estimate.lo, step.estimate.hi),
                *(("", "", "first") if step.change is None else (
                    points(step.change.effect), points_interval(step.change.lo, step.change.hi), step.change.verdict,
                )),
            )
            for step in self.steps
        ]  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """All of it as JSON values, for machines."""
        return {
            "metric": self.metric,
            "steps": [
                {
                    "run": step.run.run_id, "spec": step.run.spec_ref, "value": step.estimate.value,
                    "change": step.change.effect if step.change else None,
                }
                for step in self.steps
            ],
            "chart": asdict(self.chart),
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"History({self.sentence()})"

    def _repr_html_(self) -> str:
        return card(f"History of {self.metric}", lead=self.sentence(), grids=[Grid(COLUMNS, self.rows())])


COLUMNS: Final = ("version", "made", "value#", "95 % interval#", "change#", "95 % interval of it#", "verdict alone")


def make_history(runs: Sequence[Run]) -> History:
    """A history of runs on the same cases, in the order given. Raises StatisticsError as `compare` does."""
    metric = runs[-1].head_metric
    steps = [Step(runs[0].header, runs[0].estimate(metric), None)]
    moves = []
    for before, after in pairwise(runs):
        change = difference_of(before, after, metric)
        steps.append(Step(after.header, after.estimate(metric), change))
        moves.append(_deviate(change, metric in runs[-1].lower_is_better))
    chart = cusum(moves, centre=0.0, sd=1.0, arl0=ARL0)
    return History(metric, tuple(steps), chart, metric in runs[-1].lower_is_better)


def _deviate(change: Difference, lower_is_better: bool) -> float:
    """A change in standard errors, from its one-sided p: below 0 for a fall; 0 where there is no p."""
    if not math.isfinite(change.p_value):
        return 0.0
    for_the_worse = normal_quantile(min(max(change.p_value, _SMALLEST), 1 - _SMALLEST))
    return -for_the_worse if lower_is_better else for_the_worse


def gather_history(run: Run) -> History | None:
    """The history that ends in this run, from the runs of the workspace; None where it is the only version.

    Taken are complete runs of the same spec id, cases, agent, trials and metrics that were made before it, of each
    version the latest. Agents are told apart by name, without the version of the spec that an offline agent carries.
    """
    wanted = _likeness(run.header)
    latest: dict[str, RunHeader] = {}
    for header in list_runs():
        known = header.run_id == run.header.run_id or header.content_sha == run.header.content_sha
        if not known and _likeness(header) == wanted and header.created_at <= run.header.created_at:
            latest.setdefault(header.content_sha, header)
    before = sorted(latest.values(), key=_moment)[-(MOST_VERSIONS - 1) :]
    loaded = [load_run(header.run_id) for header in before]
    usable = [
        one for one in loaded
        if not one.incomplete and one.stopped is None and run.head_metric in one.casewise.columns
    ]  # fmt: skip
    if not usable or run.stopped is not None or run.head_metric not in run.casewise.columns:
        return None
    return make_history([*usable, run])


def _likeness(header: RunHeader) -> tuple[object, ...]:
    agent = header.agent_id.replace(header.spec_ref, "")
    return header.spec_id, header.dataset_digest, header.trials, header.metrics_digest, agent


def _moment(header: RunHeader) -> tuple[str, list[int], str]:
    """When it was made; within one second by version."""
    return header.created_at, [int(part) for part in re.findall(r"\d+", header.spec_version)], header.run_id
