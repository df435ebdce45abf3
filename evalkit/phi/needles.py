"""What to look for: an identifier becomes probes, each a literal in one normal form.

A probe is searched with ``in`` (fast), then confirmed by a pattern where the literal alone would prove too little:
a short or ordinary token needs company, a name inside a longer word needs length.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, get_args

from evalkit.phi.dates import parse_date
from evalkit.phi.forms import compact, fold, words
from evalkit.phi.identifiers import Identifier
from evalkit.phi.ordinary import ORDINARY, canary_grade, proves_alone
from evalkit.phi.runs import is_plain_word

Space = Literal["words", "folded", "clean", "raw", "digits", "compact", "camel", "spaced", "leet", "spoken", "heads"]
"""The normal forms of `forms.Forms`, the plainest first."""
SPACES: tuple[Space, ...] = get_args(Space)

LONG_NAME = 8
"""Letters from which a name counts inside a longer run of letters."""
SURE_DIGITS = 7
"""Digits from which a number counts anywhere, without context."""
_SHORT_VALUE = 4
CONTEXT_CHARS = 24
"""How far before a short needle its context may stand."""

_TITLES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "rn", "do", "mr", "mrs", "ms", "miss", "mx", "dr"})
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8", "l": "1"}
_OPENERS = (
    "Mr|Mrs|Ms|Miss|Mx|Patient|Name|Named|Called|Spouse|Mother|Father|Wife|Husband|Son|Daughter|Sister|Brother|Member|"
    "Subject|Dear|Hello|Hi|Hey|Re|For|With|When|While|After|Before|And|But|Since|If|As|That|The|To|From|By|On|In|Is|Was"
)
"""Words in capitals before a name that are no part of it."""
_SERIAL_ZERO = date(1899, 12, 30).toordinal()
"""Day 0 of spreadsheets."""
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
_NUMBER_LIKE = re.compile(r"[A-Za-z]{0,5}[\d\W_]+[A-Za-z]?")
_ZIP = re.compile(r"(\d{5})(?:-\d{4})?")
_NUMERIC_CATEGORIES = frozenset({"phone", "fax", "ssn", "mrn", "plan", "account", "license", "vehicle", "device",
                                 "ip", "other", "biometric", "photo"})  # fmt: skip
_STATES = (
    "al|ak|az|ar|ca|co|ct|dc|de|fl|ga|hi|ia|id|il|in|ks|ky|la|ma|md|me|mi|mn|mo|ms|mt|nc|nd|ne|nh|nj|nm|nv|ny|oh|ok|"
    "or|pa|ri|sc|sd|tn|tx|ut|va|vt|wa|wi|wv|wy"
)
_LABELS: dict[str, str] = {
    "name": r"name|called|patient|initials?|signed|spouse|mother|father",
    "geo": r"zip|postal|address|resid\w*|lives?|home|street|avenue|mailing",
    "date": r"born|birth\w*|dob|date",
    "phone": r"phone|tel\w*|call|cell|mobile|number|ending in|last four|last 4|ext",
    "fax": r"fax|number",
    "ssn": r"ssn|social|ending in|last four|last 4|last4",
    "mrn": r"mrn|record|chart|medical|id",
    "plan": r"member|plan|beneficiary|subscriber|policy|id|mbi",
    "account": r"acc\w*|acct|account",
    "license": r"licen[cs]e|npi|dea|certificate",
    "vehicle": r"vin|plate|vehicle|tag",
    "device": r"serial|device|udi|lot",
}


@dataclass(frozen=True, slots=True, repr=False)
class Probe:
    """One literal to look for in one normal form, and how a hit is called."""

    space: Space
    literal: str
    form: str
    confirm: str = ""
    """A pattern that must be found as well; compiled only when the literal was seen."""
    confirm_in: Space | None = None
    """The normal form in which; that of the literal where None."""
    token: str = ""
    """The one token of a name that the probe stands for; empty where it stands for the whole value."""

    def __repr__(self) -> str:
        return f"Probe({self.space}, {self.form})"


def probes_for(known: Identifier) -> tuple[Probe, ...]:
    """All probes of an identifier, the plainest first. An empty value has none."""
    folded = fold(known.value).strip()
    if not folded:
        return ()
    if known.category == "name":
        found = [*_name_probes(known.value, folded)]
    elif known.category == "date":
        found = [*_date_probes(folded)]
    elif known.category == "geo":
        found = [*_geo_probes(known.value, folded)]
    elif known.category in {"email", "url"}:
        found = [*_address_probes(folded)]
    else:
        found = [*_number_probes(known.category, folded)]
    found += _encoded_probes(known.value)
    return tuple(dict.fromkeys(found))


def date_of(known: Identifier) -> date | None:
    """The day that a date identifier means; None for other categories and for ages and years."""
    return parse_date(fold(known.value)) if known.category == "date" else None


def _encoded_probes(value: str) -> Iterator[Probe]:
    """base64 and base32 of a value that happen to look like a plain word, which `runs` does not find odd; rare.

    base64 in its three alignments, base32 from its beginning; only the characters that the value alone determines.
    """
    if len(value) <= _SHORT_VALUE:
        return
    for spelled in dict.fromkeys((value, value.lower(), value.upper())):
        raw = spelled.encode("utf-8", "surrogatepass")
        written = [("base64", base64.b64encode, offset, 6) for offset in range(3)]
        for form, encode, offset, bits in (*written, ("base32", base64.b32encode, 0, 5)):
            encoded = encode(b"\0" * offset + raw).decode()
            core = encoded[-(-offset * 8 // bits) : (offset + len(raw)) * 8 // bits]
            if len(core) >= 6 and is_plain_word(core):
                yield Probe("raw", core, form)


def _phrase(folded: str, form: str = "words") -> Iterator[Probe]:
    """The value's tokens in order; where four letters and digits or more make it significant."""
    phrase = words(folded)
    significant = len(phrase) - phrase.count(" ")
    if significant >= 4 or (not folded.isascii() and significant >= 2):
        yield Probe("words", phrase, form)


