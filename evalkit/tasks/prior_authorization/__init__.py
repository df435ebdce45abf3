"""Prior authorization: one request held against a plan's criteria. In: a chart. Out: approve, pend or refer to a
clinician, with the words behind each finding and the draft of a letter. Never a denial."""

from __future__ import annotations

from evalkit.tasks.family import Family, made_by
from evalkit.tasks.prior_authorization.baselines import BASELINES
from evalkit.tasks.prior_authorization.metrics import DESCRIPTIVE, LOWER_IS_BETTER, METRICS
from evalkit.tasks.prior_authorization.rules import rules
from evalkit.tasks.prior_authorization.tables import TABLES

FAMILY = Family(
    name="prior_authorization",
    tables=TABLES,
    metrics=METRICS,
    head_metric="decision_accuracy",
    lower_is_better=LOWER_IS_BETTER,
    descriptive=DESCRIPTIVE,
    make_case=made_by("evalkit.tasks.prior_authorization.scenarios"),
    rules=rules,
    baselines=BASELINES,
)
