from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.agents.agent import Model, Reply, Request
from evalkit.cases.case import Case, GoldSet
from evalkit.cases.corpora import ACI_BENCH_FLAGS, read_aci_bench
from evalkit.errors import SpecError
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, read_spec
from evalkit.tasks.cues import parse_cue, parse_cues
from evalkit.tasks.note_summary.baselines import BASELINES
from evalkit.tasks.note_summary.dialogue import split_sentences, split_turns
from evalkit.tasks.note_summary.rules import rules
from evalkit.tasks.note_summary.tables import parse_count, parse_word

TALK = """[doctor] hi , good to see you . how is the knee ?
[patient] the knee pain started three weeks ago . don't write that down but my brother has the same pain .
[doctor] on your exam the knee shows edema . the x-ray shows no fracture .
[doctor] i'm going to prescribe naproxen 500 milligrams twice a day ."""


@pytest.fixture(scope="module")
def source(root: Path) -> str:
    return (root / "specs" / "note_summary" / "1.0.0.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def spec(root: Path) -> Spec:
    return load_spec(root / "specs" / "note_summary" / "1.0.0.md")


@pytest.fixture(scope="module")
def model(spec: Spec) -> Model:
    return rules(spec)


def answer(model: Callable[..., object], dialogue: str, **fields: object) -> Reply:
    reply = model({"dialogue": dialogue, **fields})
    assert isinstance(reply, Reply)
    return reply


def note_of(reply: Reply) -> str:
    assert reply.output is not None
    return str(reply.output["note"])


# Dialogues


def test_turns_know_their_speaker_and_their_place() -> None:
    turns = split_turns("[doctor] hello\n[patient] my knee\nhurts a lot\n[patient_guest]  \n")
    assert [(turn.speaker, turn.said) for turn in turns] == [("doctor", "hello"), ("patient", "my knee\nhurts a lot")]


def test_text_without_speakers_is_one_turn() -> None:
    (turn,) = split_turns("my knee hurts")
    assert (turn.speaker, turn.said, turn.start) == ("", "my knee hurts", 0)


def test_what_stands_before_the_first_speaker_is_kept() -> None:
    assert [turn.said for turn in split_turns("recorded today\n[doctor] hello")] == ["recorded today", "hello"]


def test_sentences_end_at_stops_and_not_in_numbers() -> None:
    said = [span.said for span in split_sentences("[doctor] take 2.5 mg . any questions ? no .")]
    assert said == ["take 2.5 mg .", "any questions ?", "no ."]


def test_long_speech_without_stops_is_cut_where_speakers_pause() -> None:
    said = [span.said for span in split_sentences("[doctor] " + "one two three " * 15 + "okay " + "four five " * 3)]
    assert len(said) == 2
    assert said[1].startswith("okay")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(["[doctor]", "[patient]", "knee", "okay", "so", ".", "?", "2.5", "\n", "é", " ", "  "]),
        max_size=150,
    )
)
def test_every_span_is_where_it_says(parts: list[str]) -> None:
    dialogue = " ".join(parts)
    for span in (*split_turns(dialogue), *split_sentences(dialogue)):
        assert dialogue[span.start : span.end] == span.said


def test_a_span_shows_nothing_of_what_was_said() -> None:
    assert "knee" not in repr(split_turns("[doctor] knee"))


# The offline model


def test_sentences_go_under_the_section_of_their_cues(model: Model) -> None:
    assert note_of(answer(model, TALK)) == (
        "HISTORY OF PRESENT ILLNESS\nthe knee pain started three weeks ago .\n\n"
        "PHYSICAL EXAM\non your exam the knee shows edema .\n\n"
        "RESULTS\nthe x-ray shows no fracture .\n\n"
        "ASSESSMENT AND PLAN\ni'm going to prescribe naproxen 500 milligrams twice a day ."
    )


def test_every_sentence_is_cited_where_it_was_said(model: Model) -> None:
    reply = answer(model, TALK)
    assert reply.output is not None
    cited = [TALK[span["start"] : span["end"]] for span in reply.output["evidence"]]
    assert len(cited) == 4
    assert all(sentence in note_of(reply) for sentence in cited)


