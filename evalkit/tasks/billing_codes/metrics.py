"""How billing agents are judged: plain functions ``(case, execution)``.

The head metric is the *line*: code, modifiers and units together, for that is what is paid. Code F1 is a side figure:
it does not move when a modifier is lost. Over-coding and under-coding are told apart, for they are different harms: a
claim for work that is not owed, and work that is not paid.

Where the right answer is a refusal, only `refusal_accuracy` speaks. A refusal where an answer was due has every line
missed. A ratio of nothing to nothing is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.metrics import codes
from evalkit.metrics.codes import Lines
from evalkit.metrics.decisions import refusal_accuracy
from evalkit.metrics.scoring import Metric, Ratio, Tally
from evalkit.tasks.billing_codes.edits import broken_edits
from evalkit.tasks.billing_codes.fees import pay_by_code


def line_exact(case: Case, execution: Execution) -> Ratio | None:
    """Lines that are right in code, modifiers and units: 2 x right / (gold + given), pooled. The head metric."""
    return _pooled(case, execution, codes.line_f1)


def case_exact(case: Case, execution: Execution) -> bool | None:
    """Is every line of the case right, and none too many? A wrong refusal is never right."""
    if case.refusal is not None:
        return None
    return execution.status != "refused" and codes.exact_match(_gold(case), _given(execution))


def code_f1_micro(case: Case, execution: Execution) -> Ratio | None:
    """F1 over all codes of all cases, blind to modifiers and units."""
    return _pooled(case, execution, lambda gold, given: codes.line_f1(gold, given, codes.code_of))


def code_f1_macro(case: Case, execution: Execution) -> Tally | None:
    """F1 of each code, averaged over codes: a rare code counts as much as a common one."""
    if case.refusal is not None:
        return None
    tally = codes.code_tally(_gold(case), _given(execution))
    return tally if tally.counts else None


def code_f1_example(case: Case, execution: Execution) -> float | None:
    """F1 over the codes of one case, averaged over cases; 1 where nothing was due and nothing given."""
    if case.refusal is not None:
        return None
    if execution.status == "refused":
        return 0.0
    return codes.example_f1(_gold(case), _given(execution), codes.code_of)


def modifier_accuracy(case: Case, execution: Execution) -> Ratio | None:
    """Right modifier sets among lines whose code is right."""
    return _pooled(case, execution, codes.modifiers_given_code)


def units_accuracy(case: Case, execution: Execution) -> Ratio | None:
    """Right units among lines whose code is right."""
    return _pooled(case, execution, codes.units_given_code)


def over_coded(case: Case, execution: Execution) -> Ratio | None:
    """Lines given that are not owed, of lines given; a line with a wrong modifier or unit is one. Lower is better."""
    return _pooled(case, execution, codes.over_coding)


def under_coded(case: Case, execution: Execution) -> Ratio | None:
    """Lines owed that were not given, of lines owed. Lower is better."""
    return _pooled(case, execution, codes.under_coding)


def evidence_precision(case: Case, execution: Execution) -> Ratio | None:
    """Characters cited that support a line owed, of characters cited."""
    return _pooled(case, execution, codes.evidence_precision)


def evidence_recall(case: Case, execution: Execution) -> Ratio | None:
    """Characters cited that support a line owed, of characters that do."""
    return _pooled(case, execution, codes.evidence_recall)


def units_off(case: Case, execution: Execution) -> Ratio | None:
    """Units too many or too few, of units, among lines with the right code. Lower is better."""
    return _pooled(case, execution, codes.units_off)


def evidence_spans(case: Case, execution: Execution) -> Ratio | None:
    """F1 over whole evidence spans; two match where they share half of their union."""
    return _pooled(case, execution, codes.span_f1)


def overbilled(case: Case, execution: Execution) -> Ratio | None:
    """What the lines given pay beyond what is owed, of what they pay (relative units). Lower is better."""
    return _pooled(case, execution, lambda gold, given: _excess(pay_by_code(given, gold), pay_by_code(gold, gold)))


def underbilled(case: Case, execution: Execution) -> Ratio | None:
    """What is owed and the lines given do not pay, of what is owed (relative units). Lower is better."""
    return _pooled(case, execution, lambda gold, given: _excess(pay_by_code(gold, gold), pay_by_code(given, gold)))


def edits_broken(case: Case, execution: Execution) -> bool | None:
    """Does the claim hold what no claim may, such as two codes of which one is part of the other? Lower is better."""
    if case.refusal is not None or execution.status == "refused":
        return None
    return next(broken_edits(_given(execution)), None) is not None


def dx_f1(case: Case, execution: Execution) -> Ratio | None:
    """F1 over the diagnoses of all cases, full codes."""
    return _diagnoses(case, execution, chars=_WHOLE_CODE)


def dx_category_f1(case: Case, execution: Execution) -> Ratio | None:
    """F1 over the categories of the diagnoses, the first three characters: part credit for the right neighbourhood."""
    return _diagnoses(case, execution, chars=3)


_WHOLE_CODE = 8


def _diagnoses(case: Case, execution: Execution, *, chars: int) -> Ratio | None:
    """None where the case or the agent knows no diagnoses at all."""
    output = execution.reply.output if execution.reply is not None else None
    given = output.get("diagnoses") if output is not None else ()
    if case.refusal is not None or "diagnoses" not in case.gold or given is None:
        return None
    wanted = {str(code)[:chars] for code in case.gold["diagnoses"]}
    listed = {code[:chars] for code in given if isinstance(code, str)} if isinstance(given, (list, tuple)) else set()
    return Ratio(2 * len(wanted & listed), len(wanted) + len(listed)) if wanted or listed else None


def _excess(one: Mapping[str, float], other: Mapping[str, float]) -> Ratio:
    """What one side pays beyond the other, code by code, of what it pays."""
    return Ratio(sum(max(0.0, paid - other.get(code, 0.0)) for code, paid in one.items()), sum(one.values()))


def _pooled(case: Case, execution: Execution, count: Callable[[Lines, Lines], Ratio]) -> Ratio | None:
    if case.refusal is not None:
        return None
    counts = count(_gold(case), _given(execution))
    return counts if counts.denominator else None


def _gold(case: Case) -> Lines:
    return codes.lines_of(case.gold)


def _given(execution: Execution) -> Lines:
    """The lines given; none for a refusal."""
    return codes.lines_of(execution.reply.output if execution.reply is not None else None)


METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (
        line_exact,
        case_exact,
        code_f1_micro,
        code_f1_macro,
        code_f1_example,
        modifier_accuracy,
        units_accuracy,
        over_coded,
        under_coded,
        evidence_precision,
        evidence_recall,
        evidence_spans,
        units_off,
        overbilled,
        underbilled,
        edits_broken,
        dx_f1,
        dx_category_f1,
        refusal_accuracy,
    )
}
"""Every metric by the name that a spec's gates use, in the order people read them."""

LOWER_IS_BETTER = frozenset({"over_coded", "under_coded", "units_off", "overbilled", "underbilled", "edits_broken"})
"""Metrics of which a rise is a regression."""
