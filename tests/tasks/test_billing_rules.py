"""The offline agent: what each table does, and that editing a row changes what is billed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.agents.agent import Reply
from evalkit.cases.case import Case
from evalkit.errors import SpecError
from evalkit.metrics import codes
from evalkit.spec.document import parse_spec
from evalkit.tasks.billing_codes.rules import MODEL_ID, BillingRules, rules
from evalkit.tasks.billing_codes.scenarios import make_case
from evalkit.tasks.billing_codes.tables import TABLES

Bill = tuple[str, int, tuple[str, ...]]


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "specs" / "billing_codes" / "1.0.0.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def model(document: str) -> BillingRules:
    return compiled(document)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for case in (make_case(7, index) for index in range(300)) if case.refusal is None]


def compiled(text: str, *edits: tuple[str, str]) -> BillingRules:
    """The rules of a document after some edits, each of which must hit."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return rules(parse_spec(text, path="edited.md", schemas={"billing_codes": TABLES}))


def ask(model: BillingRules, note: str, *, new_patient: bool = False) -> Reply:
    return model({"note_text": note, "new_patient": new_patient})


def billed(model: BillingRules, note: str, *, new_patient: bool = False) -> list[Bill]:
    output = ask(model, note, new_patient=new_patient).output
    assert output is not None
    return [(line["code"], line["units"], tuple(line["modifiers"])) for line in output["lines"]]


def wrong(model: BillingRules, cases: list[Case]) -> list[Case]:
    """The cases that a model has not right in every line."""
    return [
        case
        for case in cases
        if not codes.exact_match(codes.lines_of(case.gold), codes.lines_of(model(case.input).output))
    ]


KNEE = "Left knee injection performed."
VISIT = "Visit time: 25 minutes."


def test_a_cue_in_a_live_sentence_opens_a_line(model: BillingRules) -> None:
    assert billed(model, "Tonometry of both eyes.") == [("00053", 1, ())]


@pytest.mark.parametrize(
    "sentence",
    [
        "Knee injection planned for May.",
        "The patient declined knee injection.",
        "History of knee injection in 2019.",
        "Knee injection deferred.",
        "Discussed knee injection.",
        "Previously had a knee injection.",
    ],
)
def test_a_sentence_that_says_it_was_not_done_bills_nothing(model: BillingRules, sentence: str) -> None:
    assert billed(model, sentence) == []


def test_one_silent_sentence_silences_no_other(model: BillingRules) -> None:
    assert billed(model, f"Right knee injection declined. {KNEE}") == [("00061", 1, ("LT",))]


@pytest.mark.parametrize(
    ("note", "line"),
    [
        ("Left knee injection.", ("00061", 1, ("LT",))),
        ("Knee injection, right side.", ("00061", 1, ("RT",))),
        ("Bilateral knee injection.", ("00061", 1, ("50",))),
        ("Left knee injection.\nRight knee injection.", ("00061", 1, ("50",))),
        ("Knee injection.", ("00061", 1, ())),
    ],
)
def test_the_side_goes_on_a_lateral_line(model: BillingRules, note: str, line: Bill) -> None:
    assert billed(model, note) == [line]


def test_a_code_for_both_sides_takes_no_side(model: BillingRules) -> None:
    assert billed(model, "Hearing screen of both ears.") == [("00051", 1, ())]


def test_without_a_row_for_both_sides_each_side_is_a_unit(document: str) -> None:
    edited = compiled(document, ("| 50       | lateral   | both sides done                                |\n", ""))
    assert billed(edited, "Bilateral knee injection.") == [("00061", 2, ())]


@pytest.mark.parametrize(("minutes", "units"), [(7, 0), (8, 1), (22, 1), (23, 2), (120, 6)])
def test_minutes_become_units_by_the_midpoint(model: BillingRules, minutes: int, units: int) -> None:
    lines = billed(model, f"Manual therapy for {minutes} minutes.")
    assert lines == ([("00074", units, ())] if units else [])


