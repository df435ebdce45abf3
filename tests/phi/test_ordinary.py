from __future__ import annotations

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
