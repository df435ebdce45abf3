"""Judges: ppi-python's figures, coverage with few ratings, and no interval without people."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.intervals import Estimate
from evalkit.stats.judges import FEWEST_RATED, Powered, alone, judged_difference, judged_mean, refuse_alone

RATED, ALL = 100, 2100


def yes_or_no() -> tuple[np.ndarray, np.ndarray]:
    """Ratings that are right in nine of ten cases, and a judge that errs in one of eleven."""
    index = np.arange(ALL)
    people = ((index * 37) % 10 != 0).astype(float)
    return people, np.where((index * 53) % 11 == 0, 1 - people, people)


def graded() -> tuple[np.ndarray, np.ndarray]:
    index = np.arange(ALL)
    people = (index * 37 % 101) / 100
    return people, np.clip(people + ((index * 29 % 17) - 8) / 40, 0, 1)


def judge(people: np.ndarray, judged: np.ndarray, rated: int = RATED) -> Powered:
    return judged_mean(people[:rated], judged[:rated], judged[rated:])


def test_the_estimate_is_that_of_ppi_python() -> None:
    # ppi_py 0.2.3: ppi_mean_pointestimate and ppi_mean_ci(alpha=.05) of the same arrays
    found = judge(*yes_or_no())
    assert found.value == pytest.approx(0.90409248, abs=1e-4)
    assert (found.lo, found.hi) == pytest.approx((0.85749195, 0.95069302), abs=0.016)
    smooth = judge(*graded())
    assert smooth.value == pytest.approx(0.49691997, abs=1e-5)
    assert (smooth.lo, smooth.hi) == pytest.approx((0.47187202, 0.52196792), abs=0.0015)


def test_few_ratings_widen_what_the_normal_interval_of_ppi_python_gives() -> None:
    found = judge(*graded())
    assert found.hi - found.lo > 0.52196792 - 0.47187202


def trial(seed: int, rated: int, accuracy: float) -> Powered:
    rng = np.random.default_rng([seed, rated])
    people = (rng.random(rated + 2000) < 0.9).astype(float)
    judged = np.where(rng.random(len(people)) < accuracy, people, 1 - people)
    return judge(people, judged, rated)


@pytest.mark.parametrize(("rated", "accuracy"), [(50, 0.9), (50, 0.95), (100, 0.9), (100, 0.95)])
def test_intervals_cover_with_few_ratings_and_are_shorter_than_those_of_ratings_alone(
    rated: int, accuracy: float
) -> None:
    found = [trial(seed, rated, accuracy) for seed in range(400)]
    assert np.mean([one.lo <= 0.9 <= one.hi for one in found]) >= 0.93
    assert np.mean([one.saved for one in found]) > 0.1
    # what a judge alone would have said: it covers hardly ever, and is not offered
    naive = [1.96 * math.sqrt(one.judge * (1 - one.judge) / one.n_cases) for one in found]
    covered = np.mean([abs(one.judge - 0.9) <= half for one, half in zip(found, naive, strict=True)])
    assert covered < 0.6


def test_a_judge_that_says_nothing_is_not_listened_to_and_costs_little() -> None:
    rng = np.random.default_rng(1)
    people, noise = (rng.random(1100) < 0.8).astype(float), rng.random(1100)
    found = judge(people, noise)
    assert abs(found.weight) < 0.2
    assert found.hi - found.lo < 1.15 * (found.human_hi - found.human_lo)


def test_a_judge_that_says_the_opposite_helps_as_much() -> None:
    people, judged = graded()
    same, other = judge(people, judged), judge(people, 1 - judged)
    assert other.weight == pytest.approx(-same.weight)
    assert (other.value, other.lo, other.hi) == pytest.approx((same.value, same.lo, same.hi))


def test_ratings_of_one_patient_count_less() -> None:
    people, judged = graded()
    patients = np.repeat(np.arange(25), 4)
    tied = judged_mean(np.repeat(people[:25], 4), np.repeat(judged[:25], 4), judged[100:], clusters=patients)
    free = judged_mean(np.repeat(people[:25], 4), np.repeat(judged[:25], 4), judged[100:])
    assert tied.hi - tied.lo > 1.5 * (free.hi - free.lo)
    assert tied.n_clusters == 25


def test_where_everything_is_rated_people_have_the_last_word() -> None:
    people, judged = graded()
    found = judged_mean(people[:100], judged[:100], [])
    assert found.weight == 0
    assert found.value == found.human


def test_unanimous_ratings_have_an_interval_all_the_same() -> None:
    found = judged_mean([1.0] * 40, [1.0] * 40, [1.0] * 500)
    assert found.value == 1.0
    assert found.hi == 1.0
    assert found.lo < 0.97


def test_a_difference_of_two_versions_is_estimated_the_same_way() -> None:
    people, judged = graded()
    shift = people[::-1] - people
    seen = judged[::-1] - judged
    value, lo, hi = judged_difference(shift[:RATED], seen[:RATED], seen[RATED:])
    assert lo < value < hi
    assert value == pytest.approx(shift.mean(), abs=0.06)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (([1.0] * 10, [1.0] * 10, [1.0] * 500), "rated 10 cases"),
        (([], [], [1.0] * 500), "a judge alone is no evidence"),
        (([1.0] * 30, [1.0] * 20, [1.0] * 5), "30 ratings stand beside 20"),
        (([1.5] * 30, [1.0] * 30, [1.0] * 5), "a rating lies outside"),
        (([1.0] * 30, [1.0] * 30, [float("nan")]), "a value of the judge lies outside"),
    ],
)
def test_what_cannot_be_estimated_is_refused(arguments, what: str) -> None:
    with pytest.raises(StatisticsError, match=what):
        judged_mean(*arguments)


def test_few_clusters_are_few_ratings() -> None:
    people, judged = graded()
    with pytest.raises(StatisticsError, match=f"at least {FEWEST_RATED}"):
        judged_mean(people[:100], judged[:100], judged[100:], clusters=np.repeat(np.arange(5), 20))


def test_a_judge_alone_is_refused_an_interval() -> None:
    assert "calibrate metric" in str(refuse_alone("judge_faithful"))
    bare = alone(Estimate("judge_faithful", "all", 0.9, 0.88, 0.92, 400, 400, "wilson"))
    assert math.isnan(bare.lo)
    assert math.isnan(bare.hi)
    assert bare.value == 0.9
    assert bare.method == "judge alone: no interval"


def test_an_estimate_says_what_each_source_says() -> None:
    found = judge(*yes_or_no())
    assert "from 100 rated cases and the judge on 2,100" in found.sentence()
    assert "none: not evidence" in found._repr_html_()
