"""Normal forms: the same text without the differences that hide an identifier from a plain search.

Each form is a function from text to text. What folds a text also folds the needle, so both meet in the middle.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

SEPARATOR = "\x1f"
"""Stands between the leaves of a JSON value that are searched as one page."""

_LOOKALIKES = dict(zip(
    "аеорсухіѕјкмтвнԁԛԝһӏАВЕКМНОРСТУХІЅЈαορνυικτεηχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧıøłđðħŧƒ",
    "aeopcyxisjkmtbhdqwhlabekmhopctyxisjaopvuiktenxyabezhikmnoptyxiolddhtf",
    strict=True,
))  # fmt: skip
"""Letters of other scripts that look like Latin ones, and Latin ones that do not decompose (our own small table)."""

_SPELLED = {"ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "’": "'", "‘": "'", "ʼ": "'",
            "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-"}  # fmt: skip
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1e\x7f]")
_NO_WORD = re.compile(r"[\W_]+")
_POSSESSIVE = re.compile(r"'s\b")
_DIGIT_RUN = re.compile(r"[0-9]+(?:[^0-9a-z]{1,4}[0-9]+)*")
_NO_DIGIT = re.compile(r"[^0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTER_BY_LETTER = re.compile(r" (?:[a-z] ){5,}")
_LEET_TOKEN = re.compile(r"(?=[a-z0-9@$!]*[a-z])(?=[a-z0-9@$!]*[0-9@$!])[a-z0-9@$!]{5,}")
_LEET_AS_I = str.maketrans("4130578@$!", "aieostbasi")
_LEET_AS_L = str.maketrans("4130578@$!", "aleostbasl")
_LINE = re.compile(r"[\n\x1f]")
_BULLET = " \t\r-*+.:;)(#>\"'0123456789\u2022"


def _classes(table: dict[str, bytes]) -> bytes:
    """A table for ``bytes.translate`` that maps each character class to one letter, all else to a space."""
    translation = bytearray(b" " * 256)
    for members, shown in table.items():
        for char in members:
            translation[ord(char)] = shown[0]
    return bytes(translation)


_LOWER = "abcdefghijklmnopqrstuvwxyz"
_WORD_TABLE = _classes({char: char.encode() for char in _LOWER + "0123456789"})
_SHAPE_TABLE = _classes({_LOWER: b"a", _LOWER.upper(): b"A", "0123456789@$!": b"0"})
"""Shapes tell in one pass whether a rarer form can be there at all; the forms themselves cost ten times more."""

_UNITS = {"zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
          "six": "6", "seven": "7", "eight": "8", "nine": "9"}  # fmt: skip
_TEENS = {"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
          "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19"}  # fmt: skip
_TENS = {"twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8",
         "ninety": "9"}  # fmt: skip
_REPEATS = {"double": 2, "triple": 3}
_NUMBER = "|".join(sorted((*_UNITS, *_TEENS, *_TENS, *_REPEATS), key=len, reverse=True))
_NUMBER_WORDS = frozenset((*_UNITS, *_TEENS, *_TENS, *_REPEATS))
_SPOKEN_RUN = re.compile(rf"\b(?:{_NUMBER})(?:[\W_]+(?:{_NUMBER}|\d))+\b")


def _fold_one(char: str) -> str:
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    if char in _SPELLED:
        return _SPELLED[char]
    if char in _INVISIBLE or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return ""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if unicodedata.category(char) == "Cc" and char not in "\t\n\r\x1f":
        return ""
    return char.casefold()


def _fold_char(char: str) -> str:
    """Folded until nothing changes any more: the lower case of a look-alike may be one itself."""
    before, after = "", char
    while after != before:
        before, after = after, "".join(map(_fold_one, unicodedata.normalize("NFKD", after)))
    return after


_FOLDED: dict[int, str] = {}
"""Code point -> what is left of it, worked out once for each code point that is met."""


def fold(text: str) -> str:
    """Lower case, without accents, compatibility forms, invisible and control characters, look-alikes; ASCII digits.

    ASCII text only loses case and control characters, which is the fast path.
    """
    if text.isascii():
        return (_CONTROL.sub("", text) if _CONTROL.search(text) else text).lower()
    for char in set(text):
        if ord(char) not in _FOLDED:
            _FOLDED[ord(char)] = _fold_char(char)
    return text.translate(_FOLDED)


def words(folded: str) -> str:
    """The tokens of a folded text with one space between, before and after: ``" ms vanterpool 1947 "``.

    A possessive ``'s`` is dropped and an apostrophe inside a name closes up (``o'halloran`` is ``ohalloran``).
    """
    if "'" in folded:
        folded = _POSSESSIVE.sub(" ", folded).replace("'", "")
    if folded.isascii():
        return f" {' '.join(folded.encode().translate(_WORD_TABLE).decode().split())} "
    return f" {_NO_WORD.sub(' ', folded).strip()} "


def compact(folded: str) -> str:
    """Only letters and digits of a folded text, closed up."""
    return _NO_WORD.sub("", folded)


def shape(text: str) -> bytes:
    """Character classes: ``a`` lower, ``A`` upper, ``0`` digits and their look-alikes, a space for all else."""
    return text.encode("ascii", "replace").translate(_SHAPE_TABLE)


def digit_runs(folded: str) -> str:
    """Digits joined over up to four characters that are neither letter nor digit, runs apart: ``|5364277|19|``."""
    runs = [_NO_DIGIT.sub("", run) for run in _DIGIT_RUN.findall(folded)]
    return f"|{'|'.join(runs)}|" if runs else ""


def camel_words(text: str) -> str:
    """`words` of a text whose camelCase was split."""
    return words(fold(_CAMEL.sub(" ", text)))


def letter_by_letter(in_words: str) -> str:
    """The words that were written letter by letter (``v a n t e r``), closed up, a space around each; of `words`."""
    if b" a a a a a " not in shape(in_words):
        return ""
    return " ".join(["", *(compact(run) for run in _LETTER_BY_LETTER.findall(in_words)), ""])


def leet(folded: str) -> str:
    """The tokens that mix letters with digits or signs, read as letters, both with 1 as i and with 1 as l."""
    classes = shape(folded)
    if b"a0" not in classes and b"0a" not in classes:
        return ""
    line = " ".join(_LEET_TOKEN.findall(folded))
    return f" {line.translate(_LEET_AS_I)} {line.translate(_LEET_AS_L)} " if line else ""


def line_heads(text: str) -> str:
    """The first letter of each line and leaf, folded: what an acrostic spells."""
    lines = _LINE.split(text)
    return fold("".join(line.lstrip(_BULLET)[:1] for line in lines)) if len(lines) >= 5 else ""


def spoken_digits(folded: str, in_words: str) -> str:
    """Runs of spoken numbers as digits, runs apart: ``five three, forty-two, double seven`` is ``|534277|``.

    ``in_words`` is `words` of the same text.
    """
    if sum(map(_NUMBER_WORDS.__contains__, in_words.split())) < 3:
        return ""
    runs = [_say_digits(run) for run in _SPOKEN_RUN.findall(folded)]
    return f"|{'|'.join(runs)}|" if runs else ""


def _say_digits(run: str) -> str:
    digits: list[str] = []
    times, tens = 1, ""
    for word in _NO_WORD.split(run):
        if word in _REPEATS:
            times = _REPEATS[word]
            continue
        if word in _TENS:
            digits.append(tens + "0" if tens else "")
            tens = _TENS[word]
            continue
        value = _UNITS.get(word) or _TEENS.get(word) or word
        if tens and not (word in _UNITS and value != "0"):
            digits.append(tens + "0")
            tens = ""
        digits.append(tens + value * times)
        times, tens = 1, ""
    return "".join(digits) + (tens + "0" if tens else "")


class Forms:
    """The normal forms of one text, each worked out when it is first asked for."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def folded(self) -> str:
        """`fold`."""
        return fold(self.raw)

    @cached_property
    def words(self) -> str:
        """`words`."""
        return words(self.folded)

    @cached_property
    def compact(self) -> str:
        """`compact`."""
        return self.words.replace(" ", "")

    @cached_property
    def digits(self) -> str:
        """`digit_runs`."""
        return digit_runs(self.folded)

    @cached_property
    def camel(self) -> str:
        """`camel_words`."""
        return camel_words(self.raw)

    @cached_property
    def spaced(self) -> str:
        """`letter_by_letter`."""
        return letter_by_letter(self.words)

    @cached_property
    def leet(self) -> str:
        """`leet`."""
        return leet(self.folded)

    @cached_property
    def heads(self) -> str:
        """`line_heads`."""
        return line_heads(self.raw)

    @cached_property
    def spoken(self) -> str:
        """`spoken_digits`."""
        return spoken_digits(self.folded, self.words)
