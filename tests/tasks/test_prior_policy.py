"""The true policy of prior authorization: silence is no failure, the newest note decides, nobody is denied."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.fact import Fact
from evalkit.tasks.prior_authorization.policy import CRITERIA, SERVICES, Asked, Decision, judge

DAY = date(2025, 6, 30)
SPINE = Asked("spine imaging", DAY)
KNEE = Asked("knee imaging", DAY, "right")
OXYGEN = Asked("home oxygen", DAY)


def fact(name: str, polarity: str = "affirmed", *, days_ago: int = 10, **more: Any) -> Fact:
    about = {"code": "lumbar"} if name in {"therapy", "xray"} else {}
    day = (DAY - timedelta(days=days_ago)).isoformat()
    known: dict[str, Any] = {"fact_id": f"{name}-{polarity}-{days_ago}", "type": "history", "date": day}
    return Fact(name=name, polarity=polarity, **{**known, **about, **more})  # type: ignore[arg-type]


def whole(**more: Any) -> list[Fact]:
    """Everything that spine imaging asks for."""
    return [fact("therapy", value=56, **more), fact("nsaid"), fact("xray")]


def status(asked: Asked, facts: list[Fact], criterion: str) -> str:
    return next(one.status for one in judge(asked, facts).findings if one.criterion == criterion)


def test_a_whole_chart_is_approved() -> None:
    seen = judge(SPINE, whole())
    assert (seen.decision, seen.missing) == ("approve", ())
    assert [one.status for one in seen.findings][:3] == ["met"] * 3


def test_an_empty_chart_waits_for_everything_and_fails_nothing() -> None:
    seen = judge(SPINE, [])
    assert (seen.decision, seen.missing) == ("pend", ("C1", "C2", "C3"))
    assert {one.status for one in seen.findings} == {"insufficient"}


@pytest.mark.parametrize(("days", "expected"), [(42, "met"), (41, "not_met"), (7, "not_met"), (300, "met")])
def test_six_weeks_are_42_days_and_not_41(days: int, expected: str) -> None:
    assert status(SPINE, [fact("therapy", value=days)], "C1") == expected


@pytest.mark.parametrize(("percent", "expected"), [(88, "met"), (89, "not_met"), (70, "met")])
def test_oxygen_is_for_88_percent_and_not_for_89(percent: int, expected: str) -> None:
    assert status(OXYGEN, [fact("oxygen", value=percent)], "C4") == expected


@pytest.mark.parametrize(("age", "expected"), [(180, "met"), (181, "insufficient")])
def test_a_note_counts_for_180_days(age: int, expected: str) -> None:
    assert status(SPINE, [fact("therapy", value=56, days_ago=age)], "C1") == expected


@pytest.mark.parametrize("newer", [14, 84])
def test_the_newer_of_two_notes_decides(newer: int) -> None:
    older = 84 if newer == 14 else 14
    facts = [fact("therapy", value=newer, days_ago=5), fact("therapy", value=older, days_ago=50)]
    assert status(SPINE, facts, "C1") == ("met" if newer == 84 else "not_met")
    assert judge(SPINE, facts).findings[0].facts == ("therapy-affirmed-5",)


def test_a_reason_against_the_medicine_stands_for_its_trial() -> None:
    assert status(SPINE, [fact("nsaid", "negated"), fact("nsaid_barred")], "C2") == "met"
    assert status(SPINE, [fact("nsaid", "negated")], "C2") == "not_met"
    assert status(SPINE, [], "C2") == "insufficient"


@pytest.mark.parametrize("polarity", ["hypothetical", "family", "historical"])
def test_what_is_planned_or_a_relatives_proves_nothing(polarity: str) -> None:
    assert status(SPINE, [fact("cancer", polarity)], "R3") == "insufficient"
    assert status(SPINE, [fact("xray", polarity)], "C3") == "insufficient"


def test_evidence_of_another_region_or_side_does_not_count() -> None:
    assert status(SPINE, [fact("therapy", value=70, code="shoulder")], "C1") == "insufficient"
    for side, expected in (("right", "met"), ("left", "insufficient"), ("both", "met")):
        assert status(KNEE, [fact("xray", code="knee", laterality=side)], "C3") == expected


def test_a_red_flag_is_enough_and_a_denied_one_is_nothing() -> None:
    assert judge(SPINE, [fact("weakness"), fact("therapy", "negated")]).decision == "approve"
    assert judge(SPINE, [fact("weakness", "negated")]).decision == "pend"


def test_a_failed_criterion_goes_to_a_clinician_even_where_others_are_open() -> None:
    seen = judge(SPINE, [fact("therapy", value=7)])
    assert (seen.decision, seen.missing) == ("refer_to_clinician", ())


def test_there_is_no_denial_to_give() -> None:
    assert set(get_args(Decision)) == {"approve", "pend", "refer_to_clinician"}


def test_every_service_asks_for_known_criteria_and_every_criterion_is_asked() -> None:
    asked = {name for service in SERVICES.values() for name in (*service.standard, *service.red_flags)}
    assert asked == set(CRITERIA)
    assert all(service.standard for service in SERVICES.values())


NAMES = sorted({name for criterion in CRITERIA.values() for name in criterion.subjects})
FACTS = st.lists(
    st.builds(
        fact,
        st.sampled_from(NAMES),
        st.sampled_from(["affirmed", "negated", "family", "hypothetical"]),
        days_ago=st.integers(0, 400),
        value=st.integers(0, 400),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(FACTS, st.sampled_from([SPINE, OXYGEN]))
def test_approval_always_rests_on_facts_that_are_so(facts: list[Fact], asked: Asked) -> None:
    seen = judge(asked, facts)
    by_id = {one.fact_id: one for one in facts}
    if seen.decision == "approve":
        met = [one for one in seen.findings if one.status == "met"]
        assert met
        assert all(one.facts for one in met)
        assert all(by_id[name].polarity == "affirmed" for one in met for name in one.facts)


@settings(deadline=None)
@given(FACTS)
def test_more_silence_never_refers(facts: list[Fact]) -> None:
    """Taking every denial out of a chart leaves nothing that could fail, but values that are too small."""
    silent = [one for one in facts if one.polarity != "negated" and one.name not in {"therapy", "oxygen"}]
    assert judge(SPINE, silent).decision in {"approve", "pend"}


def test_of_two_notes_of_one_day_the_later_in_the_chart_decides_in_whatever_order_facts_are_given() -> None:
    yes, no = fact("xray", source_document="note-2"), fact("xray", "negated", source_document="note-10")
    assert status(SPINE, [yes, no], "C3") == status(SPINE, [no, yes], "C3") == "not_met"


def test_of_two_facts_of_one_note_the_later_decides() -> None:
    yes, no = fact("xray"), fact("xray", "negated")
    assert status(SPINE, [yes, no], "C3") == "not_met"
    assert status(SPINE, [no, yes], "C3") == "met"


def test_a_fact_without_a_day_proves_nothing() -> None:
    assert status(SPINE, [fact("nsaid", date=None)], "C2") == "insufficient"


def test_a_note_too_old_does_not_hide_a_younger_one_nor_the_other_way_round() -> None:
    facts = [fact("xray", "negated", days_ago=181), fact("xray", days_ago=180)]
    assert status(SPINE, facts, "C3") == status(SPINE, facts[::-1], "C3") == "met"


def test_a_service_of_no_side_takes_evidence_of_either() -> None:
    for side in ("left", "right", "both", None):
        assert status(SPINE, [fact("xray", laterality=side)], "C3") == "met"
    assert status(KNEE, [fact("xray", code="knee")], "C3") == "met"


def test_red_flags_of_one_service_are_nothing_to_another() -> None:
    assert judge(KNEE, [fact("locked_knee")]).decision == "approve"
    assert judge(SPINE, [fact("locked_knee")]).decision == "pend"
    assert judge(OXYGEN, [fact("cancer"), fact("oxygen", value=88)]).missing == ("C5",)


def test_findings_stand_in_the_order_of_the_policy_with_all_that_they_rest_on() -> None:
    seen = judge(SPINE, [fact("nsaid_barred"), fact("cancer"), fact("nsaid")])
    assert [one.criterion for one in seen.findings] == ["C1", "C2", "C3", "R1", "R2", "R3"]
    assert seen.findings[1].facts == ("nsaid-affirmed-10", "nsaid_barred-affirmed-10")
    assert [one.facts for one in seen.findings if one.status == "insufficient"] == [()] * 4


def test_home_oxygen_is_approved_at_its_limit_and_referred_above_it() -> None:
    lungs = fact("lung_disease")
    assert judge(OXYGEN, [lungs, fact("oxygen", value=88)]).decision == "approve"
    assert judge(OXYGEN, [lungs, fact("oxygen", value=89)]).decision == "refer_to_clinician"
    assert judge(OXYGEN, [lungs]).missing == ("C4",)
    assert judge(OXYGEN, [fact("lung_disease", "family"), fact("oxygen", value=80)]).decision == "pend"
