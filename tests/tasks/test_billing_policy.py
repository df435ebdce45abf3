"""The true policy: what is owed for facts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISIT_FACT, Act, Owed, Visit, bill

Line = tuple[str, int, tuple[str, ...]]


def owed(*acts: Act, visit: Visit | None = None, new_patient: bool = False) -> list[Line]:
    return [(line.code, line.units, line.modifiers) for line in bill(acts, visit, new_patient=new_patient)]


@pytest.mark.parametrize(("minutes", "units"), [(7, 0), (8, 1), (22, 1), (23, 2), (37, 2), (38, 3), (53, 4)])
def test_eight_minutes_past_a_whole_unit_earn_the_next(minutes: int, units: int) -> None:
    lines = owed(Act("a", "manual therapy", minutes=minutes))
    assert lines == ([("00074", units, ())] if units else [])


def test_units_stop_at_the_cap() -> None:
    assert owed(Act("a", "manual therapy", minutes=200)) == [("00074", 6, ())]
    assert owed(Act("a", "allergy tests", count=45)) == [("00084", 40, ())]
    assert owed(Act("a", "skin biopsy", count=9)) == [("00012", 1, ()), ("00013", 6, ())]


def test_two_timed_procedures_are_timed_apart() -> None:
    lines = owed(Act("a", "therapeutic exercise", minutes=7), Act("b", "manual therapy", minutes=7))
    assert lines == []


@pytest.mark.parametrize(("side", "modifier"), [("left", "LT"), ("right", "RT"), ("both", "50")])
def test_a_side_goes_on_the_line(side: str, modifier: str) -> None:
    assert owed(Act("a", "heel injection", side=side)) == [("00064", 1, (modifier,))]  # type: ignore[arg-type]


def test_a_code_for_both_sides_takes_no_side() -> None:
    assert owed(Act("a", "hearing screen", side="both")) == [("00051", 1, ())]


def test_the_first_is_billed_alone_and_the_further_ones_together() -> None:
    assert owed(Act("a", "lesion destruction", count=1)) == [("00017", 1, ())]
    assert owed(Act("a", "lesion destruction", count=4)) == [("00017", 1, ()), ("00018", 3, ())]


@pytest.mark.parametrize("status", ["planned", "declined", "deferred", "abandoned", "not done", "historical", "family"])
def test_what_was_not_done_is_not_owed(status: str) -> None:
    assert owed(Act("a", "wound repair", status=status)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "new_patient", "code"),
    [
        (9, False, None), (10, False, "00022"), (19, False, "00022"), (20, False, "00023"), (40, False, "00025"),
        (99, False, "00025"), (14, True, None), (15, True, "00032"), (44, True, "00033"), (45, True, "00034"),
        (60, True, "00035"),
    ],
)  # fmt: skip
def test_a_visit_is_as_long_as_the_minutes_it_reaches(minutes: int, new_patient: bool, code: str | None) -> None:
    lines = owed(visit=Visit(minutes), new_patient=new_patient)
    assert lines == ([(code, 1, ())] if code else [])


@pytest.mark.parametrize("name", [name for name, known in PROCEDURES.items() if known.surgical])
def test_a_visit_beside_a_surgical_procedure_takes_25(name: str) -> None:
    assert owed(Act("a", name), visit=Visit(25))[0] == ("00023", 1, ("25",))


def test_a_visit_beside_exercise_takes_no_25() -> None:
    assert owed(Act("a", "therapeutic exercise", minutes=30), visit=Visit(25))[0] == ("00023", 1, ())


def test_a_visit_beside_a_procedure_that_was_declined_takes_no_25() -> None:
    assert owed(Act("a", "heel injection", status="declined"), visit=Visit(25)) == [("00023", 1, ())]


def test_a_visit_that_was_no_work_of_its_own_is_not_owed() -> None:
    assert owed(Act("a", "wound repair"), visit=Visit(25, separate_work=False)) == [("00043", 1, ())]


def test_included_work_is_dropped_with_its_further_units() -> None:
    lines = owed(Act("a", "skin biopsy"), Act("b", "lesion destruction", count=3))
    assert lines == [("00012", 1, ())]


def test_a_separate_site_brings_it_back_with_59() -> None:
    lines = owed(Act("a", "skin biopsy"), Act("b", "lesion destruction", count=3, separate_site=True))
    assert lines == [("00012", 1, ()), ("00017", 1, ("59",)), ("00018", 2, ())]


def test_no_site_brings_back_what_may_never_be_billed_together() -> None:
    lines = owed(Act("a", "abscess drainage"), Act("b", "wound repair", separate_site=True))
    assert lines == [("00041", 1, ())]


def test_work_too_short_to_bill_includes_nothing() -> None:
    acts = Act("a", "manual therapy", minutes=7), Act("b", "gait training", minutes=15)
    assert owed(*acts) == [("00077", 1, ())]


def test_an_addendum_has_the_last_word_on_its_procedure() -> None:
    noted = Act("a", "heel injection", side="left")
    assert owed(noted, Act("b", "heel injection", side="right", source="addendum")) == [("00064", 1, ("RT",))]
    assert owed(noted, Act("b", "heel injection", status="not done", source="addendum")) == []
    assert owed(noted, Act("b", "ear wax removal", side="both", source="addendum")) == [
        ("00064", 1, ("LT",)),
        ("00069", 1, ("50",)),
    ]


def test_what_was_copied_from_an_earlier_note_is_not_of_today() -> None:
    copied = Act("a", "wound repair", source="earlier note")
    assert owed(copied) == []
    assert owed(copied, visit=Visit(25)) == [("00023", 1, ())]


def test_an_addendum_that_takes_work_back_takes_25_with_it() -> None:
    acts = Act("a", "wound repair"), Act("b", "wound repair", status="not done", source="addendum")
    assert owed(*acts, visit=Visit(25)) == [("00023", 1, ())]


def test_a_line_names_the_facts_that_it_rests_on() -> None:
    lines = bill([Act("act-1", "skin biopsy", count=2)], Visit(30), new_patient=True)
    assert [line.facts for line in lines] == [(VISIT_FACT,), ("act-1",), ("act-1",)]
    assert lines[0] == Owed("00033", 1, ("25",), (VISIT_FACT,))


def test_codes_are_placeholders_that_nothing_in_use_has() -> None:
    codes = {known.code for known in PROCEDURES.values()} | {k.further for k in PROCEDURES.values() if k.further}
    assert all(10 <= int(code) <= 99 and len(code) == 5 for code in codes)


def test_bundling_names_procedures_and_never_chains() -> None:
    assert {name for pair in INCLUDED for name in pair} <= set(PROCEDURES)
    assert not {kept for kept, _ in INCLUDED} & {dropped for _, dropped in INCLUDED}


acts = st.builds(
    Act,
    fact_id=st.just("a"),
    procedure=st.sampled_from(sorted(PROCEDURES)),
    status=st.sampled_from(["done", "planned"]),
    side=st.sampled_from(["left", "right", "both"]),
    count=st.integers(1, 60),
    minutes=st.integers(0, 300),
    separate_site=st.booleans(),
)


@given(st.lists(acts, max_size=6, unique_by=lambda act: act.procedure), st.integers(0, 90), st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_code_is_billed_twice_or_beyond_its_cap(done: list[Act], minutes: int, new_patient: bool) -> None:
    lines = bill(done, Visit(minutes), new_patient=new_patient)
    caps = {known.code: known.cap for known in PROCEDURES.values()}
    caps |= {known.further: known.further_cap for known in PROCEDURES.values() if known.further}
    assert len({line.code for line in lines}) == len(lines)
    assert all(1 <= line.units <= caps.get(line.code, 1) for line in lines)


@given(st.lists(acts, max_size=6, unique_by=lambda act: act.procedure))
@settings(max_examples=200, deadline=None)
def test_the_order_of_facts_does_not_matter(done: list[Act]) -> None:
    assert bill(done, None, new_patient=False) == bill(done[::-1], None, new_patient=False)