def _name_probes(value: str, folded: str) -> Iterator[Probe]:
    tokens = [token for token in words(folded).split() if token not in _TITLES]
    if not tokens:
        return
    if len(tokens) > 1:
        yield from _whole_name(tokens)
    elif not canary_grade(tokens[0]):
        yield from _weak_token(tokens[0])
    yield from _foreign_name(folded)
    initial = tokens[0][0] if len(tokens) > 1 else ""
    for token in dict.fromkeys([*tokens, *_respelled(value), *_after_apostrophe(folded)]):
        if proves_alone(token):
            yield from _strong_token(token, initial)
        elif canary_grade(token):
            yield from _common_token(token, initial)
    if len(tokens) > 1 and not canary_grade(tokens[-1]):
        yield from _initial_and_last(tokens[0], tokens[-1])
    yield from _initials(tokens)


def _whole_name(tokens: list[str]) -> Iterator[Probe]:
    """First and last in either order, with at most one middle token between."""
    first, last = re.escape(tokens[0]), re.escape(tokens[-1])
    middle = r"(?:\w+ )?"
    yield Probe("words", f" {' '.join(tokens)} ", "words")
    yield Probe("words", f" {tokens[-1]} ", "name_order", f" {last} {first} ")
    yield Probe("words", f" {tokens[-1]} ", "name_order", f" {first} {middle}{last} ")
    yield Probe("folded", tokens[-1], "camel", f" {first} {last} ", "camel")
    closed = "".join(tokens)
    if len(closed) >= LONG_NAME:
        yield Probe("compact", closed, "closed_up")


def _strong_token(token: str, initial: str) -> Iterator[Probe]:
    """A token that proves a leak alone, whole or inside, upright or turned."""
    escaped = re.escape(token)
    yield Probe("words", f" {token} ", "token", token=token)
    bounded = rf"(?<![^\W\d_]){escaped}(?:'?s)?(?![^\W\d_])"
    yield Probe("folded", token, "token", bounded, token=token)
    if initial:
        handle = rf"(?<![^\W\d_]){re.escape(initial)}{escaped}(?![^\W\d_])"
        yield Probe("folded", initial + token, "initial_last", handle)
    yield Probe("folded", token, "camel", f" {escaped} ", "camel", token)
    if len(token) >= LONG_NAME:
        yield Probe("folded", token, "inside", token=token)
        yield Probe("compact", token, "closed_up", token=token)
    yield Probe("spaced", token, "letter_by_letter", token=token)
    yield Probe("leet", token, "leet", rf"(?<![^\W\d_]){escaped}[a-z]?(?![^\W\d_])", token=token)
    yield Probe("heads", token, "acrostic", token=token)


