"""Comparisons: one difference at a time, then a family of them; symmetry, honesty, and error rates."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.errors import StatisticsError
from evalkit.stats.columns import Column, Floats, binary, influence, macro_f1, mean, ratio
from evalkit.stats.comparison import Difference, Plan, adjust, compare_columns
from evalkit.stats.pairs import bonett_price, holm, mcnemar, sign_flip, steady_score, tango
from evalkit.stats.power import cases_needed_discordant

TALLY = ("x", "y")


def right_or_wrong(broke: int, fixed: int, n: int) -> tuple[Column, Column]:
    """n cases of their own: ``broke`` go from right to wrong, ``fixed`` the other way, the rest stay right."""
    before = np.ones(n)
    before[broke : broke + fixed] = 0
    after = np.ones(n)
    after[:broke] = 0
    return binary(before, range(n)), binary(after, range(n))


def compare(before: Column, after: Column, **plan) -> Difference:
    return compare_columns(before, after, metric="m", plan=Plan(**plan))


def both_kinds(kind: str, rows: list[tuple[int, int, int, int, int]]) -> tuple[Column, Column]:
    """Two columns of one kind from rows (a, b, c, d, cluster) of small counts."""
    clusters = [row[4] for row in rows]

    def build(pairs: list[tuple[int, int]]) -> Column:
        if kind == "binary":
            return binary([a / 4 for a, _ in pairs], clusters)
        if kind == "mean":
            return mean([math.sqrt(a / 4) for a, _ in pairs], clusters)
        if kind == "ratio":
            return ratio([min(p) for p in pairs], [max(p) for p in pairs], clusters)
        return macro_f1([{"x": (a, b, 0), "y": (b, 0, a)} for a, b in pairs], clusters)

    return build([(row[0], row[1]) for row in rows]), build([(row[2], row[3]) for row in rows])


kinds = st.sampled_from(["binary", "mean", "ratio", "macro_f1"])
small = st.integers(0, 4)
rows_of_counts = st.lists(st.tuples(small, small, small, small, st.integers(0, 9)), min_size=1, max_size=25)


def test_right_or_wrong_is_judged_by_mcnemar_with_the_steady_score_interval() -> None:
    found = compare(*right_or_wrong(20, 5, 300))
    assert found.test == "McNemar mid-p"
    assert found.p_value == found.p_adjusted == mcnemar(20, 5)
    assert found.p_exact == mcnemar(20, 5, method="exact")
    assert (found.lo, found.hi) == steady_score(20, 5, 300)
    assert (found.lo90, found.hi90) == steady_score(20, 5, 300, confidence=0.90)
    assert (found.n, found.n_clusters, found.broke, found.fixed) == (300, 300, 20, 5)
    assert found.effect == pytest.approx(-0.05)
    assert (found.baseline, found.candidate) == pytest.approx((295 / 300, 280 / 300))


@pytest.mark.parametrize(
    ("broke", "fixed", "n", "verdict"),
    [(20, 5, 300, "regressed"), (5, 20, 300, "improved"), (10, 10, 1000, "equivalent"), (6, 2, 100, "undecided")],
)
def test_there_are_four_verdicts(broke: int, fixed: int, n: int, verdict: str) -> None:
    assert compare(*right_or_wrong(broke, fixed, n)).verdict == verdict


def test_a_sure_change_within_the_margin_is_both() -> None:
    found = compare(*right_or_wrong(100, 50, 10_000), margin=0.02)
    assert (found.verdict, found.within_margin) == ("regressed", True)


def test_no_change_in_few_cases_is_undecided_and_in_many_equivalent() -> None:
    assert compare(*right_or_wrong(0, 0, 50)).verdict == "undecided"
    assert compare(*right_or_wrong(0, 0, 500)).verdict == "equivalent"


def test_the_example_of_94_against_89_of_100_is_undecided_and_says_what_it_takes() -> None:
    """Seven broke and two got fixed: no proof, and the answer is never a silent pass."""
    found = compare(*right_or_wrong(7, 2, 100), margin=0.05)
    assert found.verdict == "undecided"
    assert found.mde > 0.05
    assert found.need == cases_needed_discordant(2.5 / 101 + 0.05, 2.5 / 101)


def test_enough_pairs_with_a_change_near_the_margin_ask_for_more() -> None:
    found = compare(*right_or_wrong(31, 20, 700), margin=0.03)
    assert found.verdict == "undecided"
    assert found.mde < 0.03
    assert found.need is not None
    assert found.need > 700


def test_a_decided_difference_needs_nothing() -> None:
    for counts in [(20, 5, 300), (5, 20, 300), (10, 10, 1000)]:
        assert compare(*right_or_wrong(*counts)).need is None


def test_where_lower_is_better_a_rise_is_the_regression() -> None:
    before, after = right_or_wrong(5, 20, 300)
    found = compare(before, after, better="lower")
    assert (found.verdict, found.broke, found.fixed) == ("regressed", 20, 5)
    assert found.effect == pytest.approx(0.05)
    assert found.p_value == pytest.approx(float(mcnemar(20, 5)))
    assert found.lo < found.effect < found.hi


def test_lower_is_better_for_trials_too() -> None:
    before, after = binary([1 / 3] * 30, range(30)), binary([2 / 3] * 30, range(30))
    assert compare(before, after, better="lower").verdict == "regressed"
    assert compare(before, after).verdict == "improved"


def test_repeated_trials_are_judged_by_exact_sign_flips_of_case_means() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.binomial(3, 0.94, 200), rng.binomial(3, 0.89, 200)
    found = compare(binary(before / 3, range(200)), binary(after / 3, range(200)))
    assert found.test == "exact sign-flip mid-p"
    assert found.p_value == pytest.approx(sign_flip(after - before))
    assert found.p_exact is None
    assert (found.broke, found.fixed) == ((after < before).sum(), (after > before).sum())


def test_cases_of_one_patient_are_flipped_together() -> None:
    clusters = np.arange(60) // 3
    before = np.ones(60)
    after = np.where(np.arange(60) < 15, 0.0, 1.0)
    found = compare(binary(before, clusters), binary(after, clusters))
    assert found.test == "exact sign-flip mid-p"
    assert found.n_clusters == 20
    assert found.p_value == 0.5**6
    assert found.p_value > compare(binary(before, range(60)), binary(after, range(60))).p_value


def test_scores_on_no_grid_are_judged_by_a_paired_t_test() -> None:
    rng = np.random.default_rng(3)
    before = rng.random(80) * 0.5
    after = before + rng.normal(0.01, 0.05, 80).clip(-0.1, 0.2) + 0.1
    found = compare(mean(before, range(80)), mean(after, range(80)))
    oracle = stats.ttest_rel(after, before, alternative="less")
    assert found.test == "clustered t"
    assert found.p_value == pytest.approx(oracle.pvalue)
    both = stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (found.lo, found.hi) == pytest.approx((both.low, both.high))


def test_ratios_and_macro_f1_are_judged_by_the_delta_method() -> None:
    counts = np.random.default_rng(4).integers(1, 5, (40, 2))
    before = ratio(counts[:, 0], counts.sum(axis=1), range(40))
    after = ratio(counts[:, 1], counts.sum(axis=1), range(40))
    assert compare(before, after).test == "clustered delta"
    tallies = [{"x": (int(a), int(b), 0)} for a, b in counts]
    assert compare(macro_f1(tallies, range(40)), macro_f1(tallies[::-1], range(40))).test == "clustered delta"


def jackknife(build, n: int) -> float:
    """The jackknife standard error of an effect over n cases."""
    left: Floats = np.array([build(np.delete(np.arange(n), row)) for row in range(n)])
    return float(np.sqrt((n - 1) / n * np.square(left - left.mean()).sum()))


@pytest.mark.parametrize("kind", ["ratio", "macro_f1"])
def test_delta_intervals_are_as_wide_as_the_jackknife_says(kind: str) -> None:
    rng = np.random.default_rng(5)
    rows = [(*row, index) for index, row in enumerate(rng.integers(0, 5, (150, 4)).tolist())]
    before, after = both_kinds(kind, rows)
    found = compare(before, after)
    error = jackknife(lambda kept: influence(after.take(kept)).value - influence(before.take(kept)).value, 150)
    assert (found.hi - found.lo) / 2 / stats.t.ppf(0.975, 149) == pytest.approx(error, rel=0.03)


@settings(deadline=None, max_examples=120)
@given(kinds, rows_of_counts)
def test_swapping_the_versions_turns_everything_around(kind: str, rows: list[tuple[int, int, int, int, int]]) -> None:
    before, after = both_kinds(kind, rows)
    found, turned = compare(before, after), compare(after, before)
    assert (found.broke, found.fixed) == (turned.fixed, turned.broke)
    if math.isnan(found.effect):
        return
    assert turned.effect == pytest.approx(-found.effect)
    assert (turned.lo, turned.hi) == pytest.approx((-found.hi, -found.lo), abs=1e-9)
    assert turned.p_value == pytest.approx(found.p_better, abs=1e-9)
    assert turned.p_better == pytest.approx(found.p_value, abs=1e-9)


@settings(deadline=None, max_examples=120)
@given(kinds, rows_of_counts, st.randoms(use_true_random=False))
def test_the_order_of_cases_does_not_matter(kind: str, rows: list[tuple[int, int, int, int, int]], random) -> None:
    found = compare(*both_kinds(kind, rows))
    shuffled = list(rows)
    random.shuffle(shuffled)
    again = compare(*both_kinds(kind, shuffled))
    numbers = ["effect", "lo", "hi", "lo90", "hi90", "p_value", "mde"]
    assert [getattr(again, name) for name in numbers] == pytest.approx(
        [getattr(found, name) for name in numbers], abs=1e-9, nan_ok=True
    )
    assert (again.n, again.n_clusters, again.broke, again.fixed) == (
        found.n,
        found.n_clusters,
        found.broke,
        found.fixed,
    )


@settings(deadline=None, max_examples=120)
@given(kinds, rows_of_counts)
def test_intervals_nest_around_the_effect_and_p_is_a_probability(
    kind: str, rows: list[tuple[int, int, int, int, int]]
) -> None:
    found = compare(*both_kinds(kind, rows))
    assert 0 <= found.p_value <= 1
    if math.isnan(found.effect):
        assert (found.lo, found.hi, found.verdict) == (-1, 1, "undecided")
        return
    slack = 1e-9
    assert -1 <= found.lo <= found.lo90 + slack
    assert found.lo90 <= found.effect + slack
    assert found.effect <= found.hi90 + slack
    assert found.hi90 <= found.hi + slack
    assert found.hi <= 1
    assert (found.need is None) == (found.verdict != "undecided") or math.isinf(found.mde)
    assert found.need is None or found.need > found.n


def test_a_run_against_itself_has_no_effect_and_no_proof() -> None:
    for kind in ("binary", "mean", "ratio", "macro_f1"):
        before, _ = both_kinds(kind, [(1, 2, 0, 0, row) for row in range(200)])
        found = compare(before, before)
        assert (found.effect, found.p_value, found.broke, found.fixed) == (0, 0.5, 0, 0)
        assert found.lo < 0 < found.hi


def test_changes_that_are_all_alike_have_no_spread_and_still_a_width() -> None:
    before, after = mean([0.71] * 30, range(30)), mean([0.5] * 30, range(30))
    found = compare(before, after)
    assert found.verdict == "regressed"
    assert found.lo < -0.21 < found.hi < 0


def test_ratios_that_all_change_alike_have_the_p_value_of_their_signs() -> None:
    before, after = ratio([2] * 6, [2] * 6, range(6)), ratio([1] * 6, [2] * 6, range(6))
    assert compare(before, after).p_value == 0.5**7


def test_a_single_cluster_proves_nothing() -> None:
    before, after = mean([0.9, 0.83, 0.8], "ppp"), mean([0.1, 0.24, 0.2], "ppp")
    found = compare(before, after)
    assert found.p_value >= 0.25
    assert found.verdict == "undecided"


def test_a_lone_ratio_beyond_proportions_is_open_at_both_ends() -> None:
    found = compare(ratio([3], [1], "a"), ratio([5], [1], "a"))
    assert (found.lo, found.hi, found.need) == (-math.inf, math.inf, None)


def test_few_clusters_are_warned_of() -> None:
    before, after = right_or_wrong(1, 0, 19)
    assert compare(before, after).warnings == ("only 19 clusters: p-value and intervals rest on few independent units",)
    assert compare(*right_or_wrong(1, 0, 20)).warnings == ()


def test_rows_that_one_run_did_not_judge_are_left_out_and_counted() -> None:
    before = binary([1, 0, None, None] * 10, range(40))
    after = binary([1, None, 1, None] * 10, range(40))
    found = compare(before, after)
    assert found.n == 10
    assert any("20 cases left out" in warning for warning in found.warnings)


def test_a_case_with_a_denominator_in_one_run_only_stays_in() -> None:
    before = ratio([1] * 30 + [0], [1] * 30 + [0], range(31))
    after = ratio([1] * 30 + [0], [1] * 30 + [2], range(31))
    found = compare(before, after)
    assert found.n == 31
    assert found.candidate == pytest.approx(30 / 32)


def test_rare_labels_are_warned_of() -> None:
    tallies = [{"x": (1, 0, 0)}] * 30 + [{"y": (1, 0, 0)}] * 2
    found = compare(macro_f1(tallies, range(32)), macro_f1(tallies, range(32)))
    assert found.warnings == ("1 labels stand in fewer than 5 cases: macro F1 is unsteady",)


def test_a_label_that_only_the_candidate_invents_counts_against_it() -> None:
    before = macro_f1([{"x": (1, 0, 0)}] * 30, range(30))
    after = macro_f1([{"x": (1, 0, 0), "z": (0, 1, 0)}] * 30, range(30))
    found = compare(before, after)
    assert (found.baseline, found.candidate) == (1.0, 0.5)
    assert found.broke == 30


def test_nothing_to_compare_is_undecided_with_everything_open() -> None:
    found = compare(binary([], []), binary([], []))
    assert found.test == "nothing to compare"
    assert math.isnan(found.effect)
    assert (found.lo, found.hi, found.p_value, found.verdict, found.need) == (-1, 1, 1, "undecided", None)


@pytest.mark.parametrize(
    "other",
    [mean([1, 0], range(2)), binary([1], range(1)), binary([1, 0], [0, 0])],
    ids=["kind", "length", "clusters"],
)
def test_columns_that_do_not_match_are_refused(other: Column) -> None:
    with pytest.raises(StatisticsError, match="do not match") as refused:
        compare_columns(binary([1, 0], range(2)), other, metric="line_exact", scope="tag:add_on")
    assert refused.value.where == "line_exact (tag:add_on)"


@pytest.mark.parametrize("wrong", [{"margin": 0}, {"margin": 1}, {"alpha": 0.5}, {"alpha": 0}, {"power": 1}])
def test_a_plan_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(StatisticsError, match="between 0 and"):
        Plan(**wrong)


def test_a_family_is_adjusted_by_holm() -> None:
    found = [compare(*right_or_wrong(broke, 3, 300)) for broke in (20, 11, 5, 3)]
    adjusted = adjust(found)
    assert [one.p_adjusted for one in adjusted] == pytest.approx(holm([one.p_value for one in found]))
    assert [one.p_value for one in adjusted] == [one.p_value for one in found]


def test_what_was_a_regression_alone_may_be_undecided_in_a_family_and_says_what_it_needs() -> None:
    alone = compare(*right_or_wrong(11, 3, 300))
    assert (alone.verdict, alone.need) == ("regressed", None)
    judged = adjust([alone] * 20)[0]
    assert judged.verdict == "undecided"
    assert judged.need is not None
    assert judged.need > 300


def test_what_stays_undecided_keeps_what_it_needs() -> None:
    alone = compare(*right_or_wrong(7, 2, 100))
    assert adjust([alone] * 20)[0].need == alone.need


def test_improvements_are_adjusted_as_well() -> None:
    alone = compare(*right_or_wrong(3, 11, 300))
    assert alone.verdict == "improved"
    assert adjust([alone] * 20)[0].verdict == "undecided"


def test_a_family_of_one_keeps_its_verdict() -> None:
    for counts in [(20, 5, 300), (5, 20, 300), (10, 10, 1000), (6, 2, 100)]:
        found = compare(*right_or_wrong(*counts))
        assert adjust([found]) == (found,)


def test_what_could_not_be_compared_stays_out_of_the_family() -> None:
    empty, found = compare(binary([], []), binary([], [])), compare(*right_or_wrong(20, 5, 300))
    kept, judged = adjust([empty, found])
    assert math.isnan(kept.effect)
    assert kept.verdict == "undecided"
    assert judged == found


def test_no_differences_are_adjusted_to_none() -> None:
    assert adjust([]) == ()


def test_adjusting_depends_on_no_order() -> None:
    found = [compare(*right_or_wrong(broke, 3, 300)) for broke in (20, 11, 5)]
    found = [replace(one, metric=name) for one, name in zip(found, "abc", strict=True)]
    assert set(adjust(found)) == set(adjust(found[::-1]))


def test_twenty_metrics_without_a_change_raise_few_false_alarms() -> None:
    """300 families of 20 at n = 200: the naive rule of 3 points raises an alarm in most of them."""
    rng = np.random.default_rng(21)
    alarms = 0
    for _ in range(300):
        counts = rng.multinomial(200, [0.03, 0.03, 0.94], size=20)
        p = mcnemar(counts[:, 0], counts[:, 1])
        alarms += bool((holm(p) <= 0.05).any())
    assert alarms / 300 <= 0.05


def test_patients_who_differ_do_not_raise_false_alarms() -> None:
    """60 patients of 5 cases, no change on average, strong change within patients: tested as if cases were alone,
    far more than 5 % would be called worse."""
    rng = np.random.default_rng(22)
    clusters = np.arange(300) // 5
    called, naive = 0, 0
    for _ in range(400):
        tilt = rng.normal(0, 3, 60)[clusters]
        ease = rng.normal(2.5, 1, 300)
        before = rng.random(300) < 1 / (1 + np.exp(-ease - tilt / 2))
        after = rng.random(300) < 1 / (1 + np.exp(-ease + tilt / 2))
        found = compare(binary(before.astype(float), clusters), binary(after.astype(float), clusters))
        called += found.p_value <= 0.05
        naive += mcnemar((before & ~after).sum(), (after & ~before).sum()) <= 0.05
    assert called / 400 <= 0.06 < naive / 400


def test_intervals_over_trials_and_patients_cover_the_effect() -> None:
    rng = np.random.default_rng(23)
    clusters = np.arange(150) // 3
    covered = 0
    for _ in range(400):
        before = rng.binomial(3, rng.beta(9, 1, 50)[clusters])
        after = rng.binomial(3, rng.beta(8, 2, 50)[clusters])
        found = compare(binary(before / 3, clusters), binary(after / 3, clusters))
        covered += found.lo <= -0.1 <= found.hi
    assert 0.92 <= covered / 400 <= 0.98


def test_three_trials_see_what_one_does_not() -> None:
    """100 cases that differ in difficulty, a drop from about 0.93 to 0.86: the cheap lever is to run again."""
    rng = np.random.default_rng(24)
    seen = {1: 0, 3: 0}
    for _ in range(300):
        ease = rng.normal(0, 3, 100)
        before, after = 1 / (1 + np.exp(-5.5 - ease)), 1 / (1 + np.exp(-4.0 - ease))
        for trials in seen:
            change = rng.binomial(trials, after) - rng.binomial(trials, before)
            seen[trials] += sign_flip(change) <= 0.05
    assert seen[3] / 300 > 0.9 > 0.75 > seen[1] / 300


def test_importing_comparison_waits_with_scipy() -> None:
    script = "import sys, evalkit.stats.comparison; print('scipy' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


def test_more_than_two_percent_missing_on_one_side_leave_no_verdict() -> None:
    """What is missing may be what broke: neither a regression nor a pass is read off the rest."""
    before = binary([1.0] * 200, range(200))
    few = compare(before, binary([None] * 4 + [0.0] * 60 + [1.0] * 136, range(200)))
    many = compare(before, binary([None] * 5 + [0.0] * 60 + [1.0] * 135, range(200)))
    assert few.verdict == "regressed"
    assert many.verdict == "undecided"
    assert not many.noninferior
    assert any("more than 2%: no verdict" in warning for warning in many.warnings)


def test_the_plan_names_the_test_and_the_interval() -> None:
    before, after = binary([1] * 90 + [0] * 10, range(100)), binary([1] * 78 + [0] * 22, range(100))
    exact = compare(before, after, test="exact", interval="tango")
    assert exact.test == "McNemar exact"
    assert exact.p_value == exact.p_exact
    assert (exact.lo, exact.hi) == pytest.approx(tango(12, 0, 100))
    added = compare(before, after, interval="bonett-price")
    assert (added.lo, added.hi) == bonett_price(12, 0, 100)
    assert compare(before, after).p_value < exact.p_value
    assert compare(before, after, test="score").p_value == float(mcnemar(12, 0, method="score"))


@pytest.mark.parametrize(("broke", "fixed"), [(0, 0), (0, 1), (0, 4), (3, 6), (6, 3)])
def test_the_exact_test_is_exact_for_the_better_too(broke: int, fixed: int) -> None:
    """Its two sides add up to more than 1: one is not read off the other, in a family neither."""
    found = compare(*right_or_wrong(broke, fixed, 100), test="exact")
    assert found.verdict in {"undecided", "equivalent"}
    assert found.p_better == float(mcnemar(fixed, broke, method="exact"))
    assert found.p_value == float(mcnemar(broke, fixed, method="exact"))
    assert adjust([found] * 3, Plan(test="exact"))[0].verdict == found.verdict
    assert found.p_adjusted >= 0.05


@pytest.mark.parametrize(("same", "test"), [(10, "McNemar exact"), (16, "McNemar mid-p")])
def test_where_nearly_all_cases_differ_the_exact_test_takes_over(same: int, test: str) -> None:
    assert compare(*right_or_wrong(34, 20, 54 + same)).test == test


def test_the_size_of_regressed_stays_at_five_percent_where_all_cases_differ() -> None:
    """36 cases of 36: mid-p alone would call 6.6 % regressed."""
    made = [compare(*right_or_wrong(broke, 36 - broke, 36)) for broke in range(37)]
    regressed = [one.verdict == "regressed" for one in made]
    assert all(0 < one.mde <= 1 for one in made)
    assert stats.binom.pmf(np.arange(37), 36, 0.5) @ regressed <= 0.05
    assert stats.binom.pmf(np.arange(37), 36, 0.5) @ (mcnemar(np.arange(37), 36 - np.arange(37)) <= 0.05) > 0.066


def test_benjamini_and_hochberg_alarm_more_often_than_holm() -> None:
    before = binary([1] * 100, range(100))
    found = [compare(before, binary([0] * broke + [1] * (100 - broke), range(100))) for broke in (5, 5, 6, 6, 7, 0, 0)]
    holm_, bh = adjust(found), adjust(found, Plan(adjustment="bh"))
    assert all(b.p_adjusted <= h.p_adjusted for b, h in zip(bh, holm_, strict=True))
    assert sum(d.verdict == "regressed" for d in bh) > sum(d.verdict == "regressed" for d in holm_)


def test_a_change_for_the_worse_is_excluded_in_the_direction_that_is_worse() -> None:
    many = binary([1] * 2 + [0] * 998, range(1000))
    fewer = binary([0] * 1000, range(1000))
    assert compare(many, fewer, margin=0.02, better="lower").noninferior
    rising = binary([1] * 60 + [0] * 940, range(1000))
    assert not compare(many, rising, margin=0.02, better="lower").noninferior
