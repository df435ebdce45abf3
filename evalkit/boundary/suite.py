"""The whole boundary: every rule over every execution. One breach in any trial is a breach; nothing is averaged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from evalkit.boundary import conversations, envelopes, providers, requests, responses, sinks, strangers
from evalkit.boundary.finding import Check, CheckResult, Finding, Outcome, Rule
from evalkit.cases.case import Case
from evalkit.executions.encoding import encode
from evalkit.executions.execution import Execution
from evalkit.spec.schema import Spec

ALL: tuple[Rule, ...] = (
    *requests.RULES,
    *responses.RULES,
    *sinks.RULES,
    *strangers.RULES,
    *envelopes.RULES,
    *providers.RULES,
)
"""Every rule that any execution can be judged by, in the order people read them. Rules about places that only a watcher
sees: `evalkit.boundary.channels`; about conversations: `evalkit.boundary.conversations`; about agreements, records and
files: `evalkit.boundary.standing`."""


Told = Sequence[Finding] | Outcome | str
"""What a rule said of one execution; ``raised:CLASS`` where it raised."""
Tell = Callable[[Rule, Case, Told], None]


def check(
    spec: Spec,
    pairs: Iterable[tuple[Case, Execution]],
    *,
    rules: Iterable[Rule] | None = None,
    tell: Tell | None = None,
) -> tuple[CheckResult, ...]:
    """Ask every rule about every (case, execution) and count what it saw; results in the order of ``rules``.

    Without ``rules`` those of `ALL`, and the rules about conversations where one was held.
    ``tell`` is told of each outcome as it comes, by rule and case.

    A rule that raises has proven nothing: its result holds the class of the exception, keeps the findings it had, and
    fails the gate. The other rules go on.
    """
    pairs = list(pairs)
    if rules is None:
        talked = any(execution.talk is not None for _, execution in pairs)
        rules = (*ALL, *conversations.RULES) if talked else ALL
    tallies = {rule.check_id: _Tally(rule) for rule in rules}
    seen: Execution | None = None
    mark = b""
    for rule, case, execution, outcome in _judge(spec, pairs, [tally.rule for tally in tallies.values()]):
        if execution is not seen:
            seen, mark = execution, _mark(execution)
        tallies[rule.check_id].count(outcome, mark)
        if tell is not None:
            tell(rule, case, outcome)
    return tuple(tally.result() for tally in tallies.values())


def _mark(execution: Execution) -> bytes:
    """What was judged, as a digest. The time that an answer took says nothing about the boundary."""
    plain = replace(execution, seconds=0.0)
    return hashlib.sha256(f"{execution.case_id}#{execution.trial}".encode() + encode(plain)).digest()


def _judge(
    spec: Spec, pairs: Sequence[tuple[Case, Execution]], rules: Sequence[Rule]
) -> Iterator[tuple[Rule, Case, Execution, Told]]:
    """What every rule says of every execution, execution by execution; a rule that raised is not asked again."""
    cases = list({id(case): case for case, _ in pairs}.values())
    asked: dict[str, Check] = {rule.check_id: rule.over(cases) if rule.over else rule.check for rule in rules}
    try:
        for (case, execution), rule in product(pairs, rules):
            if rule.check_id not in asked:
                continue
            outcome = _ask(asked[rule.check_id], spec, case, execution)
            if isinstance(outcome, str) and outcome.startswith("raised:"):
                del asked[rule.check_id]
            yield rule, case, execution, outcome
    finally:
        sinks.needles_of.cache_clear()  # identifiers stay in memory no longer than they are needed


def _ask(asked: Check, spec: Spec, case: Case, execution: Execution) -> Told:
    if execution.attempts == 0:  # a budget was spent before it was made
        return "not_observed"
    try:
        return asked(spec, case, execution)
    except Exception as error:  # noqa: BLE001 - a rule may be a stranger's code; what it raises is its result
        return f"raised:{type(error).__name__}"


class _Tally:
    """The count of one rule."""

    __slots__ = ("_digest", "error", "findings", "not_applicable", "not_observed", "passed", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.passed = self.not_applicable = self.not_observed = 0
        self.findings: list[Finding] = []
        self.error: str | None = None
        self._digest = hashlib.sha256()

    def count(self, outcome: Told, mark: bytes) -> None:
        """Add one outcome, with the mark of what was judged."""
        self._digest.update(mark + (outcome if isinstance(outcome, str) else str(len(outcome))).encode())
        if outcome == "not_applicable":
            self.not_applicable += 1
        elif outcome == "not_observed":
            self.not_observed += 1
        elif isinstance(outcome, str):
            self.error = outcome.removeprefix("raised:")
        elif outcome:
            self.findings += outcome
        else:
            self.passed += 1

    def result(self) -> CheckResult:
        """The count so far."""
        return CheckResult(
            self.rule.check_id, self.rule.title, self.rule.citation, self.rule.basis, self.passed, self.not_applicable,
            self.not_observed, tuple(self.findings), self.error, self._digest.hexdigest(),
        )  # fmt: skip
