"""Shapes: bars that sum to everything and are made of counts that may be written down."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.profile import profile_columns
from evalkit.stats.shapes import MOST_BARS, shape_of, tenths


def test_numbers_are_shown_by_tenths_of_the_reference_in_ascending_order() -> None:
    rng = np.random.default_rng(0)
    reference = profile_columns({"x": rng.gamma(2.0, size=3000)})
    window = profile_columns({"x": rng.gamma(2.5, size=800)}, like=reference)
    labels, before, after = shape_of(reference.columns["x"], window.columns["x"])
    middles = [float(label) for label in labels]
    assert middles == sorted(middles)
    assert 8 <= len(labels) <= 10
    assert before.sum() == pytest.approx(1)
    assert after.sum() == pytest.approx(1)
    assert before == pytest.approx(0.1, abs=0.06)
    assert after[-1] > before[-1]


def test_labels_are_shown_commonest_first_with_the_rest_together() -> None:
    rng = np.random.default_rng(1)
    names = [f"99{code}" for code in range(200, 230)]
    before, after = (rng.choice(names, 2000).tolist() for _ in range(2))
    reference = profile_columns({"c": before})
    labels, one, other = shape_of(reference.columns["c"], profile_columns({"c": after}).columns["c"])
    assert len(labels) == MOST_BARS
    assert labels[-1] == "others"
    assert one.sum() == pytest.approx(1)
    assert other.sum() == pytest.approx(1)
    kept, _, _ = shape_of(reference.suppressed().columns["c"], reference.suppressed().columns["c"])
    assert kept == shape_of(reference.columns["c"], reference.columns["c"])[0]


def test_two_kinds_have_no_shape_in_common() -> None:
    with pytest.raises(StatisticsError, match="different kinds"):
        shape_of(profile_columns({"x": [1.0] * 20}).columns["x"], profile_columns({"x": ["a"] * 20}).columns["x"])


def test_tenths_of_nothing_are_one_bar() -> None:
    assert tenths(np.zeros(5)).tolist() == [0]
    assert tenths(np.array([100.0])).tolist() == [0]


def test_long_labels_are_cut_and_rare_ones_stay_without_a_name() -> None:
    table = {"c": ["a" * 19] * 40 + ["b" * 18] * 30 + ["rare"] * 3}
    column = profile_columns(table).columns["c"]
    labels, before, after = shape_of(column, column)
    assert labels == ["a" * 17 + "…", "b" * 18]
    assert before.tolist() == after.tolist()


def test_scales_of_two_references_have_no_shape_in_common() -> None:
    one, other = (profile_columns({"x": np.linspace(0, width, 200)}).columns["x"] for width in (1.0, 1e6))
    with pytest.raises(StatisticsError, match="different kinds"):
        shape_of(one, other)


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ([1.0] * 10, list(range(10))),
        ([1.0] * 20, list(range(0, 20, 2))),
        ([1.0, 5.0, 0.0, 4.0], [0, 1, 2, 3]),
        ([98.0, 1.0, 1.0], [0, 1]),
    ],
)
def test_a_tenth_begins_where_the_middle_of_a_bin_has_passed_the_one_before(
    before: list[float], first: list[int]
) -> None:
    assert tenths(np.array(before)).tolist() == first
