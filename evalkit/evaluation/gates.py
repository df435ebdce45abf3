"""Gates: pure functions of stored runs. A run is judged again without a new call."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from evalkit.boundary.finding import CheckResult
from evalkit.cards import Grid, card
from evalkit.errors import SpecError
from evalkit.evaluation.comparison import difference_of
from evalkit.evaluation.pairing import align, judge_stopped, watched_by
from evalkit.evaluation.rated import ALONE
from evalkit.evaluation.repeats import hat_by_case
from evalkit.evaluation.run import Run, RunHeader
from evalkit.figures import count, p_value, points, points_interval, rate, rate_interval, width
from evalkit.spec.schema import Gate, Spec
from evalkit.stats.columns import Column
from evalkit.stats.comparison import FEW_CLUSTERS, Difference, Plan
from evalkit.stats.intervals import estimate as estimate_column
from evalkit.stats.intervals import one_sided

GateVerdict = Literal["pass", "fail", "undecided", "incomplete"]
EXIT_CODES: dict[GateVerdict, int] = {"pass": 0, "fail": 1, "undecided": 3, "incomplete": 4}


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate of the spec, or one boundary rule, judged."""

    name: str
    """``line_exact >= 0.90``, ``line_exact drop <= 2 points versus production``, ``boundary: consent``."""
    verdict: GateVerdict
    what: str
    """What was seen, in one line with figures."""


