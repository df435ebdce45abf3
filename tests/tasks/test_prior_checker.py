"""The independent checker of prior authorization: each way in which a case can be wrong is seen, and named without values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from evalkit.cases.case import Case
from evalkit.cases.fact import Fact
from evalkit.tasks.prior_authorization.checker import check_case, check_cases
from evalkit.tasks.prior_authorization.scenarios import make_case

MANY = 300


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(13, index) for index in range(MANY)]


def with_tag(cases: list[Case], tag: str) -> Case:
    return next(case for case in cases if tag in case.tags)


def whats(case: Case) -> list[str]:
    return [problem.what for problem in check_case(case)]


def wheres(case: Case) -> set[str]:
    return {problem.where for problem in check_case(case)}


def regold(case: Case, **change: Any) -> Case:
    return replace(case, gold={**case.gold, **change})


def resend(case: Case, **change: Any) -> Case:
    return replace(case, input={**case.input, **change})


def reflag(case: Case, **change: bool) -> Case:
    return replace(case, flags={**case.flags, **change})


def rewrite(case: Case, change: Callable[[str], str]) -> Case:
    return resend(case, chart_notes=[{**note, "text": change(note["text"])} for note in case.input["chart_notes"]])


def restate(case: Case, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Case:
    return replace(case, facts=tuple(change(fact) for fact in case.facts))


def test_sound_cases_have_no_problem(cases: list[Case]) -> None:
    assert check_cases(cases) == ()


@pytest.mark.parametrize("tag", ["decision:approve", "decision:pend", "decision:refer_to_clinician"])
@pytest.mark.parametrize("decision", ["approve", "pend", "refer_to_clinician"])
def test_every_wrong_decision_is_seen(cases: list[Case], tag: str, decision: str) -> None:
    case = with_tag(cases, tag)
    wrong = tag != f"decision:{decision}"
    assert ("gold.decision" in wheres(regold(case, decision=decision))) == wrong


@pytest.mark.parametrize("status", ["met", "not_met", "insufficient"])
def test_every_wrong_status_is_seen(cases: list[Case], status: str) -> None:
    case = with_tag(cases, "decision:pend")
    for place, one in enumerate(case.gold["criteria"]):
        criteria = list(case.gold["criteria"])
        criteria[place] = {**one, "status": status}
        seen = f"{one['id']} has another status" in whats(regold(case, criteria=criteria))
        assert seen == (status != one["status"])


def test_criteria_of_another_service_are_seen(cases: list[Case]) -> None:
    case = with_tag(cases, "service:00094")
    other = with_tag(cases, "service:00073")
    assert "not the criteria of the service" in whats(regold(case, criteria=other.gold["criteria"]))


def test_evidence_that_is_left_out_or_points_elsewhere_is_seen(cases: list[Case]) -> None:
    case = with_tag(cases, "edge:several_documents")
    bare = [{**one, "evidence": []} for one in case.gold["criteria"]]
    assert any("in other documents" in what for what in whats(regold(case, criteria=bare)))
    cut = [
        {**one, "evidence": [{**span, "end": span["end"] - 1} for span in one["evidence"]]}
        for one in case.gold["criteria"]
    ]
    assert any("no whole sentence" in what for what in whats(regold(case, criteria=cut)))
    late = [
        {**one, "evidence": [{**span, "start": span["start"] + 3} for span in one["evidence"]]}
        for one in case.gold["criteria"]
    ]
    assert any("no whole sentence" in what for what in whats(regold(case, criteria=late)))


def test_a_wrong_turnaround_is_seen(cases: list[Case]) -> None:
    assert "gold.due_in_days" in wheres(regold(with_tag(cases, "urgency:expedited"), due_in_days=7))
    assert "gold.due_in_days" in wheres(regold(with_tag(cases, "urgency:standard"), due_in_days=3))


def test_missing_items_that_are_not_missing_are_seen(cases: list[Case]) -> None:
    case = with_tag(cases, "decision:pend")
    assert "gold.missing" in wheres(regold(case, missing=[]))
    assert "gold.missing" in wheres(regold(with_tag(cases, "decision:approve"), missing=["C1"]))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"treatment_payment_operations_ack": False}, "CONSENT_MISSING"),
        ({"release_revoked": True}, "CONSENT_REVOKED"),
        ({"release_covers_payment": False}, "PURPOSE_NOT_PERMITTED"),
        ({"sud_record": True, "part2_consent": False}, "PART2_NO_CONSENT"),
        ({"psychotherapy_notes": True, "patient_authorization": False}, "PSYCHOTHERAPY_NOTES"),
        ({"minor_confidential": True}, "MINOR_CONFIDENTIAL"),
        ({"restriction_on_file": True}, "RESTRICTION_ON_FILE"),
        ({"open_request": True}, "DUPLICATE_REQUEST"),
    ],
)
def test_a_flag_that_calls_for_a_refusal_is_seen(cases: list[Case], change: dict[str, bool], code: str) -> None:
    assert f"{code} is due" in whats(reflag(with_tag(cases, "decision:approve"), **change))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"service_code": "00099"}, "SERVICE_NOT_IN_SPEC"),
        ({"planned_date": "2024-01-01"}, "RETROSPECTIVE"),
        ({"release_valid_until": "2024-01-01"}, "AUTHORIZATION_EXPIRED"),
        ({"member_id": "ZZT000000001"}, "MEMBER_ID_INVALID"),
        ({"ordering_npi": "9000000000"}, "NPI_INVALID"),
        ({"patient_mrn": "MRN00000000"}, "WRONG_PATIENT"),
    ],
)
def test_a_field_that_calls_for_a_refusal_is_seen(cases: list[Case], change: dict[str, str], code: str) -> None:
    case = replace(resend(with_tag(cases, "decision:approve"), **change), refusal="NO_CHART", gold={})
    assert any(code in what for what in whats(case))


def test_an_expedited_request_needs_its_attestation(cases: list[Case]) -> None:
    case = reflag(with_tag(cases, "urgency:expedited"), urgency_attested=False)
    assert "EXPEDITED_NOT_ATTESTED is due" in whats(case)
    standard = reflag(with_tag(cases, "urgency:standard"), urgency_attested=False)
    assert not any("EXPEDITED" in what for what in whats(standard))


def test_an_answer_beside_a_refusal_is_seen(cases: list[Case]) -> None:
    case = with_tag(cases, "refusal")
    assert "an answer beside a refusal" in whats(regold(case, decision="approve"))


def test_a_fact_that_no_note_tells_is_seen(cases: list[Case]) -> None:
    case = with_tag(cases, "edge:weakness")
    gone = rewrite(case, lambda text: text.replace("weakness", "soreness").replace("oot drop", "oot pain"))
    told = rewrite(case, lambda text: text.replace("3/5", "normal").replace("4/5", "normal"))
    problems = {what for changed in (gone, told) for what in whats(changed)}
    assert any(what.startswith("a weakness that note-") for what in problems)


@pytest.mark.parametrize("key", ["polarity", "value", "laterality", "date", "source_document"])
def test_a_fact_that_says_something_else_than_its_note_is_seen(cases: list[Case], key: str) -> None:
    def other(fact: Mapping[str, Any]) -> Mapping[str, Any]:
        if fact["name"] != "therapy" or fact["polarity"] != "affirmed":
            return fact
        changed = {"polarity": "negated", "value": fact["value"] + 7, "laterality": "both", "date": "2025-01-15",
                   "source_document": "note-1" if fact["source_document"] != "note-1" else "note-2"}  # fmt: skip
        return {**fact, key: changed[key]}

    case = with_tag(cases, "edge:six_weeks_exactly")
    assert "facts" in wheres(restate(case, other))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Completed 9 weeks of physical therapy for the low back.", "therapy"),
        ("Known malignancy of the lung.", "cancer"),
        ("Mother has a history of cancer.", "cancer"),
        ("Failed a course of meloxicam.", "nsaid"),
        ("X-ray of the left knee was normal.", "xray"),
        ("SpO2 84 % at rest.", "oxygen"),
        ("The knee locked and cannot be straightened.", "locked_knee"),
    ],
)
def test_a_sentence_that_is_not_stored_is_seen(cases: list[Case], line: str, name: str) -> None:
    more = rewrite(with_tag(cases, "decision:approve"), lambda text: f"{text}\n{line}\n")
    assert f"a {name} that is not stored" in whats(more)


def test_the_same_sentence_as_copied_text_is_not_a_new_fact(cases: list[Case]) -> None:
    more = rewrite(
        with_tag(cases, "decision:approve"), lambda text: f"{text}\nCopied from the chart: Known malignancy.\n"
    )
    assert not any("cancer" in what for what in whats(more))


def test_no_problem_shows_a_value(cases: list[Case]) -> None:
    case = with_tag(cases, "decision:approve")
    name = next(known.value for known in case.identifiers if known.needle_id.endswith((".name", ".last")))
    spilt = rewrite(case, lambda text: f"{text}\nSeen again: {name} {case.input['member_id']}\n")
    problems = check_case(resend(spilt, patient_mrn=name))
    assert problems
    shown = " ".join(map(str, problems))
    assert name not in shown
    assert case.input["member_id"] not in shown


def test_two_notes_of_one_day_are_tied_as_the_policy_and_the_agent_tie_them(cases: list[Case]) -> None:
    """A chart whose two notes of one day differ: policy, checker and rules agent give the same status."""
    from evalkit.tasks import load_spec
    from evalkit.tasks.prior_authorization.policy import SERVICES, Asked, judge
    from evalkit.tasks.prior_authorization.rules import rules

    case = with_tag(cases, "decision:approve")
    day = "2025-06-01"
    texts = ("Completed 8 weeks of physical therapy for the low back.", "Declined physical therapy for the low back.")
    for first, second in (texts, texts[::-1]):
        notes = [{"doc_id": f"note-{at}", "date": day, "type": "note", "text": text, "mrn": case.input["patient_mrn"]}
                 for at, text in enumerate((first, second), start=1)]  # fmt: skip
        polarities = ["affirmed" if text == texts[0] else "negated" for text in (first, second)]
        facts = [
            Fact(f"fact-{at}", "procedure", "therapy", 56, "d", polarity, code="lumbar", date=day,
                 source_document=f"note-{at}")
            for at, polarity in enumerate(polarities, start=1)
        ]  # fmt: skip
        asked = Asked("spine imaging", date(2025, 6, 30))
        wanted = next(one for one in judge(asked, facts[::-1]).findings if one.criterion == "C1")
        sent = {**case.input, "chart_notes": notes, "service_code": SERVICES["spine imaging"].code, "side": "none",
                "request_date": "2025-06-30"}  # fmt: skip
        told = replace(case, input=sent, facts=tuple(fact.plain() for fact in facts[::-1]))
        reply = rules(load_spec("prior_authorization@1.0.0"))(sent)
        assert reply.output is not None
        given = next(one for one in reply.output["criteria"] if one["id"] == "C1")
        assert wanted.facts == ("fact-2",)
        assert wanted.status == given["status"] == ("met" if second == texts[0] else "not_met")
        gold = [{"id": "C1", "status": wanted.status, "evidence": given["evidence"]}]
        found = [problem.what for problem in check_case(regold(told, criteria=gold))]
        assert not [what for what in found if "C1" in what]
