"""Identifiers that can belong to somebody: numbers and addresses that an issuer may assign, found in any text.

The counterpart of `surrogates`: what generators plant must never be found here. Made for any text, our own or not.

=======  ================================================================================================
ssn      area 001-899 without 666, group 01-99, serial 0001-9999 (20 CFR 422.103); not the voided specimens
itin     area 9xx with a group that the IRS issues: ITIN 50-65, 70-88, 90-92, 94-99, ATIN 93, and internal ones
phone    10 digits of the North American plan with an area code and an exchange that can be dialled, or ``+`` and a
         number of another country; not 555-0100 to 555-0199, nor what Ofcom keeps for drama
email    at a host that can exist: not example.com, .test, .invalid and their like (RFC 2606, 6761, 6762, 7686)
ip       an address that routers carry: not private, documentation, link-local, multicast or reserved (IANA registries
         of special-purpose addresses)
npi      10 digits that begin with 1 or 2, right check digit over 80840 (45 CFR 162.406)
mbi      11 characters of the grammar that CMS issues, dashes or not; not its specimen
=======  ================================================================================================

A number may stand without dashes or brackets: nine digits are a Social Security number only perhaps. Such a *bare*
number is ``certain`` where a label stands before it or the name of its field says what it is, and then it is nothing
else. Full-width digits, odd dashes and spaces and invisible characters are seen through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal, NamedTuple

from evalkit.phi.identifiers import luhn_check_digit

Kind = Literal["ssn", "itin", "phone", "email", "ip", "npi", "mbi"]


class Sighting(NamedTuple):
    """One identifier that can belong to somebody. ``start`` and ``end`` count code points; it holds no value."""

    kind: Kind
    start: int
    end: int
    certain: bool
    """False for a bare number that may be something else."""


IRS_GROUPS = frozenset((*range(50, 66), *range(70, 89), *range(90, 100), *range(1, 11), 17, 18, 19, 28, 29, 37, 38, 39))
VOID_SSNS = frozenset({"078051120", "219099999", "457555462"})
"""Printed in advertisements and voided by the SSA."""
MBI_SPECIMEN = "1EG4TE5MK73"
RESERVED_HOSTS = frozenset({"example.com", "example.org", "example.net", "home.arpa"})
RESERVED_TOP = frozenset({"test", "example", "invalid", "localhost", "local", "internal", "onion", "alt"})
_DRAMA = re.compile(r"44(?:0?1632960[0-9]{3}|0?2079460[0-9]{3}|0?7700900[0-9]{3})")

_UNROUTED_4 = tuple(IPv4Network(block) for block in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
))  # fmt: skip
_ROUTED_6 = IPv6Network("2000::/3")
_UNROUTED_6 = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16"))

_L, _A = "[AC-HJKMNP-RT-Y]", "[0-9AC-HJKMNP-RT-Y]"
_NINE = re.compile(r"(?<![\w-])([0-9]{3})([- ])([0-9]{2})\2([0-9]{4})(?![\w]|-[0-9])")
_PHONE = re.compile(
    r"(?<![\w.(-])(?:\+?1[-. ]?)?(?:\(([2-9][0-9]{2})\)[ .-]?|([2-9][0-9]{2})[-./ ])([2-9][0-9]{2})[-. ]([0-9]{4})"
    r"(?!\w|-[0-9])"
)
_ABROAD = re.compile(r"(?<![\w+])\+[2-9](?:[ .()-]{0,2}[0-9]){6,13}(?![0-9])")
_EMAIL = re.compile(r"[\w.+%'-]+@((?:[a-z0-9-]+\.)+(?:[a-z]{2,24}|xn--[a-z0-9-]+))(?![\w-])", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{4,34})(?![\w:])")
_MBI = re.compile(rf"[1-9]{_L}{_A}[0-9]-?{_L}{_A}[0-9]-?{_L}{{2}}[0-9]{{2}}(?![\w-])", re.IGNORECASE)
_RUN = re.compile(r"[0-9(+][0-9 ().+/-]{6,}")
"""Where a number may stand. It begins with a set of characters, so one quick pass spares most texts the slow ones."""
_NINE_IN_A_ROW = re.compile(r"[0-9]{9}")
_BARE = re.compile(r"(?<![\w./-])(?:\+?1[0-9]{10}|(?:80840)?[0-9]{9,10})(?!\w|-[0-9]|\.[0-9])")


def _label(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{words})[^0-9]*$", re.IGNORECASE)


_LABELS: dict[Kind, re.Pattern[str]] = {
    "ssn": _label(r"ssn|social[ _]?security|soc\.? sec"),
    "itin": _label(r"itin|tin|tax(?:payer)?[ _]?id|ssn|social[ _]?security"),
    "phone": _label(r"phone|telephone|tel|cell|mobile|fax|call"),
    "npi": _label(r"npi|provider[ _]id"),
}
_LABEL_REACH = 24
"""Characters before a bare number in which its label is sought."""

_DASHES, _SPACES = "‐‑‒–—―−﹣－", "\u00a0\u1680\u2007\u2009\u202f\u3000\t"
_SAME_LENGTH = str.maketrans(
    {**{chr(0xFF10 + digit): str(digit) for digit in range(10)}, **dict.fromkeys(_DASHES, "-"),
     **dict.fromkeys(_SPACES, " "), "＠": "@", "．": ".", "（": "(", "）": ")", "＋": "+"}
)  # fmt: skip
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def find_assignable(text: str, *, field: str = "") -> list[Sighting]:
    """Every identifier in a text that can belong to somebody, in order of place.

    ``field`` is the name under which the text stands, if any: a column or key that labels a bare number.
    """
    plain, places = _seen_through(text)
    found = [sighting for start, end in _runs(plain) for look in _LOOKS for sighting in look(plain, start, end)]
    found += [*_bare(plain, field), *_emails(plain), *_addresses_of_six(plain), *_beneficiaries(plain)]
    if places is not None:
        found = [one._replace(start=places[one.start], end=places[one.end - 1] + 1) for one in found]
    return sorted(found, key=lambda one: (one.start, one.kind))


def _seen_through(text: str) -> tuple[str, list[int] | None]:
    """The text in plain characters, and for each of them its place in the original where places moved."""
    if text.isascii():
        return text, None
    plain = text.translate(_SAME_LENGTH)
    if not _INVISIBLE.search(plain):
        return plain, None
    places = [at for at, char in enumerate(plain) if not _INVISIBLE.match(char)]
    return "".join(plain[at] for at in places), places


def _runs(text: str) -> list[tuple[int, int]]:
    """Where numbers may stand, each with two more characters after it, which decide whether a number ends there."""
    return [(found.start(), found.end() + 2) for found in _RUN.finditer(text)]


def _nines(text: str, start: int, end: int) -> Iterator[Sighting]:
    for found in _NINE.finditer(text, start, end):
        kind = nine_digits(found[1] + found[3] + found[4])
        if kind is not None:
            yield Sighting(kind, found.start(), found.end(), certain=True)


def nine_digits(digits: str) -> Literal["ssn", "itin"] | None:
    """What nine digits can be to somebody: a Social Security number, a number of the IRS, or nothing."""
    area, group, serial = digits[:3], int(digits[3:5]), digits[5:]
    if digits[0] == "9":
        return "itin" if group in IRS_GROUPS else None
    if area in {"000", "666"} or group == 0 or serial == "0000" or digits in VOID_SSNS:
        return None
    return "ssn"


def _phones(text: str, start: int, end: int) -> Iterator[Sighting]:
    for found in _PHONE.finditer(text, start, end):
        if can_be_dialled((found[1] or found[2]) + found[3] + found[4]):
            yield Sighting("phone", found.start(), found.end(), certain=True)
    if "+" in text[start:end]:
        for found in _ABROAD.finditer(text, start, end):
            if not _DRAMA.fullmatch(re.sub(r"[^0-9]", "", found[0])):
                yield Sighting("phone", found.start(), found.end(), certain=True)


def can_be_dialled(digits: str) -> bool:
    """Whether ten digits are a number of the North American plan that may ring somewhere.

    Area codes N11, N9X, 37X, 96X and 555, and exchanges N11, are never given out; 555-0100 to 0199 are for fiction.
    """
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    if area[0] < "2" or exchange[0] < "2" or area[1:] == "11" or exchange[1:] == "11":
        return False
    if area[1] == "9" or area[:2] in {"37", "96"} or area == "555":
        return False
    return not (exchange == "555" and line[:2] == "01")


def _emails(text: str) -> Iterator[Sighting]:
    if "@" in text:
        for found in _EMAIL.finditer(text):
            if can_have_mail(found[1]):
                yield Sighting("email", found.start(), found.end(), certain=True)


def can_have_mail(host: str) -> bool:
    """Whether a host can exist on the public internet."""
    name = host.casefold().rstrip(".")
    labels = name.split(".")
    return labels[-1] not in RESERVED_TOP and ".".join(labels[-2:]) not in RESERVED_HOSTS


def _addresses_of_four(text: str, start: int, end: int) -> Iterator[Sighting]:
    for found in _IPV4.finditer(text, start, end):
        if all(int(part) < 256 and (part == "0" or part[0] != "0") for part in found[0].split(".")):
            address = IPv4Address(found[0])
            if not any(address in block for block in _UNROUTED_4):
                yield Sighting("ip", found.start(), found.end(), certain=True)


def _addresses_of_six(text: str) -> Iterator[Sighting]:
    if "::" in text or text.count(":") >= 7:
        for found in _IPV6.finditer(text):
            if _routed(found[0]):
                yield Sighting("ip", found.start(), found.end(), certain=True)


def _routed(text: str) -> bool:
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    return address in _ROUTED_6 and not any(address in block for block in _UNROUTED_6)


def _beneficiaries(text: str) -> Iterator[Sighting]:
    for found in _MBI.finditer(text):
        before = text[found.start() - 1 : found.start()]
        stands_alone = not (before.isalnum() or before in {"-", "_"})
        if stands_alone and found[0].replace("-", "").upper() != MBI_SPECIMEN:
            yield Sighting("mbi", found.start(), found.end(), certain=True)


def _bare(text: str, field: str) -> Iterator[Sighting]:
    for found in _BARE.finditer(text) if _NINE_IN_A_ROW.search(text) else ():
        label = f"{field} {text[max(0, found.start() - _LABEL_REACH) : found.start()]}"
        if found[0] == text.strip():
            label = f"{field}:"
        said = {kind for kind, words in _LABELS.items() if words.search(label)}
        said |= {"phone"} if found[0][0] == "+" else set()
        for kind in _can_be(found[0].lstrip("+")):
            if not said or kind in said:
                yield Sighting(kind, found.start(), found.end(), certain=kind in said)


def _can_be(digits: str) -> Iterator[Kind]:
    """What a bare number can be to somebody. A well-formed NPI that begins with 9 is nobody's, and taken for that."""
    if len(digits) == 9:
        kind = nine_digits(digits)
        if kind is not None:
            yield kind
        return
    tail = digits[-10:]
    checked = luhn_check_digit("80840" + tail[:9]) == int(tail[9])
    if len(digits) in {10, 15} and tail[0] in "12" and checked:
        yield "npi"
    if len(digits) in {10, 11} and can_be_dialled(tail) and not (checked and tail[0] == "9"):
        yield "phone"


_LOOKS: tuple[Callable[[str, int, int], Iterator[Sighting]], ...] = (_nines, _phones, _addresses_of_four)
"""What is looked for where numbers may stand."""
