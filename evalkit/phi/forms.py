"""Normal forms: the same text without the differences that hide an identifier from a plain search.

Each form is a function from text to text. What folds a text also folds the needle, so both meet in the middle.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Set
from functools import cached_property, lru_cache

from evalkit.phi.alphabets import Coded, read
from evalkit.phi.characters import LOWER, table_of
from evalkit.phi.runs import code_rows, odd_runs

SEPARATOR = "\x1f"
"""Stands between the leaves of a JSON value that are searched as one page."""

_LOOKALIKES = dict(zip(
    "аеорсухіѕјкмтвнԁԛԝһӏАВЕКМНОРСТУХІЅЈαορνυικτεηχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧıøłđðħŧƒØŁĐÐĦŦ",
    "aeopcyxisjkmtbhdqwhlABEKMHOPCTYXISJaopvuiktenxyABEZHIKMNOPTYXiolddhtfOLDDHT",
    strict=True,
))  # fmt: skip
"""Letters of other scripts that look like Latin ones, and Latin ones that do not decompose (our own small table)."""

_SPELLED = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH",
            "’": "'", "‘": "'", "ʼ": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-"}  # fmt: skip
_FEW = 12
"""Different characters beyond ASCII up to which it is quicker to replace them one by one."""

_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_CONTROLS = bytes({*range(0x1F), 0x7F} - set(b"\t\n\r"))
_ASCII = bytes(range(128))
_NO_WORD = re.compile(r"[\W_]+")
_POSSESSIVE = re.compile(r"'s\b")
_DIGIT_RUN = re.compile(r"[0-9]+(?:[^0-9a-z]{1,4}[0-9]+)*")
_NO_DIGIT = re.compile(r"[^0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SIX_NUMBERS = re.compile(r" (?:[0-9]{2,5} ){6}")
_CLOSED_UP = re.compile(r"'[0-9]")
_LETTER_BY_LETTER = re.compile(r" (?:[a-z] ){5,}")
_LEET = "4130578@$!"
_LEET_AS_I = bytes.maketrans(_LEET.encode(), b"aieostbasi")
_LEET_AS_L = bytes.maketrans(_LEET.encode(), b"aleostbasl")
BULLET = " \t\r-*+.:;)(#>\"'0123456789\u2022"


_WORD_TABLE = table_of({char: char for char in LOWER + "0123456789"})
_SHAPE_TABLE = table_of({LOWER: "a", LOWER.upper(): "A", "0123456789@$!": "0"})
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
_SPOKEN_OR_DIGIT = _NUMBER_WORDS | frozenset("0123456789")
_SPOKEN_RUN = re.compile(rf"\b(?:{_NUMBER})(?:[\W_]+(?:{_NUMBER}|\d))+\b")


def _clean_one(char: str) -> str:
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
    return char


def _settled(char: str, step: Callable[[str], str]) -> str:
    """A character changed until nothing changes any more: the lower case of a look-alike may be one itself."""
    before, after = "", char
    while after != before:
        before, after = after, "".join(map(step, unicodedata.normalize("NFKD", after)))
    return after


def _fold_one(char: str) -> str:
    return _clean_one(char).casefold()


_CLEANED: dict[int, str] = {}
_FOLDED: dict[int, str] = {}
"""Code point -> what is left of it, worked out once for each code point that is met."""


@lru_cache(maxsize=4096)
def _is_folded(char: str) -> bool:
    return _settled(char, _fold_one) == char


def _changed(text: str, table: dict[int, str], step: Callable[[str], str]) -> str:
    """A text with each character changed; where few differ from ASCII, those alone are looked at."""
    odd = beyond_ascii(text)
    for char in odd:
        if ord(char) not in table:
            table[ord(char)] = _settled(char, step)
    if len(odd) > _FEW:
        return text.translate(table)
    for char in odd:
        text = text.replace(char, table[ord(char)])
    return text


def beyond_ascii(text: str) -> set[str]:
    """The different characters of a text that are not ASCII."""
    return set(_bytes(text).translate(None, _ASCII).decode("utf-8", "surrogatepass"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def has_foreign_letters(text: str) -> bool:
    """Whether a text has letters that `clean` makes others of: accented ones, and those that only look Latin."""
    return not text.isascii() and any(map(str.isalpha, beyond_ascii(text)))


def clean(text: str) -> str:
    """Compatibility forms, accents, invisible and control characters and look-alikes gone; ASCII digits; case kept.

    What is encoded in letters and digits survives it, so that decoders read it.
    """
    if not text.isascii():
        text = _changed(text, _CLEANED, _clean_one)
    return _without_controls(text)


def _without_controls(text: str) -> str:
    raw = _bytes(text)
    kept = raw.translate(None, _CONTROLS)
    return text if len(kept) == len(raw) else kept.decode("utf-8", "surrogatepass")


def fold(text: str) -> str:
    """`clean`, and lower case. ASCII text only loses case and control characters, which is the fast path."""
    if not text.isascii():
        text = _changed(text, _FOLDED, _fold_one)
    return _without_controls(text).lower()


def words(folded: str) -> str:
    """The tokens of a folded text with one space between, before and after: ``" ms vanterpool 1947 "``.

    A possessive ``'s`` is dropped and an apostrophe inside a name closes up (``o'halloran`` is ``ohalloran``).
    """
    return f" {' '.join(_tokens(folded))} "


def _tokens(folded: str) -> list[str]:
    if "'" in folded:
        folded = folded.replace("'s ", " ")
        folded = (_POSSESSIVE.sub(" ", folded) if "'s" in folded else folded).replace("'", "")
    if not folded.isascii():
        for char in beyond_ascii(folded):
            if _NO_WORD.match(char):
                folded = folded.replace(char, " ")
    if folded.isascii():
        return folded.encode().translate(_WORD_TABLE).decode().split()
    return _NO_WORD.sub(" ", folded).split()


def compact(folded: str) -> str:
    """Only letters and digits of a folded text, closed up."""
    return _NO_WORD.sub("", folded)


def shape(text: str) -> bytes:
    """Character classes: ``a`` lower, ``A`` upper, ``0`` digits and their look-alikes, a space for all else."""
    return text.encode("ascii", "replace").translate(_SHAPE_TABLE)


def digit_runs(folded: str) -> str:
    """Digits joined over up to four characters that are neither letter nor digit, runs apart: ``|5364277|19|``."""
    return _bare_digits(_DIGIT_RUN.findall(folded))


def _bare_digits(runs: list[str]) -> str:
    return f"|{'|'.join([run if run.isdigit() else _NO_DIGIT.sub('', run) for run in runs])}|" if runs else ""


def camel_words(text: str) -> str:
    """`words` of a text whose camelCase was split."""
    return words(fold(_CAMEL.sub(" ", text)))


def letter_by_letter(in_words: str) -> str:
    """The words that were written letter by letter (``v a n t e r``), closed up, a space around each; of `words`."""
    if b" a a a a a " not in shape(in_words):
        return ""
    return " ".join(["", *(compact(run) for run in _LETTER_BY_LETTER.findall(in_words)), ""])


def leet(folded: str) -> str:
    """The text with digits and signs read as letters, 1 both as i and as l; empty where none stand by letters."""
    raw = _bytes(folded)
    classes = raw.translate(_SHAPE_TABLE)
    if b"a0" not in classes and b"0a" not in classes:
        return ""
    return (raw.translate(_LEET_AS_I) + b"\x1f" + raw.translate(_LEET_AS_L)).decode("utf-8", "surrogatepass")


def line_heads(text: str) -> str:
    """What an acrostic spells, a space for an empty line, each different reading on a line of its own.

    Read are the first characters of all lines and leaves, those past bullets and numbers, and from the end the last.
    """
    lines = text.replace(SEPARATOR, "\n").split("\n")
    if len(lines) < 5:
        return ""
    heads = [line[:1] or " " for line in lines]
    past = [line.lstrip(BULLET)[:1] or " " if head in BULLET else head for head, line in zip(heads, lines, strict=True)]
    tails = [line[-1:] or " " for line in reversed(lines)]
    return "\n".join(dict.fromkeys(map("".join, (past, heads, tails))))


def spoken_digits(folded: str) -> str:
    """Runs of spoken numbers as digits, runs apart: ``five three, forty-two, double seven`` is ``|534277|``."""
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

    def __init__(
        self, raw: str, *, without: Set[str] = frozenset(), turned: Callable[[list[str]], list[str]] | None = None
    ) -> None:
        self.raw = raw
        self._without = without
        """Odd runs that are known already."""
        self._turned = turned
        self.seen: list[str] | None = None
        """What a search has looked up in the compact form, kept here for its next question."""

    @cached_property
    def clean(self) -> str:
        """`clean`."""
        return clean(self.raw)

    @cached_property
    def folded(self) -> str:
        """`fold`."""
        plain = self.clean.isascii() or all(map(_is_folded, beyond_ascii(self.clean)))
        return self.clean.lower() if plain else fold(self.raw)

    @cached_property
    def shape(self) -> bytes:
        """`shape` of the clean text."""
        return shape(self.clean)

    @cached_property
    def odd(self) -> list[str]:
        """`runs.odd_runs` and `runs.code_rows`, each different one once."""
        found = dict.fromkeys(odd_runs(self.clean) + self.rows)
        return [run for run in found if run not in self._without] if self._without else list(found)

    @cached_property
    def rows(self) -> list[str]:
        """`runs.code_rows`."""
        return [row for run in self._digit_runs for row in code_rows(run)] if self._may_be_codes else []

    @property
    def _may_be_codes(self) -> bool:
        """Whether six numbers of two to five digits may follow each other."""
        if self.words.isascii() and not _CLOSED_UP.search(self.folded):
            return _SIX_NUMBERS.search(self.words) is not None
        return True

    @cached_property
    def coded(self) -> tuple[Coded, ...]:
        """`alphabets.read` of the odd runs, and of the same turned round if that was asked for."""
        return read(self._turned(self.odd) if self._turned else self.odd) if self.odd else ()

    @cached_property
    def words(self) -> str:
        """`words`."""
        return f" {' '.join(self._tokens)} "

    @cached_property
    def _tokens(self) -> list[str]:
        return _tokens(self.folded)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The different words."""
        return frozenset(self._tokens)

    @cached_property
    def compact(self) -> str:
        """`compact`."""
        return "".join(self._tokens)

    @cached_property
    def digits(self) -> str:
        """`digit_runs`."""
        return _bare_digits(self._digit_runs)

    @cached_property
    def _digit_runs(self) -> list[str]:
        return _DIGIT_RUN.findall(self.folded)

    @cached_property
    def camel(self) -> str:
        """`camel_words`."""
        return camel_words(self.clean)

    @cached_property
    def spaced(self) -> str:
        """`letter_by_letter`."""
        return letter_by_letter(self.words)

    @cached_property
    def leet(self) -> str:
        """`leet`."""
        return leet(self.folded)

    @cached_property
    def spelled_by_lines(self) -> str:
        """`line_heads` of the text as it is, and cleaned."""
        plain = line_heads(self.clean)
        return plain if len(self.raw) == len(self.clean) else f"{line_heads(self.raw)}\n{plain}".strip("\n")

    @cached_property
    def spelled(self) -> Forms:
        """The forms of what lines spell."""
        return Forms(self.spelled_by_lines)

    @cached_property
    def heads(self) -> str:
        """What lines spell, folded and closed up."""
        return self.spelled.compact

    @cached_property
    def backwards(self) -> str:
        """The folded text, reversed."""
        return self.folded[::-1]

    @cached_property
    def spoken(self) -> str:
        """`spoken_digits`."""
        return spoken_digits(self.folded) if self.tokens & _NUMBER_WORDS and self._says_numbers else ""

    @property
    def _says_numbers(self) -> bool:
        """Whether three spoken numbers or single digits follow each other: fewer never make a long number."""
        said = _tokens(self.folded.replace("'", " ")) if "'" in self.folded else self._tokens
        return b"\1\1\1" in bytes(map(_SPOKEN_OR_DIGIT.__contains__, said))
