"""Distances and their p-values: published values, scipy as an oracle, and honesty with ties and sparse labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from evalkit.stats import distances
from evalkit.stats.distances import (
    homogeneity,
    jensen_shannon,
    kolmogorov_smirnov,
    kolmogorov_smirnov_p,
    pool_sparse,
    rank_sum_p,
    stability_index,
    total_variation,
    wasserstein,
)

counts = st.lists(st.integers(0, 30), min_size=2, max_size=8).filter(lambda c: sum(c) >= 2)
pairs = st.integers(2, 8).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(0, 30), min_size=k, max_size=k).filter(lambda c: sum(c) > 1)] * 2)
)


def one_a_bin(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Untied samples as counts, each value a bin of its own."""
    merged = np.sort(np.concatenate([first, second]))
    return np.isin(merged, first).astype(int), np.isin(merged, second).astype(int)


def values_of(bins: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(bins)), bins).astype(float)


def test_wasserstein_gives_the_values_of_scipys_documentation() -> None:
    # wasserstein_distance([0, 1, 3], [5, 6, 8]) and its weighted example
    assert wasserstein([0, 1, 3, 5, 6, 8], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]) == pytest.approx(5.0)
    places = [3.4, 3.9, 4.5, 7.5, 7.8, 1.4]
    order = np.argsort(places)
    one = np.array([1.4, 0.9, 0.0, 3.1, 7.2, 0.0])[order]
    other = np.array([0.0, 0.0, 3.5, 0.0, 0.0, 3.2])[order]
    expected = stats.wasserstein_distance([3.4, 3.9, 7.5, 7.8], [4.5, 1.4], [1.4, 0.9, 3.1, 7.2], [3.2, 3.5])
    assert expected == pytest.approx(4.078133143804786)
    other[np.sort(places) == 4.5], other[np.sort(places) == 1.4] = 3.2, 3.5
    assert wasserstein(np.sort(places), one, other) == pytest.approx(4.078133143804786, abs=1e-12)


def test_jensen_shannon_gives_the_values_of_scipys_documentation() -> None:
    assert jensen_shannon([1, 0, 0], [0, 1, 0], base=2) == pytest.approx(1.0)
    assert jensen_shannon([1.0, 0.0], [0.5, 0.5]) == pytest.approx(0.46450140402245893, abs=1e-14)
    assert jensen_shannon([1, 0, 0], [1, 0, 0]) == 0.0


@settings(deadline=None)
@given(pairs)
def test_jensen_shannon_is_that_of_scipy(pair: tuple[list[int], list[int]]) -> None:
    assert jensen_shannon(*pair, base=2) == pytest.approx(float(jensenshannon(*pair, 2)), abs=1e-7)


@settings(deadline=None)
@given(pairs)
def test_wasserstein_of_bins_is_that_of_scipy(pair: tuple[list[int], list[int]]) -> None:
    expected = stats.wasserstein_distance(values_of(pair[0]), values_of(pair[1]))
    assert wasserstein(np.arange(len(pair[0])), *pair) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(pairs)
def test_the_kolmogorov_smirnov_distance_is_that_of_scipy(pair: tuple[list[int], list[int]]) -> None:
    expected = stats.ks_2samp(values_of(pair[0]), values_of(pair[1]), method="asymp").statistic
    assert kolmogorov_smirnov(*pair) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "m", "shift"), [(11, 14, 0.9), (60, 45, 0.2), (120, 300, 0.3)])
