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
from evalkit.phi.identifiers import VALIDATORS
from evalkit.phi.surrogates import has_never_real_range, never_real
from evalkit.tasks.billing_codes.facts import REFUSALS, THEMES, make_story
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import PROCEDURES, Act, Visit, bill
from evalkit.tasks.billing_codes.scenarios import FUTURE_DAY, make_case
from evalkit.tasks.billing_codes.sentences import HEADERS, LAYOUTS, NOT_DONE, SEPARATE_SITE, VISIT_INCLUDED, VISIT_TIME

SHARE = 400


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(7, index) for index in range(SHARE)]


def planted(case: Case) -> list[tuple[str, str, str]]:
    """(needle id, value, text at its span) of everything planted."""
    values = {known.needle_id: known.value for known in case.identifiers}
    spans = case.spans
    columns = zip(spans.field, spans.start, spans.end, spans.needle_id, strict=True)
    return [(needle, values[needle], case.input[field][start:end]) for field, start, end, needle in columns]


def as_people_write(value: str) -> str:
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value)
    return f"{found[2]}/{found[3]}/{found[1]}" if found else value


def test_every_span_holds_exactly_its_identifier(cases: list[Case]) -> None:
    for case in cases:
        for _, value, text in planted(case):
            assert text == as_people_write(value)


def test_every_identifier_of_a_case_is_planted_and_no_other(cases: list[Case]) -> None:
    for case in cases:
        assert {needle for needle, _, _ in planted(case)} == {known.needle_id for known in case.identifiers}
        assert len({known.needle_id for known in case.identifiers}) == len(case.identifiers)


def test_no_identifier_stands_in_a_note_without_a_span(cases: list[Case]) -> None:
    """Found by search: a whole word equal to a planted value lies within a planted span."""
    for case in cases:
        note = case.input["note_text"]
        spans = [
            (start, end)
            for field, start, end in zip(case.spans.field, case.spans.start, case.spans.end, strict=True)
            if field == "note_text"
        ]
        for known in case.identifiers:
            for found in re.finditer(rf"(?<!\w){re.escape(as_people_write(known.value))}(?!\w)", note):
                assert any(start <= found.start() and found.end() <= end for start, end in spans), known.needle_id


def test_a_note_holds_a_name_and_a_record_number_and_never_a_social_security_number(cases: list[Case]) -> None:
    for case in cases:
        needles = {known.needle_id for known in case.identifiers}
        assert {"patient.name", "visit.date", "provider.name", "mrn.sent"} <= needles
        assert not re.search(r"\b\d{3}-\d{2}-\d{4}\b", case.input["note_text"])


def test_no_identifier_can_belong_to_anybody(cases: list[Case]) -> None:
    checked = Counter(
        known.category
        for case in cases
        for known in case.identifiers
        if known.needle_id != "mrn.sent"
        if has_never_real_range(known.category)
        if never_real(known.category, known.value)
    )
    expected = Counter(
        known.category
        for case in cases
        for known in case.identifiers
        if known.needle_id != "mrn.sent"
        if has_never_real_range(known.category)
    )
    assert checked == expected
    assert {"phone", "email", "mrn"} <= set(checked)


def test_evidence_is_a_whole_sentence_that_states_the_fact(cases: list[Case]) -> None:
    for case in cases:
        note = case.input["note_text"]
        for line in case.gold.get("lines", ()):
            assert line["evidence"]
            for span in line["evidence"]:
                quote = note[span["start"] : span["end"]]
                assert span["field"] == "note_text"
                assert quote[-1] == "."
                assert "\n" not in quote
                assert note[: span["start"]].rstrip(" -").endswith((".", "\n"))


def test_evidence_of_a_timed_line_holds_all_of_its_minutes(cases: list[Case]) -> None:
    checked = 0
    for case in cases:
        minutes = {
            f["fact_id"]: f["minutes"] for f in case.facts if f["type"] == "procedure" and f["polarity"] == "done"
        }
        for line in case.gold.get("lines", ()):
            if line["code"] in {"00071", "00074", "00077"}:
                note = case.input["note_text"]
                quotes = " ".join(note[span["start"] : span["end"]] for span in line["evidence"])
                assert sum(int(found) for found in re.findall(r"(\d+) minutes", quotes)) in minutes.values()
                checked += 1
    assert checked > 20


