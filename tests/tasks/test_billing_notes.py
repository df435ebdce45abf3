"""Notes: every fact told where it belongs, passages in their place, and rare words only where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evalkit.cases.patients import Known, make_patient
from evalkit.cases.randomness import stream
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.billing_codes import sentences
from evalkit.tasks.billing_codes.conditions import Finding
from evalkit.tasks.billing_codes.notes import evidence_marks, write_note
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import VISIT_FACT, Act, Visit
from evalkit.tasks.billing_codes.rereading import reread
from evalkit.tasks.billing_codes.story import Extras, Story

TRIES = 40
KNEE = Act("act-1", "large joint injection", side="left", place="knee")
WAX = Act("act-2", "ear wax removal", side="both", place="ear", source="earlier note")


@pytest.fixture(scope="module")
def known() -> Mapping[str, Identifier]:
    dates = [Identifier(f"{name}.date", "date", "2025-03-04") for name in ("visit", "lab", "earlier", "addendum")]
    stray = [Identifier("stray.name", "name", "Perpetua Vandermolen"), Identifier("stray.mrn", "mrn", "MRN55555555")]
    patient = next(one for one in (make_patient(3, index) for index in range(50)) if one.relative is not None)
    return Known(patient, [*dates, *stray, Identifier("provider.name", "name", "Dr. Ostrander", "provider")])


def notes(story: Story, known: Mapping[str, Identifier]) -> list[str]:
    written = (write_note(story, known, stream(2, "tests.notes").at(index)) for index in range(TRIES))
    return [one.writer.build("note_text")[0] for one in written]


def test_every_fact_has_its_marks_and_each_marks_a_whole_sentence(known: Mapping[str, Identifier]) -> None:
    story = Story((KNEE,), Visit(25), False, (Finding("finding-1", "knee", side="left"),))
    for index in range(TRIES):
        writer = write_note(story, known, stream(2, "tests.notes").at(index)).writer
        note, _ = writer.build("note_text")
        for fact in ("act-1", VISIT_FACT, "finding-1"):
            marks = evidence_marks(writer, fact)
            assert len(marks) == 1
            span = writer.span(marks[0], "note_text")
            assert note[span["start"] : span["end"]].endswith(".")


def test_both_sides_are_told_in_one_sentence_or_in_two(known: Mapping[str, Identifier]) -> None:
    story = Story((Act("act-1", "heel injection", side="both", place="heel"),), None, False)
    counts = {len([one for one in reread(note) if one.topic == "procedure"]) for note in notes(story, known)}
    assert counts == {1, 2}


def test_a_copied_passage_begins_with_its_day_and_stands_before_the_signature(known: Mapping[str, Identifier]) -> None:
    for note in notes(Story((KNEE, WAX), None, False, extras=Extras(event="copied")), known):
        passages = note.split("\n\n")
        told = [
            number for number, text in enumerate(passages) if reread(text) and reread(text)[0].source == "earlier note"
        ]
        assert len(told) == 1
        assert 0 < told[0] < len(passages) - 1
        assert "2025" in passages[told[0]].split("\n")[0] or "3/4/25" in passages[told[0]].split("\n")[0]


def test_an_addendum_is_the_last_thing_in_the_note(known: Mapping[str, Identifier]) -> None:
    added = Act("act-2", "large joint injection", side="right", place="knee", source="addendum")
    for note in notes(Story((KNEE, added), None, False, extras=Extras(event="amended")), known):
        assert [one.source for one in reread(note) if one.topic == "procedure"] == ["note", "addendum"]
        assert reread(note.split("\n\n")[-1])[0].side == "right"


@pytest.mark.parametrize("rare", [False, True])
def test_first_lines_of_passages_are_rare_where_the_story_says_so(known: Mapping[str, Identifier], rare: bool) -> None:
    story = Story((KNEE, WAX), None, False, rare="passage" if rare else "none", extras=Extras(event="copied"))
    literals = ("copied forward", "carried forward", "previous note")
    assert {any(word in note.lower() for word in literals) for note in notes(story, known)} == {not rare}


def test_a_procedure_worded_rarely_uses_the_rare_bank_and_no_other_does(known: Mapping[str, Identifier]) -> None:
    wording = WORDINGS["gait training"]
    act = Act("act-1", "gait training", minutes=20, place="chest")
    told = {"procedure": wording.rare, "none": wording.usual}
    for rare, bank in told.items():
        spoken = [text.format(minutes=20)[:-1] for text in bank]
        whole = [note for note in notes(Story((act,), None, False, rare=rare), known) if "20 minutes" in note]  # type: ignore[arg-type]
        assert whole
        assert all(any(text in note for text in spoken) for note in whole)


def test_a_side_worded_rarely_is_a_letter(known: Mapping[str, Identifier]) -> None:
    shown = notes(Story((KNEE,), None, False, rare="side"), known)
    assert any("L knee injection" in note for note in shown)
    assert not any("Left knee injection" in note for note in shown)


def test_the_page_of_another_patient_comes_with_name_and_number(known: Mapping[str, Identifier]) -> None:
    for note in notes(Story((KNEE,), None, False, refusal="WRONG_PATIENT"), known):
        last = note.rstrip().split("\n\n")[-1]
        assert "Perpetua Vandermolen" in last
        assert "MRN55555555" in last
        assert reread(last) == []


def test_an_instruction_and_a_code_stand_in_the_text_and_tell_no_fact(known: Mapping[str, Identifier]) -> None:
    for event, bank in (("injection", sentences.INJECTIONS), ("code told", sentences.CODES_TOLD)):
        heads = [text.split("{")[0] for text in bank]
        for note in notes(Story((), None, False, extras=Extras(event=event)), known):  # type: ignore[arg-type]
            assert any(head in note for head in heads)
            assert reread(note) == []


def test_a_minor_comes_with_the_parent_and_an_adult_has_a_life(known: Mapping[str, Identifier]) -> None:
    young = notes(Story((), None, False, extras=Extras(person="minor")), known)
    assert all("parent" in note.lower() for note in young)
    assert not any("employer" in note for note in young)


def test_nothing_done_leaves_no_empty_passage(known: Mapping[str, Identifier]) -> None:
    for note in notes(Story((), None, False), known):
        assert all(passage.strip() for passage in note.split("\n\n"))
        assert "\n\n\n" not in note
