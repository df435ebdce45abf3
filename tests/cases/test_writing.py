from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.writing import FORMATS, Writer, join_decoys, join_spans, steps_of, written_date
from evalkit.errors import CaseError
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Needles

NAME = Identifier("patient.name", "name", "Makayla Núñez")
DOB = Identifier("patient.dob", "date", "1947-03-09")


def test_what_was_planted_stands_at_its_span():
    text, spans = Writer().text("Patient: ").plant(NAME).line(".").plant(DOB, "March 9, 1947").build("note_text")
    assert text == "Patient: Makayla Núñez.\nMarch 9, 1947"
    assert [text[a:b] for a, b in zip(spans.start, spans.end, strict=True)] == ["Makayla Núñez", "March 9, 1947"]
    assert spans.needle_id == ("patient.name", "patient.dob")
    assert spans.field == ("note_text", "note_text")


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.text(min_size=1, max_size=12)), max_size=20))
def test_offsets_count_code_points_and_their_bytes_can_be_had(pieces):
    writer = Writer()
    planted = []
    for is_planted, piece in pieces:
        if is_planted:
            writer.plant(Identifier("n", "other", piece))
            planted.append(piece)
        else:
            writer.text(piece)
    text, spans = writer.build("f")
    assert [text[a:b] for a, b in zip(spans.start, spans.end, strict=True)] == planted
    assert writer.position == len(text)
    raw = text.encode("utf-8", "surrogatepass")
    for start, end, piece in zip(spans.start, spans.end, planted, strict=True):
        first = len(text[:start].encode("utf-8", "surrogatepass"))
        last = len(text[:end].encode("utf-8", "surrogatepass"))
        assert raw[first:last].decode("utf-8", "surrogatepass") == piece


def test_a_mark_is_a_span_as_agents_write_it():
    writer = Writer().text("Left knee. ").mark("fact-1", "two lesions")
    text, spans = writer.build("note_text")
    span = writer.span("fact-1", "note_text")
    assert span == {"field": "note_text", "start": 11, "end": 22}
    assert text[span["start"] : span["end"]] == "two lesions"
    assert len(spans) == 0


def test_a_mark_may_hold_identifiers_and_other_marks():
    writer = Writer().open("sentence").text("Seen: ").plant(NAME).mark("side", " left").close("sentence").text("!")
    text, _ = writer.build("f")
    span = writer.span("sentence", "f")
    assert text[span["start"] : span["end"]] == "Seen: Makayla Núñez left"
    assert writer.marks == ("sentence", "side")


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: Writer().mark("a", "x").mark("a", "y"),
        lambda: Writer().mark("a", "x").open("a"),
        lambda: Writer().close("a"),
        lambda: Writer().mark("a", "x").close("a"),
        lambda: Writer().span("a", "f"),
        lambda: Writer().open("a").span("a", "f"),
        lambda: Writer().plant(NAME, ""),
    ],
)
def test_a_misused_mark_is_an_error(misuse):
    with pytest.raises(CaseError):
        misuse()


def test_a_writer_shows_lengths_only():
    assert repr(Writer().plant(NAME).mark("m", "x")) == "Writer(14 characters, 1 planted, 1 marks)"


def test_spans_of_several_fields_are_joined_in_order():
    first = Writer().plant(NAME).build("a")[1]
    second = Writer().text("x").plant(DOB).build("b")[1]
    joined = join_spans([first, second])
    assert (joined.field, joined.start, joined.end) == (("a", "b"), (0, 1), (13, 11))
    assert len(join_spans([])) == 0


KNOWN = {"patient.name": NAME, "patient.dob": DOB}


def test_a_template_plants_identifiers_takes_words_and_writes_decoys():
    writer = Writer().fill(
        "{patient.name}, born {patient.dob:long}, has {things} and no {~eponym Bell} palsy.",
        KNOWN,
        {"things": "two moles"},
    )
    text, spans = writer.build("note")
    assert text == "Makayla Núñez, born March 9, 1947, has two moles and no Bell palsy."
    assert [text[a:b] for a, b in zip(spans.start, spans.end, strict=True)] == ["Makayla Núñez", "March 9, 1947"]
    decoys = writer.decoys("note")
    assert [text[a:b] for a, b in zip(decoys.start, decoys.end, strict=True)] == ["Bell"]
    assert (decoys.kind, decoys.field) == (("eponym",), ("note",))


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("iso", "1947-03-09"),
        ("us", "03/09/1947"),
        ("short", "3/9/47"),
        ("long", "March 9, 1947"),
        ("day", "9 Mar 1947"),
    ],
)
def test_a_date_is_written_in_the_style_that_the_slot_asks_for(style, shown):
    assert written_date(DOB.value, style) == shown
    assert Writer().fill(f"{{patient.dob:{style}}}", KNOWN).build("f")[0] == shown


def test_every_style_of_a_date_is_one_that_the_leak_search_finds():
    for style in FORMATS:
        assert Needles([DOB]).search(f"born {written_date(DOB.value, style)}, well", place="x"), style


@pytest.mark.parametrize(
    "template", ["{patient.name", "a } b", "{}", "{Patient.name}", "{patient.dob:stardate}", "{word:long}", "{~ x}"]
)
def test_a_template_that_cannot_be_read_is_refused(template):
    with pytest.raises(CaseError, match="slot"):
        steps_of(template)


def test_a_name_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError):
        Writer().fill("{patient.shoe}", KNOWN)
    with pytest.raises(KeyError):
        Writer().fill("{things}", KNOWN)


def test_an_empty_decoy_is_refused():
    with pytest.raises(CaseError, match="decoy"):
        Writer().decoy("eponym", "")


def test_decoys_of_several_fields_are_joined():
    one = Writer().decoy("drug", "Allegra").decoys("a")
    two = Writer().text("x ").decoy("room", "555-0123").decoys("b")
    joined = join_decoys([one, two])
    assert (joined.field, joined.start, joined.end, joined.kind) == (("a", "b"), (0, 2), (7, 10), ("drug", "room"))


@given(st.lists(st.sampled_from(["word ", "{patient.name}", "{patient.dob:us}", "{~code 123-4567}", "{things}", "é"])))
def test_offsets_of_any_template_are_exact(pieces):
    writer = Writer().fill("".join(pieces), KNOWN, {"things": "moles"})
    text, spans = writer.build("f")
    shown = [text[a:b] for a, b in zip(spans.start, spans.end, strict=True)]
    assert shown == [
        {"{patient.name}": "Makayla Núñez", "{patient.dob:us}": "03/09/1947"}[p] for p in pieces if "patient" in p
    ]
    decoys = writer.decoys("f")
    assert all(text[a:b] == "123-4567" for a, b in zip(decoys.start, decoys.end, strict=True))
    assert len(decoys) == pieces.count("{~code 123-4567}")
