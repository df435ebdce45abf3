"""Detection: what may identify somebody in a text of which nothing is known.

Not exact like `leaks`: patterns with check digits, words before a value that say what it is, and capitalised words.
Every finding has a confidence; a failed check digit lowers it and never hides the finding, for test-shaped numbers and
typing errors are written about real people too. No model and no network. `docs/explanation/detection.md` has the
measured recall and precision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from evalkit.phi.addresses import military, rest_of_block
from evalkit.phi.identifiers import Category, luhn_check_digit, valid_mbi, valid_npi, valid_ssn
from evalkit.phi.lexicon import GIVEN_NAMES, GUARD


@dataclass(frozen=True, slots=True)
class Detected:
    """A stretch of a text that may identify somebody. Positions only, never the text."""

    start: int
    end: int
    category: Category
    confidence: float
    """0 to 1: how sure the rule is, not a probability."""
    rule: str


Recognizer = Callable[[str], Iterable[Detected]]
"""Text -> findings. Any callable of this form plugs in, another library's engine behind a few lines among them."""

SURE, LIKELY, MAYBE, WEAK = 0.95, 0.8, 0.5, 0.3
DEFAULT = MAYBE
"""Confidence from which `detect` reports."""

_LABEL_REACH = 26
"""Characters before a value in which a word may say what it is."""
_LABEL_WORDS: dict[Category, str] = {
    "ssn": r"ssn|social security|social",
    "mrn": r"mrn|m\.r\.n|medical record|record|chart|case",
    "plan": r"member|mbi|medicare|policy|beneficiary|subscriber|insurance|group|plan",
    "account": r"account|acct|card|iban|invoice|encounter|visa|mastercard",
    "license": r"npi|dea|licen[cs]e|dl|certificate|passport",
    "fax": r"fax",
    "phone": r"phone|tel|telephone|cell|mobile|call|contact|pager|at",
    "vehicle": r"vin|plate|vehicle|tag",
    "device": r"serial|device|implant|udi|lot|model",
    "geo": r"zip|zip code|postal code|postcode",
    "date": r"dob|born|birth|date",
    "other": r"id|identifier|ref|reference|badge|number",
}
_LABEL = re.compile(
    rf"\b(?:{'|'.join(f'(?P<{category}>{words})' for category, words in _LABEL_WORDS.items())})"
    r"[^\w\n]{0,3}(?:(?:no|number|num|id|is|was|are|of)\b[^\w\n]{0,3}){0,2}\Z",
    re.IGNORECASE,
)