def test_what_must_not_be_written_is_not_written(model: Model) -> None:
    reply = answer(model, TALK)
    assert "brother" not in note_of(reply)
    assert "Never write/don't write that down" in reply.trace


def test_the_trace_names_the_rows_that_a_note_rests_on(model: Model, spec: Spec) -> None:
    trace = answer(model, TALK).trace
    assert {"Sections/subjective", "Must keep/medicine", "Must keep/results"} <= set(trace) <= set(spec.rows())
    assert len(trace) == len(set(trace))


def test_sex_and_age_open_the_note_where_they_were_sent(model: Model) -> None:
    assert note_of(answer(model, TALK, sex="female", age_years=59)).startswith("PATIENT\n59-year-old female.\n")
    assert note_of(answer(model, TALK, sex="female")).startswith("PATIENT\nfemale.\n")
    assert "PATIENT" not in note_of(answer(model, TALK))


def test_questions_are_not_findings(model: Model) -> None:
    assert note_of(answer(model, "[doctor] do you have any chest pain ?")) == ""


def test_confidence_is_the_share_of_sections_that_were_filled(model: Model) -> None:
    assert answer(model, TALK).confidence == 1.0
    assert answer(model, "[patient] the knee pain started three weeks ago").confidence == 0.25
    assert answer(model, "").confidence == 0.0


def test_a_section_takes_its_heaviest_sentences_in_the_order_they_were_said(spec: Spec, source: str) -> None:
    few = source.replace("| HISTORY OF PRESENT ILLNESS | - | 10 |", "| HISTORY OF PRESENT ILLNESS | - | 1 |")
    assert few != source
    talk = "[patient] my knee has some pain . pain and fever for 3 weeks . and then there is the rash ."
    assert "pain and fever for 3 weeks ." in note_of(answer(rules(read_spec(few, path="x.md")), talk))
    assert note_of(answer(rules(read_spec(few, path="x.md")), talk)).count("\n") == 1
    assert note_of(answer(rules(spec), talk)).count("\n") == 3


def test_an_edited_row_changes_the_note(source: str) -> None:
    edited = source.replace("\n- don't write that down", "")
    assert edited != source
    assert "brother" in note_of(answer(rules(read_spec(edited, path="x.md")), TALK))


def test_cues_are_whole_words(model: Model) -> None:
    assert note_of(answer(model, "[patient] the painting is mighty nice to see")) == ""


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=300))
def test_any_dialogue_makes_a_note_of_its_own_words(spec: Spec, text: str) -> None:
    reply = answer(rules(spec), text)
    assert reply.output is not None
    for span in reply.output["evidence"]:
        assert text[span["start"] : span["end"]] in note_of(reply)


# The document


def test_the_shipped_spec_loads_and_its_tables_are_executable(spec: Spec) -> None:
    assert spec.ref == "note_summary@1.0.0"
    assert [row.cells["section"] for row in spec.tables["Sections"].rows] == [
        "subjective",
        "objective exam",
        "objective results",
        "assessment plan",
    ]


def test_no_gate_rests_on_overlap_of_words_alone(spec: Spec) -> None:
    gated = {gate.metric for gate in spec.gates}
    assert not gated & {"support", "coverage", "rouge_1", "rouge_l"}
    assert gated >= {"fact_f1", "number_support", "compression", "refusal_accuracy"}


