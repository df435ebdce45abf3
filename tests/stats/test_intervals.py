"""Intervals: published values, other libraries as oracles, and honesty where formulas collapse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from evalkit.stats.columns import Column, binary, macro_f1, mean, ratio
from evalkit.stats.distributions import normal_quantile, t_quantile
from evalkit.stats.intervals import (
    Estimate,
    clopper_pearson,
    estimate,
    one_sided,
    unseen_share,
    wilson,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def interval(column: Column) -> tuple[float, float]:
    found = estimate(column, metric="m")
    return found.lo, found.hi


def covered(columns: list[Column], truth: float) -> float:
    found = [interval(column) for column in columns]
    return float(np.mean([lo <= truth <= hi for lo, hi in found]))


@pytest.mark.parametrize(("k", "n", "lo", "hi"), [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)])
def test_wilson_gives_the_values_of_newcombe_1998(k: int, n: int, lo: float, hi: float) -> None:
    assert wilson(k, n) == pytest.approx((lo, hi), abs=5e-5)


@pytest.mark.parametrize(("k", "n", "lo", "hi"), [(81, 263, 0.2527, 0.3676), (0, 20, 0.0, 0.1684)])
def test_clopper_pearson_gives_the_values_of_newcombe_1998(k: int, n: int, lo: float, hi: float) -> None:
    assert clopper_pearson(k, n) == pytest.approx((lo, hi), abs=5e-5)


@settings(deadline=None)
@given(counts)
def test_wilson_is_that_of_statsmodels(count: tuple[int, int]) -> None:
    assert wilson(*count) == pytest.approx(proportion_confint(*count, method="wilson"), abs=1e-12)


@settings(deadline=None)
@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_clopper_pearson_is_that_of_scipy(count: tuple[int, int], confidence: float) -> None:
    expected = stats.binomtest(*count).proportion_ci(confidence, method="exact")
    assert clopper_pearson(*count, confidence) == pytest.approx((expected.low, expected.high), abs=1e-10)


@settings(deadline=None)
@given(counts)
def test_both_intervals_hold_the_share_and_mirror_at_one_half(count: tuple[int, int]) -> None:
    k, n = count
    for method in (wilson, clopper_pearson):
        lo, hi = method(k, n)
        assert 0 <= lo <= k / n <= hi <= 1
        assert method(n - k, n) == pytest.approx((1 - hi, 1 - lo), abs=1e-10)


def test_no_trials_leave_everything_open() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@settings(deadline=None)
@given(st.integers(10, 3_000))
def test_none_of_n_leaves_less_than_three_in_n_open_on_one_side(n: int) -> None:
    _, hi = one_sided(binary([0.0] * n, range(n)))
    assert 2.5 / n < hi < 3 / n


def test_quantiles_are_those_of_scipy() -> None:
    assert normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975))
    assert t_quantile(0.975, 4) == pytest.approx(stats.t.ppf(0.975, 4))


def test_right_or_wrong_without_clusters_gets_wilson() -> None:
    found = estimate(binary([1] * 94 + [0] * 6, range(100)), metric="exact", scope="tag:add_on", errors=2)
    assert found == Estimate("exact", "tag:add_on", 0.94, *wilson(94, 100), 100, 100, "wilson", 0, 2)


def test_what_was_left_out_is_counted_and_carried() -> None:
    found = estimate(binary([1, None, 0], "abc"), metric="m", not_applicable=1)
    assert (found.n, found.n_clusters, found.not_applicable) == (2, 2, 1)


def test_nothing_judged_is_nan_between_0_and_1() -> None:
    for column in (binary([], []), mean([None], "a"), ratio([0], [0], "a"), macro_f1([None], "a")):
        found = estimate(column, metric="m")
        assert np.isnan(found.value)
        assert (found.lo, found.hi, found.n, found.method) == (0.0, 1.0, 0, "nothing judged")


def test_one_case_leaves_most_of_the_range_open() -> None:
    lo, hi = interval(binary([1], "a"))
    assert lo == pytest.approx(0.2065, abs=1e-3)
    assert hi == 1.0


def test_one_cluster_says_as_much_as_one_case() -> None:
    assert interval(binary([1] * 50, ["p"] * 50)) == pytest.approx(wilson(1, 1))
    assert interval(mean([0.4, 0.6], "pp")) == pytest.approx(
        (0.5 * (1 - unseen_share(1, 0.95)), 1 - 0.5 * 0.2065), abs=1e-3
    )


@pytest.mark.parametrize("kind", [binary, mean])
def test_clusters_that_are_all_right_get_the_interval_of_as_many_cases(kind) -> None:
    column = kind([1.0] * 60, np.arange(60) // 3)
    assert interval(column) == pytest.approx(wilson(20, 20))


def test_a_perfect_ratio_is_not_certain() -> None:
    lo, hi = interval(ratio([3, 2, 4], [3, 2, 4], "abc"))
    assert (lo, hi) == pytest.approx(wilson(3, 3))


def test_equal_scores_still_have_a_width() -> None:
    lo, hi = interval(mean([0.7] * 100, range(100)))
    assert lo < 0.69
    assert hi > 0.71


def test_a_ratio_that_is_no_proportion_may_pass_1() -> None:
    found = estimate(ratio([3, 1, 2, 4], [1, 1, 2, 1], "abcd"), metric="units")
    assert found.value == 2.0
    assert found.hi > 2.0
    assert found.method == "clustered delta"
    assert found.lo >= 0


def test_a_lone_unbounded_ratio_has_no_upper_end() -> None:
    assert interval(ratio([3], [1], "a"))[1] == float("inf")


def test_clusters_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(4).integers(0, 2, 40), 5)
    alone, together = interval(binary(values, range(200))), interval(binary(values, np.arange(200) // 5))
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_wilson_by_clusters_of_one_is_nearly_wilson() -> None:
    """Shares of two trials that agree are cases of right or wrong; only the t quantile and n - 1 differ."""
    values = np.array([1.0] * 180 + [0.0] * 20)
    halves = np.append(values, 0.5)
    assert interval(binary(halves, range(201))) == pytest.approx(interval(binary(values, range(200))), abs=0.006)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=30),
    st.sampled_from(["mean", "ratio", "macro"]),
)
def test_an_interval_holds_its_estimate_and_ignores_the_order_of_cases(
    rows: list[tuple[int, int, int]], kind: str
) -> None:
    def build(rows: list[tuple[int, int, int]]) -> Column:
        clusters = [cluster for _, _, cluster in rows]
        if kind == "mean":
            return mean([a / 6 for a, _, _ in rows], clusters)
        if kind == "ratio":
            return ratio([min(a, b) for a, b, _ in rows], [max(a, b) for a, b, _ in rows], clusters)
        return macro_f1([{"x": (a, b, 0), "y": (b, 0, a)} for a, b, _ in rows], clusters)

    found, turned = estimate(build(rows), metric="m"), estimate(build(rows[::-1]), metric="m")
    assert (found.lo, found.hi) == pytest.approx((turned.lo, turned.hi), abs=1e-9)
    if found.n:
        assert 0 <= found.lo <= found.value + 1e-12
        assert found.value - 1e-12 <= found.hi <= 1


def test_intervals_of_clustered_rates_near_1_cover_what_they_say() -> None:
    """40 patients of 5 cases, rate 0.95, strongly alike within a patient: value +- t SE covers 0.80 here."""
    rng = np.random.default_rng(11)
    clusters = np.arange(200) // 5
    rates = rng.beta(0.95 * 3, 0.05 * 3, (600, 40))[:, clusters]
    columns = [binary((rng.random(200) < rate).astype(float), clusters) for rate in rates]
    assert covered(columns, 0.95) >= 0.94


def test_intervals_of_pooled_ratios_cover_what_they_say() -> None:
    rng = np.random.default_rng(12)
    columns = []
    for _ in range(600):
        lines = rng.integers(1, 5, 100)
        columns.append(ratio(rng.binomial(lines, rng.beta(9, 1, 100)), lines, range(100)))
    assert 0.925 <= covered(columns, 0.9) <= 0.975


def test_one_sided_bounds_of_right_or_wrong_are_exact() -> None:
    """0 of 300: the rule of three, exactly."""
    lo, hi = one_sided(binary([0.0] * 300, range(300)))
    assert lo == 0.0
    assert hi == pytest.approx(1 - 0.05 ** (1 / 300)) == pytest.approx(0.009936, abs=1e-6)


def test_one_sided_bounds_of_anything_else_are_the_ends_of_a_ninety_percent_interval() -> None:
    column = mean([0.2, 0.9, 0.4, 0.7, 0.8, 0.1] * 10, range(60))
    narrow = estimate(column, metric="m", confidence=0.90)
    assert one_sided(column) == (narrow.lo, narrow.hi)
    assert estimate(column, metric="m").lo < narrow.lo