_NUMBER = re.compile(r"[+(]?[0-9](?:[0-9()+./ \u2010-\u2014-]*[0-9])?")
_CODE_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")
_SHORTEST_CODE, _LONGEST_CODE = 6, 34
_EMAIL = re.compile(r"[\w.+%-]+(?:@|\s?[\[(]at[\])]\s?)[\w-]+(?:(?:\.|\s?[\[(]dot[\])]\s?)[A-Za-z0-9-]+)+")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')]+|(?<![\w.])/u/[\w.-]+")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,6}(?![\w:])", re.IGNORECASE)
_GROUPS = re.compile(r"[:-][0-9A-Fa-f]{0,4}[:-][0-9A-Fa-f]")
_MAC = re.compile(r"(?<![\w-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w-])")
_IPV4 = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})|[0-9]{4}([-/.])[0-9]{1,2}\2[0-9]{1,2})(?![0-9])"
)
_SSN = re.compile(r"[0-9]{3}([- .]?)[0-9]{2}\1[0-9]{4}")
_EXTENSION = re.compile(r" ?(?:x|ext\.?) ?[0-9]{1,6}(?![0-9])")
_MEASURE = re.compile(r"\s?(?:mg|mcg|ml|units?|g|kg|%|cm|mm|days?|weeks?)\b", re.IGNORECASE)
_LOCAL_PHONE = re.compile(r"[0-9]{3}[-. ][0-9]{4}")
_SPLIT_PHONE = re.compile(r"\+?1?[ .-]?\(?[0-9]{3}\)?[ .-]{0,2}[0-9]{3}[ .-]?[0-9]{4}")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)(?:[a-z]{2,6})?"
_MONTH_BEFORE = re.compile(rf"(?<![A-Za-z]){_MONTH}[. ,]{{1,2}}(?:the )?\Z", re.IGNORECASE)
_MONTH_AFTER = re.compile(
    rf"(?:st|nd|rd|th)?(?:[ -]of)?[ -]{_MONTH}(?![A-Za-z])(?:[., -]{{1,2}}[0-9]{{2,4}}(?![0-9]))?", re.IGNORECASE
)
_DAY_REST = re.compile(r"(?:st|nd|rd|th)?(?:,? [0-9]{4}(?![0-9]))?")
_AGE_AFTER = re.compile(r"[\s-]{0,2}(?:y/?o|yo[mf]?|yrs?|years?)\b", re.IGNORECASE)
_APARTMENT = r"Apt|Suite|Ste|Unit|Apartment"
_STREET_AFTER = re.compile(
    rf"[A-Za-z]?(?:,? (?!(?:{_APARTMENT})\b)"
    r"(?:[NSEW]\.?|[0-9]{1,3}(?:st|nd|rd|th)|[A-Z\u00c0-\u024f][\w.'-]+)){1,4}"
    rf"(?:,? (?:{_APARTMENT}|#)\.? ?\w+)?"
)
_SUFFIX = re.compile(
    r"\b(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|place|pl|way|terrace|circle|boulevard|blvd|parkway|"
    r"highway|square|trail|hollow|ridge|run|pass|path|row|loop|crossing|"
    r"[a-z]+(?:straße|strasse|gatan|katu|tie|weg|laan|straat|vej))\b\.?",
    re.IGNORECASE,
)
_WORD_BEFORE = re.compile(r"(?<![\w.])([A-Z\u00c0-\u024f][a-z\u00df-\u024f]{4,}(?<!ol)(?<!in)) \Z")
_PLACE_BEFORE = re.compile(r"(?:[A-Z\u00c0-\u024f][a-z\u00df-\u024f]{2,}|\b[A-Z]{2})[,\s]{1,3}\Z|\n[ ]?\Z")
_UNIT = re.compile(r"\b(?:apt|apartment|suite|ste|unit|p\.?o\.? box|room)\b\.?\s#?\Z", re.IGNORECASE)
_STATE = re.compile(
    r"(?:[A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,2},\s)?\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|"
    r"N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])[ ,\n]{1,3}\Z"
)
_UPPER, _LOWER = r"A-Z\u00c0-\u00de\u0100-\u017f\u0391-\u042f", r"a-z\u00df-\u024f\u0370-\u04ff"
_WORD = re.compile(
    rf"(?<![\w@/.])(?:[A-Z]['’](?=[A-Z]))?[{_UPPER}]"
    rf"(?:[{_LOWER}'’.-]*[{_LOWER}][A-Za-z'’-]*|\.(?= [A-Z])|(?= [A-Z][a-z]))"
)
_START = re.compile(r"(?:\A|[.!?:\n\"]|\s-|[*#>•])\s*[\"'(\[*-]*\Z")
_HEADING = re.compile(r"\w*(?: (?:and|of|for|&) \w+)*:|[ ]?\n")
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|doctor|prof|nurse|sr|sra)\b\.?\s\Z", re.IGNORECASE)
_INTRODUCED = re.compile(
    r"(?:\b(?:name is|named|name|called|i'm|i am|this is|patient|pt|spouse|wife|husband|mother|father|son|daughter|"
    r"brother|sister|"
    r"signed(?: by)?|contact|dear|seen by|attending|provider|re|from)[:,]?)\s{1,3}\Z", re.IGNORECASE)  # fmt: skip


def detect(text: str, *, at_least: float = DEFAULT, recognizers: Iterable[Recognizer] = ()) -> list[Detected]:
    """What may identify somebody, in order and without overlap; of two that overlap the surer stays.

    ``at_least`` is the lowest confidence that is reported; 0 reports everything. ``recognizers`` add findings of other
    engines to our own.
    """
    found = [*_numbers(text), *_marked(text), *_names(text)]
    found += [Detected(*span, "geo", LIKELY, "military") for span in military(text)]
    blocks = (rest_of_block(text, one.end) for one in found if one.rule in _BEGINS_BLOCK)
    found += [Detected(*span, "geo", MAYBE, "address_block") for block in blocks for span in block]
    for recognizer in recognizers:
        found += recognizer(text)
    kept: list[Detected] = []
    for one in sorted(found, key=lambda hit: (-hit.confidence, hit.start, -hit.end)):
        if one.confidence < at_least:
            break
        if all(one.end <= other.start or other.end <= one.start for other in kept[-200:]):
            kept.append(one)
    return sorted(kept, key=lambda hit: hit.start)


