"""How alike texts are: exact against the definition, and few near copies in what is made here."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.diversity import grams_of, near_copies, nearest_similarities, similarity
from evalkit.tasks.billing_codes.scenarios import make_case

words = st.lists(st.sampled_from("abc"), min_size=1, max_size=12).map(" ".join)


@given(st.lists(words, max_size=12), st.sampled_from([0.3, 0.5, 0.8, 1.0]))
@settings(max_examples=300, deadline=None)
def test_near_copies_are_exactly_the_texts_with_a_near_neighbour(texts: list[str], threshold: float) -> None:
    sets = [grams_of(text) for text in texts]
    expected = [
        number
        for number, mine in enumerate(sets)
        if any(similarity(mine, other) >= threshold for place, other in enumerate(sets) if place != number)
    ]
    assert near_copies(texts, threshold=threshold) == expected


@given(st.lists(words, min_size=2, max_size=10))
@settings(max_examples=100, deadline=None)
def test_the_nearest_similarity_is_the_largest_of_all_others(texts: list[str]) -> None:
    sets = [grams_of(text) for text in texts]
    expected = [
        max(similarity(mine, other) for place, other in enumerate(sets) if place != number)
        for number, mine in enumerate(sets)
    ]
    assert nearest_similarities(texts) == pytest.approx(expected)


def test_digits_and_capitals_make_no_difference() -> None:
    assert nearest_similarities(["Seen on 03/04/2025 at noon today", "seen on 11/12/2024 at noon TODAY"]) == [1, 1]


def test_one_text_alone_has_no_neighbour() -> None:
    assert nearest_similarities(["all alone here today now"]) == [0]
    assert near_copies(["all alone here today now"]) == []


def test_fewer_than_one_note_in_a_hundred_is_a_near_copy() -> None:
    notes = [make_case(7, index).input["note_text"] for index in range(1500)]
    assert len(near_copies(notes)) < 0.01 * len(notes)
    assert max(nearest_similarities(notes[:300])) < 0.5


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a b c d e f", "a b c d e f", 1),
        ("a b c d e f", "a b c d e g", 1 / 3),
        ("a b c d e f g h", "b c d e f g h i", 3 / 5),
        ("a b c d", "a b c d", 1),
        ("a b c d", "a b c e", 0),
        ("a b c d e", "e d c b a", 0),
        ("A  b\nC 1 e", "a b c 9 e", 1),
        ("", "", 1),
        ("", "a", 0),
    ],
)
def test_a_similarity_is_the_shared_runs_of_five_words_of_all_of_them(one: str, other: str, expected: float) -> None:
    assert similarity(grams_of(one), grams_of(other)) == pytest.approx(expected)
    assert nearest_similarities([one, other]) == pytest.approx([expected, expected])


def test_a_near_copy_is_one_at_the_threshold_and_not_below_it() -> None:
    texts = ["a b c d e f g h", "b c d e f g h i", "x y z u v w"]
    assert near_copies(texts, threshold=0.6) == [0, 1]
    assert near_copies(texts, threshold=0.61) == []
    assert near_copies([*texts, texts[2]], threshold=1.0) == [2, 3]
