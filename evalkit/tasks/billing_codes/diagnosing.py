"""What the patient has: the part of the offline agent that executes Diagnoses and Do not code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalkit.spec.schema import Spec
from evalkit.tasks.reading import Sentence, heard_among, sides_of

_SIDES = {frozenset({"left"}): "left", frozenset({"right"}): "right", frozenset({"left", "right"}): "both"}


@dataclass(frozen=True, slots=True)
class DiagnosisRule:
    """One row of Diagnoses."""

    row_id: str
    code: str
    cues: tuple[str, ...]
    sides: tuple[str, ...] | None


class DiagnosisRules:
    """The rows of Diagnoses, and what keeps a sentence from counting. A spec without them lists nothing."""

    __slots__ = ("_cues", "_rules", "_silent")

    def __init__(self, spec: Spec) -> None:
        table, silent = spec.tables.get("Diagnoses"), spec.tables.get("Do not code")
        self._rules = tuple(
            DiagnosisRule(row.row_id, row.cells["code"], row.cells["cues (any)"], row.cells["side"])
            for row in (table.rows if table is not None else ())
        )
        self._cues = frozenset(cue for rule in self._rules for cue in rule.cues)
        self._silent = frozenset(row.cells["item"] for row in silent.rows) if silent is not None else frozenset()

    @property
    def known(self) -> bool:
        """Does the spec list diagnoses at all?"""
        return bool(self._rules)

    def explain(self, sentence: Sentence) -> bool:
        """Does the sentence speak of a condition that the spec knows?"""
        return bool(heard_among(sentence, self._cues))

    def list_codes(self, sentences: Iterable[Sentence]) -> tuple[list[str], list[str]]:
        """The codes that the sentences state as so, and the rows that said it; each once, in the order of the note."""
        found: dict[str, str] = {}
        for sentence in sentences:
            heard = heard_among(sentence, self._cues)
            if not heard or heard_among(sentence, self._silent):
                continue
            side = _SIDES.get(sides_of(sentence))
            for rule in self._rules:
                if not heard.isdisjoint(rule.cues) and (rule.sides is None or side in rule.sides):
                    found.setdefault(rule.code, rule.row_id)
        return list(found), list(found.values())
