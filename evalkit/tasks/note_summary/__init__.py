"""note_summary: the clinical note of a visit, from its dialogue. In: what was said. Out: a note, with its evidence."""

from __future__ import annotations

from evalkit.tasks.family import Family
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
    rules=rules,
    baselines=BASELINES,
)
"""Cases are imported (`evalkit.cases.corpora`), never made up: a dialogue from a template would prove little."""
