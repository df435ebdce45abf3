"""note_summary: the clinical note of a visit, from its dialogue. In: what was said. Out: a note, with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cases.people import STRESS, People
from evalkit.tasks.family import Family
from evalkit.tasks.note_summary.baselines import BASELINES
from evalkit.tasks.note_summary.metrics import DESCRIPTIVE, LOWER_IS_BETTER, METRICS
from evalkit.tasks.note_summary.rules import rules
from evalkit.tasks.note_summary.tables import TABLES

if TYPE_CHECKING:
    from evalkit.cases.case import Case


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. What makes cases is imported with the first: judging a run needs none."""
    from evalkit.tasks.note_summary import scenarios

    return scenarios.make_case(seed, index, people=people)


FAMILY = Family(
    name="note_summary",
    tables=TABLES,
    metrics=METRICS,
    head_metric="fact_f1",
    lower_is_better=LOWER_IS_BETTER,
    descriptive=DESCRIPTIVE,
    make_case=make_case,
    rules=rules,
    baselines=BASELINES,
)
"""Cases are made from typed facts, and imported (`evalkit.cases.corpora`): a talk from templates shows whether a note
keeps its facts, a real one whether it can be read."""
