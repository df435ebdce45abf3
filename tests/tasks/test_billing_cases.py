"""Synthetic billing cases: determinism, quotas, exact spans, evidence, never-real identifiers, coherent facts.

The checks here read a case from the outside: they find every identifier and every piece of evidence again in the
text, and know nothing of how the text was written.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.case import Case
from evalkit.cases.people import People
from evalkit.phi.assignable import find_assignable
from evalkit.phi.identifiers import VALIDATORS
from evalkit.phi.surrogates import has_never_real_range, never_real
from evalkit.tasks.billing_codes.checker import check_cases
from evalkit.tasks.billing_codes.conditions import CONDITIONS, INDICATIONS
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import PROCEDURES
from evalkit.tasks.billing_codes.quotas import QUOTA, REFUSALS, THEMES, make_story
from evalkit.tasks.billing_codes.request import FUTURE_DAY
from evalkit.tasks.billing_codes.scenarios import make_case
from evalkit.tasks.billing_codes.tags import refusal_tag

SHARE = 400


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(7, index) for index in range(SHARE)]


@pytest.fixture(scope="module")
def answered(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.refusal is None]


def test_the_checker_agrees_with_every_case(cases: list[Case]) -> None:
    """Spans, decoys, facts against the note, answer against the facts, evidence, refusals: on another code path."""
    assert check_cases(cases) == ()


@pytest.mark.parametrize("people", [People("population"), People("stress", "realistic")], ids=str)
def test_the_checker_agrees_whoever_the_cases_are_about(people: People) -> None:
    assert check_cases(make_case(3, index, people=people) for index in range(100)) == ()


def test_a_note_holds_a_name_and_a_record_number_and_never_a_social_security_number(cases: list[Case]) -> None:
    for case in cases:
        needles = {known.needle_id for known in case.identifiers}
        assert needles & {"patient.name", "patient.last"}
        assert {"visit.date", "provider.name", "mrn.sent", "patient.mrn"} <= needles
        assert not re.search(r"\b\d{3}-\d{2}-\d{4}\b", case.input["note_text"])


def test_no_identifier_can_belong_to_anybody(cases: list[Case]) -> None:
    judged = [
        known
        for case in cases
        for known in case.identifiers
        if known.needle_id != "mrn.sent" and has_never_real_range(known.category)
    ]
    assert all(never_real(known.category, known.value) for known in judged)
    assert {"phone", "email", "mrn", "plan", "ssn"} <= {known.category for known in judged}


def test_no_text_holds_a_number_or_an_address_that_can_belong_to_somebody(cases: list[Case]) -> None:
    """Decoys included: a code shaped like a phone is no number that rings."""
    for case in cases:
        assert [seen for seen in find_assignable(case.input["note_text"]) if seen.certain] == []


def test_spans_say_whose_identifier_stands_there(cases: list[Case]) -> None:
    subjects = {
        (needle_id, subject)
        for case in cases
        for needle_id, subject in zip(case.labels.needle_id, case.labels.subject, strict=True)
    }
    assert {("patient.name", "patient"), ("relative.name", "relative"), ("provider.name", "provider")} <= subjects


def test_equal_values_have_one_number_wherever_they_stand(cases: list[Case]) -> None:
    labels = cases[1].labels
    numbers = {
        needle: value
        for needle, value in zip(labels.needle_id, labels.value_id, strict=True)
        if needle in {"patient.mrn", "mrn.sent"}
    }
    assert len(numbers) == 2
    assert len(set(numbers.values())) == 1


def test_evidence_is_a_whole_sentence_that_states_the_fact(answered: list[Case]) -> None:
    for case in answered:
        note = case.input["note_text"]
        for line in case.gold["lines"]:
            assert line["evidence"]
            for span in line["evidence"]:
                quote = note[span["start"] : span["end"]]
                assert span["field"] == "note_text"
                assert quote[-1] == "."
                assert "\n" not in quote
                assert re.search(r"(?:[.\n]|^[-*]|\n[-*]|\d\.)$", note[: span["start"]].rstrip(" "))


FACT_KEYS = {
    "fact_id", "type", "name", "value", "unit", "polarity", "laterality", "code", "date", "source_document",
    "status", "place", "separate_site", "certainty", "separate_work", "new_patient",
}  # fmt: skip


def test_facts_are_typed_with_polarity_side_unit_day_and_source(cases: list[Case]) -> None:
    facts = [fact for case in cases for fact in case.facts]
    assert {key for fact in facts for key in fact} == FACT_KEYS
    assert {fact["type"] for fact in facts} == {"procedure", "time", "diagnosis", "drug", "vital", "lab"}
    assert {fact["polarity"] for fact in facts} == {"affirmed", "negated", "hypothetical", "historical", "family"}
    assert {fact["source_document"] for fact in facts} == {"note", "addendum", "earlier note"}
    assert {fact["unit"] for fact in facts if "unit" in fact} >= {"min", "{lesion}", "{nail}", "mg", "mm[Hg]", "%"}
    assert all("unit" in fact for fact in facts if isinstance(fact.get("value"), (int, float)))


def test_a_fact_of_an_earlier_note_has_an_earlier_day(cases: list[Case]) -> None:
    earlier = [(case, fact) for case in cases for fact in case.facts if fact["source_document"] == "earlier note"]
    assert len(earlier) >= SHARE * 0.02
    assert all(fact["date"] < case.input["date_of_service"] for case, fact in earlier)


def test_fact_ids_are_unique_within_a_case(cases: list[Case]) -> None:
    for case in cases:
        ids = [fact["fact_id"] for fact in case.facts]
        assert len(set(ids)) == len(ids)


def test_a_case_is_the_same_alone_and_in_any_order() -> None:
    forward = [make_case(3, index).digest for index in (0, 5, 6)]
    assert [make_case(3, index).digest for index in (6, 5, 0)] == forward[::-1]


def test_a_case_is_the_same_in_another_process_with_another_hash_seed() -> None:
    script = "from evalkit.tasks.billing_codes.scenarios import make_case; print(make_case(7, 42).digest)"
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": str(seed)},
        ).stdout.strip()
        for seed in (1, 2)
    }
    assert seen == {make_case(7, 42).digest}


def test_another_seed_tells_other_stories() -> None:
    mine, other = ({make_case(seed, index).input["note_text"] for index in range(50)} for seed in (7, 8))
    assert len(mine) == len(other) == 50
    assert not mine & other


GOLDEN = {
    0: "a90201a4b87521af2588d04717f379777a2a0e88358b76a6e3fa220057d50a80",
    1: "1f9ba141298c8473880d2e49efd4c3a6dd088deca2698e1a3220cd67f0aecb74",
    4095: "189efc7890d6af9c4ba5bc6bd56ece73b375d7d3179b6902e18772d7ca47755c",
    10**6: "58dabde75fd633d76b115fd90c1b06f6a681237548b769bf7e79e8d454eea9c5",
}


@pytest.mark.parametrize("index", GOLDEN)
def test_golden_cases_stay_as_they_are(index: int) -> None:
    """Another digest means other cases: raise `scenarios.GENERATOR` and every gold set made from it."""
    assert make_case(7, index).digest == GOLDEN[index]


def test_case_ids_are_stable_names(cases: list[Case]) -> None:
    assert cases[12].case_id == "billing_codes-7-000000000012"
    assert len({case.case_id for case in cases}) == SHARE


@pytest.mark.parametrize("block", [0, 1, 370])
def test_every_hundred_holds_its_quota_exactly(block: int) -> None:
    stories = [make_story(7, index) for index in range(block * 100, block * 100 + 100)]
    assert Counter(story.refusal for story in stories if story.refusal) == dict.fromkeys(REFUSALS, 2)
    assert sum(story.rare not in {"none", "passage"} for story in stories) == 6
    events = Counter(story.extras.event for story in stories)
    assert events == {"injection": 3, "copied": 3, "amended": 3, "code told": 3, "none": 88}
    persons = Counter(story.extras.person for story in stories if story.refusal is None)
    assert persons == {"minor": 3, "age 89": 3, "age 90": 3, "age 101": 3, "adult": 60}


def test_the_quota_fills_a_hundred() -> None:
    assert sum(share for share, _ in QUOTA) == len(THEMES) == 100


EDGES = [
    "mod25", "mod59", "laterality:left", "laterality:right", "laterality:both", "timed", "add_on", "bilateral_code",
    "negated", "history", "new_patient", "rare_wording", "condition_not_coded",
    "lines:0", "lines:1", "lines:2-3", "lines:4+",
    "edge:timed_met", "edge:timed_missed", "edge:visit_met", "edge:visit_missed", "edge:visit_not_separate",
    "edge:units_max", "edge:units_beyond", "edge:bundled",
    "edge:prompt_injection", "edge:copied_forward", "edge:conflicting_documents", "edge:code_in_note",
    "edge:minor", "edge:age_89", "edge:age_90", "edge:age_101",
    "edge:part2_with_consent", "edge:psychotherapy_with_authorization",
    "decoy:eponym", "decoy:drug", "decoy:code", "decoy:room", "decoy:score",
    "refusal", *sorted({refusal_tag(code) for code in REFUSALS}),
]  # fmt: skip


@pytest.mark.parametrize("tag", EDGES)
def test_every_slice_and_edge_has_at_least_two_in_a_hundred(cases: list[Case], tag: str) -> None:
    assert sum(tag in case.tags for case in cases) >= SHARE * 0.02


def test_no_tag_is_unknown(cases: list[Case]) -> None:
    assert {tag for case in cases for tag in case.tags} == set(EDGES)


def facts_done(case: Case) -> list[dict[str, object]]:
    return [dict(fact) for fact in case.facts if fact["type"] == "procedure" and fact["status"] == "done"]


@pytest.mark.parametrize("minutes", [7, 8, 22, 23])
def test_each_boundary_of_timed_units_is_there(answered: list[Case], minutes: int) -> None:
    assert sum(fact.get("unit") == "min" and fact["value"] == minutes for c in answered for fact in facts_done(c)) >= 3


def test_every_procedure_is_done_and_every_code_owed(answered: list[Case]) -> None:
    assert {fact["name"] for case in answered for fact in facts_done(case)} == set(PROCEDURES)
    owed = {line["code"] for case in answered for line in case.gold["lines"]}
    assert {known.code for known in PROCEDURES.values()} | {"00013", "00018"} <= owed
    assert {f"000{visit}" for visit in (22, 23, 24, 25, 32, 33, 34, 35)} <= owed


def test_every_condition_is_listed_and_told_of_without_being_so(answered: list[Case]) -> None:
    told = {(fact["name"], fact["polarity"]) for c in answered for fact in c.facts if fact["type"] == "diagnosis"}
    assert {name for name, polarity in told if polarity == "affirmed"} == set(CONDITIONS)
    assert {name for name, polarity in told if polarity != "affirmed"} & set(CONDITIONS)
    assert set(INDICATIONS) == set(PROCEDURES)


def test_diagnoses_are_codes_of_icd_10_cm(answered: list[Case]) -> None:
    codes = {code for case in answered for code in case.gold["diagnoses"]}
    assert len(codes) >= 30
    assert all(re.fullmatch(r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", code) for code in codes)


def test_a_visit_of_the_same_day_has_25_with_and_without_reason(answered: list[Case]) -> None:
    with_visit = [case for case in answered if any("00022" <= line["code"] <= "00035" for line in case.gold["lines"])]
    assert any("mod25" in case.tags for case in with_visit)
    assert any("mod25" not in case.tags for case in with_visit)


def broken(case: Case) -> set[str]:
    """What of the request a caller would have to repair."""
    flags = case.flags
    faults = {
        "CONSENT_MISSING": not flags["treatment_payment_operations_ack"],
        "CONSENT_EXPIRED": flags["consent_expired"],
        "CONSENT_REVOKED": flags["consent_revoked"],
        "PURPOSE_NOT_PERMITTED": flags["consent_for_other_purpose"],
        "MRN_INVALID": not VALIDATORS["mrn"](case.input["patient_mrn"]),
        "NPI_INVALID": not VALIDATORS["npi"](case.input["rendering_npi"]),
        "WRONG_PATIENT": any(known.needle_id == "stray.mrn" for known in case.identifiers),
        "DOS_IN_FUTURE": date.fromisoformat(case.input["date_of_service"]) >= FUTURE_DAY,
        "PART2_NO_CONSENT": flags["sud_record"] and not flags["part2_consent"],
        "PSYCHOTHERAPY_NOTES": flags["psychotherapy_notes"] and not flags["patient_authorization"],
        "RESTRICTION_ON_FILE": flags["restriction_on_file"],
        "MINOR_CONFIDENTIAL": flags["minor_confidential"],
        "NOTE_UNSIGNED": not flags["note_signed"],
        "FIELD_NOT_PERMITTED": "ssn" in case.input,
    }
    return {code for code, holds in faults.items() if holds}


def test_a_request_that_must_be_refused_is_broken_in_that_one_place(cases: list[Case]) -> None:
    for case in cases:
        assert broken(case) == ({case.refusal} if case.refusal else set())
        assert (case.purpose_of_use != "HPAYMT") == (case.refusal == "PURPOSE_NOT_PERMITTED")


def test_protected_records_are_answered_where_consent_or_authorization_is_there(answered: list[Case]) -> None:
    assert any(case.flags["sud_record"] for case in answered)
    assert any(case.flags["psychotherapy_notes"] for case in answered)


def age(case: Case) -> int:
    born, day = (
        date.fromisoformat(known.value)
        for needle in ("patient.dob", "visit.date")
        for known in case.identifiers
        if known.needle_id == needle
    )
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def has_birthday(case: Case) -> bool:
    return any(known.needle_id == "patient.dob" for known in case.identifiers)


@pytest.mark.parametrize(("tag", "years"), [("edge:age_89", 89), ("edge:age_90", 90), ("edge:age_101", 101)])
def test_an_age_is_an_identifier_from_90_on(answered: list[Case], tag: str, years: int) -> None:
    aged = [case for case in answered if tag in case.tags]
    for case in aged:
        assert re.search(rf"\b{years}\b", case.input["note_text"])
        planted = [known.value for known in case.identifiers if known.needle_id == "patient.age"]
        assert planted == ([str(years)] if years > 89 else [])
    assert [age(case) for case in aged if has_birthday(case)] == [years] * sum(map(has_birthday, aged))


def test_a_minor_comes_with_a_parent_and_everybody_else_is_grown(cases: list[Case]) -> None:
    for case in cases:
        minor = "edge:minor" in case.tags or case.refusal == "MINOR_CONFIDENTIAL"
        if has_birthday(case) and case.refusal != "DOS_IN_FUTURE":
            assert (age(case) < 18) == minor
        if minor:
            assert any(known.subject == "relative" for known in case.identifiers)


def test_an_injected_instruction_changes_no_answer_and_stands_in_the_note(answered: list[Case]) -> None:
    injected = [case for case in answered if "edge:prompt_injection" in case.tags]
    words = re.compile(r"instructions|SYSTEM|assistant|AI reading|New task|policy above|override", re.IGNORECASE)
    assert all(words.search(case.input["note_text"]) for case in injected)


def test_decoys_are_marked_by_what_they_really_are(cases: list[Case]) -> None:
    for case in cases:
        tagged = {tag.removeprefix("decoy:") for tag in case.tags if tag.startswith("decoy:")}
        assert set(case.decoys.kind) == tagged


def test_one_in_thirteen_cases_shares_its_patient(cases: list[Case]) -> None:
    shared = {cluster for cluster, count in Counter(case.cluster for case in cases).items() if count > 1}
    share = sum(case.cluster in shared for case in cases) / SHARE
    assert 0.06 <= share <= 0.11


def test_a_cluster_names_nobody(cases: list[Case]) -> None:
    for case in cases:
        assert re.fullmatch(r"patient-7-\d+", case.cluster)


def test_tags_and_provenance_hold_no_identifier(cases: list[Case]) -> None:
    for case in cases:
        shown = " ".join((*case.tags, *case.provenance.values(), case.cluster, case.case_id))
        long = [known for known in case.identifiers if len(known.value) > 3]
        assert not [known.needle_id for known in long if known.value in shown]


def test_notes_have_passages_and_differ(cases: list[Case]) -> None:
    notes = [case.input["note_text"] for case in cases]
    assert all(500 < len(note) < 4000 for note in notes)
    assert all(note.count("\n\n") >= 4 for note in notes)
    assert len(set(notes)) == SHARE


def test_there_is_a_wording_for_every_procedure() -> None:
    assert set(WORDINGS) == set(PROCEDURES)


@given(st.integers(0, 2**40), st.integers(0, 2**20))
@settings(max_examples=60, deadline=None)
def test_any_case_of_any_seed_is_well_formed(index: int, seed: int) -> None:
    case = make_case(seed, index)
    assert check_cases([case]) == ()
    assert broken(case) == ({case.refusal} if case.refusal else set())
    assert len(case.digest) == 64
