"""Coded facts of a request: the FHIR Observations that lie in its chart, read by their codes and not by their words.

A note of the type ``Observation`` holds one resource as JSON (FHIR R4: ``code.coding``, ``valueQuantity`` or
``valueBoolean``, ``status``, ``effectiveDateTime``). What cannot be read, is no measurement yet (preliminary), or was
taken back (entered-in-error) says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from evalkit.tasks.prior_authorization.reading import Measure, Passage
from evalkit.tasks.reading import Sentence

OBSERVATION = "Observation"
"""The type of a note that holds one."""
_STANDS = frozenset({"final", "amended", "corrected"})
_PERCENT = frozenset({"%", "percent"})


@dataclass(frozen=True, slots=True, repr=False)
class Coded:
    """One observation that stands: its codes, what was measured, and where it lies."""

    codes: frozenset[str]
    value: Measure
    percent: bool
    """A share in percent; else yes (1) or no (0)."""
    passage: Passage

    def __repr__(self) -> str:
        return f"Coded({len(self.codes)} codes, {self.passage!r})"


def read_observations(notes: Sequence[Mapping[str, Any]]) -> Iterator[Coded]:
    """The observations of a chart, from the oldest to the newest; of one day in the order of the chart."""
    found = [one for place, note in enumerate(notes) if (one := _coded(place, note)) is not None]
    yield from sorted(found, key=lambda one: one.passage.day)


def _coded(place: int, note: Mapping[str, Any]) -> Coded | None:
    if note.get("type") != OBSERVATION:
        return None
    text = note["text"]
    try:
        resource = json.loads(text)
    except ValueError:
        return None
    if not isinstance(resource, dict) or resource.get("resourceType") != OBSERVATION:
        return None
    value = _measured(resource)
    if resource.get("status") not in _STANDS or value is None:
        return None
    sentence = Sentence(0, len(text), " ".join(text.lower().split()), frozenset())
    passage = Passage(place, _day(resource, note), sentence, "")
    return Coded(frozenset(_codes(resource)), value, "valueQuantity" in resource, passage)


def _codes(resource: Mapping[str, Any]) -> Iterator[str]:
    concept = resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield coding["code"]


def _measured(resource: Mapping[str, Any]) -> Measure | None:
    """A quantity in percent, or yes or no."""
    answer, quantity = resource.get("valueBoolean"), resource.get("valueQuantity")
    if isinstance(answer, bool):
        return Measure(float(answer), "")
    if not isinstance(quantity, dict) or not _PERCENT & {quantity.get("unit"), quantity.get("code")}:
        return None
    value = quantity.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or quantity.get("comparator") is not None:
        return None
    return Measure(float(value), f"{value:g}")


def _day(resource: Mapping[str, Any], note: Mapping[str, Any]) -> date:
    """When it was measured, or the day of the note where the resource does not say."""
    taken = resource.get("effectiveDateTime")
    for day in (taken[:10] if isinstance(taken, str) else "", note["date"]):
        try:
            return date.fromisoformat(day)
        except ValueError:
            continue
    raise AssertionError  # the contract refuses a note without a day
