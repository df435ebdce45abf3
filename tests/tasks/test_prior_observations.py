"""Coded facts of a request: read by code, before what the notes say, and a dispute goes to a clinician."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalkit.cases.case import Case
from evalkit.errors import SpecError
from evalkit.executions.execution import Execution
from evalkit.spec.schema import Spec
from evalkit.tasks import read_spec, shipped_root
from evalkit.tasks.prior_authorization import metrics
from evalkit.tasks.prior_authorization.observations import read_observations
from evalkit.tasks.prior_authorization.rules import PriorRules, rules

TABLE = """# Coded facts

| code    | fact         |
|---------|--------------|
| 59408-5 | spo2_rest    |
| 2708-6  | spo2_rest    |
| 99999-9 | lung_disease |

# Criteria
"""
LUNGS = "Known COPD. "


def document() -> str:
    text = (shipped_root() / "specs" / "prior_authorization" / "1.0.0.md").read_text(encoding="utf-8")
    return text.replace("# Criteria\n", TABLE, 1)


@pytest.fixture(scope="module")
def spec() -> Spec:
    return read_spec(document(), path="coded.md")


@pytest.fixture(scope="module")
def agent(spec: Spec) -> PriorRules:
    return rules(spec)


def saturation(value: Any = 86, day: str = "2025-06-01", **more: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Observation", "status": "final", "code": {"coding": [{"code": "59408-5"}]},
        "effectiveDateTime": day, "valueQuantity": {"value": value, "unit": "%"}, **more,
    }  # fmt: skip
    return {"doc_id": "obs", "date": day, "type": "Observation", "text": json.dumps(resource)}


def note(text: str, day: str = "2025-06-01") -> dict[str, Any]:
    return {"doc_id": "note", "date": day, "type": "note", "text": text}


def ask(agent: PriorRules, *chart: dict[str, Any]) -> dict[str, Any]:
    sent = {"service_code": "00094", "side": "none", "urgency": "standard", "request_date": "2025-06-30"}
    reply = agent({**sent, "chart_notes": list(chart)})
    assert reply.output is not None
    return dict(reply.output)


def criterion(output: dict[str, Any], name: str = "C4") -> dict[str, Any]:
    return next(one for one in output["criteria"] if one["id"] == name)


@pytest.mark.parametrize(("value", "expected"), [(88, "met"), (89, "not_met"), (87.5, "met")])
def test_a_coded_value_settles_its_criterion_and_is_its_evidence(
    agent: PriorRules, value: float, expected: str
) -> None:
    measured = saturation(value)
    found = criterion(ask(agent, note(LUNGS), measured))
    assert found["status"] == expected
    assert found["evidence"] == [{"field": "chart_notes[1].text", "start": 0, "end": len(measured["text"])}]


def test_a_yes_in_code_settles_a_yes_no_fact(agent: PriorRules) -> None:
    lungs = saturation(code={"coding": [{"code": "99999-9"}]}, valueBoolean=True)
    lungs["text"] = lungs["text"].replace(', "valueQuantity": {"value": 86, "unit": "%"}', "")
    assert ask(agent, saturation(), lungs)["decision"] == "approve"


def test_a_coded_value_outweighs_an_older_note_without_a_dispute(agent: PriorRules) -> None:
    output = ask(agent, note(LUNGS + "SpO2 93 percent at rest.", "2025-05-01"), saturation(86))
    assert (output["decision"], criterion(output)["status"]) == ("approve", "met")


@pytest.mark.parametrize("day", ["2025-06-01", "2025-06-20"])
@pytest.mark.parametrize(("coded", "told"), [(86, 93), (93, 86)])
def test_a_note_of_that_day_or_a_newer_one_that_differs_goes_to_a_clinician(
    agent: PriorRules, coded: int, told: int, day: str
) -> None:
    output = ask(agent, saturation(coded), note(f"{LUNGS}SpO2 {told} percent at rest.", day))
    assert output["decision"] == "refer_to_clinician"
    assert [span["field"] for span in criterion(output)["evidence"]] == ["chart_notes[0].text", "chart_notes[1].text"]
    assert any("the notes say otherwise" in line["text"] for line in output["letter"])


def test_a_note_that_agrees_is_no_dispute(agent: PriorRules) -> None:
    assert ask(agent, saturation(86), note(LUNGS + "SpO2 86 percent at rest."))["decision"] == "approve"


def test_the_newest_observation_counts_and_of_one_day_the_last(agent: PriorRules) -> None:
    chart = [note(LUNGS), saturation(86, "2025-06-10"), saturation(95, "2025-06-01")]
    assert ask(agent, *chart)["decision"] == "approve"
    assert ask(agent, note(LUNGS), saturation(86), saturation(95))["decision"] == "refer_to_clinician"


@pytest.mark.parametrize(
    "odd",
    [
        saturation(86, "2024-06-01"),
        saturation(86, status="preliminary"),
        saturation(86, status="entered-in-error"),
        saturation(86, code={"coding": [{"code": "8867-4"}]}),
        saturation(86, valueQuantity={"value": 86, "unit": "mmHg"}),
        saturation(86, valueQuantity={"value": 90, "unit": "%", "comparator": "<"}),
        saturation("86"),
        saturation(True),
        {**saturation(), "text": "{"},
        {**saturation(), "text": "[]"},
        {**saturation(), "text": '{"resourceType": "Observation", "status": "final", "code": 7}'},
    ],
)
def test_what_is_too_old_unsettled_or_something_else_says_nothing(agent: PriorRules, odd: dict[str, Any]) -> None:
    assert criterion(ask(agent, note(LUNGS), odd))["status"] == "insufficient"


def test_a_spec_without_coded_facts_reads_notes_alone() -> None:
    plain = rules(read_spec(document().replace(TABLE, "# Criteria\n"), path="plain.md"))
    named = saturation(86, code={"coding": [{"code": "59408-5", "display": "SpO2"}]})
    assert criterion(ask(plain, note(LUNGS), named))["status"] == "insufficient"


def test_the_letter_cites_the_observation_for_its_number(agent: PriorRules) -> None:
    chart = [note(LUNGS), saturation(86)]
    output = ask(agent, *chart)
    case = Case("c", "prior_authorization", {"chart_notes": chart}, {}, {"decision": "approve", "criteria": []})
    from evalkit.agents.agent import Reply

    execution = Execution("c", 0, Reply("ok", output))
    for metric in (metrics.letter_uncited, metrics.letter_unsupported):
        found = metric(case, execution)
        assert found is not None
        assert (found.numerator, found.denominator > 0) == (0, True)


@pytest.mark.parametrize("fact", ["therapy_weeks", "xray_done"])
def test_a_fact_of_a_region_or_a_duration_is_left_to_the_notes(fact: str) -> None:
    with pytest.raises(SpecError, match="names no region"):
        read_spec(document().replace("| 2708-6  | spo2_rest    |", f"| 2708-6 | {fact} |"), path="coded.md")


def test_the_code_of_an_observation_has_a_form() -> None:
    with pytest.raises(SpecError, match="59408-5"):
        read_spec(document().replace("| 2708-6 ", "| 27 086 "), path="coded.md")


def test_shown_an_observation_is_counts_and_places() -> None:
    assert repr(next(read_observations([saturation(86)]))).startswith("Coded(1 codes, Passage(0, 0-")