_BORDER = r"\x1f|\n{6}|\t{5}"
"""Between the fields of one page, and between the readings of one value."""
_INSIDE = rf"(?:(?!{_BORDER})[\s\S])*?"


def _common_token(token: str, initial: str) -> Iterator[Probe]:
    """One of the commonest names counts where it stands as the name of one who was named before, and disguised.

    Written with a capital, alone in its field, or inside an identifier, in a text that names nobody else so: where
    ``Matthew Hill`` or ``Dr. Matthew`` stands, Matthew is Matthew Hill, and beside the rest of the name it is
    `_whole_name` that counts.
    """
    escaped = re.escape(token)
    capital, word, gap = token.capitalize(), r"[A-Z][a-z']+", r"[^\S\x1f]+"
    initial_or_none = rf"{gap}(?:[A-Z]\.?{gap})?"
    other = rf"\b(?!(?:{_OPENERS})\b){word}{initial_or_none}{capital}(?!\w)|{capital}{initial_or_none}{word}"
    for shown, others in ((capital, f"{other}|"), (token.upper(), "")):
        alone = rf"(?<![\w'-]){shown}(?:'s)?(?![\w'-])"
        # a field by itself: what another field names excuses nothing here
        nobody_else = rf"(?:\A|{_BORDER})(?!{_INSIDE}(?:{others}\b(?i:dr|doctor)\b\.?{gap}{shown}))"
        yield Probe("clean", shown, "token", rf"{nobody_else}{_INSIDE}{alone}", token=token)
    yield Probe("clean", token.capitalize(), "camel", rf"(?<=[a-z]){token.capitalize()}(?![a-z])", token=token)
    placed = rf"(?:\A|\x1f)\W*{escaped}\W*(?:\x1f|\Z)|[_@=/\\0-9]{escaped}(?![a-z])|(?<![a-z]){escaped}[_@0-9]"
    yield Probe("folded", token, "token", placed, token=token)
    if initial:
        handle = rf"(?<![^\W\d_]){re.escape(initial)}(?:{escaped}(?![^\W\d_])|\.[ _]?{escaped}(?![a-z]))"
        yield Probe("folded", token, "initial_last", handle)
    signs = "".join(f"[{letter}{_LEET.get(letter, '')}]" for letter in token)
    yield Probe("leet", token, "leet", rf"(?<![a-z])(?=[a-z]*[^a-z\s]){signs}(?![a-z])", "folded", token)
    yield Probe("spaced", token, "letter_by_letter", token=token)
    yield Probe("heads", token, "acrostic", token=token)


def _respelled(value: str) -> list[str]:
    """The tokens of a name with umlauts written out (Müller as mueller), and with what is not ASCII dropped."""
    if value.isascii():
        return []
    lower = value.casefold()
    written_out = "".join(_UMLAUTS.get(char, char) for char in lower)
    dropped = unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()
    return words(fold(written_out)).split() + words(dropped).split()


def _after_apostrophe(folded: str) -> list[str]:
    return [part for token in folded.split() if "'" in token for part in token.split("'") if len(part) >= 5]


def _foreign_name(folded: str) -> Iterator[Probe]:
    """A name outside the Latin script counts anywhere from two letters on: such scripts may not separate words."""
    closed = compact(folded)
    if not closed.isascii() and len(closed) >= 2:
        yield Probe("compact", closed, "token")


