from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from evalkit.errors import TrackingError
from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Tally
from evalkit.tracking.entries import comparison_entry, header_entry, run_entry


def test_every_estimate_is_written_with_interval_and_count(records: SimpleNamespace) -> None:
    metrics = run_entry(records.run).metrics
    assert metrics["line_exact"] == 0.75
    assert (metrics["line_exact.lo"], metrics["line_exact.hi"], metrics["line_exact.n"]) == (0.65, 0.8, 40)
    assert metrics["slice/timed units/line_exact"] == 0.75


def test_slices_are_figures_of_the_head_metric_and_a_table_of_all(records: SimpleNamespace) -> None:
    run = records.with_changes(records.run)
    first = records.run.estimates[0]
    run.__dict__["estimates"] = (*records.run.estimates, replace(first, metric="code_f1", scope="tag:timed units"))
    entry = run_entry(run)
    assert [name for name in entry.metrics if name.startswith("slice/") and name.endswith(".n")] == [
        "slice/timed units/line_exact.n"
    ]
    shown = json.loads(entry.files["slices.json"])
    assert [row[:2] for row in shown["data"]] == [["line_exact", "timed units"], ["code_f1", "timed units"]]


def test_an_estimate_of_nothing_writes_only_its_count(records: SimpleNamespace) -> None:
    metrics = run_entry(records.run).metrics
    assert metrics["needs_review.n"] == 0
    assert "needs_review" not in metrics


def test_checks_are_written_as_counts(records: SimpleNamespace) -> None:
    broken = replace(records.run.checks[0], findings=(records.finding, records.finding))
    entry = run_entry(records.with_changes(records.run, checks=(broken,)))
    assert entry.metrics["check.consent.findings"] == 2
    assert entry.metrics["check.consent.passed"] == 40
    assert entry.tags["evalkit.verdict"] == "fail"


def test_baselines_stand_beside_the_scores(records: SimpleNamespace) -> None:
    assert run_entry(records.run).metrics["baseline/refuse-all/line_exact"] == 0.1


def test_both_digests_of_the_spec_and_that_of_the_cases_are_tags(records: SimpleNamespace) -> None:
    tags, header = run_entry(records.run).tags, records.run.header
    assert tags["evalkit.content_sha"] == header.content_sha
    assert tags["evalkit.behaviour_sha"] == header.behaviour_sha
    assert tags["evalkit.dataset_digest"] == header.dataset_digest


def test_a_gate_decides_the_verdict_of_its_own_run_only(records: SimpleNamespace) -> None:
    assert run_entry(records.run, gate=records.gate).tags["evalkit.verdict"] == "fail"
    assert run_entry(records.run, gate=records.gate).metrics["gates.fail"] == 1
    assert "evalkit.gate" not in run_entry(records.baseline, gate=records.gate).tags


def test_an_incomplete_run_is_no_finished_one(records: SimpleNamespace) -> None:
    entry = run_entry(records.with_changes(records.run, incomplete=3))
    assert entry.complete is False
    assert entry.tags["evalkit.verdict"] == "incomplete"


def test_the_table_of_cases_holds_ids_and_numbers_and_no_word(records: SimpleNamespace) -> None:
    table = json.loads(run_entry(records.run).files["cases.json"])
    assert table["columns"] == ["case_id", "trial", "metric", "value"]
    assert len(table["data"]) == 3 * 40
    assert ["billing-7-000000000000", 0, "line_exact", 1.0] in table["data"]
    assert {row[3] for row in table["data"] if row[2] == "reason"} == {None}


def test_a_tally_and_an_empty_ratio_have_no_number_of_their_own(records: SimpleNamespace) -> None:
    scores = replace(records.run.scores, values={"f1": (Tally({"00031": (1, 0, 0)}),) * 40})
    table = json.loads(run_entry(records.with_changes(records.run, table=tabulate(scores))).files["cases.json"])
    assert {row[3] for row in table["data"]} == {None}


@pytest.mark.parametrize("where", ["metrics", "case ids", "tags", "checks", "baselines"])
def test_free_text_in_the_place_of_a_name_is_refused(records: SimpleNamespace, where: str) -> None:
    text = "Jane Roe was seen on Monday"
    run = {
        "metrics": records.with_changes(
            records.run, table=tabulate(replace(records.run.scores, values={text: (True,) * 40}))
        ),
        "case ids": records.with_changes(
            records.run, table=tabulate(replace(records.run.scores, case_ids=(text,) * 40))
        ),
        "tags": records.with_changes(records.run),
        "checks": records.with_changes(records.run, checks=(replace(records.run.checks[0], check_id=text),)),
        "baselines": records.with_changes(records.run, baselines={text: {"line_exact": 0.1}}),
    }[where]
    if where == "tags":
        run.__dict__["estimates"] = (replace(records.run.estimates[0], scope=f"tag:{text}"),)
    with pytest.raises(TrackingError, match=where) as refusal:
        run_entry(run)
    assert "Jane" not in str(refusal.value)


@pytest.mark.parametrize("field", ["dataset_name", "agent_id", "run_id", "data_class", "created_at", "dataset_digest"])
def test_free_text_in_a_header_is_refused(records: SimpleNamespace, field: str) -> None:
    header = replace(records.run.header, **{field: "Jane Roe, born 1980-01-01, was here"})
    with pytest.raises(TrackingError, match="header"):
        header_entry(header)


def test_a_figure_that_would_hide_another_is_refused(records: SimpleNamespace) -> None:
    run = records.with_changes(records.run)
    first = records.run.estimates[0]
    run.__dict__["estimates"] = (first, replace(first, metric="line_exact.lo"))
    with pytest.raises(TrackingError, match="two figures"):
        run_entry(run)


def test_a_comparison_carries_effect_interval_p_and_verdict(records: SimpleNamespace) -> None:
    entry = comparison_entry(records.comparison, gate=records.gate)
    figures = [entry.metrics[f"line_exact.{name}"] for name in ("effect", "lo", "hi", "p", "p_adjusted")]
    assert figures == [-0.15, -0.3, -0.02, 0.016, 0.032]
    assert entry.tags["evalkit.verdict"] == "regressed"
    assert entry.tags["evalkit.gate"] == "fail"
    assert entry.metrics["row/Modifiers/25.broke"] == 6


def test_verdicts_over_all_cases_are_tags_and_those_of_slices_a_table(records: SimpleNamespace) -> None:
    entry = comparison_entry(records.comparison)
    assert {name for name in entry.tags if name.startswith("verdict.")} == {"verdict.line_exact"}
    shown = json.loads(entry.files["differences.json"])
    assert [(row[0], row[1], row[-1]) for row in shown["data"]] == [
        ("line_exact", "all", "regressed"), ("line_exact", "timed units", "undecided")
    ]  # fmt: skip


def test_two_margins_are_two_comparisons(records: SimpleNamespace) -> None:
    wider = replace(records.comparison, margin=0.05)
    assert comparison_entry(wider).identity != comparison_entry(records.comparison).identity


def test_the_same_records_make_the_same_entry(records: SimpleNamespace) -> None:
    assert run_entry(records.run, gate=records.gate) == run_entry(records.run, gate=records.gate)
    assert comparison_entry(records.comparison) == comparison_entry(records.comparison)
