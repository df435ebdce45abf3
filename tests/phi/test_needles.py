from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.identifiers import CATEGORIES, Identifier
from evalkit.phi.needles import LONG_NAME, SPACES, SURE_DIGITS, Probe, date_of, probes_for


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


def _probes(category, value, form):
    return [probe for probe in probes_for(Identifier("n", category, value)) if probe.form == form]


@settings(deadline=None)
@given(st.sampled_from(CATEGORIES), st.text(max_size=30))
def test_every_pattern_of_a_probe_compiles_and_every_space_is_known(category, value):
    for probe in probes_for(Identifier("n", category, value)):
        re.compile(probe.confirm)
        assert probe.space in SPACES
        assert probe.confirm_in is None or probe.confirm_in in SPACES


@settings(deadline=None)
@given(st.sampled_from(CATEGORIES), st.text(max_size=20))
def test_probes_are_the_same_each_time_and_come_once(category, value):
    known = Identifier("n", category, value)
    assert probes_for(known) == probes_for(known)
    assert len(set(probes_for(known))) == len(probes_for(known))


@pytest.mark.parametrize(("digits", "anywhere"), [("482719", False), ("4827193", True)])
def test_a_number_counts_anywhere_from_seven_digits_on(digits, anywhere):
    assert SURE_DIGITS == 7
    assert (digits in _literals("mrn", digits, "digits")) is anywhere
    assert (f"|{digits}|" in _literals("mrn", digits, "digits")) is not anywhere


@pytest.mark.parametrize(("name", "inside"), [("Kowalcz", False), ("Kowalczy", True)])
def test_a_name_counts_inside_a_longer_word_from_eight_letters_on(name, inside):
    assert LONG_NAME == 8
    assert ("inside" in _forms("name", name)) is inside
    assert ("closed_up" in _forms("name", name)) is inside


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1970-04-27", 10022400),
        ("2001-09-09", 999993600),
        ("1947-03-09", 720057600),
        ("2024-02-29", 1709164800),
    ],
)
def test_a_day_is_sought_as_seconds_since_1970(value, seconds):
    literals = _literals("date", value, "digits")
    assert {f"|{seconds}|", f"|{seconds}000|", f"|{str(seconds)[::-1]}|"} <= literals


def test_few_seconds_need_a_word_and_none_are_not_sought():
    (probe,) = _probes("date", "1970-01-02", "epoch")
    assert probe.literal == "86400"
    assert re.search(probe.confirm, "ts=86400000")
    assert not re.search(probe.confirm, "units=86400")
    assert not re.search(probe.confirm, "ts=864001")
    assert _probes("date", "1970-01-01", "epoch") == []


@pytest.mark.parametrize(("value", "serial"), [("1900-01-01", "2"), ("1970-01-01", "25569"), ("2008-01-01", "39448")])
def test_a_day_is_sought_as_a_spreadsheet_counts_it(value, serial):
    """Day 25569 is 1970-01-01 and 39448 is 2008-01-01 in the system that begins with 1900."""
    (probe,) = _probes("date", value, "serial")
    assert probe.literal == serial
    assert re.search(probe.confirm, f"dob: {serial},")
    assert not re.search(probe.confirm, f"units: {serial},")


def test_no_day_before_spreadsheets_has_a_serial():
    assert _probes("date", "1899-12-30", "serial") == []
    assert _probes("date", "1850-06-01", "serial") == []


@pytest.mark.parametrize(("value", "number"), [("203.0.113.57", "3405803833"), ("192.0.2.1", "3221225985")])
def test_an_address_of_four_parts_is_sought_as_one_number(value, number):
    assert f"|{number}|" in _literals("ip", value, "digits")


@pytest.mark.parametrize("value", ["203.0.113", "203.0.113.256", "203.0.113.x", "2001:db8::1"])
def test_what_is_no_address_of_four_parts_is_no_number(value):
    assert _probes("ip", value, "number") == []


@pytest.mark.parametrize("value", ["+1 (212) 555-0142", "1-212-555-0142", "212.555.0142 ext 9", "2125550142x12"])
def test_ten_digits_of_a_phone_are_sought_and_the_last_seven_alone(value):
    assert {"2125550142", "2410555212", "|5550142|"} <= _literals("phone", value, "digits")
    assert _literals("phone", value, "spoken") == {"2125550142"}


def test_a_number_that_lost_its_zeros_is_sought_too():
    assert {"00048271936", "|48271936|"} <= _literals("mrn", "00048271936", "digits")
    assert "|4827|" not in _literals("mrn", "0004827", "digits")


def test_the_company_of_a_weak_name_is_a_title_or_a_label_and_a_capital():
    patterns = [probe.confirm for probe in probes_for(Identifier("n", "name", "Teo"))]
    for text, seen in (
        ("Mr. Teo", True),
        ("Spouse: Teo", True),
        ("named TEO", True),
        ("Mr. Teofilo", False),
        ("Mr. teo", False),
        ("Teo", False),
    ):
        assert any(pattern and re.search(pattern, text) for pattern in patterns[:3]) is seen, text


def test_an_ordinary_name_needs_a_title_and_no_label_is_enough():
    assert _forms("name", "May") >= {"titled"}
    assert "labelled" not in _forms("name", "May")
    assert "labelled" in _forms("name", "Teo")


def test_initials_are_sought_of_two_words_or_more():
    assert _probes("name", "Villanueva", "initials") == []
    (probe,) = _probes("name", "Makayla Ocasio Villanueva", "initials")
    for text, seen in (("initials m.v.", True), ("initials: mo", True), ("initials are m.q.v", True),
                       ("initials mx", False), ("initials mvp", False)):  # fmt: skip
        assert bool(re.search(probe.confirm, text)) is seen, text


def test_a_handle_counts_from_eight_letters_or_six_with_a_digit():
    for handle, sought in (("abcdefg", False), ("abcdefgh", True), ("abcd1", False), ("abcde1", True)):
        assert ("handle" in _forms("email", f"{handle}@example.org")) is sought, handle
        assert ("handle" in _forms("url", f"https://example.org/u/{handle}/")) is sought, handle


def test_the_value_is_in_no_repr_of_any_probe():
    for category, value in (("name", "Makayla Villanueva"), ("ssn", "900-11-4321"), ("email", "m.v77@example.org")):
        shown = repr(probes_for(Identifier("n", category, value))).casefold()
        assert not any(part in shown for part in ("makayla", "villanueva", "4321", "v77"))
