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
    age_and_sex,
    home_state,
    payers,
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


LOWEST, HIGHEST = 0, 2**64 - 1


def test_the_ends_of_the_draws_are_the_youngest_girl_and_the_oldest_man():
    assert age_and_sex(LOWEST, LOWEST, LOWEST) == (0, "F")
    assert age_and_sex(LOWEST, HIGHEST, LOWEST) == (4, "F")
    assert age_and_sex(HIGHEST, HIGHEST, HIGHEST) == (101, "M")
    assert age_and_sex(HIGHEST, LOWEST, LOWEST) == (85, "M")


@pytest.mark.parametrize(("percent", "youngest", "oldest"), [(61, 85, 89), (63, 90, 94), (89, 90, 94), (91, 95, 101)])
def test_the_last_band_falls_off_by_the_third_draw(percent, youngest, oldest):
    third = percent * 2**64 // 100
    assert age_and_sex(HIGHEST, LOWEST, third) == (youngest, "M")
    assert age_and_sex(HIGHEST, HIGHEST, third) == (oldest, "M")


@pytest.mark.parametrize(
    ("age", "first", "last"),
    [(0, "employer", "uninsured"), (18, "employer", "uninsured"), (64, "employer", "uninsured"),
     (65, "medicare", "uninsured"), (101, "medicare", "uninsured")],
)  # fmt: skip
def test_an_age_is_insured_by_the_table_of_its_years(age, first, last):
    assert (payers(LOWEST, age), payers(HIGHEST, age)) == ((first,), (last,))


def test_children_have_medicaid_where_the_grown_have_less_and_the_old_medicare():
    def part(age, payer):
        return sum(payer in payers(step * (2**64 // 1000), age) for step in range(1000)) / 1000

    assert part(18, "medicaid") == pytest.approx(0.342, abs=0.002)
    assert part(19, "medicaid") == pytest.approx(0.135, abs=0.002)
    assert part(64, "medicare") == pytest.approx(0.045, abs=0.002)
    assert part(65, "medicare") == pytest.approx(0.977, abs=0.002)


def test_a_band_is_cut_evenly_and_the_last_one_by_its_own_steps():
    whole = 331_449_281
    assert share_of_ages(0, 0) == pytest.approx(18_400_235 / 5 / whole)
    assert share_of_ages(4, 5) == pytest.approx((18_400_235 + 20_130_423) / 5 / whole)
    assert share_of_ages(90, 94) == pytest.approx(0.28 * 6_336_435 / whole)
    assert share_of_ages(101, 150) == pytest.approx(0.10 * 6_336_435 / 7 / whole)
    assert share_of_ages(102, 150) == share_of_ages(30, 29) == 0


def test_states_come_in_the_order_of_the_table_with_their_shares():
    assert home_state(LOWEST) == "AL"
    assert home_state(HIGHEST) == "WY"
    assert home_state(int(share_of_state("AL") * 2**64) + 2**30) == "AK"
    assert sum(map(share_of_state, RESIDENTS_BY_STATE)) == pytest.approx(1)
