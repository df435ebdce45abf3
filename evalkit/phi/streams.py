"""Streams: text that comes in pieces, cut anywhere, searched as if it had come whole.

A piece is searched together with the tail of what came before: its last `TAIL` characters without those that say
nothing (invisible ones, long rows of blanks), the whole of an encoded payload that reaches into it, and of earlier
lines the first and last characters, for what lines spell. A payload that never ends fails closed.
"""

from __future__ import annotations

import re
from collections import deque

from evalkit.phi.forms import BULLET, clean
from evalkit.phi.leaks import OVERSIZE, Leak, Needles

TAIL = 2_048
"""Characters that are carried over: more than the longest needle in its longest normal form."""
LONGEST_TAIL = 200_000
"""Characters of a payload that may go on; beyond, the stream fails closed."""
LINES = 256
"""Earlier lines of which the ends are remembered."""

_BLANKS = re.compile(r"([\s.\-_*=#])\1{7,}")
_WRAPPED_LINE = re.compile(r"[A-Za-z0-9+/=_-]{20,}\r?")


class Stream:
    """One stream of text and what it has leaked so far. ``repr`` shows counts only."""

    def __init__(self, needles: Needles, *, place: str) -> None:
        self._needles = needles
        self._place = place
        self._tail = ""
        self._line = ""
        self._lines: deque[str] = deque(maxlen=LINES)
        self._seen: dict[str, Leak] = {}
        self._length = 0

    def __repr__(self) -> str:
        return f"Stream({self._length} characters, {len(self._seen)} leaks)"

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """Everything found so far, each needle once."""
        return tuple(self._seen.values())

    def feed(self, piece: str) -> tuple[Leak, ...]:
        """The needles that show for the first time with this piece; none is an empty tuple."""
        self._length += len(piece)
        text = self._tail + piece
        found = [*self._needles.search(text, place=self._place)]
        *ended, self._line = (self._line + piece).split("\n")
        self._lines.extend(map(_ends_of, ended))
        if self._lines:
            spelled = "\n".join((*self._lines, _ends_of(self._line)))
            found += self._needles.search(spelled, place=self._place)
        self._tail = _tail_of(text)
        if len(self._tail) > LONGEST_TAIL:
            found.append(Leak("*", "other", OVERSIZE, self._place))
            self._tail = self._tail[-TAIL:]
        new = {leak.needle_id: leak for leak in reversed(found) if leak.needle_id not in self._seen}
        self._seen |= new
        return tuple(new.values())


def _ends_of(line: str) -> str:
    """A short line with the ends of a long one: the first character, the first past bullets, and the last."""
    if not line:
        return ""
    past = line.lstrip(BULLET)[:1] if line[0] in BULLET else ""
    return f"{line[0]}{past}x{line[-1]}"


def _tail_of(text: str) -> str:
    """The end of a text that a needle may still reach into."""
    start, tail = len(text), ""
    while start and len(tail) < TAIL:
        start = max(start - TAIL, 0)
        tail = _BLANKS.sub(lambda found: found[1] * 7, clean(text[start:]))
    before = text[:start]
    reach = len(before) - len(before.split()[-1]) if before and not before[-1].isspace() else len(before)
    lines = before[:reach].removesuffix("\n").split("\n")
    wrapped = 0
    while wrapped < len(lines) and _WRAPPED_LINE.fullmatch(lines[-1 - wrapped]):
        wrapped += 1
    return "\n".join([*lines[len(lines) - wrapped :], before[reach:] + tail])
