"""The refuse rules of a spec, compiled once and asked in order.

The contract comes first (unknown field, wrong type: `evalkit.spec.contract`; another purpose than the spec's), then the
rules of the spec from the top; the first hit wins. The guard refuses by these, and boundary probes know by them what
must be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from evalkit.agents.agent import Refusal
from evalkit.phi.identifiers import VALIDATORS
from evalkit.spec.conditions import Condition, Context, compile_condition
from evalkit.spec.contract import check_input
from evalkit.spec.schema import Spec
from evalkit.spec.shapes import OTHER_PURPOSE

RuleKind = Literal["flag", "identifier", "date", "patient", "field", "content"]
"""What a refuse rule guards: consent and protection flags, well-formed identifiers, dates, that all documents are of
one patient, fields that must not come, or anything else about the content."""


class Refusals:
    """The refuse rules of one spec. Raises ConditionError for a rule that is not understood."""

    __slots__ = ("conditions", "spec")

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.conditions: tuple[Condition, ...] = tuple(compile_condition(rule.when) for rule in spec.refuse)

    def first(
        self, values: Mapping[str, Any], flags: Mapping[str, bool], *, today: date, purpose: str = ""
    ) -> Refusal | None:
        """The refusal that is due for an input and its flags, or None where an answer is.

        ``purpose`` is what the request is for; empty for that of the spec.
        """
        breach = check_input(self.spec, values, flags)
        if breach is not None:
            return Refusal(breach.code, breach.field)
        if purpose not in {"", self.spec.purpose_of_use}:
            return Refusal(OTHER_PURPOSE, "purpose_of_use")
        context = Context(
            input=values,
            flags=flags,
            tables=self.spec.tables,
            forbidden=self.spec.minimum_necessary.forbid,
            today=today,
            validators=VALIDATORS,
        )
        for rule, condition in zip(self.spec.refuse, self.conditions, strict=True):
            if condition.holds(context):
                return Refusal(rule.code, rule.field or condition.field_in(context))
        return None

    def __repr__(self) -> str:
        return f"Refusals({self.spec.ref}, {len(self.conditions)} rules)"


def kind_of(condition: Condition) -> RuleKind:
    """What a refuse rule guards, read off its condition."""
    if "any_forbidden" in condition.text:
        return "field"
    if "any_note_mrn_differs" in condition.text:
        return "patient"
    if condition.validators:
        return "identifier"
    if condition.flags and not condition.inputs:
        return "flag"
    return "date" if "today" in condition.text else "content"
