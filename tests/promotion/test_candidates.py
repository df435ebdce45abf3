"""Candidates: nothing known of the person is left, and the case is still the same case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.agents.refusals import Refusals
from evalkit.cases.checker import check_case
from evalkit.errors import PromotionError
from evalkit.executions.runner import execute
from evalkit.phi.deidentification import ALL
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import find_leaks
from evalkit.promotion.candidates import ABOUT_THE_ANSWER, Candidate, make_candidate
from evalkit.tasks import offline_agent
from tests.promotion.conftest import TODAY, new_room, source_of


def test_no_known_value_of_the_record_is_left_in_any_form(candidates, ran):
    for candidate, (case, _) in zip(candidates, ran, strict=True):
        shown = [dict(candidate.case.input), dict(candidate.case.gold), candidate.case.case_id]
        assert find_leaks(case.identifiers, shown, place="x", subjects=ALL) == ()


def test_the_contract_says_of_the_case_what_it_said_of_the_request(candidates, ran, spec):
    rules = Refusals(spec)
    for candidate, (case, _) in zip(candidates, ran, strict=True):
        before = rules.first(case.input, case.flags, today=TODAY)
        assert rules.first(candidate.case.input, candidate.case.flags, today=TODAY) == before


def test_the_agent_answers_most_cases_as_it_answered_the_requests(candidates, ran, spec):
    again = execute([one.case for one in candidates], offline_agent(spec), spec_ref=spec.ref)
    same = 0
    for candidate, done in zip(candidates, again, strict=True):
        output = (done.reply.output or {}) if done.reply else {}
        same += {k: v for k, v in output.items() if k not in ABOUT_THE_ANSWER} == candidate.case.gold
    assert same >= 17


def test_evidence_shows_the_same_sentences_after_the_text_has_moved(candidates, ran):
    seen = 0
    for candidate, (case, done) in zip(candidates, ran, strict=True):
        for new, old in zip(
            candidate.case.gold.get("lines", ()), (done.reply.output or {}).get("lines", ()), strict=True
        ):
            for here, there in zip(new["evidence"], old["evidence"], strict=True):
                after = candidate.case.input["note_text"][here["start"] : here["end"]]
                before = case.input["note_text"][there["start"] : there["end"]]
                assert after == before or "[" in after or len(after) != len(before)
                seen += after == before
    assert seen > 10


def test_what_was_invented_is_planted_with_exact_spans(candidates):
    for candidate in candidates:
        assert candidate.case.data_class == "deidentified"
        assert check_case(candidate.case) == ()
        assert len(candidate.case.identifiers) >= 2
        values = {one.needle_id: one.value for one in candidate.case.identifiers}
        spans = candidate.case.spans
        for field, start, end, name in zip(spans.field, spans.start, spans.end, spans.needle_id, strict=True):
            assert candidate.case.text_of(field)[start:end] == values[name]


def test_the_gold_answer_says_nothing_of_the_answer_itself(candidates):
    assert all(not ABOUT_THE_ANSWER & set(one.case.gold) for one in candidates)


def test_the_same_draws_make_the_same_candidate_and_others_make_another(spec, ran):
    case, done = ran[1]
    one, same = (make_candidate(source_of(spec, case, done), new_room()) for _ in range(2))
    other = make_candidate(source_of(spec, case, done), new_room(6))
    assert one.digest == same.digest != other.digest


def test_a_candidate_comes_back_from_its_bytes_and_other_bytes_are_refused(candidates):
    for candidate in candidates[:5]:
        assert Candidate.from_bytes(candidate.to_bytes()) == candidate
    for wrong in (b"", b"{}", b"[1]", candidates[0].to_bytes()[:-2]):
        with pytest.raises(PromotionError, match="no candidate"):
            Candidate.from_bytes(wrong)


def test_neither_a_source_nor_a_candidate_shows_a_value(candidates, ran, spec):
    for candidate, (case, done) in list(zip(candidates, ran, strict=True))[:6]:
        source = source_of(spec, case, done)
        shown = repr(candidate) + candidate._repr_html_() + repr(source)
        assert find_leaks(case.identifiers, shown, place="x", subjects=ALL) == ()


def test_a_value_that_hides_in_a_key_makes_no_candidate_and_is_not_shown(spec, ran, room):
    case, done = next(pair for pair in ran if pair[1].status == "ok")
    name = next(one.value for one in case.identifiers if one.needle_id == "patient.name")
    output = {**done.reply.output, name: "x"}
    hidden = replace(done, reply=replace(done.reply, output=output))
    with pytest.raises(PromotionError) as refused:
        make_candidate(source_of(spec, case, hidden), room)
    assert name not in str(refused.value)
    assert "evalkit/log/test#1" in str(refused.value)


def test_an_answer_that_points_to_no_text_makes_no_candidate(spec, ran, room):
    case, done = next(pair for pair in ran if pair[1].status == "ok")
    line = {"code": "00010", "modifiers": [], "units": 1, "evidence": [{"field": "note_text", "start": 9, "end": 4}]}
    pointing = replace(done, reply=replace(done.reply, output={"lines": [line]}))
    with pytest.raises(PromotionError, match="points to no text"):
        make_candidate(source_of(spec, case, pointing), room)


@pytest.mark.parametrize("name", ["", "with space", "line\nbreak", "x" * 201, "é"])
def test_a_source_is_named_by_its_record(name, spec, ran, room):
    with pytest.raises(PromotionError, match="named by its record"):
        make_candidate(source_of(spec, *ran[0], name=name), room)


def test_a_wrong_number_stays_a_wrong_number(spec, patients, room):
    case = patients[0]
    wrong = {**case.input, "patient_mrn": "MRN1234567"}
    done = execute([replace(case, input=wrong)], offline_agent(spec), spec_ref=spec.ref)[0]
    assert done.refusal.code == "MRN_INVALID" or case.refusal
    made = make_candidate(source_of(spec, replace(case, input=wrong), done, known=()), room)
    assert made.case.input["patient_mrn"] != "MRN1234567"
    assert made.case.refusal == done.refusal.code


def test_a_name_that_nobody_tagged_is_known_everywhere_once_it_is_met(spec, patients, ran, room):
    done = ran[1][1]
    text = "Patient: Maurizio Quilborn\nSeen today for gait training.\nMaurizio walks well."
    plain = replace(done, reply=replace(done.reply, output={"lines": []}))
    request = {**patients[1].input, "note_text": text}
    made = make_candidate(source_of(spec, replace(patients[1], input=request), plain, known=()), room)
    assert "Maurizio" not in made.case.input["note_text"]
    assert any(one.needle_id.startswith("met.name") for one in made.known)


def test_a_failed_execution_makes_a_candidate_without_an_answer(spec, ran, room):
    from evalkit.executions.execution import Failure

    case, done = ran[1]
    failed = replace(done, reply=None, failure=Failure("Timeout", f"no answer for {case.identifiers[0].value}"))
    made = make_candidate(source_of(spec, case, failed), room)
    assert (made.status, made.case.gold, made.case.refusal) == ("error", {}, None)
    assert case.identifiers[0].value not in str(made.case.input)


def test_a_register_names_what_the_fields_do_not(spec, ran, room):
    case, done = next(pair for pair in ran if pair[1].status == "ok")
    extra = Identifier("register.nickname", "name", "Zebulonia Trask")
    request = {**case.input, "note_text": case.input["note_text"] + "\nGoes by Zebulonia."}
    made = make_candidate(source_of(spec, replace(case, input=request), done, known=(*case.identifiers, extra)), room)
    assert "Zebulonia" not in made.case.input["note_text"]


def test_a_spec_that_asks_for_two_reviewers_gets_two(spec, ran, room):
    from evalkit.tasks import read_spec

    asked = spec.source.replace(
        "review: {threshold: 0.80, band: 0.05}", "review: {threshold: 0.80, band: 0.05, reviewers: 2}"
    )
    two = read_spec(asked, path="draft.md")
    assert make_candidate(source_of(two, *ran[0]), room).reviewers == 2
    assert (spec.review.reviewers, spec.behaviour_sha == two.behaviour_sha) == (1, False)