def _label_of(text: str, start: int) -> Category | None:
    """The category that the words right before a value name; None for no such word."""
    found = _LABEL.search(text, max(start - _LABEL_REACH, 0), start)
    return next((category for category in _LABEL_WORDS if found[category]), None) if found else None


def _numbers(text: str) -> Iterator[Detected]:
    """Numbers, and the codes that they are part of."""
    done = 0
    for found in _NUMBER.finditer(text):
        chunk = found[0]
        if _part_of_word(text, *found.span()):
            start, end = _token_around(text, found)
            if start >= done and _SHORTEST_CODE <= end - start <= _LONGEST_CODE:
                yield from _code(text, start, end)
            done = end
        digits = len(chunk) if chunk.isdigit() else sum(map(str.isdigit, chunk))
        if digits >= 5:
            yield from _long_number(text, found, digits)
        elif digits:
            yield from _short_number(text, found, digits)


def _token_around(text: str, found: re.Match[str]) -> tuple[int, int]:
    """The letters, digits and dashes around a number."""
    start, end = found.start(), found.start()
    while start and text[start - 1] in _CODE_LETTERS:
        start -= 1
    while end < len(text) and text[end] in _CODE_LETTERS:
        end += 1
    return start, end


def _long_number(text: str, found: re.Match[str], digits: int) -> Iterator[Detected]:
    start, end, chunk = found.start(), found.end(), found[0]
    if _part_of_word(text, start, end) and not _EXTENSION.match(text, end):
        return
    if _IPV4.fullmatch(chunk):
        yield Detected(start, end, "ip", LIKELY, "ipv4")
        return
    dates = [date for date in _DATE.finditer(chunk) if _may_be_day(date[0])]
    if dates:
        yield from (Detected(start + date.start(), start + date.end(), "date", LIKELY, "date") for date in dates)
        return
    bare = "".join(filter(str.isdigit, chunk))
    extension = _EXTENSION.match(text, end)
    if extension and digits >= 7:
        yield Detected(start, extension.end(), "phone", LIKELY, "phone")
        return
    label = _label_of(text, start)
    if label not in {None, "other", "phone", "fax", "geo", "date"}:
        yield Detected(start, end, label or "other", SURE, "labelled")
    elif _SSN.fullmatch(chunk) and not chunk.isdigit():
        yield Detected(start, end, "ssn", SURE if valid_ssn(bare) else MAYBE, "ssn")
    elif _SPLIT_PHONE.fullmatch(chunk) and (not chunk.isdigit() or label in {"phone", "fax"}):
        yield Detected(start, end, "fax" if label == "fax" else "phone", LIKELY, "phone")
    elif 13 <= digits <= 19 and digits >= len(chunk) - 4:
        right = luhn_check_digit(bare[:-1]) == int(bare[-1])
        yield Detected(start, end, "account", SURE if right else MAYBE, "card")
    elif digits == 10 and valid_npi(bare):
        yield Detected(start, end, "license", LIKELY, "npi")
    elif digits in {5, 9} and (_STATE.search(text, max(start - 60, 0), start) or label == "geo"):
        yield Detected(_place_start(text, start), end, "geo", LIKELY, "zip")
    elif digits == 5 and chunk.isdigit() and _PLACE_BEFORE.search(text, max(start - 30, 0), start):
        yield Detected(start, end, "geo", MAYBE, "zip")
    elif label is not None:
        yield Detected(start, end, label, LIKELY, "labelled")
    elif 7 <= digits <= 15:
        whole = (digits > 7 or _LOCAL_PHONE.fullmatch(chunk)) and not _MEASURE.match(text, end)
        yield Detected(start, end, "phone", MAYBE if whole else WEAK, "number")
    else:
        yield Detected(start, end, "other", WEAK, "number")


def _place_start(text: str, start: int) -> int:
    found = _STATE.search(text, max(start - 60, 0), start)
    return found.start() if found else start


