"""Pages and plain text about drift and calibration."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from evalkit.report.papers import plain_calibration, plain_drift, render_calibration, render_drift
from evalkit.stats.charts import cusum


@pytest.fixture(scope="module")
def page(papers: SimpleNamespace) -> str:
    chart = cusum([0.0] * 30, centre=0, sd=1)
    return render_drift(
        papers.drift, reference=papers.reference, window=papers.window, charts=[chart], earlier=[papers.quiet]
    )


def test_a_drift_page_says_the_verdict_first_and_then_why(page: str, papers: SimpleNamespace) -> None:
    assert page.startswith("<!DOCTYPE html>")
    assert '<p class="word">drifted</p>' in page
    assert page.index("Before and after") < page.index("History")
    assert page.count("<svg") == 4
    for one in papers.drift.columns:
        assert one.column in page
    assert "x@1" in page


def test_a_page_has_no_script_no_outside_reference_and_no_double_id(page: str) -> None:
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_quiet_page_has_no_shapes_and_no_history(papers: SimpleNamespace) -> None:
    page = render_drift(papers.quiet, reference=papers.reference, window=papers.reference)
    assert '<p class="word">quiet</p>' in page
    assert "Before and after" not in page
    assert "History" not in page


def test_the_same_records_give_the_same_page(page: str, papers: SimpleNamespace) -> None:
    again = render_drift(
        papers.drift, reference=papers.reference, window=papers.window, charts=[cusum([0.0] * 30, centre=0, sd=1)],
        earlier=[papers.quiet],
    )  # fmt: skip
    assert again == page


def test_a_calibration_page_has_the_diagram_and_both_tables(papers: SimpleNamespace) -> None:
    page = render_calibration(papers.calibration)
    assert page.count("<svg") == 2
    assert "miscalibrated" in page
    assert "wrong among accepted" in page
    assert "isotonic map" in page
    assert render_calibration(papers.calibration) == page


def test_plain_text_says_the_same(papers: SimpleNamespace) -> None:
    lines = plain_drift(papers.drift).splitlines()
    assert lines[0].startswith("DRIFTED: ")
    assert lines[2].split()[:2] == ["column", "verdict"]
    assert len(lines) == 3 + len(papers.drift.columns)
    text = plain_calibration(papers.calibration)
    assert "calibration error" in text.splitlines()[0]
    assert "threshold from" in text