def _weak_token(token: str) -> Iterator[Probe]:
    """A short or ordinary token counts after a title or a label, written with a capital."""
    shown = re.escape(token.capitalize())
    upper = re.escape(token.upper())
    company = r"(?:Mr|Mrs|Ms|Miss|Mx|[Nn]amed?|[Cc]alled)"
    pattern = rf"\b{company}\b[.:=\s\"']{{1,6}}(?:[A-Z][\w']*\.?\s)?(?:{shown}|{upper})(?!\w)"
    yield Probe("raw", token.capitalize(), "titled", pattern)
    yield Probe("raw", token.upper(), "titled", pattern)
    if token not in ORDINARY and len(token) >= 3:
        label = rf"\b(?i:{_LABELS['name']})\b\W{{1,3}}(?:{shown}|{upper})(?!\w)"
        yield Probe("raw", token.capitalize(), "labelled", label)


def _initial_and_last(first: str, last: str) -> Iterator[Probe]:
    """``M. Rose`` or ``Rose, M`` with capitals, for a last name that proves nothing alone."""
    initial, shown = re.escape(first[0].upper()), re.escape(last.capitalize())
    pattern = rf"\b{initial}\. ?(?:[A-Z]\. ?)?{shown}\b|\b{shown}, {initial}\b"
    yield Probe("raw", last.capitalize(), "initial_last", pattern)
    yield from _weak_token(last)


def _initials(tokens: list[str]) -> Iterator[Probe]:
    """Two initials or more after the word that says so."""
    if len(tokens) < 2:
        return
    first, last = re.escape(tokens[0][0]), "".join(dict.fromkeys(token[0] for token in tokens[1:]))
    pattern = rf"initials\b(?:[ :=\"]{{1,3}}|\sare\s){first}(?:\W{{0,2}}[a-z])?\W{{0,2}}[{re.escape(last)}](?![a-z])"
    yield Probe("folded", "initials", "initials", pattern)


def _date_probes(folded: str) -> Iterator[Probe]:
    """Probes beside the comparison of dates: epoch, and ages and years that were planted as such."""
    if re.fullmatch(r"\d{2,3}", folded):
        pattern = rf"(?<![\d.]){folded}[\s-]?(?:y/?o\b|yo\b|yrs?\b|years?\b)|\bage[ds]?\W{{0,4}}{folded}(?![\d.])"
        yield Probe("folded", folded, "age", pattern)
        return
    if re.fullmatch(r"\d{4}", folded):
        pattern = rf"\b(?:born|birth|dob|yob)\b[^\d]{{0,20}}{folded}(?!\d)"
        yield Probe("folded", folded, "year_of_birth", pattern)
        return
    day = parse_date(folded)
    if day is None:
        yield from _phrase(folded)
        return
    seconds = abs(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))
    if seconds >= 10**7:
        yield Probe("digits", f"|{seconds}|", "epoch")
        yield Probe("digits", f"|{seconds}000|", "epoch")
        yield Probe("digits", f"|{str(seconds)[::-1]}|", "epoch")
    elif seconds:
        yield Probe("folded", str(seconds), "epoch", rf"\b(?:ts|{_LABELS['date']})\b\W{{1,5}}{seconds}(?:000)?(?!\d)")
    serial = day.toordinal() - _SERIAL_ZERO
    if serial > 0:
        label = rf"(?:excel|serial|{_LABELS['date']})[a-z_]{{0,12}}"
        yield Probe("folded", str(serial), "serial", rf"(?<![a-z]){label}[^\w.]{{1,5}}{serial}(?!\d)")


def _geo_probes(value: str, folded: str) -> Iterator[Probe]:
    found = _ZIP.fullmatch(folded)
    if found:
        yield from _zip_probes(found[1], folded)
        return
    yield from _phrase(folded)
    tokens = words(folded).split()
    if tokens and tokens[0].isdigit():
        if len(tokens) > 1 and len(tokens[1]) >= 4:
            yield Probe("words", f" {tokens[0]} {tokens[1]} ", "street")
        street = words(fold(value.split(",")[0]))
        if len(street) >= 10:
            yield Probe("words", street, "street")
            yield Probe("compact", compact(street), "closed_up")
    elif len(tokens) == 1 and canary_grade(tokens[0]):
        yield from _strong_token(tokens[0], "")


