"""The one text of a document: UTF-8, NFC, LF, no trailing white space, one final newline, nothing invisible."""

from __future__ import annotations

import re
import unicodedata

from evalkit.errors import SpecError

MAX_BYTES = 128 * 1024
MAX_LINE = 2000
"""Code points in one line."""

_INVISIBLE = {
    "Cc": "control character",
    "Cf": "invisible or direction-changing character",
    "Cs": "half of a surrogate pair",
    "Co": "private-use character",
    "Zl": "line separator",
    "Zp": "paragraph separator",
    "Zs": "space that is not a plain space",
}
_NOT_PLAIN = re.compile(r"[^\t\x20-\x7e]")


def canonical_text(source: str | bytes, *, path: str) -> str:
    """The canonical text of a document; reading it again changes nothing.

    A document that two people could read differently is refused: other encodings than UTF-8, a byte order mark,
    control characters, zero-width and direction-changing characters, spaces that only look plain.
    Raises SpecError with the line.
    """
    text = _decode(source, path) if isinstance(source, bytes) else source
    if len(text) > MAX_BYTES:
        raise SpecError(
            f"the document is longer than {MAX_BYTES} characters", where=path, next_step="split it or cut its prose"
        )
    if text.startswith("\ufeff"):
        raise SpecError(
            "the file starts with a byte order mark", where=f"{path}:1", next_step="save it as UTF-8 without BOM"
        )
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).split("\n")
    for number, line in enumerate(lines, start=1):
        _refuse_invisible(line, f"{path}:{number}")
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _decode(source: bytes, path: str) -> str:
    if len(source) > MAX_BYTES:
        raise SpecError(
            f"the document is longer than {MAX_BYTES} bytes", where=path, next_step="split it or cut its prose"
        )
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpecError("the file is UTF-16", where=f"{path}:1", next_step="save it as UTF-8 without BOM")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise SpecError(
            "these bytes are not UTF-8", where=f"{path}:{line}", next_step="save the file as UTF-8"
        ) from None


def _refuse_invisible(line: str, where: str) -> None:
    if len(line) > MAX_LINE:
        raise SpecError(f"the line is longer than {MAX_LINE} characters", where=where, next_step="break it")
    found = find_invisible(line)
    if found is not None:
        raise SpecError(found, where=where, next_step="delete it, or write a plain space")


def find_invisible(line: str) -> str | None:
    """What the first invisible or ambiguous character of a line is, and where; None where all are plain to see."""
    for found in _NOT_PLAIN.finditer(line):
        kind = _INVISIBLE.get(unicodedata.category(found.group()))
        if kind is not None:
            return f"{kind} U+{ord(found.group()):04X} at column {found.start() + 1}"
    return None
