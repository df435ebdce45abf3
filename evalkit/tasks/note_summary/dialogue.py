"""The dialogue of a visit: turns of speakers, and their sentences with their places.

A turn is a line ``[doctor] ...``; other lines go with the turn above them. Text in, records out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPEAKER = re.compile(r"^[ \t]*\[([a-z_]+)\][ \t]*", re.MULTILINE)
_SENTENCE = re.compile(r"\S(?:.*?\S)??(?:\s?[.?!]+(?=\s|$)|$)", re.MULTILINE)
_PAUSE = re.compile(r" (?=(?:okay|alright|all right|so|and then|now) )")
_LONG_SENTENCE = 40
"""Words; a longer one comes from speech without punctuation and is cut where speakers pause."""


@dataclass(frozen=True, slots=True, repr=False)
class Span:
    """What one speaker said in one go: ``dialogue[start:end] == said``, in code points. PHI where the dialogue is."""

    speaker: str
    """``doctor``, ``patient``, ``patient_guest``; empty where nobody is named."""
    said: str
    start: int

    @property
    def end(self) -> int:
        """One past its last code point."""
        return self.start + len(self.said)


def split_turns(dialogue: str) -> list[Span]:
    """The turns of a dialogue, in order; empty ones are left out."""
    marks = list(_SPEAKER.finditer(dialogue))
    openings = [("", 0, marks[0].start() if marks else len(dialogue))]
    ends = [mark.start() for mark in marks[1:]] + [len(dialogue)]
    openings += [(mark[1], mark.end(), end) for mark, end in zip(marks, ends, strict=bool(marks))]
    turns = (Span(speaker, dialogue[start:end].rstrip(), start) for speaker, start, end in openings)
    return [turn for turn in turns if turn.said]


def split_sentences(dialogue: str) -> list[Span]:
    """The sentences of every turn, in order."""
    found = []
    for turn in split_turns(dialogue):
        for sentence in _SENTENCE.finditer(turn.said):
            start = turn.start + sentence.start()
            for piece in _cut(sentence[0]):
                found.append(Span(turn.speaker, piece, start))
                start += len(piece) + 1
    return found


def _cut(sentence: str) -> list[str]:
    """A long sentence in pieces that follow one another, one blank apart."""
    return _PAUSE.split(sentence) if len(sentence.split()) > _LONG_SENTENCE else [sentence]
