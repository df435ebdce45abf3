from __future__ import annotations

import string

import pytest

from evalkit.phi.ordinary import CANARY_LETTERS, ORDINARY, canary_grade


def test_every_ordinary_word_is_a_folded_token():
    assert all(word.isascii() and word.isalpha() and word.islower() for word in ORDINARY)


@pytest.mark.parametrize("token", ["may", "Ngo", "Graves", "PARKINSON", "april", "Jordan", "Foley", "o1iver", "smith2"])
def test_a_short_ordinary_or_mixed_token_is_no_proof(token):
    assert not canary_grade(token)


@pytest.mark.parametrize("token", ["Villanueva", "MAKAYLA", "kowalczyk"])
def test_a_rare_name_is_proof(token):
    assert len(token) >= CANARY_LETTERS
    assert canary_grade(token)


def test_five_letters_are_enough_and_four_are_not():
    assert CANARY_LETTERS == 5
    assert not canary_grade("zqvx")
    assert canary_grade("zqvxk")


def test_the_case_of_a_token_changes_nothing():
    for token in ("vanterpool", "parkinson", "graves", "zqvxk"):
        assert canary_grade(token) is canary_grade(token.upper()) is canary_grade(token.capitalize())


@pytest.mark.parametrize("mark", [*string.digits, *"-' ._\n"])
def test_a_token_with_anything_but_letters_is_no_proof(mark):
    assert not canary_grade(f"villa{mark}nueva")
    assert not canary_grade(f"villanueva{mark}")


def test_letters_of_any_script_count_as_letters():
    assert canary_grade("юрьевна")
    assert not canary_grade("")


@pytest.mark.parametrize("eponym", "alzheimer babinski crohn cushing hashimoto kaposi murphy romberg wernicke".split())
def test_who_gave_a_disease_a_name_is_no_proof(eponym):
    assert eponym in ORDINARY
    assert not canary_grade(eponym)
