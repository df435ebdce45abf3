from __future__ import annotations

from typing import Any

import pytest

from evalkit.tasks.note_summary.statements import Statement, read_statements


def read(text: str) -> list[dict[str, Any]]:
    """What is stated, place and all that is None left out."""
    names = [name for name in Statement.__slots__ if name not in ("start", "section")]
    return [
        {name: getattr(one, name) for name in names if getattr(one, name) is not None} for one in read_statements(text)
    ]


def problem(name: str, polarity: str = "affirmed", **more: str) -> dict[str, Any]:
    return {"kind": "problem", "name": name, "polarity": polarity, **more}


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Reports left knee pain.", [problem("knee pain", side="left")]),
        ("Pain in the right knee for a week.", [problem("knee pain", side="right")]),
        ("Bilateral ankle swelling.", [problem("ankle swelling", side="both")]),
        ("Denies fever, chills or cough.", [problem(name, "negated") for name in ("fever", "chills", "cough")]),
        ("No fever, but has nausea.", [problem("fever", "negated"), problem("nausea")]),
        ("Fever is absent.", [problem("fever", "negated")]),
        ("Her mother had breast cancer.", [problem("breast cancer", "family", whom="mother")]),
        ("Dad had a stroke.", [problem("stroke", "family", whom="father")]),
        ("Come back if fever develops.", []),
        ("History of high blood pressure.", [problem("hypertension")]),
    ],
)
def test_problems_with_polarity_side_and_whose_they_are(text: str, stated: list[dict[str, Any]]) -> None:
    assert read(text) == stated


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Start lisinopril 20 mg by mouth once daily.",
         {"name": "lisinopril", "value": "20", "unit": "mg", "frequency": "daily", "route": "oral", "status": "started"}),
        ("Increase metformin from 500 mg to 1,000 mg BID.",
         {"name": "metformin", "value": "1000", "unit": "mg", "frequency": "twice daily", "status": "increased"}),
        ("Stop Advil.", {"name": "ibuprofen", "status": "stopped"}),
        ("Takes two puffs of albuterol as needed.",
         {"name": "albuterol", "value": "2", "unit": "puff", "frequency": "as needed", "route": "inhaled",
          "status": "continued"}),
        ("Continue levothyroxine seventy five micrograms every morning.",
         {"name": "levothyroxine", "value": "75", "unit": "mcg", "frequency": "daily", "status": "continued"}),
    ],
)  # fmt: skip
def test_drugs_with_dose_route_frequency_and_whether_they_go_on(text: str, stated: dict[str, Any]) -> None:
    assert read(text) == [{"kind": "drug", "polarity": "affirmed", **stated}]


def test_each_drug_of_a_list_has_its_own_dose() -> None:
    found = read("Continue lisinopril 10 mg daily, metformin 500 mg twice daily and aspirin 81 mg daily.")
    assert [(one["name"], one["value"], one["frequency"]) for one in found] == [
        ("lisinopril", "10", "daily"), ("metformin", "500", "twice daily"), ("aspirin", "81", "daily")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Blood pressure one forty over ninety.", "blood pressure", "140/90"),
        ("BP: 128/82.", "blood pressure", "128/82"),
        ("Pulse 88.", "heart rate", "88"),
        ("A1c was 7.2 %.", "hemoglobin a1c", "7.2"),
        ("Hemoglobin eleven point five.", "hemoglobin", "11.5"),
    ],
)
def test_measurements_with_their_value(text: str, name: str, value: str) -> None:
    assert read(text) == [{"kind": "measure", "name": name, "polarity": "affirmed", "value": value}]


def test_allergies_are_read_only_where_the_sentence_is_about_them() -> None:
    assert [(one["kind"], one["name"]) for one in read("Allergic to penicillin and aspirin.")] == [
        ("allergy", "penicillin"), ("allergy", "aspirin")
    ]  # fmt: skip
    assert read("No known drug allergies.") == [{"kind": "allergy", "name": "any", "polarity": "negated"}]
    assert read("Continue aspirin 81 mg daily.")[0]["kind"] == "drug"


def test_orders_habits_and_when_to_come_back() -> None:
    assert read("Order an x-ray of the left knee.")[0] == {
        "kind": "order", "name": "x-ray", "polarity": "affirmed", "side": "left"
    }  # fmt: skip
    assert read("Does not smoke.") == [{"kind": "habit", "name": "smoking", "polarity": "negated"}]
    assert read("Follow up in two weeks.") == [
        {"kind": "follow_up", "name": "follow-up", "polarity": "affirmed", "value": "2", "unit": "week"}
    ]


def test_a_statement_knows_its_heading_and_its_place() -> None:
    text = "SUBJECTIVE\nLeft knee pain.\n\nASSESSMENT AND PLAN\nStart naproxen 500 mg twice daily."
    first, second = read_statements(text)
    assert (first.section, second.section) == ("SUBJECTIVE", "ASSESSMENT AND PLAN")
    assert text[second.start :].startswith("Start naproxen")


def test_what_a_statement_says_is_not_in_its_repr() -> None:
    assert "knee" not in repr(read_statements("Left knee pain.")[0])
