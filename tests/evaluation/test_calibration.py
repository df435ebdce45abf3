"""Confidences of a stored run against its scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import Case, GoldSet
from evalkit.errors import MetricError
from evalkit.evaluation.calibration import calibrate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.executions.execution import Execution
from evalkit.tasks import load_spec

CASES = 120


def unsure(request: Request) -> Reply:
    """Says 0.6 of every third case and 0.9 of the others; nothing of every tenth."""
    number = int(request.request_id.split("#")[0].split("-")[1]) if "-" in request.request_id else 0
    stated = None if number % 10 == 9 else 0.6 if number % 3 == 0 else 0.9
    return Reply("ok", {"note": "Swollen knee."}, confidence=stated)


def right(case: Case, _execution: Execution) -> bool:
    """Wrong in every other unsure case, and in one of eight of the others."""
    number = int(case.case_id.split("-")[1])
    return bool(number % 2) if number % 3 == 0 else bool(number % 8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    spec = load_spec("note_summary@1.0.0")
    flags = {"treatment_payment_operations_ack": True, "recording_consent": True}
    cases = [
        Case(f"v-{number:03d}", "note_summary", {"dialogue": f"[doctor] visit {number}"}, flags, {"note": "Swollen knee."})
        for number in range(CASES)
    ]  # fmt: skip
    return evaluate(spec, GoldSet("visits", tuple(cases)), unsure, metrics=[right],
                    journal=tmp_path_factory.mktemp("run") / "run.db")  # fmt: skip


def test_confidences_are_held_against_answers(run: Run) -> None:
    found = calibrate(run, metric="right")
    assert found.without == 12
    assert found.error.n == 108
    assert [round(one.confidence, 2) for one in found.bins] == [0.6, 0.9]
    assert sum(one.n for one in found.bins) == 108
    assert found.band.at.threshold == 0.75  # the spec's
    assert found.band.at.load == pytest.approx(found.bins[0].n / 108)
    assert found.band.at.error == pytest.approx(1 - found.bins[1].accuracy)
    assert found.brier.score == pytest.approx(
        found.brier.reliability - found.brier.resolution + found.brier.uncertainty + found.brier.within
    )


def test_a_promise_is_made_or_refused_in_words(run: Run) -> None:
    assert calibrate(run, metric="right").promised is None
    assert "No threshold can be promised" in calibrate(run, metric="right").promise()
    easy = calibrate(run, metric="right", most_error=0.45)
    assert easy.promised is not None
    assert "keeps it at 45.0 %" in easy.promise()


def test_another_threshold_can_be_asked_about(run: Run) -> None:
    assert calibrate(run, metric="right", threshold=0.95).band.at.load == 1.0


def test_the_summary_is_json_and_the_card_has_both_tables(run: Run) -> None:
    found = calibrate(run, metric="right")
    assert json.loads(json.dumps(found.summary(), allow_nan=False))["metric"] == "right"
    card = found._repr_html_()
    assert "wrong among accepted" in card
    assert "Brier score" in card
    assert "right: calibration error" in found.sentence()
    assert repr(found).startswith("Calibration(note_summary@1.0.0, right")


def test_what_cannot_be_calibrated_says_what_to_do(run: Run, runs: tuple[Run, Run]) -> None:
    with pytest.raises(MetricError, match="this run has no metric nothing"):
        calibrate(run, metric="nothing")
    with pytest.raises(MetricError, match="calibration needs 20"):
        calibrate(runs[0], metric="code_f1_macro")


def test_a_stored_run_of_the_rules_is_calibrated(runs: tuple[Run, Run], workspace: Path) -> None:
    found = calibrate(runs[0], metric="case_exact")
    assert found.run.run_id == runs[0].header.run_id
    assert found.curve[0].load == 0.0
