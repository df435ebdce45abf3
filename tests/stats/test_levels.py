"""Levels: rare labels are pooled without naming them, and without making every quiet window look new."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.stats.distances import homogeneity
from evalkit.stats.levels import LEAST, Groups, Levels, add_levels, count_levels, place_of

counted = st.dictionaries(st.text("abcdefg", min_size=1, max_size=3), st.integers(1, 60), max_size=30)


def grouped(columns: Groups) -> list[int]:
    return columns.counts.tolist()


@pytest.mark.parametrize(
    "values",
    [
        ["ok", "ok", None, "refused"],
        pd.Series(["ok", "ok", None, "refused"]),
        pd.Series(["ok", "ok", None, "refused"], dtype="category"),
        np.array(["ok", "ok", None, "refused"], dtype=object),
    ],
)
def test_labels_of_any_container_are_counted(values: object) -> None:
    found = count_levels(values)
    assert dict(found.counts) == {"ok": 2, "refused": 1}
    assert found.missing == 1
    assert found.rows == 4


@pytest.mark.parametrize("rows", [300_000, 300_001])
def test_codes_of_a_byte_are_counted_two_at_a_time_and_none_is_lost(rows: int) -> None:
    codes = np.random.default_rng(3).integers(-1, 100, rows)
    names = [f"L{code:02d}" for code in range(100)]
    found = count_levels(pd.Series(pd.Categorical.from_codes(codes, names)))
    counted = np.bincount(codes + 1, minlength=101)
    assert found.missing == counted[0]
    assert found.counts == dict(zip(names, counted[1:].tolist(), strict=True))


def test_booleans_are_the_words_true_and_false() -> None:
    assert dict(count_levels([True, False, True]).counts) == {"true": 2, "false": 1}


@settings(deadline=None)
@given(counted, st.integers(0, 40))
def test_a_suppressed_column_tells_no_fewer_than_eleven_rows_apart(levels: dict[str, int], missing: int) -> None:
    kept = Levels(levels, missing).suppress()
    assert kept.rows == sum(levels.values()) + missing
    if len(kept.counts) > 1:
        assert min(grouped(kept)) >= LEAST
    assert kept.missing is None or kept.missing == 0 or kept.missing >= LEAST
    named = [name for group in kept.names for name in group]
    assert all(levels[name] >= LEAST for name in named)


@settings(deadline=None)
@given(counted, counted)
def test_columns_of_parts_add_up(one: dict[str, int], other: dict[str, int]) -> None:
    both = add_levels(Levels(one, 1), Levels(other, 2))
    assert isinstance(both, Levels)
    assert both.rows == sum(one.values()) + sum(other.values()) + 3
    kept = add_levels(Levels(one, 0).suppress(), Levels(other, 0))
    assert isinstance(kept, Groups)
    assert kept.rows == sum(one.values()) + sum(other.values())
    assert add_levels(Levels(other, 0), Levels(one, 0).suppress()).rows == kept.rows


def test_suppressed_columns_add_up_in_groups_that_both_have() -> None:
    names = [f"99{code}" for code in range(200, 260)]
    one = Levels(dict.fromkeys(names, 7), 20).suppress()
    other = Levels(dict.fromkeys(names, 12), 3).suppress()
    both = add_levels(one, other)
    assert isinstance(both, Groups)
    assert both.rows == 60 * 19 + 23
    assert both.missing is None
    assert {*both.starts.tolist()} <= {*one.starts.tolist()}


def test_a_window_is_counted_in_the_groups_of_its_reference() -> None:
    reference = Levels({"a": 40, "b": 30, "c": 2}, 0).suppress()
    window = Levels({"a": 5, "b": 6, "new": 50}, 4).grouped(reference)
    assert (window.starts == reference.starts).all()
    assert window.counts.sum() == 61
    assert "new" in {name for group in window.names for name in group}


def test_rare_and_long_labels_are_counted_and_never_named() -> None:
    long = "seen by someone whose name stands here in full length"
    kept = Levels({"ok": 50, "once": 1, long: 30}, 0).suppress()
    named = {name for group in kept.names for name in group}
    assert named == {"ok"}
    assert kept.rows == 81


def test_a_group_is_called_by_its_commonest_labels_or_not_at_all() -> None:
    zeros = np.zeros(1, np.int64)
    assert Groups(zeros, zeros, ((),), 0).label(0) == "rare labels"
    assert Groups(zeros, zeros, (("a", "b", "c", "d"),), 0).label(0) == "a, b, c and others"


def test_pooling_by_digest_keeps_the_level_of_the_test_where_pooling_the_rarest_does_not() -> None:
    rng = np.random.default_rng(11)
    shares = np.random.default_rng(50).dirichlet(np.ones(50) * 2)
    names = [f"L{index:02d}" for index in range(50)]
    alarms = {"digest": 0, "rarest": 0}
    draws = 1500
    for _ in range(draws):
        before, after = rng.multinomial(500, shares), rng.multinomial(500, shares)
        reference = Levels({n: int(c) for n, c in zip(names, before, strict=True) if c}, 0).suppress()
        window = Levels({n: int(c) for n, c in zip(names, after, strict=True) if c}, 0).grouped(reference)
        alarms["digest"] += homogeneity(reference.counts, window.counts)[1] <= 0.05
        common = before >= LEAST
        rarest = [np.append(counts[common], counts[~common].sum()) for counts in (before, after)]
        alarms["rarest"] += homogeneity(*rarest)[1] <= 0.05
    assert alarms["digest"] / draws <= 0.065
    assert alarms["rarest"] / draws >= 0.075


def test_the_place_of_a_label_is_the_same_everywhere() -> None:
    assert place_of("99213") == 2996831154
    assert place_of("ok") == 646526587