def _short_number(text: str, found: re.Match[str], digits: int) -> Iterator[Detected]:
    """Up to four digits: a day, an age over 89, a house number, a unit."""
    start, end = found.span()
    before, after = text[max(start - 16, 0) : start], text[end : end + 64]
    if after[:1].isalpha() or after[1:2].isalpha():
        rest = _MONTH_AFTER.match(after) if digits <= 2 else None
        if rest:
            yield Detected(start, end + rest.end(), "date", LIKELY, "day_month")
            return
        if found[0].isdigit() and 90 <= int(found[0]) < 130 and _AGE_AFTER.match(after):
            yield Detected(start, end, "date", SURE, "age")
            return
    month = _MONTH_BEFORE.search(before) if digits != 3 and before[-1:] in _BETWEEN else None
    if month:
        rest = _DAY_REST.match(after) if digits <= 2 else None
        start -= len(before) - month.start()
        yield Detected(start, end + (rest.end() if rest else 0), "date", LIKELY, "month_day")
    elif before[-1:] in _BETWEEN and (unit := _UNIT.search(before)):
        yield Detected(start - len(before) + unit.start(), end, "geo", LIKELY, "unit")
    elif not _part_of_word(text, start, end) and found[0].isdigit():
        yield from _address(text, start, end, after)


_BEGINS_BLOCK = frozenset({"street", "street_number", "house_number", "unit"})
_SHORTEST_STREET = 4
_BETWEEN = {" ", ",", ".", "#"}


def _address(text: str, start: int, end: int, after: str) -> Iterator[Detected]:
    """A house number before a street, or after one."""
    street = _STREET_AFTER.match(after) if after[:1] in {" ", ","} else None
    if street and _SUFFIX.search(street[0]):
        yield Detected(start, end + street.end(), "geo", LIKELY, "street")
        return
    word = street[0].split()[0].strip(",.") if street and street[0].split() else ""
    if len(word) >= _SHORTEST_STREET and word[1:].islower() and word.isalpha() and word.casefold() not in GUARD:
        yield Detected(start, end + street.end() if street else end, "geo", MAYBE, "house_number")
        return
    before = _WORD_BEFORE.search(text, max(start - 24, 0), start)
    if before and before[1].casefold() not in GUARD:
        yield Detected(before.start(1), end, "geo", MAYBE, "street_number")


def _may_be_day(written: str) -> bool:
    first, second, third = (int(part) for part in re.split(r"[-/.]", written))
    day, month = (second, third) if first > 31 else (first, second)
    return min(day, month) in range(1, 13) and max(day, month) <= 31


def _part_of_word(text: str, start: int, end: int) -> bool:
    return (
        text[start - 1 : start].isalnum()
        if start and text[start - 1 : start].isalnum()
        else text[end : end + 1].isalpha()
    )


def _code(text: str, start: int, end: int) -> Iterator[Detected]:
    """A token of letters and digits: MBI, VIN, IBAN, DEA, licence, or what a word before it says."""
    token = text[start:end]
    closed = token.replace("-", "").upper()
    if closed.isdigit() or closed.isalpha():
        return
    label = _label_of(text, start)
    if valid_mbi(closed):
        yield Detected(start, end, "plan", SURE, "mbi")
    elif len(closed) == 17 and not set(closed) & set("IOQ") and "-" not in token:
        yield Detected(start, end, "vehicle", LIKELY, "vin")
    elif re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z]{4}[0-9]{10,14}", closed) or _iban(closed):
        yield Detected(start, end, "account", SURE, "iban")
    elif re.fullmatch(r"[A-Z]{2}[0-9]{7}", closed) and _dea(closed):
        yield Detected(start, end, "license", LIKELY, "dea")
    elif label is not None and re.search(r"[0-9].*[0-9].*[0-9]", closed):
        yield Detected(start, end, label, LIKELY, "labelled")
    elif re.fullmatch(r"[A-Z]{1,4}[0-9]{6,14}[A-Z]?", closed):
        yield Detected(start, end, "other", MAYBE, "code")


def _iban(code: str) -> bool:
    """Form and check digits of an account number of any country (ISO 13616: letters as 10 to 35, 1 mod 97)."""
    form = re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", code)
    return form is not None and int("".join(str(int(char, 36)) for char in code[4:] + code[:4])) % 97 == 1


