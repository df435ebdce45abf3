"""Columns: what goes in, what is left out, and what each case adds to an estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from evalkit.errors import StatisticsError
from evalkit.stats.columns import (
    Column,
    binary,
    cases,
    cluster_codes,
    cluster_sums,
    influence,
    kappa_of,
    macro_f1,
    mean,
    ratio,
    relabel,
    scopes,
    standard_error,
)
from evalkit.stats.intervals import estimate

scores = st.lists(st.floats(0, 1, allow_nan=False), min_size=2, max_size=40)


def test_cluster_ids_become_integers_by_first_appearance() -> None:
    assert cluster_codes(["p9", "p1", "p9", "p3"]).tolist() == [0, 1, 0, 2]


def test_cluster_codes_that_are_integers_already_are_taken_as_they_are() -> None:
    codes = np.array([4, 4, 9])
    assert cluster_codes(codes) is codes


def test_values_that_are_none_or_nan_are_not_judged() -> None:
    column = binary([1, None, 0, float("nan")], "abcd")
    assert column.judged.tolist() == [True, False, True, False]
    assert influence(column).value == 0.5


def test_a_score_outside_its_range_is_refused_without_the_value() -> None:
    with pytest.raises(StatisticsError, match=r"outside \[0, 1\]") as refused:
        mean([0.2, 1.7], "ab")
    assert "1.7" not in str(refused.value)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(StatisticsError, match="negative"):
        ratio([1, -1], [2, 2], "ab")


def test_negative_cluster_codes_are_refused() -> None:
    with pytest.raises(StatisticsError, match="negative"):
        mean([0.1], np.array([-1]))


def test_values_and_clusters_of_two_lengths_are_refused() -> None:
    with pytest.raises(StatisticsError, match="2 values stand beside 1 cluster ids"):
        binary([1, 0], ["a"])


def test_numerators_and_denominators_of_two_lengths_are_refused() -> None:
    with pytest.raises(StatisticsError, match="2 numerators stand beside 1 denominators"):
        ratio([1, 0], [1], "ab")


def test_a_case_without_a_denominator_is_not_judged_and_changes_nothing() -> None:
    with_empty = ratio([1, 3, 0], [2, 4, 0], "abc")
    assert with_empty.judged.tolist() == [True, True, False]
    assert influence(with_empty).value == influence(ratio([1, 3], [2, 4], "ab")).value == 4 / 6


def test_a_ratio_is_pooled_before_it_is_divided() -> None:
    assert influence(ratio([1, 0], [1, 9], "ab")).value == pytest.approx(0.1)


def test_a_ratio_whose_numerators_exceed_denominators_is_not_bounded() -> None:
    assert ratio([1, 2], [2, 2], "ab").bounded
    assert not ratio([1, 3], [2, 2], "ab").bounded


def tallied(truth: Sequence[str], given_: Sequence[str]) -> Column:
    labels = sorted({*truth, *given_})
    counts = np.zeros((len(truth), len(labels), 3))
    for row, (right, told) in enumerate(zip(truth, given_, strict=True)):
        counts[row, labels.index(right), 0 if right == told else 2] += 1
        counts[row, labels.index(told), 1] += right != told
    return kappa_of(counts, tuple(labels), range(len(truth)))


def test_kappa_is_that_of_scikit_learn_and_its_error_that_of_leaving_one_out() -> None:

    rng = np.random.default_rng(3)
    truth = rng.choice(["met", "not_met", "insufficient"], 300, p=[0.6, 0.3, 0.1])
    given_ = np.where(rng.random(300) < 0.8, truth, rng.choice(["met", "none"], 300))
    column = tallied(truth.tolist(), given_.tolist())
    whole = influence(column)
    assert whole.value == pytest.approx(cohen_kappa_score(truth, given_))
    assert whole.parts.sum() == pytest.approx(0, abs=1e-12)
    without = [influence(column.take(np.arange(300) != row)).value for row in range(300)]
    spread = np.sqrt(299 / 300 * np.square(np.array(without) - np.mean(without)).sum())
    assert standard_error(whole.parts, column.clusters) == pytest.approx(spread, rel=0.02)


def test_a_rater_that_always_says_the_same_has_kappa_0_and_one_that_agrees_has_1() -> None:
    truth = ["met", "met", "met", "not_met"]
    assert influence(tallied(truth, ["met"] * 4)).value == 0
    assert influence(tallied(truth, truth)).value == 1
    assert influence(tallied(["met"] * 3, ["met"] * 3)).value == 1
    upside_down = estimate(tallied(["met", "not_met"] * 20, ["not_met", "met"] * 19 + ["not_met"] * 2), metric="kappa")
    assert -1 <= upside_down.lo <= upside_down.value < upside_down.hi < 0


def test_macro_f1_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    truth, given_ = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    tallies = [
        {str(t): (1, 0, 0)} if t == g else {str(t): (0, 0, 1), str(g): (0, 1, 0)}
        for t, g in zip(truth, given_, strict=True)
    ]
    assert influence(macro_f1(tallies, range(200))).value == pytest.approx(f1_score(truth, given_, average="macro"))


def test_a_tally_of_none_is_not_judged_and_an_empty_one_says_nothing() -> None:
    column = macro_f1([{"a": (1, 0, 0)}, None, {}], "abc")
    assert column.finite.tolist() == [True, False, True]
    assert column.judged.tolist() == [True, False, False]


def test_tallies_without_any_label_make_an_empty_column() -> None:
    column = macro_f1([{}, {}], "ab")
    assert not column.judged.any()
    assert np.isnan(influence(column).value)


def test_relabelling_keeps_the_estimate() -> None:
    column = macro_f1([{"b": (2, 1, 0)}, {"d": (1, 0, 1)}, None], "abc")
    wider = relabel(column, ("a", "b", "c", "d"))
    assert influence(wider).value == influence(column).value
    assert wider.finite.tolist() == column.finite.tolist()


@settings(deadline=None)
@given(scores)
def test_influences_of_a_mean_add_up_to_nothing(values: list[float]) -> None:
    assert influence(mean(values, range(len(values)))).parts.sum() == pytest.approx(0, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30))
def test_influences_of_a_ratio_add_up_to_nothing(counts: list[tuple[int, int]]) -> None:
    column = ratio([min(c) for c in counts], [max(c) for c in counts], range(len(counts)))
    assert influence(column).parts.sum() == pytest.approx(0, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_an_influence_is_what_a_little_more_of_the_case_would_add(seed: int) -> None:
    """The gradient by finite differences: weigh one case a little more and look at macro F1."""
    rng = np.random.default_rng(seed)
    column = macro_f1(
        [dict(zip("abc", rng.integers(0, 4, (3, 3)).tolist(), strict=True)) for _ in range(12)], range(12)
    )
    found = influence(column)
    heavier = column.values.copy()
    heavier[5] *= 1 + 1e-6
    nudged = influence(type(column)(column.kind, heavier, column.clusters, column.labels))
    assert (nudged.value - found.value) / 1e-6 == pytest.approx(found.parts[5], abs=1e-4)


def test_the_standard_error_of_independent_cases_is_that_of_a_mean() -> None:
    values = np.random.default_rng(0).random(57)
    column = mean(values, range(57))
    assert standard_error(influence(column).parts, column.clusters) == pytest.approx(values.std(ddof=1) / np.sqrt(57))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(3, 12))
def test_the_clustered_standard_error_is_that_of_statsmodels(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    clusters = np.concatenate([np.arange(groups), rng.integers(0, groups, 30)])
    values = rng.random(len(clusters))
    fit = sm.OLS(values, np.ones_like(values)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    column = mean(values, clusters)
    assert standard_error(influence(column).parts, column.clusters) == pytest.approx(fit.bse[0])


def test_one_cluster_has_no_standard_error() -> None:
    column = mean([0.1, 0.9, 0.4], "aaa")
    assert np.isnan(standard_error(influence(column).parts, column.clusters))


def test_cluster_sums_skip_codes_that_a_slice_left_out() -> None:
    assert cluster_sums(np.array([1.0, 2.0, 4.0]), np.array([7, 2, 7])).tolist() == [2.0, 5.0]


def test_a_slice_keeps_kind_clusters_and_labels() -> None:
    column = macro_f1([{"a": (1, 0, 0)}, {"b": (0, 1, 0)}], ["x", "y"])
    part = column.take(np.array([False, True]))
    assert (part.kind, part.clusters.tolist(), part.labels, len(part)) == ("macro_f1", [1], ("a", "b"), 1)


def test_scopes_are_all_first_and_then_the_tags_by_name() -> None:
    masks = scopes([("bilateral",), (), ("add_on", "bilateral")], np.arange(3))
    assert list(masks) == ["all", "tag:add_on", "tag:bilateral"]
    assert masks["all"].all()
    assert masks["tag:bilateral"].tolist() == [True, False, True]


def test_each_case_alone_has_its_own_f1() -> None:
    alone = cases(macro_f1([{"a": (1, 0, 0), "b": (0, 1, 1)}, {}, None], "abc"))
    assert alone[:2].tolist() == [0.5, 1.0]
    assert np.isnan(alone[2])


def test_each_case_alone_has_its_own_ratio_or_none() -> None:
    alone = cases(ratio([1, 0], [4, 0], "ab"))
    assert alone[0] == 0.25
    assert np.isnan(alone[1])


def test_the_standard_error_of_agrestis_approval_ratings_is_his() -> None:
    """150 and 86 discordant of 1600: difference -0.04, standard error 0.009549 (with n in place of n - 1)."""
    before = binary([1] * 150 + [0] * 86 + [1] * 1364, range(1600))
    after = binary([0] * 150 + [1] * 86 + [1] * 1364, range(1600))
    parts = influence(after).parts - influence(before).parts
    error = standard_error(parts, before.clusters) * math.sqrt(1599 / 1600)
    assert influence(after).value - influence(before).value == pytest.approx(-0.04)
    assert error == pytest.approx(0.009549, abs=5e-7)
    assert (-0.04 - 1.959964 * error, -0.04 + 1.959964 * error) == pytest.approx((-0.058716, -0.021284), abs=1e-6)
