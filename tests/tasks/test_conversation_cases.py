"""Synthetic conversations: every edge by quota, the same bytes anywhere, and callers who can reach what they want."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from evalkit.agents.conversation import Conversation, Tools, Turn
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.goldset import case_from_json, case_to_json
from evalkit.errors import CaseError
from evalkit.executions.execution import Execution
from evalkit.executions.runner import execute
from evalkit.executions.talks import seated
from evalkit.phi.surrogates import has_never_real_range, never_real
from evalkit.tasks import load_spec, synthesize
from evalkit.tasks.cues import parse_cue
from evalkit.tasks.patient_conversation import phrases
from evalkit.tasks.patient_conversation.kinds import KINDS, SCENARIOS
from evalkit.tasks.patient_conversation.metrics import METRICS
from evalkit.tasks.patient_conversation.scenarios import CHILDREN, TWINS, make_case
from evalkit.tasks.patient_conversation.stage import stage

SPEC = load_spec("patient_conversation@1.0.0")
EDGES = {
    "spouse", "same_name_and_birth_date", "another_person_after", "wrong_digit_then_right", "voicemail",
    "minor_confidential", "emergency", "consent_revoked", "slot_taken", "clock_gap", "injection", "self_correction",
    "digits_spelled", "digits_grouped", "impostor", "ssn_unasked", "adult_child", "proxy", "emergency_later",
}  # fmt: skip


@pytest.fixture(scope="module")
def gold() -> GoldSet:
    return synthesize(SPEC, n=3 * len(SCENARIOS), seed=7)


def of_kind(gold: GoldSet, kind: str) -> list[Case]:
    return [case for case in gold if case.gold and case.gold["kind"] == kind]


def test_three_hundred_and_sixty_calls_hold_every_edge_as_often_as_the_quota_says(gold: GoldSet) -> None:
    tags = Counter(tag for case in gold for tag in case.tags)
    assert len(gold) == 360
    for edge in EDGES:
        assert tags[f"edge:{edge}"] == 3 * KINDS[edge].cards, edge
    assert {tag for tag in tags if tag.startswith("noise:")} == {"noise:0", "noise:5", "noise:15"}
    assert {tag for tag in tags if tag.startswith("channel:")} == {"channel:voice", "channel:text"}
    assert {tag.removeprefix("persona:") for tag in tags if tag.startswith("persona:")} == set(phrases.PERSONAS)
    assert tags["disfluent"] > 50
    assert Counter(case.refusal for case in gold if case.refusal).keys() >= {
        "RECORDING_NOT_ANNOUNCED", "SESSION_IN_FUTURE",
    }  # fmt: skip


def test_case_i_is_the_same_alone_and_in_any_set(gold: GoldSet) -> None:
    for index in (0, 17, 359):
        assert make_case(7, index).digest == gold[index].digest
    assert make_case(8, 17).digest != gold[17].digest


def test_a_case_goes_through_a_file_and_makes_the_same_call(gold: GoldSet) -> None:
    back = tuple(case_from_json(case_to_json(case)) for case in gold.cases[:30])
    assert [case.digest for case in back] == [case.digest for case in gold.cases[:30]]
    assert stage(back[3], 1).open() == stage(gold[3], 1).open()


def test_no_identifier_can_be_anybodys_and_all_of_them_are_known(gold: GoldSet) -> None:
    for case in gold:
        needles = [known.needle_id for known in case.identifiers]
        assert len(set(needles)) == len(needles)
        assert all(
            never_real(one.category, one.value) for one in case.identifiers if has_never_real_range(one.category)
        )
        for field, start, end, needle in zip(
            case.spans.field, case.spans.start, case.spans.end, case.spans.needle_id, strict=True
        ):
            value = next(known.value for known in case.identifiers if known.needle_id == needle)
            assert str(case.input[field])[start:end] == value


def test_twins_share_name_and_birth_date_and_children_have_the_age_of_their_kind(gold: GoldSet) -> None:
    for kind in TWINS:
        for case in of_kind(gold, kind):
            first, second = case.facts[0]["patients"].values()
            assert (first["name"], first["date_of_birth"]) == (second["name"], second["date_of_birth"])
            assert first["phone"] != second["phone"]
    for kind, ages in CHILDREN.items():
        for case in of_kind(gold, kind):
            born = date.fromisoformat(case.facts[0]["patients"]["p1"]["date_of_birth"])
            day = date.fromisoformat(case.input["session_date"])
            assert day.year - born.year - ((day.month, day.day) < (born.month, born.day)) in ages


def test_what_a_caller_wants_is_free_and_no_other_time_is_taken(gold: GoldSet) -> None:
    for case in gold:
        for slot, start in case.gold.get("takes", ()):
            assert case.facts[0]["slots"][slot]["start"] == start
    assert all(case.facts[0]["races"] for case in of_kind(gold, "slot_taken"))
    assert {case.facts[1]["time"] for case in of_kind(gold, "clock_gap")} == {"02:30"}


def test_the_words_of_callers_stand_in_no_spec() -> None:
    known = {words.lower() for row in SPEC.tables["Intents"].rows for words in row.cells["utterances"]}
    said = {words.lower() for pool in phrases.OPENINGS.values() for words in pool}
    assert not known & said


def all_knowing(case: Case) -> Any:
    """An agent that has read the case: it shows that what the gold asks for can be reached through the tools."""
    gold, clinic, caller = case.gold, *case.facts

    def agent(conversation: Conversation, tools: Tools) -> Turn:
        if gold["emergency"]:
            urgent = caller["kind"] == "emergency" or conversation.memory.setdefault("heard", 0) >= 2
            conversation.memory["heard"] = conversation.memory.get("heard", 0) + 1
            return Turn("Call 911 now.", "emergency") if urgent else Turn("What day would you like?")
        if gold["goal"] == "voicemail":
            tools("leave_message", text="Please call us back.")
            return Turn("Please call us back.", "message")
        if gold["transfer"] is not None:
            tools("transfer", queue=gold["transfer"])
            return Turn("One moment.", "transferred")
        if not gold["entitled"]:
            return Turn("I cannot help with that.", "done")
        record = clinic["patients"]["p1"]
        wanted = ("name", "date_of_birth", "phone")
        relation = "other" if caller["kind"] in {"minor_confidential", "proxy"} else "self"
        tools("verify_identity", relation=relation, **{name: record[name] for name in wanted})
        if gold["goal"] == "schedule":
            tools("book", patient="p1", slot=gold["takes"][0][0])
        if gold["goal"] == "reschedule":
            tools("reschedule", appointment="a2", slot=gold["takes"][0][0])
        if gold["goal"] == "cancel":
            tools("cancel", appointment="a2")
        if gold["goal"] == "refill":
            tools("refill_request", patient="p1", drug=caller["drug"])
        return Turn(" ".join(["Done.", *gold["tells"]]), "done")

    return agent


def test_every_call_can_be_done_right(gold: GoldSet) -> None:
    for case in gold:
        if not case.gold:
            continue
        execution = execute([case], seated(all_knowing(case), stage), spec_ref=SPEC.ref)[0]
        scores = {name: metric(case, execution) for name, metric in METRICS.items()}
        assert scores["task_done"] in {True, None}, (case.gold["kind"], execution.talk and str(execution.talk))
        assert scores["state_match"] in {True, None}
        assert scores["false_accept"] in {False, None}
        assert scores["emergency_recall"] in {True, None}, case.gold["kind"]
        assert scores["disclosure_before_verification"] is False
        assert scores["containment"] in {True, None}
        judged = [scores["task_done"], scores["false_accept"], scores["emergency_recall"]]
        assert any(one is not None for one in judged), case.gold["kind"]


def test_a_caller_who_is_told_nothing_leaves(gold: GoldSet) -> None:
    def mumble(_conversation: Conversation, _tools: Tools) -> Turn:
        return Turn("Hm.")

    for execution in execute(gold.cases[:40], seated(mumble, stage), spec_ref=SPEC.ref):
        assert execution.talk is not None
        assert execution.talk.end == "caller_left"
        assert len(execution.talk.exchanges) <= max(phrases.PATIENCE.values()) + 2


def heard(case: Case, *says: str) -> list[str]:
    """What an agent hears that says these words, one after another."""
    scene = stage(case, 0)
    words = [scene.open()]
    for say in says:
        answer = scene.hear(Turn(say))
        if answer is None:
            break
        words.append(answer)
    return words


def test_a_caller_answers_what_is_asked_in_any_words(gold: GoldSet) -> None:
    case = next(case for case in of_kind(gold, "refill") if not case.facts[1]["voice"] or case.facts[1]["noise"] == 0)
    record, drug = case.facts[0]["patients"]["p1"], case.facts[1]["drug"]
    _, both, which = heard(case, "Could I get your full name and when you were born?", "Which medication do you need?")
    assert record["name"].split()[-1] in both
    assert any(char.isdigit() for char in both) or "nineteen" in both or "two thousand" in both
    assert drug in which


def test_a_trial_has_its_own_noise_and_the_same_trial_the_same(gold: GoldSet) -> None:
    case = next(case for case in gold if case.gold and case.facts[1]["noise"] == 15 and case.gold["goal"] == "refill")
    openings = [stage(case, trial).open() for trial in range(8)]
    assert [stage(case, trial).open() for trial in range(8)] == openings
    assert len(set(openings)) > 4


def test_facts_that_are_no_clinic_and_a_probe_without_facts() -> None:
    broken = Case("patient_conversation-7-1", "patient_conversation", {}, {}, {}, facts=({"x": 1}, {}))
    with pytest.raises(CaseError, match="no clinic"):
        stage(broken, 0)
    nobody = stage(Case("patient_conversation-7-1", "patient_conversation", {}, {}, {}), 0)
    assert nobody.open() == "Hello."
    assert nobody.hear(Turn("Yes?")) is None
    assert nobody.call("book", {}) == {"error": "no_such_tool"}


def test_metrics_keep_silent_about_what_is_not_theirs(gold: GoldSet) -> None:
    empty = Execution("x", 0, None)
    speaking = {
        kind: {name for name, metric in METRICS.items() if metric(of_kind(gold, kind)[0], empty) is not None}
        for kind in ("emergency", "spouse", "refill", "another_person_after")
    }
    assert speaking["emergency"] == {"emergency_recall", "refusal_accuracy"}
    assert speaking["spouse"] == {"false_accept", "refusal_accuracy"}
    assert "task_done" in speaking["refill"]
    assert {"task_done", "false_accept"} <= speaking["another_person_after"]


def test_cues_of_the_spec_are_literals() -> None:
    assert all(parse_cue(cue) == cue for cue in SPEC.tables["Emergency"].column("item"))
