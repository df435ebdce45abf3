"""Gates: pure functions of stored runs. A run is judged again without a new call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from evalkit.boundary.finding import CheckResult
from evalkit.cards import Grid, card
from evalkit.evaluation.comparison import difference_of
from evalkit.evaluation.pairing import align
from evalkit.evaluation.run import Run, RunHeader
from evalkit.figures import count, p_value, points, points_interval, rate, rate_interval
from evalkit.spec.schema import Gate
from evalkit.stats.comparison import Plan

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


def gate(run: Run, baseline: Run | None = None) -> GateReport:
    """Judge a run by the gates of its own spec and by every boundary check.

    A floor or ceiling is passed when the whole 95 % interval is on the right side, failed when none of it is, and
    undecided between. ``equals`` looks at the figure itself. ``max_drop`` is judged on the paired difference to
    ``baseline``: failed on a regression that is not within the margin, passed when the 90 % interval excludes a drop
    of the margin (non-inferiority), else undecided. A metric that raised anywhere fails every gate on it.
    Raises StatisticsError for a baseline on other cases, whether a gate looks at it or not.
    """
    if baseline is not None:
        align(baseline, run)
    results = list(_judge_completeness(run))
    for rule in run.spec.gates:
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
    estimate = run.estimate(rule.metric, rule.scope)
    seen = (
        f"{rate(estimate.value)} (95 % interval {rate_interval(estimate.lo, estimate.hi)}), {count(estimate.n, 'case')}"
    )
    if estimate.errors:
        yield GateResult(f"{rule.metric}{where}", "fail", f"{estimate.errors} executions could not be scored")
        return
    if rule.min is not None:
        verdict: GateVerdict = "pass" if estimate.lo >= rule.min else "fail" if estimate.hi < rule.min else "undecided"
        yield GateResult(f"{rule.metric}{where} >= {rule.min:g}", verdict, seen)
    if rule.max is not None:
        verdict = "pass" if estimate.hi <= rule.max else "fail" if estimate.lo > rule.max else "undecided"
        yield GateResult(f"{rule.metric}{where} <= {rule.max:g}", verdict, seen)
    if rule.equals is not None:
        yield GateResult(
            f"{rule.metric}{where} = {rule.equals:g}", "pass" if estimate.value == rule.equals else "fail", seen
        )
    if rule.max_drop is not None:
        yield _judge_drop(rule, run, baseline, where=where)


def _judge_drop(rule: Gate, run: Run, baseline: Run | None, *, where: str) -> GateResult:
    assert rule.max_drop is not None
    name = f"{rule.metric}{where} drop <= {100 * rule.max_drop:g} points versus {rule.versus}"
    if baseline is None:
        if run.spec.supersedes is None:
            return GateResult(name, "pass", "the first version: nothing to drop from")
        return GateResult(name, "undecided", f"no run of {rule.versus} was given to compare with")
    plan = Plan(margin=rule.max_drop, alpha=rule.alpha)
    seen = difference_of(baseline, run, rule.metric, scope=rule.scope, plan=plan)
    what = (
        f"{points(seen.effect)} points (95 % interval {points_interval(seen.lo, seen.hi)}), "
        f"{p_value(seen.p_value)}, {count(seen.n, 'pair')}"
    )
    if seen.verdict == "regressed" and not seen.within_margin:
        return GateResult(name, "fail", what)
    if seen.noninferior:
        return GateResult(name, "pass", what)
    need = f"; {seen.need} pairs would decide" if seen.need else ""
    return GateResult(name, "undecided", what + need)
