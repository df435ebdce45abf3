"""The family-free checker: a sound case has no problem, and every planted fault is found and told without a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evalkit.cases.case import Case, Decoys, Spans
from evalkit.cases.checker import check_case, require_sound, texts_of
from evalkit.cases.writing import Writer, join_spans
from evalkit.errors import CaseError
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Identifier

NAME = Identifier("patient.name", "name", "Quillan Ostrander")
MRN = Identifier("patient.mrn", "mrn", surrogates.mrn(5))
BORN = Identifier("patient.dob", "date", "1931-03-09")
PHONE = Identifier("relative.phone", "phone", surrogates.phone(77), "relative")
AGE = Identifier("patient.age", "date", "94")


@pytest.fixture
def case() -> Case:
    writer = Writer()
    writer.fill("{p.name}, {p.mrn}, born {p.dob:long} or {p.dob:short}, {p.age} years. ", known())
    writer.fill("Call {p.phone} ({p.phone}). {~eponym Graves} disease, lot {~code 212-555-0188}.", known())
    note, spans = writer.build("note")
    other, more = Writer().fill("{p.name} again, {p.dob}.", known()).build("chart[0].text")
    return Case(
        "made-1-000000000000", "made", {"note": note, "mrn": MRN.value, "chart": [{"text": other}]}, {}, {},
        identifiers=(NAME, MRN, BORN, AGE, PHONE),
        spans=join_spans([spans, more, Spans(("mrn",), (0,), (len(MRN.value),), ("patient.mrn",))]),
        decoys=writer.decoys("note"),
    )  # fmt: skip


def known() -> dict[str, Identifier]:
    return {"p.name": NAME, "p.mrn": MRN, "p.dob": BORN, "p.phone": PHONE, "p.age": AGE}


def added(case: Case, text: str) -> Case:
    return replace(case, input={**case.input, "note": case.input["note"] + text})


def without_last_span(case: Case) -> Case:
    spans = case.spans
    return replace(case, spans=Spans(spans.field[:-1], spans.start[:-1], spans.end[:-1], spans.needle_id[:-1]))


def shifted(case: Case) -> Case:
    spans = case.spans
    return replace(case, spans=replace(spans, start=(spans.start[0] + 1, *spans.start[1:])))


FAULTS: dict[str, tuple[Callable[[Case], Case], str]] = {
    "a span off by one": (shifted, "the text at a span is not patient.name"),
    "a name once more": (lambda case: added(case, " Quillan Ostrander."), "patient.name stands outside every span"),
    "a date once more": (lambda case: added(case, " 9 Mar 1931."), "a date of the patient stands outside every span"),
    "a span lost": (without_last_span, "patient.mrn stands outside every span"),
    "a foreign phone": (lambda case: added(case, " 415-555-0111."), "a phone that is neither planted nor a decoy"),
    "a foreign address": (lambda case: added(case, " a.b@example.com"), "a email that is neither planted nor a decoy"),
    "a foreign number": (lambda case: added(case, " 900-11-0001"), "a ssn that is neither planted nor a decoy"),
    "planted nowhere": (
        lambda case: replace(case, identifiers=(*case.identifiers, Identifier("patient.first", "name", "Quillan"))),
        "patient.first is planted nowhere",
    ),
    "twice": (lambda case: replace(case, identifiers=(*case.identifiers, NAME)), "patient.name stands twice"),
    "somebody's number": (
        lambda case: replace(case, identifiers=(*case.identifiers, Identifier("x.ssn", "ssn", "212-09-9999"))),
        "x.ssn could belong to somebody",
    ),
    "a decoy on a name": (
        lambda case: replace(case, decoys=Decoys(("note",), (0,), (len(NAME.value),), ("eponym",))),
        "a decoy that is an identifier",
    ),
    "a decoy outside": (lambda case: replace(case, decoys=Decoys(("note",), (0,), (9999,), ("drug",))), "a decoy outside its text"),
    "an unknown text": (
        lambda case: replace(case, spans=join_spans([case.spans, Spans(("gone",), (0,), (1,), ("patient.name",))])),
        "a span of an unknown text or identifier",
    ),
    "overlap": (
        lambda case: replace(case, spans=join_spans([case.spans, Spans(("mrn",), (0,), (len(MRN.value),), ("patient.mrn",))])),
        "two spans overlap",
    ),
}  # fmt: skip


def test_a_sound_case_has_no_problem(case: Case) -> None:
    assert check_case(case) == ()
    require_sound(check_case(case))


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_found_and_named(case: Case, name: str) -> None:
    spoil, what = FAULTS[name]
    problems = check_case(spoil(case))
    assert what in [problem.what for problem in problems]
    shown = " ".join(map(str, problems))
    assert not [one.needle_id for one in (NAME, MRN, BORN, PHONE) if one.value in shown]


def test_a_year_of_two_digits_may_be_of_either_century(case: Case) -> None:
    assert "3/9/31" in case.input["note"]
    assert check_case(replace(case, identifiers=(NAME, MRN, replace(BORN, value="2031-03-09"), AGE, PHONE)))


def test_a_wrong_check_digit_belongs_to_nobody_either() -> None:
    wrong = MRN.value[:-1] + str((int(MRN.value[-1]) + 1) % 10)
    case = Case(
        "made-1-000000000001", "made", {"mrn": wrong}, {}, {}, identifiers=(replace(MRN, value=wrong),),
        spans=Spans(("mrn",), (0,), (len(wrong),), ("patient.mrn",)),
    )  # fmt: skip
    assert check_case(case) == ()


def test_texts_of_an_input_are_named_as_spans_name_them(case: Case) -> None:
    assert [name for name, _ in texts_of(case.input)] == ["note", "mrn", "chart[0].text"]
    assert all(case.text_of(name) == text for name, text in texts_of(case.input))


def test_a_set_that_is_not_sound_is_one_clear_line(case: Case) -> None:
    with pytest.raises(CaseError, match="problems, the first: the text at a span"):
        require_sound([*check_case(shifted(case)), *check_case(shifted(case))])


def made(text: str, *identifiers: Identifier, **places: Any) -> Case:
    return Case("made-1-000000000002", "made", {"t": text}, {}, {}, identifiers=identifiers, **places)


def problems(case: Case) -> set[str]:
    return {problem.what for problem in check_case(case)}


def one_span(end: int, needle_id: str, start: int = 0) -> Spans:
    return Spans(("t",), (start,), (end,), (needle_id,))


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("1931-03-09", True),
        ("03/09/1931", True),
        ("3/9/1931", True),
        ("3/9/31", True),
        ("March 9, 1931", True),
        ("9 Mar 1931", True),
        ("09/03/1931", False),
        ("March 10, 1931", False),
        ("9 Mar 2031", False),
        ("9 March 1931", False),
        ("1931", False),
        ("1931-03-09T00:00", False),
        ("13/40/1931", False),
    ],
)
def test_a_date_is_read_back_in_every_way_of_writing_and_as_no_other_day(text: str, reads: bool) -> None:
    what = "the text at a span is not patient.dob"
    assert (what not in problems(made(text, BORN, spans=one_span(len(text), "patient.dob")))) == reads


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("Ostrander", True),
        ("(Ostrander)", True),
        ("Ostrander's", True),
        ("the Ostrander-Vosk clinic", True),
        ("Ostranders", False),
        ("McOstrander", False),
        ("Ostrander2", False),
        ("ostrander", False),
        ("McOstrander and Ostrander", True),
    ],
)
def test_a_name_is_sought_as_a_whole_word(text: str, outside: bool) -> None:
    last = Identifier("patient.last", "name", "Ostrander")
    found = problems(made(f"Ostrander. {text}", last, spans=one_span(9, "patient.last")))
    assert found == ({"patient.last stands outside every span"} if outside else set())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("900-11-0001", "ssn"),
        ("(415) 555-0111", "phone"),
        ("(415)555-0111", "phone"),
        ("415.555.0111", "phone"),
        ("415 555-0111", "phone"),
        ("jo.doe+x@mail.example.org", "email"),
        ("MRN12345678", "mrn"),
        ("ZZT123456789", "plan"),
        ("1900-11-0001", None),
        ("900-11-00012", None),
        ("A-900-11-0001", None),
        ("1-415-555-01110", None),
        ("MRN1234567", None),
        ("MRN123456789", None),
        ("XMRN12345678", None),
        ("ZZT12345678", None),
        ("jo at example.org", None),
        ("555-0111", None),
    ],
)
def test_a_shape_is_an_identifier_s_to_the_digit(text: str, kind: str | None) -> None:
    found = problems(made(f"See {text} there."))
    assert found == ({f"a {kind} that is neither planted nor a decoy"} if kind else set())


def test_a_decoy_covers_its_own_shape_and_no_part_of_it() -> None:
    text = "lot 212-555-0188"
    whole, cut = (Decoys(("t",), (start,), (16,), ("code",)) for start in (4, 5))
    assert problems(made(text, decoys=whole)) == set()
    assert problems(made(text, decoys=cut)) == {"a phone that is neither planted nor a decoy"}
    assert "a decoy outside its text" in problems(made(text, decoys=replace(whole, end=(17,))))
    assert "a decoy outside its text" in problems(made(text, decoys=replace(whole, end=(4,))))


def test_spans_may_touch_and_a_decoy_may_stand_beside_one() -> None:
    first, last = Identifier("p.first", "name", "Quillan"), Identifier("p.last", "name", "Ostrander")
    touching = Spans(("t", "t"), (0, 7), (7, 16), ("p.first", "p.last"))
    text = "QuillanOstrander-Graves"
    assert problems(made(text, first, last, spans=touching)) == set()
    beside = Decoys(("t",), (16,), (23,), ("eponym",))
    assert problems(made(text, first, last, spans=touching, decoys=beside)) == set()
    within = replace(beside, start=(15,))
    assert problems(made(text, first, last, spans=touching, decoys=within)) == {"a decoy within a span"}


@pytest.mark.parametrize("kind", ["deidentified", "phi"])
def test_numbers_that_could_belong_to_somebody_are_a_fault_of_synthetic_cases_only(kind: str) -> None:
    ssn = Identifier("patient.ssn", "ssn", "212-09-9999")
    case = made(ssn.value, ssn, spans=one_span(11, "patient.ssn"))
    assert problems(case) == {"patient.ssn could belong to somebody"}
    assert problems(replace(case, data_class=kind)) == set()  # type: ignore[arg-type]


def test_a_problem_says_case_field_and_kind() -> None:
    (problem,) = check_case(made("See MRN12345678."))
    assert str(problem) == "made-1-000000000002, t: a mrn that is neither planted nor a decoy"
    with pytest.raises(CaseError, match="made-1-000000000002, t: 1 problems, the first: a mrn"):
        require_sound([problem])
