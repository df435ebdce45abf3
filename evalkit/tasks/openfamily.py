"""The family of a spec that belongs to none: no tables, no offline agent, cases from the contract alone.

A team's own spec is boundary-tested before it has a gold set; once it has examples or a gold set, the fields of the
answers are compared one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics.decisions import answered_wrongly, needs_review, refusal_accuracy, refused_wrongly
from evalkit.metrics.scoring import Metric, Ratio
from evalkit.tasks.family import Family


def fields_exact(case: Case, execution: Execution) -> Ratio | None:
    """Output fields that are exactly what the gold answer says, of those that it names; pooled over cases.

    None where there is no gold answer, as in cases from a contract alone.
    """
    if case.refusal is not None or not case.gold:
        return None
    reply = execution.reply
    given = (reply.output or {}) if reply is not None else {}
    return Ratio(sum(given.get(name) == value for name, value in case.gold.items()), len(case.gold))


METRICS: Mapping[str, Metric] = {
    "refusal_accuracy": refusal_accuracy,
    "refused_wrongly": refused_wrongly,
    "answered_wrongly": answered_wrongly,
    "needs_review": needs_review,
    "fields_exact": fields_exact,
}


@lru_cache(maxsize=32)
def open_family(name: str) -> Family:
    """The family of a spec whose ``family:`` is no known one."""
    return Family(
        name=name,
        tables=(),
        metrics=METRICS,
        head_metric="refusal_accuracy",
        lower_is_better=frozenset({"refused_wrongly", "answered_wrongly", "needs_review"}),
    )
