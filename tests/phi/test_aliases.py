from __future__ import annotations

import random

import pytest

from evalkit.errors import IdentifierError
from evalkit.phi.aliases import Aliases
from evalkit.phi.ordinary import canary_grade
from evalkit.phi.surrogates import has_never_real_range, never_real

VALUES = {
    "ssn": "536-42-7719", "phone": "617-555-0142", "fax": "617-555-0143", "email": "a@b.org", "mrn": "48271936",
    "account": "12345678", "license": "1234567893", "vehicle": "1HGCM82633A004352", "device": "A1-B2", "url": "https://b.org/x",
    "ip": "10.1.2.3", "plan": "1EG4TE5MK73",
}  # fmt: skip


def _aliases():
    draws = random.Random(3)
    return Aliases(lambda: draws.getrandbits(64))


@pytest.mark.parametrize("category", VALUES)
def test_an_alias_lies_in_a_range_that_belongs_to_nobody(category):
    alias = _aliases().of("p", category, VALUES[category], unlike=lambda _: True)
    assert has_never_real_range(category)
    assert never_real(category, alias)


def test_the_kind_of_a_number_is_kept():
    aliases = _aliases()
    assert len(aliases.of("p", "plan", "1EG4-TE5-MK73", unlike=lambda _: True)) == 11
    assert aliases.of("p", "plan", "XGH884213097", unlike=lambda _: True).startswith("ZZT")
    assert ":" in aliases.of("p", "ip", "fe80::1", unlike=lambda _: True)
    assert aliases.of("p", "license", "A1234567", unlike=lambda _: True).startswith("S999")
    assert aliases.of("p", "vehicle", "7ABC123", unlike=lambda _: True).startswith("[VEHICLE ")
    assert aliases.of("p", "biometric", "a voice print", unlike=lambda _: True).startswith("[BIOMETRIC ")


def test_the_same_value_in_another_spelling_has_the_same_alias():
    aliases = _aliases()
    one, two = (aliases.of("p", "ssn", value, unlike=lambda _: True) for value in ("536-42-7719", "536427719"))
    assert one == two
    assert repr(aliases) == "Aliases(1)"


def test_different_values_have_different_aliases_while_the_range_lasts():
    aliases = _aliases()
    made = [aliases.of("p", "device", f"serial {number}", unlike=lambda _: True) for number in range(300)]
    assert len(set(made[:200])) == 200
    assert len(made) == 300


def test_an_alias_that_shows_a_known_value_is_drawn_anew_and_an_impossible_wish_is_an_error():
    aliases = _aliases()
    assert "5" not in aliases.of("p", "phone", "x", unlike=lambda alias: "0155" not in alias).rpartition("0155")[1]
    with pytest.raises(IdentifierError, match="no alias of category 'ssn'"):
        aliases.of("p", "ssn", "536-42-7719", unlike=lambda _: False)


def test_the_default_is_the_randomness_of_the_system():
    one, two = (Aliases().of("p", "ssn", "536-42-7719", unlike=lambda _: True) for _ in range(2))
    assert one != two


def _any(_):
    return True


@pytest.mark.parametrize(
    ("value", "words"),
    [("Makayla Villanueva", 2), ("Villanueva", 1), ("Makayla Q. Villanueva", 2), (" Ana\tLopez ", 2)],
)
def test_the_alias_of_a_name_has_as_many_words_up_to_two(value, words):
    alias = _aliases().of("p", "name", value, unlike=_any)
    assert len(alias.split(" ")) == words
    assert all(word.isalpha() and word.isascii() and word == word.capitalize() for word in alias.split())


def test_an_invented_name_is_rare_enough_to_prove_a_leak():
    aliases = _aliases()
    made = [aliases.of("p", "name", f"person {number}", unlike=_any) for number in range(300)]
    assert len(set(made)) == 300
    assert all(canary_grade(word) for alias in made for word in alias.split())


def test_the_same_draws_give_the_same_aliases_and_a_value_changes_nothing():
    one, two = _aliases(), _aliases()
    assert [one.of("p", "ssn", value, unlike=_any) for value in ("536-42-7719", "123-45-6789")] == [
        two.of("p", "ssn", value, unlike=_any) for value in ("001-01-0001", "899-99-9999")
    ]


def test_person_category_and_value_each_make_another_alias():
    aliases = _aliases()
    made = {
        aliases.of(person, category, value, unlike=_any)
        for person in ("p", "q")
        for category in ("mrn", "account")
        for value in ("48271936", "48271937")
    }
    assert len(made) == 8
    assert repr(aliases) == "Aliases(8)"


@pytest.mark.parametrize("spelled", ["536 42 7719", "５３６-42-7719", "536\u200b-42-7719", "536.42.7719"])
def test_a_spelling_that_folds_alike_is_the_same_value(spelled):
    aliases = _aliases()
    assert aliases.of("p", "ssn", "536-42-7719", unlike=_any) == aliases.of("p", "ssn", spelled, unlike=_any)


def test_a_known_alias_is_not_judged_again():
    aliases = _aliases()
    first = aliases.of("p", "mrn", "48271936", unlike=_any)
    assert aliases.of("p", "mrn", "48271936", unlike=lambda _: False) == first


def test_a_used_up_range_gives_an_alias_twice_rather_than_none():
    aliases = Aliases(lambda: 7)
    made = [aliases.of("p", "device", f"serial {number}", unlike=_any) for number in range(3)]
    assert made == ["00-00-5E-00-53-07"] * 3


def test_an_alias_that_never_comes_says_what_to_do_and_no_value():
    with pytest.raises(IdentifierError) as caught:
        _aliases().of("person 9", "mrn", "48271936", unlike=lambda _: False)
    assert str(caught.value) == (
        "no alias of category 'mrn' is unlike the known values -> "
        "take the identifier out of the record before it is de-identified"
    )


@pytest.mark.parametrize("category", ["geo", "date", "biometric", "photo", "other"])
def test_a_category_without_a_range_gets_a_tag_with_a_number(category):
    alias = _aliases().of("p", category, "something", unlike=_any)
    head, number = alias.strip("[]").split(" ")
    assert head == category.upper()
    assert number.isdigit()
    assert len(number) <= 6


@pytest.mark.parametrize(
    ("category", "value", "kept"),
    [
        ("vehicle", "1HGCM82633A004352", lambda alias: len(alias) == 17),
        ("vehicle", "1HGCM-82633-A004352", lambda alias: len(alias) == 17),
        ("license", "1234567893", lambda alias: alias.isdigit() and alias[0] == "9"),
        ("license", "1234567890", lambda alias: alias.startswith("S999")),
        ("ip", "203.0.113.57", lambda alias: alias.count(".") == 3),
        ("ip", "::1", lambda alias: alias.startswith("2001:db8::")),
        ("plan", "1EG4 TE5 MK73", lambda alias: alias[0] == "0"),
        ("plan", "1EG4TE5MK7", lambda alias: alias.startswith("ZZT")),
    ],
)
def test_what_stands_in_is_of_the_kind_of_the_value(category, value, kept):
    assert kept(_aliases().of("p", category, value, unlike=_any))


def test_a_drawn_name_or_number_of_the_book_is_in_no_repr():
    aliases = _aliases()
    alias = aliases.of("p", "name", "Makayla Villanueva", unlike=_any)
    assert alias not in f"{aliases!r} {aliases!s}"
    assert "Villanueva" not in f"{aliases!r} {aliases!s}"
