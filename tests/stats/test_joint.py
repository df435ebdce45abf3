"""Joint drift: what changes only together is seen, and what did not change is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.drift import compare_profiles
from evalkit.stats.joint import joint_drift
from evalkit.stats.profile import profile_columns


def table(seed: int, rows: int = 400, tie: float = 0.0) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=rows), rng.normal(size=rows)
    return {
        "x": x,
        "y": tie * x + np.sqrt(1 - tie**2) * noise,
        "c": rng.choice(["a", "b", None], rows).tolist(),  # type: ignore[arg-type]
    }


def test_columns_that_change_only_together_are_seen_jointly_and_not_one_by_one() -> None:
    before, after = table(1), table(2, tie=0.8)
    profile = profile_columns(before)
    assert compare_profiles(profile, profile_columns(after, like=profile)).verdict == "quiet"
    found = joint_drift(before, after)
    assert found.drifted
    assert found.auc > 0.6
    assert {name for name, _ in found.columns[:2]} == {"x", "y"}


def test_an_unchanged_window_is_told_apart_no_more_often_than_by_chance() -> None:
    alarms = sum(joint_drift(table(seed, 150), table(seed + 1000, 150)).drifted for seed in range(16))
    assert alarms <= 4


def test_the_same_tables_and_seed_give_the_same_answer() -> None:
    assert joint_drift(table(1), table(2), seed=3) == joint_drift(table(1), table(2), seed=3)


def test_frames_are_tables_and_an_answer_is_said_in_words() -> None:
    found = joint_drift(pd.DataFrame(table(1)), pd.DataFrame(table(2, tie=0.9)))
    assert "can be told apart: AUC" in found.sentence()
    assert "loss of AUC" in found._repr_html_()
    assert "cannot be told apart" in joint_drift(table(4), table(5)).sentence()


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ({"x": [1.0] * 60}, {"y": [1.0] * 60}, "other columns"),
        ({}, {}, "other columns"),
        ({"x": [1.0] * 60}, {"x": [1.0] * 10}, "50 rows on either side"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(before: dict, after: dict, what: str) -> None:
    with pytest.raises(StatisticsError, match=what):
        joint_drift(before, after)
