"""The boundary as test items: one for each rule and case, and one for each rule that is asked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.agents.agent import Agent
from evalkit.agents.routing import read_deployment
from evalkit.boundary.examination import Examination, Terms, asked, examine, execution_rules, once_asked
from evalkit.boundary.finding import CheckResult, Finding, Rule
from evalkit.boundary.suite import Told
from evalkit.cases.case import Case
from evalkit.cli.sources import find_agent, find_cases
from evalkit.errors import EvalkitError
from evalkit.figures import count
from evalkit.report.markdown import render_examination
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec

_SKIPPED = {"not_applicable": "nothing to check", "not_observed": "not observed: no pass"}
MOST_FINDINGS = 20
"""Findings that one item tells."""


class Breach(Exception):
    """What a rule found, or that it found nothing to judge by. Holds no value."""


def make_boundary(words: Mapping[str, str]) -> Boundary:
    """The boundary that the options name. Raises UsageError with one clear line."""
    try:
        spec = load_spec(words["spec"])
        number = None if words["gold"] else int(words["cases"] or 20)
        cases = find_cases(spec, number, int(words["seed"] or 7), words["gold"] or None).cases
        agent = find_agent(words["agent"] or "rules", spec)
        terms = Terms(deployment=read_deployment(Path(words["deployment"])) if words["deployment"] else None)
    except EvalkitError as error:
        raise pytest.UsageError(f"evalkit: {error}") from None
    except ValueError:
        raise pytest.UsageError("evalkit: --evalkit-cases and --evalkit-seed are whole numbers") from None
    return Boundary(spec, cases, agent, terms, Path(words["markdown"]) if words["markdown"] else None)


class Boundary:
    """A spec, cases and an agent. The agent is asked when the first item is run, and once for all items."""

    def __init__(self, spec: Spec, cases: Sequence[Case], agent: Agent, terms: Terms, markdown: Path | None) -> None:
        self._spec = spec
        self._cases = cases
        self._agent = agent
        self._terms = terms
        self._markdown = markdown
        self._told: dict[tuple[str, str], Told] = {}
        self._seen: Examination | None = None

    def collect(self, session: pytest.Session) -> list[pytest.Item]:
        """Every item."""
        parent: Any = Suite.from_parent(session, name="boundary", nodeid="boundary")
        parent.boundary = self
        return list(parent.collect())

    def names(self) -> Iterator[tuple[str, str]]:
        """Rule and case of every item; no case where a rule is asked once."""
        everything = asked(self._spec, self._cases, self._agent)
        for rule in execution_rules(self._agent, self._terms):
            yield from ((rule.check_id, case.case_id) for case in everything)
        yield from ((check_id, "") for check_id in once_asked(self._agent, self._terms))

    def outcome(self, check_id: str, case_id: str) -> Told:
        """What a rule said of a case."""
        if self._seen is None:
            self._seen = examine(self._spec, self._cases, self._agent, terms=self._terms, tell=self._hear)
            if self._markdown is not None:
                self._markdown.write_text(render_examination(self._seen), encoding="utf-8")
        if case_id:
            return self._told.get((check_id, case_id), "not_observed")
        return _told_by(next(result for result in self._seen.results if result.check_id == check_id))

    def _hear(self, rule: Rule, case: Case, told: Told) -> None:
        self._told[rule.check_id, case.case_id] = told


def _told_by(result: CheckResult) -> Told:
    if result.error is not None:
        return f"raised:{result.error}"
    if result.findings or result.passed:
        return result.findings
    return "not_observed" if result.not_observed else "not_applicable"


class Suite(pytest.Collector):
    """The node above all items of the boundary."""

    boundary: Boundary

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each rule and case."""
        for check_id, case_id in self.boundary.names():
            item: Any = Check.from_parent(self, name=f"{check_id}[{case_id}]" if case_id else check_id)
            item.check_id, item.case_id = check_id, case_id
            yield item


class Check(pytest.Item):
    """One rule on one case."""

    check_id: str
    case_id: str
    evalkit_safe = True

    def runtest(self) -> None:
        """Raise Breach on a finding; skip where nothing was judged."""
        parent: Any = self.parent
        told = parent.boundary.outcome(self.check_id, self.case_id)
        if isinstance(told, str):
            if told in _SKIPPED:
                pytest.skip(_SKIPPED[told])
            raise Breach(f"the check itself raised {told.removeprefix('raised:')}")
        if told:
            raise Breach("\n".join([count(len(told), "finding"), *map(_tell, told[:MOST_FINDINGS])]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:  # noqa: ARG002 - the hook's
        """The findings alone; of any other error its class."""
        error = excinfo.value
        return str(error) if isinstance(error, Breach | EvalkitError) else f"{type(error).__name__} in the boundary"

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the item stands: in no file."""
        return Path("boundary"), None, f"boundary: {self.name}"


def _tell(found: Finding) -> str:
    parts = (found.case_id, found.what, found.place, found.needle_id, found.form)
    return "  ".join(part for part in parts if part)
