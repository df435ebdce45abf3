"""Decisions: one or two people, a third where they differ, and how far they agree."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.errors import PromotionError
from evalkit.promotion.decisions import Decision, agree, check_decision, settle

SEEN = "ab" * 32


def word(who: str, verdict: str = "accept", **more: object) -> Decision:
    given = {"reason": "" if verdict == "accept" else "because"} | ({"refusal": "X"} if verdict == "correct" else {})
    return Decision(SEEN, f"user:{who}", verdict, **(given | more))


def test_one_word_settles_where_one_reviewer_is_asked_for():
    assert settle([word("a")], reviewers=1).standing == "accepted"
    assert settle([word("a", "reject")], reviewers=1).standing == "rejected"
    assert settle([], reviewers=1).standing == "open"


def test_two_reviewers_must_say_the_same_and_the_same_answer():
    assert settle([word("a")], reviewers=2).standing == "open"
    assert settle([word("a"), word("a")], reviewers=2).standing == "open"
    assert settle([word("a"), word("b")], reviewers=2).standing == "accepted"
    assert settle([word("a"), word("b", "reject")], reviewers=2).standing == "disputed"
    same, other = word("b", "correct"), word("b", "correct", refusal="Y")
    assert settle([word("a", "correct"), same], reviewers=2).standing == "corrected"
    assert settle([word("a", "correct"), other], reviewers=2).standing == "disputed"


def test_a_persons_last_word_counts():
    assert settle([word("a", "reject"), word("b"), word("a")], reviewers=2).standing == "accepted"


def test_a_third_person_adjudicates_and_that_stands():
    outcome = settle([word("a"), word("b", "reject"), word("c", adjudicates=True)], reviewers=2)
    assert (outcome.standing, outcome.decision.reviewer) == ("accepted", "user:c")
    assert outcome.reviewers == ("user:a", "user:b", "user:c")


WORDS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["accept", "correct", "reject"])), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, st.sampled_from([1, 2]))
def test_what_is_settled_rests_on_enough_people_who_say_the_same(said, reviewers):
    decisions = [word(who, verdict) for who, verdict in said]
    outcome = settle(decisions, reviewers=reviewers)
    last = dict(said)
    assert set(outcome.reviewers) == {f"user:{who}" for who in last}
    if outcome.decision is not None:
        assert len(last) >= reviewers
        assert set(last.values()) == {outcome.decision.verdict}
    elif outcome.standing == "disputed":
        assert len(set(last.values())) > 1


@pytest.mark.parametrize(
    ("decision", "what"),
    [
        (word("a", "reject", reason=" "), "needs its reason"),
        (word("a", "correct", reason=""), "needs its reason"),
        (word("a", "reject", reason="x" * 401), "one line"),
        (word("a", "reject", reason="two\nlines"), "one line"),
        (word("a", "correct", refusal=None), "the one answer"),
        (word("a", "correct", gold={}), "the one answer"),
        (word("a", "accept", gold={}), "the one answer"),
        (word("a", "accept", adjudicates=True), "only a third person"),
        (word("a", "agree"), "no such verdict"),
    ],
)
def test_a_word_without_its_reason_or_answer_is_refused(decision, what):
    with pytest.raises(PromotionError, match=what):
        check_decision(decision, (), reviewers=1)


def test_nobody_adjudicates_between_themselves_and_another():
    differ = (word("a"), word("b", "reject"))
    with pytest.raises(PromotionError, match="third person"):
        check_decision(word("a", adjudicates=True), differ, reviewers=2)
    with pytest.raises(PromotionError, match="two reviewers differ"):
        check_decision(word("c"), differ, reviewers=2)
    check_decision(word("c", adjudicates=True), differ, reviewers=2)
    with pytest.raises(PromotionError, match="adjudicated"):
        check_decision(word("b"), (*differ, word("c", adjudicates=True)), reviewers=2)


def test_agreement_is_cohens_kappa_of_the_first_words_of_two_people():
    # Cohen (1960) on a 2 x 2 table with 20, 5, 10, 15: observed 0.70, chance 0.50, kappa 0.40
    table = [("accept", "accept", 20), ("accept", "reject", 5), ("reject", "accept", 10), ("reject", "reject", 15)]
    said = [[word("a", one), word("b", other)] for one, other, times in table for _ in range(times)]
    found = agree([*said, [word("a")], [], [word("a"), word("a", "reject")]])
    assert found.n == 50
    assert math.isclose(found.value, 0.40, abs_tol=1e-12)


def test_agreement_is_not_made_better_by_talking_afterwards_or_by_the_third():
    said = [word("a"), word("b", "reject"), word("b"), word("c", adjudicates=True)]
    assert agree([said, [word("a"), word("b")]]).value == 0
    assert agree([[word("a")]]) is None


def test_a_decision_comes_back_from_its_bytes_and_shows_nothing():
    one = word("a", "correct", gold={"lines": []}, refusal=None, reason="the name")
    assert Decision.from_bytes(one.to_bytes()) == one
    assert repr(one) == "Decision(correct by user:a)"
    with pytest.raises(PromotionError):
        Decision.from_bytes(b'{"candidate": "x"}')
