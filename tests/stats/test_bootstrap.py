"""Bootstrap intervals: scipy's, at a fraction of the cost; coverage; and the same bytes for the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evalkit.errors import StatisticsError
from evalkit.stats.bootstrap import FEW_VALUES, bootstrap_mean
from evalkit.stats.columns import binary, ratio
from evalkit.stats.comparison import Plan, compare_columns


def test_the_bca_interval_is_that_of_scipy_where_values_are_skewed() -> None:
    values = np.random.default_rng(3).exponential(size=60)
    found = bootstrap_mean(values, seed=1, resamples=60_000)
    for kind, method in (("bca", "BCa"), ("percentile", "percentile")):
        expected = stats.bootstrap((values,), np.mean, n_resamples=20_000, method=method, batch=2_000, rng=1)
        assert found.interval(kind=kind) == pytest.approx(tuple(expected.confidence_interval), abs=0.012)


def test_resampling_by_value_and_by_weights_follow_one_law() -> None:
    rng = np.random.default_rng(4)
    few = rng.integers(-3, 4, 2_000) / 3
    many = few + rng.normal(0, 1e-6, 2_000)
    by_value = bootstrap_mean(few, seed=1, resamples=20_000).interval()
    by_weight = bootstrap_mean(many, seed=1, resamples=20_000).interval()
    assert by_value == pytest.approx(by_weight, abs=0.003)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(50.0)
    assert bootstrap_mean(values, seed=5).interval() == bootstrap_mean(values, seed=5).interval()
    assert bootstrap_mean(values, seed=5).interval() != bootstrap_mean(values, seed=6).interval()


def test_values_that_agree_leave_no_width() -> None:
    assert bootstrap_mean([0.25] * 10, seed=1).interval() == (0.25, 0.25)


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for seed in range(300):
        lo, hi = bootstrap_mean(rng.binomial(3, 0.7, 80) / 3, seed=seed, resamples=1_500).interval()
        covered += lo <= 0.7 <= hi
    assert 0.92 <= covered / 300 <= 0.98


def test_a_comparison_takes_bca_intervals_where_the_plan_says_so() -> None:
    rng = np.random.default_rng(8)
    before, after = (binary(rng.binomial(3, p, 600) / 3, np.arange(600) // 2) for p in (0.94, 0.89))
    closed = compare_columns(before, after, metric="m")
    drawn = compare_columns(before, after, metric="m", plan=Plan(resamples=4_000, seed=1))
    assert (drawn.lo, drawn.hi) == pytest.approx((closed.lo, closed.hi), abs=0.004)
    assert (drawn.lo, drawn.hi) != (closed.lo, closed.hi)
    assert drawn.p_value == closed.p_value


def test_pooled_ratios_are_resampled_by_what_each_cluster_adds() -> None:
    rng = np.random.default_rng(9)
    lines = rng.integers(1, 5, 500)
    before, after = (ratio(rng.binomial(lines, p), lines, np.arange(500)) for p in (0.95, 0.9))
    closed = compare_columns(before, after, metric="m")
    drawn = compare_columns(before, after, metric="m", plan=Plan(resamples=4_000))
    assert (drawn.lo, drawn.hi) == pytest.approx((closed.lo, closed.hi), abs=0.004)


@pytest.mark.parametrize("values", [[1.0], [], [[1.0, 2.0]], [1.0, float("nan")]])
def test_fewer_than_two_numbers_are_refused(values: list) -> None:
    with pytest.raises(StatisticsError, match="at least two"):
        bootstrap_mean(values, seed=1)


def test_values_that_differ_in_the_thirteenth_digit_are_one_value() -> None:
    noisy = np.repeat([0.25, 0.75], 50) + np.linspace(0, 1e-14, 100)
    plain = np.repeat([0.25, 0.75], 50)
    assert bootstrap_mean(noisy, seed=3).means == pytest.approx(bootstrap_mean(plain, seed=3).means)


def test_percentiles_of_lopsided_values_lie_left_of_the_corrected_interval() -> None:
    values = np.random.default_rng(2).exponential(size=60)
    drawn = bootstrap_mean(values, seed=5)
    plain, corrected = drawn.interval(kind="percentile"), drawn.interval()
    assert plain[0] < corrected[0]
    assert plain[1] < corrected[1]
    assert drawn.interval(0.5)[0] > corrected[0]
    assert drawn.interval(0.5)[1] < corrected[1]


@pytest.mark.parametrize("distinct", [FEW_VALUES, FEW_VALUES + 1])
def test_on_both_sides_of_the_limit_as_many_resamples_are_drawn_as_asked_for(distinct: int) -> None:
    values = np.arange(distinct) / distinct
    drawn = bootstrap_mean(values, seed=1, resamples=750)
    assert len(drawn.means) == 750
    assert (np.diff(drawn.means) >= 0).all()
    assert drawn.means.mean() == pytest.approx(values.mean(), abs=0.003)
    assert drawn.means.std() == pytest.approx(values.std() / math.sqrt(distinct), rel=0.15)