def test_the_answer_is_what_the_policy_owes_for_the_stored_facts(cases: list[Case]) -> None:
    """The facts alone, read back from the case, give the answer again."""
    for case in cases:
        if case.refusal:
            assert case.gold == {}
            continue
        acts = [Act(**{k: v for k, v in f.items() if k != "type"}) for f in case.facts if f["type"] == "procedure"]
        visits = [Visit(f["minutes"], f["separate_work"]) for f in case.facts if f["type"] == "visit"]
        owed = bill(acts, visits[0] if visits else None, new_patient=case.input["new_patient"])
        given = [(line["code"], line["units"], tuple(line["modifiers"])) for line in case.gold["lines"]]
        assert given == [(line.code, line.units, line.modifiers) for line in owed]


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
    0: "5918ba28e055820a464f44a74ad7b196afad39e72a9cc2158a6cab79fb3fe95e",
    1: "0c5cd845442038c3380bcc15aeddcb1215b624070f70fe3c87c9242cc506a12f",
    4095: "7826d925f05ab04b1c51a88981572a75b003d13c41d590a7a87c1606d9cacab3",
    10**6: "0497d8ec941c018ca05e69236e707e196cb3d2e3848b1397c2ffa1938dc10632",
}


@pytest.mark.parametrize("index", GOLDEN)
def test_golden_cases_stay_as_they_are(index: int) -> None:
    """Another digest means other cases: raise `scenarios.GENERATOR` and every gold set made from it."""
    assert make_case(7, index).digest == GOLDEN[index]


def test_case_ids_are_stable_names(cases: list[Case]) -> None:
    assert cases[12].case_id == "billing_codes-7-000000000012"
    assert len({case.case_id for case in cases}) == SHARE


@pytest.mark.parametrize("start", [0, 37, 10_000])
def test_any_hundred_cases_in_a_row_hold_each_refusal_once(start: int) -> None:
    stories = [make_story(7, index) for index in range(start, start + 100)]
    assert Counter(story.refusal for story in stories if story.refusal) == dict.fromkeys(REFUSALS, 1)
    assert sum(story.rare != "none" for story in stories) == 4


def test_the_quota_fills_a_hundred() -> None:
    assert len(THEMES) == 100


EDGES = [
    "mod25", "mod59", "laterality:left", "laterality:right", "laterality:both", "timed", "add_on", "bilateral_code",
    "negated", "history", "new_patient", "rare_wording", "refusal", "lines:0", "lines:1", "lines:2-3", "lines:4+",
    "edge:timed_boundary", "edge:visit_threshold", "edge:visit_not_separate", "edge:units_max", "edge:bundled",
]  # fmt: skip


@pytest.mark.parametrize("tag", EDGES)
def test_every_slice_and_edge_has_at_least_two_in_a_hundred(cases: list[Case], tag: str) -> None:
    assert sum(tag in case.tags for case in cases) >= SHARE * 0.02


def test_no_tag_is_unknown(cases: list[Case]) -> None:
    assert {tag for case in cases for tag in case.tags} == set(EDGES)


@pytest.mark.parametrize("minutes", [7, 8, 22, 23])
def test_each_boundary_of_timed_units_is_there(cases: list[Case], minutes: int) -> None:
    done = [f for case in cases for f in case.facts if f["type"] == "procedure" and f["polarity"] == "done"]
    assert sum(fact["minutes"] == minutes for fact in done) >= 4


def test_every_procedure_is_done_and_every_code_owed(cases: list[Case]) -> None:
    done = Counter(f["procedure"] for case in cases for f in case.facts if f.get("polarity") == "done")
    assert set(done) == set(PROCEDURES)
    owed = {line["code"] for case in cases for line in case.gold.get("lines", ())}
    assert {known.code for known in PROCEDURES.values()} | {"00013", "00018"} <= owed
    assert {f"000{visit}" for visit in (22, 23, 24, 25, 32, 33, 34, 35)} <= owed


