"""The typed fact: one thing that is so in a case, from which both the text and the answer are made.

A family may keep records of its own shape (`evalkit.tasks.billing_codes.policy.Act`); this one is for facts that
several documents tell, and that a checker reads back.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

FactType = Literal["diagnosis", "procedure", "drug", "lab", "vital", "finding", "history", "consent", "time"]
Polarity = Literal["affirmed", "negated", "historical", "family", "hypothetical"]
Laterality = Literal["left", "right", "both"]


class Fact(NamedTuple):
    """One fact, which nothing changes. Values are JSON; ``repr`` shows id, type and polarity only."""

    fact_id: str
    """Unique within a case; a mark of `evalkit.cases.writing.Writer` carries it, so that evidence is found by it."""
    type: FactType
    name: str
    """What the fact is about, a word of the family: ``pain_duration``, ``physical_therapy``."""
    value: Any = None
    unit: str | None = None
    """UCUM where there is one (``mg``, ``wk``), always there where ``value`` is a quantity."""
    polarity: Polarity = "affirmed"
    laterality: Laterality | None = None
    code: str | None = None
    """ICD-10-CM, HCPCS II or the family's own."""
    date: str | None = None
    """``YYYY-MM-DD``: the day on which it was so."""
    source_document: str | None = None
    """``doc_id`` of the document that tells it; None where no document does."""

    def plain(self) -> dict[str, Any]:
        """The fact as JSON, for `Case.facts`; what is None is left out."""
        return {name: value for name, value in zip(_NAMES, self, strict=True) if value is not None}

    def __repr__(self) -> str:
        return f"Fact({self.fact_id}, {self.type}, {self.polarity})"


_NAMES = Fact._fields
