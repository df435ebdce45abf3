"""Binomial, t and normal: every figure beside that of scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from evalkit.stats.distributions import (
    beta_quantile,
    binomial_below,
    binomial_chances,
    log_factorial,
    normal_below,
    normal_quantile,
    t_below,
    t_quantile,
)

probabilities = st.floats(1e-6, 1 - 1e-6)


@settings(deadline=None)
@given(st.floats(-60, 60), st.one_of(st.integers(1, 200), st.sampled_from([999, 9_999, 123_456])))
def test_t_is_that_of_scipy(t: float, df: int) -> None:
    assert t_below(t, df) == pytest.approx(special.stdtr(df, t), rel=1e-9, abs=1e-300)


@settings(deadline=None)
@given(probabilities, st.one_of(st.integers(1, 200), st.sampled_from([999, 9_999, 123_456])))
def test_the_t_quantile_is_that_of_scipy(probability: float, df: int) -> None:
    assert t_quantile(probability, df) == pytest.approx(special.stdtrit(df, probability), rel=1e-8, abs=1e-9)


def test_t_has_two_ends_and_a_middle() -> None:
    assert (t_below(-math.inf, 3), t_below(math.inf, 3), t_below(0, 3)) == (0.0, 1.0, 0.5)
    assert t_quantile(0.5, 3) == 0.0


@settings(deadline=None)
@given(probabilities, st.floats(0.5, 500), st.floats(0.5, 500))
def test_the_beta_quantile_is_that_of_scipy(probability: float, a: float, b: float) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(special.betaincinv(a, b, probability), rel=1e-8, abs=1e-12)


@settings(deadline=None)
@given(st.integers(0, 3_000), st.floats(0.001, 0.999), st.floats(-0.1, 1.1))
def test_binomial_tails_are_those_of_scipy_even_far_out(n: int, p: float, share: float) -> None:
    k = math.floor(n * share)
    assert binomial_below(k, n, p) == pytest.approx(float(stats.binom.cdf(k, n, p)), rel=1e-9, abs=1e-290)


def test_a_million_draws_keep_eight_digits() -> None:
    assert binomial_below(499_000, 1_000_000) == pytest.approx(special.bdtr(499_000, 1_000_000, 0.5), rel=1e-8)


def test_chances_of_all_outcomes_add_up_to_one_and_none_lies_outside() -> None:
    chances = binomial_chances(np.arange(-2, 14), 11, 0.3)
    assert chances.sum() == pytest.approx(1)
    assert chances[[0, 1, -1, -2]].tolist() == [0, 0, 0, 0]
    assert chances[2:14] == pytest.approx(stats.binom.pmf(np.arange(12), 11, 0.3))


def test_log_factorials_are_exact_to_the_last_digits() -> None:
    n = np.concatenate([np.arange(3_000), 10 ** np.arange(4, 9)])
    assert log_factorial(n) == pytest.approx(special.gammaln(n + 1), rel=1e-14)


@settings(deadline=None)
@given(st.floats(-30, 30))
def test_the_normal_is_that_of_scipy(z: float) -> None:
    assert float(normal_below(z)) == pytest.approx(special.ndtr(z), rel=1e-12)


@settings(deadline=None)
@given(probabilities)
def test_the_normal_quantile_undoes_the_normal(probability: float) -> None:
    assert float(normal_below(normal_quantile(probability))) == pytest.approx(probability, rel=1e-9)
