"""Agreement: published figures, statsmodels, sklearn and scipy as oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from evalkit.errors import StatisticsError
from evalkit.stats.agreement import Agreement, icc, kappa, spearman

SHROUT_AND_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


@pytest.mark.parametrize(
    ("model", "value", "lo", "hi"), [(1, 0.166, -0.133, 0.723), (2, 0.290, 0.019, 0.761), (3, 0.715, 0.342, 0.946)]
)
def test_the_icc_is_that_of_shrout_and_fleiss_1979(model, value: float, lo: float, hi: float) -> None:
    found = icc(SHROUT_AND_FLEISS, model=model)
    assert (found.value, found.lo, found.hi) == pytest.approx((value, lo, hi), abs=6e-4)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_kappa_is_that_of_sklearn_and_its_interval_that_of_statsmodels(seed: int, weights) -> None:
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 4, 40 + 30 * seed)
    other = np.where(rng.random(len(one)) < 0.3 + seed / 10, one, rng.integers(0, 4, len(one)))
    found = kappa(one.tolist(), other.tolist(), weights=weights)
    plain = None if weights == "none" else weights
    assert found.value == pytest.approx(cohen_kappa_score(one, other, weights=plain), abs=1e-9)
    table = np.zeros((4, 4))
    np.add.at(table, (one, other), 1)
    expected = cohens_kappa(table, wt=plain)
    assert (found.lo, found.hi) == pytest.approx((expected.kappa_low, min(1.0, expected.kappa_upp)), abs=1e-7)


def test_kappa_knows_words_and_chance() -> None:
    assert kappa(["yes", "no", "yes", "no"], ["yes", "no", "yes", "no"]).value == 1.0
    assert kappa(["yes", "yes", "no", "no"], ["yes", "no", "yes", "no"]).value == 0.0
    assert str(kappa(["yes"] * 5, ["yes"] * 5)) == "Cohen's kappa: not defined on 5 cases"


@pytest.mark.parametrize("seed", range(20))
def test_spearman_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = (rng.integers(0, 1 + seed % 5, 4 + 3 * seed).tolist() for _ in range(2))
    found = spearman(one, other)
    if len({*one}) < 2 or len({*other}) < 2:
        assert math.isnan(found.value)
        return
    assert found.value == pytest.approx(spearmanr(one, other).statistic, abs=1e-9)
    assert found.lo <= found.value <= found.hi


def test_the_interval_of_spearman_covers() -> None:
    covered = 0
    truth = 6 / math.pi * math.asin(0.5 / 2)  # of a normal pair with correlation .5
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x, noise = rng.normal(size=80), rng.normal(size=80)
        found = spearman(x, 0.5 * x + math.sqrt(0.75) * noise)
        covered += found.lo <= truth <= found.hi
    assert covered / 300 >= 0.92


def test_perfect_raters_agree_perfectly() -> None:
    assert icc([[1, 1], [2, 2], [3, 3]], model=1).value == 1.0
    assert math.isnan(icc([[1, 1], [1, 1]]).value)
    assert spearman([1, 2, 3, 4], [9, 8, 7, 6]).value == -1


@pytest.mark.parametrize(
    "call",
    [
        lambda: kappa([], []),
        lambda: kappa([1], [1, 2]),
        lambda: icc([[1, 2]]),
        lambda: icc([[1, float("nan")], [1, 2]]),
        lambda: spearman([1, 2, 3], [1, 2, 3]),
        lambda: spearman([1, 2, 3, float("nan")], [1, 2, 3, 4]),
    ],
)
def test_what_has_no_agreement_is_refused(call) -> None:
    with pytest.raises(StatisticsError):
        call()


def test_an_agreement_says_its_measure_and_a_figure_that_is_not_defined_says_so() -> None:
    assert str(Agreement("ICC(1)", 0.514, 0.1, 0.876, 12)) == "ICC(1) 0.51 (95 % interval 0.10 to 0.88), 12 cases"
    assert str(kappa(["a"] * 9, ["a"] * 9)) == "Cohen's kappa: not defined on 9 cases"
    assert str(spearman([1, 1, 1, 1], [1, 2, 3, 4])) == "Spearman: not defined on 4 cases"


def test_raters_who_always_differ_agree_less_than_chance_gives() -> None:
    found = kappa([0, 1] * 10, [1, 0] * 10)
    assert (found.value, found.lo, found.hi) == pytest.approx((-1.0, -1.0, -1.0), abs=1e-6)


def test_weights_forgive_neighbours_and_not_the_far_end() -> None:
    one, near, far = [1, 2, 3, 1, 2, 3], [2, 2, 3, 1, 2, 3], [3, 2, 3, 1, 2, 3]
    plain, quadratic = (kappa(one, near, weights=weights).value for weights in ("none", "quadratic"))
    assert quadratic > plain
    assert kappa(one, far, weights="quadratic").value < kappa(one, near, weights="quadratic").value
    assert kappa(one, far, weights="linear").value < kappa(one, near, weights="linear").value < 1


def test_labels_of_two_kinds_are_told_apart_and_put_in_one_order() -> None:
    mixed = kappa(["1", 1, "1", 1], ["1", "1", 1, 1])
    assert mixed.value == pytest.approx(0)
    assert mixed == kappa(["x", "y", "x", "y"], ["x", "x", "y", "y"])


def test_a_rater_who_is_always_one_mark_higher_agrees_in_order_and_less_in_value() -> None:
    marks = [[1, 2], [2, 3.5], [3, 4], [4, 4.5], [5, 6.5]]
    value, order = icc(marks, model=2), icc(marks, model=3)
    assert order.value > value.value > icc(marks, model=1).value
    assert [one.measure for one in (value, order)] == ["ICC(2,1)", "ICC(3,1)"]
    assert order.lo < order.value < order.hi
    shifted = [[low, high + 10] for low, high in marks]
    assert icc(shifted, model=3).value == pytest.approx(order.value)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=30))
def test_a_rank_correlation_knows_ranks_alone_and_turns_with_one_side(pairs: list[tuple[int, int]]) -> None:
    one, other = ([pair[side] for pair in pairs] for side in (0, 1))
    found, bent = spearman(one, other), spearman([value**3 + value for value in one], other)
    assert math.isnan(found.value) or bent.value == pytest.approx(found.value)
    turned = spearman([-value for value in one], other)
    assert math.isnan(found.value) or (turned.value, turned.lo, turned.hi) == pytest.approx(
        (-found.value, -found.hi, -found.lo)
    )
