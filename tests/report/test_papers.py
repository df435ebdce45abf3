"""Pages and plain text about drift and calibration."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from evalkit.report.papers import plain_calibration, plain_drift, render_calibration, render_drift
from evalkit.scripts import TABLES
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


def test_a_page_has_no_script_but_ours_no_outside_reference_and_no_double_id(page: str) -> None:
    assert page.count("<script") == page.count(f"<script>{TABLES}</script>") == 1
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
    assert page.count("<svg") == 3
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


def test_the_lines_of_a_page_that_is_undecided_or_warned_of_say_so(papers: SimpleNamespace) -> None:
    blind = replace(papers.quiet, sees=9.0, warnings=("rows of few patients", "second"))
    page = render_drift(blind, reference=papers.reference, window=papers.reference)
    assert '<p class="word">undecided</p>' in page
    lines = plain_drift(blind).splitlines()
    assert lines[0].startswith("UNDECIDED: ")
    assert lines[1:4] == ["Read with care: rows of few patients", "Read with care: second", ""]
    assert page.index("rows of few patients") < page.index("Reference and window")


@pytest.mark.parametrize(("lo", "word"), [(0.0, "no miscalibration shown"), (1e-9, "miscalibrated")])
def test_miscalibrated_is_what_an_interval_above_zero_shows(papers: SimpleNamespace, lo: float, word: str) -> None:
    page = render_calibration(replace(papers.calibration, error=replace(papers.calibration.error, lo=lo)))
    assert f'<p class="word">{word}</p>' in page
    assert ("no miscalibration shown" in page) == (lo == 0)


def test_thresholds_that_do_the_same_stand_once_in_a_terminal_and_all_on_a_page(papers: SimpleNamespace) -> None:
    c = papers.calibration
    again = replace(c, curve=(c.curve[0], replace(c.curve[0], threshold=0.01), c.curve[-1]))
    lines = plain_calibration(again).splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("threshold from"))
    assert [line.split()[0] for line in lines[start + 1 :]] == ["0.00", "1.00"]
    page = render_calibration(again)
    assert all(f">{threshold}<" in page for threshold in ("0.00", "0.01", "1.00"))


def test_a_promise_that_cannot_be_made_is_said_on_the_page(papers: SimpleNamespace) -> None:
    none = replace(papers.calibration, promised=None)
    for shown in (render_calibration(none), plain_calibration(none)):
        assert "No threshold can be promised" in shown
        assert "No threshold can be promised" in none.sentence()


def test_hostile_columns_labels_and_origins_are_text_on_a_page_and_act_on_no_terminal(papers: SimpleNamespace) -> None:
    hostile = "<img src=x>\x1b[2J"
    column = replace(papers.drift.columns[0], column=hostile, moved=hostile)
    drift = replace(papers.drift, columns=(column,), warnings=(hostile,))
    reference, window = (
        replace(one, about={hostile: hostile}, columns={hostile: one.columns[papers.drift.columns[0].column]})
        for one in (papers.reference, papers.window)
    )
    page = render_drift(drift, reference=reference, window=window, earlier=[drift])
    assert "<img" not in page
    assert page.count("&lt;img") >= 6
    told = plain_drift(drift)
    assert "\x1b" not in told
    assert told.count("<img src=x>\\x1b[2J") == 4
    assert "<img" not in drift._repr_html_()


def test_a_hostile_metric_is_text_on_a_calibration_page_and_acts_on_no_terminal(papers: SimpleNamespace) -> None:
    named = replace(
        papers.calibration, metric="<img src=x>\x1b", run=replace(papers.calibration.run, spec_id="<b>\x1b")
    )
    assert "<img" not in render_calibration(named)
    assert "<b>\x1b" not in render_calibration(named)
    assert "\x1b" not in plain_calibration(named)
    assert plain_calibration(named).startswith("<img src=x>\\x1b of <b>\\x1b@2.0.0: ")
    assert "<img" not in named._repr_html_()
