"""Calibration: sklearn as an oracle, noise taken off, and intervals that cover."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from evalkit.errors import StatisticsError
from evalkit.stats.calibration import (
    _bins,
    brier,
    calibration_error,
    expected_score,
    recalibrate,
    reliability,
    step_knots,
)


def some_answers(seed: int) -> list[tuple[float, float]]:
    """25 to 120 answers with confidences on a coarse grid, some of them heaped."""
    rng = np.random.default_rng(seed)
    stated = rng.choice(rng.integers(0, 21, rng.integers(1, 12)) / 20, rng.integers(25, 121))
    return list(zip(stated.tolist(), rng.integers(0, 2, len(stated)).astype(float).tolist(), strict=True))


answers = st.integers(0, 100_000).map(some_answers)


def draw(seed: int, n: int, bend: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and answers that are right with chance confidence ** bend."""
    rng = np.random.default_rng([seed, n])
    stated = rng.beta(6, 2, n)
    return stated, (rng.random(n) < stated**bend).astype(float)


def test_the_brier_score_is_that_of_sklearns_documentation() -> None:
    assert brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]).score == pytest.approx(0.0375)


@given(answers)
@settings(max_examples=50, deadline=None)
def test_the_parts_of_a_brier_score_add_up_to_it(rows: list[tuple[float, float]]) -> None:
    stated, right = map(np.array, zip(*rows, strict=True))
    for bins in (None, 5):
        parts = brier(stated, right, bins=bins)
        assert parts.score == pytest.approx(brier_score_loss(right, stated) if len({*right}) > 1 else parts.score)
        whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
        assert whole == pytest.approx(parts.score, abs=1e-12)
        if bins is None:
            assert parts.within == pytest.approx(0, abs=1e-12)


def test_reliability_is_the_calibration_curve_of_sklearn() -> None:
    stated, right = draw(1, 400)
    found = reliability(stated, right, bins=8)
    accuracy, confidence = calibration_curve(right, stated, n_bins=8, strategy="quantile")
    assert [b.accuracy for b in found] == pytest.approx(accuracy, abs=0.02)
    assert [b.confidence for b in found] == pytest.approx(confidence, abs=0.01)
    assert sum(b.n for b in found) == 400
    assert all(b.lo <= b.accuracy <= b.hi for b in found)


@given(answers, st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_bins_hold_every_answer_once_and_never_part_equal_confidences(
    rows: list[tuple[float, float]], most: int
) -> None:
    stated = np.array([confidence for confidence, _ in rows])
    found = _bins(stated, most)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(rows)))
    assert len(found) <= most
    for earlier, later in itertools.pairwise(found):
        assert stated[earlier].max() < stated[later].min()


def test_a_heap_at_one_confidence_leaves_the_rest_a_bin_of_its_own() -> None:
    found = reliability([*[0.5] * 12, *[1.0] * 300], [*[1.0] * 6, *[0.0] * 6, *[1.0] * 300])
    assert [(b.confidence, b.n) for b in found] == [(0.5, 12), (1.0, 300)]
    assert found[0].gap == 0.0


@pytest.mark.parametrize(("bend", "n"), [(1.0, 200), (1.6, 200), (1.6, 800)])
def test_the_interval_of_the_error_covers_and_its_noise_is_off(bend: float, n: int) -> None:
    covered, off, plain = 0, [], []
    for seed in range(70):
        stated, right = draw(seed, n, bend)
        truth = sum(len(r) / n * abs((stated[r] ** bend - stated[r]).mean()) for r in _bins(stated, 10))
        found = calibration_error(stated, right, seed=seed)
        covered += found.lo <= truth <= found.hi
        off.append(found.value - truth)
        plain.append(found.plain - truth)
    assert covered / 70 >= 0.88
    assert abs(np.mean(off)) < max(np.mean(plain), 0.01)


