"""Standing rules: about agreements, records, files and connections, and not about one execution.

A standing rule is a plain function of a `Standing`, which is what is on the table: a deployment, audit records, the
day. It says for each thing that it judged (a hop, a record, a file) what is wrong with it; nothing wrong is a pass.
None where what it judges is not on the table, for one thing or for all: then nothing is proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from evalkit.agents.routing import Deployment
from evalkit.boundary.finding import CheckResult, Finding
from evalkit.boundary.records import Record
from evalkit.digests import digest
from evalkit.spec.schema import Spec


@dataclass(frozen=True, slots=True)
class Standing:
    """What standing rules look at. None where it was not given."""

    spec: Spec
    today: date
    deployment: Deployment | None = None
    records: tuple[Record, ...] | None = None
    calls: tuple[str, ...] | None = None
    """The id of every request that was sent, as often as it was sent, for counting records against."""


Judged = Mapping[str, Sequence[str] | None]
"""What was judged -> what is wrong with it, in fixed words; None where it does not say what it is judged by. Names of
hops and fields, numbers of records; no value."""
StandingCheck = Callable[[Standing], Judged | None]


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A standing check with its citation."""

    check_id: str
    title: str
    citation: str
    check: StandingCheck
    basis: Literal["current", "proposed"] = "current"


def check_standing(standing: Standing, rules: Iterable[StandingRule]) -> tuple[CheckResult, ...]:
    """Ask every rule; results in their order. In a finding the thing that was judged stands in place of the case."""
    return tuple(_result(rule, rule.check(standing)) for rule in rules)


def _result(rule: StandingRule, judged: Judged | None) -> CheckResult:
    things = judged or {}
    findings = tuple(
        Finding(rule.check_id, thing, 0, what, thing) for thing, problems in things.items() for what in problems or ()
    )
    unseen = sum(problems is None for problems in things.values()) + (judged is None)
    passed = sum(problems is not None and not problems for problems in things.values())
    evidence = digest([[thing, problems if problems is None else list(problems)] for thing, problems in things.items()])
    return CheckResult(
        rule.check_id,
        rule.title,
        rule.citation,
        rule.basis,
        passed,
        0,
        unseen,
        findings,
        None,
        evidence,
        sampled=False,
    )