def test_without_ties_the_p_is_scipys_exact_one(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    first, second = rng.normal(size=n), rng.normal(shift, size=m)
    expected = stats.ks_2samp(first, second, method="exact").pvalue
    assert kolmogorov_smirnov_p(*one_a_bin(first, second)) == pytest.approx(expected, rel=1e-8)


def test_with_ties_the_p_is_that_of_every_permutation() -> None:
    first, second = [3, 0, 2, 1], [0, 4, 1, 1]
    values, n = np.concatenate([values_of(first), values_of(second)]), sum(first)
    seen = kolmogorov_smirnov(first, second)
    from itertools import combinations

    far = total = 0
    for chosen in combinations(range(len(values)), n):
        mine = np.bincount(values[list(chosen)].astype(int), minlength=4)
        rest = np.bincount(values.astype(int), minlength=4) - mine
        far += kolmogorov_smirnov(mine, rest) >= seen - 1e-12
        total += 1
    assert kolmogorov_smirnov_p(first, second) == pytest.approx(far / total, abs=1e-10)


def test_beyond_the_limit_of_work_the_limiting_distribution_is_near_the_exact_p(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    first, second = one_a_bin(rng.normal(size=400), rng.normal(0.12, size=500))
    exact = kolmogorov_smirnov_p(first, second)
    monkeypatch.setitem(distances.__dict__, "WORK_LIMIT", 0)
    assert kolmogorov_smirnov_p(first, second) == pytest.approx(exact, rel=0.12)


@pytest.mark.parametrize("pair", [([5, 0], [7, 0]), ([4, 4], [2, 2]), ([9], [3])])
def test_two_groups_that_look_the_same_have_p_one(pair: tuple[list[int], list[int]]) -> None:
    assert kolmogorov_smirnov_p(*pair) == 1.0
    assert rank_sum_p(*pair) == 1.0


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_a_p_is_a_share_and_knows_no_order_of_the_groups(pair: tuple[list[int], list[int]]) -> None:
    for test in (kolmogorov_smirnov_p, rank_sum_p):
        assert 0 <= test(*pair) <= 1
        assert test(*pair) == pytest.approx(test(*reversed(pair)), abs=1e-9)


@settings(deadline=None)
@given(pairs)
def test_the_rank_sum_is_scipys_mann_whitney_without_continuity(pair: tuple[list[int], list[int]]) -> None:
    if len({*values_of(pair[0]), *values_of(pair[1])}) < 2:
        return
    expected = stats.mannwhitneyu(
        values_of(pair[0]), values_of(pair[1]), method="asymptotic", use_continuity=False
    ).pvalue
    assert rank_sum_p(*pair) == pytest.approx(expected, abs=1e-9)


def test_homogeneity_is_the_chi_square_test_of_the_table() -> None:
    first, second = [120, 60, 40, 30], [100, 90, 30, 40]
    expected = stats.chi2_contingency([first, second], correction=False)
    statistic, p, df = homogeneity(first, second)
    assert (statistic, p) == pytest.approx((expected.statistic, expected.pvalue))
    assert df == expected.dof


@settings(deadline=None)
@given(counts, counts)
def test_pooled_labels_keep_every_row_and_expect_enough(one: list[int], other: list[int]) -> None:
    size = max(len(one), len(other))
    first, second = (np.array([*c, *[0] * (size - len(c))], dtype=float) for c in (one, other))
    pooled = pool_sparse(first, second)
    assert pooled[0].sum() == first.sum()
    assert pooled[1].sum() == second.sum()
    total = pooled[0] + pooled[1]
    least = min(first.sum(), second.sum()) / total.sum()
    assert len(total) == 1 or total.min() * least >= distances.SPARSE - 1e-9


def test_one_label_is_no_test() -> None:
    assert homogeneity([40, 0], [30, 0]) == (0.0, 1.0, 0)


def test_fifty_sparse_labels_alarm_as_often_as_they_say() -> None:
    rng = np.random.default_rng(50)
    shares = np.random.default_rng(1).dirichlet(np.ones(50) * 2)
    pairs_ = zip(rng.multinomial(500, shares, 4000), rng.multinomial(500, shares, 4000), strict=True)
    alarms = np.mean([homogeneity(*pair)[1] <= 0.05 for pair in pairs_])
    assert 0.036 <= alarms <= 0.06


def test_total_variation_is_the_share_of_rows_that_would_have_to_move() -> None:
    assert total_variation([50, 50], [60, 40]) == pytest.approx(0.1)
    assert total_variation([10, 0], [0, 7]) == 1.0


def test_the_stability_index_counts_half_a_row_more_and_is_symmetric() -> None:
    assert stability_index([10, 10], [10, 10]) == 0.0
    p, q = np.array([30.5, 10.5]) / 41, np.array([20.5, 20.5]) / 41
    assert stability_index([30, 10], [20, 20]) == pytest.approx(float(((q - p) * np.log(q / p)).sum()))
    assert stability_index([30, 0], [20, 20]) == pytest.approx(stability_index([20, 20], [30, 0]), rel=0.35)
    assert math.isfinite(stability_index([30, 0], [0, 30]))
