"""Safe Harbor by the letter, 45 CFR 164.514(b)(2)(i): what may stay of a place, a date and an age.

The 2000 table is the one in the guidance of HHS. For 2010 HHS has published none but says that the older must not be
relied on once newer data is out; the table here is in circulation and not confirmed by HHS. The union of both is
restricted, which can only err towards hiding more.
"""

from __future__ import annotations

import re

from evalkit.phi.characters import WORD_END, WORD_START

RESTRICTED_ZIP3_2000 = frozenset({
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890",
    "893",
})  # fmt: skip
"""Areas of 20,000 people or fewer by the census of 2000 (HHS guidance of 26 November 2012)."""

RESTRICTED_ZIP3_2010 = frozenset({
    "036", "059", "102", "202", "203", "204", "205", "369", "556", "692", "753", "772", "821", "823", "878", "879",
    "884", "893",
})  # fmt: skip
"""The same by the census of 2010, as it circulates; not published by HHS."""

RESTRICTED_ZIP3 = RESTRICTED_ZIP3_2000 | RESTRICTED_ZIP3_2010

OLDEST_OPEN_AGE = 89
"""Years; every older age identifies, and so do the dates that tell it."""
AGE_90 = "90+"

_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_IN_WORDS = rf"ninety(?:[- ](?:{_UNITS}))?|(?:a|one) hundred(?:(?: and)?[- ](?:{_UNITS}|ten|eleven|twelve|thirteen))?"
_OVER_89 = rf"9[0-9]|1[0-2][0-9]|{_IN_WORDS}"
_AGE = re.compile(
    rf"{WORD_START}(?P<before>{_OVER_89})(?=[\s-]{{0,2}}(?:y/?o\b|yo[mf]?\b|yrs?\b|years?\b))"
    rf"|\bage[ds]?\W{{0,4}}(?:is |of |at )?(?P<after>{_OVER_89}){WORD_END}(?!\+|\.[0-9])"
    rf"|\b(?:at|turned|turning) (?P<at>{_OVER_89})(?= (?:years|and|he|she|they|in [12][0-9]{{3}}))"
)


def zip3(zip_code: str) -> str:
    """The first three digits of a ZIP where their area holds more than 20,000 people by both censuses, else ``000``."""
    head = zip_code.strip()[:3]
    return head if len(head) == 3 and head.isdigit() and head not in RESTRICTED_ZIP3 else "000"


def ages_over_89(folded: str) -> list[tuple[int, int]]:
    """Where a folded text states an age over 89, in digits or words: (start, end) of the number."""
    return [found.span(found.lastgroup or 0) for found in _AGE.finditer(folded)]


def telling_years(folded: str, *, today_year: int) -> list[tuple[int, int]]:
    """Years in a text about somebody over 89 that may tell the age: all but this year and the last.

    "On Medicare since 1996" tells a birth year to whoever knows the rule; which year does and which does not cannot be
    read off it.
    """
    years = re.finditer(r"(?<![0-9.,/-])(?:18|19|20)[0-9]{2}(?![0-9.,/-]?[0-9])", folded)
    return [year.span() for year in years if int(year[0]) not in {today_year, today_year - 1}]
