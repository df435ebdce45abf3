"""Identifiers: the 18 Safe Harbor categories of 45 CFR 164.514(b)(2)(i), an identifier known to be planted, and
the grammars and check digits by which a spec refuses a malformed one.

A validator takes any JSON value and answers True only for a string of exactly the right form: ASCII digits, no space
before or after, no full-width or look-alike character. None, numbers and lists are False. `VALIDATORS` holds those
that specs call, as ``valid.npi(input.rendering_npi)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal, get_args

Category = Literal[
    "name",
    "geo",
    "date",
    "phone",
    "fax",
    "email",
    "ssn",
    "mrn",
    "plan",
    "account",
    "license",
    "vehicle",
    "device",
    "url",
    "ip",
    "biometric",
    "photo",
    "other",
]
"""Short names of the categories (A) to (R), in the order of the rule."""

CATEGORIES: tuple[Category, ...] = get_args(Category)

Subject = Literal["patient", "relative", "household", "employer", "provider", "organisation"]


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """An identifier that a case is known to contain. Holds PHI where the case does; ``repr`` never shows it."""

    __pydantic_config__: ClassVar = {"strict": True, "extra": "forbid"}

    needle_id: str
    """How findings name it: ``patient.name``, ``patient.mrn``. Unique within a case; says nothing of the value."""
    category: Category
    value: str
    subject: Subject = "patient"

    def __repr__(self) -> str:
        return f"Identifier({self.needle_id}, {self.category})"


_NPI = re.compile(r"[0-9]{10}")
_MBI = re.compile(
    r"[0-9]{L}{A}[0-9]{L}{A}[0-9]{L}{L}[0-9][0-9]".replace("{L}", "[AC-HJKMNP-RT-Y]").replace(
        "{A}", "[0-9AC-HJKMNP-RT-Y]"
    )
)
_MBI_SPECIMEN = re.compile(_MBI.pattern.replace("[AC-HJKMNP-RT-Y]", "S", 1))
_MRN = re.compile(r"MRN[0-9]{8}")
_MEMBER_ID = re.compile(r"ZZT[0-9]{9}")
_SSN = re.compile(r"(?!000|666)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}")
_SSN_COMPACT = re.compile(r"(?!000|666)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE = re.compile(
    r"(?:\+?1[-. ]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ]?)[2-9][0-9]{2}[-. ]?[0-9]{4}"
    r"(?: ?(?:x|ext\.?) ?[0-9]{1,6})?"
)
OLDEST_AGE = 125
"""Years; nobody on record has lived longer."""


def luhn_check_digit(digits: str) -> int:
    """The digit that completes a string of ASCII digits so that its Luhn sum (ISO/IEC 7812-1) is 0 mod 10."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def weighted_check_digit(digits: str) -> int:
    """The check digit of our own MRN and member id, 0 to 10; a serial whose check digit is 10 is never issued.

    The last digit before the check has weight 2, the one before 3, and so on; the weighted sum with the check digit
    (weight 1) is 0 mod 11. All weights differ, so every single wrong digit and every swap of two unequal digits,
    adjacent or not, is caught (the ISBN-10 scheme).
    """
    return -sum(weight * int(digit) for weight, digit in enumerate(reversed(digits), start=2)) % 11


def valid_npi(value: Any) -> bool:
    """National Provider Identifier: 10 digits, Luhn over the prefix 80840 (45 CFR 162.406).

    Luhn does not see a swap of adjacent 0 and 9; the scheme is the standard's, not ours. The first digit is not
    held against 1 and 2: our never-real NPIs begin with 9.
    """
    return _matches(_NPI, value) and luhn_check_digit("80840" + value[:9]) == int(value[9])


def valid_mbi(value: Any) -> bool:
    """Medicare Beneficiary Identifier: 11 characters without dashes in the CMS grammar (letters without S L O I B Z).

    Two forms that CMS never issues count as well-formed, for they are what synthetic cases hold: a first digit 0,
    and S in second place. There is no check digit.
    """
    return _matches(_MBI, value) or _matches(_MBI_SPECIMEN, value)


def valid_mrn(value: Any) -> bool:
    """Medical record number of our private scheme: ``MRN``, 7 digits, check digit (`weighted_check_digit`)."""
    return _matches(_MRN, value) and weighted_check_digit(value[3:10]) == int(value[10])


def valid_member_id(value: Any) -> bool:
    """Health plan member id of our private scheme: ``ZZT``, 8 digits, check digit (`weighted_check_digit`)."""
    return _matches(_MEMBER_ID, value) and weighted_check_digit(value[3:11]) == int(value[11])


def valid_ssn(value: Any) -> bool:
    """Shape of a Social Security number, ``AAA-GG-SSSS`` or 9 digits; area not 000 or 666, no group 00 or serial 0000.

    Areas 9xx pass: SSA never assigns them and synthetic cases use them (`surrogates.never_real` tells them apart).
    """
    return _matches(_SSN, value) or _matches(_SSN_COMPACT, value)


def valid_date(value: Any, *, not_after: date | None = None) -> bool:
    """An ISO date ``YYYY-MM-DD`` that exists in the calendar and, where asked, is not after a day."""
    parsed = _iso_date(value)
    return parsed is not None and (not_after is None or parsed <= not_after)


def valid_date_of_birth(value: Any, *, today: date) -> bool:
    """An ISO date that a person alive today can be born on: not after today, at most `OLDEST_AGE` years before."""
    born = _iso_date(value)
    return born is not None and born <= today and today.year - born.year <= OLDEST_AGE


def valid_phone(value: Any) -> bool:
    """A North American number as people write it: 10 digits, area and exchange begin with 2-9, extension allowed."""
    return _matches(_PHONE, value)


VALIDATORS: dict[str, Callable[[Any], bool]] = {
    "npi": valid_npi,
    "mbi": valid_mbi,
    "mrn": valid_mrn,
    "member_id": valid_member_id,
    "date": valid_date,
    "ssn": valid_ssn,
    "phone": valid_phone,
}
"""What specs may call, by the name after ``valid.``."""


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _iso_date(value: Any) -> date | None:
    if not _matches(_ISO_DATE, value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
