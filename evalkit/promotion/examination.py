"""What a reviewed candidate must pass to become a gold case.

No known value of its record in any form, in the case, its answer, its names or the reason; identifiers and spans as the
checker reads them; an answer in the output schema whose evidence lies in the text; in no spec's examples or prose; no
near copy of a case that is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.cases.case import Case
from evalkit.cases.checker import check_case
from evalkit.promotion.evidence import spans_of
from evalkit.promotion.likeness import Crowd, given_away
from evalkit.promotion.review import Laid, broken_paths, known_values_in
from evalkit.spec.schema import Spec

Rule = Literal["leak", "identifiers", "answer", "example", "copy"]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a candidate does not pass. No value."""

    case_id: str
    rule: Rule
    why: str

    def __str__(self) -> str:
        return f"{self.case_id}: {self.why}"


def examine(
    case: Case, laid: Laid, *, crowd: Crowd, specs: Sequence[Spec], besides: str | None = None
) -> Refused | None:
    """The first reason why a reviewed candidate, with its final answer, may not become a gold case.

    ``besides`` is the id of the stored case that it stands for, of which it is a copy by right. The first of ``specs``
    has the output schema.
    """
    for rule, why in (
        *_leaks(case, laid),
        *(("identifiers", f"{problem.where}: {problem.what}") for problem in check_case(case)[:1]),
        *_answer(case, laid, specs[0]),
        *(("example", f"it stands in {place}") for place in (given_away(case, specs),) if place is not None),
        *_copies(case, crowd, besides),
    ):
        return Refused(case.case_id, rule, why)
    return None


Reasons = Iterator[tuple[Rule, str]]


def _leaks(case: Case, laid: Laid) -> Reasons:
    decision = laid.outcome.decision
    shown = [
        case.case_id, dict(case.input), dict(case.gold), list(case.tags), case.cluster, dict(case.provenance),
        [identifier.value for identifier in case.identifiers], decision.reason if decision is not None else "",
    ]  # fmt: skip
    for leak in known_values_in(shown, laid.candidate)[:1]:
        yield "leak", f"a known value of the record shows ({leak.category}, {leak.form})"


def _answer(case: Case, laid: Laid, spec: Spec) -> Reasons:
    decision = laid.outcome.decision
    if laid.candidate.status == "error" and decision is not None and decision.verdict == "accept":
        yield "answer", "the agent failed: there is no answer to accept"
    if case.refusal is not None:
        return
    for path in broken_paths(spec, dict(case.gold))[:1]:
        yield "answer", f"it breaks the output schema at {path}"
    for name, start, end in spans_of(case.gold):
        text = case.text_of(name)
        if text is None or not 0 <= start < end <= len(text):
            yield "answer", "evidence points outside its text"


def _copies(case: Case, crowd: Crowd, besides: str | None) -> Reasons:
    twin = crowd.like(case, besides=besides)
    if twin is not None:
        yield "copy", f"near copy of {twin[0]} (similarity {twin[1]:.2f})"
