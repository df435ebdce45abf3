"""Synthetic prior authorization cases: determinism, quotas, exact spans, evidence, coherent facts, many wordings.

The checks here read a case from the outside, and the family's independent checker works every answer out again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.case import Case
from evalkit.cases.goldset import case_from_json, case_to_json
from evalkit.phi.surrogates import has_never_real_range, never_real
from evalkit.tasks.prior_authorization import templates
from evalkit.tasks.prior_authorization.checker import check_case, check_cases
from evalkit.tasks.prior_authorization.facts import REFUSALS, THEMES, make_story
from evalkit.tasks.prior_authorization.phrases import BANKS, INJECTIONS
from evalkit.tasks.prior_authorization.scenarios import make_case

SHARE = 400
EDGES = (
    "six_weeks_exactly", "one_day_short", "age_limit_met", "age_limit_missed", "several_documents", "notes_in_conflict",
    "medicine_barred", "wrong_side_imaged", "nothing_said", "only_planned", "stale", "copied_forward", "other_region",
    "family_history", "unsupervised_care", "note_in_spanish", "oxygen_88", "oxygen_89", "prompt_injection", "minor",
    "age_89", "age_90", "age_101", "wrong_patient", "check_digit_wrong", "consent_missing", "authorization_expired",
    "consent_revoked", "purpose_not_permitted", "part2_no_consent", "psychotherapy_notes", "minor_confidential",
    "restriction_on_file", "policy_not_effective", "retrospective", "duplicate_request", "expedited_not_attested",
    "no_chart", "service_not_in_spec",
)  # fmt: skip
"""Every kind that the family and special protection ask for."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [make_case(7, index) for index in range(SHARE)]


def notes(case: Case) -> list[dict[str, Any]]:
    return list(case.input["chart_notes"])


def test_every_edge_kind_has_its_two_in_a_hundred_in_every_block(cases: list[Case]) -> None:
    for start in range(0, SHARE, 200):
        tags = Counter(tag for case in cases[start : start + 200] for tag in case.tags)
        assert {edge: tags[f"edge:{edge}"] for edge in EDGES if tags[f"edge:{edge}"] < 4} == {}


def test_no_edge_kind_is_left_out_of_the_list(cases: list[Case]) -> None:
    seen = {tag.removeprefix("edge:") for case in cases for tag in case.tags if tag.startswith("edge:")}
    assert seen - set(EDGES) == {
        "weakness",
        "cauda_equina",
        "known_cancer",
        "locked_knee",
        "care_declined",
        "oxygen_family",
    }


def test_every_decision_and_every_refusal_is_there(cases: list[Case]) -> None:
    decisions = Counter(case.gold["decision"] for case in cases if case.refusal is None)
    assert set(decisions) == {"approve", "pend", "refer_to_clinician"}
    assert min(decisions.values()) >= SHARE // 10
    assert {case.refusal for case in cases} == {None, *REFUSALS}


def test_a_hundred_cases_hold_exactly_the_shares_of_the_deck() -> None:
    assert len(THEMES) == 100
    assert Counter(make_story(3, index).theme for index in range(100)) == Counter(THEMES.cards)


def test_the_checker_agrees_with_every_case(cases: list[Case]) -> None:
    assert check_cases(cases) == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 10**6))
def test_the_checker_agrees_with_any_case_of_any_seed(seed: int, index: int) -> None:
    assert check_case(make_case(seed, index)) == ()


def whats(case: Case) -> list[str]:
    return [problem.what for problem in check_case(case)]


def _answered(cases: list[Case], **wanted: str) -> Case:
    return next(case for case in cases if all(case.gold.get(key) == value for key, value in wanted.items()))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"decision": "pend"}, "gold.decision"),
        ({"missing": ["C1"]}, "gold.missing"),
        ({"due_in_days": 30}, "gold.due_in_days"),
        ({"criteria": []}, "gold.criteria"),
    ],
)
def test_the_checker_sees_a_wrong_answer(cases: list[Case], change: dict[str, Any], problem: str) -> None:
    case = _answered(cases, decision="approve")
    assert problem in [found.where for found in check_case(replace(case, gold={**case.gold, **change}))]


def test_the_checker_sees_a_moved_span_a_changed_fact_and_a_foreign_word(cases: list[Case]) -> None:
    case = next(case for case in cases if any(f["name"] == "therapy" and "value" in f for f in case.facts))
    moved = replace(case.spans, start=tuple(start + 1 for start in case.spans.start))
    assert any("the text at a span" in problem.what for problem in check_case(replace(case, spans=moved)))
    facts = tuple({**f, "value": f["value"] + 1} if f.get("unit") == "d" else f for f in case.facts)
    assert any(what.startswith("a therapy that") for what in whats(replace(case, facts=facts)))
    more = [{**note, "text": note["text"] + "Known malignancy of the lung.\n"} for note in notes(case)]
    assert "a cancer that is not stored" in whats(replace(case, input={**case.input, "chart_notes": more}))
    name = next(known.value for known in case.identifiers if known.needle_id == "patient.name")
    spilt = [{**note, "text": note["text"] + f"Asked about {name}."} for note in notes(case)]
    problems = check_case(replace(case, input={**case.input, "chart_notes": spilt}))
    assert any("outside every span" in problem.what for problem in problems)
    assert not any(name in str(problem) for problem in problems)


def test_the_checker_sees_a_refusal_that_is_not_due(cases: list[Case]) -> None:
    case = _answered(cases, decision="approve")
    assert "none is due" in whats(replace(case, refusal="NO_CHART", gold={}))
    revoked = replace(case, flags={**case.flags, "release_revoked": True})
    assert "CONSENT_REVOKED is due" in whats(revoked)


