"""Cells: one grid for short and long tails, exact sums of parts, and bins that tell nobody apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.stats.cells import CELLS, Numbers, Scale, add_numbers, align, count_numbers, find_scale, read_numbers
from evalkit.stats.distances import kolmogorov_smirnov, wasserstein
from evalkit.stats.levels import LEAST


def profiled(values: np.ndarray) -> Numbers:
    return count_numbers(values, find_scale(values))


@pytest.mark.parametrize("name", ["normal", "lognormal", "uniform", "exponential"])
def test_distances_on_the_grid_are_those_of_the_values(name: str) -> None:
    rng = np.random.default_rng(3)
    one, other = getattr(rng, name)(size=20_000), getattr(rng, name)(size=15_000) * 1.08
    left = profiled(one)
    right = count_numbers(other, left.scale)
    assert kolmogorov_smirnov(left.counts, right.counts) == pytest.approx(
        stats.ks_2samp(one, other).statistic, abs=0.001
    )
    expected = stats.wasserstein_distance(one, other)
    assert wasserstein(left.middles, left.counts, right.counts) == pytest.approx(expected, rel=0.01, abs=0.002)


def test_values_far_out_and_values_that_are_none_are_all_counted() -> None:
    counts, missing = Scale(0.0, 1.0).count(np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0, 1.5]))
    assert missing == 3
    assert counts.sum() == 4
    assert counts[0] == counts[-1] == 1


@settings(deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_the_order_of_values_is_the_order_of_their_cells(values: list[float]) -> None:
    scale = find_scale(np.array(values))
    cells = [int(scale.count(np.array([value]))[0].argmax()) for value in sorted(values)]
    assert cells == sorted(cells)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=80), st.integers(1, 79))
def test_profiles_of_parts_add_up_to_that_of_the_whole(values: list[float], cut: int) -> None:
    whole = np.array(values)
    scale = find_scale(whole)
    parts = [count_numbers(part, scale) for part in (whole[:cut], whole[cut:])]
    assert (add_numbers(*parts).counts == count_numbers(whole, scale).counts).all()


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=0, max_size=300), st.integers(0, 30))
def test_no_bin_of_a_suppressed_column_tells_fewer_than_eleven_rows_apart(values: list[int], missing: int) -> None:
    column = count_numbers(np.array([*map(float, values), *[np.nan] * missing]), Scale(0.0, 8.0))
    kept = column.suppress()
    if len(kept.starts) > 1:
        assert all(rows == 0 or rows >= LEAST for rows in kept.counts)
    assert kept.missing is None or kept.missing == 0 or kept.missing >= LEAST
    assert kept.rows == column.rows
    assert kept.starts[0] == 0


def test_suppressing_twice_changes_nothing() -> None:
    once = profiled(np.random.default_rng(0).normal(size=700)).suppress()
    twice = once.suppress()
    assert (once.starts == twice.starts).all()
    assert (once.counts == twice.counts).all()


def test_suppressed_columns_still_add_up_in_bins_that_both_have() -> None:
    rng = np.random.default_rng(5)
    scale = Scale(0.0, 1.0)
    one, other = (count_numbers(rng.normal(size=n), scale).suppress() for n in (400, 900))
    both = add_numbers(one, other)
    assert both.counts.sum() == 1300
    assert len(both.starts) > 15
    assert {*both.starts.tolist()} <= {*one.starts.tolist()} & {*other.starts.tolist()}


def test_too_few_missing_rows_join_the_lowest_bin_in_sums_too() -> None:
    kept = count_numbers(np.array([*np.arange(40.0), *[np.nan] * 3]), Scale(16.0, 8.0)).suppress()
    assert kept.missing is None
    assert kept.rows == 43
    both = add_numbers(kept, count_numbers(np.array([1.0, np.nan]), kept.scale).regroup(kept.starts))
    assert both.missing is None
    assert both.rows == 45


def test_a_scale_is_made_of_a_power_of_two_and_a_multiple_of_it() -> None:
    values = np.random.default_rng(8).normal(37.123, 4.56, size=999)
    scale = find_scale(values)
    assert np.log2(scale.step) == round(np.log2(scale.step))
    assert scale.centre % scale.step == 0
    assert scale.centre not in values


@pytest.mark.parametrize("values", [[0.0] * 20, [7.0] * 20, [np.nan] * 5, [1e-12] * 20])
def test_a_column_that_never_varies_has_a_scale_and_its_own_value_as_median(values: list[float]) -> None:
    column = profiled(np.array(values))
    assert column.rows == len(values)
    if not np.isnan(values[0]):
        assert column.quantile(0.5) == pytest.approx(values[0], rel=0.002)


def test_quantiles_and_spread_are_those_of_the_values() -> None:
    values = np.random.default_rng(2).gamma(3.0, size=5000)
    column = profiled(values)
    assert column.quantile(0.25) == pytest.approx(np.quantile(values, 0.25), abs=0.01)
    assert column.spread == pytest.approx(values.std(), rel=0.01)
    assert np.isnan(profiled(np.array([np.nan])).quantile(0.5))


def test_cells_and_places_are_inverse() -> None:
    scale = Scale(5.0, 2.0)
    places = scale.places(np.arange(CELLS) + 0.5)
    assert (np.diff(places) > 0).all()
    counted, _ = scale.count(places)
    assert (counted == 1).all()


@pytest.mark.parametrize(
    ("values", "numeric"),
    [([1, 2, None], True), ([1.5], True), ([True, False], False), (["a"], False), (np.array([1, 2]), True)],
)
def test_numbers_are_numbers_and_booleans_are_labels(values: object, numeric: bool) -> None:
    assert (read_numbers(values) is not None) is numeric


def test_aligned_columns_have_the_same_bins() -> None:
    rng = np.random.default_rng(6)
    fine = count_numbers(rng.normal(size=300), Scale(0.0, 1.0))
    kept, same = align(fine.suppress(), fine)
    assert (kept.starts == same.starts).all()
    assert (kept.counts == same.counts).all()
