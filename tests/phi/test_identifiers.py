from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi import surrogates
from evalkit.phi.identifiers import (
    CATEGORIES,
    OLDEST_AGE,
    VALIDATORS,
    Identifier,
    luhn_check_digit,
    valid_date,
    valid_date_of_birth,
    valid_mbi,
    valid_member_id,
    valid_mrn,
    valid_npi,
    valid_phone,
    valid_ssn,
    weighted_check_digit,
)

DRAWS = st.integers(0, 2**64 - 1)
GOOD = {
    "npi": "1234567893",
    "mbi": "1EG4TE5MK73",
    "mrn": surrogates.mrn(4711),
    "member_id": surrogates.member_id(4711),
    "date": "2024-02-29",
    "ssn": "900-11-0001",
    "phone": "212-555-0142",
}


def _full_width(text):
    return "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in text)


def test_the_categories_are_the_eighteen_of_the_rule():
    assert len(CATEGORIES) == len(set(CATEGORIES)) == 18


def test_an_identifier_never_shows_its_value():
    assert repr(Identifier("patient.ssn", "ssn", "900-11-0001")) == "Identifier(patient.ssn, ssn)"


def test_the_published_check_digit_examples_hold():
    """Luhn example of ISO/IEC 7812-1 and the NPI example of the CMS standard (123456789, check digit 3)."""
    assert luhn_check_digit("7992739871") == 3
    assert valid_npi("1234567893")
    assert not valid_npi("1234567890")


def test_our_check_digit_is_that_of_isbn_10():
    assert weighted_check_digit("030640615") == 2
    assert weighted_check_digit("080442957") == 10


def test_the_specimen_of_cms_is_a_well_formed_mbi():
    assert valid_mbi("1EG4TE5MK73")


@pytest.mark.parametrize("value", ["1S00E00AA00", "0EG4TE5MK73"])
def test_the_two_forms_of_an_mbi_that_are_never_issued_are_well_formed(value):
    assert valid_mbi(value)


@pytest.mark.parametrize(
    "value", ["1EG4-TE5-MK73", "1eg4te5mk73", "1SG4TE5MK7", "1LG4TE5MK73", "1EG4TE5MS73", "SEG4TE5MK73", "1EG4TE5MK7B"]
)
def test_an_mbi_outside_the_grammar_is_refused(value):
    assert not valid_mbi(value)


@pytest.mark.parametrize("name", VALIDATORS)
def test_every_validator_takes_its_good_value(name):
    assert VALIDATORS[name](GOOD[name])


@pytest.mark.parametrize("name", VALIDATORS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good + "\n",
        lambda good: " " + good,
        lambda good: good + "\u200b",
        lambda good: good[:-1],
        lambda good: good + "0",
        _full_width,
        lambda good: good[:-1] + "٣",
        lambda good: good[:-1] + "О",
        lambda good: int("".join(char for char in good if char.isdigit())),
        lambda good: good.encode(),
        lambda good: [good],
        lambda good: None,
        lambda good: True,
        lambda good: float("nan"),
        lambda good: "",
    ],
)
def test_every_validator_refuses_what_only_looks_right(name, spoil):
    assert VALIDATORS[name](spoil(GOOD[name])) is False


@settings(deadline=None, max_examples=60)
@given(DRAWS, st.integers(1, 9))
@pytest.mark.parametrize(
    ("make", "valid"),
    [(surrogates.mrn, valid_mrn), (surrogates.member_id, valid_member_id), (surrogates.npi, valid_npi)],
)
def test_every_single_wrong_digit_is_seen(make, valid, draw, shift):
    good = make(draw)
    for place, char in enumerate(good):
        if char.isdigit():
            assert not valid(good[:place] + str((int(char) + shift) % 10) + good[place + 1 :])


@settings(deadline=None, max_examples=60)
@given(DRAWS)
@pytest.mark.parametrize(("make", "valid"), [(surrogates.mrn, valid_mrn), (surrogates.member_id, valid_member_id)])
def test_every_swap_of_two_digits_is_seen(make, valid, draw):
    good = make(draw)
    for left in range(3, len(good)):
        for right in range(left + 1, len(good)):
            swapped = list(good)
            swapped[left], swapped[right] = swapped[right], swapped[left]
            assert valid("".join(swapped)) == (good[left] == good[right])


