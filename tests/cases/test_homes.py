from __future__ import annotations

from evalkit.cases.homes import RESTRICTED_SHARE, RESTRICTED_ZIP3, make_home
from evalkit.cases.people import POPULATION, STRESS
from evalkit.cases.randomness import Stream
from evalkit.cases.vocabulary import vocabulary

STREAM = Stream(5, "tests.homes")


def homes(people, count=3000):
    return [make_home(STREAM.draws(index, 10), people) for index in range(count)]


def test_a_zip_code_is_one_of_its_state():
    ranges = vocabulary().zip_ranges
    for home in (*homes(STRESS), *homes(POPULATION)):
        low, high = ranges[home.state]
        assert low <= int(home.zip_code) <= high or RESTRICTED_ZIP3[home.zip_code[:3]] == home.state


def test_the_seventeen_restricted_areas_all_come():
    assert {home.zip_code[:3] for home in homes(STRESS, 4000)} >= set(RESTRICTED_ZIP3)
    assert len(RESTRICTED_ZIP3) == 17


def test_weights_say_how_much_rarer_a_home_is_than_here():
    restricted = next(home for home in homes(STRESS) if home.weight < 0.05)
    assert restricted.zip_code[:3] in RESTRICTED_ZIP3
    assert abs(restricted.weight - RESTRICTED_SHARE / 0.03) < 1e-12
    assert {home.weight for home in homes(POPULATION, 200)} == {1.0}


def test_under_stress_every_state_is_as_likely_as_another():
    states = [home.state for home in homes(STRESS, 5100)]
    assert len(set(states)) == 51
    assert max(map(states.count, set(states))) < 3 * min(map(states.count, set(states)))
