"""Made up visits: determinism, quotas, exact places, and a note that states exactly the facts, read by another path."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from evalkit.cases.case import Case
from evalkit.cases.goldset import case_from_json, case_to_json
from evalkit.phi.surrogates import has_never_real_range, never_real
from evalkit.tasks.note_summary.dialogue import split_turns
from evalkit.tasks.note_summary.factmetrics import facts_of
from evalkit.tasks.note_summary.judging import judge
from evalkit.tasks.note_summary.scenarios import make_case
from evalkit.tasks.note_summary.statements import read_statements
from evalkit.tasks.note_summary.visits import REFUSALS, TRAPS, make_visit

SHARE = 400


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(7, index) for index in range(SHARE)]


@pytest.fixture(scope="module")
def answered(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.refusal is None]


@pytest.mark.parametrize(
    ("index", "digest"),
    [
        (0, "3bc3683e2fb2b6fcca8484bcb11ba746e2b6dae624cef1c91c62b9ce8125dc13"),
        (1, "6f1997bbeeae667e7a75c6cb9ee90a7a1e6f416b26103d76e859d1226dc8988c"),
        (4095, "850356d1c8765ef97856dd2f465cb550bc7b5d026ec2374b361ea06a67ae3bdb"),
        (10**6, "08426317b5d600186d32b11f2a9fb21de6c3aac539018fadbf7c149fcb6eca1d"),
    ],
)
def test_a_case_has_the_same_bytes_for_ever(index: int, digest: str) -> None:
    assert make_case(7, index).digest == digest


def test_a_case_is_the_same_in_another_process() -> None:
    code = "from evalkit.tasks.note_summary.scenarios import make_case; print(make_case(7, 3).digest)"
    told = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "99", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.strip() == make_case(7, 3).digest


def test_every_trap_and_every_refusal_has_two_in_a_hundred_in_every_block(cases: list[Case]) -> None:
    wanted = {f"edge:{re.sub('[ -]', '_', trap)}" for trap in TRAPS.shares if trap != "plain"}
    wanted |= {f"edge:{code.lower()}" for code in REFUSALS}
    for start in range(0, SHARE, 200):
        tags = Counter(tag for case in cases[start : start + 200] for tag in case.tags)
        assert {edge for edge in wanted if tags[edge] < 4} == set()


def test_a_dialogue_has_20_turns_and_more_of_both_speakers(answered: list[Case]) -> None:
    lengths = [len(split_turns(case.input["dialogue"])) for case in answered]
    assert min(lengths) >= 20
    assert max(lengths) <= 155
    assert sum(length <= 120 for length in lengths) / len(lengths) > 0.9
    for case in answered:
        speakers = {turn.speaker for turn in split_turns(case.input["dialogue"])}
        assert {"doctor", "patient"} <= speakers <= {"doctor", "patient", "patient_guest"}


def test_the_note_states_every_fact_and_nothing_else(answered: list[Case]) -> None:
    for case in answered:
        judged = judge(read_statements(case.gold["note"]), facts_of(case))
        assert None not in judged.recalled, case.case_id
        assert (judged.contradicted, judged.unsupported) == (0, 0), case.case_id


def test_the_places_of_facts_name_what_they_tell(answered: list[Case]) -> None:
    for case in answered:
        dialogue = case.input["dialogue"].lower()
        for fact in facts_of(case):
            ((start, end),) = fact.evidence
            told = read_statements(re.sub(r"\[\w+\] ", "", dialogue[start:end]))
            concepts = {statement.concept for statement in told} | {(one.kind, "any") for one in told}
            assert fact.statement.concept in concepts or fact.statement.kind in ("allergy", "habit"), case.case_id


def test_what_is_put_right_later_is_no_fact(answered: list[Case]) -> None:
    for case in answered:
        if "edge:side_corrected" in case.tags:
            sides = {fact.statement.side for fact in facts_of(case) if fact.statement.kind == "problem"}
            assert len(sides - {None}) == 1
        if "edge:stopped_today" in case.tags:
            assert [fact.statement.value for fact in facts_of(case) if fact.statement.status == "stopped"] == [None]


def test_a_guests_troubles_and_an_aside_are_not_in_the_note(answered: list[Case]) -> None:
    guests = [case for case in answered if "edge:third_person" in case.tags]
    asides = [case for case in answered if "edge:sensitive_aside" in case.tags]
    assert guests
    assert asides
    for case in guests:
        (turn, *_) = [turn for turn in split_turns(case.input["dialogue"]) if turn.speaker == "patient_guest"]
        (theirs,) = read_statements(turn.said)
        assert theirs.name not in {fact.statement.name for fact in facts_of(case)}
    for case in asides:
        assert not re.search(r"\b(?:job|son|pills)\b", case.gold["note"])


def test_planted_identifiers_stand_where_they_are_said_to_and_cannot_be_real(cases: list[Case]) -> None:
    for case in cases:
        known = {one.needle_id: one.value for one in case.identifiers}
        for field, start, end, needle in zip(
            case.spans.field, case.spans.start, case.spans.end, case.spans.needle_id, strict=True
        ):
            assert (case.text_of(field) or "")[start:end] == known[needle]
        for one in case.identifiers:
            assert not has_never_real_range(one.category) or never_real(one.category, one.value)


def test_the_note_holds_no_planted_identifier(answered: list[Case]) -> None:
    for case in answered:
        assert [one.needle_id for one in case.identifiers if one.value in case.gold["note"]] == []


def test_a_refusal_has_no_gold_and_says_why(cases: list[Case]) -> None:
    refused = [case for case in cases if case.refusal is not None]
    assert {case.refusal for case in refused} == set(REFUSALS)
    assert [case.case_id for case in refused if case.gold] == []


def test_a_case_survives_its_file(cases: list[Case]) -> None:
    for case in cases[:40]:
        assert case_from_json(case_to_json(case)).digest == case.digest


def test_visits_do_not_show_what_they_hold() -> None:
    visit = make_visit(7, 0)
    assert visit.told[0].statement.name not in repr(visit) + repr(visit.told[0])
