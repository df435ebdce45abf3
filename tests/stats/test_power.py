"""Power and plans: exact against simulation, against a published formula, and in the right order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import StatisticsError
from evalkit.stats.pairs import mcnemar
from evalkit.stats.power import (
    Repeats,
    cases_needed,
    cases_needed_discordant,
    cases_needed_mean,
    discordance,
    largest_rho,
    mde_discordant,
    mde_mean,
    mde_paired,
    power_discordant,
    power_paired,
)


@pytest.mark.parametrize(
    ("n", "rho", "power"),
    [
        (100, 0.3, 0.423), (100, 0.5, 0.512), (100, 0.7, 0.713),
        (300, 0.3, 0.843), (300, 0.5, 0.936), (300, 0.7, 0.998),
        (1000, 0.3, 0.999), (1000, 0.5, 1.0),
    ],
)  # fmt: skip
def test_power_to_see_94_fall_to_89(n: int, rho: float, power: float) -> None:
    """Against 400,000 simulations a cell."""
    assert power_paired(0.94, 0.89, n=n, rho=rho) == pytest.approx(power, abs=0.003)


@pytest.mark.parametrize(("n", "size"), [(100, 0.033), (300, 0.049), (1000, 0.050)])
def test_without_a_change_power_is_the_size_of_the_test(n: int, size: float) -> None:
    assert power_paired(0.94, 0.94, n=n, rho=0.5) == pytest.approx(size, abs=0.0015)


@pytest.mark.parametrize(
    ("p_to", "rho", "at80", "at90"),
    [
        (0.89, 0.0, 382, 531), (0.89, 0.3, 266, 367), (0.89, 0.5, 190, 258), (0.89, 0.7, 117, 144),
        (0.91, 0.5, 468, 648), (0.92, 0.3, 1415, 1951), (0.93, 0.7, 2253, 3132), (0.93, 0.0, 7584, 10395),
    ],
)  # fmt: skip
def test_cases_needed_agree_with_simulation_within_3_percent(p_to: float, rho: float, at80: int, at90: int) -> None:
    assert cases_needed(0.94, p_to, rho=rho) == pytest.approx(at80, rel=0.03)
    assert cases_needed(0.94, p_to, rho=rho, power=0.9) == pytest.approx(at90, rel=0.03)


def test_power_is_what_a_simulation_sees() -> None:
    rng = np.random.default_rng(8)
    broke, fixed = 0.08, 0.03
    seen = rng.multinomial(150, [broke, fixed, 1 - broke - fixed], size=40_000)
    share = (mcnemar(seen[:, 0], seen[:, 1]) <= 0.05).mean()
    assert power_discordant(broke, fixed, n=150) == pytest.approx(share, abs=0.008)


def test_the_cases_needed_have_the_power_asked_for_and_far_fewer_do_not() -> None:
    n = cases_needed_discordant(0.07, 0.03, power=0.8)
    assert power_discordant(0.07, 0.03, n=n) >= 0.8
    assert power_discordant(0.07, 0.03, n=int(n * 0.95)) < 0.8


@settings(deadline=None, max_examples=40)
@given(st.floats(0.55, 0.99), st.floats(0.02, 0.3), st.floats(0, 0.9))
def test_more_cases_and_a_larger_drop_are_seen_better(p_from: float, drop: float, share: float) -> None:
    rho = share * largest_rho(p_from, p_from - drop)
    assert 0 <= power_paired(p_from, p_from - drop, n=100, rho=rho) <= 1
    assert (
        power_paired(p_from, p_from - drop, n=400, rho=rho)
        >= power_paired(p_from, p_from - drop, n=100, rho=rho) - 0.02
    )


@settings(deadline=None, max_examples=40)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0, 1))
def test_discordance_reproduces_both_rates_and_their_correlation(p_from: float, p_to: float, share: float) -> None:
    rho = share * largest_rho(p_from, p_to)
    broke, fixed = discordance(p_from, p_to, rho)
    assert broke >= 0
    assert fixed >= 0
    assert p_from - broke + fixed == pytest.approx(p_to)
    both = p_from - broke
    spread = np.sqrt(p_from * (1 - p_from) * p_to * (1 - p_to))
    assert (both - p_from * p_to) / spread == pytest.approx(rho, abs=1e-9)


def test_a_correlation_out_of_reach_is_refused_with_the_largest_within() -> None:
    with pytest.raises(StatisticsError, match=r"take rho up to 0\.71"):
        power_paired(0.94, 0.89, n=100, rho=0.9)


def test_equal_rates_may_correlate_fully() -> None:
    assert largest_rho(0.9, 0.9) == pytest.approx(1.0)
    assert largest_rho(1.0, 0.9) == 0.0


def test_rates_outside_0_and_1_are_refused() -> None:
    with pytest.raises(StatisticsError, match="outside"):
        cases_needed(1.2, 0.9)


def test_a_rise_is_no_drop_to_plan_for() -> None:
    with pytest.raises(StatisticsError, match="no drop"):
        cases_needed(0.89, 0.94)


def test_nothing_is_seen_without_cases_or_without_change() -> None:
    assert power_discordant(0.1, 0.05, n=0) == 0.0
    assert power_discordant(0.0, 0.0, n=100) == 0.0


def test_changes_of_one_kind_only_are_enumerated_too() -> None:
    """All cases break: four are the fewest whose mid-p falls to 0.05."""
    assert power_discordant(1.0, 0.0, n=4) == pytest.approx(1.0)
    assert power_discordant(1.0, 0.0, n=3) == 0.0


def test_the_smallest_drop_seen_is_where_power_reaches_its_goal() -> None:
    drop = mde_paired(0.94, n=300, rho=0.5)
    assert power_paired(0.94, 0.94 - drop, n=300, rho=0.5) >= 0.8
    assert power_paired(0.94, 0.94 - drop + 0.002, n=300, rho=0.5) < 0.8


def test_the_smallest_drop_seen_shrinks_with_cases_and_grows_with_churn() -> None:
    assert mde_discordant(0.02, n=1000) < mde_discordant(0.02, n=300) < mde_discordant(0.02, n=100)
    assert mde_discordant(0.01, n=300) < mde_discordant(0.05, n=300)


def test_a_share_that_gets_better_leaves_room_for_the_drop() -> None:
    drop = mde_discordant(0.7, n=36)
    assert power_discordant((1 + drop) / 2, (1 - drop) / 2, n=36) == pytest.approx(0.8, abs=0.002)


def test_too_few_cases_see_no_drop_at_all() -> None:
    assert mde_discordant(0.1, n=2) == 1.0
    assert mde_paired(0.9, n=2) == pytest.approx(0.9, abs=1e-3)


def test_a_tiny_drop_gets_a_figure_instead_of_an_endless_search() -> None:
    assert cases_needed_discordant(0.10001, 0.1) > 1_000_000_000


def test_cases_for_means_are_those_of_miller_2024() -> None:
    """A two-sided 5 % is 2.5 % on one side."""
    assert cases_needed_mean(0.03, between=1 / 9, alpha=0.025) == pytest.approx(968.997, abs=0.001)
    repeated = cases_needed_mean(0.03, between=1 / 9, noise=(1 / 6, 1 / 6), trials=(10, 10), alpha=0.025)
    assert repeated == pytest.approx(1259.7, abs=0.05)


def test_the_smallest_drop_of_a_mean_and_the_cases_for_it_agree() -> None:
    n = cases_needed_mean(0.02, between=0.05)
    assert mde_mean((0.05 / n) ** 0.5) == pytest.approx(0.02)


@pytest.mark.parametrize(("trials", "power"), [(1, 0.512), (3, 0.925), (5, 0.988)])
def test_trials_raise_power_as_in_simulation(trials: int, power: float) -> None:
    """100 cases from 94 to 89, reruns correlated by 0.5."""
    assert Repeats(0.94, 0.89).power(n=100, trials=trials) == pytest.approx(power, abs=0.05)


def test_trials_needed_have_the_power_asked_for() -> None:
    repeats = Repeats(0.94, 0.89)
    trials = repeats.trials_needed(n=100)
    assert trials == 3
    assert repeats.power(n=100, trials=trials) >= 0.8 > repeats.power(n=100, trials=trials - 1)
    assert repeats.trials_needed(n=400) == 1


def test_an_agent_that_always_answers_alike_gains_nothing_from_trials() -> None:
    assert Repeats(0.94, 0.89, rerun=1.0).trials_needed(n=100) is None
