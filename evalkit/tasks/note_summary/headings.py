"""The parts of a note, and which of them a heading names."""

from __future__ import annotations

from typing import Final, Literal

Section = Literal["subjective", "objective exam", "objective results", "assessment plan"]


def section_of(heading: str) -> Section | None:
    """The part of a note that a heading names, whatever its words; None for one that is not known."""
    small = heading.lower()
    for section, words in _WORDS.items():
        if any(word in small for word in words):
            return section
    return None


_WORDS: Final[dict[Section, tuple[str, ...]]] = {
    "objective results": ("result", "lab", "imaging", "studies"),
    "assessment plan": ("assessment", "plan", "impression", "recommendation"),
    "objective exam": ("exam", "vital", "objective"),
    "subjective": ("subjective", "history", "hpi", "complaint", "review of systems", "medication", "allerg"),
}
