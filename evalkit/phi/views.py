"""Views: the texts that a JSON value holds, where each stands, and what it says once it is decoded."""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from evalkit.errors import IdentifierError

MAX_DEPTH = 100
"""Nesting of a JSON value beyond which it counts as oversized."""
MAX_CHARS = 2_000_000
"""Characters of one value, decoded views included; beyond, a search fails closed."""
DECODE_DEPTH = 2

_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{8,}")
_HEX = re.compile(r"[0-9A-Fa-f]{8,}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+")
_PUNCTUATION = re.compile(r"[/_+-]")
_READABLE = re.compile(rb"[ -~]{5}")
_URL_ALPHABET = str.maketrans("-_", "+/")
_HEX_TABLE = bytes(104 if chr(code) in "0123456789abcdefABCDEF" else 32 for code in range(256))
_BASE64_TABLE = bytes(98 if (chr(code).isalnum() and code < 128) or chr(code) in "+/-_" else 32 for code in range(256))
_BASE32_TABLE = bytes(98 if chr(code) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" else 32 for code in range(256))


class TooLarge(IdentifierError):
    """A value beyond `MAX_CHARS` or `MAX_DEPTH`; the search that meets it fails closed."""

    def __init__(self) -> None:
        super().__init__("the value is too large to be searched", next_step="treat it as a leak")


class Leaf(NamedTuple):
    """One text of a value: a scalar, or the key of an object (``is_key``)."""

    path: tuple[str | int, ...]
    """Keys and indices from the root; for a key, the key itself is last."""
    text: str
    is_key: bool = False
    position: int = 0
    """Of a key: its place among the keys of its object."""

    def __repr__(self) -> str:
        return f"Leaf(depth {len(self.path)}, {len(self.text)} characters)"


def leaves(value: Any, *, where: str = "value") -> list[Leaf]:
    """Every key and scalar of a JSON value, in its order, a key before what it names.

    Numbers are written as digits (48271936.0 as ``48271936``); an array of character codes gives its text as well.
    Raises TooLarge for too deep a value, IdentifierError for what is not JSON.
    """
    found: list[Leaf] = []
    _walk(value, (), found, where=where)
    return found


def _walk(value: Any, path: tuple[str | int, ...], found: list[Leaf], *, where: str) -> None:
    if isinstance(value, str):
        found.append(Leaf(path, value))
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, (int, float)):
        found.append(Leaf(path, _number(value)))
    elif isinstance(value, (bytes, bytearray)):
        found.append(Leaf(path, bytes(value).decode("utf-8", "replace")))
    elif len(path) >= MAX_DEPTH:
        raise TooLarge
    elif isinstance(value, Mapping):
        for position, (key, entry) in enumerate(value.items()):
            name = str(key)
            inner = (*path, name)
            found.append(Leaf(inner, name, is_key=True, position=position))
            _walk(entry, inner, found, where=where)
    elif isinstance(value, (list, tuple)):
        spelled = _character_codes(value)
        if spelled:
            found.append(Leaf(path, spelled))
        for index, entry in enumerate(value):
            _walk(entry, (*path, index), found, where=where)
    else:
        raise IdentifierError(f"a {type(value).__name__} is not a JSON value and cannot be searched", where=where)


def _number(value: int | float) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _character_codes(value: list[Any] | tuple[Any, ...]) -> str:
    """The text that an array of character codes spells, or of one-letter strings; empty for any other array."""
    if len(value) < 5:
        return ""
    if all(isinstance(code, int) and not isinstance(code, bool) and 32 <= code < 0xD800 for code in value):
        return "".join(map(chr, value))
    if all(isinstance(letter, str) and len(letter) == 1 for letter in value):
        return "".join(value)
    return ""


def show_path(place: str, path: tuple[str | int, ...], positions: Mapping[tuple[str | int, ...], int]) -> str:
    """A path for a report: ``output.lines[0].note``.

    A key that is not a plain lower-case name, or that ``positions`` lists because it leaks, is shown by its
    position: ``output.key[2]``.
    """
    shown = place
    for depth, step in enumerate(path, start=1):
        if isinstance(step, int):
            shown += f"[{step}]"
        elif path[:depth] in positions:
            shown += f".key[{positions[path[:depth]]}]"
        else:
            shown += f".{step}"
    return shown


def is_plain_key(key: str) -> bool:
    """Whether a key reads like a field name and may be shown in a path."""
    return _PLAIN_KEY.fullmatch(key) is not None


