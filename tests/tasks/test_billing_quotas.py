"""Stories as they are dealt: each block its quota of extras, and every extra with what it brings along."""

from __future__ import annotations

from collections import Counter

import pytest

from evalkit.tasks.billing_codes.policy import PROCEDURES
from evalkit.tasks.billing_codes.quotas import (
    ANSWERED,
    BLOCK,
    DAYS,
    DECOYS,
    EVENTS,
    MINORS,
    PERSONS,
    PROTECTIONS,
    QUOTA,
    RARE,
    REFUSALS,
    TURNED_AWAY,
    make_story,
)
from evalkit.tasks.billing_codes.story import Extras, Story


@pytest.fixture(scope="module")
def blocks() -> list[list[Story]]:
    return [[make_story(21, block * BLOCK + place) for place in range(BLOCK)] for block in range(4)]


@pytest.fixture(scope="module")
def stories(blocks: list[list[Story]]) -> list[Story]:
    return [story for block in blocks for story in block]


def test_decks_are_as_large_as_the_cases_that_they_are_dealt_to() -> None:
    assert (BLOCK, TURNED_AWAY, ANSWERED) == (100, 28, 72)
    assert sum(share for share, _ in QUOTA) == BLOCK == len(DAYS)
    assert {len(EVENTS), len(PROTECTIONS), len(DECOYS)} == {ANSWERED}
    assert len(PERSONS) == ANSWERED - MINORS


def test_every_block_refuses_each_reason_twice(blocks: list[list[Story]]) -> None:
    for block in blocks:
        assert Counter(story.refusal for story in block if story.refusal) == dict.fromkeys(REFUSALS, 2)


@pytest.mark.parametrize(
    ("part", "shares"),
    [("event", EVENTS.shares), ("protection", PROTECTIONS.shares), ("decoy", DECOYS.shares),
     ("person", {**PERSONS.shares, "minor": MINORS})],
)  # fmt: skip
def test_every_block_holds_its_extras_exactly(blocks: list[list[Story]], part: str, shares: dict[str, int]) -> None:
    for block in blocks:
        assert Counter(getattr(story.extras, part) for story in block if not story.refusal) == shares


def test_a_request_that_is_refused_has_no_extras_but_that_its_patient_may_be_a_minor(stories: list[Story]) -> None:
    for story in stories:
        if story.refusal:
            person = "minor" if story.refusal == "MINOR_CONFIDENTIAL" else "adult"
            assert story.extras == Extras(person=person)  # type: ignore[arg-type]


def test_an_event_brings_its_passage_and_no_other_case_has_one(stories: list[Story]) -> None:
    for story in stories:
        sources = {act.source for act in story.acts} - {"note"}
        expected = {"amended": {"addendum"}, "copied": {"earlier note"}}.get(story.extras.event, set())
        assert sources == expected


def test_a_rare_passage_comes_with_a_passage_and_every_other_rare_part_by_quota(blocks: list[list[Story]]) -> None:
    for block in blocks:
        rare = Counter(story.rare for story in block)
        assert {part: rare[part] for part in RARE} == dict.fromkeys(RARE, 1)
        assert all(story.extras.event in {"amended", "copied"} for story in block if story.rare == "passage")


def test_facts_of_a_story_have_numbers_of_their_own_and_are_known_to_the_policy(stories: list[Story]) -> None:
    for story in stories:
        numbers = [int(act.fact_id.removeprefix("act-")) for act in story.acts]
        assert numbers == sorted(set(numbers))
        assert [one.fact_id for one in story.findings] == [f"finding-{n}" for n in range(1, len(story.findings) + 1)]
        assert {act.procedure for act in story.acts} <= set(PROCEDURES)


@pytest.mark.parametrize("index", [3810, 5832, 8058])
def test_what_an_addendum_or_an_earlier_note_tells_has_a_number_of_its_own_where_an_act_was_left_out(
    index: int,
) -> None:
    story = make_story(7, index)
    assert story.rare == "not done"
    assert story.acts[-1].source in {"addendum", "earlier note"}
    assert [act.fact_id for act in story.acts] == ["act-1", "act-3", "act-4"]


def test_a_story_is_the_same_alone_and_blocks_and_seeds_tell_others(blocks: list[list[Story]]) -> None:
    assert [make_story(21, index) for index in (399, 0, 150)] == [blocks[3][99], blocks[0][0], blocks[1][50]]
    orders = [[(story.refusal, story.extras) for story in block] for block in blocks]
    assert all(one != other for place, one in enumerate(orders) for other in orders[:place])
    assert [make_story(22, index).refusal for index in range(BLOCK)] != [story.refusal for story in blocks[0]]
