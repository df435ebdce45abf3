"""Reasons: what makes one execution worth a look, in words without a value. Each rule looks at one execution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from evalkit.cases.case import Case, GoldSet
from evalkit.digests import digest_bytes
from evalkit.evaluation.drift import tabulate
from evalkit.executions.execution import Execution
from evalkit.promotion.novelty import Novelty
from evalkit.promotion.outliers import outliers
from evalkit.promotion.production import Stored
from evalkit.spec.schema import Spec
from evalkit.stats.profile import Profile

NEW = 0.01
"""The p-value up to which an input is novel: of inputs like the gold set about one in a hundred is."""
_ROOM = 1e-9


class Kind(StrEnum):
    """Why an execution deserves a look."""

    NEAR_THRESHOLD = "near_threshold"
    DISAGREEMENT = "disagreement"
    CORRECTED = "corrected"
    ERROR = "error"
    REFUSAL = "refusal"
    OUT_OF_PROFILE = "out_of_profile"
    NOVEL = "novel"
    AUDIT_SAMPLE = "audit_sample"


WEIGHTS: Mapping[Kind, float] = {
    Kind.CORRECTED: 0.95,
    Kind.DISAGREEMENT: 0.85,
    Kind.ERROR: 0.8,
    Kind.NOVEL: 0.7,
    Kind.OUT_OF_PROFILE: 0.6,
    Kind.NEAR_THRESHOLD: 0.5,
    Kind.REFUSAL: 0.2,
    Kind.AUDIT_SAMPLE: 0.1,
}
"""The chance that a look is worth it, as guessed for ranking: reasons combine as independent chances."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, in words without a value."""

    kind: Kind
    words: str


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """One execution with what was asked, as far as it is known."""

    name: str
    key: tuple[str, int]
    input: Mapping[str, Any] | None
    flags: Mapping[str, bool]
    execution: Execution


Rule = Callable[[Seen], Iterator[Reason]]


def see(one: Execution | Stored) -> Seen:
    """One execution as the rules look at it."""
    if isinstance(one, Stored):
        done = one.execution
        return Seen(one.name, (done.case_id, done.trial), one.input, one.flags, done)
    received = one.reply.received if one.reply is not None else None
    return Seen(f"{one.case_id}/{one.trial}", (one.case_id, one.trial), received[-1] if received else None, {}, one)


def find_failures(spec: Spec) -> Rule:
    """Errors and refusals."""
    codes = {rule.code for rule in spec.refuse}

    def judge(one: Seen) -> Iterator[Reason]:
        done = one.execution
        if done.failure is not None:
            yield Reason(Kind.ERROR, f"it failed: {done.failure.kind}")
        elif done.refusal is not None:
            code = done.refusal.code
            yield Reason(Kind.REFUSAL, f"refused: {code}" if code in codes else "refused with an undeclared code")

    return judge


def find_near(spec: Spec) -> Rule:
    """Confidences in the band of the spec's review threshold."""
    threshold, band = spec.review.threshold, spec.review.band

    def judge(one: Seen) -> Iterator[Reason]:
        confidence = one.execution.confidence
        if confidence is not None and abs(confidence - threshold) <= band + _ROOM:
            side = "below" if confidence < threshold else "at or above"
            yield Reason(Kind.NEAR_THRESHOLD, f"confidence {side} the review threshold {threshold:g}, within {band:g}")

    return judge


def draw_sample(share: float, seed: int) -> Rule:
    """A share of all, drawn by seed and name: the same on every machine."""

    def judge(one: Seen) -> Iterator[Reason]:
        draw = int(digest_bytes(f"{seed}\n{one.name}".encode())[:12], 16) / 16**12
        if draw < share:
            yield Reason(Kind.AUDIT_SAMPLE, f"in the audit sample of {share:.3g}")

    return judge


def find_disagreement(spec: Spec, others: Sequence[Seen]) -> Rule:
    """Answers that another version gives otherwise."""
    by_key = {one.key: one.execution for one in others}

    def judge(one: Seen) -> Iterator[Reason]:
        beside, own = by_key.get(one.key), one.execution
        if beside is None or own.failure is not None or beside.failure is not None:
            return
        differs = differing(_answer(own), _answer(beside), spec)
        if differs:
            yield Reason(Kind.DISAGREEMENT, f"another version answers otherwise: {', '.join(differs)}")

    return judge


def find_corrections(spec: Spec, corrections: Mapping[str, Any]) -> Rule:
    """Answers that a person gave otherwise."""

    def judge(one: Seen) -> Iterator[Reason]:
        case_name = "/".join(map(str, one.key))
        given = corrections.get(one.name, corrections.get(case_name))
        if given is None:
            return
        right = {"refusal": given} if isinstance(given, str) else given
        own = _answer(one.execution)
        if not isinstance(given, str):  # a correction says what is right, not how sure one is
            own = {name: value for name, value in own.items() if name in right or name == "refusal"}
        differs = differing(own, right, spec)
        if differs:
            yield Reason(Kind.CORRECTED, f"a person corrected: {', '.join(differs)}")

    return judge


def _answer(done: Execution) -> dict[str, Any]:
    """What was answered: the output's fields but for how sure it is, or the refusal."""
    if done.refusal is not None:
        return {"refusal": done.refusal.code}
    output = (done.reply.output if done.reply is not None else None) or {}
    return {name: value for name, value in output.items() if name != "confidence"}


def differing(one: Mapping[str, Any], other: Mapping[str, Any], spec: Spec) -> list[str]:
    """The names of what two answers do not have alike, in the spec's order; undeclared ones together, unnamed."""
    odd = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    named = [name for name in ("refusal", *spec.output) if name in odd]
    return named + (["undeclared fields"] if odd - set(named) else [])


def find_outliers(spec: Spec, profile: Profile) -> Rule:
    """Inputs that lie outside of a profile, column by column."""
    of_request = any(name.startswith("flag.") for name in profile.columns)

    def judge(one: Seen) -> Iterator[Reason]:
        if one.input is None or (of_request and not one.flags):
            return
        done = replace(one.execution, trial=0)
        cases = [Case(done.case_id, spec.family, one.input, one.flags, {})] if of_request else ()
        found = [f"{name} is {_HOW[how]}" for name, how in outliers(tabulate(spec, [done], cases=cases), profile)]
        if found:
            yield Reason(Kind.OUT_OF_PROFILE, "; ".join(found))

    return judge


_HOW = {
    "above": "above nearly all of the reference",
    "below": "below nearly all of the reference",
    "rare": "rare in the reference",
    "missing": "missing, which the reference never was",
}


def find_novel(spec: Spec, gold: GoldSet | Sequence[Case]) -> Rule:
    """Inputs that say what no gold case says."""
    known = Novelty.of([case.input for case in gold], spec)

    def judge(one: Seen) -> Iterator[Reason]:
        if one.input is None:
            return
        share, p = known.judge(one.input, spec)
        if p <= NEW:
            yield Reason(Kind.NOVEL, f"{share:.0%} of what the input says stands in no gold case (p {p:.2g})")

    return judge