@pytest.mark.parametrize(("minutes", "units"), [(14, 0), (15, 1), (29, 1), (30, 2)])
def test_the_full_rule_counts_whole_units_only(document: str, minutes: int, units: int) -> None:
    edited = compiled(document, ("rule: midpoint", "rule: full"))
    assert billed(edited, f"Gait training, {minutes} minutes.") == ([("00077", units, ())] if units else [])


def test_minutes_of_two_sentences_are_added_up(model: BillingRules) -> None:
    assert billed(model, "Gait training, 10 minutes. Later gait training, 13 minutes.") == [("00077", 2, ())]


def test_a_unit_of_thirty_minutes_begins_at_sixteen(document: str) -> None:
    edited = compiled(document, ("timed:15    | 4", "timed:30    | 4"))
    assert billed(edited, "Gait training, 15 minutes.") == []
    assert billed(edited, "Gait training, 16 minutes.") == [("00077", 1, ())]


def test_further_ones_are_billed_beside_the_first(model: BillingRules) -> None:
    assert billed(model, "Shave biopsy of four lesions.") == [("00012", 1, ()), ("00013", 3, ())]


def test_an_add_on_never_stands_without_its_first_code(document: str) -> None:
    row = next(line for line in document.splitlines() if line.startswith("| 00012 | tang"))
    edited = compiled(document, (row, row.replace("shave biopsy; ", "")))
    assert billed(edited, "Shave biopsy of four lesions.") == []


def test_an_add_on_to_an_add_on_is_refused_with_its_line(document: str) -> None:
    with pytest.raises(SpecError, match=r"edited\.md:\d+: an add-on"):
        compiled(document, ("| extra:00017 |", "| extra:00013 |"))


def test_units_stop_at_the_maximum(model: BillingRules) -> None:
    assert billed(model, "Nail debridement of 12 nails.") == [("00088", 10, ())]


def test_included_work_is_dropped_with_its_add_on(model: BillingRules) -> None:
    note = "Shave biopsy of one lesion. Liquid nitrogen to three keratoses."
    assert billed(model, note) == [("00012", 1, ())]


@pytest.mark.parametrize("words", ["a separate site", "different site"])
def test_a_separate_site_brings_included_work_back_with_59(model: BillingRules, words: str) -> None:
    note = f"Shave biopsy of one lesion. Liquid nitrogen to three keratoses, {words}."
    assert billed(model, note) == [("00012", 1, ()), ("00017", 1, ("59",)), ("00018", 2, ())]


def test_a_separate_site_said_of_the_kept_code_does_not_count(model: BillingRules) -> None:
    note = "Shave biopsy of one lesion at a separate site. Liquid nitrogen to one keratosis."
    assert billed(model, note) == [("00012", 1, ())]


def test_without_the_row_59_a_separate_site_changes_nothing(document: str) -> None:
    row = next(line for line in document.splitlines() if line.startswith("| 59 "))
    edited = compiled(document, (row + "\n", ""))
    assert billed(edited, "Shave biopsy. Skin tags removed, separate site.") == [("00012", 1, ())]


def test_an_override_of_0_drops_whatever_the_note_says(model: BillingRules) -> None:
    assert billed(model, "Abscess drained. Wound closed with nylon, separate site.") == [("00041", 1, ())]


@pytest.mark.parametrize(
    ("minutes", "new_patient", "code"),
    [(9, False, None), (10, False, "00022"), (39, False, "00024"), (14, True, None), (45, True, "00034")],
)
def test_a_visit_is_the_longest_row_that_is_met(
    model: BillingRules, minutes: int, new_patient: bool, code: str | None
) -> None:
    lines = billed(model, f"Visit time: {minutes} minutes.", new_patient=new_patient)
    assert lines == ([(code, 1, ())] if code else [])


def test_25_goes_on_the_visit_beside_a_global_that_its_row_names(model: BillingRules) -> None:
    assert billed(model, f"{VISIT} {KNEE}")[0] == ("00023", 1, ("25",))
    assert billed(model, f"{VISIT} Nebulizer treatment given.")[0] == ("00023", 1, ())