def _dea(code: str) -> bool:
    """Check digit of a DEA number: (1st + 3rd + 5th) + 2 x (2nd + 4th + 6th digit), last digit."""
    digits = [int(char) for char in code[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def _marked(text: str) -> Iterator[Detected]:
    """What has marks of its own: addresses of mail, pages and machines."""
    if "@" in text or "[at]" in text or "(at)" in text:
        yield from (Detected(*found.span(), "email", SURE, "email") for found in _EMAIL.finditer(text))
    if "://" in text or "www." in text or "/u/" in text:
        yield from (Detected(*found.span(), "url", SURE, "url") for found in _URL.finditer(text))
    if _GROUPS.search(text):
        yield from (Detected(*found.span(), "device", LIKELY, "mac") for found in _MAC.finditer(text))
        yield from (
            Detected(*found.span(), "ip", LIKELY, "ipv6") for found in _IPV6.finditer(text) if len(found[0]) > 8
        )
    if "[.]" in text:
        yield from (
            Detected(*found.span(), "ip", LIKELY, "ipv4")
            for found in re.finditer(r"(?:[0-9]{1,3}\[\.\]){3}[0-9]{1,3}", text)
        )


def _names(text: str) -> Iterator[Detected]:
    """Runs of capitalised words that are no words we know, with a title or a given name, or inside a sentence."""
    run: list[re.Match[str]] = []
    last = -9
    for found in _WORD.finditer(text):
        gap = text[last : found.start()]
        if run and not (gap in {" ", "-"} or (gap == ". " and not _ends_sentence(run[-1][0] + "."))):
            if len(run) > 1 or run[0][0].casefold() not in GUARD:
                yield from _judged(text, run)
            run = []
        run.append(found)
        last = found.end()
    if run:
        yield from _judged(text, run)


def _ends_sentence(word: str) -> bool:
    """Whether a full stop ends a sentence: not after an initial or a title."""
    return word[-1] == "." and len(word) > 2 and word[:-1].casefold() not in _TITLES


_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "st", "jr", "sr"})


def _judged(text: str, run: list[re.Match[str]]) -> Iterator[Detected]:
    """A run of capitalised words without those of the guard at either end."""
    words = [found[0].rstrip(".'’").casefold().removesuffix("'s").removesuffix("’s") for found in run]
    if all(word in GUARD for word in words):
        yield from _weak_run(text, run, words)
        return
    titled = _TITLE.search(text, max(run[0].start() - 10, 0), run[0].start()) is not None
    starts = _START.search(text, max(run[0].start() - 6, 0), run[0].start()) is not None
    first = 0
    while first < len(words) and words[first] in GUARD:
        first += 1
    last = len(words)
    while last > first + 2 and words[last - 1] in GUARD:
        last -= 1
    titled = titled or (first > 0 and words[first - 1] in _TITLES)
    kept = words[first:last]
    start, end = run[first].start(), run[last - 1].end()
    end -= len(text[start:end]) - len(text[start:end].rstrip(".'’"))
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    known = any(word in GIVEN_NAMES for word in kept)
    introduced = _INTRODUCED.search(text, max(start - 16, 0), start) is not None
    if titled or (known and len(kept) > 1):
        confidence, rule = SURE, "titled" if titled else "given_name"
    elif known or introduced:
        confidence, rule = LIKELY, "given_name" if known else "introduced"
    elif (starts and first == 0 and len(kept) == 1) or _HEADING.match(text, end):
        confidence, rule = WEAK, "start_or_heading"
    else:
        confidence, rule = MAYBE, "capitals"
    yield Detected(start, end, "name", confidence, rule)


def _weak_run(text: str, run: list[re.Match[str]], words: list[str]) -> Iterator[Detected]:
    """Nothing but words of the guard is a name only after a title."""
    start = run[0].start()
    titled = _TITLE.search(text, max(start - 10, 0), start)
    if len(words) > 1 and words[0] in _TITLES and words[1] not in {"and", "the", "on"}:
        yield Detected(run[1].start(), run[-1].end(), "name", LIKELY, "titled")
    elif titled and words[0] not in {"and", "the", "on"}:
        yield Detected(start, run[-1].end(), "name", LIKELY, "titled")
