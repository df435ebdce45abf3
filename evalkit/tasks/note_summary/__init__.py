"""note_summary: the clinical note of a visit, from its dialogue. In: what was said. Out: a note, with its evidence."""

from __future__ import annotations

from evalkit.tasks.family import Family, made_by
from evalkit.tasks.note_summary.baselines import BASELINES
from evalkit.tasks.note_summary.metrics import DESCRIPTIVE, LOWER_IS_BETTER, METRICS
from evalkit.tasks.note_summary.rules import rules
from evalkit.tasks.note_summary.tables import TABLES

FAMILY = Family(
    name="note_summary",
    tables=TABLES,
    metrics=METRICS,
    head_metric="fact_f1",
    lower_is_better=LOWER_IS_BETTER,
    descriptive=DESCRIPTIVE,
    make_case=made_by("evalkit.tasks.note_summary.scenarios"),
    rules=rules,
    baselines=BASELINES,
)
"""Cases are made from typed facts, and imported (`evalkit.cases.corpora`): a talk from templates shows whether a note
keeps its facts, a real one whether it can be read."""
