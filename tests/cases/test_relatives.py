from __future__ import annotations

from evalkit.cases.randomness import Stream
from evalkit.cases.relatives import make_relative
from evalkit.cases.vocabulary import vocabulary
from evalkit.phi import surrogates

STREAM = Stream(5, "tests.relatives")


def relatives(age, count=400):
    return [make_relative(STREAM.draws(index, 6), last="Villanueva", age=age) for index in range(count)]


def test_a_child_has_a_parent_and_an_adult_has_somebody_half_of_the_time():
    assert {one.relationship for one in relatives(7)} == {"mother", "father"}
    adults = relatives(40)
    assert 0.4 < sum(one is not None for one in adults) / len(adults) < 0.6
    assert {one.relationship for one in adults if one} == {"spouse", "daughter", "son", "sister", "brother"}


def test_every_fourth_has_a_last_name_of_their_own():
    own = sum(one.last != "Villanueva" for one in relatives(7)) / 400
    assert 0.18 < own < 0.32


def test_their_numbers_ring_nowhere_and_their_names_are_not_shown():
    for one in relatives(7, 50):
        assert surrogates.never_real("phone", one.phone)
        assert one.name.startswith(one.first)
        assert one.first not in repr(one)


def test_an_adult_is_alone_below_half_of_the_draws_and_a_child_never():
    low, high = [0] * 6, [2**63] + [0] * 5
    assert make_relative(low, last="Villanueva", age=18) is None
    assert make_relative(high, last="Villanueva", age=18) is not None
    assert {make_relative(draws, last="V", age=17).relationship for draws in (low, high)} == {"mother"}


def test_a_relative_has_a_name_of_their_sex_and_the_patients_unless_drawn_otherwise():
    words = vocabulary()
    mother, father = (make_relative([0, draw, 5, 2**63, 0, 9], last="V", age=7) for draw in (0, 2**64 - 1))
    assert (mother.relationship, mother.first) == ("mother", words.first("F").pick(5))
    assert (father.relationship, father.first) == ("father", words.first("M").pick(5))
    assert mother.name == f"{mother.first} V"
    own = make_relative([0, 0, 5, 0, 2**62, 9], last="V", age=7)
    assert own.last == words.last.pick(2**62)
    assert own.phone == mother.phone == surrogates.phone(9)
