"""Agreement: published figures, statsmodels, sklearn and scipy as oracles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from evalkit.errors import StatisticsError
from evalkit.stats.agreement import icc, kappa, spearman

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