def test_a_calibrated_model_is_not_called_miscalibrated() -> None:
    lows = [calibration_error(*draw(seed, 300), seed=seed).lo for seed in range(60)]
    assert np.mean(np.array(lows) == 0) >= 0.9
    assert calibration_error(*draw(0, 300)).noise > 0.02


def test_a_bad_model_is_called_so_and_rows_of_one_patient_count_less() -> None:
    stated, right = draw(3, 400, bend=2.5)
    alone = calibration_error(stated, right)
    assert alone.lo > 0.05
    assert "calibration error" in str(alone)
    clustered = calibration_error(np.repeat(stated, 4), np.repeat(right, 4), clusters=np.repeat(np.arange(400), 4))
    naive = calibration_error(np.repeat(stated, 4), np.repeat(right, 4))
    assert clustered.hi - clustered.lo > 1.5 * (naive.hi - naive.lo)
    assert clustered.hi - clustered.lo == pytest.approx(alone.hi - alone.lo, rel=0.15)


@given(answers)
@settings(max_examples=50, deadline=None)
def test_the_isotonic_map_is_that_of_sklearn(rows: list[tuple[float, float]]) -> None:
    stated, right = map(np.array, zip(*rows, strict=True))
    expected = IsotonicRegression(out_of_bounds="clip").fit(stated, right)
    asked = np.linspace(0, 1, 41)
    assert recalibrate(stated, right).apply(asked) == pytest.approx(expected.predict(asked), abs=1e-9)


def test_a_map_helps_where_confidences_lie_and_not_where_they_do_not() -> None:
    bent = recalibrate(*draw(5, 800, bend=3.0))
    assert bent.helps
    assert bent.after < bent.before - 0.02
    straight = recalibrate(*draw(6, 800))
    assert straight.after > straight.before - 0.004


def test_the_corners_of_a_map_keep_its_shape() -> None:
    found = recalibrate(*draw(7, 300))
    corners = step_knots(found.knots, found.values)
    asked = np.linspace(0, 1, 101)
    assert len(corners) < len(found.knots)
    assert np.interp(asked, *zip(*corners, strict=True)) == pytest.approx(found.apply(asked))


def test_the_score_of_a_window_is_expected_from_its_confidences() -> None:
    covered = 0
    for seed in range(100):
        stated, right = draw(seed, 600, bend=1.5)
        rng = np.random.default_rng([seed, 1])
        window = rng.beta(3, 2, 400)  # less sure cases than the reference had
        truth = float((window**1.5).mean())
        found = expected_score(stated, right, window)
        covered += found.lo <= truth <= found.hi
    assert found.n == 400
    assert "has not changed" in found.assumption
    assert covered >= 75  # bins are a little coarse for what the reference hardly had
    same = expected_score(stated, right, stated)
    assert same.value == pytest.approx(right.mean(), abs=1e-9)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: brier([0.5], [1, 0]), "stand beside"),
        (lambda: brier([1.5], [1]), "a confidence lies outside"),
        (lambda: brier([0.5], [float("nan")]), "a score lies outside"),
        (lambda: recalibrate([0.5] * 5, [1] * 5), "at least 20 cases"),
        (lambda: expected_score([0.5] * 30, [1.0] * 30, []), "no confidences"),
        (lambda: reliability([0.5], [1], clusters=[1, 2]), "cluster ids"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(call, what: str) -> None:
    with pytest.raises(StatisticsError, match=what):
        call()


@pytest.mark.parametrize("patients", [1, 2, 3])
def test_the_answers_of_one_or_two_patients_have_intervals_as_wide_as_they_must_be(patients: int) -> None:
    stated = np.linspace(0.05, 0.95, 60)
    right = (np.arange(60) % 3 > 0).astype(float)
    clusters = [f"p-{row % patients}" for row in range(60)]
    bins = reliability(stated, right, clusters=clusters)
    alone = reliability(stated, right)
    assert all(0 <= one.lo <= one.accuracy <= one.hi <= 1 for one in bins)
    assert max(one.hi - one.lo for one in bins) > max(one.hi - one.lo for one in alone)
