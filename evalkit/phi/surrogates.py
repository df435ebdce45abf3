"""Identifiers that can belong to nobody: each lies in a range that its issuer never assigns.

Pure functions of one integer draw in [0, 2**64): the same draw, the same identifier, on every machine. What a
generator plants and what a promotion puts in the place of a real value both come from here.

============  ==========================================================================================
ssn           area 900-999 with group 11-16, 20-27, 30-36 or 40-49 (SSA assigns no area 9xx; ITIN, IRSN and ATIN
              use other groups)
phone, fax    a real area code, then 555-0100 to 555-0199 (reserved for fiction)
npi           begins with 9 (issued ones begin with 1 or 2), valid check digit
mbi           begins with 0, or has S in second place (the issued grammar has neither)
mrn           ``MRN`` + 8 digits, our private scheme; account ``AT`` + 10 digits; member id ``ZZT`` + 9 digits
licence       ``S999`` + 6 digits
email, url    example.com, .org, .net (RFC 2606)
ip            192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737), 2001:db8::/32 (RFC 3849)
mac           00-00-5E-00-53-xx (RFC 7042)
vin           0 in tenth place, which is no model year; valid check digit
============  ==========================================================================================

Names, addresses and dates have no such range: a street cannot be proven not to exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from evalkit.errors import IdentifierError
from evalkit.phi.identifiers import (
    Category,
    luhn_check_digit,
    valid_mbi,
    valid_member_id,
    valid_mrn,
    valid_npi,
    valid_ssn,
    weighted_check_digit,
)

SSN_GROUPS: tuple[int, ...] = (*range(11, 17), *range(20, 28), *range(30, 37), *range(40, 50))
AREA_CODES: tuple[int, ...] = (
    202, 205, 207, 208, 212, 215, 217, 302, 303, 304, 307, 312, 313, 314, 316, 318, 319, 334, 385, 401, 402, 404, 405,
    406, 412, 414, 415, 501, 502, 503, 504, 505, 512, 515, 518, 602, 603, 605, 608, 612, 614, 615, 617, 701, 702, 713,
    717, 801, 802, 803, 804, 808, 816, 860, 901, 904, 907, 916, 919, 973,
)  # fmt: skip
"""Area codes in service, one or more for most states."""

_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
_MBI_ANY = "0123456789" + _MBI_LETTERS
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_ANY = "0123456789" + _VIN_LETTERS
_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
                       [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True))  # fmt: skip
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_HOSTS = ("example.com", "example.org", "example.net")


class _Digits:
    """A draw taken apart in mixed radix: each `below` uses up a part of it."""

    __slots__ = ("_rest",)

    def __init__(self, draw: int) -> None:
        self._rest = draw

    def below(self, count: int) -> int:
        self._rest, value = divmod(self._rest, count)
        return value

    def letters(self, alphabet: str, count: int = 1) -> str:
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(count))


def ssn(draw: int) -> str:
    """``9AA-GG-SSSS``, never assigned to anybody; 31.0 million of them."""
    parts = _Digits(draw)
    area, group, serial = 900 + parts.below(100), SSN_GROUPS[parts.below(len(SSN_GROUPS))], 1 + parts.below(9999)
    return f"{area}-{group:02d}-{serial:04d}"


def phone(draw: int) -> str:
    """``AAA-555-01XX``. Only 100 for each area code: duplicates are expected, never a key."""
    parts = _Digits(draw)
    return f"{AREA_CODES[parts.below(len(AREA_CODES))]}-555-01{parts.below(100):02d}"


def fax(draw: int) -> str:
    """As `phone`."""
    return phone(draw)


def npi(draw: int) -> str:
    """10 digits beginning with 9, Luhn check digit over 80840."""
    body = f"9{draw % 10**8:08d}"
    return body + str(luhn_check_digit("80840" + body))


def mbi(draw: int) -> str:
    """11 characters of the MBI grammar that begin with 0, which CMS never issues; foreign detectors still see them."""
    parts = _Digits(draw)
    return "0" + _mbi_second(parts) + _mbi_tail(parts)


def mbi_specimen(draw: int) -> str:
    """The form of CMS specimens, S in second place; many strict detectors miss it."""
    parts = _Digits(draw)
    return str(1 + parts.below(9)) + "S" + _mbi_tail(parts)


def _mbi_second(parts: _Digits) -> str:
    return parts.letters(_MBI_LETTERS)


def _mbi_tail(parts: _Digits) -> str:
    digits = "0123456789"
    pattern = (_MBI_ANY, digits, _MBI_LETTERS, _MBI_ANY, digits, _MBI_LETTERS, _MBI_LETTERS, digits, digits)
    return "".join(parts.letters(alphabet) for alphabet in pattern)


def mrn(draw: int) -> str:
    """``MRN`` + 7 digits + check digit (`identifiers.weighted_check_digit`)."""
    return "MRN" + _checked(draw, 7)


def member_id(draw: int) -> str:
    """``ZZT`` + 8 digits + check digit (`identifiers.weighted_check_digit`)."""
    return "ZZT" + _checked(draw, 8)


def _checked(draw: int, length: int) -> str:
    """A serial with its check digit; a serial whose check digit would be 10 is passed over for the next one.

    The first digit is never 0, so that the number survives being read as an integer and is still found.
    """
    lowest = 10 ** (length - 1)
    while True:
        digits = str(lowest + draw % (9 * lowest))
        check = weighted_check_digit(digits)
        if check < 10:
            return digits + str(check)
        draw += 1


def account(draw: int) -> str:
    """``AT`` + 9 digits + Luhn check digit, account number of a fictional facility."""
    body = f"{draw % 10**9:09d}"
    return f"AT{body}{luhn_check_digit(body)}"


def license_number(draw: int) -> str:
    """``S999`` + 6 digits: a driver licence in the manner of synthetic records."""
    return f"S999{draw % 10**6:06d}"


def email(draw: int, handle: str = "") -> str:
    """An address at a reserved host; ``handle`` (ASCII letters, digits, dots) before it, or a drawn one."""
    parts = _Digits(draw)
    host = _HOSTS[parts.below(len(_HOSTS))]
    number = parts.below(10_000)
    return f"{handle or 'patient'}{number:04d}@{host}" if not handle else f"{handle}{number % 100:02d}@{host}"


def url(draw: int) -> str:
    """A portal address at a reserved host."""
    parts = _Digits(draw)
    return f"https://portal.{_HOSTS[parts.below(len(_HOSTS))]}/u/{parts.below(10**9):09d}"


def ipv4(draw: int) -> str:
    """An address of the three documentation networks (RFC 5737)."""
    parts = _Digits(draw)
    return f"{('192.0.2', '198.51.100', '203.0.113')[parts.below(3)]}.{1 + parts.below(254)}"


def ipv6(draw: int) -> str:
    """An address under 2001:db8::/32 (RFC 3849)."""
    parts = _Digits(draw)
    return f"2001:db8::{parts.below(1 << 16):x}:{1 + parts.below((1 << 16) - 1):x}"


def mac(draw: int) -> str:
    """A hardware address for documentation (RFC 7042); identifies a device."""
    return f"00-00-5E-00-53-{draw % 256:02X}"


def vin(draw: int) -> str:
    """17 characters with a right check digit and 0 in tenth place, which is no model year."""
    parts = _Digits(draw)
    head, plant, serial = parts.letters(_VIN_ANY, 8), parts.letters(_VIN_ANY), parts.below(10**6)
    blank = f"{head}00{plant}{serial:06d}"
    return blank[:8] + _vin_check(blank) + blank[9:]


def _vin_check(vin_text: str) -> str:
    """Check character of a VIN (49 CFR 565.15): weighted sum mod 11, 10 written X."""
    total = sum(_VIN_VALUES[char] * weight for char, weight in zip(vin_text, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11]


def _never_ssn(value: str) -> bool:
    digits = value.replace("-", "")
    return valid_ssn(value) and digits[0] == "9" and int(digits[3:5]) in SSN_GROUPS


def _never_phone(value: str) -> bool:
    digits = re.sub(r"[^0-9]", "", re.split(r" ?(?:x|ext)", value)[0])
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return len(digits) == 10 and digits[3:8] == "55501" and value.isascii()


def _never_plan(value: str) -> bool:
    return valid_member_id(value) or (valid_mbi(value) and (value[0] == "0" or value[1] == "S"))


def _never_license(value: str) -> bool:
    return (valid_npi(value) and value[0] == "9") or re.fullmatch(r"S999[0-9]{6}", value) is not None


def _never_account(value: str) -> bool:
    return re.fullmatch(r"AT[0-9]{10}", value) is not None and luhn_check_digit(value[2:11]) == int(value[11])


def _never_host(host: str) -> bool:
    name = host.casefold().rstrip(".")
    return name.endswith((".test", ".example", ".invalid")) or any(
        name == reserved or name.endswith("." + reserved) for reserved in _HOSTS
    )


def _never_email(value: str) -> bool:
    found = re.fullmatch(r"[^@\s]+@([A-Za-z0-9.-]+)", value)
    return found is not None and _never_host(found[1])


def _never_url(value: str) -> bool:
    found = re.fullmatch(r"https?://([A-Za-z0-9.-]+)(?::[0-9]+)?(?:[/?#]\S*)?", value)
    return found is not None and _never_host(found[1])


def _never_ip(value: str) -> bool:
    v4 = re.fullmatch(r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.([0-9]{1,3})", value)
    return (v4 is not None and int(v4[1]) < 256) or re.fullmatch(r"2001:0?db8:[0-9a-f:]+", value.casefold()) is not None


def _never_vehicle(value: str) -> bool:
    return re.fullmatch(rf"[{_VIN_ANY}]{{17}}", value) is not None and value[9] in "0UZ"


def _never_device(value: str) -> bool:
    return re.fullmatch(r"00-00-5E-00-53-[0-9A-F]{2}", value) is not None


_NEVER: dict[str, Callable[[str], bool]] = {
    "ssn": _never_ssn,
    "phone": _never_phone,
    "fax": _never_phone,
    "mrn": valid_mrn,
    "plan": _never_plan,
    "license": _never_license,
    "account": _never_account,
    "email": _never_email,
    "url": _never_url,
    "ip": _never_ip,
    "vehicle": _never_vehicle,
    "device": _never_device,
}


def has_never_real_range(category: Category) -> bool:
    """Whether `never_real` has an answer for a category."""
    return category in _NEVER


def never_real(category: Category, value: str) -> bool:
    """Whether a value lies in the range that the issuers of its category never assign.

    A malformed value is False: what is not even well-formed proves nothing. Raises IdentifierError for categories
    without such a range (name, geo, date, biometric, photo, other).
    """
    judge = _NEVER.get(category)
    if judge is None:
        raise IdentifierError(
            f"the category {category!r} has no range that can belong to nobody",
            next_step="ask has_never_real_range first",
        )
    return judge(value)