def test_25_narrowed_to_ten_days_leaves_minor_procedures_without_it(document: str) -> None:
    edited = compiled(document, ("with global 000 or 010", "with global 010"))
    assert billed(edited, f"{VISIT} {KNEE}")[0] == ("00023", 1, ())
    assert billed(edited, f"{VISIT} Abscess drained.")[0] == ("00023", 1, ("25",))


def test_25_is_not_earned_by_work_that_was_declined(model: BillingRules) -> None:
    assert billed(model, f"{VISIT} The patient declined left knee injection.") == [("00023", 1, ())]


def test_visit_time_that_was_part_of_the_procedure_is_not_billed(model: BillingRules) -> None:
    assert billed(model, f"Visit time of 25 minutes was part of the procedure. {KNEE}") == [("00061", 1, ("LT",))]


def test_a_modifier_by_words_of_the_note_can_go_on_a_lateral_line(document: str) -> None:
    row = '| KX       | lateral   | note says "criteria met"                       |\n| 59 '
    edited = compiled(document, ("| 59 ", row))
    assert billed(edited, "Left knee injection, criteria met.") == [("00061", 1, ("LT", "KX"))]
    assert billed(edited, KNEE) == [("00061", 1, ("LT",))]


@pytest.mark.parametrize("first", ["Copied forward from 01/02/2025", "PREVIOUS NOTE", "Text carried forward"])
def test_a_passage_of_another_day_bills_nothing_and_is_named(model: BillingRules, first: str) -> None:
    note = f"{first}\nRight heel injection.\n\nProcedure\n{KNEE}"
    assert billed(model, note) == [("00061", 1, ("LT",))]
    assert any(row.startswith("Do not read/") for row in ask(model, note).trace)


def test_a_passage_ends_at_the_next_blank_line(model: BillingRules) -> None:
    assert billed(model, f"Previous note\n{KNEE}\nRight heel injection.\n \n{VISIT}") == [("00023", 1, ())]


@pytest.mark.parametrize(
    ("added", "lines"),
    [
        ("Right knee injection.", [("00061", 1, ("RT",))]),
        ("Knee injection was not done.", []),
        ("Left heel injection.", [("00061", 1, ("LT",)), ("00064", 1, ("LT",))]),
        ("The weather was fine.", [("00061", 1, ("LT",))]),
    ],
    ids=["another side", "not done", "another procedure", "nothing of billing"],
)
def test_an_addendum_replaces_what_was_said_of_the_same_code(
    model: BillingRules, added: str, lines: list[Bill]
) -> None:
    assert billed(model, f"{KNEE}\n\nAddendum 03/04/2025\n{added}") == lines


def test_an_addendum_that_changed_something_is_in_the_trace(model: BillingRules) -> None:
    assert "Last word/correction" in ask(model, f"{KNEE}\n\nCorrection\nRight knee injection.").trace
    assert "Last word/correction" not in ask(model, f"{KNEE}\n\nCorrection\nLeft heel injection.").trace


def listed(model: BillingRules, note: str) -> list[str]:
    output = ask(model, note).output
    assert output is not None
    return list(output["diagnoses"])


@pytest.mark.parametrize(
    ("sentence", "codes"),
    [
        ("Left knee osteoarthritis.", ["M17.12"]),
        ("Bilateral knee osteoarthritis.", ["M17.0"]),
        ("Bilateral shoulder osteoarthritis.", ["M19.011", "M19.012"]),
        ("Knee osteoarthritis.", []),
        ("Known hypertension.", ["I10"]),
        ("Mother had hypertension.", []),
        ("No sign of onychomycosis.", []),
        ("Rule out skin abscess.", []),
        ("Status post scalp laceration.", []),
    ],
)
def test_a_diagnosis_is_listed_where_it_is_so_and_on_its_side(
    model: BillingRules, sentence: str, codes: list[str]
) -> None:
    assert listed(model, sentence) == codes


