"""Alphabets: what runs of letters and digits say as base64, base32 or hex, read from every offset of all runs at once.

Nearly everything that only looks encoded decodes to noise, so reading it has to cost little: the runs are laid in a
row, every offset is decoded in numpy, and only what is readable in the bytes becomes text.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.phi.runs import is_plain_word, parts_of
from evalkit.phi.views import MAX_CHARS, TooLarge

_NONE = 255
"""Stands for a character of no alphabet, and for a byte that is not all there: no text holds that byte."""
_FILL = np.uint8(_NONE)
_AT_ONCE = 1 << 16
"""Characters up to which all offsets are decoded in one piece of memory."""
_APART = "\0"
_SHORTEST = 8
"""Characters of a run that is worth reading."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Digits of a base that is a power of two."""

    name: str
    values: NDArray[np.uint8]
    """Byte -> value of the character, `_NONE` where it is none."""
    mask: np.uint8
    """Bits of a value."""
    weights: NDArray[np.int64]
    """Of the characters of a group, after which a byte begins anew."""
    last: list[int]
    """Byte of a group -> the last character that has a part of it."""

    @property
    def group(self) -> int:
        """Characters of a group."""
        return len(self.weights)


def _alphabet(name: str, bits: int, group: int, *spelled: str) -> Alphabet:
    values = np.full(256, _NONE, dtype=np.uint8)
    for characters in spelled:
        values[np.frombuffer(characters.encode(), dtype=np.uint8)] = np.arange(len(characters))
    weights = 1 << np.arange(bits * (group - 1), -1, -bits, dtype=np.int64)
    last = [-(-8 * place // bits) - 1 for place in range(1, bits * group // 8 + 1)]
    return Alphabet(name, values, np.uint8((1 << bits) - 1), weights, last)


_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SMALL = _CAPITALS.lower()
BASE64 = _alphabet("base64", 6, 4, f"{_CAPITALS}{_SMALL}0123456789+/", f"{_CAPITALS}{_SMALL}0123456789-_")
HEX = _alphabet("hex", 4, 2, "0123456789abcdef", "0123456789ABCDEF")
BASE32 = _alphabet("base32", 5, 8, f"{_CAPITALS}234567", f"{_SMALL}234567")

_HEX_RUN = re.compile(rf"[0-9A-Fa-f]{{{_SHORTEST},}}")
_BASE32_RUN = re.compile(rf"[A-Z2-7]{{{_SHORTEST},}}|[a-z2-7]{{{_SHORTEST},}}")
_PUNCTUATED = re.compile(r"[/_+-]")
_PACKED = {
    "base64": re.compile(r"(?<![^\0])[^\0]{0,3}?(?:H4sI|e[AFJN])[^\0]*"),
    "hex": re.compile(r"(?<![^\0])[^\0]?(?:1[fF]8[bB]08|78(?:01|5[eE]|9[cC]|[dD][aA]))[^\0]*"),
    "base32": re.compile(r"(?i:(?<![^\0])[^\0]{0,7}?(?:D6FQ|P(?:AA|BP|CO|DN))[^\0]*)"),
}
"""Runs that begin as gzip (RFC 1952) or zlib (RFC 1950) do."""

_READABLE = re.compile(
    r"[^\udc80-\udcff]{5,}|[^\x00-\x7f\udc80-\udcff]{2,}|(?<![^\udcff])[^\udc80-\udcff]{4}(?![^\udcff])"
)
"""Bytes that are no UTF-8 come as \\udc80 to \\udcff. Of noise, stretches of five characters; four if they are all."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_FEWEST, _FEWEST_OF_A_SCRIPT = 4, 2
"""Letters and digits below which decoded bytes say nothing: of ASCII, and of scripts that write a name in two."""
BETWEEN = "\t" * 5
"""Stands between pieces that were decoded apart: no line ends there, and no number goes on."""
_PARAGRAPH = "\n" * 6
"""The same for pieces that have lines, whose beginnings and ends may spell something."""

Coded = tuple[Alphabet, str, bytes]
"""An alphabet, the runs that may be written in it, and their bytes from every offset."""


def read(runs: Sequence[str]) -> tuple[Coded, ...]:
    """Runs as base64 (also url-safe and unpadded, and each part between punctuation), as hex and as base32."""
    joined = _APART.join(runs)
    if _PUNCTUATED.search(joined):
        parts = [part for run in runs for part in parts_of(run) if len(part) < len(run)]
        whole = _APART.join((*runs, *(one for one in parts if len(one) >= _SHORTEST and not is_plain_word(one))))
    else:
        whole = joined
    hexes = _APART.join(_HEX_RUN.findall(joined))
    letters = _APART.join(run for run in _BASE32_RUN.findall(joined) if not run.isdigit())
    rows = ((BASE64, whole), (HEX, hexes), (BASE32, letters))
    return tuple((alphabet, text, _bytes_of(text, alphabet)) for alphabet, text in rows if text)


def together(pieces: Iterable[str]) -> str:
    """Pieces on one page, none of which runs into another."""
    flat: list[str] = []
    lined: list[str] = []
    for piece in pieces:
        (lined if "\n" in piece else flat).append(piece)
    return _PARAGRAPH.join([BETWEEN.join(flat), *lined]) if flat else _PARAGRAPH.join(lined)


def texts_in(coded: Coded) -> list[str]:
    """What is readable in decoded runs, unpacked where it is compressed. Raises TooLarge where that blows up."""
    alphabet, runs, raw = coded
    found = _readable(raw)
    for run in _PACKED[alphabet.name].findall(runs):
        for lane in _lanes(run, alphabet):
            found += _readable(_inflated(lane))
    return found


def _bytes_of(text: str, alphabet: Alphabet) -> bytes:
    """The bytes that a text spells from each offset of a group, in a row."""
    return b"".join(_lanes(text, alphabet))


def _lanes(text: str, alphabet: Alphabet) -> Iterator[bytes]:
    """The bytes that a text spells from one offset of a group after the other, `_NONE` where a character is missing."""
    group = alphabet.group
    length = (len(text) // group + 1) * group
    padded = text.encode("ascii", "replace") + bytes(length + group - len(text))
    values = alphabet.values[np.frombuffer(padded, dtype=np.uint8)]
    lanes = [values[offset : offset + length] for offset in range(group)]
    if length > _AT_ONCE:
        yield from (_decode(lane, alphabet) for lane in lanes)
        return
    together = _decode(np.concatenate(lanes), alphabet)
    each = len(together) // group
    yield from (together[lane * each : (lane + 1) * each] for lane in range(group))


def _decode(values: NDArray[np.uint8], alphabet: Alphabet) -> bytes:
    """Whole groups of characters as bytes."""
    columns = values.reshape(-1, alphabet.group)
    word = (columns & alphabet.mask) @ alphabet.weights
    missing = np.maximum.accumulate(columns, axis=1)[:, alphabet.last] == _NONE
    raw = word.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - len(alphabet.last) :]
    return bytes(raw | missing * _FILL)


def _readable(raw: bytes) -> list[str]:
    """The stretches of bytes that are text and tell enough to name anybody.

    One with control characters comes as it is, which reads UTF-16, and with the controls as gaps, for in noise they
    stand beside a name.
    """
    found = []
    for stretch in _READABLE.findall(raw.decode("utf-8", "surrogateescape")):
        plain = stretch.isprintable() or not _CONTROL.search(stretch)
        pieces = (stretch,) if plain else (stretch, _CONTROL.sub(BETWEEN, stretch))
        found += [piece for piece in pieces if _tells(piece)]
    return found


def _tells(text: str) -> bool:
    """Whether enough letters and digits are there to name anybody."""
    if sum(map(str.isalnum, text)) >= _FEWEST:
        return True
    return not text.isascii() and sum(char.isalnum() and not char.isascii() for char in text) >= _FEWEST_OF_A_SCRIPT


def _inflated(raw: bytes) -> bytes:
    """gzip or zlib unpacked, up to `MAX_CHARS`; nothing where it is neither. Raises TooLarge beyond."""
    machine = zlib.decompressobj(wbits=47)
    try:
        plain = machine.decompress(raw, MAX_CHARS)
    except zlib.error:
        return b""
    if machine.unconsumed_tail:
        raise TooLarge
    return plain
