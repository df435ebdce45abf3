"""The gate: reviewed candidates become a new version of a gold set, or nothing does.

Each one must pass by itself (`examine`). One that does not pass stops all, unless such are left out. A candidate that
was made from a stored case (`reopen`) corrects or withdraws that case: an id never changes its meaning, so what is
corrected gets another one, and old and new runs stay comparable on the cases that both have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evalkit.cards import Grid, card
from evalkit.cases import goldset
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.goldset import Card, Origin, Papers
from evalkit.errors import CaseError, PromotionError
from evalkit.promotion.candidates import Candidate
from evalkit.promotion.datasheet import write_datasheet
from evalkit.promotion.examination import Refused, examine
from evalkit.promotion.likeness import Crowd
from evalkit.promotion.review import Desk, Laid
from evalkit.spec.schema import Spec
from evalkit.vault.entries import Entry
from evalkit.vault.keys import Signer

_TRIES = 4
_STORED = "gold:"
_REVISION = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where a gold set stands, and who answers for its next version."""

    root: Path
    """``datasets``: the set lies in ``gold/<id>`` under it."""
    id: str
    signer: Signer
    specs: Sequence[Spec] = ()
    """Specs that must not give a case away, besides the desk's own."""
    note: str = ""
    at: str = ""
    """ISO 8601; nothing here reads a clock."""

    def versions(self) -> tuple[int, ...]:
        """The versions that are there, oldest first."""
        return goldset.gold_versions(self.root, self.id)

    def newest(self) -> GoldSet | None:
        """The newest version, verified, or None where there is none yet."""
        return goldset.load_gold(self.root, self.id) if self.versions() else None

    def taken(self) -> frozenset[str]:
        """Digests of the candidates that some version took in, whether their case is still there or not."""
        manifests = [goldset.read_manifest(self.root, self.id, version) for version in self.versions()]
        return frozenset(origin.candidate for manifest in manifests for origin in manifest.origins)


@dataclass(frozen=True, slots=True)
class Change:
    """What a version changed, by case id."""

    added: tuple[str, ...]
    corrected: tuple[tuple[str, str], ...]
    """Old id and new id."""
    withdrawn: tuple[str, ...]
    kept: int

    def __str__(self) -> str:
        parts = [f"{len(self.added)} added", f"{len(self.corrected)} corrected", f"{len(self.withdrawn)} withdrawn"]
        return ", ".join([*(part for part in parts if not part.startswith("0 ")), f"{self.kept} as before"])


@dataclass(frozen=True, slots=True, repr=False)
class Promotion:
    """What was done: the version, and what was left out of it."""

    ref: str
    """``id@version``."""
    change: Change
    digest: str
    """Of the gold set."""
    left_out: tuple[Refused, ...] = ()

    def __repr__(self) -> str:
        return f"Promotion({self.ref}: {self.change}, {len(self.left_out)} left out)"

    def _repr_html_(self) -> str:
        rows = [
            ("added", len(self.change.added)), ("corrected", len(self.change.corrected)),
            ("withdrawn", len(self.change.withdrawn)), ("as before", self.change.kept),
        ]  # fmt: skip
        why = [(one.case_id, one.rule, one.why) for one in self.left_out]
        grids = [Grid(["cases", "count#"], rows), Grid(["left out", "rule", "why"], why)]
        return card(f"Promoted: {self.ref}", lead=f"signed; digest {self.digest[:12]}", grids=grids)


@dataclass
class _Passed:
    """Candidates that came through the gate, and those that did not."""

    cases: list[Case] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def promote(desk: Desk, shelf: Shelf, *, leave_out: bool = False) -> Promotion:
    """Every settled candidate of a desk that no version has yet, as the next version of a gold set.

    With ``leave_out`` those that do not pass stay behind; without it one of them is enough to promote nothing. The
    promotion is on record before the version appears. Where another promoter was quicker, all is looked at again
    beside their cases.

    Raises PromotionError where nothing is settled, nothing passes, or something does not; CaseError where the newest
    version does not verify, or the disk refuses.
    """
    desk.audit.require("promote", shelf.id)
    for attempt in range(_TRIES):
        before = shelf.newest()
        taken = shelf.taken()
        settled = [
            one
            for one in desk.look(deed="promote")
            if one.outcome.decision is not None and one.candidate.digest not in taken
        ]
        passed = _pass(settled, before, (desk.spec, *shelf.specs))
        if passed.refused and not leave_out:
            raise _stopped(passed.refused)
        if not passed.origins:
            raise PromotionError(
                "no candidate passes" if passed.refused else "no reviewed candidate is waiting",
                where=shelf.id,
                next_step="review some first: `evalkit review`",
            )
        try:
            return _save(desk, shelf, passed, before=before)
        except CaseError:
            if attempt == _TRIES - 1 or len(shelf.versions()) == 0 or shelf.newest() == before:
                raise
    raise AssertionError("every attempt returns or raises")


