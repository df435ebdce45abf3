"""Review at a terminal."""

from __future__ import annotations

import pytest

from evalkit.errors import PromotionError
from evalkit.phi.deidentification import ALL
from evalkit.phi.leaks import find_leaks
from evalkit.promotion.terminal import lines_of, marked, read_answer, review_all
from tests.promotion.conftest import desk_of


def sit(desk, *answers, **more):
    """Answer the questions in order; what was told."""
    given, told = iter(answers), []
    done = review_all(desk, ask=lambda _: next(given), tell=told.append, **more)
    return done, told


def test_each_word_settles_one_and_what_is_not_understood_is_asked_again(desk, candidates):
    desk.lay(candidates[:4])
    done, told = sit(desk, "what?", "a", "reject", "cut short", "s", "correct", "no consent", "refuse NOTE_UNSIGNED")
    assert done == 3
    assert [line for line in told if line.startswith("recorded")] == [
        "recorded: accepted", "recorded: rejected", "recorded: corrected",
    ]  # fmt: skip
    assert "one of these five" in told
    assert [one.outcome.standing for one in desk.look()] == ["accepted", "rejected", "open", "corrected"]


def test_quit_leaves_the_rest(desk, candidates):
    desk.lay(candidates[:3])
    assert sit(desk, "a", "q")[0] == 1
    assert len(desk.waiting()) == 2


def test_what_is_refused_is_said_and_not_recorded(desk, candidates):
    desk.lay(candidates[:2])
    done, told = sit(desk, "c", "why", "{not json", "r", "")
    assert done == 0
    assert sum(line.startswith("not recorded") for line in told) == 2


def test_evidence_and_invented_identifiers_are_marked_and_nothing_of_the_person_shows(desk, candidates, ran):
    desk.lay(candidates)
    for laid, (case, _) in zip(desk.look(), ran, strict=True):
        text = "\n".join(lines_of(laid))
        assert find_leaks(case.identifiers, text, place="x", subjects=ALL) == ()
        evidence = [span for line in laid.candidate.case.gold.get("lines", ()) for span in line["evidence"]]
        distinct = {(span["start"], span["end"]) for span in evidence}
        assert marked(laid, "note_text").count("[[") == len(distinct)
        plain = marked(laid, "note_text").replace("[[", "").replace("]]", "").replace("{", "").replace("}", "")
        assert plain == laid.candidate.case.input["note_text"]


def test_a_disputed_case_waits_for_an_adjudicator(ledger, spec, candidates):
    from dataclasses import replace

    alice, bob, carol = (desk_of(ledger, spec, name) for name in ("alice", "bob", "carol"))
    alice.lay([replace(candidates[0], reviewers=2)])
    sit(alice, "a")
    sit(bob, "r", "cut short")
    assert sit(carol)[0] == 0
    assert sit(carol, "a", adjudicate=True)[0] == 1
    assert carol.look()[0].outcome.standing == "accepted"


@pytest.mark.parametrize("text", ["", "[]", "7", "refused X", "{"])
def test_an_answer_is_json_or_a_refusal(text):
    with pytest.raises(PromotionError, match="neither"):
        read_answer(text)
    assert read_answer(' {"lines": []}') == ({"lines": []}, None)
    assert read_answer("refuse CONSENT_MISSING") == (None, "CONSENT_MISSING")