@settings(deadline=None, max_examples=60)
@given(DRAWS)
def test_a_swap_of_neighbours_in_an_npi_is_seen_unless_they_are_0_and_9(draw):
    good = surrogates.npi(draw)
    for left in range(9):
        pair = good[left : left + 2]
        if pair[0] != pair[1] and set(pair) != {"0", "9"}:
            assert not valid_npi(good[:left] + pair[::-1] + good[left + 2 :])


@pytest.mark.parametrize(
    "value", ["000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000", "123-456789", "12-345-6789"]
)
def test_an_ssn_with_a_part_that_is_never_used_is_refused(value):
    assert not valid_ssn(value)


@pytest.mark.parametrize(
    "value", ["2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-1-1", "20240101", "2024/01/01"]
)
def test_a_date_that_does_not_exist_or_is_not_iso_is_refused(value):
    assert not valid_date(value)


def test_a_date_after_the_given_day_is_refused():
    assert valid_date("2024-02-29", not_after=date(2024, 2, 29))
    assert not valid_date("2024-03-01", not_after=date(2024, 2, 29))


def test_a_date_of_birth_lies_in_a_life():
    today = date(2026, 1, 1)
    assert valid_date_of_birth("2026-01-01", today=today)
    assert not valid_date_of_birth("2026-01-02", today=today)
    assert not valid_date_of_birth("1899-06-01", today=today)


@pytest.mark.parametrize(
    "value", ["(212) 555-0142", "+1 212.555.0142", "1-212-555-0142", "2125550142", "212-555-0142 x12"]
)
def test_a_phone_number_may_be_written_in_the_usual_ways(value):
    assert valid_phone(value)


@pytest.mark.parametrize("value", ["112-555-0142", "212-155-0142", "212-555-014", "555-0142", "+44 212 555 0142"])
def test_a_number_outside_the_north_american_plan_is_no_phone(value):
    assert not valid_phone(value)


@settings(deadline=None)
@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.binary()))
@pytest.mark.parametrize("name", VALIDATORS)
def test_no_value_makes_a_validator_raise(name, value):
    assert VALIDATORS[name](value) in {True, False}


def test_the_categories_stand_in_the_order_of_the_rule():
    """45 CFR 164.514(b)(2)(i)(A) to (R)."""
    lettered = dict(zip("ABCDEFGHIJKLMNOPQR", CATEGORIES, strict=True))
    assert lettered["A"] == "name"
    assert lettered["B"] == "geo"
    assert lettered["C"] == "date"
    assert (lettered["D"], lettered["E"], lettered["F"]) == ("phone", "fax", "email")
    assert (lettered["G"], lettered["H"], lettered["I"]) == ("ssn", "mrn", "plan")
    assert (lettered["M"], lettered["O"], lettered["R"]) == ("device", "ip", "other")


@pytest.mark.parametrize(
    "published",
    ["4111111111111111", "378282246310005", "5555555555554444", "6011111111111117", "490154203237518", "79927398713"],
)
def test_published_numbers_of_cards_and_handsets_have_their_luhn_digit(published):
    assert luhn_check_digit(published[:-1]) == int(published[-1])


def test_the_luhn_digit_of_nothing_and_of_zeros_is_zero():
    assert luhn_check_digit("") == luhn_check_digit("0" * 9) == 0


@given(st.text("0123456789", min_size=1, max_size=18))
def test_zeros_before_a_number_do_not_change_its_luhn_digit(digits):
    assert luhn_check_digit("000" + digits) == luhn_check_digit(digits)


@pytest.mark.parametrize(
    ("isbn", "check"),
    [("030640615", "2"), ("019853453", "1"), ("020103801", "3"), ("097522980", "X"), ("080442957", "X")],
)
def test_published_book_numbers_have_our_weighted_digit(isbn, check):
    assert "0123456789X"[weighted_check_digit(isbn)] == check


