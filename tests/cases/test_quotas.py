from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cases.quotas import Deck
from evalkit.errors import CaseError

GOLDEN = ["rare", "plain", "plain", "plain"]
DEALT = [0, 4, 6, 12, 16, 18, 22, 26, 27, 28, 35, 37]
DECK = Deck("tests.edges", {"plain": 14, "boundary": 3, "injection": 2, "never": 0, "rare": 1})


@given(st.integers(0, 2**32), st.integers(0, 10**6))
def test_every_whole_block_holds_exactly_its_quota(seed, block):
    dealt = Counter(DECK.deal(seed, block * len(DECK) + place) for place in range(len(DECK)))
    assert dealt == {"plain": 14, "boundary": 3, "injection": 2, "rare": 1}


@given(st.integers(0, 500), st.integers(1, 700))
def test_any_run_of_cases_is_off_by_less_than_a_block(start, count):
    dealt = Counter(DECK.deal(7, index) for index in range(start, start + count))
    for kind in DECK.shares:
        assert abs(dealt[kind] - DECK.share(kind) * count) <= 2 * DECK.shares[kind]


def test_a_card_is_the_same_alone_and_whatever_was_dealt_before():
    in_a_row = [DECK.deal(7, index) for index in range(300)]
    assert [DECK.deal(7, index) for index in (299, 0, 150)] == [in_a_row[299], in_a_row[0], in_a_row[150]]
    assert DECK.deal(7, 10**12) == DECK.deal(7, 10**12)


def test_blocks_and_seeds_are_shuffled_differently():
    blocks = {tuple(DECK.deal(7, block * 20 + place) for place in range(20)) for block in range(8)}
    seeds = {tuple(DECK.deal(seed, place) for place in range(20)) for seed in range(8)}
    assert len(blocks) == len(seeds) == 8


def test_two_decks_meet_in_pairs_by_the_product_of_their_shares():
    other = Deck("tests.protection", {"none": 16, "minor": 4})
    pairs = Counter((DECK.deal(7, index), other.deal(7, index)) for index in range(20_000))
    assert abs(pairs["boundary", "minor"] - 20_000 * 0.15 * 0.2) < 60


def test_dealing_stays_what_it_was():
    """Another order here makes other cases of every family: a change that needs a new generator version."""
    assert [DECK.deal(7, index) for index in (0, 1, 4095, 10**6)] == GOLDEN
    assert [index for index in range(40) if DECK.deal(7, index) != "plain"] == DEALT


@pytest.mark.parametrize("shares", [{}, {"a": 0}, {"a": 1, "b": -1}])
def test_a_deck_without_cards_is_refused(shares):
    with pytest.raises(CaseError, match="a deck needs cards"):
        Deck("tests.none", shares)


def test_an_unknown_kind_has_no_share():
    assert (DECK.share("boundary"), DECK.share("other"), len(DECK)) == (0.15, 0.0, 20)
