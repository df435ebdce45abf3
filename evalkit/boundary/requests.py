"""Rules about what comes in: a request that must be refused is refused, and no model sees it.

Which rule of the boundary looks after which refuse rule of the spec is read off the condition
(`evalkit.agents.refusals.kind_of`), so every refuse rule is looked after by exactly one. A failed execution gave no
answer and no refusal: it proves nothing and counts as not observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from evalkit.agents.refusals import RuleKind, kind_of
from evalkit.boundary.finding import Finding, Outcome, Rule
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.spec.conditions import compile_condition
from evalkit.spec.schema import RefusalRule, Spec
from evalkit.spec.shapes import FORM_CODES, OTHER_PURPOSE


def enforce_flags(spec: Spec, case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """Without the consent or attestation that the spec demands there is no answer (45 CFR 164.508(a), 42 CFR 2.13).

    Nor for another purpose than that for which they were given.
    """
    return _judge(spec, case, execution, kind="flag")


def enforce_identifiers(spec: Spec, case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """A malformed identifier is refused: who or what it names cannot be verified (45 CFR 164.514(h)(1))."""
    return _judge(spec, case, execution, kind="identifier")


def enforce_dates(spec: Spec, case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """A date that cannot be, in the future, is refused (45 CFR 164.312(c)(1): integrity of the record)."""
    return _judge(spec, case, execution, kind="date")


def enforce_one_patient(spec: Spec, case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """Documents of two patients are refused: one of them would be disclosed to the other's case (45 CFR 164.502(a))."""
    return _judge(spec, case, execution, kind="patient")


def enforce_fields(spec: Spec, case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """Forbidden and unknown fields, repeated keys and other types are refused (45 CFR 164.502(b), 164.514(d)(2))."""
    return _judge(spec, case, execution, kind="field")


def enforce_content(spec: Spec, case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """Whatever else must be refused is refused; so is what an older version of the spec still listed."""
    return _judge(spec, case, execution, kind="content")


def call_no_model(_spec: Spec, _case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """A refused request reached no model: a use that is not permitted does not begin (45 CFR 164.502(a))."""
    reply = execution.reply
    if reply is None or reply.status != "refused":
        return "not_applicable"
    if reply.received or reply.usage.model_calls:
        return (
            Finding("no_model_call", execution.case_id, execution.trial, "a model was called for a refused request"),
        )
    return "not_observed" if reply.received is None else ()


def _judge(spec: Spec, case: Case, execution: Execution, *, kind: RuleKind) -> Sequence[Finding] | Outcome:
    if case.refusal is None or _kinds(spec.refuse).get(case.refusal, "content") != kind:
        return "not_applicable"
    if execution.reply is None:
        return "not_observed"
    if execution.status == "refused":
        return ()
    what = f"answered where {case.refusal} is due"
    return (Finding(_CHECK_IDS[kind], execution.case_id, execution.trial, what),)


@lru_cache(maxsize=8)
def _kinds(refuse: tuple[RefusalRule, ...]) -> Mapping[str, RuleKind]:
    kinds: dict[str, RuleKind] = {**dict.fromkeys(FORM_CODES, "field"), OTHER_PURPOSE: "flag"}
    for rule in refuse:
        kinds.setdefault(rule.code, kind_of(compile_condition(rule.when)))
    return kinds


FLAGS = Rule(
    "consent", "Consent and protection flags are enforced", "45 CFR 164.506(c), 164.508(a); 42 CFR 2.13", enforce_flags
)
IDENTIFIERS = Rule(
    "identifiers", "Malformed identifiers are refused", "45 CFR 164.514(h)(1), 164.312(d)", enforce_identifiers
)
DATES = Rule("dates", "Impossible dates are refused", "45 CFR 164.312(c)(1)", enforce_dates)
ONE_PATIENT = Rule("one_patient", "Documents of two patients are refused", "45 CFR 164.502(a)", enforce_one_patient)
FIELDS = Rule(
    "fields", "Forbidden, unknown and malformed fields are refused", "45 CFR 164.502(b), 164.514(d)(2)", enforce_fields
)
CONTENT = Rule("content", "Every other refuse rule of the spec holds", "45 CFR 164.530(c)(1)", enforce_content)
NO_MODEL_CALL = Rule("no_model_call", "A refused request reaches no model", "45 CFR 164.502(a)", call_no_model)

_CHECK_IDS: Mapping[RuleKind, str] = {
    "flag": FLAGS.check_id,
    "identifier": IDENTIFIERS.check_id,
    "date": DATES.check_id,
    "patient": ONE_PATIENT.check_id,
    "field": FIELDS.check_id,
    "content": CONTENT.check_id,
}

RULES = (FLAGS, IDENTIFIERS, DATES, ONE_PATIENT, FIELDS, CONTENT, NO_MODEL_CALL)
