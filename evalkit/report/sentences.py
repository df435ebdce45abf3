"""The sentences that open every report: what was found, in one line a person can repeat.

In: Run, Comparison, GateReport. Out: plain text. Every reader (page, comment, card, terminal) says the same words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from evalkit.boundary.finding import NOT_LOOKED_FOR, CheckResult
from evalkit.evaluation.comparison import Comparison
from evalkit.evaluation.gates import GateReport, GateResult
from evalkit.evaluation.run import Run
from evalkit.figures import count, rate, rate_interval, width
from evalkit.stats.comparison import Difference
from evalkit.stats.intervals import Estimate

VERDICT_WORDS: Final = {
    "regressed": "regressed",
    "improved": "improved",
    "equivalent": "equivalent",
    "undecided": "undecided",
    "pass": "passed",
    "fail": "failed",
    "incomplete": "incomplete",
    "error": "check error",
    "not_observed": "not observed",
}
"""Verdict -> how it is said to a person."""

TONES: Final = {
    "regressed": "bad",
    "fail": "bad",
    "error": "bad",
    "improved": "good",
    "equivalent": "good",
    "pass": "good",
    "undecided": "open",
    "incomplete": "open",
    "not_observed": "open",
}
"""Verdict -> the colour it is shown in: good, bad or open."""


def breaches(run: Run) -> tuple[CheckResult, ...]:
    """The boundary checks that failed or raised."""
    return tuple(result for result in run.checks if result.verdict in ("fail", "error"))


def verdict_of(run: Run, comparison: Comparison | None = None, gate: GateReport | None = None) -> str:
    """The word that stands first: a breach or a gate outweighs a comparison, and an incomplete run is no evidence."""
    if run.incomplete:
        return "incomplete"
    if breaches(run):
        return "fail"
    if gate is not None:
        return gate.verdict
    if comparison is not None:
        return comparison.verdict
    return "pass" if any(result.verdict == "pass" for result in run.checks) else "not_observed"


def estimate_sentence(run: Run) -> str:
    """The head metric in one sentence: value, 95 % interval, cases."""
    head = head_estimate(run)
    if head is None or not math.isfinite(head.value):
        return f"{run.head_metric}: nothing could be judged in {count(run.header.cases, 'case')}."
    trials = f" x {count(run.header.trials, 'trial')}" if run.header.trials > 1 else ""
    interval = rate_interval(head.lo, head.hi)
    return f"{run.head_metric} {rate(head.value)} (95 % interval {interval}), {count(head.n, 'case')}{trials}."


def caveat(comparison: Comparison) -> str:
    """What the verdict alone would hide: that a real change is too small to matter, or that nothing was shown."""
    head = comparison.head
    margin = width(comparison.margin)
    if head.verdict == "undecided":
        return f"This is no pass: a drop of more than {margin} points, the margin, can neither be shown nor excluded."
    if head.verdict in ("regressed", "improved") and head.within_margin:
        return f"The change is real and lies inside the margin of {margin} points."
    return ""


def boundary_sentence(run: Run) -> str:
    """The deterministic layer in one sentence."""
    if not run.checks:
        return "No boundary check was made."
    broken = breaches(run)
    passed = sum(result.verdict == "pass" for result in run.checks)
    unseen = sum(result.verdict == "not_observed" and result.not_observed > 0 for result in run.checks)
    idle = sum(result.verdict == "not_observed" and result.not_observed == 0 for result in run.checks)
    silence = f"; {count(unseen, 'check')} could not observe anything" if unseen else ""
    silence += f"; {count(idle, 'check')} had nothing to check" if idle else ""
    if broken:
        failed = sum(result.failed for result in broken)
        names = ", ".join(result.check_id for result in broken)
        return f"{count(len(broken), 'boundary check')} failed in {count(failed, 'execution')} ({names}){silence}."
    return f"{passed} of {count(len(run.checks), 'boundary check')} passed{silence}."


def check_word(result: CheckResult) -> str:
    """The verdict of a check in words; ``nothing to check`` where it applied to no execution."""
    if result.verdict == "not_observed" and not result.not_observed:
        return "nothing to check"
    return VERDICT_WORDS[result.verdict]


def citation(result: CheckResult) -> str:
    """The rule, and whether it is only proposed."""
    return result.citation if result.basis == "current" else f"{result.citation} [{result.basis}]"


def bounds(results: Sequence[CheckResult]) -> tuple[str, ...]:
    """What a clean boundary leaves open: how often a breach may still happen, and what nobody looked for."""
    if not results:
        return ()
    possible = "possible: the share of breaches that nothing found leaves possible at 95 % (rule of three, 3 / passed)"
    return (possible, NOT_LOOKED_FOR)


def gate_sentence(gate: GateReport) -> str:
    """The gates in one sentence."""
    by_verdict = {word: sum(result.verdict == word for result in gate.results) for word in VERDICT_WORDS}
    others = [word for word in ("fail", "undecided", "incomplete") if by_verdict[word]]
    rest = f" ({', '.join(f'{by_verdict[word]} {VERDICT_WORDS[word]}' for word in others)})" if others else ""
    return f"{by_verdict['pass']} of {count(len(gate.results), 'gate')} passed{rest}."


def row_sentence(comparison: Comparison) -> str:
    """The edited row that broke the most cases; the empty string where none broke any."""
    if not comparison.rows or not comparison.rows[0].broke:
        return ""
    row = comparison.rows[0]
    others = sum(other.broke > 0 for other in comparison.rows[1:])
    more = f"; {count(others, 'other row')} broke cases too" if others else ""
    return f"Row {row.row_id} broke {count(row.broke, 'case')} and fixed {row.fixed}{more}."


def telling(gate: GateReport) -> tuple[GateResult, ...]:
    """The gates of the spec, and of the boundary checks those that did not pass: the others are told elsewhere."""
    return tuple(one for one in gate.results if one.verdict != "pass" or not one.name.startswith("boundary: "))


def headline(run: Run, comparison: Comparison | None = None) -> str:
    """The first sentence of a report: a breach, else the effect against the baseline, else the estimate."""
    if breaches(run):
        return boundary_sentence(run)
    return comparison.sentence() if comparison is not None else estimate_sentence(run)


def remarks(run: Run, comparison: Comparison | None = None, gate: GateReport | None = None) -> tuple[str, ...]:
    """The sentences that follow the headline, most pressing first."""
    said = []
    if run.incomplete:
        said.append(f"{count(run.incomplete, 'execution')} left undone: this run is no evidence for a gate.")
    if run.stopped is not None:
        said.append(f"The run {run.stopped}.")
    if breaches(run):
        said.append(comparison.sentence() if comparison is not None else estimate_sentence(run))
    if comparison is not None:
        said += [caveat(comparison), row_sentence(comparison)]
    if not breaches(run):
        said.append(boundary_sentence(run))
    if gate is not None:
        said.append(gate_sentence(gate))
    return tuple(sentence for sentence in said if sentence)


def judged(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """The differences that there are: a slice in which the metric applies to no case says nothing."""
    return tuple(difference for difference in differences if math.isfinite(difference.effect))


def head_estimate(run: Run) -> Estimate | None:
    """The estimate of the head metric over all cases, or None where the run has none."""
    for estimate in run.estimates:
        if estimate.metric == run.head_metric and estimate.scope == "all":
            return estimate
    return None