def decoded(text: str, *, depth: int = DECODE_DEPTH) -> Iterator[tuple[str, str]]:
    """What a text says once decoded: (chain of decoders as ``base64/hex``, decoded text), up to ``depth`` deep.

    Raises TooLarge where a compressed payload blows up.
    """
    for name, view in _decoders(text):
        yield name, view
        if depth > 1:
            for chain, deeper in decoded(view, depth=depth - 1):
                yield f"{name}/{chain}", deeper


def may_hold_hash(text: str) -> bool:
    """Whether a text has a run of 12 hex or 22 base64 characters at all."""
    narrow = text.encode("ascii", "replace")
    return b"h" * 12 in narrow.translate(_HEX_TABLE) or b"b" * 22 in narrow.translate(_BASE64_TABLE)


def _decoders(text: str) -> Iterator[tuple[str, str]]:
    """Each decoder that changes something, all it found in one text."""
    if "%" in text:
        yield from _changed("percent", text, unquote_plus(text))
    if "&" in text and ";" in text:
        yield from _changed("entities", text, html.unescape(text))
    if "\\u" in text or "\\x" in text:
        yield from _changed("escapes", text, _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text))
    if "=" in text and _QUOTED.search(text):
        yield from _changed("quoted", text, _QUOTED.sub(_unquote, text.replace("=\n", "")))
    yield from _joined("base64", _base64_pieces(text))
    narrow = text.encode("ascii", "replace")
    if b"hhhhhhhh" in narrow.translate(_HEX_TABLE):
        yield from _joined("hex", _hex_pieces(text))
    if b"bbbbbbbb" in narrow.translate(_BASE32_TABLE):
        yield from _joined("base32", _base32_pieces(text))


def _changed(name: str, before: str, after: str) -> Iterator[tuple[str, str]]:
    if after != before:
        yield name, after


def _unquote(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("=", "")).decode("utf-8", "replace")


def _joined(name: str, pieces: Iterator[str]) -> Iterator[tuple[str, str]]:
    page = "\n".join(pieces)
    if page:
        yield name, page


def _base64_pieces(text: str) -> Iterator[str]:
    """Tokens read as base64 or base64url from every offset and in every part, those apart that are plain words."""
    for token in _BASE64.findall(text):
        if is_plain_word(token):
            continue
        parts = [part for part in _PUNCTUATION.split(token) if part]
        if all(map(is_plain_word, parts)):
            continue
        for part in dict.fromkeys((token, *parts)):
            for offset in range(4):
                yield from _base64_text(part[offset:])


def is_plain_word(token: str) -> bool:
    """A token in one case, or capitalised: what encodes to it is looked up literally (`needles`), not decoded."""
    return token.isdigit() or (token.isalpha() and (token[1:].islower() or token.isupper()))


def _base64_text(body: str) -> Iterator[str]:
    usable = body[: len(body) - 1] if len(body) % 4 == 1 else body
    if len(usable) < 6:
        return
    try:
        raw = binascii.a2b_base64(usable.translate(_URL_ALPHABET) + "=" * (-len(usable) % 4))
    except (binascii.Error, ValueError):
        return
    yield from _as_text(raw)


def _hex_pieces(text: str) -> Iterator[str]:
    for run in _HEX.findall(text):
        for offset in (0, 1):
            even = run[offset : offset + (len(run) - offset) // 2 * 2]
            yield from _as_text(bytes.fromhex(even))


def _base32_pieces(text: str) -> Iterator[str]:
    for token in _BASE32.findall(text):
        if len(token) % 8 in {0, 2, 4, 5, 7}:
            yield from _as_text(base64.b32decode(token + "=" * (-len(token) % 8)))


def _as_text(raw: bytes) -> Iterator[str]:
    """Bytes as text where they are UTF-8, compressed, or hold a readable stretch; others say nothing."""
    if raw[:2] == b"\x1f\x8b" or raw[:1] == b"\x78":
        raw = _inflate(raw) or raw
    if raw.isascii():
        if raw.translate(None, delete=bytes(range(32))):
            yield raw.decode("ascii")
        return
    try:
        yield raw.decode("utf-8")
    except UnicodeDecodeError:
        if _READABLE.search(raw):
            yield raw.decode("utf-8", "replace")


def _inflate(raw: bytes) -> bytes | None:
    """gzip or zlib, up to `MAX_CHARS`; None where it is neither. Raises TooLarge beyond."""
    machine = zlib.decompressobj(wbits=47)
    try:
        plain = machine.decompress(raw, MAX_CHARS)
    except zlib.error:
        return None
    if machine.unconsumed_tail:
        raise TooLarge
    return plain
