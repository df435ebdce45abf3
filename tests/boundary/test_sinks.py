from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.boundary import sinks
from evalkit.boundary.channels import rules_for
from evalkit.boundary.finding import Finding
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Failure, Sighting
from evalkit.executions.watching import SINKS
from evalkit.spec.schema import Echo, Spec

NAME = "Quillan Ostrander"


def answered(output: Any, **parts: Any) -> Execution:
    return Execution("case", 0, Reply("ok", output, **parts))


def only(found: Any) -> Finding:
    (finding,) = found
    assert isinstance(finding, Finding)
    assert NAME not in str(finding)
    return finding


@pytest.mark.parametrize("output", [
    {"letter": f"Dear {NAME},"}, {"letter": "dear OSTRANDER, QUILLAN"}, {"letter": [{"x": NAME}]}, {NAME: 1},
    {"letter": "UXVpbGxhbiBPc3RyYW5kZXI="},
])  # fmt: skip
def test_a_name_in_the_output_is_found_in_any_form(spec: Spec, cases: tuple[Case, ...], output: Any) -> None:
    found = only(sinks.keep_out_of_output(spec, cases[0], answered(output)))
    assert (found.check_id, found.needle_id, found.category) == ("leak_output", "patient.name", "name")
    assert found.place.startswith("output")


@pytest.fixture
def echoing(spec: Spec) -> Spec:
    """The small spec, whose letter has to repeat the name, and the code of a line the record number."""
    echo = (
        Echo(field="letter", needle="patient.name", reason="a letter is addressed"),
        Echo(field="lines.code", needle="patient.mrn", reason="the payer files by it"),
    )
    necessary = spec.minimum_necessary.model_copy(update={"echo": echo})
    return replace(spec, minimum_necessary=necessary, content_sha="e" * 64)


def test_an_identifier_that_a_field_has_to_repeat_may_stand_in_it(echoing: Spec, cases: tuple[Case, ...]) -> None:
    mrn = cases[0].input["patient_mrn"]
    output = {"letter": f"Dear {NAME},", "lines": [{"code": "a"}, {"code": mrn}]}
    assert sinks.keep_out_of_output(echoing, cases[0], answered(output)) == []


@pytest.mark.parametrize("output", [
    {"letter": "x", "lines": [{"code": NAME}]}, {"note": f"Dear {NAME}"}, {"letter": {"inner": NAME}}, {NAME: "letter"},
    {"letter": "Dear Ostrander"}, {"letter": "UXVpbGxhbiBPc3RyYW5kZXI="}, {"letter": NAME.upper()},
    {"lines.code": NAME}, {"letter": "x", "lines": [{"evidence": [{"field": NAME, "start": 0, "end": 1}]}]},
])  # fmt: skip
def test_it_may_stand_nowhere_else_and_in_no_other_form(
    echoing: Spec, cases: tuple[Case, ...], output: dict[str, Any]
) -> None:
    assert only(sinks.keep_out_of_output(echoing, cases[0], answered(output))).needle_id == "patient.name"


def test_a_key_that_reads_like_a_path_opens_no_field(echoing: Spec, cases: tuple[Case, ...]) -> None:
    found = sinks.keep_out_of_output(echoing, cases[0], answered({"lines.code": cases[0].input["patient_mrn"]}))
    assert only(found).needle_id == "patient.mrn"


def test_nothing_but_the_answer_may_repeat_it(echoing: Spec, cases: tuple[Case, ...]) -> None:
    refused = Execution("case", 0, Reply("refused", {"letter": NAME}, refusal=Refusal("MRN_INVALID", "letter")))
    assert only(sinks.keep_out_of_output(echoing, cases[0], refused)).place == "output.letter"
    failed = Execution("case", 0, None, Failure("KeyError", NAME), logs=(NAME,))
    assert only(sinks.keep_out_of_errors(echoing, cases[0], failed)).place == "failure.text"
    assert only(sinks.keep_out_of_logs(echoing, cases[0], failed)).place == "logs[0]"
    told = answered({"letter": NAME}, trace=(NAME,))
    assert only(sinks.keep_out_of_refusals(echoing, cases[0], told)).place.startswith("trace")
    watch = Sighting("watch", "child", " ".join(SINKS))
    for sink, place in (
        ("stdout", ""),
        ("file", "/tmp/letter"),
        ("tool", "letter"),
        ("process", "letter"),
        ("network", "plain h:80"),
    ):
        seen = Execution(
            "case", 0, Reply("ok", {"letter": NAME}), seen=(watch, Sighting(sink, place, f'{{"letter": "{NAME}"}}'))
        )  # type: ignore[arg-type]
        told_of = {
            rule.check_id
            for rule in rules_for()
            if isinstance(found := rule.check(echoing, cases[0], seen), list) and found
        }
        assert any(name.startswith("leak_") for name in told_of), sink


def test_the_identifier_of_another_patient_may_not_stand_there(
    echoing: Spec, cases: tuple[Case, ...], judge_spec: Any
) -> None:
    results = judge_spec(echoing, lambda request: Reply("ok", {"letter": NAME, "lines": []}), cases[:2])
    assert results["leak_output"].findings == ()
    assert [found.case_id for found in results["other_patient"].findings] == [cases[1].case_id]


