"""Drift: quiet on quiet windows, awake on shifted ones, undecided where nothing could have been seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.drift import Drift, Vigilance, compare_profiles, smallest_shift
from evalkit.stats.profile import Profile, profile_columns

LEVELS = (2, 3, 5, 8, 12, 30, 50)
SHARES = [np.random.default_rng(k).dirichlet(np.ones(k) * 2) for k in LEVELS]


def table(rng: np.random.Generator, rows: int, shift: float = 0.0) -> dict[str, object]:
    """Nineteen columns, numbers of four shapes and labels of 2 to 50 levels; the first is shifted."""
    columns: dict[str, object] = {}
    for place in range(12):
        draw = (rng.normal, rng.lognormal, rng.exponential, rng.uniform)[place % 4]
        columns[f"n{place}"] = draw(size=rows) + (shift if place == 0 else 0.0)
    for levels, shares in zip(LEVELS, SHARES, strict=True):
        columns[f"c{levels}"] = [f"L{code:02d}" for code in rng.choice(levels, rows, p=shares)]
    return columns


def drift_of(seed: int, *, rows: int = 500, window: int = 500, shift: float = 0.0) -> Drift:
    rng = np.random.default_rng([seed, rows])
    reference = profile_columns(table(rng, rows))
    return compare_profiles(reference, profile_columns(table(rng, window, shift), like=reference))


def pair(before: dict[str, object], after: dict[str, object], **vigilance: float) -> Drift:
    reference = profile_columns(before)
    return compare_profiles(reference, profile_columns(after, like=reference), Vigilance(**vigilance))


def test_quiet_windows_hardly_ever_alarm() -> None:
    alarms = sum(drift_of(seed).verdict == "drifted" for seed in range(70))
    assert alarms <= 8  # 5 % would be 3.5; 9 or more has a chance below 1 %


def test_a_small_shift_of_one_column_in_nineteen_is_seen_and_named() -> None:
    found = [drift_of(seed, shift=0.3) for seed in range(40)]
    seen = sum("n0" in {one.column for one in drift.drifted} for drift in found)
    assert seen >= 31  # .92 by simulation
    assert all(drift.columns[0].column == "n0" for drift in found if drift.drifted)


def test_other_shapes_are_seen_besides_shifts() -> None:
    rng = np.random.default_rng(1)
    wide = pair({"x": rng.normal(size=800)}, {"x": rng.normal(scale=1.6, size=800)})
    assert wide.columns[0].verdict == "drifted"
    assert wide.columns[0].test == "Kolmogorov-Smirnov"
    assert abs(wide.columns[0].shift) < 0.6


def test_more_missing_numbers_are_drift_of_the_column() -> None:
    rng = np.random.default_rng(2)
    gaps = [float(x) if keep else None for x, keep in zip(rng.normal(size=500), rng.random(500) > 0.2, strict=True)]
    found = pair({"x": [float(x) for x in rng.normal(size=500)]}, {"x": gaps}).columns[0]
    assert found.verdict == "drifted"
    assert "missing 0.0% -> " in found.moved


def test_a_label_that_was_never_there_is_seen() -> None:
    before = {"model": ["a"] * 400 + ["b"] * 100}
    found = pair(before, {"model": ["a"] * 350 + ["b"] * 90 + ["c"] * 60}).columns[0]
    assert found.verdict == "drifted"
    assert found.distance == pytest.approx(0.12, abs=0.03)


def test_a_label_that_the_reference_was_too_small_to_tell_apart_is_seen_when_it_becomes_common() -> None:
    before = {"refusal": ["none"] * 190 + ["CONSENT_MISSING"] * 4}
    found = pair(before, {"refusal": ["none"] * 120 + ["CONSENT_MISSING"] * 40}).columns[0]
    assert found.verdict == "drifted"
    assert found.test == "new label"
    assert found.moved == "CONSENT_MISSING hardly ever -> 25.0%"
    assert found.distance == pytest.approx(0.25 - 10 / 194)
    assert pair(before, {"refusal": ["none"] * 120 + ["CONSENT_MISSING"] * 11}).columns[0].verdict == "quiet"


def test_more_missing_labels_are_seen() -> None:
    found = pair({"x": ["a"] * 300 + ["b"] * 100}, {"x": ["a"] * 240 + ["b"] * 80 + [None] * 80}).columns[0]
    assert found.verdict == "drifted"
    assert found.moved == "missing 0.0% -> 20.0%"


def test_a_few_missing_rows_of_the_reference_are_pooled_in_both() -> None:
    found = pair({"x": ["a"] * 300 + [None] * 5}, {"x": ["a"] * 300 + [None] * 4}).columns[0]
    assert found.verdict == "quiet"
    gaps = pair({"x": [*np.arange(300.0).tolist(), None]}, {"x": [*np.arange(300.0).tolist(), None, None]}).columns[0]
    assert gaps.verdict == "quiet"


def test_what_is_sure_and_too_small_to_matter_raises_no_alarm() -> None:
    rng = np.random.default_rng(3)
    found = pair({"x": rng.normal(size=60_000)}, {"x": rng.normal(0.06, size=60_000)})
    assert found.columns[0].verdict == "small"
    assert found.columns[0].p_adjusted < 0.001
    assert found.verdict == "quiet"
    strict = pair({"x": rng.normal(size=60_000)}, {"x": rng.normal(0.06, size=60_000)}, margin=0.0)
    assert strict.verdict == "drifted"


def test_a_window_too_small_to_show_anything_is_undecided_and_says_what_it_missed() -> None:
    found = drift_of(4, window=40)
    assert found.verdict == "undecided"
    assert found.sees > found.vigilance.sight
    assert f"would have missed a shift below {found.sees:.2f} sd" in found.sentence()


def test_the_smallest_shift_is_seen_as_often_as_asked() -> None:
    vigilance = Vigilance()
    shift = smallest_shift(600, 400, columns=1, vigilance=vigilance)
    seen = 0
    for seed in range(150):
        rng = np.random.default_rng([seed, 77])
        seen += pair({"x": rng.normal(size=600)}, {"x": rng.normal(shift, size=400)}).verdict == "drifted"
    assert 0.70 <= seen / 150 <= 0.90


def test_a_column_that_never_varies_has_no_drift_and_poisons_nothing() -> None:
    found = pair({"x": [1.0] * 50, "y": ["a"] * 50}, {"x": [1.0] * 60, "y": ["a"] * 60})
    assert [one.p_value for one in found.columns] == [1.0, 1.0]
    assert found.summary()["columns"][0]["shift"] is None or math.isfinite(found.summary()["columns"][0]["shift"])


def test_a_reference_too_small_to_tell_its_values_apart_is_named() -> None:
    found = pair({"x": [1.0] * 90 + [0.5] * 4}, {"x": [0.7] * 60})
    assert found.columns[0].verdict == "quiet"
    assert found.warnings == (
        "Of x only gaps can be seen: fewer than 11 rows of the reference differ. Profile more rows.",
    )


def test_a_column_without_any_number_is_compared_by_its_gaps() -> None:
    found = pair({"x": [None] * 50}, {"x": [None] * 30 + [1.0] * 30})
    assert found.columns[0].verdict == "drifted"


def test_the_surest_columns_stand_first_and_the_same_counts_give_the_same_answer() -> None:
    found = drift_of(5, shift=0.8)
    adjusted = [one.p_adjusted for one in found.columns]
    assert adjusted == sorted(adjusted)
    assert found.summary() == drift_of(5, shift=0.8).summary()


def test_a_drift_says_so_in_words_card_and_json() -> None:
    found = drift_of(6, shift=1.0)
    assert found.sentence().startswith("DRIFTED: ")
    assert "n0" in found.sentence()
    assert "n0" in found._repr_html_()
    assert "median" in str(found.columns[0])
    assert found.summary()["verdict"] == "drifted"
    quiet = drift_of(7)
    assert quiet.sentence().startswith("QUIET: 19 columns")
    assert repr(quiet).startswith("Drift(QUIET")


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"margin": -0.1}, {"sight": 0.0}, {"power": 1.0}])
def test_a_vigilance_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(StatisticsError, match="alpha lies between"):
        Vigilance(**wrong)


def test_what_does_not_fit_together_is_refused() -> None:
    reference = profile_columns({"x": np.arange(50.0)})
    with pytest.raises(StatisticsError, match="other columns"):
        compare_profiles(reference, profile_columns({"y": np.arange(50.0)}))
    with pytest.raises(StatisticsError, match="another kind or scale"):
        compare_profiles(reference, profile_columns({"x": ["a"] * 50}))
    with pytest.raises(StatisticsError, match="another kind or scale"):
        compare_profiles(reference, profile_columns({"x": np.arange(50.0) * 1e6}))
    with pytest.raises(StatisticsError, match="at least 11 rows"):
        compare_profiles(reference, profile_columns({"x": np.arange(5.0)}, like=reference))
    assert isinstance(reference, Profile)
