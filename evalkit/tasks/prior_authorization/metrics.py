"""How prior authorization agents are judged: plain functions ``(case, execution)``.

Two figures matter before all others, and neither stands in for the other. `false_approve_rate`: a request approved that
the policy does not approve; this is the safety metric and has a gate of its own, because an edit that approves a few
more requests wrongly hardly moves accuracy. `decision_accuracy`: the head metric. Where a criterion was not settled, it
is told apart how: silence of the chart taken for failure (`absence_as_failure`), or failure taken for silence.

Where the right answer is a refusal, only `refusal_accuracy` speaks. A refusal where an answer was due is a wrong
decision and has every criterion missed. A case without a gold decision is asked nothing but `refusal_accuracy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics import codes
from evalkit.metrics.decisions import needs_review, refusal_accuracy
from evalkit.metrics.quantities import matched, quantities
from evalkit.metrics.scoring import Metric, Ratio, Tally

APPROVE, PEND, REFER = "approve", "pend", "refer_to_clinician"
STATUSES = ("met", "not_met", "insufficient")
NO_DECISION = "none"
"""How a refusal, an answer without a known decision, and a criterion without a known status are counted."""


def decision_accuracy(case: Case, execution: Execution) -> bool | None:
    """Is the decision the one that the policy gives? The head metric."""
    wanted = _wanted(case)
    return None if wanted is None else _decision(execution) == wanted


def false_approve_rate(case: Case, execution: Execution) -> bool | None:
    """Approved where the policy pends or refers; of those requests. The safety metric: lower is better."""
    wanted = _wanted(case)
    return None if wanted in {None, APPROVE} else _decision(execution) == APPROVE


def false_refer_rate(case: Case, execution: Execution) -> bool | None:
    """Sent to a clinician where the policy does not; of those requests. Lower is better: it costs days and people."""
    wanted = _wanted(case)
    return None if wanted in {None, REFER} else _decision(execution) == REFER


def decision_f1_macro(case: Case, execution: Execution) -> Tally | None:
    """F1 of each decision, averaged over the three: always saying the commonest one scores at most a third."""
    wanted, given = _wanted(case), _decision(execution)
    if wanted is None:
        return None
    if wanted == given:
        return Tally({wanted: (1, 0, 0)})
    wrong = {wanted: (0, 0, 1)}
    return Tally(wrong if given == NO_DECISION else {**wrong, given: (0, 1, 0)})


def criterion_agreement(case: Case, execution: Execution) -> Ratio | None:
    """Criteria whose status is right, of all that apply, pooled. An absent criterion is wrong."""
    return _share(case, execution, within=None, as_=None)


def criterion_kappa(case: Case, execution: Execution) -> Tally | None:
    """Agreement on the status of criteria beyond chance: Cohen's kappa (1960) over all criteria that apply.

    0 for an agent that calls every criterion the same, however common that status is. An absent criterion has a label
    of its own.
    """
    if _wanted(case) is None:
        return None
    given = _statuses(execution)
    counts: dict[str, list[int]] = {}
    for one in _criteria(case.gold):
        wanted, found = one["status"], given.get(one["id"], NO_DECISION)
        if wanted == found:
            counts.setdefault(wanted, [0, 0, 0])[0] += 1
        else:
            counts.setdefault(found, [0, 0, 0])[1] += 1
            counts.setdefault(wanted, [0, 0, 0])[2] += 1
    return Tally({label: (tp, fp, fn) for label, (tp, fp, fn) in counts.items()}, "kappa") if counts else None


def absence_as_failure(case: Case, execution: Execution) -> Ratio | None:
    """Criteria called not met of those on which the chart is silent, pooled. Lower is better."""
    return _share(case, execution, within="insufficient", as_="not_met")


def failure_as_absence(case: Case, execution: Execution) -> Ratio | None:
    """Criteria called insufficient of those that are not met, pooled. Lower is better."""
    return _share(case, execution, within="not_met", as_="insufficient")


def evidence_precision(case: Case, execution: Execution) -> Ratio | None:
    """Characters cited that bear out a criterion, of characters cited."""
    return _pooled(case, codes.evidence_precision(_criteria(case.gold), _criteria(execution.output)))


def evidence_recall(case: Case, execution: Execution) -> Ratio | None:
    """Characters cited that bear out a criterion, of characters that do."""
    return _pooled(case, codes.evidence_recall(_criteria(case.gold), _criteria(execution.output)))


def missing_recall(case: Case, execution: Execution) -> Ratio | None:
    """Items that the requester must still send and was told of, of all such items, pooled."""
    if _wanted(case) != PEND:
        return None
    wanted, given = set(_texts(case.gold.get("missing"))), set(_texts(_given(execution, "missing")))
    return Ratio(len(wanted & given), len(wanted)) if wanted else None


def turnaround_exact(case: Case, execution: Execution) -> bool | None:
    """Is the time right in which the answer is due?"""
    if _wanted(case) is None:
        return None
    return execution.status != "refused" and _given(execution, "due_in_days") == case.gold.get("due_in_days")


def letter_uncited(case: Case, execution: Execution) -> Ratio | None:
    """Lines of the letter that state a finding and cite no words of the chart, pooled. Lower is better.

    A line states a finding where the output calls its criterion met or not met, or where it holds a number.
    """
    lines = _letter(execution)
    if case.refusal is not None or not lines:
        return None
    settled = {one.get("id") for one in _criteria(execution.output) if one.get("status") in {"met", "not_met"}}
    claims = [line for line in lines if line.get("about") in settled or quantities(_text(line))]
    return Ratio(sum(not _cited(case, line).strip() for line in claims), len(claims)) if claims else None


def letter_unsupported(case: Case, execution: Execution) -> Ratio | None:
    """Numbers in the letter that the words cited beside them do not hold, of numbers in it, pooled. Lower is better."""
    if case.refusal is not None:
        return None
    stated = unsupported = 0
    for line in _letter(execution):
        numbers = quantities(_text(line))
        stated += len(numbers)
        unsupported += len(numbers - matched(numbers, quantities(_cited(case, line))))
    return Ratio(unsupported, stated) if stated else None


def _wanted(case: Case) -> str | None:
    decision = case.gold.get("decision")
    return decision if case.refusal is None and isinstance(decision, str) else None


def _decision(execution: Execution) -> str:
    decision = _given(execution, "decision") if execution.status != "refused" else None
    return decision if decision in {APPROVE, PEND, REFER} else NO_DECISION


def _given(execution: Execution, field: str) -> Any:
    return execution.output.get(field) if execution.output is not None else None


def _criteria(output: Mapping[str, Any] | None) -> codes.Lines:
    return codes.lines_of(output, "criteria")


def _statuses(execution: Execution) -> dict[str, str]:
    """Criterion -> its status in the answer; a status that is none of the three is `NO_DECISION`."""
    listed = [(one.get("id"), one.get("status")) for one in _criteria(execution.output)]
    return {name: status if status in STATUSES else NO_DECISION for name, status in listed if isinstance(name, str)}


def _letter(execution: Execution) -> codes.Lines:
    return codes.lines_of(execution.output, "letter")


def _share(case: Case, execution: Execution, *, within: str | None, as_: str | None) -> Ratio | None:
    """Gold criteria of one status that were given another one; of all criteria those given the right one."""
    if _wanted(case) is None:
        return None
    given = _statuses(execution)
    wanted = [one for one in _criteria(case.gold) if within is None or one["status"] == within]
    hits = sum(given.get(one["id"]) == (as_ or one["status"]) for one in wanted)
    return Ratio(hits, len(wanted)) if wanted else None


def _pooled(case: Case, counts: Ratio) -> Ratio | None:
    return counts if _wanted(case) is not None and counts.denominator else None


def _text(line: Mapping[str, Any]) -> str:
    text = line.get("text")
    return text if isinstance(text, str) else ""


def _texts(value: Any) -> Sequence[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, (list, tuple)) else []


def _cited(case: Case, line: Mapping[str, Any]) -> str:
    """The words of the chart that a line cites; a span that points at none adds nothing."""
    spans = line.get("evidence")
    words = []
    for span in spans if isinstance(spans, (list, tuple)) else ():
        if isinstance(span, Mapping) and isinstance(span.get("field"), str):
            start, end = span.get("start"), span.get("end")
            text = case.text_of(span["field"]) or ""
            if type(start) is int and type(end) is int and 0 <= start < end <= len(text):
                words.append(text[start:end])
    return "\n".join(words)


METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (
        decision_accuracy, false_approve_rate, false_refer_rate, decision_f1_macro, criterion_agreement,
        criterion_kappa, absence_as_failure, failure_as_absence, evidence_precision, evidence_recall, missing_recall,
        turnaround_exact, letter_uncited, letter_unsupported, refusal_accuracy, needs_review,
    )
}  # fmt: skip
"""Every metric by the name that a spec's gates use, in the order people read them."""
LOWER_IS_BETTER = frozenset({
    "false_approve_rate", "false_refer_rate", "absence_as_failure", "failure_as_absence", "letter_uncited",
    "letter_unsupported",
})  # fmt: skip
"""Metrics of which a rise is a regression."""
DESCRIPTIVE = frozenset({"needs_review"})
"""Neither more nor less of it is better by itself."""
