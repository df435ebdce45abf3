"""Rules about who computes: only models that the spec allows."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.agents.guard import covers
from evalkit.boundary.finding import Finding, Outcome, Rule
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution
from evalkit.spec.schema import Spec


def ask_allowed_models(spec: Spec, _case: Case, execution: Execution) -> Sequence[Finding] | Outcome:
    """The model that answered is one that the spec allows: no other stands under the agreements behind the list.

    45 CFR 164.502(e)(1)(ii) and 164.308(b) ask for a written agreement with every business associate down the chain.
    A reply that does not say which model answered proves nothing.
    """
    reply = execution.reply
    if reply is None or (reply.status == "refused" and reply.model_id is None):
        return "not_applicable"
    if reply.model_id is None:
        return "not_observed"
    if covers(spec.models, reply.model_id):
        return ()
    what = "a model that the spec does not allow"
    return (Finding("model_policy", execution.case_id, execution.trial, what, "model_id"),)


MODEL_POLICY = Rule(
    "model_policy", "Only allowed models are asked", "45 CFR 164.308(b)(1), 164.502(e)(1)(ii)", ask_allowed_models
)

RULES = (MODEL_POLICY,)
