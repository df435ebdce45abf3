"""Profiles: counts alone, the same from memory and from disk, and one clear line for what does not fit."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.drift import compare_profiles
from evalkit.stats.levels import LEAST, Groups
from evalkit.stats.profile import Profile, profile_columns


def table(rows: int, seed: int = 0) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    return {
        "confidence": rng.beta(8, 2, rows),
        "seconds": [None if x > 3 else float(x) for x in rng.exponential(size=rows)],
        "status": rng.choice(["ok", "refused", "needs_review"], rows, p=[0.8, 0.15, 0.05]).tolist(),
    }


@pytest.fixture(scope="module")
def reference() -> Profile:
    return profile_columns(table(800), about={"spec": "billing_codes@1.0.0"})


def test_a_kept_profile_holds_no_small_count_and_no_value(reference: Profile) -> None:
    stored = json.loads(reference.to_json())
    for column in stored["columns"].values():
        assert all(rows == 0 or rows >= LEAST for rows in column["counts"])
        assert column["missing"] is None or column["missing"] == 0 or column["missing"] >= LEAST
    values = set(table(800)["confidence"].tolist())  # type: ignore[attr-defined]
    assert not values & {stored["columns"]["confidence"]["centre"], stored["columns"]["confidence"]["step"]}


def test_a_profile_read_back_gives_the_same_bytes_and_the_same_drift(reference: Profile) -> None:
    again = Profile.from_json(reference.to_json())
    assert again.to_json() == reference.to_json()
    window = profile_columns(table(300, seed=5), like=reference)
    assert compare_profiles(again, window).summary() == compare_profiles(reference, window).summary()


def test_a_kept_window_is_compared_too(reference: Profile) -> None:
    window = profile_columns(table(300, seed=5), like=reference)
    kept = Profile.from_json(window.to_json())
    full = compare_profiles(reference, window)
    again = compare_profiles(Profile.from_json(reference.to_json()), kept)
    assert again.verdict == full.verdict == "quiet"
    assert again.n_window == full.n_window


def test_profiles_of_parts_are_that_of_the_whole(reference: Profile) -> None:
    whole = table(800)
    parts = [
        {name: values[rows] for name, values in whole.items()}  # type: ignore[index]
        for rows in (slice(0, 250), slice(250, 800))
    ]
    merged = profile_columns(parts[0], like=reference) + profile_columns(parts[1], like=reference)
    assert merged.to_json() == profile_columns(whole, like=reference).to_json()


def test_a_sum_says_only_what_both_say(reference: Profile) -> None:
    other = profile_columns(table(20, seed=2), like=reference, about={"spec": "billing_codes@2.0.0", "agent": "a"})
    assert (reference + other).about == {"agent": "a"}


def test_a_data_frame_is_a_table(reference: Profile) -> None:
    frame = pd.DataFrame(table(800))
    assert profile_columns(frame, like=reference).columns.keys() == reference.columns.keys()
    as_categories = frame.assign(status=frame["status"].astype("category"))
    left, right = (profile_columns(one, like=reference) for one in (frame, as_categories))
    assert left.to_json() == right.to_json()


def test_columns_that_the_profile_lacks_are_left_out(reference: Profile) -> None:
    wider = {**table(50), "note": ["a text"] * 50}
    assert "note" not in profile_columns(wider, like=reference).columns


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"confidence": [0.5]}, "lacks 2 of the profile's columns"),
        ({**table(5), "confidence": ["high"] * 5}, "a column of numbers came with something else"),
        ({**table(5), "status": ["ok"]}, "columns of one length"),
        ({"confidence": [], "seconds": [], "status": []}, "at least one row"),
    ],
)
def test_a_table_that_does_not_fit_is_one_clear_line(reference: Profile, given: dict, what: str) -> None:
    with pytest.raises(StatisticsError, match=what):
        profile_columns(given, like=reference)


def test_profiles_of_other_columns_or_scales_do_not_add_up(reference: Profile) -> None:
    with pytest.raises(StatisticsError, match="different columns"):
        reference + profile_columns({"x": [1.0]})
    other = profile_columns({**table(800), "seconds": np.random.default_rng(0).normal(1e6, 1e4, 800)})
    with pytest.raises(StatisticsError, match="scales do not add up"):
        reference + other


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "about": {}, "columns": {"x": {}}}', "secret 123-45-6789"],
)
def test_text_that_is_no_profile_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(StatisticsError) as refused:
        Profile.from_json(text)
    assert "123-45-6789" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"), [("counts", [-1]), ("widths", [0, 4096]), ("widths", [10]), ("counts", [1, 2, 3])]
)
def test_a_tampered_profile_is_refused(reference: Profile, key: str, value: list[int]) -> None:
    stored = json.loads(reference.to_json())
    stored["columns"]["confidence"][key] = value
    with pytest.raises(StatisticsError, match="this is no profile"):
        Profile.from_json(json.dumps(stored))


def test_a_profile_of_a_million_rows_is_small() -> None:
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {f"n{i}": rng.normal(size=200_000) for i in range(12)}
    names = [f"L{code:02d}" for code in range(50)]
    columns |= {f"c{i}": pd.Categorical.from_codes(rng.integers(0, 50, 200_000), names) for i in range(8)}
    assert len(profile_columns(columns).to_json()) < 400_000


def test_a_card_shows_shapes_and_no_rare_label(reference: Profile) -> None:
    shown = reference._repr_html_()
    assert "median" in shown
    assert "refused" in shown
    assert "Profile(800 rows, 2 columns of numbers, 1 of labels)" in shown
    rare = profile_columns({"name": ["Ordinary"] * 30 + ["Uncommon"]})
    assert "Uncommon" not in rare._repr_html_() + rare.to_json()
    assert isinstance(rare.suppressed().columns["name"], Groups)
