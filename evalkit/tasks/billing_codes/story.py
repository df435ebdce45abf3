"""The story of one visit: everything that is so, before any word of a note. Nouns only; `facts` tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.tasks.billing_codes.conditions import Finding
from evalkit.tasks.billing_codes.policy import Act, Visit

Rare = Literal["none", "procedure", "side", "visit", "not done", "separate site", "condition", "passage"]
"""Which part of the note is worded as few notes are."""
Event = Literal["none", "injection", "copied", "amended", "code told"]
"""What else is in the text: an instruction to whoever reads it, a passage copied from an earlier note, an addendum
that changes a fact, a code that somebody wrote into the note."""
Person = Literal["adult", "minor", "age 89", "age 90", "age 101"]
Protection = Literal["none", "part 2 with consent", "psychotherapy with authorization"]
Decoy = Literal["none", "eponym", "drug", "code", "room", "score"]
"""Text that looks like an identifier and is none."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What rides on a story whatever it tells; each part drawn by a quota of its own."""

    event: Event = "none"
    person: Person = "adult"
    protection: Protection = "none"
    decoy: Decoy = "none"


@dataclass(frozen=True, slots=True)
class Story:
    """The facts of one case. ``refusal`` is the reason for which the request must be turned away."""

    acts: tuple[Act, ...]
    visit: Visit | None
    new_patient: bool
    findings: tuple[Finding, ...] = ()
    refusal: str | None = None
    rare: Rare = "none"
    extras: Extras = Extras()
