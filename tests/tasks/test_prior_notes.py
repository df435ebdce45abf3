"""How facts become documents: wording, place, marks, headers, copied text and a stranger's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from evalkit.cases.fact import Fact
from evalkit.cases.patients import Known, make_patient
from evalkit.cases.randomness import Dice, stream
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.prior_authorization.facts import Page, Story
from evalkit.tasks.prior_authorization.notes import Document, sentence, write_chart, write_stranger
from evalkit.tasks.prior_authorization.phrases import BANKS, INJECTIONS
from evalkit.tasks.prior_authorization.policy import Asked
from evalkit.tasks.prior_authorization.templates import PLACES, SPANISH, TEMPLATES


def dice(index: int = 0) -> Dice:
    return stream(1, "tests.prior").at(index)


def fact(name: str, polarity: str = "affirmed", *, page: int = 1, **more: Any) -> Fact:
    made: dict[str, Any] = {"fact_id": f"{name}-{page}", "type": "history", "date": "2025-05-01"}
    return Fact(name=name, polarity=polarity, source_document=f"note-{page}", **made, **more)  # type: ignore[arg-type]


def known() -> Known:
    days = [Identifier(f"note{number}.date", "date", f"2025-05-0{number}") for number in range(1, 5)]
    other = [Identifier("other.name", "name", "Quillon Drabbe"), Identifier("other.mrn", "mrn", "MRN10000008"),
             Identifier("other.dob", "date", "1950-01-02"), Identifier("other.first", "name", "Quillon"),
             Identifier("other.last", "name", "Drabbe"), Identifier("other.phone", "phone", "802-555-0101"),
             Identifier("other.street", "geo", "1 Zyx Way"),
             Identifier("other.member_id", "plan", "ZZT100000004")]  # fmt: skip
    doctor = Identifier("provider.name", "name", "Dr. Vosk", "provider")
    return Known(make_patient(3, 3), [*days, *other, doctor])


def story(*facts: Fact, pages: tuple[Page, ...] = (Page(60), Page(10)), rare: str = "") -> Story:
    return Story("complete", Asked("spine imaging", date(2025, 6, 30)), facts, pages, rare=rare)


def text_of(document: Document) -> str:
    return document.writer.build("x")[0]


@pytest.mark.parametrize(
    ("days", "forms"),
    [(42, {"42 days", "six weeks", "6 weeks"}), (41, {"41 days", "5 weeks and 6 days"}),
     (7, {"1 week", "one week"}), (91, {"13 weeks"}), (56, {"8 weeks", "eight weeks"})],
)  # fmt: skip
def test_a_duration_is_written_as_people_write_it(days: int, forms: set[str]) -> None:
    care = fact("therapy", value=days, unit="d", code="lumbar")
    written = {sentence(care, dice(index)).lower() for index in range(300)}
    seen = {form for form in forms if any(form in text for text in written)}
    assert seen == forms
    assert all(any(form in text for form in forms) for text in written)


@pytest.mark.parametrize(
    ("about", "words"),
    [({"code": "lumbar"}, {"low back", "lumbar spine", "lower back"}), ({"code": "neck"}, {"neck"}),
     ({"code": "knee", "laterality": "left"}, {"left knee"}), ({"code": "hip", "laterality": "right"}, {"right hip"})],
)  # fmt: skip
def test_a_region_is_named_with_its_side(about: Mapping[str, Any], words: set[str]) -> None:
    image = fact("xray", **about)
    texts = [sentence(image, dice(index)) for index in range(60)]
    assert all(any(word in text for word in words) for text in texts)
    assert {word for word in words if any(word in text for text in texts)} == words


def test_usual_rare_and_spanish_come_from_their_own_banks() -> None:
    bank = BANKS["cancer", "affirmed"]
    assert {sentence(fact("cancer"), dice(index)) for index in range(200)} == set(bank.usual)
    assert {sentence(fact("cancer"), dice(index), rare=True) for index in range(50)} == set(bank.rare)
    assert {sentence(fact("cancer"), dice(index), spanish=True) for index in range(20)} == set(bank.spanish)


def test_where_there_is_no_rare_wording_the_usual_one_is_taken() -> None:
    bank = BANKS["cancer", "family"]
    assert not bank.rare
    assert sentence(fact("cancer", "family"), dice(), rare=True) in bank.usual


def test_every_fact_stands_in_its_document_at_its_mark() -> None:
    told = (fact("nsaid", page=1), fact("cancer", "negated", page=2), fact("xray", page=2, code="lumbar"))
    for index in range(40):
        chart = write_chart(story(*told), known(), dice(index), injected=False)
        assert chart[0].writer.marks == ("nsaid-1",)
        assert set(chart[1].writer.marks) == {"cancer-2", "xray-2"}
        for document in chart:
            text = text_of(document)
            for mark in document.writer.marks:
                span = document.writer.span(mark, "x")
                quote = text[span["start"] : span["end"]]
                assert quote.endswith(".")
                assert quote[0].isupper() or quote[0].isdigit()


def test_a_document_has_a_section_for_every_fact_that_it_tells() -> None:
    by_type = {template.type: template for template in TEMPLATES}
    told = (fact("oxygen", value=88, unit="%"), fact("lung_disease"))
    kinds = set()
    for index in range(80):
        (document, _) = write_chart(story(*told), known(), dice(index), injected=False)
        sections = by_type[document.type].sections
        assert set(PLACES["oxygen"]) & set(sections)
        assert set(PLACES["lung_disease"]) & set(sections)
        kinds.add(document.type)
    assert len(kinds) >= 6


def test_every_document_names_the_patient_its_day_and_a_signature() -> None:
    for index in range(30):
        for number, document in enumerate(write_chart(story(), known(), dice(index), injected=False), start=1):
            needles = set(document.writer.build("x")[1].needle_id)
            assert {f"note{number}.date", "provider.name", "patient.mrn"} <= needles
            assert needles & {"patient.name", "patient.last"}
            assert not any(needle.startswith("other.") for needle in needles)


def test_an_instruction_stands_in_one_document_of_the_chart() -> None:
    for index in range(30):
        chart = write_chart(story(), known(), dice(index), injected=True)
        found = [sum(order in text_of(document) for order in INJECTIONS) for document in chart]
        assert sorted(found) == [0, 1]


def test_without_an_order_to_inject_there_is_none() -> None:
    chart = write_chart(story(), known(), dice(), injected=False)
    assert not any(order in text_of(document) for order in INJECTIONS for document in chart)


def test_copied_text_is_marked_as_such_and_carries_no_mark_of_a_fact() -> None:
    pages = (Page(300), Page(10, copied="note-1"))
    dated = 0
    for index in range(20):
        old, new = write_chart(story(fact("nsaid"), pages=pages), known(), dice(index), injected=False)
        told = old.writer.span("nsaid-1", "x")
        words = text_of(old)[told["start"] : told["end"]]
        line = next(line for line in text_of(new).splitlines() if words in line)
        assert line.lower().lstrip("[").startswith(("copied from", "carried forward"))
        assert new.writer.marks == ()
        dated += "note1.date" in new.writer.build("x")[1].needle_id
    assert 10 <= dated < 20  # one way of saying it names no day


def test_a_spanish_page_has_spanish_fillers_and_facts() -> None:
    pages = (Page(60, spanish=True), Page(10))
    for index in range(10):
        first, second = write_chart(story(fact("nsaid"), pages=pages), known(), dice(index), injected=False)
        assert any(line in text_of(first) for line in SPANISH)
        assert any(line in text_of(first) for line in BANKS["nsaid", "affirmed"].spanish)
        assert not any(line in text_of(second) for line in SPANISH)


def test_a_strangers_page_names_the_stranger_alone() -> None:
    for index in range(20):
        needles = set(write_stranger(known(), 3, dice(index)).writer.build("x")[1].needle_id)
        assert not any(needle.startswith("patient.") for needle in needles)
        assert {"other.mrn", "note3.date"} <= needles


def test_fillers_of_a_section_never_repeat() -> None:
    for index in range(60):
        for document in write_chart(story(), known(), dice(index), injected=False):
            lines = [part.strip(" -*") for line in text_of(document).splitlines() for part in line.split(". ")]
            told = [line for line in lines if line.startswith(("Vitamin D", "Heat helps", "Temperature", "Skin warm"))]
            assert len(told) == len(set(told))


def test_records_show_no_text() -> None:
    document = write_chart(story(), known(), dice(), injected=False)[0]
    assert repr(document) == f"Document({document.type})"
