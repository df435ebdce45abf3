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


def lists(**changes):
    """Lists as Faker has them, a few words long."""
    few = {
        "first_female": [["Makayla", 0.5], ["Rose", 0.3], ["Al", 0.1], ["Zoë", 0.1], ["Harper", 0.2]],
        "first_male": [["Quillan", 1.0]],
        "last": [["Villanueva", 0.2], ["Ostrander", 0.6], ["Harper", 0.1], ["Wilkinson", 0.9]],
        "street_suffixes": ["Way", "Street", "Street", "Road"],
        "city_suffixes": ["ton", "ton", "bury"],
        "zips": [["PR", 600, 799], ["VT", 5001, 5495], ["AK", 99501, 99950]],
        "words": ["ostrander"],
    }
    return module._screened({**few, **changes}, "d" * 64)


def test_the_screen_drops_short_names_words_diacritics_and_names_of_both_lists():
    words = lists()
    assert words.first_female.words == ("Makayla",)
    assert words.last.words == ("Villanueva",)
    assert words.every_first_female.words == ("Makayla", "Rose", "Al", "Zoë", "Harper")
    assert words.every_first("M").words == words.first("M").words == ("Quillan",)
    assert lists(words=[]).last.words == ("Villanueva", "Ostrander")


def test_territories_short_suffixes_and_repetitions_are_left_out():
    words = lists()
    assert words.states == ("AK", "VT")
    assert words.zip_ranges["VT"] == (5001, 5495)
    assert words.street_suffixes == ("Street", "Road")
    assert words.city_suffixes == ("ton", "bury")


def test_the_most_frequent_words_come_first_and_equals_in_their_order():
    words = lists().every_last
    assert words.top(2) == ("Wilkinson", "Ostrander")
    assert words.top(9) == ("Wilkinson", "Ostrander", "Villanueva", "Harper")
    even = lists(last=[["Villanueva", 1.0], ["Ostrander", 1.0]], words=[]).last
    assert even.top(1) == ("Villanueva",)
    assert (even.pick(0), even.pick(2**63), even.pick(2**64 - 1)) == ("Villanueva", "Ostrander", "Ostrander")
