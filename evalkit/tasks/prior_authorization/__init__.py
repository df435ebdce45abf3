"""Prior authorization: one request held against a plan's criteria. In: a chart. Out: approve, pend or refer to a
clinician, with the words behind each finding and the draft of a letter. Never a denial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cases.people import STRESS, People
from evalkit.tasks.family import Family
from evalkit.tasks.prior_authorization.baselines import BASELINES
from evalkit.tasks.prior_authorization.metrics import DESCRIPTIVE, LOWER_IS_BETTER, METRICS
from evalkit.tasks.prior_authorization.rules import rules
from evalkit.tasks.prior_authorization.tables import TABLES

if TYPE_CHECKING:
    from evalkit.cases.case import Case


def make_case(seed: int, index: int, /, *, people: People = STRESS) -> Case:
    """Case ``index`` (from 0) of a seed. What makes cases is imported with the first: judging a run needs none."""
    from evalkit.tasks.prior_authorization import scenarios

    return scenarios.make_case(seed, index, people=people)


FAMILY = Family(
    name="prior_authorization",
    tables=TABLES,
    metrics=METRICS,
    head_metric="decision_accuracy",
    lower_is_better=LOWER_IS_BETTER,
    descriptive=DESCRIPTIVE,
    make_case=make_case,
    rules=rules,
    baselines=BASELINES,
)
