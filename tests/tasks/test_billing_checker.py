"""The checker of billing cases: it agrees with what is right, and no fault that is planted gets past it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.case import Case
from evalkit.tasks.billing_codes.checker import check_case
from evalkit.tasks.billing_codes.ledger import BOOK, due_refusal, reckon, side_of_code
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import PROCEDURES, Act, Visit, bill
from evalkit.tasks.billing_codes.rereading import reread
from evalkit.tasks.billing_codes.scenarios import make_case


@pytest.fixture(scope="module")
def case() -> Case:
    """A case with a visit, a procedure on one side, a diagnosis and something not done."""
    wanted = {"mod25", "negated"}
    every = (make_case(7, index) for index in range(400))
    return next(
        one for one in every if wanted <= set(one.tags) and {"laterality:left", "laterality:right"} & set(one.tags)
    )


def of_type(case: Case, kind: str) -> int:
    return next(number for number, fact in enumerate(case.facts) if fact["type"] == kind)


def with_fact(case: Case, kind: str, **change: Any) -> Case:
    number = of_type(case, kind)
    facts = [*case.facts[:number], {**case.facts[number], **change}, *case.facts[number + 1 :]]
    return replace(case, facts=tuple(facts))


def with_line(case: Case, **change: Any) -> Case:
    first, *rest = case.gold["lines"]
    return replace(case, gold={**case.gold, "lines": [{**first, **change}, *rest]})


def moved(case: Case) -> Case:
    span = case.gold["lines"][0]["evidence"][0]
    return with_line(case, evidence=[{**span, "start": span["start"] + 1}])


FAULTS: dict[str, Callable[[Case], Case]] = {
    "a unit too many": lambda case: with_line(case, units=2),
    "a modifier lost": lambda case: with_line(case, modifiers=[]),
    "another code": lambda case: with_line(case, code="00014"),
    "a line lost": lambda case: replace(case, gold={**case.gold, "lines": case.gold["lines"][1:]}),
    "evidence off by one": moved,
    "no evidence": lambda case: with_line(case, evidence=[]),
    "a diagnosis lost": lambda case: replace(case, gold={**case.gold, "diagnoses": []}),
    "a fact on the other side": lambda case: with_fact(case, "procedure", laterality="both"),
    "a fact that nobody tells": lambda case: replace(
        case, facts=(*case.facts, {**case.facts[of_type(case, "vital")], "value": 4242})
    ),
    "a fact left out": lambda case: replace(case, facts=case.facts[1:]),
    "a visit of another length": lambda case: with_fact(case, "time", value=61),
    "a drug of another dose": lambda case: with_fact(case, "drug", value=1),
    "a certainty turned": lambda case: with_fact(case, "diagnosis", certainty="past"),
    "a sentence more": lambda case: replace(
        case, input={**case.input, "note_text": case.input["note_text"] + "\nWound closed with tissue adhesive at the scalp.\n"}
    ),
    "a flag turned": lambda case: replace(case, flags={**case.flags, "consent_revoked": True}),
    "a digit of the record number": lambda case: replace(
        case, input={**case.input, "patient_mrn": case.input["patient_mrn"][:-1] + "x"}
    ),
    "a refusal that is not due": lambda case: replace(case, refusal="NPI_INVALID"),
}  # fmt: skip


def test_the_case_itself_is_right(case: Case) -> None:
    assert check_case(case) == ()


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_gets_past_the_checker(case: Case, name: str) -> None:
    faulty = FAULTS[name](case)
    assert faulty.digest != case.digest
    assert check_case(faulty)


def test_a_problem_shows_no_value(case: Case) -> None:
    for name in FAULTS:
        for problem in check_case(FAULTS[name](case)):
            long = [known.value for known in case.identifiers if len(known.value) > 3]
            assert not [value for value in long if value in str(problem)]


def test_the_book_and_the_policy_hold_the_same_procedures_under_the_same_codes() -> None:
    assert {name: code for name, (code, _, _) in BOOK.items()} == {n: known.code for n, known in PROCEDURES.items()}


acts = st.builds(
    Act,
    fact_id=st.just("a"),
    procedure=st.sampled_from(sorted(PROCEDURES)),
    status=st.sampled_from(["done", "done", "planned", "not done"]),
    side=st.sampled_from(["left", "right", "both"]),
    count=st.integers(1, 60),
    minutes=st.integers(1, 300),
    separate_site=st.booleans(),
    source=st.sampled_from(["note", "note", "addendum", "earlier note"]),
)


def stored(act: Act) -> dict[str, Any]:
    counting = PROCEDURES[act.procedure].counting
    value = act.minutes if counting == "minutes" else act.count if counting != "once" else None
    return {
        "type": "procedure", "name": act.procedure, "status": act.status, "laterality": act.side, "value": value,
        "separate_site": act.separate_site, "source_document": act.source,
    }  # fmt: skip


@given(
    st.lists(acts, max_size=7, unique_by=lambda act: (act.procedure, act.source)),
    st.none() | st.builds(Visit, st.integers(1, 90), separate_work=st.booleans()),
    st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_two_ways_to_reckon_agree_on_any_facts(done: list[Act], visit: Visit | None, new_patient: bool) -> None:
    facts = [stored(act) for act in done]
    if visit is not None:
        facts.append({"type": "time", "value": visit.minutes, "separate_work": visit.separate_work})
    owed = bill(done, visit, new_patient=new_patient)
    assert reckon(facts, new_patient=new_patient) == [
        (line.code, line.units, tuple(sorted(line.modifiers))) for line in owed
    ]


@pytest.mark.parametrize(
    ("code", "side"),
    [
        ("M17.11", "right"),
        ("M17.12", "left"),
        ("M17.0", "both"),
        ("S61.412A", "left"),
        ("H61.23", "both"),
        ("I10", "both"),
    ],
)
def test_the_last_digit_of_a_paired_code_says_the_side(code: str, side: str) -> None:
    assert side_of_code(code) == side


def test_a_request_without_fault_has_no_reason_to_be_refused(case: Case) -> None:
    assert due_refusal(case.input, case.flags, [case.input["patient_mrn"]]) == set()
    assert due_refusal(case.input, case.flags, ["MRN00000000"]) == {"WRONG_PATIENT"}


def test_a_note_is_read_back_with_sides_amounts_and_passages() -> None:
    note = (
        "Left knee injection performed with 40 mg triamcinolone. Gait training with a cane for 12 minutes.\n\n"
        "Previous note of 01/02/2025\n- Shave biopsy, two lesions, scalp, tolerated well.\n\n"
        "Addendum 03/04/2025\nTrigger point injection was not done."
    )
    told = [(one.topic, one.name, one.manner, one.source, one.side, one.amount) for one in reread(note)]
    assert told == [
        ("procedure", "large joint injection", "done", "note", "left", None),
        ("procedure", "gait training", "done", "note", None, 12),
        ("procedure", "skin biopsy", "done", "earlier note", None, 2),
        ("not done", "muscle knot injection", "not done", "addendum", None, None),
    ]


def test_no_sentence_of_a_bank_can_be_read_in_two_ways() -> None:
    """Otherwise a note could tell a fact that its maker did not mean."""
    for name, wording in WORDINGS.items():
        for text in (*wording.usual, *wording.rare):
            spoken = text.format(
                side="left",
                site="knee",
                place="the left knee",
                things=f"two {wording.thing[1]}",
                minutes=20,
                spot="scalp",
            )
            site = {"wrist tunnel injection": "wrist", "heel injection": "heel", "ear wax removal": "ear"}.get(
                name, "knee"
            )
            told = reread(spoken.replace("knee", site))
            assert [(one.topic, one.name) for one in told] == [("procedure", name)], text
