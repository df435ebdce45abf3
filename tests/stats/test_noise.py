"""Noise: the split of the variance, the cases that waver, and what more trials buy."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import StatisticsError
from evalkit.stats.noise import pass_at_k, pass_hat_k, split_variance, trials_needed
from evalkit.stats.power import cases_needed_mean

SHROUT_FLEISS_1979 = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Six targets, four judges, marks up to 10: ICC(1) is 0.17."""


def test_the_icc_is_that_of_shrout_and_fleiss_1979() -> None:
    noise = split_variance(np.array(SHROUT_FLEISS_1979) / 10)
    assert noise.icc == pytest.approx(0.17, abs=0.005)
    assert noise.within * 100 == pytest.approx(6.26, abs=0.005)


def test_the_split_is_what_a_simulation_was_made_of() -> None:
    rng = np.random.default_rng(3)
    expected = rng.normal(0.5, 0.2, 4_000)
    noise = split_variance(expected[:, None] + rng.normal(0, 0.1, (4_000, 3)))
    assert noise.between == pytest.approx(0.04, rel=0.08)
    assert noise.within == pytest.approx(0.01, rel=0.05)
    assert noise.trials == 3


def test_trials_that_were_not_judged_are_left_out_of_the_split() -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(0.5, 0.2, 3_000)[:, None] + rng.normal(0, 0.1, (3_000, 4))
    scores[rng.random(scores.shape) < 0.3] = np.nan
    noise = split_variance(scores)
    assert noise.between == pytest.approx(0.04, rel=0.1)
    assert noise.within == pytest.approx(0.01, rel=0.08)
    assert 2.5 < noise.trials < 3


def test_flaky_cases_are_those_whose_trials_disagree_the_most_divided_first() -> None:
    noise = split_variance([[1, 1, 1, 1], [1, 0, 1, 0], [np.nan] * 4, [0, 0, 0, 1], [0, 0, 0, 0]])
    assert noise.flaky.tolist() == [1, 3]
    assert noise.n == 4


def test_the_standard_error_shrinks_with_trials_down_to_what_lies_between_cases() -> None:
    noise = split_variance([[1, 0], [1, 1], [0, 0], [0, 1], [1, 1], [1, 0]])
    assert noise.standard_error(1) > noise.standard_error(4) > math.sqrt(noise.between / noise.n)


def test_advice_says_where_the_next_call_is_best_spent() -> None:
    assert "one trial a case" in split_variance([[1], [0]]).advice()
    assert "one trial is enough" in split_variance([[1, 1], [0, 0]]).advice()
    assert "twice the trials narrow the interval by 29%" in split_variance([[1, 0], [0, 1], [1, 0]]).advice()
    rng = np.random.default_rng(1)
    steady = np.repeat(rng.random(100) < 0.5, 3).reshape(100, 3).astype(float)
    steady[0, 0] = 1 - steady[0, 0]
    assert "add cases" in split_variance(steady).advice()


def test_scores_of_one_shape_only_are_split() -> None:
    with pytest.raises(StatisticsError, match="a row a case"):
        split_variance([1.0, 0.0])


def test_nothing_judged_splits_into_nothing() -> None:
    noise = split_variance(np.full((3, 2), np.nan))
    assert noise.n == 0
    assert math.isnan(noise.icc)


def test_trials_and_cases_answer_the_same_formula() -> None:
    """Miller's example: 1259.7 cases with 10 trials; with as many cases, 10 trials are needed."""
    n = math.ceil(cases_needed_mean(0.03, between=1 / 9, noise=(1 / 6, 1 / 6), trials=(10, 10), alpha=0.025))
    assert trials_needed(0.03, n=n, between=1 / 9, noise=(1 / 6, 1 / 6), alpha=0.025) == 10


def test_no_number_of_trials_makes_up_for_too_few_cases() -> None:
    assert trials_needed(0.03, n=900, between=1 / 9, noise=(1 / 6, 1 / 6), alpha=0.025) is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(1, 5))
def test_pass_at_k_and_hat_k_are_means_over_every_draw(hits: list[int], k: int) -> None:
    at, hat = [], []
    for right in hits:
        draws = list(itertools.combinations([True] * right + [False] * (5 - right), k))
        at.append(sum(map(any, draws)) / len(draws))
        hat.append(sum(map(all, draws)) / len(draws))
    assert pass_at_k(hits, 5, k) == pytest.approx(sum(at) / len(at))
    assert pass_hat_k(hits, 5, k) == pytest.approx(sum(hat) / len(hat))


@pytest.mark.parametrize(("right", "trials", "k"), [([3], 2, 1), ([1], 2, 3), ([], 2, 1), ([-1], 2, 1), ([1], 2, 0)])
def test_k_of_fewer_trials_is_refused(right: list[int], trials: int, k: int) -> None:
    with pytest.raises(StatisticsError, match="k trials"):
        pass_at_k(right, trials, k)


def test_tau_bench_rewards_give_their_published_reliability(shared_data: Path) -> None:
    rewards = json.loads((shared_data / "tau_bench" / "rewards.json").read_text(encoding="utf-8"))
    table = np.zeros((50, 4))
    for one in rewards:
        table[one["task_id"], one["trial"]] = one["reward"]
    right = table.sum(axis=1)
    hats = [round(pass_hat_k(right, 4, k), 3) for k in (1, 2, 3, 4)]
    assert hats == [0.420, 0.273, 0.220, 0.200]
    assert pass_at_k(right, 4, 4) == pytest.approx(0.720)
    assert len(split_variance(table).flaky) == 26


@pytest.mark.parametrize(("scores", "word", "flaky"), [([[1, 0, 1]], "flaky", [0]), ([[1, 1, 1]], "steady", [])])
def test_one_case_alone_is_called_flaky_or_steady_and_asks_for_cases(
    scores: list[list[int]], word: str, flaky: list[int]
) -> None:
    noise = split_variance(scores)
    assert math.isnan(noise.within)
    assert noise.flaky.tolist() == flaky
    assert noise.advice() == str(noise) == f"one case alone, {word}: how cases differ is not known; add cases"
    assert split_variance([[np.nan] * 3, *scores]).flaky.tolist() == [place + 1 for place in flaky]
