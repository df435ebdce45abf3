"""The desk: words on record, by whom they may be said, and what they may not show."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from evalkit.errors import AccessRefused, PromotionError
from evalkit.promotion.decisions import Decision
from evalkit.vault import retention
from evalkit.vault.entries import Entry
from tests.promotion.conftest import desk_of


def say(desk, laid, verdict="accept", **more):
    given = {"reason": "" if verdict == "accept" else "because"} | more
    return desk.decide(laid, Decision(laid.candidate.digest, desk.person, verdict, **given))


def test_candidates_are_laid_once_and_come_back_as_they_were(desk, candidates):
    assert desk.lay(candidates[:4]) == 4
    assert desk.lay(candidates[:5]) == 1
    assert [one.candidate for one in desk.look()] == list(candidates[:5])


def test_a_word_is_on_record_under_the_persons_key_and_found_by_the_next_desk(desk, ledger, spec, candidates):
    desk.lay(candidates[:2])
    laid = desk.waiting()[0]
    assert say(desk, laid).standing == "accepted"
    assert [one.seq for one in desk_of(ledger, spec, "bob").waiting()] == [desk.look()[1].seq]
    (record,) = ledger.records("action = 'review'")
    assert (record.actor, record.target, record.outcome) == ("user:alice", f"seq:{laid.seq}", "ok")


def test_every_opening_of_a_candidate_is_on_record(desk, ledger, candidates):
    desk.lay(candidates[:3])
    desk.look()
    desk.look()
    assert [one.target for one in ledger.records("action = 'read'")] == [f"seq:{one.seq}" for one in desk.look()]


def test_two_reviewers_do_not_see_each_other_and_a_third_decides(ledger, spec, candidates):
    pair = [replace(one, reviewers=2) for one in candidates[:3]]
    alice, bob, carol = (desk_of(ledger, spec, name) for name in ("alice", "bob", "carol"))
    alice.lay(pair)
    for number, laid in enumerate(alice.waiting()):
        say(alice, laid, "reject" if number == 0 else "accept")
    assert alice.waiting() == ()
    for laid in bob.waiting():
        say(bob, laid)
    assert [one.outcome.standing for one in carol.look()] == ["disputed", "accepted", "accepted"]
    (disputed,) = carol.waiting()
    assert say(carol, disputed, adjudicates=True).standing == "accepted"
    found = carol.agreement()
    assert (found.n, found.value) == (3, 0.0)
    assert "kappa 0.00" in carol._repr_html_()


def test_a_reason_or_an_answer_that_shows_the_person_is_not_recorded(desk, ledger, candidates, ran):
    desk.lay(candidates)
    laid = next(one for one in desk.waiting() if one.candidate.case.gold)
    name = next(one.value for one in laid.candidate.known if one.needle_id == "patient.name")
    answer = {**laid.candidate.case.gold, "diagnoses": [name[::-1]]}
    for words in ({"reason": f"the note of {name}"}, {"gold": answer}):
        given = {"gold": dict(laid.candidate.case.gold)} | words
        with pytest.raises(PromotionError, match="shows a known value") as refused:
            say(desk, laid, "correct", **given)
        assert name not in str(refused.value)
    assert not list(ledger.records("action = 'review'"))


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"refusal": "NO_SUCH_CODE"}, "no such refusal"),
        ({"gold": {"lines": "none"}}, "breaks the output schema at lines"),
        ({"gold": {"lines": [], "note": "x"}}, "breaks the output schema"),
    ],
)
def test_an_answer_outside_the_contract_is_not_recorded(desk, candidates, answer, what):
    desk.lay(candidates[:1])
    with pytest.raises(PromotionError, match=what):
        say(desk, desk.waiting()[0], "correct", **answer)


def test_nobody_speaks_for_another_or_on_what_they_did_not_see(desk, candidates):
    desk.lay(candidates[:2])
    one, other = desk.waiting()
    for decision in (
        Decision(one.candidate.digest, "user:bob", "accept"),
        Decision(other.candidate.digest, desk.person, "accept"),
    ):
        with pytest.raises(PromotionError, match="another"):
            desk.decide(one, decision)


@pytest.mark.parametrize("role", ["operator", "auditor", "privacy_officer"])
def test_who_has_no_grant_to_review_sees_nothing(role, desk, ledger, spec, candidates):
    desk.lay(candidates[:1])
    with pytest.raises(AccessRefused):
        desk_of(ledger, spec, "mallory", role).look()
    assert list(ledger.records("action = 'refuse'"))


def test_a_reviewer_reviews_and_does_not_promote(ledger, spec, desk, candidates):
    desk.lay(candidates[:1])
    bob = desk_of(ledger, spec, "bob", "reviewer")
    say(bob, bob.waiting()[0])
    with pytest.raises(AccessRefused):
        bob.look(deed="promote")
    assert desk_of(ledger, spec, "carl", "curator").look(deed="promote")[0].outcome.standing == "accepted"


def test_a_shredded_person_is_gone_from_the_desk(ledger, spec, desk, candidates):
    with ledger.turn() as turn:
        subject = turn.subject("somebody", actor="user:alice")
    desk.lay([replace(candidates[0], subject=subject), candidates[1]])
    say(desk, desk.waiting()[0])
    retention.shred(ledger, subject, basis="court_order", last_in_effect=lambda ref: None, actor="user:alice")
    assert [one.candidate for one in desk_of(ledger, spec).look()] == [candidates[1]]


KILLED = """
import sys
from evalkit.evaluation.safekeeping import open_ledger
from evalkit.promotion.decisions import Decision
from evalkit.promotion.review import Desk
from evalkit.tasks import load_spec
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit
with open_ledger() as ledger:
    desk = Desk(Audit(ledger, Access("user:alice", "custodian")), load_spec("billing_codes@1.0.0"))
    for laid in desk.waiting():
        desk.decide(laid, Decision(laid.candidate.digest, "user:alice", "accept"))
        print(laid.seq, flush=True)
"""


def test_a_reviewer_who_is_killed_has_lost_no_word(ledger, desk, spec, candidates):
    desk.lay(candidates)
    ledger.append([Entry("user:alice", "silence")])
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as process:
        said = [int(process.stdout.readline()) for _ in range(7)]
        process.send_signal(signal.SIGKILL)
        said += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    settled = {one.seq for one in desk_of(ledger, spec).look() if one.outcome.standing == "accepted"}
    assert set(said) <= settled
    assert len(settled) <= len(said) + 1
