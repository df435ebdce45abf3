"""Paired tests: published values, brute force, and the exact size of the default test."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats
from scipy.special import bdtr
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from evalkit.errors import StatisticsError
from evalkit.stats.pairs import (
    Method,
    benjamini_hochberg,
    bonett_price,
    holm,
    mcnemar,
    on_grid,
    sign_flip,
    steady_score,
    tango,
)

BENJAMINI_HOCHBERG_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip

discordant = st.tuples(st.integers(0, 60), st.integers(0, 60))
changes = st.lists(st.integers(-4, 4), min_size=0, max_size=11)
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def brute_force(values: list[int]) -> float:
    """The mid-p over every one of the 2^G flips."""
    sums = np.array([np.dot(signs, values) for signs in itertools.product((1, -1), repeat=len(values))])
    return float((sums < sum(values)).mean() + (sums == sum(values)).mean() / 2)


@pytest.mark.parametrize(("method", "p"), [("exact", 0.0703125), ("midp", 0.0390625), ("score", 0.033895)])
def test_mcnemar_gives_the_values_of_fagerland_2013(method: Method, p: float) -> None:
    """The airway example: 1 and 7 discordant of 21."""
    assert mcnemar(1, 7, method=method, alternative="different") == pytest.approx(p, abs=5e-7)


def test_mcnemar_gives_the_values_of_agresti() -> None:
    """Approval ratings: 150 and 86 discordant of 1600."""
    assert mcnemar(150, 86, method="exact", alternative="different") == pytest.approx(3.71594e-05, rel=1e-5)
    assert stats.chi2.isf(mcnemar(150, 86, method="score", alternative="different"), 1) == pytest.approx(
        17.3559, abs=1e-4
    )


def test_the_continuity_correction_which_is_not_offered_is_more_timid_than_every_test_that_is() -> None:
    corrected = statsmodels_mcnemar([[0, 1], [7, 0]], exact=False, correction=True)
    assert corrected.pvalue == pytest.approx(0.0771, abs=5e-6)
    ours = [float(mcnemar(1, 7, method=method, alternative="different")) for method in ("score", "midp", "exact")]
    assert ours == sorted(ours)
    assert ours[-1] < corrected.pvalue
    agresti = statsmodels_mcnemar([[0, 150], [86, 0]], exact=False, correction=True)
    assert agresti.statistic == pytest.approx(16.8178, abs=1e-4)
    assert agresti.pvalue == pytest.approx(4.11456e-05, rel=1e-5)
    assert mcnemar(150, 86, method="exact", alternative="different") < agresti.pvalue


@settings(deadline=None)
@given(discordant)
def test_the_exact_test_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    b, c = counts
    expected = statsmodels_mcnemar([[0, b], [c, 0]], exact=True).pvalue
    assert mcnemar(b, c, method="exact", alternative="different") == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(discordant)
def test_the_exact_one_sided_test_is_a_binomial_test(counts: tuple[int, int]) -> None:
    b, c = counts
    expected = stats.binomtest(b, b + c, 0.5, alternative="greater").pvalue if b + c else 1.0
    assert mcnemar(b, c, method="exact") == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(discordant, st.sampled_from(["midp", "score"]))
def test_worse_and_better_add_up_to_one(counts: tuple[int, int], method: Method) -> None:
    worse, better = mcnemar(*counts, method=method), mcnemar(*counts, method=method, alternative="better")
    assert worse + better == pytest.approx(1.0)


@settings(deadline=None)
@given(discordant, st.sampled_from(["midp", "exact", "score"]))
def test_p_values_lie_between_0_and_1_and_swap_with_the_versions(counts: tuple[int, int], method: Method) -> None:
    b, c = counts
    assert 0 <= mcnemar(b, c, method=method) <= 1
    assert mcnemar(b, c, method=method) == mcnemar(c, b, method=method, alternative="better")


@settings(deadline=None)
@given(discordant)
def test_one_more_broken_case_is_more_evidence(counts: tuple[int, int]) -> None:
    b, c = counts
    assert mcnemar(b + 1, c) < mcnemar(b, c) + 1e-12  # both round to 1 where everything got better


def test_no_discordant_pair_is_no_evidence() -> None:
    assert mcnemar(0, 0) == 0.5
    assert mcnemar(0, 0, method="exact") == 1.0
    assert mcnemar(0, 0, alternative="different") == 1.0


def test_many_tables_are_looked_up_and_agree_with_one_by_one() -> None:
    rng = np.random.default_rng(1)
    b, c = rng.integers(0, 9, (40, 50)), rng.integers(0, 9, (40, 50))
    together = mcnemar(b, c)
    assert together.shape == (40, 50)
    assert together[7, 13] == mcnemar(b[7, 13], c[7, 13])
    assert together[39, 0] == mcnemar(b[39, 0], c[39, 0])


def test_counts_that_are_negative_or_broken_are_refused() -> None:
    for broke in (-1, 0.5):
        with pytest.raises(StatisticsError, match="whole number"):
            mcnemar(broke, 3)


@pytest.mark.parametrize("n", [30, 50, 100, 300, 1000])
def test_the_size_of_the_default_test_stays_at_five_percent(n: int) -> None:
    """Exact, over discordance up to 0.3; the conditional exact test never exceeds it anywhere."""
    counts = np.arange(n + 1)
    broke, fixed = np.meshgrid(counts, counts, indexing="ij")
    possible = broke + fixed <= n
    for method, up_to in (("midp", 0.3), ("exact", 1.0)):
        rejects = np.zeros((n + 1, n + 1))
        rejects[possible] = mcnemar(broke[possible], fixed[possible], method=method) <= 0.05
        total = (broke + fixed)[possible]
        within = stats.binom.pmf(broke[possible], total, 0.5)
        by_total = np.bincount(total, weights=within * rejects[possible], minlength=n + 1)
        grid = np.linspace(0.01, up_to, 100)
        sizes = [float(stats.binom.pmf(counts, n, share) @ by_total) for share in grid]
        assert max(sizes) <= 0.0501


def test_tango_gives_its_published_interval() -> None:
    assert tango(1, 7, 21) == pytest.approx((0.02600, 0.51723), abs=5e-6)


def test_bonett_and_price_give_their_published_interval() -> None:
    assert bonett_price(1, 7, 21) == pytest.approx((0.01338, 0.50836), abs=5e-6)


@pytest.mark.parametrize("method", [bonett_price, tango, steady_score])
def test_paired_intervals_hold_the_effect_mirror_and_nest(method) -> None:
    for broke, fixed, n in [(0, 0, 5), (0, 5, 5), (5, 0, 5), (1, 0, 300), (40, 22, 300), (0, 0, 1), (2, 2, 4)]:
        lo, hi = method(broke, fixed, n)
        assert -1 <= lo <= (fixed - broke) / n <= hi <= 1
        assert method(fixed, broke, n) == pytest.approx((-hi, -lo), abs=1e-9)
        lo90, hi90 = method(broke, fixed, n, confidence=0.90)
        assert lo <= lo90 <= hi90 <= hi


@pytest.mark.parametrize("method", [bonett_price, tango, steady_score])
def test_no_pairs_leave_everything_open(method) -> None:
    assert method(0, 0, 0) == (-1.0, 1.0)


def errors(method: Callable[..., tuple[float, float]], n: int, shares: tuple[float, float], level: float) -> np.ndarray:
    """How often an interval ends below the true difference, and begins above it: every outcome counted."""
    broke, fixed = shares
    counts = [np.arange(min(n, int(n * share + 7 * math.sqrt(n * share) + 8)) + 1) for share in shares]
    chances = np.outer(stats.binom.pmf(counts[0], n, broke), np.ones(len(counts[1])))
    for b in counts[0]:
        chances[b] *= stats.binom.pmf(counts[1], n - b, fixed / (1 - broke))
    missed = np.zeros(2)
    for b, c in np.argwhere(chances > 1e-7).tolist():
        lo, hi = method(b, c, n, confidence=level)
        missed += chances[b, c] * np.array([hi < fixed - broke, lo > fixed - broke])
    return missed


@pytest.mark.parametrize("n", [50, 100, 300])
@pytest.mark.parametrize("one_way", [0.0, 0.5, 0.9])
def test_the_default_interval_covers_its_level_and_little_more(n: int, one_way: float) -> None:
    """From 10 cases on that are expected to differ, at any share of them that goes one way."""
    for differ in (10, 14):
        broke, fixed = differ / n * (1 + one_way) / 2, differ / n * (1 - one_way) / 2
        assert 0.944 <= 1 - errors(steady_score, n, (broke, fixed), 0.95).sum() <= 0.9725


def test_fewer_cases_that_differ_make_it_cover_more_and_never_less() -> None:
    for differ in (1, 2, 3, 5):
        assert 1 - errors(steady_score, 100, (differ / 200, differ / 200), 0.95).sum() >= 0.95


def test_a_drop_of_the_margin_is_excluded_in_one_of_twenty_where_bonett_and_price_exclude_one_in_eleven() -> None:
    """n = 200, margin 2 points, all changes one way: the 90 % interval begins above the true drop."""
    assert errors(steady_score, 200, (0.02, 0.0), 0.90)[1] <= 0.0505
    assert errors(bonett_price, 200, (0.02, 0.0), 0.90)[1] >= 0.085


@settings(deadline=None)
@given(discordant, st.integers(1, 500), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_ends_of_a_score_interval_are_where_the_score_test_begins_to_reject(
    counts: tuple[int, int], same: int, level: float
) -> None:
    """The variance under the hypothesis comes from a maximum of the likelihood, found here by search."""
    broke, fixed = counts
    n = broke + fixed + same

    def surprise(lost: float, delta: float) -> float:
        shares = np.array([lost, lost + delta, 1 - 2 * lost - delta])
        return -float(special.xlogy([broke, fixed, same], np.maximum(shares, 0)).sum())

    for delta in tango(broke, fixed, n, confidence=level):
        within = (max(0.0, -delta), (1 - delta) / 2)
        found = optimize.minimize_scalar(surprise, bounds=within, args=(delta,), options={"xatol": 1e-10}).x
        lost = min((found, *within), key=lambda one, d=delta: surprise(one, d))
        variance = n * (2 * lost + delta * (1 - delta))
        z = (fixed - broke - n * delta) / math.sqrt(variance)
        assert abs(z) == pytest.approx(stats.norm.ppf((1 + level) / 2), rel=1e-3)


@settings(deadline=None)
@given(changes)
def test_the_sign_flip_test_is_the_enumeration_of_all_flips(values: list[int]) -> None:
    assert sign_flip(np.array(values, dtype=np.int64)) == pytest.approx(brute_force(values), abs=1e-12)


@settings(deadline=None)
@given(discordant)
def test_single_changes_make_the_sign_flip_test_mcnemars_mid_p(counts: tuple[int, int]) -> None:
    b, c = counts
    values = np.array([-1] * b + [1] * c + [0] * 5)
    assert sign_flip(values) == pytest.approx(float(mcnemar(b, c)), rel=1e-9)


@settings(deadline=None)
@given(changes)
def test_sign_flips_swap_with_the_versions_and_ignore_order(values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    worse = sign_flip(array)
    assert worse is not None
    assert sign_flip(-array) == pytest.approx(1 - worse)
    assert sign_flip(array, alternative="better") == pytest.approx(1 - worse)
    assert sign_flip(array[::-1]) == worse
    assert sign_flip(array, alternative="different") == pytest.approx(min(1, 2 * min(worse, 1 - worse)))


def test_the_sign_flip_test_agrees_with_the_permutations_of_scipy() -> None:
    rng = np.random.default_rng(5)
    values = rng.binomial(3, 0.88, 150) - rng.binomial(3, 0.93, 150)
    drawn = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="less", n_resamples=20_000, rng=rng, vectorized=True
    )
    assert sign_flip(values) == pytest.approx(drawn.pvalue, abs=0.01)


def test_thousands_of_changes_keep_their_tail_exact() -> None:
    """5,200 against 4,800: the binomial tail, beyond the reach of drawn permutations."""
    values = np.array([-1] * 5200 + [1] * 4800)
    expected = (bdtr(4800, 10_000, 0.5) + bdtr(4799, 10_000, 0.5)) / 2
    assert sign_flip(values) == pytest.approx(expected, rel=1e-9)


def test_a_hopeless_sum_has_a_p_value_of_nearly_0_or_1_and_not_beyond() -> None:
    assert sign_flip(np.full(5000, -3)) == 0.0
    assert sign_flip(np.full(5000, 3)) == 1.0


def test_too_many_magnitudes_are_left_to_a_t_test() -> None:
    assert sign_flip(np.arange(1, 5000)) is None


def test_changes_of_means_over_trials_lie_on_the_grid_of_the_trials() -> None:
    values = np.array([0, 1 / 3, -2 / 3, 1])
    steps = on_grid(values)
    assert steps is not None
    assert steps.tolist() == [0, 1, -2, 3]


def test_changes_of_two_and_three_trials_lie_on_sixths() -> None:
    steps = on_grid(np.array([1 / 2, -1 / 3]))
    assert steps is not None
    assert steps.tolist() == [3, -2]


def test_no_change_lies_on_every_grid_and_noise_on_none() -> None:
    still = on_grid(np.zeros(3))
    assert still is not None
    assert still.tolist() == [0, 0, 0]
    assert on_grid(np.random.default_rng(0).random(50)) is None


def test_a_grid_is_checked_beyond_the_first_few_changes() -> None:
    values = np.ones(40)
    values[39] = 0.5
    steps = on_grid(values)
    assert steps is not None
    assert steps[39] == 1


def test_holm_and_benjamini_hochberg_give_the_values_of_1995() -> None:
    assert holm(BENJAMINI_HOCHBERG_1995)[:4] == pytest.approx([0.0015, 0.0056, 0.0247, 0.114], abs=1e-9)
    expected = [0.0015, 0.003, 0.0095, 0.035625, 0.0603]
    assert benjamini_hochberg(BENJAMINI_HOCHBERG_1995)[:5] == pytest.approx(expected, abs=1e-9)
    assert (holm(BENJAMINI_HOCHBERG_1995) <= 0.05).sum() == 3
    assert (benjamini_hochberg(BENJAMINI_HOCHBERG_1995) <= 0.05).sum() == 4
    for method in ("bonferroni", "fdr_by"):  # which are not offered: Holm and BH reject at least as many
        assert multipletests(BENJAMINI_HOCHBERG_1995, method=method)[0].sum() == 3


@settings(deadline=None, max_examples=20)
@given(p_values)
def test_adjusted_p_values_are_those_of_statsmodels(values: list[float]) -> None:
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1])
    assert benjamini_hochberg(values) == pytest.approx(multipletests(values, method="fdr_bh")[1])


@settings(deadline=None)
@given(p_values)
def test_adjusting_never_helps_and_never_turns_the_order(values: list[float]) -> None:
    for method in (holm, benjamini_hochberg):
        adjusted = method(values)
        assert (adjusted >= np.array(values) - 1e-15).all()
        assert (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= 0).all()


def test_no_p_values_are_adjusted_to_none() -> None:
    assert holm([]).tolist() == benjamini_hochberg([]).tolist() == []


@settings(deadline=None)
@given(p_values)
def test_equal_weights_are_no_weights(values: list[float]) -> None:
    assert holm(values, [0.3] * len(values)) == pytest.approx(holm(values))


def test_what_weighs_half_is_tested_at_half_of_the_level() -> None:
    adjusted = holm([0.02, 0.5, 0.5, 0.5], [0.5, 1 / 6, 1 / 6, 1 / 6])
    assert adjusted[0] == pytest.approx(0.04)
    assert holm([0.02, 0.5, 0.5, 0.5])[0] == pytest.approx(0.08)


def test_weighted_adjustment_keeps_any_false_alarm_at_the_level() -> None:
    rng = np.random.default_rng(9)
    weights = [0.5] + [0.5 / 19] * 19
    shared = rng.normal(0, 1, (4_000, 1))
    tails = stats.norm.sf(0.6 * shared + 0.8 * rng.normal(0, 1, (4_000, 20)))
    alarms = np.mean([(holm(row, weights) <= 0.05).any() for row in tails])
    assert alarms <= 0.055
