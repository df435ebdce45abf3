"""The words of a report and the limits of its leak check."""

from __future__ import annotations

import pytest

from evalkit.report.glossary import GLOSSARY, LEAK_LIMITS
from evalkit.report.sentences import VERDICT_WORDS

TERMS = [term for term, _ in GLOSSARY]


@pytest.mark.parametrize(("term", "meaning"), GLOSSARY)
def test_a_meaning_is_a_whole_sentence_in_plain_ascii(term: str, meaning: str) -> None:
    assert meaning[:2] == "p " or meaning[0].isupper()
    assert meaning.endswith(".")
    assert (term + meaning).isascii()


@pytest.mark.parametrize(("term", "meaning"), GLOSSARY)
def test_a_term_is_not_explained_by_itself(term: str, meaning: str) -> None:
    assert not meaning.lower().startswith(f"{term.lower()} is")
    assert meaning.lower() != term.lower()


@pytest.mark.parametrize(("term", "meaning"), GLOSSARY)
def test_an_explanation_is_short_enough_to_be_read(term: str, meaning: str) -> None:
    assert 1 <= len(term.split()) <= 3
    assert len(meaning) <= 140


def test_no_term_is_explained_twice() -> None:
    assert len({term.lower() for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize("verdict", ["regressed", "improved", "equivalent", "undecided", "not_observed"])
def test_every_verdict_of_a_comparison_is_explained_as_it_is_said(verdict: str) -> None:
    assert VERDICT_WORDS[verdict] in TERMS


@pytest.mark.parametrize("term", ["undecided", "not observed"])
def test_what_is_no_pass_says_so(term: str) -> None:
    assert "not a pass" in dict(GLOSSARY)[term]


@pytest.mark.parametrize("heading", ["left out", "still possible", "not observed", "margin", "smallest visible drop"])
def test_the_headings_of_the_tables_are_explained(heading: str) -> None:
    assert heading in TERMS


@pytest.mark.parametrize(("earlier", "later"), [("p", "Holm"), ("margin", "equivalent"), ("Holm", "regressed")])
def test_a_word_is_explained_before_it_is_used(earlier: str, later: str) -> None:
    assert earlier in dict(GLOSSARY)[later]
    assert TERMS.index(earlier) < TERMS.index(later)


@pytest.mark.parametrize("limit", LEAK_LIMITS)
def test_a_limit_is_told_in_whole_ascii_sentences(limit: str) -> None:
    assert limit[0].isupper()
    assert limit.endswith(".")
    assert limit.isascii()
    assert "  " not in limit


@pytest.mark.parametrize(
    "subject",
    ["nobody listed", "paraphrase", "translation", "encryption", "salted hash", "Images", "organisations", "elsewhere"],
)
def test_every_known_blind_spot_is_named_once(subject: str) -> None:
    assert sum(subject in limit for limit in LEAK_LIMITS) == 1


def test_the_last_word_is_that_a_pass_proves_nothing_absent() -> None:
    assert "does not prove" in LEAK_LIMITS[-1]
    assert "still possible" in LEAK_LIMITS[-1]
