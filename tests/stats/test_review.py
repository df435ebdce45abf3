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