def test_no_identifier_can_belong_to_anybody(cases: list[Case]) -> None:
    checked: Counter[str] = Counter()
    for case in cases:
        for known in case.identifiers:
            wrong_on_purpose = known.needle_id == "member_id.sent" and case.refusal == "MEMBER_ID_INVALID"
            if has_never_real_range(known.category) and not wrong_on_purpose:
                assert never_real(known.category, known.value), (case.case_id, known.needle_id)
                checked[known.category] += 1
    assert {"phone", "mrn", "plan"} <= set(checked)


def test_evidence_holds_no_identifier_and_no_decoy(cases: list[Case]) -> None:
    for case in cases:
        taken = [
            (field, start, end)
            for part in (case.spans, case.decoys)
            for field, start, end in zip(part.field, part.start, part.end, strict=True)
        ]
        for one in case.gold.get("criteria", ()):
            for span in one["evidence"]:
                assert not any(
                    field == span["field"] and start < span["end"] and span["start"] < end
                    for field, start, end in taken
                )


def test_decoys_of_several_kinds_stand_where_they_say(cases: list[Case]) -> None:
    kinds: Counter[str] = Counter()
    for case in cases:
        columns = zip(case.decoys.field, case.decoys.start, case.decoys.end, case.decoys.kind, strict=True)
        for field, start, end, kind in columns:
            text = case.text_of(field)
            assert text is not None
            assert text[start:end] in {"Baker", "Allegra", "2/6", "Babinski", "555-0147-22", "128/76", "5/10"}
            kinds[kind] += 1
    assert set(kinds) == {"eponym", "drug", "score", "code"}


def test_a_stranger_s_page_has_its_own_name_and_number(cases: list[Case]) -> None:
    for case in (case for case in cases if case.refusal == "WRONG_PATIENT"):
        assert len({note["mrn"] for note in notes(case)}) == 2
        assert "other.mrn" in case.spans.needle_id


def test_ages_are_dealt_to_the_year(cases: list[Case]) -> None:
    for years in (89, 90, 101):
        mine = [case for case in cases if f"edge:age_{years}" in case.tags]
        assert mine
        for case in mine:
            born, asked = case.input["patient_dob"], case.input["request_date"]
            assert int(asked[:4]) - int(born[:4]) - (asked[5:] < born[5:]) == years


def test_copied_text_stands_word_for_word_in_both_notes(cases: list[Case]) -> None:
    for case in (case for case in cases if "edge:copied_forward" in case.tags):
        first, last = notes(case)[0], notes(case)[-1]
        line = next(
            line for line in last["text"].splitlines() if re.match(r"\[?(Copied from|[Cc]arried forward)", line)
        )
        assert re.split(r"(?<=[:\]]) ", line, maxsplit=1)[1] in first["text"]


def test_injected_instructions_change_no_answer(cases: list[Case]) -> None:
    mine = [case for case in cases if "edge:prompt_injection" in case.tags]
    assert all(any(order in note["text"] for note in notes(case) for order in INJECTIONS) for case in mine)
    assert {case.gold["decision"] for case in mine} == {"approve", "pend", "refer_to_clinician"}


def test_there_are_twelve_templates_with_six_variants_of_every_part() -> None:
    assert len({template.type for template in templates.TEMPLATES}) >= 12
    assert all(len(set(template.titles)) >= 6 for template in templates.TEMPLATES)
    assert all(len(set(variants)) >= 6 for variants in templates.HEADINGS.values())
    assert all(len(set(bank)) >= 6 for bank in templates.FILLERS.values())
    for bank in (templates.HEADERS, templates.SIGNATURES, templates.STYLES, templates.COPIED):
        assert len(bank) >= 6


def test_every_template_is_used(cases: list[Case]) -> None:
    used = {note["type"] for case in cases for note in notes(case)}
    assert used == {template.type for template in templates.TEMPLATES}


def test_every_fact_has_at_least_eight_wordings_and_none_twice() -> None:
    for key, bank in BANKS.items():
        assert len(bank.usual) >= 8, key
        every = (*bank.usual, *bank.rare, *bank.spanish)
        assert len(set(every)) == len(every), key
        assert all(sentence.endswith(".") for sentence in every), key
    assert len(set(INJECTIONS)) >= 8


def test_charts_are_hardly_ever_alike(cases: list[Case]) -> None:
    """Nearest neighbour by 5-gram Jaccard of words, identifiers and copies apart: under 1 in 100 at 0.8 or more."""
    grams: list[set[tuple[str, ...]]] = []
    for case in cases:
        for note in notes(case):
            words = re.findall(r"[a-z]+", note["text"].lower())
            grams.append({tuple(words[at : at + 5]) for at in range(len(words) - 4)})
    postings: dict[tuple[str, ...], list[int]] = {}
    for number, own in enumerate(grams):
        for gram in own:
            postings.setdefault(gram, []).append(number)
    alike = 0
    for number, own in enumerate(grams):
        shared = Counter(other for gram in own for other in postings[gram] if other != number)
        alike += any(hits / (len(own) + len(grams[other]) - hits) >= 0.8 for other, hits in shared.items())
    assert alike < len(grams) / 100


def test_a_case_survives_its_journey_through_json(cases: list[Case]) -> None:
    for case in cases[:40]:
        assert case_from_json(case_to_json(case)).digest == case.digest


def test_case_i_is_the_same_alone_and_in_another_process() -> None:
    script = (
        "from evalkit.tasks.prior_authorization.scenarios import make_case;"
        "print(*[make_case(7, i).digest for i in (0, 1, 4095, 10**6)])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [make_case(7, index).digest for index in (0, 1, 4095, 10**6)]
