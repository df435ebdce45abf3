"""Themes of prior authorization: what each one means for the decision, whatever else is drawn."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from evalkit.cases.fact import Fact
from evalkit.tasks.prior_authorization.facts import (
    CHECK_DIGITS,
    FIRST_DAY,
    LAST_DAY,
    OTHER_REGIONS,
    PEOPLE,
    POLICY_FROM,
    REFUSALS,
    TEXTS,
    THEMES,
    URGENCIES,
    Story,
    make_story,
)
from evalkit.tasks.prior_authorization.policy import (
    CRITERIA,
    EVIDENCE_DAYS,
    REGIONAL,
    SERVICES,
    THERAPY_DAYS,
    Judgement,
    judge,
)

MANY = 1200
"""Twelve blocks: even a theme of two cards comes 24 times."""


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return [make_story(5, index) for index in range(MANY)]


def of(stories: list[Story], theme: str) -> list[Story]:
    found = [story for story in stories if story.theme == theme]
    assert len(found) >= 12
    return found


def judged(story: Story) -> Judgement:
    return judge(story.asked, story.facts)


def decisions(stories: list[Story], theme: str) -> Counter[str]:
    return Counter(judged(story).decision for story in of(stories, theme))


def facts(story: Story, name: str) -> list[Fact]:
    return [fact for fact in story.facts if fact.name == name]


def age(story: Story, fact: Fact) -> int:
    assert fact.date is not None
    return (story.asked.day - date.fromisoformat(fact.date)).days


@pytest.mark.parametrize(
    "theme",
    ["complete", "weakness", "cauda equina", "known cancer", "locked knee", "six weeks exactly", "medicine barred",
     "age limit met", "note in spanish", "rare wording", "oxygen 88", "oxygen other"],
)  # fmt: skip
def test_these_are_always_approved(stories: list[Story], theme: str) -> None:
    assert set(decisions(stories, theme)) == {"approve"}


@pytest.mark.parametrize(
    "theme",
    ["nothing said", "only planned", "stale", "age limit missed", "copied forward", "wrong side imaged", "other region",
     "family history", "unsupervised care", "oxygen family"],
)  # fmt: skip
def test_these_always_wait(stories: list[Story], theme: str) -> None:
    assert set(decisions(stories, theme)) == {"pend"}


@pytest.mark.parametrize("theme", ["one day short", "too short", "care declined", "oxygen 89"])
def test_these_always_go_to_a_clinician(stories: list[Story], theme: str) -> None:
    assert set(decisions(stories, theme)) == {"refer_to_clinician"}


def test_notes_in_conflict_end_either_way(stories: list[Story]) -> None:
    seen = decisions(stories, "notes in conflict")
    assert set(seen) == {"approve", "refer_to_clinician"}
    assert min(seen.values()) >= 5


def test_every_theme_of_the_deck_is_judged_by_one_of_these_tests(stories: list[Story]) -> None:
    answered = {story.theme for story in stories if story.refusal is None}
    assert answered | {f"refuse {code}" for code in REFUSALS} == set(THEMES.shares)
    assert len(answered) == 27


def test_six_weeks_are_met_to_the_day_and_missed_by_one(stories: list[Story]) -> None:
    exact = {fact.value for story in of(stories, "six weeks exactly") for fact in facts(story, "therapy")}
    missed = {fact.value for story in of(stories, "one day short") for fact in facts(story, "therapy")}
    assert (exact, missed) == ({THERAPY_DAYS}, {THERAPY_DAYS - 1})


@pytest.mark.parametrize(("theme", "days"), [("age limit met", EVIDENCE_DAYS), ("age limit missed", EVIDENCE_DAYS + 1)])
def test_evidence_is_as_old_as_the_limit_to_the_day(stories: list[Story], theme: str, days: int) -> None:
    for story in of(stories, theme):
        assert max(age(story, fact) for fact in story.facts) == days


def test_stale_evidence_is_past_the_limit_and_all_else_is_fresh(stories: list[Story]) -> None:
    for story in of(stories, "stale"):
        old = [fact for fact in story.facts if age(story, fact) > EVIDENCE_DAYS]
        assert len(old) == 1
        assert len(judged(story).missing) == 1


@pytest.mark.parametrize(("theme", "percent"), [("oxygen 88", 88), ("oxygen 89", 89)])
def test_oxygen_is_measured_at_the_limit_and_one_above(stories: list[Story], theme: str, percent: int) -> None:
    for story in of(stories, theme):
        assert [(fact.value, fact.unit) for fact in facts(story, "oxygen")] == [(percent, "%")]


def test_a_barred_medicine_makes_up_for_one_that_was_not_tried(stories: list[Story]) -> None:
    for story in of(stories, "medicine barred"):
        found = next(one for one in judged(story).findings if one.criterion == "C2")
        names = {fact.name for fact in story.facts if fact.fact_id in found.facts}
        assert names == {"nsaid_barred"}


def test_the_wrong_side_is_of_a_knee_and_is_the_other_one(stories: list[Story]) -> None:
    for story in of(stories, "wrong side imaged"):
        sides = {fact.laterality for fact in story.facts if fact.name in REGIONAL}
        assert story.asked.service == "knee imaging"
        assert sides == {"left", "right"}


def test_another_region_is_none_that_is_asked_about(stories: list[Story]) -> None:
    regions = {fact.code for story in of(stories, "other region") for fact in facts(story, "therapy")}
    assert regions <= set(OTHER_REGIONS)
    assert len(regions) >= 3


def test_a_relatives_cancer_stands_beside_one_open_criterion(stories: list[Story]) -> None:
    for story in of(stories, "family history"):
        assert [fact.polarity for fact in facts(story, "cancer")] == ["family"]
        assert len(judged(story).missing) == 1


def test_what_a_trainer_did_is_not_counted(stories: list[Story]) -> None:
    for story in of(stories, "unsupervised care"):
        assert facts(story, "therapy") == []
        assert all(fact.value >= THERAPY_DAYS for fact in facts(story, "unsupervised_care"))
        assert judged(story).missing == ("C1",)


def test_in_a_conflict_the_older_note_says_otherwise(stories: list[Story]) -> None:
    for story in of(stories, "notes in conflict"):
        older, newer = sorted(facts(story, "therapy"), key=lambda fact: fact.date or "")
        before = judge(story.asked, [fact for fact in story.facts if fact is not newer])
        after = judge(story.asked, [fact for fact in story.facts if fact is not older])
        assert judged(story).decision == after.decision != before.decision


def test_a_spanish_page_tells_one_thing_and_every_second_time_alone(stories: list[Story]) -> None:
    alone = 0
    for story in of(stories, "note in spanish"):
        assert [page.spanish for page in story.pages].count(True) == 1
        told = [fact for fact in story.facts if fact.source_document == "note-1"]
        assert len(told) == 1
        alone += len(facts(story, told[0].name)) == 1
    assert 5 <= alone <= len(of(stories, "note in spanish")) - 5


def test_copied_pages_are_the_newest_and_name_the_oldest(stories: list[Story]) -> None:
    for story in of(stories, "copied forward"):
        assert [page.copied for page in story.pages] == [""] * (len(story.pages) - 1) + ["note-1"]


def test_rare_wordings_are_of_a_fact_that_decides(stories: list[Story]) -> None:
    for story in of(stories, "rare wording"):
        named = [fact for fact in story.facts if fact.fact_id == story.rare]
        assert len(named) == 1
        used = {name for one in judged(story).findings if one.status == "met" for name in one.facts}
        assert story.rare in used
    assert all(not story.rare for story in stories if story.theme != "rare wording")


def test_pages_run_from_the_oldest_to_the_newest_and_hold_every_fact(stories: list[Story]) -> None:
    for story in stories:
        ages = [page.age_days for page in story.pages]
        assert ages == sorted(ages, reverse=True)
        assert len(set(ages)) == len(ages)
        for fact in story.facts:
            place = int((fact.source_document or "").removeprefix("note-")) - 1
            assert age(story, fact) == story.pages[place].age_days


def test_facts_are_numbered_typed_and_of_a_subject_that_is_known(stories: list[Story]) -> None:
    known = {name for criterion in CRITERIA.values() for name in criterion.subjects} | {"unsupervised_care"}
    for story in stories:
        assert [fact.fact_id for fact in story.facts] == [f"fact-{number}" for number in range(1, len(story.facts) + 1)]
        assert {fact.name for fact in story.facts} <= known
        for fact in story.facts:
            assert (fact.unit is None) == (fact.value is None)
            assert (fact.code is not None) == (fact.name in {*REGIONAL, "unsupervised_care"})


def test_a_side_is_asked_about_where_the_service_has_one(stories: list[Story]) -> None:
    for story in stories:
        assert (story.asked.side is not None) == SERVICES[story.asked.service].sided


def test_requests_lie_within_the_policy_but_for_those_before_it(stories: list[Story]) -> None:
    for story in stories:
        early = story.refusal == "POLICY_NOT_EFFECTIVE"
        assert (story.asked.day < POLICY_FROM) == early
        assert early or FIRST_DAY <= story.asked.day <= LAST_DAY


def test_no_chart_means_no_page_and_no_fact(stories: list[Story]) -> None:
    for story in of(stories, "refuse NO_CHART"):
        assert (story.pages, story.facts) == ((), ())


def test_check_digits_share_one_edge_kind_and_its_quota() -> None:
    shares = {code: THEMES.shares[f"refuse {code}"] for code in REFUSALS}
    assert sum(shares[code] for code in CHECK_DIGITS) == 2
    assert {shares[code] for code in REFUSALS if code not in CHECK_DIGITS} == {2}


@pytest.mark.parametrize("deck", [PEOPLE, TEXTS, URGENCIES])
def test_what_may_meet_any_theme_has_a_deck_of_its_own(deck: object) -> None:
    counts = Counter(
        (THEMES.deal(9, index).startswith("refuse"), deck.deal(9, index))  # type: ignore[attr-defined]
        for index in range(2000)
    )
    kinds = {kind for _, kind in counts}
    assert all(counts[True, kind] and counts[False, kind] for kind in kinds)


def test_the_facts_of_a_case_do_not_depend_on_the_others() -> None:
    again = [make_story(5, index) for index in (7, 3, 400)]
    assert again == [make_story(5, 7), make_story(5, 3), make_story(5, 400)]
    assert make_story(6, 7) != make_story(5, 7)
