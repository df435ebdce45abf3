from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.metrics.text import (
    STOP_WORDS,
    compression,
    content_words,
    coverage,
    longest_common_subsequence,
    mentions,
    negation_gap,
    negations,
    overlap,
    rouge_1,
    rouge_l,
    support,
    tokens,
)

REFERENCE = "police killed the gunman"
"""The example of Lin 2004, section 3.1, with its published ROUGE-L of 3/4 and 2/4."""


@pytest.mark.parametrize(
    ("candidate", "published"),
    [("police kill the gunman", 0.75), ("the gunman kill police", 0.5), ("the gunman police killed", 0.5)],
)
def test_rouge_l_is_what_lin_published(candidate: str, published: float) -> None:
    assert rouge_l(candidate, REFERENCE).f1 == published


def test_rouge_1_does_not_see_the_order_of_words() -> None:
    assert rouge_1("police kill the gunman", REFERENCE) == rouge_1("the gunman kill police", REFERENCE)


def test_rouge_1_counts_a_repeated_word_as_often_as_both_have_it() -> None:
    assert rouge_1("the the the the", "the cat") == overlap(shared=1, found=4, wanted=2)


def test_rouge_tells_precision_from_recall() -> None:
    scored = rouge_1("pain", "knee pain since monday")
    assert (scored.precision, scored.recall, scored.f1) == (1.0, 0.25, 0.4)


@pytest.mark.parametrize("measure", [rouge_1, rouge_l])
def test_rouge_of_nothing_is_nothing(measure: object) -> None:
    assert measure("", "knee pain") == measure("knee pain", "") == measure("", "") == (0.0, 0.0, 0.0)  # type: ignore[operator]


def table_of_prefixes(left: list[str], right: list[str]) -> int:
    """The textbook table, to hold the bits against."""
    row = [0] * (len(right) + 1)
    for token in left:
        above = row
        row = [0]
        for column, other in enumerate(right):
            row.append(above[column] + 1 if token == other else max(row[column], above[column + 1]))
    return row[-1]


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=80)


@settings(deadline=None, max_examples=300)
@given(WORDS, WORDS)
def test_the_bits_find_the_same_subsequence_as_the_table(left: list[str], right: list[str]) -> None:
    assert longest_common_subsequence(left, right) == table_of_prefixes(left, right)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_a_subsequence_is_the_same_from_either_side(left: list[str], right: list[str]) -> None:
    assert longest_common_subsequence(left, right) == longest_common_subsequence(right, left)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_every_measure_takes_any_text_and_stays_in_range(left: str, right: str) -> None:
    for scored in (rouge_1(left, right), rouge_l(left, right)):
        assert all(0.0 <= part <= 1.0 for part in scored)
    for shared, whole in (support(left, right), coverage(left, right)):
        assert 0 <= shared <= whole
    assert negation_gap(left, right) >= 0


def test_tokens_are_lower_case_runs_of_letters_and_digits() -> None:
    assert tokens("A1c: 8.5 %, don't!") == ("a1c", "8", "5", "don", "t")


def test_content_words_leave_out_stop_words_digits_and_short_words() -> None:
    assert content_words("The patient has 2 x-rays of a knee") == {"rays", "knee"}


def test_a_mention_is_counted_as_often_as_it_stands() -> None:
    assert mentions("Knee pain, knee swelling") == {"knee": 2, "pain": 1, "swelling": 1}


def test_no_stop_word_negates() -> None:
    assert not any(negations(word) for word in STOP_WORDS)


def test_support_of_a_copy_is_complete() -> None:
    talk = "[doctor] any fever ? [patient] no fever , just coughing"
    shared, whole = support(talk, talk)
    assert shared == whole > 0


def test_support_falls_with_every_word_that_nobody_said() -> None:
    assert support("coughing, wheezing", "[patient] just coughing") == (1, 2)


def test_coverage_counts_words_of_the_reference() -> None:
    assert coverage("knee pain", "knee pain, swelling, warmth") == (2, 4)


def test_overlap_is_blind_to_negation_and_the_negation_gap_is_not() -> None:
    assert coverage("reports chest pain", "denies chest pain") == (2, 3)
    assert negation_gap("reports chest pain", "denies chest pain") == 1


@pytest.mark.parametrize("text", ["no fever", "denies fever", "without fever", "didn't have", "did n't have", "didn’t"])
def test_a_negation_is_found_however_it_is_written(text: str) -> None:
    assert negations(text) == 1


@pytest.mark.parametrize("text", ["knee", "nose", "notes", "normal", "important", "nottingham"])
def test_words_that_only_start_like_a_negation_are_none(text: str) -> None:
    assert negations(text) == 0


def test_compression_is_the_share_of_the_length() -> None:
    assert compression("knee pain", "my knee is in pain") == 0.4


def test_compression_without_a_source_is_no_number() -> None:
    assert compression("knee", "") != compression("knee", "")


def spearman(left: list[float], right: list[float]) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(left, right).statistic)


@pytest.fixture(scope="module")
def scored_summaries(shared_data: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """400 automatic summaries of MTS-Dialog and, row by row, what people said of them."""

    def read(name: str) -> list[dict[str, str]]:
        with (shared_data / "mts_dialog" / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    return (
        read("MTS-Dialog-Automatic-Summaries-ValidationSet.csv"),
        read("MTS-Dialog-Manual-Scores4CorrelationStudy.csv"),
    )


def human(rows: list[dict[str, str]], column: str) -> list[float]:
    return [float(row[column].rstrip("%")) for row in rows]


def test_coverage_sees_the_omissions_that_people_saw(
    scored_summaries: tuple[list[dict[str, str]], list[dict[str, str]]],
) -> None:
    summaries, people = scored_summaries
    covered = [coverage(row["Automatic Summary"], row["Reference Summary"]) for row in summaries]
    shares = [shared / whole if whole else 1.0 for shared, whole in covered]
    assert spearman(shares, human(people, "OmissionRate")) < -0.6
    assert abs(spearman(shares, human(people, "HallucinationRate"))) < 0.1


def test_the_negation_gap_says_more_of_factual_f1_than_rouge_l(
    scored_summaries: tuple[list[dict[str, str]], list[dict[str, str]]],
) -> None:
    summaries, people = scored_summaries
    pairs = [(row["Automatic Summary"], row["Reference Summary"]) for row in summaries]
    truth = human(people, "FactualF1")
    gap = spearman([negation_gap(*pair) for pair in pairs], truth)
    rouge = spearman([rouge_l(*pair).f1 for pair in pairs], truth)
    assert (round(gap, 2), round(rouge, 2)) == (-0.39, 0.37)
