"""The parts of a document: every slot can be filled, every fact has a place, and no part names anybody else."""

from __future__ import annotations

from typing import get_args

import pytest

from evalkit.cases.writing import Slot, steps_of
from evalkit.tasks.prior_authorization.phrases import BANKS
from evalkit.tasks.prior_authorization.templates import (
    COPIED,
    FILLERS,
    HEADERS,
    HEADINGS,
    PLACES,
    SIGNATURES,
    SPANISH,
    TEMPLATES,
    WITH_RELATIVE,
    Section,
    Template,
)

SECTIONS = set(get_args(Section))


def slots(*texts: str) -> list[Slot]:
    return [step for text in texts for step in steps_of(text) if isinstance(step, Slot)]


def planted(*texts: str) -> set[str]:
    return {slot.name for slot in slots(*texts) if slot.kind == "plant"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.type)
def test_a_template_has_known_sections_once_each_and_titles_without_slots(template: Template) -> None:
    assert set(template.sections) <= SECTIONS
    assert len(set(template.sections)) == len(template.sections) >= 3
    assert not slots(*template.titles)


def test_every_section_has_headings_and_fillers_and_some_template_that_holds_it() -> None:
    assert set(HEADINGS) == set(FILLERS) == SECTIONS
    assert {section for template in TEMPLATES for section in template.sections} == SECTIONS


def test_every_fact_has_a_place_in_several_templates() -> None:
    assert set(PLACES) == {name for name, _ in BANKS}
    for name, sections in PLACES.items():
        assert set(sections) <= SECTIONS
        assert len(set(sections)) == len(sections)
        assert sum(bool(set(sections) & set(template.sections)) for template in TEMPLATES) >= 6, name


def test_any_two_facts_can_stand_in_one_document() -> None:
    for one in PLACES.values():
        for other in PLACES.values():
            assert any(set(one) & set(held) and set(other) & set(held) for held in (t.sections for t in TEMPLATES))


def test_a_header_says_whose_chart_it_is_and_when() -> None:
    for header in HEADERS:
        assert {"patient.mrn", "note.date"} <= planted(*header)
        assert planted(*header) & {"patient.name", "patient.last"}


def test_a_signature_is_the_provider_s_and_nobody_else_s() -> None:
    assert all(planted(text) - {"note.date"} == {"provider.name"} for text in SIGNATURES)


def test_a_copied_passage_names_the_day_of_the_old_note_or_nothing() -> None:
    assert all(planted(text) <= {"old.date"} for text in COPIED)
    assert sum(bool(planted(text)) for text in COPIED) >= 5


def test_relatives_stand_in_the_sentences_that_are_kept_for_them_and_nowhere_else() -> None:
    others = [text for bank in FILLERS.values() for text in bank]
    assert all(any(name.startswith("relative.") for name in planted(text)) for text in WITH_RELATIVE)
    assert {name.split(".")[0] for name in planted(*others)} <= {"patient", "provider"}
    assert not slots(*SPANISH)


def test_decoys_come_of_at_least_three_kinds_and_none_is_empty() -> None:
    found = [slot for slot in slots(*(text for bank in FILLERS.values() for text in bank)) if slot.kind == "decoy"]
    assert len({slot.more for slot in found}) >= 3
    assert all(slot.name.strip() for slot in found)


@pytest.mark.parametrize("key", sorted(BANKS), ids="-".join)
def test_a_wording_has_the_slots_that_its_fact_needs(key: tuple[str, str]) -> None:
    bank, (name, polarity) = BANKS[key], key
    for text in (*bank.usual, *bank.rare, *bank.spanish):
        words = {slot.name for slot in slots(text)}
        assert words <= {"dur", "region", "pct"}
        assert ("pct" in words) == (name == "oxygen")
        if name == "therapy" and polarity == "affirmed":
            assert "dur" in words
        if name in {"therapy", "xray"}:
            assert "region" in words
        if name not in {"therapy", "xray", "unsupervised_care"}:
            assert not words & {"dur", "region"}