def test_a_diagnosis_of_an_earlier_note_is_not_listed(model: BillingRules) -> None:
    assert listed(model, "Previous note\nKnown hypertension.\n\nToday\nKnown insomnia.") == ["G47.00"]


def test_a_spec_without_diagnoses_lists_none(document: str) -> None:
    start, end = document.index("# Diagnoses"), document.index("# Visit time")
    output = ask(compiled(document, (document[start:end], "")), "Known hypertension.").output
    assert output is not None
    assert "diagnoses" not in output


def test_a_heading_that_sounds_like_work_is_no_doubt(model: BillingRules) -> None:
    assert ask(model, f"Treatment given\n{KNEE}").confidence == 1.0


def test_evidence_is_the_sentence_that_was_heard(model: BillingRules) -> None:
    note = f"Seen today. {KNEE}\n- {VISIT}\n"
    output = ask(model, note).output
    assert output is not None
    spans = [span for line in output["lines"] for span in line["evidence"]]
    assert [note[span["start"] : span["end"]] for span in spans] == [VISIT, KNEE]


def test_the_trace_names_every_row_that_shaped_the_answer(model: BillingRules) -> None:
    trace = set(ask(model, f"{VISIT} {KNEE} Right heel injection declined.").trace)
    rows = {"Codes/00061", "Modifiers/LT", "Modifiers/25", "Visits/20", "Visit time/visit time", "Do not bill/declined"}
    assert trace == rows


def test_the_trace_names_rows_that_were_asked_and_did_not_apply(document: str) -> None:
    edited = compiled(document, ("with global 000 or 010", "with global 010"))
    assert "Modifiers/25" in ask(edited, f"{VISIT} {KNEE}").trace


def test_the_trace_names_bundling_and_units(model: BillingRules) -> None:
    reply = ask(model, "Manual therapy for 20 minutes. Gait training for 20 minutes.")
    assert {"Bundling/00074+00077", "Timed units/rule", "Codes/00074", "Codes/00077"} == set(reply.trace)


def test_the_trace_names_a_timed_code_that_earned_nothing(model: BillingRules) -> None:
    assert set(ask(model, "Gait training for 7 minutes.").trace) == {"Codes/00077", "Timed units/rule"}


def test_the_trace_holds_row_ids_only(model: BillingRules, cases: list[Case], document: str) -> None:
    known = set(parse_spec(document, path="1.md", schemas={"billing_codes": TABLES}).rows())
    for case in cases:
        trace = model(case.input).trace
        assert set(trace) <= known
        assert len(set(trace)) == len(trace)


def test_confidence_is_one_where_every_rule_was_clear(model: BillingRules) -> None:
    reply = ask(model, f"{VISIT} {KNEE}")
    assert (reply.confidence, reply.status) == (1.0, "ok")
    assert reply.output is not None
    assert reply.output["confidence"] == 1.0
    assert reply.output["needs_review"] is False


@pytest.mark.parametrize(
    "note",
    [
        f"{KNEE} Steroid was infiltrated beside the tendon.",
        "Knee injection performed.",
        f"{KNEE} Left heel injection performed as planned.",
        "Gait training performed.",
        f"{KNEE} Long visit time today.",
    ],
    ids=["work without a cue", "no side", "done and planned at once", "no minutes", "visit without minutes"],
)
def test_a_doubt_sends_the_answer_to_a_person(model: BillingRules, note: str) -> None:
    reply = ask(model, note)
    assert reply.status == "needs_review"
    assert reply.confidence is not None
    assert reply.confidence < 0.8


def test_an_answer_without_a_line_goes_to_a_person(model: BillingRules) -> None:
    reply = ask(model, "Seen for a chat.")
    assert reply.output is not None
    assert (reply.status, list(reply.output["lines"])) == ("needs_review", [])


def test_wrong_answers_are_found_among_those_sent_to_a_person(model: BillingRules, cases: list[Case]) -> None:
    """Confidence means something: review catches most of what is wrong and little of what is right."""
    bad = {case.case_id for case in wrong(model, cases)}
    reviewed = {case.case_id for case in cases if model(case.input).status == "needs_review"}
    assert len(bad & reviewed) / len(bad) > len(reviewed - bad) / (len(cases) - len(bad))
    assert len(reviewed) < 0.15 * len(cases)


