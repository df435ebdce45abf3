"""Charts: run lengths as published, as simulated, and as designed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.charts import (
    Chart,
    cusum,
    cusum_arl,
    design_cusum,
    design_ewma,
    design_rate_cusum,
    ewma,
    ewma_arl,
    rate_cusum,
    rate_cusum_arl,
    watch_rate,
)


@pytest.mark.parametrize(
    ("limit", "shift", "length"), [(4, 0, 168), (5, 0, 465), (4, 1, 8.38), (5, 1, 10.4), (4, 2, 3.34), (5, 2, 4.01)]
)
def test_run_lengths_of_a_cusum_are_those_of_montgomerys_table(limit: float, shift: float, length: float) -> None:
    assert cusum_arl(limit, shift=shift) == pytest.approx(length, rel=0.005)


@pytest.mark.parametrize(
    ("limit", "weight", "shift", "length"),
    [(2.814, 0.1, 0, 500), (2.962, 0.2, 0, 500), (2.814, 0.1, 1, 10.3), (2.962, 0.2, 1, 10.5), (3.054, 0.4, 0, 500)],
)
def test_run_lengths_of_an_ewma_are_those_of_lucas_and_saccucci(
    limit: float, weight: float, shift: float, length: float
) -> None:
    assert ewma_arl(limit, weight=weight, shift=shift) == pytest.approx(length, rel=0.01)


def test_designed_limits_have_the_run_length_asked_for() -> None:
    assert cusum_arl(design_cusum(370.0)) == pytest.approx(370, rel=1e-3)
    assert ewma_arl(design_ewma(370.0, weight=0.1), weight=0.1) == pytest.approx(370, rel=1e-3)
    limit, up, down = design_rate_cusum(2000, normal=0.05, raised=0.1)
    height, jump = round(limit / down), round(up / down)
    assert rate_cusum_arl(height, jump=jump, rate=0.05) >= 2000 > rate_cusum_arl(height - 1, jump=jump, rate=0.05)


def run_lengths(draw: np.ndarray, step_limit: float, slack: float = 0.5) -> np.ndarray:
    """Points until a two-sided CUSUM passes its limit, many streams at a time: (streams, points)."""
    high, low = np.zeros(len(draw)), np.zeros(len(draw))
    first = np.full(len(draw), draw.shape[1])
    for point in range(draw.shape[1]):
        high = np.maximum(0, high + draw[:, point] - slack)
        low = np.maximum(0, low - draw[:, point] - slack)
        first = np.where((np.maximum(high, low) > step_limit) & (first == draw.shape[1]), point + 1, first)
    return first


def test_the_designed_run_length_is_the_simulated_one() -> None:
    draw = np.random.default_rng(1).normal(size=(1500, 900))
    assert run_lengths(draw, design_cusum(100.0)).mean() == pytest.approx(100, rel=0.08)


def test_the_chart_walks_as_the_simulation_does() -> None:
    draw = np.random.default_rng(2).normal(size=(6, 900))
    limit = design_cusum(100.0)
    for stream, length in zip(draw, run_lengths(draw, limit), strict=True):
        chart = cusum(stream.tolist(), centre=0, sd=1, arl0=100.0)
        assert chart.alarms[0] + 1 == length


def test_a_bernoulli_cusum_waits_as_long_as_designed_and_sees_a_doubled_rate_soon() -> None:
    rng = np.random.default_rng(3)
    limit, up, down = design_rate_cusum(500, normal=0.06, raised=0.12)
    height, jump = round(limit / down), round(up / down)
    for rate, expected in ((0.06, rate_cusum_arl(height, jump=jump, rate=0.06)), (0.12, None)):
        state, lengths = np.zeros(800), np.full(800, 6000)
        for point in range(6000):
            failed = rng.random(800) < rate
            state = np.maximum(0, state + np.where(failed, jump, -1))
            lengths = np.where((state >= height) & (lengths == 6000), point + 1, lengths)
        if expected is not None:
            assert lengths.mean() == pytest.approx(expected, rel=0.1)
        else:
            assert lengths.mean() < 120


def test_the_chart_of_single_outcomes_alarms_after_the_rate_has_risen() -> None:
    rng = np.random.default_rng(4)
    stream = [*(rng.random(800) < 0.05).tolist(), *(rng.random(600) < 0.15).tolist()]
    chart = rate_cusum(stream, normal=0.05, raised=0.12, arl0=5000)
    assert chart.kind == "rate cusum"
    assert chart.alarmed
    assert 800 <= chart.alarms[0] < 1000
    assert len(chart.upper) == 1400


def test_an_e_process_keeps_its_false_alarms_apart_whatever_comes_below_the_normal_rate() -> None:
    alarms, points = 0, 3000
    for seed in range(40):
        rng = np.random.default_rng(seed)
        wandering = 0.03 + 0.03 * np.sin(np.arange(points) / 150) ** 2  # moves, and never above 0.06
        alarms += len(watch_rate((rng.random(points) < wandering).tolist(), normal=0.06, arl0=500).alarms)
    assert alarms / (40 * points) <= 1 / 500


def test_an_e_process_sees_a_raised_rate_after_a_long_quiet_time() -> None:
    rng = np.random.default_rng(5)
    stream = [*(rng.random(5000) < 0.05).tolist(), *(rng.random(1500) < 0.13).tolist()]
    chart = watch_rate(stream, normal=0.06, arl0=5000)
    assert chart.alarmed
    assert chart.alarms[0] >= 5000
    assert chart.alarms[0] < 5600
    assert chart.limit == math.log(5000)
    assert "at most one false alarm in 5,000 points" in chart.sentence()


def test_a_shifted_stream_alarms_in_both_charts_of_means() -> None:
    rng = np.random.default_rng(6)
    stream = [*rng.normal(size=60), *rng.normal(1.2, size=40)]
    for chart in (cusum(stream, centre=0, sd=1), ewma(stream, centre=0, sd=1)):
        assert 60 <= chart.alarms[0] < 80
        assert len(chart.upper) == len(chart.lower) == 100
        assert f"first alarm at point {chart.alarms[0] + 1}" in chart.sentence()


def test_a_fall_is_seen_as_a_rise_is() -> None:
    stream = [0.0] * 20 + [-2.0] * 10
    up, down = (cusum([sign * x for x in stream], centre=0, sd=1) for sign in (1, -1))
    assert up.alarms == down.alarms
    assert up.upper == down.lower


def test_a_quiet_chart_says_so() -> None:
    chart = cusum([0.0] * 30, centre=0, sd=1)
    assert not chart.alarmed
    assert chart.sentence() == "cusum: no alarm of 30, by design about one false alarm in 500 points."
    assert "no alarm" in chart._repr_html_()
    assert str(chart) == chart.sentence()
    assert isinstance(chart, Chart)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: cusum([1.0], centre=0, sd=0), "standard deviation above 0"),
        (lambda: ewma([math.nan], centre=0, sd=1), "no number"),
        (lambda: watch_rate([True], normal=1.0), "between 0 and 1"),
        (lambda: rate_cusum([True], normal=0.2, raised=0.1), "not above the normal"),
        (lambda: design_cusum(2.0), "ARL0 below 10"),
    ],
)
def test_a_chart_that_makes_no_sense_is_refused(call, what: str) -> None:
    with pytest.raises(StatisticsError, match=what):
        call()
