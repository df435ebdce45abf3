"""The records between statistics and their readers: what a difference says, and what a plan admits."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from evalkit.errors import StatisticsError
from evalkit.stats.columns import binary, mean, ratio
from evalkit.stats.comparison import MISSING, adjust, compare_columns
from evalkit.stats.difference import Difference, Plan
from evalkit.stats.pairs import mcnemar

SEEN = compare_columns(
    binary(np.ones(40), range(40)), binary([0.0] * 4 + [1.0] * 36, range(40)), metric="m", scope="tag:t"
)


@pytest.mark.parametrize(("p", "seen"), [(0.02, 0.02), (0.5, 0.5), (0.75, 0.25), (1.0, 0.0)])
def test_the_p_value_that_was_seen_is_the_smaller_of_both_directions(p: float, seen: float) -> None:
    assert replace(SEEN, p_value=p).p_seen == pytest.approx(seen)


def test_a_difference_says_effect_interval_and_verdict_in_points() -> None:
    plain = replace(SEEN, effect=-0.1, lo=-0.2071, hi=0.004, verdict="undecided")
    assert str(plain) == "m on tag:t: -10.0 points (-20.7 to +0.4), undecided"
    assert str(replace(plain, effect=math.nan, lo=math.nan)) == "m on tag:t: n/a points (n/a), undecided"


def test_a_card_names_test_pairs_and_clusters_and_keeps_names_as_text() -> None:
    card = replace(SEEN, metric="<script>", p_adjusted=0.0004)._repr_html_()
    assert "p &lt; 0.001 by McNemar mid-p, 40 pairs, 40 clusters" in card
    assert "<script" not in card


def test_a_difference_cannot_be_edited() -> None:
    with pytest.raises(FrozenInstanceError):
        SEEN.verdict = "improved"  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": 0.0}, {"margin": 1.0}, {"margin": -0.02}, {"margin": math.nan}, {"alpha": 0.0}, {"alpha": 0.5},
        {"alpha": math.nan}, {"power": 0.0}, {"power": 1.0},
    ],
)  # fmt: skip
def test_a_plan_at_either_end_of_its_range_is_refused_in_one_line(wrong: dict[str, float]) -> None:
    with pytest.raises(StatisticsError, match="a margin and a power lie between 0 and 1, an alpha between 0 and 0.5"):
        Plan(**wrong)


@pytest.mark.parametrize("right", [{"margin": 1e-9}, {"margin": 0.999}, {"alpha": 0.4999}, {"power": 0.999}])
def test_a_plan_just_inside_its_range_is_taken(right: dict[str, float]) -> None:
    assert Plan(**right) != Plan()


# Verdicts exactly at a limit, and one step beside it


def judged(**plan: Any) -> Difference:
    return compare_columns(
        binary(np.ones(200), range(200)), binary([0.0] * 9 + [1.0] * 191, range(200)), metric="m", plan=Plan(**plan)
    )


def test_a_p_value_at_alpha_is_a_regression_and_one_above_is_not() -> None:
    p = float(mcnemar(9, 0))
    assert judged(alpha=p).verdict == "regressed"
    assert judged(alpha=math.nextafter(p, 0)).verdict != "regressed"


def test_within_the_margin_both_ends_of_the_interval_lie_strictly_inside() -> None:
    end = -judged().lo90
    assert not judged(margin=end).within_margin
    assert judged(margin=math.nextafter(end, 1)).within_margin
    assert not judged(margin=end).noninferior
    assert judged(margin=math.nextafter(end, 1)).noninferior


def test_a_change_for_the_better_beyond_the_margin_is_noninferior_and_not_within_it() -> None:
    up = compare_columns(
        binary([0.0] * 60 + [1.0] * 140, range(200)),
        binary(np.ones(200), range(200)),
        metric="m",
        plan=Plan(margin=0.02),
    )
    assert (up.verdict, up.noninferior, up.within_margin) == ("improved", True, False)
    low = Plan(margin=0.02, better="lower")
    as_errors = compare_columns(
        binary([0.0] * 60 + [1.0] * 140, range(200)), binary(np.ones(200), range(200)), metric="m", plan=low
    )
    assert (as_errors.verdict, as_errors.noninferior, as_errors.broke) == ("regressed", False, 60)


@pytest.mark.parametrize(("missing", "verdict"), [(1, "regressed"), (2, "undecided")])
def test_the_share_that_may_be_missing_counts_in_what_is_missing(missing: int, verdict: str) -> None:
    """1 of 50 is exactly the share that is borne; 2 of 50 are not."""
    after = [math.nan] * missing + [0.0] * 20 + [1.0] * (30 - missing)
    found = compare_columns(binary(np.ones(50), range(50)), binary(after, range(50)), metric="m")
    assert MISSING == 1 / 50
    assert (found.left_out, found.n) == (missing, 50 - missing)
    assert found.verdict == adjust([found])[0].verdict == verdict
    assert found.need is None or verdict == "undecided"


def test_what_is_short_on_one_side_excludes_no_drop() -> None:
    after = [math.nan] * 10 + [1.0] * 390
    found = compare_columns(
        binary(np.ones(400), range(400)), binary(after, range(400)), metric="m", plan=Plan(margin=0.1)
    )
    assert found.within_margin
    assert not found.noninferior
    assert found.verdict == "undecided"
    assert "more than 2%: no verdict" in found.warnings[-1]


def test_twenty_clusters_are_no_longer_few() -> None:
    for clusters, warned in ((19, True), (20, False)):
        column = mean(np.linspace(0, 1, 60), [row % clusters for row in range(60)])
        found = compare_columns(column, column, metric="m").warnings
        assert any(f"only {clusters} clusters" in warning for warning in found) == warned


@pytest.mark.parametrize(
    ("first", "verdict"), [(0.0, "undecided"), (0.5, "regressed")], ids=["shared evenly", "head keeps half"]
)
def test_the_head_keeps_its_share_of_the_level_however_many_stand_beside_it(first: float, verdict: str) -> None:
    head, other = replace(SEEN, p_value=0.02, within_margin=False), replace(SEEN, p_value=0.5, within_margin=False)
    found = adjust([head, *[other] * 9], first=first)
    assert found[0].verdict == verdict
    assert found[0].p_adjusted == pytest.approx(0.2 if not first else 0.04)


def test_an_empty_head_gives_its_share_of_the_level_away() -> None:
    nothing = ratio([math.nan] * 30, [math.nan] * 30, range(30))
    empty = compare_columns(nothing, nothing, metric="m")
    others = [replace(SEEN, p_value=0.02, within_margin=False)] * 2
    found = adjust([empty, *others], first=0.5)
    assert found[0] is empty
    assert [one.p_adjusted for one in found[1:]] == pytest.approx([0.04, 0.04])
