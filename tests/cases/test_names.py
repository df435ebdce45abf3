from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest

from evalkit.cases.names import KINDS, canary_name, realistic_name
from evalkit.cases.patients import Patient, make_patient
from evalkit.cases.people import People
from evalkit.cases.vocabulary import ALSO_WORDS, vocabulary
from evalkit.phi.forms import fold, words
from evalkit.phi.ordinary import canary_grade

REALISTIC = People(names="realistic")


@pytest.fixture(scope="module")
def people() -> list[Patient]:
    return [make_patient(7, index, people=REALISTIC) for index in range(3000)]


def of_kind(people, kind) -> list[Patient]:
    return [one for one in people if f"name:{kind}" in one.tags]


def test_every_kind_comes_by_quota_and_is_tagged(people):
    tags = Counter(tag for one in people for tag in one.tags if tag.startswith("name:"))
    for kind, cards in KINDS.shares.items():
        if kind != "plain":
            assert tags[f"name:{kind}"] == 30 * cards, kind


def test_namesakes_share_a_name_with_strangers(people):
    names = Counter(one.name for one in of_kind(people, "namesake"))
    assert len(names) <= 32
    assert sum(count > 1 for count in names.values()) > 25


def test_frequent_names_come_more_than_once_among_plain_ones():
    plain = [name for index in range(4000) if (name := realistic_name(3, index, "F")).kind == "plain"]
    assert max(Counter(f"{one.first} {one.last}" for one in plain).values()) >= 3


def test_one_word_names_are_one_word_everywhere(people):
    for one in of_kind(people, "one-word"):
        assert one.name == one.first == one.last
        assert " " not in one.name
        assert one.identifier("patient.name").value == one.name


def test_names_that_are_words_are_no_proof_alone(people):
    for one in of_kind(people, "word"):
        assert not all(canary_grade(part) for part in words(fold(one.name)).split())


def test_unicode_comes_composed_and_decomposed(people):
    assert all(one.name == unicodedata.normalize("NFC", one.name) for one in of_kind(people, "unicode"))
    decomposed = of_kind(people, "decomposed")
    assert all(one.name == unicodedata.normalize("NFD", one.name) for one in decomposed)
    assert any(one.name != unicodedata.normalize("NFC", one.name) for one in decomposed)


def test_hyphens_apostrophes_and_particles_stand_in_last_names(people):
    assert all("-" in one.last for one in of_kind(people, "hyphen"))
    assert {"'", "’"} <= {char for one in of_kind(people, "apostrophe") for char in one.last}
    assert all(" " in one.last for one in of_kind(people, "particle"))
    assert all(one.suffix for one in of_kind(people, "suffix"))


def test_everything_but_the_name_is_the_same_person_as_with_canary_names(people):
    for one in people[:200]:
        other = make_patient(7, one.index)
        assert (one.dob, one.sex, one.ssn, one.mrn, one.street) == (
            other.dob,
            other.sex,
            other.ssn,
            other.mrn,
            other.street,
        )


def test_mail_addresses_stay_ascii(people):
    assert all(one.email.isascii() and one.email.count("@") == 1 and " " not in one.email for one in people)


def test_names_of_the_canary_screen_are_none_of_the_words_that_lists_missed():
    kept = vocabulary()
    names = {name.casefold() for group in (kept.first_female, kept.first_male, kept.last) for name in group.words}
    assert not names & ALSO_WORDS
    assert {name.casefold() for name in kept.every_last.words} & ALSO_WORDS


def test_no_canary_name_is_a_word_of_icd_10_cm():
    """Against the descriptions of the whole code set, where a package that holds it is installed."""
    codes = pytest.importorskip(
        "simple_icd_10_cm", reason="simple-icd-10-cm is not installed: the screen was made with it"
    )
    described = {word for code in codes.get_all_codes() for word in words(fold(codes.get_description(code))).split()}
    kept = vocabulary()
    for group in (kept.first_female, kept.first_male, kept.last):
        assert not {name.casefold() for name in group.words} & described


def test_no_canary_name_is_written_small_in_clinical_texts(shared_data):
    """Names do stand in these texts; a word of the language would stand in them in small letters."""
    text = (shared_data / "mts_dialog" / "MTS-Dialog-TrainingSet.csv").read_text(encoding="utf-8")
    text += (shared_data / "medec" / "MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv").read_text(
        encoding="utf-8"
    )
    small = set(re.findall(r"\b[a-z]{5,}\b", text))
    kept = vocabulary()
    for group in (kept.first_female, kept.first_male, kept.last):
        assert not {name.casefold() for name in group.words} & small


def drawn(sex="F", **draws):
    """A canary name from draws of which all but the named ones are in the middle."""
    return canary_name([draws.get(f"d{place}", 2**63) for place in range(11)], sex)


def hundredth(number):
    return (2 * number + 1) * 2**64 // 200


@pytest.mark.parametrize(
    ("share", "kind"),
    [(0, "hyphen"), (5, "hyphen"), (6, "diacritic"), (11, "diacritic"), (12, "apostrophe"), (15, "apostrophe"),
     (16, "plain"), (99, "plain")],
)  # fmt: skip
def test_six_six_and_four_canary_names_in_a_hundred_are_odd(share, kind):
    assert drawn(d3=hundredth(share), d4=0).kind == kind


def test_a_hyphen_joins_two_different_names_and_never_one_twice():
    name = drawn(d3=0, d4=0)
    assert name.last == f"{vocabulary().last.pick(2**63)}-{vocabulary().last.pick(0)}"
    assert drawn(d3=0).kind == "plain"
    assert "-" not in drawn(d3=0).last


@pytest.mark.parametrize("share", [6, 12])
def test_an_odd_canary_name_is_proof_when_seen_alone(share):
    names = {drawn(d3=hundredth(share), d4=hundredth(place)).last for place in range(100)}
    assert len(names) >= 6
    assert all(canary_grade(name.replace("'", "")) for name in names)


def test_only_men_have_a_suffix_and_six_in_a_hundred_of_them():
    chances = [drawn("M", d9=hundredth(place), d10=0).suffix for place in range(100)]
    assert chances == ["Jr"] * 6 + [""] * 94
    assert drawn("M", d9=0, d10=2**64 - 1).suffix == "III"
    assert drawn("F", d9=0).suffix == ""


def test_a_canary_first_name_is_of_the_sex_that_was_drawn():
    lists = vocabulary()
    for sex, group in (("F", lists.first_female), ("M", lists.first_male)):
        assert {drawn(sex, d1=hundredth(place)).first for place in range(100)} <= set(group.words)


def test_a_realistic_name_is_the_same_alone_and_of_the_kind_that_was_dealt():
    row = [realistic_name(7, index, "F") for index in range(200)]
    assert [realistic_name(7, index, "F") for index in (199, 3)] == [row[199], row[3]]
    assert [one.kind for one in row] == [KINDS.deal(7, index) for index in range(200)]
    assert {bool(one.suffix) for one in row if one.kind == "suffix"} == {True}
    assert not any(one.suffix for one in row if one.kind != "suffix")
    assert all(one.first == one.last for one in row if one.kind == "one-word")
