"""The request around a chart: flags, dates, numbers, tags, and what each refusal is made of."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from evalkit.agents.refusals import Refusals
from evalkit.cases.case import Case
from evalkit.cases.people import People
from evalkit.phi.identifiers import valid_member_id, valid_mrn, valid_npi
from evalkit.spec.contract import check_input
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec
from evalkit.tasks.prior_authorization.facts import POLICY_FROM, REFUSALS
from evalkit.tasks.prior_authorization.scenarios import (
    DIAGNOSES,
    NOT_OF_MINORS,
    SCHOOL_AGE,
    UNKNOWN_SERVICE,
    make_case,
)

MANY = 600
TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(17, index) for index in range(MANY)]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec("prior_authorization@1.0.0")


def refused(cases: list[Case], code: str) -> list[Case]:
    found = [case for case in cases if case.refusal == code]
    assert found
    return found


def day(case: Case, field: str = "request_date") -> date:
    return date.fromisoformat(case.input[field])


def age(case: Case) -> int:
    born, asked = day(case, "patient_dob"), day(case)
    return asked.year - born.year - ((asked.month, asked.day) < (born.month, born.day))


def test_every_request_keeps_the_contract_of_the_spec(cases: list[Case], spec: Spec) -> None:
    assert [case.case_id for case in cases if check_input(spec, case.input, case.flags) is not None] == []


def test_the_spec_refuses_each_case_for_the_reason_that_is_due(cases: list[Case], spec: Spec) -> None:
    refusals = Refusals(spec)
    for case in cases:
        due = refusals.first(case.input, case.flags, today=TODAY)
        assert (due.code if due else None) == case.refusal, case.case_id


def test_numbers_are_valid_but_for_those_that_are_wrong_on_purpose(cases: list[Case]) -> None:
    for case in cases:
        assert valid_mrn(case.input["patient_mrn"])
        assert valid_member_id(case.input["member_id"]) == (case.refusal != "MEMBER_ID_INVALID")
        assert valid_npi(case.input["ordering_npi"]) == (case.refusal != "NPI_INVALID")


def test_dates_are_in_order_but_for_those_that_are_not_on_purpose(cases: list[Case]) -> None:
    for case in cases:
        assert day(case, "patient_dob") < day(case)
        assert (day(case, "planned_date") < day(case)) == (case.refusal == "RETROSPECTIVE")
        assert (day(case, "release_valid_until") < day(case)) == (case.refusal == "AUTHORIZATION_EXPIRED")
        assert (day(case) < POLICY_FROM) == (case.refusal == "POLICY_NOT_EFFECTIVE")
        assert all(date.fromisoformat(note["date"]) <= day(case) for note in case.input["chart_notes"])


def test_some_releases_end_on_the_very_day_of_the_request(cases: list[Case]) -> None:
    last = [case for case in cases if day(case, "release_valid_until") == day(case)]
    assert len(last) >= MANY // 50
    assert all(case.refusal != "AUTHORIZATION_EXPIRED" for case in last)


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        ("CONSENT_MISSING", {"treatment_payment_operations_ack": False}),
        ("CONSENT_REVOKED", {"release_revoked": True}),
        ("PURPOSE_NOT_PERMITTED", {"release_covers_payment": False}),
        ("PART2_NO_CONSENT", {"sud_record": True, "part2_consent": False}),
        ("PSYCHOTHERAPY_NOTES", {"psychotherapy_notes": True, "patient_authorization": False}),
        ("MINOR_CONFIDENTIAL", {"minor_confidential": True}),
        ("RESTRICTION_ON_FILE", {"restriction_on_file": True}),
        ("DUPLICATE_REQUEST", {"open_request": True}),
        ("EXPEDITED_NOT_ATTESTED", {"urgency_attested": False}),
    ],
)
def test_a_refusal_by_flag_has_that_flag_and_no_other_reason(
    cases: list[Case], code: str, flags: dict[str, bool]
) -> None:
    for case in refused(cases, code):
        assert {name: case.flags[name] for name in flags} == flags
    unlike = [case for case in cases if case.refusal is None]
    assert all({name: case.flags[name] for name in flags} != flags for case in unlike)


def test_protected_records_with_their_consent_are_answered(cases: list[Case]) -> None:
    answered = [case for case in cases if case.refusal is None]
    assert sum(case.flags["sud_record"] and case.flags["part2_consent"] for case in answered) >= 5
    assert sum(case.flags["psychotherapy_notes"] and case.flags["patient_authorization"] for case in answered) >= 5


def test_an_expedited_request_without_attestation_is_expedited(cases: list[Case]) -> None:
    assert {case.input["urgency"] for case in refused(cases, "EXPEDITED_NOT_ATTESTED")} == {"expedited"}


def test_a_service_that_no_spec_knows_is_a_placeholder_too(cases: list[Case]) -> None:
    assert {case.input["service_code"] for case in refused(cases, "SERVICE_NOT_IN_SPEC")} == {UNKNOWN_SERVICE}


def test_an_empty_chart_is_a_list_without_notes(cases: list[Case]) -> None:
    assert all(case.input["chart_notes"] == [] for case in refused(cases, "NO_CHART"))
    assert all(case.input["chart_notes"] for case in cases if case.refusal != "NO_CHART")


def test_minors_are_of_school_age_with_charts_that_a_child_can_have(cases: list[Case]) -> None:
    minors = [case for case in cases if "edge:minor" in case.tags]
    assert len(minors) >= MANY // 50
    for case in minors:
        assert SCHOOL_AGE <= age(case) < 18
        if case.refusal is None:
            told = {fact["name"] for fact in case.facts if fact["polarity"] == "affirmed"}
            assert not told & NOT_OF_MINORS
    assert all(age(case) >= 18 for case in cases if "edge:minor" not in case.tags)


def test_a_confidential_minor_is_a_minor(cases: list[Case]) -> None:
    assert all(age(case) < 18 for case in refused(cases, "MINOR_CONFIDENTIAL"))


def test_diagnoses_fit_the_service_and_the_side(cases: list[Case]) -> None:
    for case in (case for case in cases if case.refusal is None):
        kind = "oxygen" if case.input["service_code"] == "00094" else case.input["side"]
        assert case.input["diagnosis_codes"]
        assert set(case.input["diagnosis_codes"]) <= set(DIAGNOSES[kind])


def test_a_refusal_has_no_answer_and_one_edge_besides_the_patient_s(cases: list[Case]) -> None:
    ages = {"edge:minor", "edge:age_89", "edge:age_90", "edge:age_101"}
    for case in (case for case in cases if case.refusal):
        assert case.gold == {}
        edges = {tag for tag in case.tags if tag.startswith("edge:")} - ages
        assert len(edges) == 1
        assert "refusal" in case.tags


def test_an_answer_has_its_slices(cases: list[Case]) -> None:
    for case in (case for case in cases if case.refusal is None):
        kinds = Counter(tag.partition(":")[0] for tag in case.tags)
        assert (kinds["decision"], kinds["service"], kinds["urgency"]) == (1, 1, 1)
        assert f"decision:{case.gold['decision']}" in case.tags
        assert ("red_flag" in case.tags) <= (case.gold["decision"] == "approve")


def test_gold_is_what_a_spec_s_output_can_hold(cases: list[Case], spec: Spec) -> None:
    for case in (case for case in cases if case.refusal is None):
        assert set(case.gold) == {"decision", "criteria", "missing", "due_in_days"}
        assert case.gold["decision"] in spec.output["decision"].values
        assert {one["status"] for one in case.gold["criteria"]} <= {"met", "not_met", "insufficient"}
        assert all(bool(one["evidence"]) == (one["status"] != "insufficient") for one in case.gold["criteria"])


def test_every_refusal_comes_at_least_twice_in_a_hundred_or_shares_its_quota() -> None:
    seen = Counter(make_case(17, index).refusal for index in range(100))
    assert {code: seen[code] for code in REFUSALS} == {
        code: 1 if code in {"MEMBER_ID_INVALID", "NPI_INVALID"} else 2 for code in REFUSALS
    }


@pytest.mark.parametrize(
    "people", [People("population"), People("population", "realistic"), People("stress", "realistic")]
)
def test_who_the_patients_are_changes_no_fact_and_no_answer(cases: list[Case], people: Any) -> None:
    for index in range(25):
        other = make_case(17, index, people=people)
        assert other.gold.get("decision") == cases[index].gold.get("decision")
        assert [fact["name"] for fact in other.facts] == [fact["name"] for fact in cases[index].facts]
        assert other.flags == cases[index].flags
