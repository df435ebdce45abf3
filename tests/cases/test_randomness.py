from __future__ import annotations

from hashlib import sha256
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.randomness import Stream, chance, pick, running_totals, stream, unit, weighted, whole
from evalkit.errors import CaseError

DRAWS = st.integers(0, 2**64 - 1)
FIRST_TWO = (11691566717446539087, 16539029742727086454)
STREAM = Stream(7, "identity")
GOLDEN = {0: "ea3acea9b3d29bca", 1: "3c2d6775a3c5cbc8", 4095: "837f3979292a3c6d", 10**6: "2917c4755926a22e"}


def _digest(draws):
    return sha256(pack(f"<{len(draws)}Q", *draws)).hexdigest()[:16]


@pytest.mark.parametrize("index", GOLDEN)
def test_draws_are_the_same_on_every_machine(index):
    """A changed digest here makes every synthetic case another one: that is a new generator version."""
    assert _digest(STREAM.draws(index, 20)) == GOLDEN[index]


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 40), st.integers(0, 40))
def test_a_longer_read_begins_with_the_shorter_one(index, short, long):
    short, long = sorted((short, long))
    assert STREAM.draws(index, long)[:short] == STREAM.draws(index, short)


@settings(deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 30))
def test_dice_give_the_draws_in_order(index, count):
    dice = STREAM.at(index)
    assert tuple(dice.draw() for _ in range(count)) == STREAM.draws(index, count)


def test_neighbours_seeds_and_names_do_not_share_draws():
    streams = [Stream(7, "identity"), Stream(8, "identity"), Stream(7, "contact"), Stream(70, "identity")]
    draws = [draw for stream in streams for index in range(50) for draw in stream.draws(index, 16)]
    assert len(set(draws)) == len(draws)


def test_equal_streams_are_equal():
    assert Stream(7, "identity") == STREAM
    assert repr(STREAM) == "Stream(seed=7, name='identity')"


@pytest.mark.parametrize("index", [-1, 2**64])
def test_an_index_outside_the_counter_is_refused(index):
    with pytest.raises(CaseError, match="case index"):
        STREAM.draws(index, 1)


@given(DRAWS, st.integers(-50, 50), st.integers(0, 100))
def test_a_whole_number_lies_in_its_range(draw, low, width):
    assert low <= whole(draw, low, low + width) <= low + width


def test_the_ends_of_the_range_are_reached():
    assert whole(0, 3, 9) == 3
    assert whole(2**64 - 1, 3, 9) == 9
    assert unit(2**64 - 1) < 1


def test_frequencies_are_those_asked_for():
    """40,000 draws: three standard errors are below 0.008."""
    draws = [draw for index in range(5000) for draw in STREAM.draws(index, 8)]
    share = sum(chance(draw, 0.3) for draw in draws) / len(draws)
    assert abs(share - 0.3) < 0.008
    totals = running_totals([1, 2, 7])
    picked = [weighted(draw, "abc", totals) for draw in draws]
    assert abs(picked.count("c") / len(draws) - 0.7) < 0.008
    assert abs(sum(pick(draw, "abcd") == "d" for draw in draws) / len(draws) - 0.25) < 0.008


def test_a_weight_of_zero_is_never_picked():
    totals = running_totals([0, 1, 0])
    assert {weighted(draw, "abc", totals) for draw in STREAM.draws(3, 500)} == {"b"}


@pytest.mark.parametrize("ask", [lambda: pick(0, ""), lambda: weighted(0, "ab", (1.0,)), lambda: weighted(0, "", ())])
def test_nothing_to_pick_from_is_an_error(ask):
    with pytest.raises(CaseError):
        ask()


def test_shuffling_keeps_every_item_and_reaches_every_order():
    orders = {tuple(STREAM.at(index).shuffled("abc")) for index in range(200)}
    assert len(orders) == 6
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)


def test_some_are_different_items():
    assert len(set(STREAM.at(5).some(range(20), 7))) == 7
    assert sorted(STREAM.at(5).some("ab", 9)) == ["a", "b"]


def test_dice_throw_as_the_functions_do():
    first, second, third = STREAM.draws(9, 3)
    dice = STREAM.at(9)
    assert (dice.whole(1, 6), dice.unit(), dice.pick("abc")) == (whole(first, 1, 6), unit(second), pick(third, "abc"))
    assert STREAM.at(9).chance(1.0)
    assert STREAM.at(9).weighted("ab", (0.0, 1.0)) == "b"


def test_draws_stay_what_they_were():
    """RFC 7693 BLAKE2b, keyed: other numbers here make every synthetic case another one."""
    assert Stream(7, "tests").draws(3, 2) == FIRST_TWO


def test_a_stream_is_made_once():
    assert stream(7, "tests") is stream(7, "tests")
    assert stream(7, "tests") == Stream(7, "tests")
    assert stream(7, "tests").draws(1, 1) != stream(8, "tests").draws(1, 1) != stream(8, "other").draws(1, 1)


def test_more_draws_than_a_block_go_on_where_the_shorter_read_ended():
    long = STREAM.draws(11, 30)
    dice = STREAM.at(11)
    assert [dice.draw() for _ in range(30)] == list(long)
    assert STREAM.draws(11, 5) == long[:5]
