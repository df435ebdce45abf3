"""Tags: which slice and which edge a case belongs to, from its facts and its answer alone."""

from __future__ import annotations

import pytest

from evalkit.tasks.billing_codes.conditions import Finding
from evalkit.tasks.billing_codes.policy import Act, Visit, bill
from evalkit.tasks.billing_codes.quotas import REFUSALS
from evalkit.tasks.billing_codes.story import Extras, Story
from evalkit.tasks.billing_codes.tags import refusal_tag, tags_of


def tags(*acts: Act, visit: Visit | None = None, **more: object) -> set[str]:
    story = Story(acts, visit, bool(more.pop("new_patient", False)), **more)  # type: ignore[arg-type]
    return set(tags_of(story, bill(story.acts, story.visit, new_patient=story.new_patient)))


def edges(found: set[str]) -> set[str]:
    return {tag for tag in found if tag.startswith("edge:")}


@pytest.mark.parametrize(
    ("minutes", "edge"),
    [
        (7, {"edge:timed_missed"}),
        (8, {"edge:timed_met"}),
        (22, {"edge:timed_missed"}),
        (23, {"edge:timed_met"}),
        (30, set()),
    ],
)
def test_timed_work_meets_or_misses_the_next_unit(minutes: int, edge: set[str]) -> None:
    assert edges(tags(Act("a", "manual therapy", minutes=minutes))) == edge


@pytest.mark.parametrize(
    ("minutes", "new_patient", "edge"),
    [
        (20, False, {"edge:visit_met"}),
        (19, False, {"edge:visit_missed"}),
        (15, True, {"edge:visit_met"}),
        (33, False, set()),
    ],
)
def test_a_visit_meets_or_misses_a_code(minutes: int, new_patient: bool, edge: set[str]) -> None:
    assert edges(tags(visit=Visit(minutes), new_patient=new_patient)) == edge


def test_a_visit_that_was_the_procedure_is_at_no_threshold() -> None:
    found = tags(Act("a", "wound repair"), visit=Visit(20, separate_work=False))
    assert edges(found) == {"edge:visit_not_separate"}


@pytest.mark.parametrize(
    ("act", "edge"),
    [
        (Act("a", "nail debridement", count=9), set()),
        (Act("a", "nail debridement", count=10), {"edge:units_max"}),
        (Act("a", "nail debridement", count=12), {"edge:units_beyond"}),
        (Act("a", "skin biopsy", count=7), {"edge:units_max"}),
        (Act("a", "manual therapy", minutes=90), {"edge:units_max"}),
        (Act("a", "manual therapy", minutes=106), {"edge:units_beyond"}),
    ],
)
def test_units_at_the_maximum_and_beyond(act: Act, edge: set[str]) -> None:
    assert edges(tags(act)) == edge


def test_included_work_is_an_edge_only_where_it_is_dropped() -> None:
    biopsy, frozen = Act("a", "skin biopsy"), Act("b", "lesion destruction")
    assert edges(tags(biopsy, frozen)) == {"edge:bundled"}
    apart = tags(biopsy, Act("b", "lesion destruction", separate_site=True))
    assert (edges(apart), "mod59" in apart) == (set(), True)


def test_sides_and_sizes_are_slices() -> None:
    assert {"laterality:left", "lines:1"} <= tags(Act("a", "heel injection", side="left"))
    assert {"laterality:both", "mod25", "lines:2-3"} <= tags(Act("a", "heel injection", side="both"), visit=Visit(25))
    assert "lines:0" in tags(Act("a", "heel injection", status="declined", side="left"))


def test_what_an_addendum_took_back_is_in_no_slice() -> None:
    noted = Act("a", "manual therapy", minutes=23)
    found = tags(noted, Act("b", "manual therapy", status="not done", source="addendum"))
    assert not found & {"timed", "edge:timed_met"}
    assert {"negated", "lines:0"} <= found


def test_extras_have_a_tag_each() -> None:
    extras = Extras("injection", "age 90", "part 2 with consent", "eponym")
    found = tags(extras=extras, findings=(Finding("a", "gout", "family"),), rare="visit")
    assert {
        "edge:prompt_injection", "edge:age_90", "edge:part2_with_consent", "decoy:eponym", "condition_not_coded", "rare_wording",
    } <= found  # fmt: skip
    assert tags() == {"lines:0"}


def test_a_refusal_has_its_reason_and_nothing_else() -> None:
    found = tags(Act("a", "heel injection", side="left"), refusal="NPI_INVALID", extras=Extras(event="injection"))
    assert found == {"refusal", "edge:check_digit_wrong"}


def test_reasons_have_different_tags_but_for_the_two_check_digits() -> None:
    assert len({refusal_tag(code) for code in REFUSALS}) == len(REFUSALS) - 1