def test_reading_twice_gives_the_same_answer(model: BillingRules, cases: list[Case]) -> None:
    first, second = (model(cases[0].input) for _ in range(2))
    assert (first.output, first.trace, first.confidence) == (second.output, second.trace, second.confidence)


def test_the_model_names_itself(model: BillingRules) -> None:
    assert model.agent_id == model.model_id == MODEL_ID == ask(model, KNEE).model_id


def test_no_answer_repeats_a_word_of_the_note(model: BillingRules, cases: list[Case]) -> None:
    for case in cases:
        shown = repr(model(case.input).output) + repr(model(case.input).trace)
        long = [known for known in case.identifiers if len(known.value) > 3]
        assert not [known.needle_id for known in long if known.value in shown]


fragments = st.sampled_from(
    ["Left", "both", "knee injection", "visit time", "25 minutes", "planned", ".", "\n", "- ", "three", "shave biopsy",
     "liquid nitrogen", "separate site", "gait training", "999 minutes", "Dr.", "é", "\u2028", "0", "  "]
)  # fmt: skip


@given(st.lists(fragments, max_size=60).map(" ".join), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_note_gets_a_well_formed_answer(model: BillingRules, note: str, new_patient: bool) -> None:
    reply = ask(model, note, new_patient=new_patient)
    assert reply.output is not None
    assert 0 <= reply.output["confidence"] <= 1
    lines = reply.output["lines"]
    assert len({line["code"] for line in lines}) == len(lines)
    for line in lines:
        assert line["units"] >= 1
        assert len(set(line["modifiers"])) == len(line["modifiers"])
        assert all(0 <= span["start"] < span["end"] <= len(note) for span in line["evidence"])


def test_every_case_in_common_words_is_right_in_every_line(model: BillingRules, cases: list[Case]) -> None:
    """Two implementations that never met, the policy over facts and the tables over notes, agree."""
    assert [case.case_id for case in wrong(model, cases) if "rare_wording" not in case.tags] == []


@pytest.fixture(scope="module")
def pool(cases: list[Case]) -> list[Case]:
    """Enough cases that every edit below meets one that it breaks."""
    return [*cases, *(case for case in (make_case(11, index) for index in range(400)) if case.refusal is None)]


@pytest.fixture(scope="module")
def wrong_before(model: BillingRules, pool: list[Case]) -> set[str]:
    return {case.case_id for case in wrong(model, pool)}


EDITS = {
    "25 only for ten days": ("with global 000 or 010", "with global 010", "mod25"),
    "whole units only": ("rule: midpoint", "rule: full", "timed"),
    "declined is billed": ("- declined\n", "", "negated"),
    "one further biopsy": ("extra:00012 | 6 ", "extra:00012 | 1 ", "add_on"),
    "both sides unknown": (
        "lateral   | both sides done",
        'lateral   | note says "both sides of it"',
        "laterality:both",
    ),
    "separate site unknown": ('note says "separate site" or "different site"', 'note says "another planet"', "mod59"),
    "visits from 21 minutes": ("| 20      | 00023", "| 21      | 00023", "edge:visit_met"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_row_breaks_cases_of_its_slice_and_stands_in_their_trace(
    document: str, model: BillingRules, pool: list[Case], wrong_before: set[str], name: str
) -> None:
    old, new, tag = EDITS[name]
    edited = compiled(document, (old, new))
    broke = [case for case in wrong(edited, pool) if case.case_id not in wrong_before]
    assert broke
    assert all(tag in case.tags for case in broke)
    line = next(text for text in document.splitlines() if old.strip() in text)
    heading = document[: document.index(line)].rpartition("\n# ")[2].split("\n")[0]
    for case in broke:
        assert any(row.startswith(f"{heading}/") for row in (*model(case.input).trace, *edited(case.input).trace))
