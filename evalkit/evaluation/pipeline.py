"""The product on one page: execute, check, score, collect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from evalkit.agents.agent import Agent
from evalkit.boundary.probes import make_probes, unprobed
from evalkit.boundary.suite import check
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import CaseError, MetricError
from evalkit.evaluation.archive import Judged
from evalkit.evaluation.casewise import point_estimates
from evalkit.evaluation.run import Baselines, Run
from evalkit.evaluation.safekeeping import record_run
from evalkit.evaluation.scoretable import tabulate
from evalkit.evaluation.started import begin, identify
from evalkit.evaluation.stopping import ask_all, ask_until_decided, watch
from evalkit.evaluation.traces import gather_traces
from evalkit.executions.execution import Execution
from evalkit.executions.runner import Settings, execute
from evalkit.metrics.ratings import judges_among
from evalkit.metrics.scoring import Metric, name_metrics, score
from evalkit.spec.schema import Spec
from evalkit.tasks import FAMILIES, seat


def evaluate(
    spec: Spec,
    cases: GoldSet | Sequence[Case],
    agent: Agent,
    *,
    metrics: Sequence[Metric] = (),
    trials: int = 1,
    settings: Settings | None = None,
    journal: Path | None = None,
    baseline: Run | None = None,
    stop_when_decided: bool = False,
) -> Run:
    """Run an agent on every case and on the boundary probes, judge what came back, and keep it sealed.

    ``metrics`` are asked besides those of the spec's family. The run goes to the workspace (`.evalkit`), or to the file
    ``journal``; if the same evaluation was interrupted before, it goes on from there. An agent that raises is recorded,
    never fatal. With ``stop_when_decided`` no more cases are asked than it takes to decide the head metric against
    ``baseline``, a run on the same cases (`evalkit.evaluation.stopping`).

    Raises CaseError for an empty or foreign set of cases, MetricError for two metrics of one name, ResumeRefused where
    ``journal`` holds another evaluation, StatisticsError for a baseline that nothing can be decided against.
    """
    gold = admit(spec, cases)
    agent = seat(spec, agent)
    family = FAMILIES[spec.family]
    asked = ask_besides(family.metrics, metrics)
    # a recording answers only what it was asked once, so there is nobody to probe
    probes = () if getattr(agent, "recorded", False) else make_probes(spec, gold.cases)
    settings = settings or Settings()
    watching = watch(spec, gold, baseline, settings=settings) if stop_when_decided else None
    identity = identify(spec, gold, agent, probes=probes, metrics=asked, trials=trials)

    with begin(spec, identity, journal) as run:
        ask = partial(execute, agent=agent, spec_ref=spec.ref, trials=trials, settings=settings, journal=run.journal)
        answered = ask_until_decided(gold, probes, ask, watching=watching) if watching else ask_all(gold, probes, ask)
        everything, executions = (*answered.cases, *probes), answered.executions
        judged = Judged(
            checks=check(spec, pair(everything, executions)),
            table=tabulate(score(pair(answered.cases, executions), asked)),
            baselines=judge_baselines(spec, answered.cases),
            head_metric=family.head_metric,
            lower_is_better=family.lower_is_better,
            descriptive=family.descriptive,
            incomplete=sum(done.failure is not None and done.failure.kind == "NotRun" for done in executions),
            unprobed=unprobed(spec, everything),
            traces=gather_traces(trace_cases(answered.cases, executions)),
            stopped=answered.stopped,
            judges=judges_among(asked),
        )
        finished = run.finish(judged)
    record_run(run.header, spec, pair(everything, executions), times=run.journal.times)
    return finished


def ask_besides(family: Mapping[str, Metric], own: Sequence[Metric]) -> dict[str, Metric]:
    """The family's metrics and one's own. Raises MetricError where one of these has the name of another."""
    besides = name_metrics(own)
    for name in sorted(besides.keys() & family.keys()):
        raise MetricError(f"the family already has a metric {name}", next_step="rename yours")
    return {**family, **besides}


def admit(spec: Spec, cases: GoldSet | Sequence[Case]) -> GoldSet:
    """The cases as a gold set. Raises CaseError where there are none, two of one id, or some of another family."""
    gold = cases if isinstance(cases, GoldSet) else GoldSet("cases in memory", tuple(cases))
    if not gold.cases:
        raise CaseError("there are no cases", where=gold.name, next_step="synthesize some, or load a gold set")
    if len({case.case_id for case in gold}) < len(gold):
        raise CaseError("two cases have one id", where=gold.name, next_step="give each case an id of its own")
    foreign = sum(case.family != spec.family for case in gold)
    if foreign:
        raise CaseError(
            f"{foreign} of {len(gold)} cases are not of the family {spec.family}",
            where=gold.name,
            next_step="use cases of the spec's family",
        )
    return gold


def pair(cases: Sequence[Case], executions: Sequence[Execution]) -> tuple[tuple[Case, Execution], ...]:
    """Each execution with its case, in the order of the executions; those of other cases are left out."""
    by_id = {case.case_id: case for case in cases}
    return tuple((by_id[done.case_id], done) for done in executions if done.case_id in by_id)


def trace_cases(cases: Sequence[Case], executions: Sequence[Execution]) -> tuple[frozenset[str], ...]:
    """For each case the spec rows that its executions rest on."""
    rows: dict[str, set[str]] = {case.case_id: set() for case in cases}
    for done in executions:
        if done.case_id in rows:
            rows[done.case_id].update(done.trace)
    return tuple(map(frozenset, rows.values()))


def judge_baselines(spec: Spec, cases: Sequence[Case]) -> Baselines:
    """What the family's degenerate agents score on the same cases, once each."""
    family = FAMILIES[spec.family]
    figures = {}
    for name, make in family.baselines.items():
        executions = execute(cases, make(cases), spec_ref=spec.ref)
        figures[name] = point_estimates(tabulate(score(pair(cases, executions), family.metrics)))
    return figures
