"""The lexicon of notes: no wording means two things, and everything that visits are made of can be read."""

from __future__ import annotations

from collections import Counter

import pytest

from evalkit.tasks.note_summary import visits
from evalkit.tasks.note_summary.concepts import CONCEPTS, DRUGS, HABITS, MEASURES, ORDERS, PROBLEMS, SIDED
from evalkit.tasks.note_summary.statements import read_statements

READ_ALONE = [
    (kind, name, wording)
    for kind, concepts in CONCEPTS.items()
    if kind != "allergy"
    for name, wordings in concepts.items()
    for wording in wordings
]


def test_no_wording_names_two_concepts() -> None:
    counted = Counter(wording for _, _, wording in READ_ALONE)
    assert [wording for wording, count in counted.items() if count > 1] == []


def test_wordings_are_in_small_letters_and_whole_words() -> None:
    for _, _, wording in READ_ALONE:
        assert wording == wording.lower().strip()
        assert wording[0].isalnum()
        assert wording[-1].isalnum()


def test_a_name_is_the_first_wording_of_itself() -> None:
    for concepts in CONCEPTS.values():
        assert all(wordings[0] == name for name, wordings in concepts.items())


@pytest.mark.parametrize(
    ("kind", "name", "wording"), READ_ALONE, ids=[f"{kind}-{wording}" for kind, _, wording in READ_ALONE]
)
def test_every_wording_is_read_as_its_concept(kind: str, name: str, wording: str) -> None:
    found = read_statements(f"There is {wording}.")
    assert (kind, name) in {statement.concept for statement in found}


@pytest.mark.parametrize("name", SIDED)
@pytest.mark.parametrize("side", ["left", "right"])
def test_every_problem_on_a_side_is_read_with_it(name: str, side: str) -> None:
    (found,) = read_statements(f"Reports {side} {name}.")
    assert (found.name, found.side, found.polarity) == (name, side, "affirmed")


@pytest.mark.parametrize("allergen", CONCEPTS["allergy"])
def test_every_allergen_is_read_where_allergies_are_spoken_of(allergen: str) -> None:
    (found,) = read_statements(f"Allergic to {allergen}.")
    assert found.concept == ("allergy", allergen)
    assert [one for one in read_statements(f"Discussed {allergen}.") if one.kind == "allergy"] == []


def test_visits_are_made_of_known_concepts_only() -> None:
    assert set(SIDED) <= set(PROBLEMS)
    for index in range(300):
        for told in visits.make_visit(1, index).told:
            one = told.statement
            if one.kind not in ("follow_up",):
                assert one.name in CONCEPTS[one.kind]


@pytest.mark.parametrize(
    "concepts", [PROBLEMS, DRUGS, MEASURES, ORDERS, HABITS], ids=["problems", "drugs", "measures", "orders", "habits"]
)
def test_a_denied_concept_is_denied(concepts: dict[str, tuple[str, ...]]) -> None:
    for name in concepts:
        found = [one for one in read_statements(f"No {name}.") if one.name == name]
        assert [one.polarity for one in found] == ["negated"], name
