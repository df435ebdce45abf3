"""The examination: one agent before every rule of the boundary, with everything under watch that can be.

In: a spec, cases, an agent, and what else is on the table (`Terms`). Out: one result a rule, in the order people read
them: executions, the channels that only a watcher sees, relations, and what is standing (agreements, records, files,
the connection). Zero tolerance, no statistics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from evalkit.agents.agent import Agent, agent_id
from evalkit.agents.endpoint import Endpoint
from evalkit.agents.routing import Deployment
from evalkit.boundary import agreements, conversations, ledger
from evalkit.boundary.channels import rules_for
from evalkit.boundary.finding import NON_GOALS, NOT_LOOKED_FOR, CheckResult, Finding, Rule
from evalkit.boundary.metamorphic import ORDER, RELATIONS, check_relations
from evalkit.boundary.probes import make_probes, unprobed
from evalkit.boundary.records import read_records
from evalkit.boundary.standing import Standing, StandingRule, check_standing
from evalkit.boundary.stores import search_files
from evalkit.boundary.suite import ALL, Tell, check
from evalkit.boundary.transport import check_floor
from evalkit.cards import Grid, card
from evalkit.cases.case import Case
from evalkit.digests import digest
from evalkit.executions.execution import Execution
from evalkit.executions.runner import Settings, execute
from evalkit.executions.talks import Seated
from evalkit.executions.taps import Tap, watch_endpoint
from evalkit.executions.watched import Watched, can_watch
from evalkit.figures import count, upper_bound
from evalkit.spec.schema import Spec


@dataclass(frozen=True, slots=True)
class Terms:
    """What else is on the table at an examination. All of it may be left out; what is missing is not observed."""

    deployment: Deployment | None = None
    audit_log: Path | None = None
    """Records of the agent's system (`evalkit.boundary.records`), read when it is done: one for each call, if any is of
    a request made here."""
    left_behind: tuple[Path, ...] = ()
    """Files and folders that are searched when the agent is done: logs, a tracking store, notebooks."""
    tap: Tap | None = None
    """A running proxy that an agent behind an address sends through."""
    watch: bool = True
    relations: int = 25
    """Cases that the metamorphic relations are tried on; 0 for none."""
    today: date | None = None
    """The day that agreements and dates are judged on; None for the day it is."""
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True, repr=False)
class Examination:
    """What was seen. Holds no value from a case."""

    spec_ref: str
    agent_id: str
    cases: int
    probes: int
    results: tuple[CheckResult, ...]
    unprobed: tuple[str, ...]
    """Refusal codes of the spec for which no request could be made."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every rule."""
        return tuple(found for result in self.results for found in result.findings)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The rules with a finding, and those that raised."""
        return tuple(result for result in self.results if result.verdict in {"fail", "error"})

    @property
    def evidence(self) -> str:
        """SHA-256 over the evidence of every rule."""
        return digest([[result.check_id, result.evidence] for result in self.results])

    def sentence(self) -> str:
        """What was found, in one line: never a word about what was not looked at."""
        asked = count(self.cases + self.probes, "execution")
        if self.failed:
            names = ", ".join(result.check_id for result in self.failed)
            return f"{len(self.failed)} of {count(len(self.results), 'check')} failed in {asked} ({names})"
        words = [result.words for result in self.results]
        parts = [f"{words.count('pass')} of {count(len(words), 'check')} passed in {asked}"]
        parts += [f"{words.count(word)} {said}" for word, said in _UNDECIDED.items() if word in words]
        most = upper_bound(self.cases + self.probes).replace("< ", "less than ")
        return f"{', '.join(parts)}; a breach in {most} of such executions stays possible (95 %)"

    def summary(self) -> dict[str, Any]:
        """The examination as JSON values, for machines."""
        return {
            "spec": self.spec_ref,
            "agent": self.agent_id,
            "cases": self.cases,
            "probes": self.probes,
            "unprobed": list(self.unprobed),
            "not_looked_for": list(NON_GOALS),
            "evidence": self.evidence,
            "checks": [
                {
                    "check": r.check_id, "citation": r.citation, "basis": r.basis, "verdict": r.verdict,
                    "passed": r.passed, "failed": r.failed, "not_applicable": r.not_applicable,
                    "not_observed": r.not_observed, "possible": r.possible, "evidence": r.evidence,
                    "findings": [asdict(found) for found in r.findings],
                }
                for r in self.results
            ],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Examination({self.spec_ref}, {self.agent_id}: {self.sentence()})"

    def _repr_html_(self) -> str:
        rows = [(r.check_id, r.words, r.passed, r.failed, r.possible, r.citation) for r in self.results]
        found = [(f.check_id, f.case_id, f.what, f.place, f.needle_id, f.form) for f in self.findings[:MOST_SHOWN]]
        return card(
            f"{self.spec_ref} before the boundary",
            lead=self.sentence(),
            grids=[
                Grid(["finding of", "case", "what", "place", "identifier", "form"], found),
                Grid(["check", "verdict", "passed#", "failed#", "still possible#", "citation"], rows, NOT_LOOKED_FOR),
            ],
        )


_UNDECIDED = {"not observed": "were not observed", "nothing to check": "had nothing to judge"}
MOST_SHOWN = 12
"""Findings on a card."""


def examine(
    spec: Spec, cases: Sequence[Case], agent: Agent, *, terms: Terms | None = None, tell: Tell | None = None
) -> Examination:
    """Put an agent before every rule: on the cases, on probes made of them, and on what else the terms name.

    ``tell`` is told what each rule says of each execution.

    A Python agent answers from a watched child process, one behind an address is watched at the endpoint and by a tap
    where there is one; a recording is judged as it is. Raises what `execute` raises.
    """
    terms = terms or Terms()
    with _under_watch(agent, terms) as watched:
        pairs = _ask_all(spec, cases, watched, terms)
        calls = Counter({_sent(done): done.attempts for _, done in pairs})
        results = list(check(spec, pairs, rules=execution_rules(agent, terms), tell=tell))
        if terms.relations and not getattr(agent, "recorded", False):
            few = [case for case in cases if case.refusal is None and case.body is None][: terms.relations]
            one = Settings(concurrency=1, timeout_s=terms.settings.timeout_s)

            def ask(some: Sequence[Case]) -> Sequence[Execution]:
                done = execute(some, watched, spec_ref=spec.ref, settings=one)
                calls.update(map(_sent, done))
                return done

            results += check_relations(spec, few, ask)
    results += _standing_results(spec, cases, agent, terms=terms, calls=tuple(calls.elements()))
    everything = [case for case, _ in pairs]
    return Examination(
        spec.ref, agent_id(agent), len(cases), len(pairs) - len(cases), tuple(results), unprobed(spec, everything)
    )


def observe(spec: Spec, cases: Sequence[Case], agent: Agent, *, terms: Terms) -> tuple[tuple[Case, Execution], ...]:
    """What an agent did on the cases and on probes of them, under watch as far as it can be; nothing is judged."""
    with _under_watch(agent, terms) as watched:
        return _ask_all(spec, cases, watched, terms)


def _ask_all(spec: Spec, cases: Sequence[Case], agent: Agent, terms: Terms) -> tuple[tuple[Case, Execution], ...]:
    everything = asked(spec, cases, agent)
    executions = execute(everything, agent, spec_ref=spec.ref, settings=terms.settings)
    return tuple(zip(everything, executions, strict=True))


def asked(spec: Spec, cases: Sequence[Case], agent: Agent) -> tuple[Case, ...]:
    """The cases and every probe made of them; a recording answers only what it was asked once."""
    return (*cases, *(() if getattr(agent, "recorded", False) else make_probes(spec, cases)))


@contextmanager
def _under_watch(agent: Agent, terms: Terms) -> Iterator[Agent]:
    """The agent, watched as far as it can be. One that converses is asked step by step then; its tools stay here."""
    if isinstance(agent, Seated):
        asked = agent.asked
        with _under_watch(asked, terms) as watched:
            yield agent if watched is asked else agent.through(watched)
    elif isinstance(agent, Endpoint):
        seen: Agent = watch_endpoint(agent)
        try:
            yield terms.tap.watch(seen) if terms.tap is not None else seen
        finally:
            agent.notice = None
    elif not terms.watch or getattr(agent, "recorded", False) or not can_watch():
        yield agent
    else:
        with Watched(agent) as child:
            yield child


def execution_rules(agent: Agent, terms: Terms) -> tuple[Rule, ...]:
    """Every rule that is asked about each execution of an agent."""
    if getattr(agent, "recorded", False):
        return ALL
    talks = conversations.RULES if isinstance(agent, Seated) else ()
    return (*ALL, *talks, *rules_for(terms.deployment, answers=isinstance(_behind(agent), Endpoint)))


def _behind(agent: Agent) -> Agent:
    """The agent itself, off its stage."""
    return agent.asked if isinstance(agent, Seated) else agent


def once_asked(agent: Agent, terms: Terms) -> tuple[str, ...]:
    """The ids of the rules that an examination asks once, in the order of their results."""
    relations = [relation.check_id for relation in (*RELATIONS, ORDER)]
    recorded = getattr(agent, "recorded", False)
    return (
        *(relations if terms.relations and not recorded else ()),
        *(rule.check_id for rule in _standing_rules(terms)),
        *(("tls_floor",) if _over_tls(agent) else ()),
        *(("stored_files",) if terms.left_behind else ()),
    )


def _standing_rules(terms: Terms) -> tuple[StandingRule, ...]:
    about = [rule for rule in agreements.RULES if terms.deployment is not None or rule.check_id == "field_reasons"]
    return (*about, *(ledger.RULES if terms.audit_log is not None else ()))


def _over_tls(agent: Agent) -> bool:
    behind = _behind(agent)
    return isinstance(behind, Endpoint) and behind.address.startswith("https:")


def _sent(done: Execution) -> str:
    """The id under which a request was sent."""
    return f"{done.case_id}#{done.trial}" if done.trial else done.case_id


def _standing_results(
    spec: Spec, cases: Sequence[Case], agent: Agent, *, terms: Terms, calls: tuple[str, ...]
) -> Iterator[CheckResult]:
    """What is judged once: the spec's fields, and agreements, records, files and the connection where there are any."""
    records = read_records(terms.audit_log) if terms.audit_log is not None else None
    own = {record.request_id for record in records or ()} & set(calls)
    today = terms.today or datetime.now(UTC).date()
    standing = Standing(spec, today, terms.deployment, records, calls if own else None)
    yield from check_standing(standing, _standing_rules(terms))
    if isinstance(agent, Endpoint) and _over_tls(agent):
        yield check_floor(agent.address, ca=agent.ca)
    if terms.left_behind:
        yield search_files(terms.left_behind, cases)
