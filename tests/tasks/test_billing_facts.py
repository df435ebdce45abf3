"""Days as they are told: each maker holds what its name says, whatever else it draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from evalkit.cases.randomness import Dice, stream
from evalkit.tasks.billing_codes import facts
from evalkit.tasks.billing_codes.conditions import CONDITIONS, INDICATIONS
from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISITS_ESTABLISHED, VISITS_NEW, Act, last_word
from evalkit.tasks.billing_codes.story import Extras, Story

DAYS = 120


def dice(index: int) -> Dice:
    return stream(5, "tests.facts").at(index)


def told(maker: facts.Maker) -> Iterator[Story]:
    return (maker(dice(index)) for index in range(DAYS))


def done(story: Story) -> list[Act]:
    return [act for act in story.acts if act.status == "done"]


def first(story: Story) -> Act:
    return done(story)[0]


MAKERS: dict[str, tuple[facts.Maker, Callable[[Story], bool]]] = {
    "a procedure with a visit": (
        facts.procedure_day(facts.MINOR, visit=1.0),
        lambda story: story.visit is not None and first(story).procedure in facts.MINOR,
    ),
    "a procedure without a visit": (facts.procedure_day(facts.TIMED, visit=0.0), lambda story: story.visit is None),
    "a visit that was the procedure": (
        facts.visit_not_separate,
        lambda story: (
            story.visit is not None and not story.visit.separate_work and PROCEDURES[first(story).procedure].surgical
        ),
    ),
    "a visit and nothing else": (facts.visit_alone, lambda story: story.visit is not None and not done(story)),
    "nothing done": (facts.nothing_done, lambda story: story.visit is None and not done(story) and bool(story.acts)),
    "seven or twenty-two minutes": (facts.timed_boundary(7, 22), lambda story: first(story).minutes in {7, 22}),
    "one side": (facts.on_sides("left", "right"), lambda story: first(story).side in {"left", "right"}),
    "both sides": (facts.on_sides("both"), lambda story: first(story).side == "both"),
    "further ones": (
        facts.add_on,
        lambda story: first(story).count >= 2 and PROCEDURES[first(story).procedure].further is not None,
    ),
    "a refusal": (facts.refused("NOTE_UNSIGNED"), lambda story: story.refusal == "NOTE_UNSIGNED" and bool(done(story))),
    "a child": (
        facts.child_day(),
        lambda story: story.extras.person == "minor" and {act.procedure for act in story.acts} <= set(facts.CHILDREN),
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_day_is_what_its_maker_says(name: str) -> None:
    maker, holds = MAKERS[name]
    assert all(holds(story) for story in told(maker))


@pytest.mark.parametrize("missed_by", [0, 1])
def test_a_visit_meets_a_threshold_or_misses_it_by_so_much(missed_by: int) -> None:
    for story in told(facts.visit_at_threshold(missed_by=missed_by)):
        table = VISITS_NEW if story.new_patient else VISITS_ESTABLISHED
        assert story.visit is not None
        assert story.visit.minutes + missed_by in {least for least, _ in table}


@pytest.mark.parametrize("beyond", [False, True])
def test_units_are_at_the_maximum_or_beyond_it(beyond: bool) -> None:
    for story in told(facts.units_at_max(beyond=beyond)):
        act, known = first(story), PROCEDURES[first(story).procedure]
        most = (
            known.cap * 15 if known.counting == "minutes" else (1 + known.further_cap if known.further else known.cap)
        )
        amount = act.minutes if known.counting == "minutes" else act.count
        assert (amount > most) if beyond else (amount == most)


@pytest.mark.parametrize("separate", [False, True])
def test_included_work_stands_beside_what_includes_it(separate: bool) -> None:
    for story in told(facts.bundled(separate=separate)):
        kept, dropped = done(story)
        assert (kept.procedure, dropped.procedure) in INCLUDED
        assert (kept.separate_site, dropped.separate_site) == (False, separate)


@pytest.mark.parametrize("rare", ["procedure", "side", "visit", "not done", "separate site", "condition"])
def test_what_is_to_be_worded_rarely_is_there(rare: str) -> None:
    for story in told(facts.rarely_worded(rare)):  # type: ignore[arg-type]
        assert story.rare == rare
        there = {
            "procedure": bool(done(story)),
            "side": first(story).side is not None,
            "visit": story.visit is not None,
            "not done": len(done(story)) < len(story.acts),
            "separate site": any(act.separate_site for act in story.acts),
            "condition": bool(facts.find(story, dice(1)).findings),
        }
        assert there[rare]


def test_no_day_but_the_bundled_touches_a_bundling_pair() -> None:
    for story in told(facts.procedure_day(tuple(PROCEDURES))):
        names = {act.procedure for act in done(story)}
        assert not any({kept, dropped} <= names for kept, dropped in INCLUDED)
        assert len(names) == len(done(story))


def test_an_addendum_changes_one_thing_of_the_first_act() -> None:
    kinds = set()
    for index, story in enumerate(told(facts.procedure_day(tuple(PROCEDURES)))):
        *before, added = facts.amend(story, dice(1000 + index)).acts
        assert tuple(before) == story.acts
        assert (added.source, added.procedure) == ("addendum", first(story).procedure)
        changed = [
            part for part in ("side", "minutes", "status") if getattr(added, part) != getattr(first(story), part)
        ]
        kinds |= set(changed)
        assert len(changed) == 1
        assert added in last_word((*before, added))
    assert kinds == {"side", "minutes", "status"}


def test_where_nothing_was_done_the_addendum_enters_something() -> None:
    for index, story in enumerate(told(facts.visit_alone)):
        added = facts.amend(story, dice(1000 + index)).acts[-1]
        assert (added.status, added.source) == ("done", "addendum")


def test_what_is_copied_is_no_procedure_of_the_day_and_not_the_last_word() -> None:
    for index, story in enumerate(told(facts.procedure_day(tuple(PROCEDURES)))):
        copied = facts.copy_forward(story, dice(1000 + index)).acts[-1]
        assert copied.source == "earlier note"
        assert copied.procedure not in {act.procedure for act in story.acts}
        assert copied not in last_word((*story.acts, copied))


def test_everything_done_has_its_condition_on_its_side() -> None:
    for index, story in enumerate(told(facts.procedure_day(tuple(PROCEDURES), visit=0.5))):
        present = {
            one.condition: one for one in facts.find(story, dice(1000 + index)).findings if one.certainty == "present"
        }
        for act in done(story):
            names = set(INDICATIONS[act.procedure]) & set(present)
            assert len(names) == 1
            found = present[names.pop()]
            assert found.side in (CONDITIONS[found.condition].codes.keys() - {None} or {None})
            if act.side and found.side:
                assert found.side == act.side
            if act.procedure == "wound repair" and found.side:
                assert act.place.startswith(found.side)


def test_a_condition_is_never_so_and_not_so_in_one_case() -> None:
    for index, story in enumerate(told(facts.procedure_day(tuple(PROCEDURES), visit=0.5))):
        findings = facts.find(story, dice(1000 + index)).findings
        assert len({one.condition for one in findings}) == len(findings)
        assert [one.fact_id for one in findings] == [f"finding-{number}" for number in range(1, len(findings) + 1)]


def test_a_child_comes_for_what_children_have() -> None:
    story = Story((), facts.visit_alone(dice(1)).visit, False, extras=Extras(person="minor"))
    reasons = {facts.find(story, dice(index)).findings[0].condition for index in range(60)}
    assert reasons == {"sleep", "cough"}
