"""Intervals of shares whose standard error is known: Wilson's at the effective number of cases, never empty."""

from __future__ import annotations

import pytest

from evalkit.stats.intervals import wilson
from evalkit.stats.shares import MOST_WORTH, interval_of_share


def test_with_many_clusters_and_the_binomial_error_it_is_wilsons() -> None:
    share, n = 0.9, 100_000
    error = (share * (1 - share) / n) ** 0.5
    found = interval_of_share(share, error, n_clusters=n, df=n - 1)
    assert found == pytest.approx(wilson(share * n, n), abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("df", [-1, 0, 1, 2])
def test_with_one_or_two_clusters_it_is_wide_and_not_an_error(value: float, df: int) -> None:
    lo, hi = interval_of_share(value, 0.0, n_clusters=2, df=df)
    assert 0 <= lo <= value <= hi <= 1
    assert hi - lo > 0.6


def test_few_clusters_widen_it_as_students_t_does() -> None:
    widths = [hi - lo for lo, hi in (interval_of_share(0.8, 0.05, n_clusters=40, df=df) for df in (3, 10, 39, 1000))]
    assert widths == sorted(widths, reverse=True)


def test_a_tiny_error_is_not_believed_beyond_what_a_cluster_can_be_worth() -> None:
    assert interval_of_share(0.5, 1e-9, n_clusters=10, df=9) == interval_of_share(0.5, 1e-6, n_clusters=10, df=9)
    lo, hi = interval_of_share(0.5, 1e-9, n_clusters=10, df=9)
    assert hi - lo > 0.1
    assert MOST_WORTH * 10 == 200


<<<<<<< HEAD
def test_a_value_beyond_the_ends_is_taken_to_the_end() -> None:
    assert interval_of_share(1.2, 0.1, n_clusters=30, df=29) == interval_of_share(1.0, 0.1, n_clusters=30, df=29)
    assert interval_of_share(-0.2, 0.1, n_clusters=30, df=29)[0] == 0.0
=======
def test_an_estimate_beyond_the_ends_is_brought_back() -> None:
    assert interval_of_share(1.02, 0.01, n_clusters=50, df=49)[1] == 1.0
    assert interval_of_share(-0.02, 0.01, n_clusters=50, df=49)[0] == 0.0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.83])
@pytest.mark.parametrize("error", [0.0, 0.02, 0.2])
def test_the_interval_holds_its_share_and_mirrors_at_one_half(share: float, error: float) -> None:
    lo, hi = interval_of_share(share, error, n_clusters=30, df=29)
    assert 0 <= lo < share < hi <= 1
    assert interval_of_share(1 - share, error, n_clusters=30, df=29) == pytest.approx((1 - hi, 1 - lo))


def test_one_cluster_has_the_widest_quantile_there_is_and_no_error_of_its_own() -> None:
    alone, two, three = (interval_of_share(0.5, 0.1, n_clusters=df + 1, df=df) for df in (0, 1, 2))
    assert alone == pytest.approx(two, abs=0.01)
    assert two[1] - two[0] > three[1] - three[0]
    assert interval_of_share(1.0, 0.0, n_clusters=2, df=1) == pytest.approx((2 / (2 + 12.7062**2), 1.0))


def test_nothing_that_varies_is_as_wide_as_that_many_cases_all_right() -> None:
    assert interval_of_share(1.0, 0.05, n_clusters=500, df=10_000) == pytest.approx(wilson(500, 500), abs=1e-4)
>>>>>>> drift
