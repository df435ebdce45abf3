"""Figures of drift and calibration: well-formed, the same bytes, told apart without colour."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import numpy as np
import pytest

from evalkit.report import curves
from evalkit.stats.charts import cusum, watch_rate


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]


@pytest.fixture(scope="module")
def figures(papers: SimpleNamespace) -> dict[str, str]:
    chart = cusum([0.0] * 20 + [2.0] * 10, centre=0, sd=1)
    rates = watch_rate([False] * 50 + [True] * 20, normal=0.1, arl0=500)
    return {
        "reliability": curves.reliability_diagram(papers.calibration),
        "load": curves.load_curve(papers.calibration),
        "distances": curves.distances(papers.drift),
        "shapes": curves.shapes(papers.drift, papers.reference, papers.window),
        "cusum": curves.stream(chart, name="cusum"),
        "rates": curves.stream(rates, name="rates"),
        "history": curves.history([papers.quiet, papers.drift]),
    }


NAMES = ["reliability", "load", "distances", "shapes", "cusum", "rates", "history"]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_well_formed_speaks_and_reaches_out_for_nothing(figures: dict[str, str], name: str) -> None:
    root = ET.fromstring(figures[name])
    assert root.get("role") == "img"
    assert root.get("aria-label")
    outside = figures[name].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"http|<style|<metadata|<script", outside)


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_variables_of_the_page_with_a_fallback(figures: dict[str, str], name: str) -> None:
    bare = re.sub(r"var\(--ek-[a-z]+,#[0-9a-f]{6}\)", "", figures[name])
    assert not re.search(r":\s*#[0-9a-f]{6}", bare)


def test_the_same_numbers_give_the_same_bytes(figures: dict[str, str], papers: SimpleNamespace) -> None:
    assert curves.reliability_diagram(papers.calibration) == figures["reliability"]
    assert curves.shapes(papers.drift, papers.reference, papers.window) == figures["shapes"]


def test_a_reliability_diagram_has_its_counts(figures: dict[str, str], papers: SimpleNamespace) -> None:
    drawn = texts(figures["reliability"])
    for one in papers.calibration.bins:
        assert f"{one.n:,}" in drawn
    assert "isotonic map" in drawn


def test_columns_stand_with_their_distance_and_p(figures: dict[str, str], papers: SimpleNamespace) -> None:
    drawn = texts(figures["distances"])
    first = papers.drift.columns[0]
    assert first.column in drawn
    assert any(text.startswith(f"{first.distance:.3f}") for text in drawn)


def test_drifted_columns_are_shown_before_and_after(figures: dict[str, str], papers: SimpleNamespace) -> None:
    drawn = texts(figures["shapes"])
    assert {one.column for one in papers.drift.drifted} <= set(drawn)
    assert {"reference", "window"} <= set(drawn)


def test_without_drift_or_history_there_is_no_figure(papers: SimpleNamespace) -> None:
    assert curves.shapes(papers.quiet, papers.reference, papers.reference) == ""
    assert curves.history([]) == ""


def test_drifted_and_quiet_marks_differ_in_more_than_colour(papers: SimpleNamespace) -> None:
    svg = curves.distances(papers.drift)
    grey = re.sub(r"var\(--ek-(?:bad|open|ink|quiet),#[0-9a-f]{6}\)", "grey", svg)
    marks = set(re.findall(r'<path id="[^"]+" d="([^"]+)" style="[^"]*stroke: grey', grey))
    assert len(marks) >= 2  # a square and a circle


def test_alarms_are_marked(figures: dict[str, str]) -> None:
    chart = cusum([0.0] * 30, centre=0, sd=1)
    quiet = curves.stream(chart, name="cusum")
    assert figures["cusum"].count("--ek-bad") > quiet.count("--ek-bad")
    assert "log of evidence" in texts(figures["rates"])
    assert np.isfinite(chart.limit)
