"""Likeness: near copies, and cases that a spec gives away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.cases.case import Case
from evalkit.promotion.likeness import Crowd, given_away, text_of
from evalkit.tasks import read_spec

EXAMPLES = """
# Examples

| example | given | when | then |
|---|---|---|---|
| tied tongue | - | {when} | lines: [], confidence: 1, needs_review: false |
"""
WHEN = (
    'note_text: "Frenotomy done today.", new_patient: true, date_of_service: 2025-03-04, patient_mrn: MRN95000001, '
    'rendering_npi: "9100171690"'
)


def request(**changes):
    given = {
        "note_text": "Frenotomy done today.", "new_patient": True, "date_of_service": "2025-03-04",
        "patient_mrn": "MRN95000001", "rendering_npi": "9100171690",
    }  # fmt: skip
    return Case(case_id="x-1", family="billing_codes", input={**given, **changes}, flags={}, gold={"lines": []})


def test_the_same_note_is_a_copy_and_other_notes_are_none(patients):
    crowd = Crowd.of(patients)
    for case in patients:
        twin = replace(case, case_id="twin")
        assert crowd.like(twin) == (case.case_id, 1.0)
        assert crowd.like(twin, besides=case.case_id) is None


def test_other_numbers_make_no_other_note(patients):
    case = next(one for one in patients if one.refusal is None)
    digits = str.maketrans("123", "456")
    other = replace(case, case_id="other", input={**case.input, "note_text": case.input["note_text"].translate(digits)})
    assert Crowd.of([case]).like(other) is not None


def test_the_same_note_with_another_answer_due_is_another_test(patients):
    case = next(one for one in patients if one.refusal is None)
    assert Crowd.of([case]).like(replace(case, case_id="other", refusal="NOTE_UNSIGNED", gold={})) is None


def test_a_case_that_is_an_example_of_the_spec_is_given_away_with_its_line(spec):
    told = read_spec(spec.source + EXAMPLES.format(when=WHEN), path="draft.md")
    place = given_away(request(), [told])
    line = told.source.split("\n").index(next(one for one in told.source.split("\n") if "tied tongue" in one)) + 1
    assert place == f"billing_codes@1.0.0, Examples (line {line})"
    assert given_away(request(), [spec]) is None
    assert given_away(request(new_patient=False), [told]) is None
    assert given_away(request(note_text="Another note."), [told]) is None


def test_a_note_that_is_quoted_in_the_prose_is_given_away(spec, patients):
    case = next(one for one in patients if one.refusal is None)
    quoted = " ".join(case.input["note_text"].replace("#", "").split())
    told = read_spec(spec.source.replace("# Purpose\n", f"# Purpose\n\nLike this one: {quoted}\n"), path="draft.md")
    assert given_away(case, [spec, told]) == "billing_codes@1.0.0, its text"
    assert given_away(case, [spec]) is None


def test_no_case_of_another_seed_is_given_away_or_a_copy(spec, patients):
    from evalkit.tasks import synthesize

    crowd = Crowd.of(patients)
    others = synthesize(spec, n=60, seed=99)
    assert [case.case_id for case in others if given_away(case, [spec])] == []
    assert sum(crowd.like(case) is not None for case in others) == 0


@pytest.mark.parametrize(("value", "text"), [({"a": ["x", {"b": "y"}], "c": 3}, "x\ny\n3"), ({}, "")])
def test_every_text_of_the_input_counts(value, text):
    assert text_of(Case(case_id="x", family="f", input=value, flags={}, gold={})) == text
