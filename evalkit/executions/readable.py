"""Bytes and arguments as text that can be searched, whatever they are."""

from __future__ import annotations

import base64
import os
import re
from typing import Any

MOST_BYTES = 4 << 20
"""Of one execution. What comes after is not kept, and the watch says so: what was not searched is not clean."""


_DATABASE = (b"SQLite format 3\x00", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a database of SQLite and its write-ahead log begin."""
_UTF_8 = b"\x00\x00\x00\x01"
_UNREADABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd]+")


def printable(text: str) -> str:
    """The text, with halves of surrogate pairs escaped: it has to go into UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def text_of(data: bytes) -> str:
    """Bytes as text: UTF-8; what is binary as base64, which the leak check unpacks, and as the characters in it.

    Of an HTTP message the head stays readable whatever its body is. A database, which keeps its texts as they are and
    is large from the first row on, is shown by them alone; compressed columns in it are not unpacked.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    if data.startswith(_DATABASE[1:]) or (data.startswith(_DATABASE[0]) and data[56:60] == _UTF_8):
        return _UNREADABLE.sub("\n", data.decode("utf-8", "replace"))
    head, mark, body = data.partition(b"\r\n\r\n")
    if mark and head.isascii():
        return f"{head.decode()}\r\n\r\n{text_of(body)}"
    shown = "".join(char if char.isprintable() else " " for char in data.decode("latin-1"))
    return f"{base64.b64encode(data).decode()}\n{shown}"


def words_of(value: Any) -> str:
    """An argument of an audit event: text, bytes, a path, or lists and dicts of them."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, (bytes, os.PathLike)):
        return printable(os.fsdecode(value))
    if isinstance(value, dict):
        return " ".join(f"{words_of(name)}={words_of(entry)}" for name, entry in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(map(words_of, value))
    return "" if value is None else str(value)
