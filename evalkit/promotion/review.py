"""The review desk: candidates laid out for people, and what people said, as records of the ledger.

A candidate and every word on it are sealed records under the key of the person that the execution was about: they are
on disk, and signed, when the call returns, and they go with that person's key when it is shredded. A second reviewer
is not shown what the first one said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.cards import Grid, card
from evalkit.errors import AuditError, IdentifierError, PromotionError
from evalkit.phi.deidentification import ALL
from evalkit.phi.leaks import Leak, find_leaks
from evalkit.promotion.candidates import Candidate
from evalkit.promotion.decisions import Decision, Outcome, agree, check_decision, settle
from evalkit.spec.contract import check_output
from evalkit.spec.schema import Spec
from evalkit.spec.shapes import CONTRACT_CODES
from evalkit.stats.agreement import Agreement
from evalkit.vault.audit import Audit
from evalkit.vault.controls import name_range
from evalkit.vault.entries import Entry, Record


@dataclass(frozen=True, slots=True, repr=False)
class Laid:
    """A candidate on the desk, with the words on it."""

    seq: int
    """Its record."""
    candidate: Candidate
    decisions: tuple[Decision, ...]

    @property
    def outcome(self) -> Outcome:
        """What the words come to."""
        return settle(self.decisions, reviewers=self.candidate.reviewers)

    def __repr__(self) -> str:
        return f"Laid(record {self.seq}, {self.outcome.standing})"


class Desk:
    """The candidates of one spec in one ledger, for one person. Every opening of a candidate is on record."""

    def __init__(self, audit: Audit, spec: Spec) -> None:
        self.audit = audit
        self.spec = spec
        self._opened: dict[int, Candidate] = {}

    @property
    def person(self) -> str:
        """Who sits here."""
        return self.audit.access.actor

    def __repr__(self) -> str:
        return f"Desk({self.spec.id}, {self.person})"

    def lay(self, candidates: Iterable[Candidate]) -> int:
        """Put candidates on record, those of a source that is there already left out. Returns how many were new."""
        actor = self.audit.require("review", "lay")
        with self.audit.ledger.turn() as turn:
            known = {one.target for one in self._records("deidentify")}
            fresh = list({one.source: one for one in candidates if one.source not in known}.values())
            turn.add([_entry(one, actor) for one in fresh])
        return len(fresh)

    def look(self, *, deed: str = "review") -> tuple[Laid, ...]:
        """Everything on the desk, oldest first. What was shredded is gone from it."""
        actor = self.audit.require("promote" if deed == "promote" else "review", "look")
        ledger, said = self.audit.ledger, self._said()
        found = [one for one in self._records("deidentify") if self._open(one)]
        fresh = [one for one in found if one.seq not in self._opened]
        if fresh:
            ledger.append(
                [Entry(actor, "read", subject=one.subject, target=name_range(one.seq, one.seq)) for one in fresh]
            )
        for one in fresh:
            self._opened[one.seq] = Candidate.from_bytes(ledger.payload(one.seq))
        return tuple(Laid(one.seq, self._opened[one.seq], tuple(said.get(one.seq, ()))) for one in found)

    def waiting(self) -> tuple[Laid, ...]:
        """What this person can still decide: open and not yet judged by them, or disputed by two others."""
        return tuple(one for one in self.look() if self._mine(one))

    def decide(self, laid: Laid, decision: Decision) -> Outcome:
        """Put one word on record; on return it is on disk.

        Raises PromotionError where it lacks its reason or answer, is not this person's to say, breaks the contract of
        the spec, or shows a value that the record is known to have held.
        """
        actor = self.audit.require("review", "decide")
        if decision.candidate != laid.candidate.digest or decision.reviewer != actor:
            raise PromotionError("the decision is on another candidate, or in another's name", where="review")
        self._check_answer(decision)
        leaks = known_values_in([decision.reason, decision.gold], laid.candidate)
        if leaks:
            raise PromotionError(
                f"the decision shows a known value of the record ({leaks[0].category}, {leaks[0].form})",
                where="review",
                next_step="say it without the person",
            )
        entry = Entry(
            actor,
            "review",
            outcome="refused" if decision.verdict == "reject" else "ok",
            subject=laid.candidate.subject,
            spec=laid.candidate.spec,
            target=name_range(laid.seq, laid.seq),
            payload=decision.to_bytes(),
        )
        with self.audit.ledger.turn() as turn:  # nobody else says anything between what is read and what is added
            before = tuple(self._said().get(laid.seq, ()))
            check_decision(decision, before, reviewers=laid.candidate.reviewers)
            turn.add([entry])
        return settle((*before, decision), reviewers=laid.candidate.reviewers)

    def agreement(self) -> Agreement | None:
        """How far two reviewers say the same (Cohen's kappa); None where no candidate had two."""
        return agree([one.decisions for one in self.look()])

    def _repr_html_(self) -> str:
        laid = self.look()
        standings = [one.outcome.standing for one in laid]
        rows = [(name, standings.count(name)) for name in ("open", "accepted", "corrected", "rejected", "disputed")]
        both = agree([one.decisions for one in laid])
        lead = f"{len(laid)} candidates of {self.spec.id}" + (f"; two reviewers: {both}" if both else "")
        return card("The review desk", lead=lead, grids=[Grid(["standing", "candidates#"], rows)])

    def _mine(self, laid: Laid) -> bool:
        outcome = laid.outcome
        if outcome.standing == "disputed":
            return self.person not in outcome.reviewers
        return outcome.standing == "open" and self.person not in outcome.reviewers

    def _records(self, action: str) -> Sequence[Record]:
        where = "action = ? AND substr(spec, 1, ?) = ?"
        return tuple(self.audit.ledger.records(where, (action, len(self.spec.id) + 1, f"{self.spec.id}@")))

    def _open(self, record: Record) -> bool:
        try:
            self.audit.ledger.payload(record.seq)
        except AuditError:
            return False
        return True

    def _said(self) -> dict[int, list[Decision]]:
        """Record of a candidate -> the words on it, oldest first."""
        said: dict[int, list[Decision]] = {}
        for one in self._records("review"):
            if self._open(one):
                decision = Decision.from_bytes(self.audit.ledger.payload(one.seq))
                said.setdefault(int(one.target.removeprefix("seq:")), []).append(decision)
        return said

    def _check_answer(self, decision: Decision) -> None:
        codes = {*(rule.code for rule in self.spec.refuse), *CONTRACT_CODES}
        if decision.refusal is not None and decision.refusal not in codes:
            raise PromotionError("the spec has no such refusal", where="review", next_step=", ".join(sorted(codes)))
        broken = broken_paths(self.spec, decision.gold) if decision.gold is not None else []
        if broken:
            raise PromotionError(f"the answer breaks the output schema at {broken[0]}", where="review")


def broken_paths(spec: Spec, gold: object) -> list[str]:
    """Where a gold answer breaks the output schema of a spec; what it leaves out is no breach."""
    if not isinstance(gold, dict):
        return ["answer"]
    missing = {name for name, field in spec.output.items() if field.required} - set(gold)
    return [path for path in check_output(spec, gold) if path not in missing]


def known_values_in(value: object, candidate: Candidate) -> tuple[Leak, ...]:
    """Where a value shows one of the known values of the record that a candidate was made from, in any form."""
    try:
        return find_leaks(candidate.known, value, place="promoted", subjects=ALL)
    except IdentifierError as error:
        raise PromotionError(error.what, where="review") from None


def _entry(candidate: Candidate, actor: str) -> Entry:
    return Entry(
        actor,
        "deidentify",
        subject=candidate.subject,
        spec=candidate.spec,
        phi=tuple(sorted(candidate.replaced)),
        target=candidate.source,
        payload=candidate.to_bytes(),
    )
