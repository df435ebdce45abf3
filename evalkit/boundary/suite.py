"""The whole boundary: every rule over every execution. One breach in any trial is a breach; nothing is averaged."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.boundary import providers, requests, responses, sinks
from evalkit.boundary.finding import CheckResult, Finding, Rule
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.spec.schema import Spec

ALL: tuple[Rule, ...] = (*requests.RULES, *responses.RULES, *sinks.RULES, *providers.RULES)
"""Every rule, in the order people read them."""


def check(
    spec: Spec, pairs: Iterable[tuple[Case, Execution]], *, rules: Iterable[Rule] = ALL
) -> tuple[CheckResult, ...]:
    """Ask every rule about every (case, execution) and count what it saw; results in the order of ``rules``.

    A rule that raises has proven nothing: its result holds the class of the exception, keeps the findings it had, and
    fails the gate. The other rules go on.
    """
    tallies = [_Tally(rule) for rule in rules]
    try:
        for case, execution in pairs:
            for tally in tallies:
                tally.ask(spec, case, execution)
    finally:
        sinks.needles_of.cache_clear()  # identifiers stay in memory no longer than they are needed
    return tuple(tally.result() for tally in tallies)


class _Tally:
    """The count of one rule."""

    __slots__ = ("error", "findings", "not_applicable", "not_observed", "passed", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.passed = self.not_applicable = self.not_observed = 0
        self.findings: list[Finding] = []
        self.error: str | None = None

    def ask(self, spec: Spec, case: Case, execution: Execution) -> None:
        if self.error is not None:
            return
        if execution.attempts == 0:  # a budget was spent before it was made
            self.not_observed += 1
            return
        try:
            outcome = self.rule.check(spec, case, execution)
        except Exception as error:  # noqa: BLE001 - a rule may be a stranger's code; what it raises is its result
            self.error = type(error).__name__
            return
        if outcome == "not_applicable":
            self.not_applicable += 1
        elif outcome == "not_observed":
            self.not_observed += 1
        elif outcome:
            self.findings += outcome
        else:
            self.passed += 1

    def result(self) -> CheckResult:
        return CheckResult(
            self.rule.check_id,
            self.rule.title,
            self.rule.citation,
            self.rule.basis,
            self.passed,
            self.not_applicable,
            self.not_observed,
            tuple(self.findings),
            self.error,
        )
