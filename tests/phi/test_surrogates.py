from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IdentifierError
from evalkit.phi import surrogates
from evalkit.phi.assignable import can_be_dialled
from evalkit.phi.identifiers import CATEGORIES, valid_mbi, valid_member_id, valid_mrn, valid_npi, valid_phone, valid_ssn

DRAWS = st.integers(0, 2**64 - 1)
MAKERS = {
    surrogates.ssn: "ssn",
    surrogates.phone: "phone",
    surrogates.fax: "fax",
    surrogates.npi: "license",
    surrogates.license_number: "license",
    surrogates.mbi: "plan",
    surrogates.mbi_specimen: "plan",
    surrogates.member_id: "plan",
    surrogates.mrn: "mrn",
    surrogates.account: "account",
    surrogates.email: "email",
    surrogates.url: "url",
    surrogates.ipv4: "ip",
    surrogates.ipv6: "ip",
    surrogates.mac: "device",
    surrogates.vin: "vehicle",
}


@settings(deadline=None, max_examples=200)
@given(DRAWS)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_surrogate_lies_in_a_never_real_range(make, draw):
    value = make(draw)
    assert surrogates.never_real(MAKERS[make], value)
    assert make(draw) == value


@settings(deadline=None, max_examples=200)
@given(DRAWS)
def test_every_surrogate_is_well_formed(draw):
    assert valid_ssn(surrogates.ssn(draw))
    assert valid_npi(surrogates.npi(draw))
    assert valid_mbi(surrogates.mbi(draw))
    assert valid_mbi(surrogates.mbi_specimen(draw))
    assert valid_mrn(surrogates.mrn(draw))
    assert valid_member_id(surrogates.member_id(draw))
    assert valid_phone(surrogates.phone(draw))


@settings(deadline=None, max_examples=200)
@given(DRAWS)
def test_a_serial_does_not_begin_with_zero(draw):
    assert surrogates.mrn(draw)[3] != "0"
    assert surrogates.member_id(draw)[3] != "0"


@settings(deadline=None, max_examples=300)
@given(DRAWS)
def test_no_ssn_lies_in_a_group_that_the_irs_issues(draw):
    """ITIN 50-65, 70-88, 90-92, 94-99; ATIN 93; IRSN 01-10, 17-19, 28-29, 37-39."""
    area, group, serial = map(int, surrogates.ssn(draw).split("-"))
    issued = {*range(1, 11), *range(17, 20), 28, 29, *range(37, 40), *range(50, 66), *range(70, 89), *range(90, 100)}
    assert area >= 900
    assert group not in issued
    assert serial > 0


def test_the_ssn_range_is_as_large_as_stated():
    assert len(set(surrogates.SSN_GROUPS)) == 31


@pytest.mark.parametrize(
    ("category", "value"),
    [
        ("ssn", "123-45-6789"),
        ("ssn", "999-70-1234"),
        ("ssn", "900-11-000"),
        ("phone", "212-555-0200"),
        ("phone", "212-556-0142"),
        ("fax", "555-0142"),
        ("license", "1234567893"),
        ("license", "9000000000"),
        ("plan", "1EG4TE5MK73"),
        ("mrn", "MRN12345678"),
        ("account", "AT0000000001"),
        ("email", "somebody@gmail.com"),
        ("email", "somebody@example.com.evil.net"),
        ("email", "somebody@notexample.com"),
        ("url", "https://portal.example.com.evil.net/u/1"),
        ("url", "ftp://example.com"),
        ("ip", "192.0.3.1"),
        ("ip", "203.0.113.300"),
        ("ip", "2001:4860::1"),
        ("device", "00-00-5E-00-54-01"),
        ("vehicle", "1HGCM82633A004352"),
    ],
)
def test_a_value_that_could_be_real_or_is_malformed_is_not_never_real(category, value):
    assert not surrogates.never_real(category, value)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_without_a_range_is_an_error_and_one_with_a_range_is_not(category):
    if surrogates.has_never_real_range(category):
        assert surrogates.never_real(category, "") is False
    else:
        with pytest.raises(IdentifierError):
            surrogates.never_real(category, "anything")


def test_a_vehicle_number_has_the_check_digit_of_the_rule():
    """49 CFR 565.15: the worked example 1M8GDM9AXKP042788 has check character X."""
    assert surrogates._vin_check("1M8GDM9AXKP042788") == "X"


def test_a_mail_address_carries_the_handle_it_is_given():
    assert surrogates.email(7, "ana.lopez").startswith("ana.lopez")


def test_draws_spread_over_the_range():
    draws = [index * 0x9E3779B97F4A7C15 % 2**64 for index in range(3000)]
    assert len({surrogates.ssn(draw) for draw in draws}) > 2990
    assert len({surrogates.mrn(draw) for draw in draws}) > 2950


@pytest.mark.parametrize("vin", ["11111111111111111", "1M8GDM9AXKP042788", "5GZCZ43D13S812715", "1HGCM82633A004352"])
def test_published_vehicle_numbers_have_their_check_character_in_ninth_place(vin):
    assert surrogates._vin_check(vin) == vin[8]


