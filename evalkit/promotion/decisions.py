"""Decisions: what people said of a candidate, and what follows from all of them.

One reviewer decides, or two who must say the same, as the spec asks (``review: {reviewers: 2}``). Where two differ, a
third person adjudicates. A person's last word counts; an adjudication stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from evalkit.digests import digest
from evalkit.errors import PromotionError
from evalkit.stats.agreement import Agreement, kappa

Verdict = Literal["accept", "correct", "reject"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Standing = Literal["open", "accepted", "corrected", "rejected", "disputed"]
MAX_REASON = 400
_SETTLED: dict[Verdict, Standing] = {"accept": "accepted", "correct": "corrected", "reject": "rejected"}


@dataclass(frozen=True, repr=False)
class Decision:
    """One person's word on one candidate. ``repr`` shows neither reason nor answer."""

    __pydantic_config__: ClassVar = {"strict": True, "extra": "forbid"}

    candidate: str
    """Digest of the candidate: exactly what was seen."""
    reviewer: str
    """``user:`` and a name."""
    verdict: Verdict
    reason: str = ""
    """One line; needed unless the answer is accepted. No PHI: it goes into the manifest."""
    gold: Mapping[str, Any] | None = None
    """The answer that is right, where the verdict is ``correct`` and an answer is due."""
    refusal: str | None = None
    """The refusal that is right, where the verdict is ``correct`` and a refusal is due."""
    adjudicates: bool = False

    def __repr__(self) -> str:
        return f"Decision({self.verdict} by {self.reviewer})"

    @property
    def says(self) -> str:
        """What two reviewers must have in common: the verdict, and the answer where one is written."""
        return digest([self.verdict, self.gold, self.refusal])

    def to_bytes(self) -> bytes:
        """As JSON, for a seal."""
        return _adapter().dump_json(self)

    @staticmethod
    def from_bytes(data: bytes) -> Decision:
        """Back from `to_bytes`. Raises PromotionError for anything else."""
        try:
            return _adapter().validate_json(data)
        except ValidationError:
            raise PromotionError("a record is no decision that this evalkit reads") from None


@cache
def _adapter() -> TypeAdapter[Decision]:
    return TypeAdapter(Decision)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the decisions on a candidate come to."""

    standing: Standing
    decision: Decision | None
    """The one that counts, where it is settled."""
    reviewers: tuple[str, ...]
    """Whose word it rests on."""


def settle(decisions: Sequence[Decision], *, reviewers: int) -> Outcome:
    """What decisions, oldest first, come to where so many people must say the same."""
    last = {one.reviewer: one for one in decisions}
    adjudicated = next((one for one in reversed(decisions) if one.adjudicates), None)
    if adjudicated is not None:
        return Outcome(_SETTLED[adjudicated.verdict], adjudicated, tuple(last))
    words = list(last.values())
    if len({one.says for one in words}) > 1:
        return Outcome("disputed", None, tuple(last))
    if len(words) < reviewers:
        return Outcome("open", None, tuple(last))
    return Outcome(_SETTLED[words[0].verdict], words[0], tuple(last))


def check_decision(decision: Decision, before: Sequence[Decision], *, reviewers: int) -> None:
    """Raise PromotionError where the decision lacks its reason or answer, or is not this person's to make."""
    where = f"{decision.verdict} by {decision.reviewer}"
    if decision.verdict not in VERDICTS:
        raise PromotionError("no such verdict", where="review", next_step=f"one of {', '.join(VERDICTS)}")
    if len(decision.reason) > MAX_REASON or not decision.reason.isprintable():
        raise PromotionError(f"a reason is one line of at most {MAX_REASON} characters", where=where)
    if decision.verdict != "accept" and not decision.reason.strip():
        raise PromotionError("a correction or rejection needs its reason", where=where)
    answered = (decision.gold is not None) + (decision.refusal is not None)
    if answered != (decision.verdict == "correct"):
        raise PromotionError("a correction, and no other verdict, brings the one answer that is right", where=where)
    outcome = settle(before, reviewers=reviewers)
    if any(one.adjudicates for one in before):
        raise PromotionError("the case is adjudicated", where=where)
    if decision.adjudicates and (outcome.standing != "disputed" or decision.reviewer in outcome.reviewers):
        raise PromotionError("only a third person adjudicates, and only where two differ", where=where)
    if not decision.adjudicates and outcome.standing == "disputed" and decision.reviewer not in outcome.reviewers:
        raise PromotionError(
            "two reviewers differ; a third person adjudicates", where=where, next_step="say that you adjudicate"
        )


def agree(decisions: Sequence[Sequence[Decision]]) -> Agreement | None:
    """Cohen's kappa of the first two reviewers of each candidate, over those that two people judged on their own.

    None where nobody judged the same as another. The labels are the verdicts.
    """
    pairs = []
    for given in decisions:
        first = {one.reviewer: one.verdict for one in reversed(given) if not one.adjudicates}
        order = list(dict.fromkeys(one.reviewer for one in given if not one.adjudicates))
        if len(order) > 1:
            pairs.append((first[order[0]], first[order[1]]))
    return kappa([one for one, _ in pairs], [other for _, other in pairs]) if pairs else None
