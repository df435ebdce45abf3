"""Decoders: what a text says once it is decoded, in every order of decoders, some layers deep.

A decoder costs nothing where its marks are not seen. What nobody writes by hand (`runs`: those that mix letters with
digits or cases, and rows of character codes) is read as base64, base32, hex and character codes, upright, reversed and
in rot13.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_plus

from evalkit.phi.alphabets import BETWEEN, texts_in, together
from evalkit.phi.forms import SEPARATOR, Forms, clean, has_foreign_letters
from evalkit.phi.views import MAX_CHARS, TooLarge, is_character, leaves

DECODE_DEPTH = 4
"""Layers of decoders; base64 of hex wrapped in base64 of hex is four."""

ACROSTIC = "acrostic"
REVERSED, ROT13, BOTH = "reversed", "rot13", "reversed_rot13"

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrt\"'/\\]))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+")
_TELLING = """
born birth dob date age aged year old zip postal address reside resides residing lives home phone call fax ssn social
ending last four digits mrn record chart member plan account license serial device patient initials named spouse mrs
january february march april june july august september october november december jan feb mar apr jun jul aug sep oct
nov dec zero one two three five six seven eight nine ten eleven twelve double nineteen twenty thirty forty fifty sixty
seventy eighty ninety
"""
"""Words that explain a value next to them: seen reversed or in rot13, the whole text is turned."""
_MARKS = "%=\\&[{#*"
_MARK = re.compile(r"[%=\\&\[{]")
_JSON_START = re.compile(r"[\[{]")
_MANY = 40
"""Pieces that are worth two pages."""
_MOST_JSON = 100
"""Pieces of JSON that are read in one text."""


_ROT13 = str.maketrans({chr(at + base): chr((at + 13) % 26 + base) for base in (65, 97) for at in range(26)})


def _reverse(text: str) -> str:
    return text[::-1]


def _rotate(text: str) -> str:
    return text.translate(_ROT13)


def _turn_both(text: str) -> str:
    return _rotate(text[::-1])


TURNS: dict[str, Callable[[str], str]] = {REVERSED: _reverse, ROT13: _rotate, BOTH: _turn_both}
_ALSO_WORDS = frozenset({"why", "abi", "von", "pes"})
"""Turned months that are words themselves: they tell only next to a digit."""
_BY_A_DIGIT = {
    word: re.compile(
        rf"{word}(?:(?<![a-z]{word})[ ,./-]{{0,3}}[0-9]|(?![a-z])(?:"
        + "|".join(f"(?<=[0-9]{'[ ,./-]' * gap}{word})" for gap in range(4))
        + "))"
    )
    for word in _ALSO_WORDS
}
_TURNED_WORDS = {name: frozenset(map(turn, _TELLING.split())) - {"bar", "net"} for name, turn in TURNS.items()}
_TURNED_WORDS[""] = frozenset(_TELLING.split())
_FEW_DIGITS = 5
_HEX, _ROTATED_HEX = "[0-9A-Fa-f]{2}", "[0-9A-Fa-fN-Sn-s]{2}"
_TURNED_MARKS = {
    REVERSED: re.compile(
        rf"#&|\\(?<=u.)|[%=](?<={_HEX}.){_HEX}[%=]{_HEX}[%=]|[*#]{{2}}(?:(?<=[0-9]{{4}}..)|(?<=[0-9]{{4}}[- ]..))"
        r"|[{\[]\s*\Z"
    ),
    ROT13: re.compile(rf"\\h[0-9N-Sn-s]{{2}}|&#k|(?:[%=]{_ROTATED_HEX}){{3}}"),
    BOTH: re.compile(rf"#&|\\(?<=h.)|[%=](?<={_ROTATED_HEX}.){_ROTATED_HEX}[%=]{_ROTATED_HEX}[%=]"),
}
"""Signs of what was encoded and then turned."""

Turned = Callable[[Forms], frozenset[str]]
"""Which of `REVERSED`, `ROT13`, `BOTH` and `ACROSTIC` a caller wants of a text for reasons of its own."""


def decoded(text: str, *, depth: int = DECODE_DEPTH, turned: Turned | None = None) -> Iterator[tuple[str, Forms]]:
    """A text and all that it says once decoded: (chain of decoders as ``base64/hex``, forms), the text itself first.

    Each different view comes once. Raises TooLarge where the views together have more than `MAX_CHARS` characters, or
    a compressed payload blows up.
    """
    seen, total = {text}, len(text)
    level = [("", Forms(text))]
    yield level[0]
    for _ in range(depth):
        deeper: list[tuple[str, Forms]] = []
        for name, view in _next_level(level, turned):
            if view in seen:
                continue
            seen.add(view)
            total += len(view)
            if total > MAX_CHARS:
                raise TooLarge
            deeper.append((name, Forms(view)))
            yield deeper[-1]
        level = deeper


def gathered(text: str, *, depth: int = DECODE_DEPTH, turned: Turned | None = None) -> Iterator[Forms]:
    """All that `decoded` says, and some noise, on one page a layer: what is on no page is in no view.

    Runs are read upright and turned at once, and never again on a later page; what is not ASCII has a page of its own
    where there is much. Raises TooLarge as `decoded` does, and for a page with more JSON than would be read.
    """
    pieces, total = [text], 0
    seen, runs = {text}, set[str]()
    for layer in range(depth + 1):
        told: dict[str, None] = {}
        for some in _by_alphabet(pieces):
            forms = Forms(together(some), without=runs, turned=_every_way)
            total += len(forms.raw)
            if total > MAX_CHARS or forms.clean.count("{") + forms.clean.count("[") > _MOST_JSON:
                raise TooLarge
            yield forms
            if layer < depth:
                turns = _every_way(forms.odd)
                runs.update(turns)
                wanted = turned(forms) if turned else frozenset()
                told |= dict.fromkeys(_pieces(forms, some, wanted))
                told |= dict.fromkeys(turns[len(forms.odd) :])
        pieces = [piece for piece in told if piece not in seen]
        seen.update(pieces)


def _by_alphabet(pieces: list[str]) -> Iterator[list[str]]:
    """Pieces in ASCII, which are quickly read, apart from others where there are many."""
    if len(pieces) < _MANY:
        yield from [pieces] if pieces else []
        return
    plain = [piece for piece in pieces if piece.isascii()]
    others = [piece for piece in pieces if not piece.isascii()]
    yield from (some for some in (plain, others) if some)


def _every_way(runs: list[str]) -> list[str]:
    """Runs upright, then reversed, in rot13, and both."""
    if not runs:
        return []
    joined = "\0".join(runs)
    return [run for text in (joined, *(turn(joined) for turn in TURNS.values())) for run in text.split("\0")]


def _pieces(forms: Forms, pieces: list[str], wanted: frozenset[str]) -> Iterator[str]:
    """What a page of pieces says once it is decoded: of what runs together the page, of all else each piece alone."""
    for coded in forms.coded:
        yield from texts_in(coded)
    for row in forms.rows:
        yield from _codes(row)
    text = forms.clean
    marked = any(map(text.__contains__, _MARKS))
    if marked:
        for piece in pieces:
            if _MARK.search(piece if piece.isascii() else clean(piece)):
                yield from (view for _, view in _marked(clean(piece)))
    for name, turn in TURNS.items():
        if _is_turned(forms, name, wanted, marked=marked):
            yield from (turn(clean(piece)) for piece in pieces)
    if has_foreign_letters(forms.raw):
        foreign = [part for piece in pieces if (part := _around_foreign(piece))]
        yield from (turn(part) for turn in (_rotate, _turn_both) for part in foreign)
    if _spaced_out(text):
        longer = [clean(piece) for piece in pieces if len(piece) >= _SHORTEST_SPACED]
        yield from (_LETTERS.sub(_close_up, one) for one in longer if _spaced_out(one))
    if forms.heads:
        yield from _spelled_in(pieces, ACROSTIC in wanted)


def _spelled_in(pieces: list[str], wanted: bool) -> Iterator[str]:
    """What the lines of each piece spell, every reading alone."""
    for piece in pieces:
        if "\n" in piece or SEPARATOR in piece:
            forms = Forms(piece)
            if forms.heads and (wanted or _tells(forms.spelled)):
                yield from forms.spelled_by_lines.split("\n")


def _next_level(level: list[tuple[str, Forms]], turned: Turned | None) -> Iterator[tuple[str, str]]:
    for chain, forms in level:
        wanted = turned(forms) if turned else frozenset()
        for name, view in _views(forms, wanted, after=chain.rpartition("/")[2]):
            yield f"{chain}/{name}" if chain else name, view


def _views(forms: Forms, turned: frozenset[str], *, after: str) -> Iterator[tuple[str, str]]:
    """Each decoder that changes something, all it found in one text.

    ``after`` is the decoder that gave the text: what was turned is not turned again, and what lines spell is no lines.
    """
    text = forms.clean
    marked = any(map(text.__contains__, _MARKS))
    if marked:
        yield from _marked(text)
    if forms.odd:
        yield from _coded(forms)
    if after not in TURNS:
        yield from _turned_round(forms, turned, marked=marked)
    if after == ACROSTIC:
        return
    if _spaced_out(text):
        yield "letter_by_letter", _LETTERS.sub(_close_up, text)
    if after not in TURNS and forms.heads and (ACROSTIC in turned or _tells(forms.spelled)):
        yield ACROSTIC, forms.spelled_by_lines


def _tells(forms: Forms) -> bool:
    """Whether a text has anything that can be read further: odd runs, numbers, words that explain a value."""
    return (
        bool(forms.odd)
        or len(forms.digits) > _FEW_DIGITS
        or any(not forms.tokens.isdisjoint(words) for words in _TURNED_WORDS.values())
    )


def _turned_round(forms: Forms, turned: frozenset[str], *, marked: bool) -> Iterator[tuple[str, str]]:
    """The text reversed and in rot13 where something speaks for it, else only its odd runs."""
    for name, turn in TURNS.items():
        if _is_turned(forms, name, turned, marked=marked):
            yield name, turn(forms.clean)
        elif forms.odd:
            yield name, BETWEEN.join(map(turn, forms.odd))
    if has_foreign_letters(forms.raw) and (foreign := _around_foreign(forms.raw)):
        yield ROT13, _rotate(foreign)
        yield BOTH, _turn_both(foreign)


_FOREIGN = re.compile(r"[^\W\d_\x00-\x7f](?:\W{0,2}[A-Za-z]){3}|(?:[A-Za-z]\W{0,2}){3}[^\W\d_\x00-\x7f]")
_NEAR, _FAR, _LONG = 64, 400, 20_000
"""Characters on each side of a foreign letter that are turned with it, in a long text and in others; what is long."""


def _around_foreign(text: str) -> str:
    """The surroundings of letters beyond ASCII that stand among others: whoever rotates 26 letters leaves them as they
    are, so that they have to be turned before `clean` makes others of them."""
    reach = _NEAR if len(text) > _LONG else _FAR
    parts: list[str] = []
    at = 0
    for found in _FOREIGN.finditer(text):
        start, end = max(at, found.start() - reach), found.end() + reach
        if end <= at:
            continue
        joined = bool(parts) and start == at
        parts.append(text[start:end] if joined or not parts else BETWEEN + text[start:end])
        at = min(end, len(text))
    return "".join(parts)


def _is_turned(forms: Forms, name: str, wanted: frozenset[str], *, marked: bool) -> bool:
    """Whether something speaks for a text being turned as a whole."""
    words = forms.tokens & _TURNED_WORDS[name]
    return (
        name in wanted
        or bool(words - _ALSO_WORDS)
        or any(_BY_A_DIGIT[word].search(forms.folded) for word in words)
        or (marked and _has_turned_marks(forms.clean, name))
    )


def _has_turned_marks(text: str, name: str) -> bool:
    """Whether signs of an encoding stand in a text turned; the pattern is asked only where its signs are there."""
    escaped = text.count("%") + text.count("=") >= 3
    return (escaped or any(map(text.__contains__, "#*\\{["))) and _TURNED_MARKS[name].search(text) is not None


_SPACING = bytes(b" x"[not chr(code).isspace()] for code in range(256))


def _spaced_out(text: str) -> bool:
    """Whether four characters stand alone one after the other."""
    return b" x x x x " in b" %b " % text.encode("ascii", "replace").translate(_SPACING)


_SHORTEST_SPACED = 11
"""Characters of six that stand alone."""
_LETTERS = re.compile(r"(?<!\S)(?:\S(?:\s{3}| )(?=\S)){5,}\S(?!\S)")


def _close_up(found: re.Match[str]) -> str:
    """``N a m e :   A n n`` closed up: a space between two spaces is one."""
    return re.sub(r" (\s) | ", lambda gap: gap[1] or "", found[0])


def _marked(text: str) -> Iterator[tuple[str, str]]:
    """Encodings with marks of their own, each over the whole text."""
    if "%" in text and _PERCENT.search(text):
        yield "percent", unquote_plus(text)
    if "&" in text and ";" in text:
        yield "entities", html.unescape(text)
    if "\\" in text:
        units = _ESCAPE.sub(_unescape, text)
        yield "escapes", units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if "=" in text and _QUOTED.search(text):
        yield "quoted", _QUOTED.sub(_unquote, text.replace("=\n", ""))
    if "{" in text or "[" in text:
        yield from (("json", view) for view in _json_in(text))


def _json_in(text: str) -> Iterator[str]:
    """The values of JSON that stands in a text, in a row and without a gap, and its keys without a gap."""
    at, reader = 0, json.JSONDecoder(object_pairs_hook=_keep_all)
    for _ in range(_MOST_JSON):
        start = _JSON_START.search(text, at)
        if start is None:
            return
        try:
            value, at = reader.raw_decode(text, start.start())
        except ValueError:
            at = start.end()
            continue
        except RecursionError:
            raise TooLarge from None
        found = leaves(value)
        values = [leaf.text for leaf in found if not leaf.is_key]
        yield from ("-".join(values), "".join(values), "".join(leaf.text for leaf in found if leaf.is_key))


def _keep_all(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with all its entries: a key that comes again gets an invisible ending."""
    kept: dict[str, Any] = {}
    for key, value in pairs:
        while key in kept:
            key += "\u200b"
        kept[key] = value
    return kept


def _unescape(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[3], found[3]) if found[3] else chr(int(found[1] or found[2], 16))


def _unquote(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace")


def _coded(forms: Forms) -> Iterator[tuple[str, str]]:
    """Encodings in letters and digits, over the odd runs of a text."""
    for coded in forms.coded:
        page = together(texts_in(coded))
        if page:
            yield coded[0].name, page
    rows = BETWEEN.join(piece for row in forms.rows for piece in _codes(row))
    if rows:
        yield "codes", rows


def _codes(row: str) -> Iterator[str]:
    """What a row of decimal character codes spells."""
    codes = [int(code) for code in re.findall(r"[0-9]+", row)]
    if all(map(is_character, codes)):
        yield "".join(map(chr, codes))