@given(st.text("0123456789", min_size=1, max_size=9))
def test_the_weighted_sum_with_its_check_digit_is_nothing_mod_11(digits):
    total = sum(weight * int(digit) for weight, digit in enumerate(reversed(digits), start=2))
    assert (total + weighted_check_digit(digits)) % 11 == 0
    assert 0 <= weighted_check_digit(digits) <= 10


def test_the_places_of_an_mbi_take_the_characters_that_cms_lists():
    """Medicare: C 1-9 (and our 0), A letter without S L O I B Z, AN both, N digit."""
    grammar = ["N", "A", "AN", "N", "A", "AN", "N", "A", "A", "N", "N"]
    digits, letters = "0123456789", "ACDEFGHJKMNPQRTUVWXY"
    for place, kind in enumerate(grammar):
        taken = {char for char in digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if valid_mbi(_put("1EG4TE5MK73", place, char))}
        wanted = {"N": digits, "A": letters, "AN": digits + letters}[kind]
        assert taken == set(wanted) | ({"S"} if place == 1 else set()), place


def _put(text, place, char):
    return text[:place] + char + text[place + 1 :]


def test_exactly_one_last_digit_makes_a_number_valid():
    for good, valid in ((GOOD["npi"], valid_npi), (GOOD["mrn"], valid_mrn), (GOOD["member_id"], valid_member_id)):
        assert [digit for digit in "0123456789" if valid(good[:-1] + digit)] == [good[-1]]


def test_the_private_schemes_are_not_taken_for_each_other():
    assert not valid_mrn(GOOD["member_id"])
    assert not valid_member_id(GOOD["mrn"])
    assert not valid_mrn(GOOD["mrn"].lower())
    assert not valid_mrn(GOOD["mrn"][3:])


@pytest.mark.parametrize(("value", "right"), [("001-01-0001", True), ("665-01-0001", True), ("667-01-0001", True),
                                              ("899-99-9999", True), ("999-99-9999", True), ("66601-0001", False),
                                              ("001010001", True), ("666010001", False)])  # fmt: skip
def test_a_social_security_number_is_right_up_to_the_edge_of_its_ranges(value, right):
    assert valid_ssn(value) is right


def test_a_life_is_counted_in_calendar_years_up_to_the_oldest():
    today = date(2026, 6, 15)
    assert valid_date_of_birth(f"{2026 - OLDEST_AGE}-01-01", today=today)
    assert not valid_date_of_birth(f"{2026 - OLDEST_AGE - 1}-12-31", today=today)
    assert valid_date_of_birth("2026-06-15", today=today)
    assert not valid_date_of_birth("2026-06-16", today=today)
    assert not valid_date_of_birth("2026-02-30", today=today)
    assert not valid_date_of_birth(None, today=today)


@pytest.mark.parametrize("year", ["1900-02-29", "2100-02-29", "2001-02-29"])
def test_only_a_leap_year_has_a_29th_of_february(year):
    assert not valid_date(year)
    assert valid_date(f"2000{year[4:]}")


@pytest.mark.parametrize(("value", "right"), [("212-555-0142 x1", True), ("212-555-0142x123456", True),
                                              ("212-555-0142 x1234567", False), ("212-555-0142 ext. 7", True),
                                              ("212-555-0142 x", False), ("(212)555-0142", True), ("(212-555-0142", False),
                                              ("212) 555-0142", False), ("+2 212-555-0142", False)])  # fmt: skip
def test_an_extension_and_brackets_are_whole_or_not_there(value, right):
    assert valid_phone(value) is right


def test_two_identifiers_are_equal_by_all_they_hold():
    one = Identifier("n", "ssn", "900-11-0001")
    assert one == Identifier("n", "ssn", "900-11-0001", "patient")
    assert one != Identifier("n", "ssn", "900-11-0001", "relative")
    assert len({one, Identifier("n", "ssn", "900-11-0001"), Identifier("n", "mrn", "900-11-0001")}) == 2
    assert "900" not in f"{one!s} {one!r} {[one]} { ({'k': one}) }"