@dataclass(frozen=True)
class GateReport:
    """All gates of one run. A failed gate outweighs an undecided one; an incomplete run is no evidence."""

    run: RunHeader
    baseline: RunHeader | None
    results: tuple[GateResult, ...]

    @property
    def verdict(self) -> GateVerdict:
        """The worst of the results."""
        seen = {result.verdict for result in self.results}
        for verdict in ("incomplete", "fail", "undecided"):
            if verdict in seen:
                return verdict
        return "pass"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 undecided, 4 incomplete."""
        return EXIT_CODES[self.verdict]

    def summary(self) -> dict[str, Any]:
        """The report as JSON values, for machines."""
        return {
            "run": self.run.run_id,
            "baseline": self.baseline.run_id if self.baseline else None,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "results": [asdict(result) for result in self.results],
        }

    def __repr__(self) -> str:
        failed = sum(result.verdict == "fail" for result in self.results)
        return f"GateReport({self.run.spec_ref}: {self.verdict}, {failed} of {len(self.results)} failed)"

    def _repr_html_(self) -> str:
        rows = [(result.name, result.verdict, result.what) for result in self.results]
        return card(f"{self.run.spec_ref}: {self.verdict}", grids=[Grid(["gate", "verdict", "what was seen"], rows)])


def gate(run: Run, baseline: Run | None = None, *, policy: Spec | None = None) -> GateReport:
    """Judge a run by the gates of its own spec, or of another version as ``policy``, and by every boundary check.

    A floor or ceiling is passed when the whole 95 % interval is on the right side, failed when none of it is, and
    undecided between, and where no case of the run is in its scope; with ``bound: one_sided`` the same with the exact
    bound on the side that matters. ``equals`` looks at the figure itself. ``max_drop`` is judged on the paired
    difference to ``baseline``: failed on a regression that is not within the margin, passed when the 90 % interval
    excludes a change for the worse by the margin (non-inferiority), else undecided. A judge that people have not rated
    has no interval, so every gate on it is undecided. A metric that raised anywhere fails every gate on it. A run that
    stopped early is judged by the drop it was watched for; its floors and ceilings stay undecided. Clusters and trials
    are those that the run is read in (`Run.by`).
    Raises StatisticsError for a baseline on other cases, whether a gate looks at it or not, and SpecError for a policy
    of another spec.
    """
    if baseline is not None:
        align(baseline, run)
    if policy is not None and policy.id != run.spec.id:
        raise SpecError("the policy is of another spec", where=policy.ref, next_step=f"take a version of {run.spec.id}")
    results = list(_judge_completeness(run))
    for rule in (policy or run.spec).gates:
        results += _judge_gate(rule, run, baseline)
    results += map(_judge_check, run.checks)
    results += _judge_probes(run)
    return GateReport(run.header, baseline.header if baseline else None, tuple(results))


def _judge_completeness(run: Run) -> Iterator[GateResult]:
    if run.incomplete:
        yield GateResult("run complete", "incomplete", f"{run.incomplete} executions were left undone")


def _judge_probes(run: Run) -> Iterator[GateResult]:
    if run.unprobed:
        yield GateResult(
            "boundary: every refusal asked for", "undecided", f"no request was made for {', '.join(run.unprobed)}"
        )


def _judge_check(result: CheckResult) -> GateResult:
    name = f"boundary: {result.check_id}"
    if result.verdict == "error":
        return GateResult(name, "fail", f"the check itself raised {result.error}")
    if result.verdict == "fail":
        return GateResult(name, "fail", f"{result.failed} executions with {len(result.findings)} findings")
    if result.verdict == "not_observed" and result.not_observed:
        return GateResult(name, "undecided", f"not observed in {result.not_observed} executions: no pass")
    if result.verdict == "not_observed":
        return GateResult(name, "pass", "nothing here that it applies to")
    unseen = f", not observed in {result.not_observed}" if result.not_observed else ""
    return GateResult(name, "pass", f"{result.passed} executions{unseen}")


def _judge_gate(rule: Gate, run: Run, baseline: Run | None) -> Iterator[GateResult]:
    where = "" if rule.scope == "all" else f" on {rule.scope}"
    unseen = _unseen(rule, run)
    if unseen is not None:
        yield GateResult(f"{rule.metric}{where}", *unseen)
        return
    estimate = run.estimate(rule.metric, rule.scope)
    if estimate.errors:
        yield GateResult(f"{rule.metric}{where}", "fail", f"{estimate.errors} executions could not be scored")
        return
    if rule.trials is not None:
        yield _judge_every_trial(rule, run, where=where)
        return
    lo, hi, interval = estimate.lo, estimate.hi, "95 % interval"
    if rule.bound == "one_sided" and not run.is_judge(rule.metric):
        lo, hi = one_sided(run.column(rule.metric, rule.scope), rule.alpha)
        interval = f"{100 * (1 - rule.alpha):g} % bounds, each alone,"
    seen = (
        f"{rate(estimate.value)} ({interval} {rate_interval(lo, hi)}), "
        f"{_evidence(estimate.n, 'case', estimate.n_clusters, run)}"
    )
    if estimate.method == ALONE:
        seen = f"{seen}; a judge alone is no evidence: have people rate some of the cases"
    if run.stopped is not None:
        seen = f"{seen}; {run.stopped}"
    if rule.min is not None:
        verdict: GateVerdict = "pass" if lo >= rule.min else "fail" if hi < rule.min else "undecided"
        yield GateResult(f"{rule.metric}{where} >= {rule.min:g}", _unless_stopped(verdict, run), seen)
    if rule.max is not None:
        verdict = "pass" if hi <= rule.max else "fail" if lo > rule.max else "undecided"
        yield GateResult(f"{rule.metric}{where} <= {rule.max:g}", _unless_stopped(verdict, run), seen)
    if rule.equals is not None:
        verdict = "undecided" if math.isnan(lo) else "pass" if estimate.value == rule.equals else "fail"
        yield GateResult(f"{rule.metric}{where} = {rule.equals:g}", _unless_stopped(verdict, run), seen)
    if rule.max_drop is not None:
        yield _judge_drop(rule, run, baseline, where=where)


def _judge_every_trial(rule: Gate, run: Run, *, where: str) -> GateResult:
    """pass^k, by its interval over the cases. A run with fewer trials says nothing about k of them."""
    assert rule.min is not None
    assert rule.trials is not None
    name = f"{rule.figure}{where} >= {rule.min:g}"
    by_case = hat_by_case(run.table, rule.metric, rule.trials)
    if by_case is None:
        return GateResult(name, "undecided", f"the run has fewer than {rule.trials} trials a case")
    mask = run.casewise.masks[rule.scope]
    column = Column("mean", by_case[mask], run.column(rule.metric, rule.scope).clusters)
    found = estimate_column(column, metric=rule.figure, scope=rule.scope)
    seen = f"{rate(found.value)} (95 % interval {rate_interval(found.lo, found.hi)}), {count(found.n, 'case')}"
    verdict: GateVerdict = "pass" if found.lo >= rule.min else "fail" if found.hi < rule.min else "undecided"
    return GateResult(name, _unless_stopped(verdict, run), seen)


def _unseen(rule: Gate, run: Run) -> tuple[GateVerdict, str] | None:
    """A gate on what this run cannot show: nothing is known, which is no pass. None where there is a figure."""
    if rule.metric not in run.table.metrics:
        return None  # a metric that nobody computed is a mistake, and `Run.estimate` says so
    if rule.scope not in run.casewise.masks:
        return "undecided", "no case of this run carries the tag: nothing is known"
    if rule.metric not in run.casewise.columns:
        raised = int(run.casewise.errors[rule.metric].sum())
        if raised:
            return "fail", f"{raised} executions could not be scored"
        return "undecided", "it applied to no case of this run: nothing is known"
    return None


def _evidence(n: int, noun: str, n_clusters: int, run: Run) -> str:
    """What a figure rests on: cases or pairs, their clusters where they are few or asked for, other units."""
    few = n_clusters < min(n, FEW_CLUSTERS)
    shown = f" in {count(n_clusters, 'cluster')}" if few or run.units.cluster != "patient" else ""
    warned = ": few independent units" if few else ""
    trials = f", right or wrong as {run.units.trials}" if run.units.trials != "mean" else ""
    return f"{count(n, noun)}{shown}{warned}{trials}"


def _unless_stopped(verdict: GateVerdict, run: Run) -> GateVerdict:
    """A figure at the moment of stopping is no passing figure: cases that were never asked might have lowered it."""
    return "undecided" if verdict == "pass" and run.stopped is not None else verdict


def _judge_drop(rule: Gate, run: Run, baseline: Run | None, *, where: str) -> GateResult:
    assert rule.max_drop is not None
    name = f"{rule.metric}{where} drop <= {100 * rule.max_drop:g} points versus {rule.versus}"
    if baseline is None:
        if run.spec.supersedes is None:
            return GateResult(name, "pass", "the first version: nothing to drop from")
        return GateResult(name, "undecided", f"no run of {rule.versus} was given to compare with")
    plan = Plan(margin=rule.max_drop, alpha=rule.alpha, test=rule.test)
    seen = difference_of(baseline, run, rule.metric, scope=rule.scope, plan=plan)
    if run.stopped is not None:
        seen = _as_stopped(seen, run, baseline, rule.max_drop)
    what = (
        f"{points(seen.effect)} points (95 % interval {points_interval(seen.lo, seen.hi)}), "
        f"{p_value(seen.p_value)}, {_evidence(seen.n, 'pair', seen.n_clusters, run)}"
    )
    if seen.left_out:
        what += f"; {count(seen.left_out, 'case')} left out: only one of the two runs has a value"
    if seen.verdict == "regressed" and not seen.within_margin:
        return GateResult(name, "fail", what)
    if seen.noninferior:
        return GateResult(name, "pass", what)
    blind = f"; {count(seen.n, 'pair')} see drops from {width(seen.mde)} points on" if seen.mde > rule.max_drop else ""
    need = f"; {seen.need:,} pairs would decide" if seen.need else ""
    if seen.test == ALONE:
        need = "; a judge alone is no evidence: have people rate some of the cases of both runs"
    return GateResult(name, "undecided", what + blind + need)


def _as_stopped(seen: Difference, run: Run, baseline: Run, margin: float) -> Difference:
    """A drop as the watch saw it; one that it did not watch (another metric or slice, a smaller margin) stays open."""
    assert run.stopped is not None
    asked = seen.metric == run.head_metric and seen.scope == "all" and run.stopped.margin <= margin
    watched = asked and watched_by(run) == baseline.header.run_id
    return judge_stopped((seen,), run.stopped, watched=watched)[0]
