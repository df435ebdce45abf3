"""How callers say things: dates and numbers in the forms people use, and what a speech recogniser makes of it.

The confusion model is ours and written down here; it is no measurement of a recogniser. Each word is hit with the given
probability, and a hit is one word error, so the expected word error rate is that probability: 65 of 100 hits are
substitutions, 20 deletions, 15 insertions. A substitution takes the word's row of `CONFUSIONS`, a digit its neighbour
of `DIGITS`; any other word loses or changes one letter. Written channels have no such errors.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from evalkit.cases.randomness import Dice

SUBSTITUTED, DELETED = 0.65, 0.20
"""Shares of hits; the rest are insertions."""
INSERTIONS = ("uh", "the", "and", "a", "to", "it")
CONFUSIONS: dict[str, str] = {
    "two": "to", "to": "two", "four": "for", "for": "four", "eight": "ate", "one": "won", "oh": "no", "nine": "five",
    "five": "nine", "six": "sex", "fifteen": "fifty", "fifty": "fifteen", "thirteen": "thirty", "thirty": "thirteen",
    "fourteen": "forty", "sixteen": "sixty", "seventeen": "seventy", "eighteen": "eighty", "nineteen": "ninety",
    "fifth": "fist", "sixth": "sick", "twelfth": "twelve", "ninth": "night", "chest": "chess", "pain": "pane",
    "breathe": "breed", "stroke": "stoke", "refill": "reveal", "book": "look", "appointment": "a point meant",
    "cancel": "council", "doctor": "docked her", "bill": "pill", "nurse": "purse", "hours": "ours", "knee": "need",
    "skin": "kin", "heart": "hard", "move": "moo", "see": "sea", "my": "by", "wife": "life", "husband": "has been",
    "june": "tune", "july": "july's", "may": "make", "march": "marge", "may's": "maize", "morning": "warning",
    "insurance": "in shore hence", "parking": "barking", "yes": "yet", "no": "know",
}  # fmt: skip
"""Word -> what is understood instead."""
DIGITS = str.maketrans("0123456789", "8723495618")
"""Digit -> the one it is taken for."""
FILLERS = ("um", "uh", "you know", "well", "let me see")
ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
Style = Literal["written", "slashes", "day first", "spoken", "numbers", "digits", "corrected"]
STYLES: tuple[Style, ...] = ("written", "slashes", "day first", "spoken", "numbers", "digits", "corrected")
WRITTEN: tuple[Style, ...] = ("written", "slashes", "day first")
SPOKEN: tuple[Style, ...] = ("spoken", "written", "numbers")


def number_words(number: int) -> str:
    """0 to 99 in words."""
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens] + (f"-{ONES[ones]}" if ones else "")


def ordinal_words(number: int) -> str:
    """1 to 31 in words, as a day of the month."""
    words = number_words(number)
    head, dash, last = words.rpartition("-")
    return head + dash + ORDINALS.get(last, f"{last}th")


def year_words(year: int) -> str:
    """A year as it is said: nineteen eighty, two thousand five, twenty twelve."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" {ONES[rest]}" if rest else "")
    if rest == 0:
        return f"{number_words(century)} hundred"
    return f"{number_words(century)} {'oh ' if rest < 10 else ''}{number_words(rest)}"


def say_date(iso: str, style: Style) -> str:
    """A full date in one of the styles."""
    day = date.fromisoformat(iso)
    month = MONTHS[day.month - 1]
    if style == "written":
        return f"{month} {day.day}, {day.year}"
    if style == "slashes":
        return f"{day.month}/{day.day}/{day.year}"
    if style == "day first":
        return f"{day.day} {month} {day.year}"
    if style == "numbers":
        return f"{two_digits(day.month)}, {two_digits(day.day)}, {year_words(day.year)}"
    if style == "digits":
        return spell_digits(f"{day.month:02d}{day.day:02d}{day.year}")
    said = f"{month} {ordinal_words(day.day)}, {year_words(day.year)}"
    if style == "corrected":
        wrong = day.day + 1 if day.day < 28 else day.day - 1
        return f"{month} {ordinal_words(wrong)}, no, sorry, {said}"
    return said


def say_day(iso: str, *, spoken: bool) -> str:
    """A day without its year."""
    day = date.fromisoformat(iso)
    return f"{MONTHS[day.month - 1]} {ordinal_words(day.day) if spoken else day.day}"


def two_digits(number: int) -> str:
    """1 to 31 as part of a date in numbers: oh five, twelve."""
    return f"oh {ONES[number]}" if number < 10 else number_words(number)


def spell_digits(number: str) -> str:
    """Every digit in words; anything else is left out."""
    return " ".join("oh" if one == "0" else ONES[int(one)] for one in number if one.isdigit())


def say_number(number: str, style: str) -> str:
    """A phone or record number: ``as written``, ``grouped`` (31 25 55), ``spelled`` (three one two)."""
    if style == "spelled":
        return spell_digits(number)
    if style == "grouped":
        digits = re.sub(r"\D", "", number)
        return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return number


def hesitate(text: str, dice: Dice) -> str:
    """The text with one or two fillers and perhaps a word said twice."""
    words = text.split(" ")
    for _ in range(dice.whole(1, 2)):
        at = dice.whole(0, len(words) - 1)
        words.insert(at, f"{dice.pick(FILLERS)},")
    if dice.chance(0.4):
        at = dice.whole(0, len(words) - 1)
        if words[at].isalpha() and words[at].islower():
            words.insert(at, words[at])
    return " ".join(words)


def mishear(text: str, rate: float, dice: Dice) -> str:
    """What a recogniser with this word error rate makes of it."""
    if rate <= 0:
        return text
    heard: list[str] = []
    for word in text.split(" "):
        if not dice.chance(rate):
            heard.append(word)
            continue
        kind = dice.unit()
        if kind < SUBSTITUTED:
            heard.append(_substitute(word, dice))
        elif kind >= SUBSTITUTED + DELETED:
            heard += [dice.pick(INSERTIONS), word]
    return " ".join(heard)


def _substitute(word: str, dice: Dice) -> str:
    plain = word.strip(",.?!").lower()
    if plain in CONFUSIONS:
        return word.lower().replace(plain, CONFUSIONS[plain])
    places = [at for at, one in enumerate(word) if one.isdigit()]
    if places:
        at = dice.pick(places)
        return word[:at] + word[at].translate(DIGITS) + word[at + 1 :]
    letters = [at for at, one in enumerate(word) if one.isalpha()]
    if len(letters) < 2:
        return dice.pick(INSERTIONS)
    at = letters[-1] if dice.chance(0.5) else dice.pick(letters[1:])
    return word[:at] + ("" if at == letters[-1] else dice.pick("aeiou")) + word[at + 1 :]
