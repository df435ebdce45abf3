"""Published grammars and reserved ranges, one by one; no value here belongs to anybody on purpose of ours."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.phi import surrogates
from evalkit.phi.assignable import IRS_GROUPS, can_be_dialled, can_have_mail, find_assignable, nine_digits

DRAWS = st.integers(0, 2**64 - 1)


def seen(text: str, field: str = "") -> list[tuple[str, str, bool]]:
    return [(one.kind, text[one.start : one.end], one.certain) for one in find_assignable(text, field=field)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("SSN 123-45-6789.", "ssn", "123-45-6789"),
        ("ssn: 899 99 9999", "ssn", "899 99 9999"),
        ("SSN 123456789", "ssn", "123456789"),
        ("id 912-70-1234", "itin", "912-70-1234"),
        ("ATIN 900-93-1234", "itin", "900-93-1234"),
        ("call (202) 456-1111 now", "phone", "(202) 456-1111"),
        ("202.456.1111", "phone", "202.456.1111"),
        ("+1 202-555-1212", "phone", "+1 202-555-1212"),
        ("202-555-0200", "phone", "202-555-0200"),
        ("+12024561111", "phone", "+12024561111"),
        ("Fax 2024561111", "phone", "2024561111"),
        ("+44 20 7222 1234", "phone", "+44 20 7222 1234"),
        ("write to jo.doe+x@mail.gmail.com,", "email", "jo.doe+x@mail.gmail.com"),
        ("from 8.8.8.8:53", "ip", "8.8.8.8"),
        ("2607:f8b0:4004::1", "ip", "2607:f8b0:4004::1"),
        ("NPI 1234567893", "npi", "1234567893"),
        ("NPI 808401234567893", "npi", "808401234567893"),
        ("MBI 1EG4-TE5-MK72", "mbi", "1EG4-TE5-MK72"),
        ("1eg4te5mk72", "mbi", "1eg4te5mk72"),
    ],
)  # fmt: skip
def test_what_can_belong_to_somebody_is_found_where_it_stands(text, kind, value):
    assert seen(text) == [(kind, value, True)]


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000", "078-05-1120", "900-11-1234", "987-66-4320",
        "202-555-0134", "(202) 555-0199", "911-456-1111", "202-911-1234", "555-456-1234", "202-155-1234", "298-456-1234",
        "+44 20 7946 0018", "+44 1632 960123", "+44 7700 900123",
        "a@example.com", "a@mail.example.org", "a@host.test", "a@x.invalid", "root@localhost", "a@box.local",
        "10.1.2.3", "192.168.0.1", "172.31.9.9", "192.0.2.44", "198.51.100.7", "203.0.113.9", "127.0.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "1.2.3.4.5", "300.1.1.1", "01.02.03.04",
        "2001:db8::1", "fe80::1", "::1", "fd00::12", "12:30:45", "00:00:5e:00:53:01",
        "NPI 1234567890", "NPI 9234567893", "1EG4-TE5-MK73", "1SG4-TE5-MK72", "0EG4-TE5-MK72", "1EG4TE5MK72X",
        "MRN12345678", "ZZT123456789", "2025-03-04 10:20:30", "M25.561", "120/80", "1-123-45-6789-0", "0.123456789",
    ],
)  # fmt: skip
def test_what_can_belong_to_nobody_is_left_alone(text):
    assert seen(text) == []


@pytest.mark.parametrize(
    ("text", "kind"), [("123456789", "ssn"), ("912701234", "itin"), ("2024561111", "phone"), ("1234567893", "npi")]
)
def test_a_bare_number_is_uncertain_until_something_says_what_it_is(text, kind):
    assert (kind, text, False) in seen(text)
    assert seen(text, {"ssn": "patient.ssn", "itin": "itin", "phone": "home_phone", "npi": "npi"}[kind]) == [
        (kind, text, True)
    ]


def test_a_label_that_names_another_kind_rules_the_rest_out():
    assert seen("2024561111", "rendering_npi") == []
    assert seen("NPI 2024561111, phone 2024561111") == [("phone", "2024561111", True)]


def test_a_label_is_a_word_of_its_own():
    assert seen("intel 2024561111") == [("phone", "2024561111", False)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SSN １２３-45-6789", "ssn"),
        ("123‑45‑6789", "ssn"),
        ("123\u00a045\u00a06789", "ssn"),
        ("12\u200b3-45-6789", "ssn"),
        ("(202)\u00a0456–1111", "phone"),
        ("jo＠gmail．com", "email"),
    ],
)
def test_other_spellings_of_digits_and_dashes_are_seen_through(text, kind):
    (found,) = find_assignable(text)
    assert found.kind == kind
    shown = text[found.start : found.end]
    assert shown[0] != " "
    assert shown[-1] in "91m"


def test_places_count_code_points_of_the_original():
    text = "Zoë\u200b: 123-45-6789"
    (found,) = find_assignable(text)
    assert text[found.start : found.end] == "123-45-6789"


def test_two_identifiers_side_by_side_are_both_found():
    assert [kind for kind, _, _ in seen("202-456-1111 123-45-6789 303-456-1111, 8.8.4.4")] == [
        "phone", "ssn", "phone", "ip",
    ]  # fmt: skip


@given(DRAWS)
def test_no_surrogate_can_belong_to_anybody(draw):
    for make in (
        surrogates.ssn, surrogates.phone, surrogates.fax, surrogates.npi, surrogates.mbi, surrogates.mbi_specimen,
        surrogates.mrn, surrogates.member_id, surrogates.account, surrogates.license_number, surrogates.email,
        surrogates.url, surrogates.ipv4, surrogates.ipv6, surrogates.mac, surrogates.vin,
    ):  # fmt: skip
        assert find_assignable(f"{make.__name__}: {make(draw)}.") == []


@given(st.integers(1, 899), st.integers(1, 99), st.integers(1, 9999))
def test_every_social_security_number_that_can_be_assigned_is_found(area, group, serial):
    text = f"{area:03d}-{group:02d}-{serial:04d}"
    digits = text.replace("-", "")
    void = digits in {"078051120", "219099999", "457555462"}
    assert (nine_digits(digits) == "ssn") is (area != 666 and not void)
    assert bool(find_assignable(text)) is (area != 666 and not void)


@given(st.integers(0, 9), st.integers(0, 9), st.text("0123456789", min_size=7, max_size=7))
def test_a_number_without_a_real_area_rings_nowhere(one, two, rest):
    assert not can_be_dialled(f"{one % 2}{two}{rest}0"[:10])
    assert not can_be_dialled(f"55501{rest[:5]}")


@given(st.text(max_size=200))
def test_any_text_is_read_without_error_and_places_lie_in_it(text):
    for found in find_assignable(text):
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(("host", "real"), [("GMAIL.com", True), ("example.COM.", False), ("notexample.com", True),
                                            ("example.com.evil.org", True), ("sub.example.net", False)])  # fmt: skip
def test_a_host_is_reserved_by_its_last_labels_only(host, real):
    assert can_have_mail(host) is real


def test_a_sighting_holds_no_value():
    assert "123-45" not in repr(find_assignable("SSN 123-45-6789"))


def test_a_long_text_is_read_in_linear_time():
    text = "1.2.3.4.5.6 (((( +++ 12-12-12- @@@ a@a@a :::: " * 20_000
    assert find_assignable(text) == []


RESERVED_4 = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24",
              "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"]  # fmt: skip


@pytest.mark.parametrize("block", RESERVED_4)
def test_a_block_of_the_registry_ends_exactly_where_it_ends(block):
    """IANA IPv4 special-purpose registry: the first and last address inside, and the one after, which is routed."""
    network = IPv4Network(block)
    assert seen(f"from {network[0]} on") == []
    assert seen(f"from {network[-1]} on") == []
    after = IPv4Address(int(network[-1]) + 1)
    assert seen(f"from {after} on") == [("ip", str(after), True)]


@pytest.mark.parametrize(("address", "routed"), [("223.255.255.255", True), ("224.0.0.0", False), ("239.1.1.1", False),
                                                 ("240.0.0.1", False), ("1.0.0.0", True), ("192.0.0.8", False),
                                                 ("192.0.1.1", True)])  # fmt: skip
def test_multicast_and_reserved_addresses_belong_to_nobody(address, routed):
    assert bool(seen(address)) is routed


@pytest.mark.parametrize("block", ["2001:db8::/32", "3fff::/20", "2002::/16", "2001::/23"])
def test_documentation_and_tunnels_of_version_six_are_not_routed(block):
    network = IPv6Network(block)
    assert seen(f"from {network[1]} on") == []
    after = network[-1] + (1 << 32) + 2
    assert [kind for kind, _, _ in seen(f"from {after} on")] == ["ip"]


def test_the_groups_of_the_irs_and_those_of_surrogates_share_nothing():
    assert not IRS_GROUPS & set(surrogates.SSN_GROUPS)
    assert {50, 65, 70, 88, 90, 92, 93, 94, 99} <= IRS_GROUPS
    assert not {0, 49, 66, 67, 68, 69, 89} & IRS_GROUPS


@pytest.mark.parametrize("group", range(100))
def test_nine_digits_with_a_9_are_an_irs_number_by_their_group_alone(group):
    kinds = {nine_digits(f"9{area}{group:02d}{serial}") for area in ("00", "66", "99") for serial in ("0000", "1234")}
    assert kinds == {"itin" if group in IRS_GROUPS else None}


@pytest.mark.parametrize(
    ("digits", "rings"),
    [
        ("2125550099", True),
        ("2125550100", False),
        ("2125550199", False),
        ("2125550200", True),
        ("2125560142", True),
        ("2112345678", False),
        ("2122115678", False),
        ("2122125678", True),
        ("3702345678", False),
        ("3792345678", False),
        ("3692345678", True),
        ("9602345678", False),
        ("9592345678", True),
        ("9512345678", True),
        ("5552345678", False),
        ("1992345678", False),
        ("2121345678", False),
        ("2120345678", False),
    ],
)
def test_a_number_rings_by_the_rules_of_the_north_american_plan(digits, rings):
    assert can_be_dialled(digits) is rings


@pytest.mark.parametrize("top", ["test", "example", "invalid", "localhost", "local", "internal", "onion", "alt"])
def test_no_mail_goes_to_a_reserved_top_domain(top):
    assert not can_have_mail(f"mail.{top}")
    assert not can_have_mail(f"MAIL.{top.upper()}.")
    assert can_have_mail(f"{top}.org") is (top != "example")
    assert can_have_mail(f"mail.{top}s")


@pytest.mark.parametrize(("gap", "certain"), [(20, True), (21, True), (22, False)])
def test_a_label_counts_up_to_its_reach(gap, certain):
    assert seen(f"x SSN{' ' * gap}123456789")[0] == ("ssn", "123456789", certain)


def test_the_check_digit_decides_what_a_bare_number_can_be():
    assert seen("1234567893") == [("npi", "1234567893", False)]
    assert seen("1234567890") == []
    assert seen("2024561111") == [("phone", "2024561111", False)]
    assert seen("12024561111") == [("phone", "12024561111", False)]


def test_findings_stand_in_the_order_of_the_text_and_so_do_two_readings_of_one():
    text = "a@gmail.com 8.8.8.8 123-45-6789 202-456-1111 1EG4TE5MK72"
    assert [kind for kind, _, _ in seen(text)] == ["email", "ip", "ssn", "phone", "mbi"]
    assert [kind for kind, _, _ in seen(" ".join(reversed(text.split())))] == ["mbi", "phone", "ssn", "ip", "email"]