def _zip_probes(five: str, folded: str) -> Iterator[Probe]:
    """Five digits are a ZIP only after a word that says so or a state; nine are one anywhere."""
    if len(folded) > 5:
        yield Probe("digits", compact(folded), "digits")
    context = rf"\b(?:(?:{_LABELS['geo']})\b[^\d\x1f]{{0,{CONTEXT_CHARS}}}\x1f?|(?:{_STATES})[,. ]{{1,2}}){five}(?!\d)"
    yield Probe("folded", five, "zip", context)
    key = rf"(?:zip|postal)[a-z_]{{0,10}}\x1f{five}(?!\d)"
    yield Probe("folded", five, "zip", key)


def _address_probes(folded: str) -> Iterator[Probe]:
    """E-mail and URL: closed up, the part before the @ or the last step of the path, @ and dot in words."""
    closed = compact(folded)
    if len(closed) >= 6:
        yield Probe("compact", closed, "alnum")
    if "@" in folded:
        local, _, host = folded.partition("@")
        yield Probe("compact", compact(local) + "at" + compact(host.replace(".", "dot")), "alnum")
        yield Probe("compact", compact(folded.replace("@", "at").replace(".", "dot")), "alnum")
        yield Probe("compact", compact(local) + "at" + compact(host), "alnum")
        handle = compact(local)
    else:
        handle = compact(folded.rstrip("/").rsplit("/", 1)[-1])
    if len(handle) >= LONG_NAME or (len(handle) >= 6 and any(char.isdigit() for char in handle)):
        yield Probe("compact", handle, "handle")


def _number_probes(category: str, folded: str) -> Iterator[Probe]:
    closed = compact(folded)
    digits = "".join(char for char in closed if char.isdigit())
    one_run = _NUMBER_LIKE.fullmatch(folded) is not None
    if category in {"phone", "fax"}:
        digits, one_run = _national(folded), True
    if category in _NUMERIC_CATEGORIES and len(digits) >= SURE_DIGITS and one_run:
        yield from _long_number(category, digits)
    if len(closed) >= SURE_DIGITS and digits:
        yield Probe("compact", closed, "alnum")
    if not digits or len(closed) >= 5:
        yield from _phrase(folded)
    if category == "ip":
        yield from _whole_number_of_ip(folded)
    if 5 <= len(digits) < SURE_DIGITS and digits == closed:
        yield Probe("digits", f"|{digits}|", "digits")
    if len(closed) < 5:
        yield from _short(category, folded)
    if category == "ssn" and len(digits) == 9:
        yield from _short(category, digits[-4:], form="last_four")
        yield Probe("folded", digits[-4:], "last_four", rf"[*x#•]{{2,}}[-\s]?{digits[-4:]}(?!\d)")


def _whole_number_of_ip(folded: str) -> Iterator[Probe]:
    """An IPv4 address as one number."""
    parts = folded.split(".")
    if len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts):
        number = int.from_bytes(bytes(map(int, parts)), "big")
        yield Probe("digits", f"|{number}|", "number")


def _national(folded: str) -> str:
    """The ten digits of a phone number, without country code and extension."""
    main = re.split(r"\s?(?:x|ext)", folded)[0]
    digits = re.sub(r"\D", "", main)
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _long_number(category: str, digits: str) -> Iterator[Probe]:
    yield Probe("digits", digits, "digits")
    yield Probe("digits", digits[::-1], "reversed")
    yield Probe("spoken", digits, "spoken")
    without_zeros = digits.lstrip("0")
    if 5 <= len(without_zeros) < len(digits):
        yield Probe("digits", f"|{without_zeros}|", "number")
    if category in {"phone", "fax"} and len(digits) == 10:
        yield Probe("digits", f"|{digits[3:]}|", "local_number")


def _short(category: str, folded: str, form: str = "labelled") -> Iterator[Probe]:
    """Fewer than five characters prove nothing without a word before them that says what they are."""
    label = _LABELS.get(category)
    if label is None:
        return
    pattern = rf"\b(?:{label})\b[^\w]{{0,4}}(?:\w+[^\w]{{1,3}}){{0,2}}{re.escape(folded)}(?![\w])"
    yield Probe("folded", folded, form, pattern)