def test_letters_of_a_vehicle_number_have_the_values_of_the_rule():
    """49 CFR 565.15 table III; I, O and Q are never used."""
    rows = {1: "AJ", 2: "BKS", 3: "CLT", 4: "DMU", 5: "ENV", 6: "FW", 7: "GPX", 8: "HY", 9: "RZ"}
    assert surrogates._VIN_VALUES == {letter: value for value, row in rows.items() for letter in row} | {
        str(digit): digit for digit in range(10)
    }


@given(DRAWS)
def test_a_vehicle_number_has_a_right_check_character_and_no_model_year(draw):
    vin = surrogates.vin(draw)
    assert len(vin) == 17
    assert vin[8] == surrogates._vin_check(vin)
    assert vin[9] == "0"
    assert not set(vin) & set("IOQ")


SMALLEST = {
    surrogates.ssn: "900-11-0001",
    surrogates.phone: "202-555-0100",
    surrogates.fax: "202-555-0100",
    surrogates.npi: "9000000007",
    surrogates.license_number: "S999000000",
    surrogates.mbi: "0A00A00AA00",
    surrogates.mbi_specimen: "1S00A00AA00",
    surrogates.account: "AT0000000000",
    surrogates.email: "patient0000@example.com",
    surrogates.url: "https://portal.example.com/u/000000000",
    surrogates.ipv4: "192.0.2.1",
    surrogates.ipv6: "2001:db8::0:1",
    surrogates.mac: "00-00-5E-00-53-00",
}


@pytest.mark.parametrize("make", SMALLEST, ids=lambda make: make.__name__)
def test_the_first_draw_gives_the_first_of_its_range(make):
    assert make(0) == SMALLEST[make]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_the_last_draw_is_in_range_and_ten_neighbours_are_no_one_value(make):
    assert surrogates.never_real(MAKERS[make], make(2**64 - 1))
    assert len({make(draw) for draw in range(1_000_000, 1_000_010)}) > 5


def test_a_draw_uses_up_the_whole_range_of_short_ones():
    assert len({surrogates.mac(draw) for draw in range(256)}) == 256
    assert {surrogates.ipv4(draw).rpartition(".")[2] for draw in range(3 * 254)} == {str(n) for n in range(1, 255)}
    assert {surrogates.phone(draw)[:3] for draw in range(len(surrogates.AREA_CODES))} == {
        str(area) for area in surrogates.AREA_CODES
    }


def test_every_area_code_is_in_order_and_can_be_dialled():
    assert sorted(set(surrogates.AREA_CODES)) == list(surrogates.AREA_CODES)
    assert all(can_be_dialled(f"{area}5550200") for area in surrogates.AREA_CODES)
    assert not any(can_be_dialled(f"{area}5550142") for area in surrogates.AREA_CODES)


def test_a_serial_whose_check_digit_would_be_ten_is_passed_over():
    makers = ((surrogates.mrn, valid_mrn, 11), (surrogates.member_id, valid_member_id, 12))
    for make, valid, length in makers:
        made = [make(draw) for draw in range(60)]
        assert all(valid(one) and len(one) == length for one in made)
        assert any(one == two for one, two in zip(made, made[1:], strict=False))


@pytest.mark.parametrize(
    ("category", "value", "nobody"),
    [
        ("ssn", "900-11-0000", False),
        ("ssn", "900114321", True),
        ("ssn", "899-11-4321", False),
        ("ssn", "900-10-4321", False),
        ("ssn", "900-16-4321", True),
        ("ssn", "900-17-4321", False),
        ("ssn", "999-49-9999", True),
        ("ssn", "999-50-9999", False),
        ("phone", "212-555-0100", True),
        ("phone", "212-555-0199", True),
        ("phone", "+1 (212) 555-0142 x77", True),
        ("phone", "212-555-0099", False),
        ("phone", "٢١٢-555-0142", False),
        ("license", "S999123456", True),
        ("license", "S99912345", False),
        ("license", "S998123456", False),
        ("plan", "1SG4TE5MK73", True),
        ("email", "a b@example.org", False),
        ("email", "a@sub.example.org", True),
        ("email", "a@EXAMPLE.COM.", True),
        ("email", "a@b@example.org", False),
        ("url", "https://example.org:8443/x?y=1", True),
        ("url", "https://example.org.", True),
        ("url", "https://user@example.org", False),
        ("ip", "203.0.113.255", True),
        ("ip", "203.0.113.256", False),
        ("ip", "2001:0DB8::1", True),
        ("ip", "2001:db80::1", False),
        ("device", "00-00-5e-00-53-01", False),
        ("vehicle", "1M8GDM9AX0P042788", True),
        ("vehicle", "1M8GDM9AX0P04278", False),
        ("account", "AT0000000000", True),
        ("account", "at0000000000", False),
    ],
)
def test_nobody_owns_what_lies_inside_a_range_and_its_edges(category, value, nobody):
    assert surrogates.never_real(category, value) is nobody


def test_the_error_for_a_category_without_a_range_names_the_category_and_no_value():
    with pytest.raises(IdentifierError) as caught:
        surrogates.never_real("name", "Makayla Villanueva")
    assert str(caught.value) == (
        "the category 'name' has no range that can belong to nobody -> ask has_never_real_range first"
    )


def test_six_categories_have_no_range():
    without = [category for category in CATEGORIES if not surrogates.has_never_real_range(category)]
    assert without == ["name", "geo", "date", "biometric", "photo", "other"]
