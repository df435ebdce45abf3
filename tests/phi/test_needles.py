from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.identifiers import CATEGORIES, Identifier
from evalkit.phi.needles import Probe, date_of, probes_for


def _forms(category, value):
    return {probe.form for probe in probes_for(Identifier("n", category, value))}


def _literals(category, value, space):
    return {probe.literal for probe in probes_for(Identifier("n", category, value)) if probe.space == space}


@settings(deadline=None)
@given(st.sampled_from(CATEGORIES), st.text(max_size=30))
def test_any_value_makes_probes_without_an_empty_literal(category, value):
    assert all(probe.literal.strip() for probe in probes_for(Identifier("n", category, value)))


def test_a_probe_never_shows_its_literal():
    assert repr(Probe("folded", "vanterpool", "token")) == "Probe(folded, token)"


def test_an_empty_value_has_no_probes():
    assert probes_for(Identifier("n", "name", "  \u200b")) == ()


def test_a_rare_token_of_a_name_is_a_probe_of_its_own_and_an_ordinary_one_is_not():
    literals = _literals("name", "May Vanterpool", "words")
    assert " vanterpool " in literals
    assert " may " not in literals


def test_a_title_and_a_suffix_are_no_part_of_a_name():
    assert " villanueva delacroix " in _literals("name", "Dr. Villanueva Delacroix III", "words")


def test_umlauts_are_also_sought_written_out():
    assert {" mullenhoff ", " muellenhoff "} <= _literals("name", "Müllenhoff", "words")


def test_a_name_in_another_script_is_sought_anywhere():
    assert _literals("name", "王小明", "compact") == {"王小明"}


def test_a_short_number_only_counts_with_a_word_before_it():
    assert _forms("mrn", "4711") == {"labelled"}
    assert _forms("account", "12") == {"labelled"}


def test_a_phone_number_is_sought_without_country_code_and_extension():
    assert "2125550142" in _literals("phone", "+1 (212) 555-0142 x7", "digits")


def test_an_ssn_is_sought_by_its_last_four_digits_too():
    assert "last_four" in _forms("ssn", "900-11-4321")


def test_a_zip_of_nine_digits_counts_anywhere_and_one_of_five_does_not():
    assert "021690001" in _literals("geo", "02169-0001", "digits")
    assert _literals("geo", "02169", "digits") == set()


@pytest.mark.parametrize(("value", "day"), [("1947-03-09", date(1947, 3, 9)), ("93", None), ("1931", None)])
def test_only_a_whole_date_is_compared_as_one(value, day):
    assert date_of(Identifier("n", "date", value)) == day


def test_other_categories_have_no_date():
    assert date_of(Identifier("n", "mrn", "1947-03-09")) is None


def test_an_age_and_a_year_of_birth_need_their_words():
    assert _forms("date", "93") == {"age"}
    assert _forms("date", "1931") == {"year_of_birth"}
