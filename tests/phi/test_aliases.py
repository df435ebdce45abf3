from __future__ import annotations

import random

import pytest

from evalkit.errors import IdentifierError
from evalkit.phi.aliases import Aliases
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
