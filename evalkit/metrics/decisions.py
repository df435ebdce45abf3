"""Metrics of the decision that an agent takes before any content: answer, refuse, or hand to a person."""

from __future__ import annotations

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Metric


def refusal_accuracy(case: Case, execution: Execution) -> bool:
    """Right where a due refusal came with the right code, and where a due answer was not refused.

    An answer that goes to a person for review is an answer. Another refusal code is wrong: the caller is told to
    repair the wrong thing.
    """
    if case.refusal is None:
        return execution.status != "refused"
    return execution.refusal is not None and execution.refusal.code == case.refusal


def refused_wrongly(case: Case, execution: Execution) -> bool | None:
    """True where an answer was due and a refusal came: lower is better. None where a refusal was due."""
    return execution.status == "refused" if case.refusal is None else None


def answered_wrongly(case: Case, execution: Execution) -> bool | None:
    """True where a refusal was due and an answer came: lower is better. None where an answer was due."""
    return execution.status != "refused" if case.refusal is not None else None


def needs_review(case: Case, execution: Execution) -> bool | None:
    """True where the answer goes to a person. None where a refusal was due: there is nothing to review."""
    return execution.status == "needs_review" if case.refusal is None else None


def in_review_band(threshold: float, band: float) -> Metric:
    """A metric: does the stated confidence lie within ``band`` of ``threshold``, both ends included?

    The share of cases near the threshold says how much work a small change of it would move. None where the agent
    states no confidence.
    """
    slack = 1e-9  # 0.90 - 0.85 is a hair more than 0.05 in binary

    def in_review_band(_case: Case, execution: Execution) -> bool | None:
        """Near the review threshold?"""
        if execution.confidence is None:
            return None
        return abs(execution.confidence - threshold) <= band + slack

    return in_review_band
