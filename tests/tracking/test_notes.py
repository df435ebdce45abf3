from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from evalkit.errors import TrackingError
from evalkit.tracking import track
from evalkit.tracking.notes import NOTE, describe_comparison, describe_run


def test_a_run_is_described_by_its_figure_its_checks_and_its_gate(records: SimpleNamespace) -> None:
    assert describe_run(records.run, gate=records.gate) == (
        "**billing_codes@2.0.0** on 40 cases of billing_codes synthetic seed 7.\n\n"
        "- line_exact: 75.0 % (95 % interval 65.0 to 80.0 %; 40 cases)\n"
        "- boundary: 0 of 1 checks failed\n"
        "- gate: **fail**\n"
    )


def test_what_failed_and_what_was_left_undone_is_said(records: SimpleNamespace) -> None:
    broken = replace(records.run.checks[0], findings=(records.finding,))
    text = describe_run(records.with_changes(records.run, checks=(broken,), incomplete=4))
    assert "1 of 1 checks failed: consent" in text
    assert "4 executions were left undone" in text


def test_a_comparison_is_described_by_its_sentence_and_the_rows_that_broke(records: SimpleNamespace) -> None:
    text = describe_comparison(records.comparison, gate=records.gate)
    assert "-15.0 points" in text
    assert "REGRESSED" in text
    assert "Modifiers/25: 6 broken, 0 fixed" in text


def test_free_text_in_the_place_of_a_name_is_refused(records: SimpleNamespace) -> None:
    head = replace(records.difference, metric="Quillon Zyxwerth, born 1957")
    with pytest.raises(TrackingError) as caught:
        describe_comparison(replace(records.comparison, head_metric=head.metric, differences=(head,)))
    assert "Quillon" not in str(caught.value)


def test_mlflow_shows_a_description_of_the_experiment_the_comparison_and_both_runs(
    records: SimpleNamespace, uri: str, client: Any
) -> None:
    track(records.run, comparison=records.comparison, baseline=records.baseline, uri=uri)
    experiment = client.get_experiment_by_name("billing_codes")
    assert "over versions" in experiment.tags[NOTE]
    notes = [run.data.tags[NOTE] for run in client.search_runs([experiment.experiment_id])]
    assert len(notes) == 4
    assert all("billing_codes" in note for note in notes)
