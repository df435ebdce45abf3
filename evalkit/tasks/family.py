"""A clinical family: which headings its specs execute, how its cases are made and how its agents are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from evalkit.agents.agent import Agent, Model
from evalkit.agents.conversation import Conversation, Tools, Turn
from evalkit.cases.case import Case
from evalkit.cases.people import STRESS, People
from evalkit.executions.talks import Stage
from evalkit.metrics.scoring import Metric
from evalkit.spec.schema import Spec, TableSchema


class CaseMaker(Protocol):
    """Case ``index`` (from 0) of a seed: case i alone, the same bytes in any shard; ``people`` says about whom."""

    def __call__(self, seed: int, index: int, /, *, people: People = STRESS) -> Case: ...


def made_by(module: str) -> CaseMaker:
    """The ``make_case`` of a module that is imported with the first case: judging a run needs none."""

    def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
        made: Case = import_module(module).make_case(seed, index, people=people)
        return made

    return make_case


@dataclass(frozen=True)
class Family:
    """Adding a family is adding one folder that builds this record, and one line in ``tasks/__init__``."""

    name: str
    tables: tuple[TableSchema, ...]
    metrics: Mapping[str, Metric]
    """Every metric that a spec can name, in the order people read them."""
    head_metric: str
    lower_is_better: frozenset[str] = frozenset()
    """Metrics of which a rise is a regression: over-coding, omission."""
    descriptive: frozenset[str] = frozenset()
    """Metrics without a better direction (compression, lexical support): shown, never compared or gated on a drop."""
    make_case: CaseMaker | None = None
    """None where cases are only imported."""
    rules: Callable[[Spec], Model] | None = None
    """The offline model that executes the spec's tables."""
    converser: Callable[[Spec], Callable[[Conversation, Tools], Turn]] | None = None
    """The offline agent of a family that converses; it has no ``rules`` then."""
    stage: Stage | None = None
    """Of a family whose cases are conversations: what an agent is put on."""
    baselines: Mapping[str, Callable[[Sequence[Case]], Agent]] = field(default_factory=dict)
    """Degenerate agents, made from the cases they will answer: ``majority``, ``refuse-all``, ``copy``."""
