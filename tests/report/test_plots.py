from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import matplotlib
import pytest

from evalkit.report import plots
from evalkit.report.plots import power_curve, variance
from evalkit.stats.noise import split_variance
from evalkit.stats.power import Repeats

HOSTILE = "<img onerror=alert(1)>$x_1$"


@pytest.fixture
def forest(records: SimpleNamespace) -> str:
    return plots.forest(records.comparison.differences, margin=0.02)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]


def test_a_figure_is_well_formed_xml_with_a_spoken_title(forest: str) -> None:
    root = ET.fromstring(forest)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "4 differences between candidate and baseline with 95 % intervals"


def test_the_same_records_give_the_same_bytes(records: SimpleNamespace, forest: str) -> None:
    assert plots.forest(records.comparison.differences, margin=0.02) == forest


def test_a_users_own_settings_neither_change_a_figure_nor_are_changed(records: SimpleNamespace, forest: str) -> None:
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert plots.forest(records.comparison.differences, margin=0.02) == forest
        assert matplotlib.rcParams["font.size"] == 30


def test_every_row_stands_with_its_label_and_figures(forest: str) -> None:
    drawn = texts(forest)
    assert "line_exact, modifiers" in drawn
    assert "−5.0  (−8.1 to −1.7)" in drawn


def test_colours_are_variables_of_the_page_with_a_fallback(forest: str) -> None:
    assert "var(--ek-bad,#b3362d)" in forest
    bare = re.sub(r"var\(--ek-[a-z]+,#[0-9a-f]{6}\)", "", forest)
    assert not re.search(r":\s*#[0-9a-f]{6}", bare)


def test_an_undecided_row_is_grey_and_hollow(records: SimpleNamespace) -> None:
    grey = plots.forest([records.difference(verdict="undecided")], margin=0.02)
    assert "var(--ek-open,#646872)" in grey
    assert "var(--ek-bad,#b3362d)" not in grey
    assert "fill: var(--ek-paper,#ffffff)" in grey


def test_a_figure_reaches_out_for_nothing(forest: str) -> None:
    outside = forest.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in outside
    assert "<style" not in outside
    assert "<metadata" not in outside


def test_two_figures_of_one_page_share_no_id(records: SimpleNamespace) -> None:
    both = [plots.forest(records.comparison.differences, margin=0.02, name=name) for name in ("a", "b")]
    first, second = (set(re.findall(r'\bid="([^"]+)"', svg)) for svg in both)
    assert first
    assert not first & second
    assert all(f'id="{target}"' in both[0] for target in re.findall(r'(?:href="|url\()#([^")]+)', both[0]))


def test_a_hostile_name_is_text_and_not_markup_or_mathematics(records: SimpleNamespace) -> None:
    svg = plots.forest([records.difference(metric=HOSTILE)], margin=0.02)
    assert "<img" not in svg
    assert HOSTILE in texts(svg)


def test_a_name_too_long_for_its_place_is_cut(records: SimpleNamespace) -> None:
    svg = plots.forest([records.difference(metric="m" * 50)], margin=0.02)
    assert "m" * 33 + "…" in texts(svg)


def test_a_row_without_figures_is_left_to_the_table(records: SimpleNamespace) -> None:
    nothing = float("nan")
    assert plots.forest([records.difference(effect=nothing)], margin=0.02) == ""
    assert plots.sight([records.difference(mde=nothing)], margin=0.02) == ""
    assert plots.dots([], {}) == ""


def test_estimates_stand_with_their_baselines(records: SimpleNamespace) -> None:
    drawn = texts(plots.dots(records.run.estimates[:3], records.run.baselines))
    assert {"line_exact", "majority", "refuse-all", "89.0 %  (85.0 to 92.1 %)"} <= set(drawn)
    assert "needs_review" not in drawn


def test_a_drop_that_would_pass_unseen_is_drawn_in_another_colour(records: SimpleNamespace) -> None:
    sharp = plots.sight([records.difference(mde=0.01)], margin=0.02)
    blind = plots.sight([records.difference(mde=0.03)], margin=0.02)
    assert "var(--ek-good,#2b7a4b)" in sharp
    assert "var(--ek-good,#2b7a4b)" not in blind


def test_a_figure_stops_at_forty_rows(records: SimpleNamespace) -> None:
    many = [records.difference(scope=f"tag:t{index}") for index in range(60)]
    drawn = texts(plots.forest(many, margin=0.02))
    assert "line_exact, t39" in drawn
    assert "line_exact, t40" not in drawn


def test_the_variance_is_told_apart_by_hatching_and_not_by_colour_alone() -> None:
    drawn = variance(split_variance([[1, 0, 1], [1, 1, 1], [0, 0, 0], [0, 0, 1]]))
    assert "pattern" in drawn
    assert "mean of 3 trials" in drawn
    assert drawn == variance(split_variance([[1, 0, 1], [1, 1, 1], [0, 0, 0], [0, 0, 1]]))
    assert variance(split_variance([[1], [0]])) == ""


def test_power_is_drawn_for_three_numbers_of_trials_by_the_kind_of_line() -> None:
    drawn = power_curve(Repeats(0.94, 0.89))
    assert drawn.count("stroke-dasharray") >= 3
    assert "5 a case" in drawn


def test_shares_stand_against_the_least_that_each_must_have() -> None:
    svg = plots.shares([("edge:minor", 0.03), ("edge:rare", 0.01)], floor=0.02)
    assert {"edge:minor", "3.0 %", "edge:rare", "1.0 %"} <= set(texts(svg))
    assert "var(--ek-bad" in svg
    assert "var(--ek-bad" not in plots.shares([("edge:minor", 0.03)], floor=0.02)
    assert plots.shares([], floor=0.02) == ""


def test_a_spread_counts_what_reaches_the_limit() -> None:
    svg = plots.spread([0.0, 0.05, 0.12, 0.8, 1.0], limit=0.8)
    assert ET.fromstring(svg).get("aria-label") == "2 of 5 values reach 0.8"
    assert plots.spread([0.1, 0.2], limit=0.8) == plots.spread([0.1, 0.2], limit=0.8)
    assert plots.spread([], limit=0.8) == ""


def test_what_acts_in_a_name_is_written_out_and_cut_like_any_other(records: SimpleNamespace) -> None:
    svg = plots.forest([records.difference(metric="m\x1b\u202e"), records.difference(metric="\x00" * 60)], margin=0.02)
    assert "m\\x1b\\u202e" in texts(svg)
    assert not re.search("[\x00\x1b\u202e]", svg)
    assert "\\x00" * 8 + "\\…" in texts(svg)