def test_the_identifiers_of_another_patient_are_not_looked_for(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert sinks.keep_out_of_output(spec, cases[1], answered({"letter": NAME})) == []


def test_the_identifier_of_a_provider_is_not_the_patients(spec: Spec, cases: tuple[Case, ...]) -> None:
    npi = cases[0].input["rendering_npi"]
    assert sinks.keep_out_of_output(spec, cases[0], answered({"letter": npi})) == []


def test_evidence_that_covers_an_identifier_is_found(spec: Spec, cases: tuple[Case, ...]) -> None:
    start, end = cases[0].spans.start[0], cases[0].spans.end[0]
    for first, last in ((start, end), (start - 2, start + 1), (end - 1, end + 3), (0, end + 5)):
        span = {"field": "note_text", "start": first, "end": last}
        found = sinks.keep_out_of_evidence(spec, cases[0], answered({"lines": [{"evidence": [span]}]}))
        assert only(found).needle_id == "patient.name"
        assert only(found).place == "output.lines[0].evidence[0]"


def test_evidence_beside_an_identifier_passes(spec: Spec, cases: tuple[Case, ...]) -> None:
    start, end = cases[0].spans.start[0], cases[0].spans.end[0]
    for first, last in ((0, start), (end, end + 1)):
        span = {"field": "note_text", "start": first, "end": last}
        assert sinks.keep_out_of_evidence(spec, cases[0], answered({"lines": [{"evidence": [span]}]})) == []


@pytest.mark.parametrize(("parts", "place"), [
    ({"refusal": Refusal("MRN_INVALID", NAME)}, "refusal"), ({"refusal": Refusal(NAME)}, "refusal"),
    ({"trace": ("Codes/00061", NAME)}, "trace"), ({"model_id": f"rules/{NAME}"}, "model_id"),
    ({"stripped": (NAME,)}, "stripped"),
])  # fmt: skip
def test_an_identifier_beside_the_output_is_found(spec: Spec, cases: tuple[Case, ...], parts: Any, place: str) -> None:
    found = only(sinks.keep_out_of_refusals(spec, cases[0], Execution("case", 0, Reply("refused", **parts))))
    assert found.place.startswith(place)


def test_an_identifier_in_an_error_is_found(spec: Spec, cases: tuple[Case, ...]) -> None:
    failed = Execution("case", 0, None, Failure("KeyError", f"Traceback ...\nKeyError: '{NAME}'"))
    assert only(sinks.keep_out_of_errors(spec, cases[0], failed)).place == "failure.text"
    assert sinks.keep_out_of_errors(spec, cases[0], Execution("case", 0, None, Failure("KeyError", "KeyError"))) == []
    assert sinks.keep_out_of_errors(spec, cases[0], answered({})) == "not_applicable"


def test_an_identifier_in_a_log_is_found_with_its_line(spec: Spec, cases: tuple[Case, ...]) -> None:
    logged = replace(answered({}), logs=("starting", f"working on {cases[0].input['patient_mrn']}"))
    found = only(sinks.keep_out_of_logs(spec, cases[0], logged))
    assert (found.place, found.needle_id) == ("logs[1]", "patient.mrn")


def test_a_silent_log_passes(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert sinks.keep_out_of_logs(spec, cases[0], answered({})) == []


def received(*payloads: Any, **parts: Any) -> Execution:
    return answered({}, received=payloads, **parts)


def test_allowed_fields_may_reach_a_model(spec: Spec, cases: tuple[Case, ...]) -> None:
    values = {name: cases[0].input[name] for name in spec.minimum_necessary.allow}
    assert sinks.send_the_minimum(spec, cases[0], received(values)) == []
    assert sinks.send_the_minimum(spec, cases[0], received({"note_text": "a masked text"})) == []


@pytest.mark.parametrize(("name", "shown"), [
    ("patient_mrn", "patient_mrn"), ("ssn", "ssn"), (NAME, "<undeclared>"), ("never_heard_of", "<undeclared>"),
])  # fmt: skip
def test_a_field_beyond_the_allowed_ones_is_a_finding(
    spec: Spec, cases: tuple[Case, ...], name: str, shown: str
) -> None:
    found = only(sinks.send_the_minimum(spec, cases[0], received({}, {"note_text": "x", name: "x"})))
    assert found.place == f"received[1].{shown}"


def test_a_withheld_value_that_rides_in_an_allowed_field_is_a_finding(spec: Spec, cases: tuple[Case, ...]) -> None:
    npi = cases[0].input["rendering_npi"]
    for payload in ({"note_text": f"by {npi}"}, {"chart_notes": [{"text": npi}]}):
        found = only(sinks.send_the_minimum(spec, cases[0], received(payload)))
        assert found.place == f"received[0].{next(iter(payload))}"


def test_a_withheld_value_that_stands_in_the_text_anyway_is_none(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert cases[0].input["patient_mrn"] in cases[0].input["note_text"]
    assert sinks.send_the_minimum(spec, cases[0], received({"note_text": cases[0].input["note_text"]})) == []


def test_an_unwatched_model_proves_nothing(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert sinks.send_the_minimum(spec, cases[0], answered({})) == "not_observed"


def test_a_refusal_that_reached_no_model_is_left_out(spec: Spec, cases: tuple[Case, ...]) -> None:
    for seen in (None, ()):
        refused = Execution("case", 0, Reply("refused", refusal=Refusal("NO_CHART"), received=seen))
        assert sinks.send_the_minimum(spec, cases[0], refused) == "not_applicable"
