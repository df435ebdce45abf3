"""The offline model of note_summary: it executes the spec's tables and copies out sentences of the dialogue.

It makes nothing up, because it writes no sentence of its own; it leaves much out, because it understands none. What a
talk says over several turns ("any fever?" "no") it cannot put into a sentence of a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.agents.agent import Model, Reply
from evalkit.metrics.quantities import quantities
from evalkit.spec.schema import Row, Spec
from evalkit.tasks.note_summary.dialogue import Span, split_sentences
from evalkit.tasks.note_summary.routing import Router, make_router

MODEL_ID = "extractive/offline@1"

_SHORTEST_SENTENCE = 4
_WEIGHT_OF_NUMBERS = 2


@dataclass(frozen=True, slots=True)
class _Rule:
    """One row of a table, and how many of its cues a sentence in small letters has."""

    row: Row
    count: Callable[[str], int]


@dataclass(frozen=True, slots=True, repr=False)
class _Candidate:
    """A sentence worth keeping: how much, in which section, and the rows it is kept for."""

    span: Span
    weight: int
    section: int | None
    """Place in the Sections table; None where no cue says, which is the first unless a classifier knows better."""
    rows: tuple[str, ...]


def rules(spec: Spec) -> Model:
    """The model that executes the Sections, Must keep and Never write tables of a spec.

    It takes the allowed fields (``dialogue``, ``sex``, ``age_years``) and gives ``note``, with the place of every
    sentence as ``evidence``. Its confidence is the share of sections that it found something for.
    """
    sections = [_Rule(row, _counter(row.cells["cues (any)"] or ())) for row in spec.tables["Sections"].rows]
    keep = [_Rule(row, _counter(row.cells["cues (any)"])) for row in spec.tables["Must keep"].rows]
    never = [_Rule(row, _counter((row.cells["item"],))) for row in spec.tables["Never write"].rows]

    route = make_router(spec)

    def extract(fields: Mapping[str, Any]) -> Reply:
        """One note of sentences from the dialogue."""
        candidates, trace = [], []
        for span in split_sentences(fields["dialogue"]):
            lowered = span.said.lower()
            banned = [rule.row.row_id for rule in never if rule.count(lowered)]
            trace += banned
            kept_for = tuple(rule.row.row_id for rule in keep if rule.count(lowered))
            weight = len(kept_for) + _WEIGHT_OF_NUMBERS * bool(quantities(lowered))
            if weight and not banned and not _says_little(span.said):
                hits = [rule.count(lowered) for rule in sections]
                candidates.append(_Candidate(span, weight, hits.index(max(hits)) if any(hits) else None, kept_for))
        if route is not None:
            candidates = _routed(candidates, route)
        return _write(fields, [rule.row for rule in sections], candidates, trace=trace)

    extract.model_id = extract.agent_id = MODEL_ID  # type: ignore[attr-defined]  # what the guard and a run call it
    return extract


def _write(
    fields: Mapping[str, Any], sections: Sequence[Row], candidates: Sequence[_Candidate], *, trace: Sequence[str]
) -> Reply:
    """The best sentences of each section, in the order they were said, under the section's heading."""
    parts, evidence, rows = [_introduction(fields)], [], list(trace)
    filled = 0
    for number, section in enumerate(sections):
        mine = (each for each in candidates if (each.section or 0) == number)
        best = sorted(mine, key=lambda each: (-each.weight, each.span.start))[: section.cells["max sentences"]]
        if not best:
            continue
        best.sort(key=lambda each: each.span.start)
        filled += 1
        rows += [section.row_id, *(row_id for each in best for row_id in each.rows)]
        parts.append("\n".join([section.cells["heading in the note"], *(each.span.said for each in best)]))
        evidence += [{"field": "dialogue", "start": each.span.start, "end": each.span.end} for each in best]
    return Reply(
        "ok",
        {"note": "\n\n".join(part for part in parts if part), "evidence": evidence},
        confidence=filled / len(sections),
        trace=tuple(dict.fromkeys(rows)),
        model_id=MODEL_ID,
    )


def _routed(candidates: Sequence[_Candidate], route: Router) -> list[_Candidate]:
    """Those without a section get the one that the classifier is sure of."""
    open_ones = [each for each in candidates if each.section is None]
    places = iter(route([each.span.said for each in open_ones]))
    return [replace(each, section=next(places)) if each.section is None else each for each in candidates]


def _counter(cues: tuple[str, ...]) -> Callable[[str], int]:
    """Counts the cues that a text in small letters has as whole words."""
    patterns = [re.compile(rf"(?<![a-z0-9]){re.escape(cue)}(?![a-z0-9])") for cue in cues]
    return lambda lowered: sum(pattern.search(lowered) is not None for pattern in patterns)


def _says_little(said: str) -> bool:
    """A question, or a few words: alone, neither says anything of the patient."""
    return said.endswith("?") or len(said.split()) < _SHORTEST_SENTENCE


def _introduction(fields: Mapping[str, Any]) -> str:
    """``59-year-old male.``, as far as it was sent."""
    age = f"{fields['age_years']}-year-old" if fields.get("age_years") is not None else ""
    said = " ".join(part for part in (age, fields.get("sex") or "") if part)
    return f"PATIENT\n{said}." if said else ""
