"""Billing codes from an outpatient procedure note: lines of code, modifiers, units and evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cases.people import STRESS, People
from evalkit.tasks.billing_codes.baselines import BASELINES
from evalkit.tasks.billing_codes.metrics import LOWER_IS_BETTER, METRICS
from evalkit.tasks.billing_codes.rules import rules
from evalkit.tasks.billing_codes.tables import TABLES
from evalkit.tasks.family import Family

if TYPE_CHECKING:
    from evalkit.cases.case import Case


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. What makes cases is imported with the first: judging a run needs none."""
    from evalkit.tasks.billing_codes import scenarios

    return scenarios.make_case(seed, index, people=people)


FAMILY = Family(
    name="billing_codes",
    tables=TABLES,
    metrics=METRICS,
    head_metric="line_exact",
    lower_is_better=LOWER_IS_BETTER,
    make_case=make_case,
    rules=rules,
    baselines=BASELINES,
)
