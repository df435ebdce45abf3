"""Billing codes from an outpatient procedure note: lines of code, modifiers, units and evidence."""

from __future__ import annotations

from evalkit.tasks.billing_codes.baselines import BASELINES
from evalkit.tasks.billing_codes.metrics import LOWER_IS_BETTER, METRICS
from evalkit.tasks.billing_codes.rules import rules
from evalkit.tasks.billing_codes.tables import TABLES
from evalkit.tasks.family import Family, made_by

FAMILY = Family(
    name="billing_codes",
    tables=TABLES,
    metrics=METRICS,
    head_metric="line_exact",
    lower_is_better=LOWER_IS_BETTER,
    make_case=made_by("evalkit.tasks.billing_codes.scenarios"),
    rules=rules,
    baselines=BASELINES,
)
