"""Reading notes back: every sentence of every bank is understood as what it was made from, and nothing else is."""

from __future__ import annotations

import pytest

from evalkit.cases.randomness import stream
from evalkit.tasks.billing_codes import fillers, sentences
from evalkit.tasks.billing_codes.conditions import CONDITIONS, DISTRACTORS
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.rereading import Told, reread


def only(text: str) -> Told:
    """What the one sentence tells."""
    told = reread(text)
    assert len(told) == 1, text
    assert (told[0].start, told[0].end) == (0, len(text))
    return told[0]


def capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


@pytest.mark.parametrize("status", sentences.NOT_DONE)
def test_what_was_not_done_is_understood_in_every_wording(status: str) -> None:
    bank = sentences.NOT_DONE[status]  # type: ignore[index]
    for name, wording in WORDINGS.items():
        place = {"large joint injection": "knee", "wrist tunnel injection": "wrist", "heel injection": "heel"}.get(
            name, "ear"
        )
        for noun in wording.nouns:
            said = noun.format(side="left", site=place, place=f"the left {place}", spot="scalp")
            for text in (*bank.usual, *bank.rare):
                told = only(capitalized(text.format(noun=said, year=2019)))
                assert (told.topic, told.name, told.manner) == ("not done", name, status)


@pytest.mark.parametrize("certainty", sentences.CONDITION)
def test_a_condition_is_understood_in_every_wording(certainty: str) -> None:
    names = [(key, text) for key, condition in CONDITIONS.items() for text in (*condition.usual, *condition.rare)]
    names += [(name, name) for name in DISTRACTORS]
    for text in sentences.CONDITION[certainty].usual:  # type: ignore[index]
        for key, name in names:
            told = only(capitalized(text.format(name=name.format(side="bilateral"), year=2011)))
            assert (told.topic, told.name, told.manner) == ("diagnosis", key, certainty)
            assert told.side == ("both" if "{side}" in name else None)


@pytest.mark.parametrize(
    ("bank", "manner"), [(sentences.VISIT_TIME, "separate"), (sentences.VISIT_INCLUDED, "included")]
)
def test_a_visit_is_understood_in_every_wording(bank: sentences.Bank, manner: str) -> None:
    for text in (*bank.usual, *bank.rare):
        told = only(capitalized(text.format(minutes=37)))
        assert (told.topic, told.manner, told.amount) == ("visit", manner, 37)


def test_side_facts_are_understood_with_their_values() -> None:
    for index in range(150):
        for side in fillers.side_facts(stream(1, "tests.sides").at(index)):
            told = only(side.text.replace("{lab.date:us}", "03/04/2025").replace("{lab.date:long}", "March 4, 2025"))
            assert (told.topic, told.name, told.manner) == (side.fact.type, side.fact.name, side.fact.polarity)
            assert told.amount == side.fact.value


def test_sites_said_to_be_apart_are_heard_and_others_are_not() -> None:
    bank = sentences.SEPARATE_SITE
    for words in (*bank.usual, *bank.rare):
        assert only(f"Skin tags removed from the scalp with scissors{words}.").apart
    for words in sentences.SAME_SITE:
        assert not only(f"Skin tags removed from the scalp with scissors{words}.").apart


@pytest.mark.parametrize(
    ("bank", "source"), [(sentences.COPIED_FROM, "earlier note"), (sentences.ADDENDUM, "addendum")]
)
def test_a_passage_is_known_by_its_first_line(bank: sentences.Bank, source: str) -> None:
    for opener in (*bank.usual, *bank.rare):
        first = opener
        for slot, shown in (
            ("us", "03/04/2025"),
            ("long", "March 4, 2025"),
            ("day", "4 Mar 2025"),
            ("short", "3/4/25"),
        ):
            first = first.replace(f"{{earlier.date:{slot}}}", shown).replace(f"{{addendum.date:{slot}}}", shown)
        first = first.replace("{provider.name}", "Dr. D'Agostino-Lefèvre")
        note = f"Today\nPulse 60.\n\n{first}\n- Pulse 70.\n\nPlan\n1. Pulse 80."
        assert [(one.amount, one.source) for one in reread(note)] == [(60, "note"), (70, source), (80, "note")], opener


def test_words_that_state_no_fact_are_not_understood() -> None:
    texts = [text for bank, _, _ in fillers.BANKS.values() for text in bank]
    texts += [*fillers.SOCIAL, *fillers.OLD_AGE, *fillers.CHILDHOOD, *sentences.INJECTIONS]
    texts += [text for pair in sentences.REASONS.values() for part in pair for text in part]
    assert [text for text in texts if reread(text)] == []


def test_places_are_counted_in_code_points_of_the_whole_note() -> None:
    note = "Név: Bălănescu\n\n* Žádné. 25 minutes of therapeutic exercise, one on one.\n"
    told = reread(note)
    assert [note[one.start : one.end] for one in told] == ["25 minutes of therapeutic exercise, one on one."]


def test_a_title_ends_no_sentence() -> None:
    note = "Seen with Dr. Ott. Pulse 60."
    assert [note[one.start : one.end] for one in reread(note)] == ["Pulse 60."]
