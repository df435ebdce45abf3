"""The population profile against the public tables that docs/explanation/cases.md names."""

from __future__ import annotations

from collections import Counter

import pytest

from evalkit.cases.patients import Patient, make_patient
from evalkit.cases.people import (
    INSURED,
    POPULATION,
    PRIVATE,
    PUBLIC,
    RESIDENTS_BY_AGE,
    RESIDENTS_BY_STATE,
    People,
    share_of_ages,
    share_of_state,
)

N = 20_000
POINT = 0.01


@pytest.fixture(scope="module")
def people() -> list[Patient]:
    return [make_patient(7, index, people=POPULATION) for index in range(N)]


def share(people, holds) -> float:
    return sum(map(holds, people)) / len(people)


def test_the_tables_add_up_to_the_census():
    assert sum(RESIDENTS_BY_STATE.values()) == sum(count for _, _, count, _ in RESIDENTS_BY_AGE) == 331_449_281
    assert sum(male for *_, male in RESIDENTS_BY_AGE) == 162_685_811
    assert len(RESIDENTS_BY_STATE) == 51


def test_ages_lie_within_one_point_of_the_census(people):
    for youngest, oldest, count, _ in RESIDENTS_BY_AGE:
        found = share(people, lambda one, low=youngest, high=oldest: low <= one.age <= high)
        assert abs(found - count / 331_449_281) < POINT, (youngest, oldest)


def test_sexes_lie_within_one_point_in_all_and_among_the_old(people):
    assert abs(share(people, lambda one: one.sex == "M") - 162_685_811 / 331_449_281) < POINT
    old = [one for one in people if one.age >= 65]
    males = sum(male for low, _, _, male in RESIDENTS_BY_AGE if low >= 65)
    everybody = sum(count for low, _, count, _ in RESIDENTS_BY_AGE if low >= 65)
    assert abs(share(old, lambda one: one.sex == "M") - males / everybody) < 2 * POINT


def test_states_lie_within_one_point_of_the_census(people):
    found = Counter(one.state for one in people)
    for state in RESIDENTS_BY_STATE:
        assert abs(found[state] / N - share_of_state(state)) < POINT, state


def test_payers_lie_within_one_point_of_the_survey(people):
    for payer, expected in INSURED.items():
        assert abs(share(people, lambda one, payer=payer: payer in one.coverage) - expected) < POINT, payer
    assert abs(share(people, lambda one: bool({"employer", "direct", "tricare"} & set(one.coverage))) - PRIVATE) < POINT
    assert abs(share(people, lambda one: bool({"medicare", "medicaid", "va"} & set(one.coverage))) - PUBLIC) < POINT


def test_nearly_all_of_the_old_have_medicare_and_nobody_is_both_insured_and_not(people):
    old = [one for one in people if one.age >= 65]
    assert share(old, lambda one: "medicare" in one.coverage) > 0.95
    assert all(len(one.coverage) == 1 for one in people if "uninsured" in one.coverage)


def test_hardly_anybody_of_the_population_lives_in_a_restricted_area(people):
    assert share(people, lambda one: "zip3:restricted" in one.tags) < 0.002


def test_weights_of_the_stress_profile_undo_it():
    stressed = [make_patient(7, index) for index in range(N)]
    total = sum(one.weight for one in stressed)
    assert abs(total / N - 1) < 0.03
    for low, high in ((0, 17), (18, 64), (65, 89), (90, 101)):
        weighted = sum(one.weight for one in stressed if low <= one.age <= high) / total
        assert abs(weighted - share_of_ages(low, high)) < 2 * POINT
    old = share(stressed, lambda one: one.age >= 90)
    assert old > 0.05
    for state in ("CA", "WY"):
        assert (
            abs(sum(one.weight for one in stressed if one.state == state) / total - share_of_state(state)) < 2 * POINT
        )


def test_the_population_needs_no_weights(people):
    assert {one.weight for one in people[:500]} == {1.0}


def test_shares_of_ages_add_up():
    assert abs(share_of_ages(0, 101) - 1) < 1e-12
    assert abs(share_of_ages(0, 4) - 18_400_235 / 331_449_281) < 1e-12
    assert 0.005 < share_of_ages(90, 101) < 0.01


def test_people_are_named_in_words():
    assert str(People("population", "realistic")) == "population, realistic names"