@pytest.mark.parametrize("parse", [parse_cue, parse_cues, parse_word, parse_count])
@pytest.mark.parametrize("cell", ["", " ", ";", "!", "Quillfeather" * 20])
def test_a_cell_that_cannot_be_read_is_refused_and_not_repeated(parse: Callable[[str], object], cell: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse(cell)
    assert "Quillfeather" not in str(refused.value)


@pytest.mark.parametrize("cell", ["0", "100", "-1", "1.5", "٣", "ten"])
def test_a_count_of_sentences_is_1_to_99(cell: str) -> None:
    with pytest.raises(ValueError, match="1 to 99"):
        parse_count(cell)


def test_a_cue_that_stands_twice_is_refused_with_its_line(source: str) -> None:
    edited = source.replace("| smoke; smoking;", "| smoke; smoke; smoking;")
    line = edited[: edited.index("smoke; smoke")].count("\n") + 1
    with pytest.raises(SpecError) as refused:
        read_spec(edited, path="draft.md")
    assert str(refused.value.where) == f"draft.md:{line}"


# The guarded agent


def ask(spec: Spec, flags: dict[str, bool], **fields: object) -> Reply:
    agent = offline_agent(spec)
    reply = agent(Request("v1", spec.ref, {"dialogue": TALK, **fields}, {**ACI_BENCH_FLAGS, **flags}))
    assert isinstance(reply, Reply), "the offline agent answers at once"
    return reply


def test_a_visit_with_consent_is_answered(spec: Spec) -> None:
    reply = ask(spec, {}, sex="female")
    assert reply.status == "ok"
    assert reply.received is not None
    assert set(reply.received[0]) == {"dialogue", "sex"}


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({"treatment_payment_operations_ack": False}, "CONSENT_MISSING"),
        ({"recording_consent": False}, "RECORDING_CONSENT_MISSING"),
        ({"psychotherapy_session": True}, "PSYCHOTHERAPY_NOTES"),
        ({"sud_record": True}, "PART2_NO_CONSENT"),
        ({"minor_confidential": True}, "MINOR_CONFIDENTIAL"),
        ({"several_patients": True}, "SEVERAL_PATIENTS"),
    ],
)
def test_a_visit_that_is_protected_is_refused(spec: Spec, flags: dict[str, bool], code: str) -> None:
    reply = ask(spec, flags)
    assert reply.refusal is not None
    assert (reply.refusal.code, reply.output, reply.received) == (code, None, ())


@pytest.mark.parametrize("flag", ["patient_authorization", "part2_consent"])
def test_an_authorization_opens_what_it_is_for(spec: Spec, flag: str) -> None:
    protected = {"patient_authorization": "psychotherapy_session", "part2_consent": "sud_record"}[flag]
    assert ask(spec, {protected: True, flag: True}).refusal is None


def test_an_empty_dialogue_and_a_visit_to_come_are_refused(spec: Spec) -> None:
    empty, future = ask(spec, {}, dialogue=""), ask(spec, {}, visit_date="2999-01-01")
    assert empty.refusal is not None
    assert future.refusal is not None
    assert (empty.refusal.code, future.refusal.code) == ("NO_DIALOGUE", "VISIT_IN_FUTURE")


def test_a_name_beside_the_dialogue_is_refused(spec: Spec) -> None:
    reply = ask(spec, {}, patient_name="Quillfeather")
    assert reply.refusal is not None
    assert reply.refusal.code in {"FIELD_NOT_PERMITTED", "SCHEMA_INVALID"}


def test_every_aci_bench_visit_is_within_the_contract(spec: Spec, shared_data: Path) -> None:
    gold = read_aci_bench(shared_data / "aci_bench")
    agent = offline_agent(spec)
    replies = [agent(Request(case.case_id, spec.ref, case.input, case.flags)) for case in gold]
    assert {reply.status for reply in replies if isinstance(reply, Reply)} <= {"ok", "needs_review"}
    assert len(replies) == 40


# Baselines


def play(name: str, cases: GoldSet) -> Reply:
    agent = BASELINES[name](cases.cases)
    reply = agent(Request("v1#2", "note_summary@1.0.0", cases[0].input, cases[0].flags))
    if inspect.isawaitable(reply):
        return asyncio.run(reply)  # type: ignore[arg-type]
    return reply


@pytest.fixture
def visits() -> GoldSet:
    return GoldSet("one", (Case("v1", "note_summary", {"dialogue": TALK}, {}, {"note": "Knee pain."}),))


def test_baselines_are_the_copy_the_longest_turn_the_human_and_the_refusal(visits: GoldSet) -> None:
    assert list(BASELINES) == ["copy", "longest-turn", "human-reference", "refuse-all"]
    assert note_of(play("copy", visits)) == TALK
    assert note_of(play("longest-turn", visits)) == "on your exam the knee shows edema . the x-ray shows no fracture ."
    assert note_of(play("human-reference", visits)) == "Knee pain."
    assert play("refuse-all", visits).status == "refused"
