from __future__ import annotations

from evalkit.cases.homes import RESTRICTED_SHARE, RESTRICTED_ZIP3, make_home
from evalkit.cases.people import POPULATION, RESIDENTS_BY_STATE, STRESS
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


def home_of(people, **draws):
    """A home from draws of which all but the named ones are the lowest."""
    return make_home([draws.get(f"d{place}", 0) for place in range(10)], people)


def share(part):
    """The draw at this part of all."""
    return int(part * 2**64)


def test_a_house_has_a_number_of_three_or_four_digits_on_a_street_with_a_suffix():
    words = vocabulary()
    for number, draw in ((100, 0), (9899, 2**64 - 1)):
        home = home_of(STRESS, d0=draw, d5=share(0.5))
        assert home.street == f"{number} {words.last.pick(0)} {words.street_suffixes[0]}"
        assert home.city == words.last.pick(0) + words.city_suffixes[0]


def test_three_in_a_hundred_live_in_a_restricted_area_and_the_next_one_does_not():
    inside, outside = home_of(STRESS, d5=share(0.0299)), home_of(STRESS, d5=share(0.0301))
    assert (inside.zip_code, inside.state) == ("03601", "NH")
    assert outside.state == vocabulary().states[0]
    assert inside.weight < 0.05 < outside.weight


def test_a_zip_code_of_five_digits_keeps_its_zeros_to_the_ends_of_its_range():
    states = vocabulary().states
    place = states.index("MA")
    low, high = vocabulary().zip_ranges["MA"]
    for zip_code, draw in ((low, 0), (high, 2**64 - 1)):
        home = home_of(STRESS, d5=share(0.5), d6=share((place + 0.5) / len(states)), d7=draw)
        assert (home.state, home.zip_code) == ("MA", f"{zip_code:05d}")
        assert len(home.zip_code) == 5


def test_in_the_population_a_restricted_area_is_drawn_again_twice():
    low, high = vocabulary().zip_ranges["VT"]
    restricted = share((5901 - low + 0.5) / (high - low + 1))
    before = list(RESIDENTS_BY_STATE).index("VT")
    first = sum(list(RESIDENTS_BY_STATE.values())[:before])
    vermont = share((first + 1000) / sum(RESIDENTS_BY_STATE.values()))
    codes = [
        home_of(POPULATION, d6=vermont, **draws).zip_code
        for draws in ({"d7": 0}, {"d7": restricted}, {"d7": restricted, "d8": restricted, "d9": 2**64 - 1})
    ]
    assert codes == [f"{low:05d}", f"{low:05d}", f"{high:05d}"]
    stuck = home_of(POPULATION, d6=vermont, d7=restricted, d8=restricted, d9=restricted)
    assert (stuck.zip_code, stuck.state) == ("05901", "VT")


def test_a_home_shows_nothing_of_itself():
    home = home_of(STRESS)
    assert home.street not in repr(home)
    assert home.zip_code not in repr(home)
