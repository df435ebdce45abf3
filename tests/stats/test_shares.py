"""Intervals of shares with a known standard error."""

from __future__ import annotations

import math

import pytest

from evalkit.stats.intervals import wilson
from evalkit.stats.shares import MOST_WORTH, interval_of_share


def test_independent_cases_have_wilsons_interval_where_they_are_many() -> None:
    n, share = 4000, 0.9
    found = interval_of_share(share, math.sqrt(share * (1 - share) / n), n_clusters=n, df=n - 1)
    assert found == pytest.approx(wilson(share * n, n), abs=1e-4)


def test_few_clusters_widen_it() -> None:
    few, many = (interval_of_share(0.8, 0.04, n_clusters=n, df=n - 1) for n in (5, 500))
    assert few[1] - few[0] > many[1] - many[0]


def test_where_nothing_varies_it_is_no_point() -> None:
    lo, hi = interval_of_share(1.0, 0.0, n_clusters=40, df=39)
    assert hi == 1.0
    assert 0.85 < lo < 0.95


def test_a_tiny_error_is_not_believed_beyond_what_clusters_can_be_worth() -> None:
    lo, hi = interval_of_share(0.5, 1e-9, n_clusters=10, df=9)
    assert hi - lo > 0.9 / math.sqrt(MOST_WORTH * 10)


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