def reopen(desk: Desk, shelf: Shelf, case_ids: Iterable[str], *, why: str) -> int:
    """Lay stored cases on the desk again, to be corrected or, by a rejection, withdrawn. Returns how many were new.

    Raises PromotionError for a case that the newest version does not have.
    """
    gold = shelf.newest()
    stored = {case.case_id: case for case in gold or ()}
    wanted = list(case_ids)
    if gold is None or not stored.keys() >= set(wanted):
        raise PromotionError("the newest version has no such case", where=shelf.id)
    return desk.lay(
        Candidate(
            case=replace(stored[case_id], case_id=_revised(case_id), gold=dict(stored[case_id].gold)),
            source=f"{_STORED}{gold.name}/{case_id}", spec=desk.spec.ref, status="ok", confidence=None, replaced={},
            known=(), why=(why,), reviewers=desk.spec.review.reviewers,
        )
        for case_id in wanted
    )  # fmt: skip


def _revised(case_id: str) -> str:
    stem, mark, number = case_id.rpartition(_REVISION)
    return f"{stem}{_REVISION}{int(number) + 1}" if mark and number.isdecimal() else f"{case_id}{_REVISION}2"


def _stored_id(candidate: Candidate) -> str | None:
    """The id of the stored case that a candidate was made from; None for one from production."""
    return candidate.source.partition("/")[2] if candidate.source.startswith(_STORED) else None


def _pass(settled: Sequence[Laid], before: GoldSet | None, specs: Sequence[Spec]) -> _Passed:
    """What passes, with its origin; what does not, with the reason. What changes nothing is neither."""
    crowd = Crowd.of(before or ())
    stored = {case.case_id for case in before or ()}
    passed = _Passed()
    for laid in settled:
        old, decision = _stored_id(laid.candidate), laid.outcome.decision
        assert decision is not None
        unchanged = decision.verdict == ("reject" if old is None else "accept")
        if unchanged or (old is not None and old not in stored):
            continue
        case = _answered(laid)
        if decision.verdict != "reject":
            refused = examine(case, laid, crowd=crowd, specs=specs, besides=old)
            if refused is not None:
                passed.refused.append(refused)
                continue
            crowd.add(case)
            passed.cases.append(case)
        passed.origins.append(_origin(laid, case, old))
    return passed


def _answered(laid: Laid) -> Case:
    """The case with the answer, or the refusal, that the reviewers settled on."""
    case, decision = laid.candidate.case, laid.outcome.decision
    if decision is not None and decision.verdict == "correct":
        return replace(case, gold=dict(decision.gold or {}), refusal=decision.refusal)
    return replace(case, gold={}) if case.refusal is not None else case


def _origin(laid: Laid, case: Case, old: str | None) -> Origin:
    candidate, decision = laid.candidate, laid.outcome.decision
    assert decision is not None
    withdrawn = decision.verdict == "reject"
    return Origin(
        case_id=str(old) if withdrawn else case.case_id,
        kind="withdrawn" if withdrawn else "added" if old is None else "corrected",
        replaces=None if withdrawn else old,
        source=candidate.source,
        spec=candidate.spec,
        verdict=decision.verdict,
        reviewers=laid.outcome.reviewers,
        reason=decision.reason,
        replaced=dict(candidate.replaced),
        values=len(candidate.known),
        candidate=candidate.digest,
    )


def _save(desk: Desk, shelf: Shelf, passed: _Passed, *, before: GoldSet | None) -> Promotion:
    """Write the version, signed. It is on record before it appears, and on record again where it did not."""
    old, origins = before or (), tuple(passed.origins)
    after = int(before.name.rpartition("@")[2]) if before is not None else 0
    gone = {origin.replaces or origin.case_id for origin in origins if origin.kind != "added"}
    kept = [case for case in old if case.case_id not in gone]
    gold = GoldSet(f"{shelf.id} promoted", (*kept, *passed.cases))
    change = Change(
        added=tuple(one.case_id for one in origins if one.kind == "added"),
        corrected=tuple((str(one.replaces), one.case_id) for one in origins if one.kind == "corrected"),
        withdrawn=tuple(one.case_id for one in origins if one.kind == "withdrawn"),
        kept=len(kept),
    )
    ref = f"{shelf.id}@{after + 1}"
    papers = Papers(origins, write_datasheet(ref, gold, origins), shelf.signer)
    entry = Entry(
        desk.person,
        "promote",
        spec=desk.spec.ref,
        spec_sha=desk.spec.content_sha,
        target=f"{_STORED}{ref}",
        payload="\n".join([gold.digest, *(origin.candidate for origin in origins)]).encode(),
    )
    desk.audit.ledger.append([entry])
    try:
        goldset.save_gold(
            shelf.root, shelf.id, gold, card=Card(desk.person, shelf.note, shelf.at), papers=papers, after=after
        )
    except CaseError:
        desk.audit.ledger.append([replace(entry, outcome="error", payload=None)])
        raise
    return Promotion(ref, change, gold.digest, tuple(passed.refused))


def _stopped(refused: Sequence[Refused]) -> PromotionError:
    kinds = ", ".join(f"{count} x {rule}" for rule, count in sorted(Counter(one.rule for one in refused).items()))
    return PromotionError(
        f"{len(refused)} of the reviewed candidates do not pass ({kinds}); the first: {refused[0].why}",
        where=refused[0].case_id,
        next_step="reject or correct them, or promote the others alone with --leave-out",
    )
