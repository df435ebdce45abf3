"""Text from elsewhere, made harmless to look at: what an agent or a file says is shown, and never acted on.

A name may carry terminal commands (ANSI escapes), characters that reorder or hide what stands beside them (Trojan
Source, CVE-2021-42574), line breaks that fake a line of ours, or a megabyte without one. HTML, Markdown and XML have
escapes of their own in `report`; this comes before them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 200
"""Characters of one name or sentence that are shown unless told otherwise."""
_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control, format (bidi, zero width), surrogate, private use, line and paragraph separators."""
_PLAIN: Final = re.compile(r"[ -~]*")


def visible(text: str, *, most: int = LONGEST) -> str:
    """One line in which nothing acts: such characters stand as ``\\x1b`` or ``\\u202e``, line breaks as spaces.

    Longer text keeps its beginning and its end, with the number of characters left out between them.
    """
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]} ... {len(text) - 2 * half:,} characters ... {text[-half:]}"
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_show(character) for character in text)


def _show(character: str) -> str:
    if character in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    if unicodedata.category(character) not in _ACTING:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
