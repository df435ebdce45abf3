from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IdentifierError
from evalkit.phi import surrogates
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
