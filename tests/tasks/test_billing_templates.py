"""Documents: enough of them, each complete, and fitting the day."""

from __future__ import annotations

from collections import Counter

import pytest

from evalkit.cases.writing import Slot, steps_of
from evalkit.tasks.billing_codes import fillers
from evalkit.tasks.billing_codes.scenarios import make_case
from evalkit.tasks.billing_codes.templates import (
    FEET,
    HEADS,
    OPENINGS,
    STYLES,
    TEMPLATES,
    VARIANTS,
    Template,
)

SECTIONS = ("history", "exam", "assessment", "procedure", "plan")


def slots(kind: str, *texts: str) -> list[str]:
    """The names in the slots of one kind."""
    return [step.name for text in texts for step in steps_of(text) if isinstance(step, Slot) and step.kind == kind]


def test_there_are_at_least_twelve_templates_and_six_variants() -> None:
    assert len(TEMPLATES) >= 12
    assert len({template.template_id for template in TEMPLATES}) == len(TEMPLATES)
    assert VARIANTS == len(STYLES) == 6


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.template_id)
def test_a_template_has_every_section_in_six_variants_of_its_own(template: Template) -> None:
    assert sorted(section for section, _ in template.sections) == sorted(SECTIONS)
    assert len(set(template.titles)) == VARIANTS
    assert all(len(set(headings)) == VARIANTS for _, headings in template.sections)


def test_no_two_templates_are_the_same_but_for_their_name() -> None:
    assert len({(template.titles, template.sections) for template in TEMPLATES}) == len(TEMPLATES)
    assert len({tuple(section for section, _ in template.sections) for template in TEMPLATES}) >= 8


def test_every_section_opens_in_more_than_one_way() -> None:
    assert all(len(OPENINGS[section]) == VARIANTS and len(set(OPENINGS[section])) >= 5 for section in SECTIONS)  # type: ignore[index]


def test_every_head_names_the_patient_the_record_and_the_day() -> None:
    for head in HEADS:
        planted = set(slots("plant", *head))
        assert {"patient.mrn", "visit.date"} <= planted
        assert planted & {"patient.name", "patient.last"}
    assert all("{provider.name}" in foot for foot in FEET)


def test_all_templates_are_used_and_none_takes_over() -> None:
    used = Counter(make_case(7, index).provenance["template"] for index in range(400))
    assert set(used) == {template.template_id for template in TEMPLATES}
    assert max(used.values()) < 0.2 * 400


def test_a_therapy_note_is_about_therapy_and_an_operative_one_about_surgery() -> None:
    for index in range(200):
        case = make_case(9, index)
        done = [fact for fact in case.facts if fact["type"] == "procedure" and fact["status"] == "done"]
        if case.provenance["template"] in {"treatment", "therapy_letter"}:
            assert any(fact.get("unit") == "min" for fact in done)
        if case.provenance["template"] == "operative":
            assert done


def test_a_walk_through_a_bank_meets_no_sentence_twice() -> None:
    from evalkit.cases.randomness import stream

    for index in range(300):
        for section in SECTIONS:
            texts = fillers.some_of(section, stream(1, "walk").at(index))  # type: ignore[arg-type]
            assert len(set(texts)) == len(texts)


def test_every_sentence_of_the_banks_is_a_template_that_can_be_read() -> None:
    texts = [text for bank, _, _ in fillers.BANKS.values() for text in bank]
    texts += [text for told in fillers.DECOYS.values() for _, text in told]
    assert all(steps_of(text) for text in texts)
    assert all(slots("decoy", text) for told in fillers.DECOYS.values() for _, text in told)