def test_a_visit_of_the_same_day_has_25_with_and_without_reason(cases: list[Case]) -> None:
    with_visit = [
        case for case in cases if any("00022" <= line["code"] <= "00035" for line in case.gold.get("lines", ()))
    ]
    assert any("mod25" in case.tags for case in with_visit)
    assert any("mod25" not in case.tags for case in with_visit)


def broken(case: Case) -> set[str]:
    """What of the request a caller would have to repair."""
    faults = {
        "CONSENT_MISSING": not case.flags["treatment_payment_operations_ack"],
        "MRN_INVALID": not VALIDATORS["mrn"](case.input["patient_mrn"]),
        "NPI_INVALID": not VALIDATORS["npi"](case.input["rendering_npi"]),
        "DOS_IN_FUTURE": date.fromisoformat(case.input["date_of_service"]) >= FUTURE_DAY,
        "PART2_NO_CONSENT": case.flags["sud_record"] and not case.flags["part2_consent"],
        "NOTE_UNSIGNED": not case.flags["note_signed"],
    }
    return {code for code, holds in faults.items() if holds}


def test_a_request_that_must_be_refused_is_broken_in_that_one_place(cases: list[Case]) -> None:
    for case in cases:
        assert broken(case) == ({case.refusal} if case.refusal else set())


def test_records_under_part_2_with_consent_are_answered(cases: list[Case]) -> None:
    assert any(case.flags["sud_record"] and case.refusal is None for case in cases)


def test_one_in_ten_cases_shares_its_patient(cases: list[Case]) -> None:
    shared = {cluster for cluster, count in Counter(case.cluster for case in cases).items() if count > 1}
    share = sum(case.cluster in shared for case in cases) / SHARE
    assert 0.08 <= share <= 0.11


def test_a_cluster_names_nobody(cases: list[Case]) -> None:
    for case in cases:
        assert re.fullmatch(r"patient-7-\d+", case.cluster)


def test_tags_and_provenance_hold_no_identifier(cases: list[Case]) -> None:
    for case in cases:
        shown = " ".join((*case.tags, *case.provenance.values(), case.cluster, case.case_id))
        assert not [known.needle_id for known in case.identifiers if known.value in shown]


def test_notes_have_sections_and_differ(cases: list[Case]) -> None:
    notes = [case.input["note_text"] for case in cases]
    assert all(300 < len(note) < 4000 for note in notes)
    assert all(note.count("\n") >= 8 for note in notes)
    assert len(set(notes)) == SHARE


def fingerprint(note: str) -> set[tuple[str, ...]]:
    words = re.sub(r"\d", "0", note.lower()).split()
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def test_few_notes_are_near_copies_of_another(cases: list[Case]) -> None:
    """5-word Jaccard with digits made alike, nearest neighbour among 400 notes."""
    prints = [fingerprint(case.input["note_text"]) for case in cases]
    nearest = [
        max(len(mine & other) / len(mine | other) for place, other in enumerate(prints) if place != number)
        for number, mine in enumerate(prints)
    ]
    assert sum(score >= 0.8 for score in nearest) / len(nearest) < 0.01


def test_banks_hold_at_least_eight_ways_to_say_it() -> None:
    banks = [wording.usual for wording in WORDINGS.values()]
    banks += [bank.usual for bank in (*NOT_DONE.values(), SEPARATE_SITE, VISIT_TIME, VISIT_INCLUDED)]
    assert all(len(set(bank)) >= 8 for bank in banks)
    assert len(HEADERS) >= 5
    assert len(LAYOUTS) >= 6


def test_there_is_a_wording_for_every_procedure() -> None:
    assert set(WORDINGS) == set(PROCEDURES)


@given(st.integers(0, 2**40), st.integers(0, 2**20))
@settings(max_examples=60, deadline=None)
def test_any_case_of_any_seed_is_well_formed(index: int, seed: int) -> None:
    case = make_case(seed, index)
    assert all(text == as_people_write(value) for _, value, text in planted(case))
    assert broken(case) == ({case.refusal} if case.refusal else set())
    assert len(case.digest) == 64
