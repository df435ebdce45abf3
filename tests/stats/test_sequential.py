"""Evidence under any number of looks: fair bets, a closed form, and the promise kept in simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from evalkit.errors import StatisticsError
from evalkit.stats.power import discordance
from evalkit.stats.sequential import STAKES, evidence, look

ALPHA = 0.05


def outcomes(rng: np.random.Generator, broke: float, fixed: float, size: tuple[int, int]) -> np.ndarray:
    return rng.choice([-1.0, 1.0, 0.0], p=[broke, fixed, 1 - broke - fixed], size=size)


@settings(deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.5, -1 / 3, 0.0, 0.25, 1.0]), min_size=1, max_size=5))
def test_the_bets_are_fair_where_signs_are_as_likely_as_not(sizes: list[float]) -> None:
    """The mean of E over every flip of signs is 1: no growth is to be expected without a change."""
    flips = itertools.product((1, -1), repeat=len(sizes))
    final = [math.exp(evidence(np.array(sizes) * flip)[-1]) for flip in flips]
    assert np.mean(final) == pytest.approx(1)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_counts_give_the_mixture_of_robbins(broke: int, fixed: int) -> None:
    """Over stakes of Beta(3, 3); the grid of 20 comes within a fifth on the log scale."""
    exact = integrate.quad(lambda s: 30 * s**2 * (1 - s) ** (fixed + 2) * (1 + s) ** broke, 0, 1, epsabs=0)[0]
    on_grid = evidence([-1.0] * broke + [1.0] * fixed)
    assert (on_grid[-1] if broke + fixed else 0.0) == pytest.approx(math.log(exact), abs=0.2)


def test_no_test_could_use_many_fewer_cases() -> None:
    """Wald's bound for 5 % and power 98 % at rho 0.3 is 246 of 1,000 cases on average; a bet on all stakes pays 14 %."""
    broke, fixed = discordance(0.94, 0.89, 0.3)
    share, changed = broke / (broke + fixed), broke + fixed
    growth = changed * (share * math.log(2 * share) + (1 - share) * math.log(2 * (1 - share)))
    bound = (0.98 * math.log(0.98 / 0.05) + 0.02 * math.log(0.02 / 0.95)) / growth
    reached = [
        evidence(run) >= -math.log(ALPHA) for run in outcomes(np.random.default_rng(16), broke, fixed, (400, 1000))
    ]
    used = np.mean([hit.argmax() + 1 if hit.any() else 1000 for hit in reached])
    assert bound == pytest.approx(246, abs=0.5)
    assert bound < used < 1.25 * bound


@settings(deadline=None)
@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=30), st.randoms())
def test_the_evidence_at_the_end_does_not_depend_on_the_order(changes: list[float], random) -> None:
    shuffled = random.sample(changes, len(changes))
    assert evidence(changes)[-1] == pytest.approx(evidence(shuffled)[-1])


@pytest.mark.parametrize("rho", [0.3, 0.5, 0.7])
def test_without_a_change_hardly_any_run_alarms_though_every_case_is_looked_at(rho: float) -> None:
    rng = np.random.default_rng(11)
    broke, fixed = discordance(0.94, 0.94, rho)
    runs = outcomes(rng, broke, fixed, (400, 1000))
    alarms = sum(bool((evidence(run) >= -math.log(ALPHA)).any()) for run in runs)
    assert alarms <= 0.05 * 400


def test_a_drop_from_94_to_89_is_seen_after_a_quarter_of_a_thousand_cases() -> None:
    rng = np.random.default_rng(12)
    broke, fixed = discordance(0.94, 0.89, 0.5)
    looks = [look(run, margin=0.02) for run in outcomes(rng, broke, fixed, (150, 1000))]
    assert np.mean([one.decision == "regressed" for one in looks]) > 0.97
    assert np.mean([one.decided_at or 1000 for one in looks]) < 250


def test_a_drop_of_the_margin_is_called_noninferior_in_one_of_twenty_at_most() -> None:
    rng = np.random.default_rng(13)
    looks = [look(run, margin=0.05) for run in outcomes(rng, 0.07, 0.02, (300, 600))]
    assert np.mean([one.decision == "noninferior" for one in looks]) <= 0.05


def test_scores_in_between_are_judged_by_the_same_bets() -> None:
    rng = np.random.default_rng(14)
    drops = np.clip(rng.normal(-0.1, 0.2, 400), -1, 1)
    assert look(drops, margin=0.02).decision == "regressed"
    assert look(-drops, margin=0.02).decision in {"improved", "noninferior"}
    assert look(np.zeros(400), margin=0.02).decision == "noninferior"


def test_a_look_says_when_it_was_decided_and_how_strong_the_evidence_is() -> None:
    found = look([-1.0] * 12, margin=0.02)
    assert (found.decision, found.n) == ("regressed", 12)
    assert found.decided_at is not None
    assert found.decided_at < 12
    assert found.p_value == pytest.approx(1 / found.e_worse)
    assert look([-1.0] * found.decided_at, margin=0.02).decision == "regressed"
    assert look([-1.0] * (found.decided_at - 1), margin=0.02).decision is None


def test_before_the_first_case_nothing_is_known() -> None:
    assert look([], margin=0.02).decision is None
    assert look([], margin=0.02).p_value == 1


def test_changes_beyond_one_are_refused() -> None:
    with pytest.raises(StatisticsError, match="outside"):
        evidence([0.0, -1.5])


def test_a_change_at_the_end_of_its_range_is_taken_and_no_bet_loses_all() -> None:
    path = evidence([1.0, 1.0, -1.0])
    assert np.isfinite(path).all()
    assert path[0] == pytest.approx(math.log(np.mean(1 - STAKES)))
    assert path[1] < path[0] < 0
    assert path[2] > path[1]


def test_a_decision_stays_with_the_case_that_made_it_whatever_comes_later() -> None:
    early = look([-1.0] * 12, margin=0.02)
    late = look([-1.0] * 12 + [1.0] * 40, margin=0.02)
    assert (late.decision, late.decided_at) == (early.decision, early.decided_at)
    assert late.e_worse >= early.e_worse
    assert late.n == 52


def test_improved_says_more_than_noninferior_where_one_case_shows_both() -> None:
    found = look([1.0] * 12, margin=0.001)
    assert found.decision == "improved"
    assert found.e_noninferior >= found.e_better >= 20


def test_evidence_without_end_is_a_number_and_no_overflow() -> None:
    found = look([-1.0] * 5000, margin=0.02)
    assert found.e_worse == math.exp(700)
    assert 0 < found.p_value < 1e-300
    assert found.e_better <= 1


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.001])
def test_a_smaller_level_waits_for_more_cases(alpha: float) -> None:
    found = look([-1.0] * 40, margin=0.02, alpha=alpha)
    assert found.decided_at is not None
    wealth = np.exp(evidence([-1.0] * found.decided_at))
    assert wealth[-1] >= 1 / alpha > wealth[-2]
