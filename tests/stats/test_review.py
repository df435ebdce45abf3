"""The review threshold: load, error, the band around it, and promises that hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.intervals import wilson
from evalkit.stats.review import choose_threshold, judge_threshold, review_band, threshold_curve

STATED = np.array([0.2, 0.5, 0.78, 0.8, 0.82, 0.9, 0.95, 1.0])
RIGHT = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0])


def test_load_and_error_of_a_threshold_are_counted() -> None:
    found = judge_threshold(STATED, RIGHT, 0.8)
    assert found.load == 3 / 8
    assert found.accepted == 5
    assert found.error == 1 / 5
    assert (found.error_lo, found.error_hi) == wilson(1, 5)
    assert found.caught == pytest.approx(2 / 3)


def test_a_threshold_that_accepts_nothing_has_no_error_and_catches_all() -> None:
    found = judge_threshold(STATED, RIGHT, 1.01)
    assert math.isnan(found.error)
    assert found.load == found.caught == 1
    assert math.isnan(judge_threshold([0.5], [1.0], 0.1).caught)


def test_load_rises_with_the_threshold() -> None:
    loads = [one.load for one in threshold_curve(STATED, RIGHT)]
    assert loads == sorted(loads)
    assert len(loads) == 21
    assert [one.threshold for one in threshold_curve(STATED, RIGHT, [0.3, 0.9])] == [0.3, 0.9]


def test_the_band_counts_both_sides_of_the_threshold() -> None:
    found = review_band(STATED, RIGHT, threshold=0.8, band=0.05)
    assert (found.below.n, found.above.n) == (1, 2)
    assert found.below.right == 1.0
    assert found.above.right == 0.5
    assert found.near == 3 / 8
    assert sum(one.n for one in found.histogram) == 8
    assert any(one.low == 0.8 for one in found.histogram)
    assert "37.5 % of 8 answers are reviewed" in found.sentence()
    assert "0.80 to 0.85" in found._repr_html_()


@pytest.mark.parametrize("threshold", [0.0, 0.33, 0.75, 1.0])
def test_the_histogram_holds_every_answer_wherever_the_threshold_is(threshold: float) -> None:
    stated = np.random.default_rng(0).random(500)
    found = review_band([*stated, 0.0, 1.0], [1.0] * 502, threshold=threshold)
    assert sum(one.n for one in found.histogram) == 502


def answers(seed: int, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    stated = rng.beta(5, 1, n)
    return stated, (rng.random(n) < stated).astype(float)


def test_a_promised_threshold_keeps_its_promise_in_nineteen_of_twenty() -> None:
    fresh, truth = answers(10_000, 200_000)
    broken = made = 0
    for seed in range(120):
        found = choose_threshold(*answers(seed), most_error=0.05)
        if found is not None:
            made += 1
            broken += 1 - truth[fresh >= found.threshold].mean() > 0.05
    assert made > 80
    assert broken / made <= 0.1


def test_nothing_is_promised_where_nothing_can_be() -> None:
    assert choose_threshold([0.9] * 40, [1.0] * 40, most_error=0.05) is None  # 40 right ones leave 7 % open
    assert choose_threshold([0.9] * 60, [1.0] * 60, most_error=0.05) is not None
    assert choose_threshold(*answers(3), most_error=0.0001) is None


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: judge_threshold([], [], 0.5), "stand beside"),
        (lambda: judge_threshold([0.5], [2.0], 0.5), "outside"),
        (lambda: review_band([0.5], [1.0], threshold=0.5, band=0.0), "a band is above 0"),
        (lambda: choose_threshold([0.5], [1.0], most_error=1.0), "between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, what: str) -> None:
    with pytest.raises(StatisticsError, match=what):
        call()


def test_an_answer_at_the_threshold_is_accepted() -> None:
    at, beyond = (judge_threshold([0.8], [0.0], threshold) for threshold in (0.8, math.nextafter(0.8, 1)))
    assert (at.accepted, at.load, at.error, at.caught) == (1, 0.0, 1.0, 0.0)
    assert (beyond.accepted, beyond.load, beyond.caught) == (0, 1.0, 1.0)
    assert (beyond.error_lo, beyond.error_hi) == (0.0, 1.0)


def test_scores_between_right_and_wrong_count_by_their_part() -> None:
    found = judge_threshold([0.9, 0.9, 0.1], [0.75, 1.0, 0.5], 0.5)
    assert found.error == pytest.approx(0.125)
    assert found.caught == pytest.approx(1 - 0.25 / 0.75)


def test_the_band_ends_with_the_threshold_below_and_with_itself_above() -> None:
    found = review_band([0.5, 0.6, 0.7, 0.71], [1.0] * 4, threshold=0.6, band=0.1)
    assert (found.below.n, found.above.n) == (1, 2)
    assert (found.below.low, found.below.high, found.above.high) == pytest.approx((0.5, 0.6, 0.7))
    assert math.isnan(review_band([0.1], [1.0], threshold=0.6).below.right)
    assert review_band([0.5], [1.0], threshold=0.5, band=0.5).n == 1


@pytest.mark.parametrize("band", [-0.1, 0.0, 0.51, math.nan])
def test_a_band_of_no_width_or_beyond_one_half_is_refused(band: float) -> None:
    with pytest.raises(StatisticsError, match="a band is above 0 and at most 0.5 -> 0.05 is usual"):
        review_band([0.5], [1.0], threshold=0.5, band=band)


@pytest.mark.parametrize("stated", [-0.01, 1.01, math.nan])
def test_a_confidence_beyond_its_range_is_refused_without_the_value(stated: float) -> None:
    with pytest.raises(StatisticsError) as refused:
        threshold_curve([0.5, stated], [1.0, 1.0])
    assert str(stated) not in str(refused.value)


def test_a_promise_is_one_of_the_hundredths_and_holds_on_what_it_was_made_of() -> None:
    stated, right = np.repeat([0.2, 0.5, 0.905], 200), np.repeat([0.0, 1.0, 1.0], 200)
    found = choose_threshold(stated, right, most_error=0.05)
    assert found == judge_threshold(stated, right, 0.21)
    assert (found.error, found.accepted, found.caught) == (0.0, 400, 1.0)
    assert choose_threshold(stated, right, most_error=0.01, confidence=0.99) is None  # 400 right ones leave 1.1 % open


def test_a_promise_counts_what_is_partly_wrong_as_wrong() -> None:
    stated = np.full(200, 0.9)
    assert choose_threshold(stated, np.full(200, 1.0), most_error=0.05) is not None
    assert choose_threshold(stated, np.full(200, 0.99), most_error=0.05) is None
