from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from evalkit.cases import vocabulary as module
from evalkit.cases.vocabulary import FAKER_VERSION, VOCABULARY_DIGEST, vocabulary
from evalkit.digests import digest
from evalkit.errors import CaseError
from evalkit.phi.ordinary import canary_grade


def test_the_pinned_faker_is_installed_and_its_lists_are_the_pinned_ones():
    assert importlib.metadata.version("faker") == FAKER_VERSION
    assert vocabulary().digest == VOCABULARY_DIGEST == digest(module._faker_lists())


def test_other_lists_are_refused_with_what_to_install():
    lists = module._faker_lists()
    lists["last"][0][1] += 1e-9
    with pytest.raises(CaseError, match="faker==" + FAKER_VERSION):
        module._checked(lists)


def test_every_name_is_proof_when_seen_alone():
    words = vocabulary()
    for group in (words.first_female, words.first_male, words.last):
        assert all(canary_grade(name) and name.isascii() for name in group.words)
        assert len(set(group.words)) == len(group)


def test_no_name_is_a_word_of_fakers_own_texts():
    prose = set(module._faker_lists()["words"])
    words = vocabulary()
    names = {name.casefold() for name in (*words.first_female.words, *words.first_male.words, *words.last.words)}
    assert not names & prose


def test_no_first_name_is_a_last_name():
    words = vocabulary()
    assert not (set(words.first_female.words) | set(words.first_male.words)) & set(words.last.words)


def test_enough_names_are_left_after_the_screen():
    words = vocabulary()
    assert len(words.first("F")) >= 200
    assert len(words.first("M")) >= 100
    assert len(words.last) >= 200


def test_names_follow_fakers_weights():
    """The most frequent last name of the list comes more often than the rarest."""
    words = vocabulary()
    shares = [high - low for low, high in zip((0.0, *words.last.totals), words.last.totals, strict=False)]
    common = words.last.words[shares.index(max(shares))]
    rare = words.last.words[shares.index(min(shares))]
    picked = [words.last.pick(index * (2**64 // 5000)) for index in range(5000)]
    assert picked.count(common) > 5 * picked.count(rare)


def test_places_are_states_with_their_zip_ranges():
    words = vocabulary()
    assert len(words.states) == 51
    assert all(500 < low < high < 100_000 for low, high in words.zip_ranges.values())
    assert len(set(words.street_suffixes)) == len(words.street_suffixes)


def test_a_vocabulary_is_read_once_and_shows_counts_only():
    assert vocabulary() is vocabulary()
    assert repr(vocabulary()).startswith("Vocabulary(")
    assert "Villanueva" not in repr(vocabulary()) + repr(vocabulary().last)


def test_importing_the_room_does_not_load_faker():
    script = (
        "import sys, evalkit.cases.patients, evalkit.cases.goldset; "
        "print([m for m in ('faker', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
