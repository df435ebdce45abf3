"""Stored runs as profiles: what becomes a column, what never does, and what a window is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evalkit.agents.agent import Refusal, Reply, Request, Usage
from evalkit.cases.case import GoldSet
from evalkit.errors import MetricError, StatisticsError
from evalkit.evaluation.drift import _profile, measure_drift, profile_run, tabulate, watch_runs
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.executions.execution import Execution, Failure
from evalkit.spec.schema import OutputField, Spec
from evalkit.stats.profile import Profile
from evalkit.tasks import offline_agent, synthesize

Specs = tuple[Spec, Spec]


def test_a_run_becomes_columns_of_inputs_outputs_and_what_answers_cost(runs: tuple[Run, Run]) -> None:
    found = profile_run(runs[0])
    assert {
        "status", "refusal", "confidence", "seconds", "cost_usd", "tokens", "model", "input.note_text.length",
        "input.new_patient", "output.lines.length", "output.lines.first.code", "output.lines.first.modifiers",
        "output.needs_review",
    } <= set(found.columns)  # fmt: skip
    assert found.rows == 120  # probes are left out
    assert found.about["spec"] == "billing_codes@1.0.0"


def test_with_cases_the_request_is_seen_whole(runs: tuple[Run, Run], gold: GoldSet) -> None:
    found = profile_run(runs[0], cases=gold)
    assert "flag.treatment_payment_operations_ack" in found.columns
    assert "input.patient_mrn.length" in found.columns
    assert profile_run(runs[0]).columns["input.note_text.length"].rows < 120  # refused notes reach no model
    assert found.columns["input.note_text.length"].rows == 120


def test_cases_of_another_run_are_refused(runs: tuple[Run, Run], specs: Specs) -> None:
    with pytest.raises(StatisticsError, match="other cases than those given"):
        profile_run(runs[0], cases=synthesize(specs[0], n=5, seed=99))


def test_columns_can_be_left_out(runs: tuple[Run, Run]) -> None:
    assert "seconds" not in profile_run(runs[0], without=("seconds",)).columns


def test_no_value_of_a_case_stands_in_a_profile(runs: tuple[Run, Run], gold: GoldSet) -> None:
    text = profile_run(runs[0], cases=gold).to_json() + profile_run(runs[0], cases=gold)._repr_html_()
    values = {known.value for case in gold for known in case.identifiers if len(known.value) > 3}
    assert values
    assert not [value for value in values if value in text]


def execution(case_id: str, output: dict | None, **reply: object) -> Execution:
    status = reply.pop("status", "ok")
    return Execution(case_id, 0, Reply(status, output, **reply))  # type: ignore[arg-type]


def test_free_text_of_an_output_is_never_a_label(specs: Specs) -> None:
    spec = specs[0]
    given = [
        execution("a", {"lines": [{"code": "99213", "modifiers": ["59", "25"]}], "needs_review": True}),
        execution("b", {"lines": [{"code": "Jane Roe, MRN 44", "modifiers": ["see note"]}]}),
        execution("c", {"lines": []}),
        execution("d", {"lines": "nothing of the kind"}),
        execution("e", None, status="refused", refusal=Refusal("CONSENT_MISSING")),
        Execution("f", 0, None, Failure("Timeout")),
    ]
    columns = tabulate(spec, given)
    assert columns["output.lines.first.code"] == ["99213", "text", None, None]
    assert columns["output.lines.first.modifiers"] == ["25+59", "text", None, None]
    assert columns["output.lines.length"][:3] == [1, 1, 0]
    assert columns["refusal"] == ["none", "none", "none", "none", "CONSENT_MISSING", "none"]
    assert columns["status"] == ["ok", "ok", "ok", "ok", "refused", "error"]


def test_an_enum_shows_declared_words_only_and_numbers_stay_numbers(specs: Specs) -> None:
    outputs = {
        "kind": OutputField(type="enum", values=("new", "known")),
        "score": OutputField(type="number"),
        "when": OutputField(type="date"),
        "rows": OutputField(type="list", item={"side": "left|right", "sure": "boolean"}),
    }
    spec = replace(specs[0], output=outputs)
    given = [
        execution("a", {"kind": "new", "score": 0.5, "when": "2026-01-01", "rows": [{"side": "left", "sure": True}]}),
        execution("b", {"kind": "Jane Roe", "score": "high", "rows": [{"side": "Jane", "sure": "yes"}]}),
    ]
    columns = tabulate(spec, given)
    assert columns["output.kind"] == ["new", "undeclared"]
    assert columns["output.score"] == [0.5, None]
    assert columns["output.rows.first.side"] == ["left", "undeclared"]
    assert columns["output.rows.first.sure"] == ["true", None]
    assert "output.when" not in columns


def test_usage_is_counted_and_repeats_are_not(specs: Specs) -> None:
    usage = Usage(model_calls=1, input_tokens=100, output_tokens=20, cost_usd=0.01)
    given = [execution("a", {"lines": []}, usage=usage), replace(execution("a", {"lines": []}), trial=1)]
    columns = tabulate(specs[0], given)
    assert columns["tokens"] == [120]
    assert columns["cost_usd"] == [0.01]
    with pytest.raises(StatisticsError, match="no executions"):
        tabulate(specs[0], [])


def test_a_window_in_which_nothing_was_answered_is_measured_all_the_same(runs: tuple[Run, Run], specs: Specs) -> None:
    refused = [execution(f"v-{n}", None, status="refused", refusal=Refusal("CONSENT_MISSING")) for n in range(60)]
    columns = tabulate(specs[0], refused)
    assert columns["confidence"] == []
    reference = profile_run(runs[0], without=("seconds",))
    held = _profile({name: columns[name] for name in reference.columns}, like=reference, about={})
    found = measure_drift(reference, held)
    assert {one.column for one in found.drifted} == {"status", "refusal"}


def test_a_profile_with_cases_needs_a_window_with_cases(runs: tuple[Run, Run], gold: GoldSet) -> None:
    with pytest.raises(StatisticsError, match="lacks columns of the profile"):
        measure_drift(profile_run(runs[0], cases=gold), runs[0])
    assert not measure_drift(profile_run(runs[0], cases=gold), runs[0], cases=gold).drifted


def test_the_same_agent_on_other_cases_is_no_drift(runs: tuple[Run, Run], specs: Specs, workspace: Path) -> None:
    reference = Profile.from_json(profile_run(runs[0], without=("seconds",)).to_json())
    window = evaluate(specs[0], synthesize(specs[0], n=120, seed=8), offline_agent(specs[0]))
    found = measure_drift(reference, window)
    assert not found.drifted
    assert not any("another" in warning for warning in found.warnings)


def test_an_agent_that_refuses_more_has_drifted_and_the_window_says_of_whom_it_is(
    runs: tuple[Run, Run], specs: Specs, gold: GoldSet, workspace: Path
) -> None:
    careful = offline_agent(specs[1])

    def timid(request: Request) -> Reply:
        """Refuses a third of what the rules would answer."""
        return (
            Reply("refused", refusal=Refusal("NOTE_UNSIGNED")) if request.request_id[-1] in "369" else careful(request)
        )

    reference = profile_run(runs[0], without=("seconds",))
    found = measure_drift(reference, evaluate(specs[1], gold, timid))
    assert found.verdict == "drifted"
    # and no other column but the one that the edit of the spec changes
    assert {one.column for one in found.drifted} == {"status", "refusal", "output.lines.first.modifiers"}
    assert any("another behaviour" in warning for warning in found.warnings)
    assert any("another agent" in warning for warning in found.warnings)


def test_a_run_is_its_own_reference_and_tables_are_windows_too(runs: tuple[Run, Run]) -> None:
    assert not measure_drift(runs[0], runs[0]).drifted
    reference = profile_run(runs[0], without=("seconds",))
    rng = np.random.default_rng(0)
    lengths = rng.uniform(2000, 5000, 60)
    table = {name: [None] * 60 for name in reference.columns} | {"input.note_text.length": lengths}
    found = measure_drift(reference, table)
    assert found.verdict == "drifted"
    (longer,) = (one for one in found.drifted if one.column == "input.note_text.length")
    assert longer.shift > 1


def test_rows_of_few_patients_are_warned_of(runs: tuple[Run, Run]) -> None:
    reference = profile_run(runs[0], without=("seconds",))
    crowded = replace(reference, about={**reference.about, "patients": "12"})
    assert any("of 12 patients" in warning for warning in measure_drift(reference, crowded).warnings)


def test_a_stream_of_runs_is_watched_against_a_reference(runs: tuple[Run, Run]) -> None:
    quiet = watch_runs(runs[0], [runs[0]] * 3, metric="case_exact", arl0=2000)
    assert not quiet.alarmed
    assert len(quiet.points) == 3 * sum(value is not None for value in runs[0].scores.values["case_exact"])
    worse = watch_runs(runs[0], [runs[0], runs[1], runs[1]], metric="case_exact", arl0=2000)
    assert worse.alarmed
    assert worse.alarms[0] > len(quiet.points) // 3
    with pytest.raises(MetricError, match="no figures of nothing"):
        watch_runs(runs[0], [runs[1]], metric="nothing")
