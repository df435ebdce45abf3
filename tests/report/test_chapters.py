"""Chapters: what was tested, and what was not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from evalkit.evaluation.annex import Annex
from evalkit.report.chapters import chapters, coverage_rows


def coverage(run: object, comparison: object = None, annex: Annex | None = None) -> dict[str, tuple[str, str]]:
    return {subject: (tested, missing) for subject, tested, missing in coverage_rows(run, comparison, annex or Annex())}


def test_what_nobody_watched_is_named_as_not_tested(records: SimpleNamespace) -> None:
    rows = coverage(records.run)
    assert rows["Boundary rules"] == ("2 of 3", "not observed: provider_baa")
    assert "paraphrase" in rows["Identifiers"][1]
    assert rows["Change"] == ("", "no baseline: nothing is said of better or worse")
    assert rows["Steadiness"][0] == ""
    assert "code_f1 in 1" in rows["Metrics"][1]


def test_what_was_left_undone_is_named(records: SimpleNamespace) -> None:
    run = replace(records.run, incomplete=3, unprobed=("NO_CONSENT",))
    rows = coverage(run)
    assert rows["Cases"][1] == "3 executions left undone"
    assert rows["Refusals"][1] == "no request was made for NO_CONSENT"


def test_a_comparison_and_a_calibration_say_what_they_rest_on(
    records: SimpleNamespace, papers: SimpleNamespace
) -> None:
    rows = coverage(records.run, records.comparison, Annex(calibration=papers.calibration))
    assert rows["Change"][0] == "300 pairs against billing_codes@1.0.0"
    assert rows["Confidence"] == ("600 answers by case_exact", "3 answers without a confidence")


def test_a_chapter_without_data_says_why(records: SimpleNamespace) -> None:
    calibration, history = chapters(Annex(uncalibrated="nobody stated one"))
    assert "nobody stated one" in calibration.lede
    assert "No earlier version" in history.lede
    assert calibration.parts == ()
