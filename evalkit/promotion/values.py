"""The known values of a record: what its spec tags as PHI, and what the record may never have held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.phi.detection import LIKELY, detect
from evalkit.phi.identifiers import CATEGORIES, Category, Identifier
from evalkit.phi.views import strings_of
from evalkit.spec.schema import Spec

_BY_NAME: dict[str, Category] = {
    "name": "name", "contact": "name", "employer": "name", "address": "geo", "zip": "geo", "city": "geo",
    "birth": "date", "dob": "date", "phone": "phone", "fax": "fax", "email": "email", "ssn": "ssn", "mrn": "mrn",
    "member": "plan", "account": "account", "url": "url", "ip": "ip",
}  # fmt: skip
"""A word of a forbidden field's name -> the category of what it holds."""
_NUMBERS = frozenset({"ssn", "mrn", "plan", "account", "license", "phone", "fax", "email", "vehicle", "device", "url"})
_SHORTEST = 6


def tagged_values(spec: Spec, input: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """What the fields of a request hold that the spec tags with one category of PHI, or forbids.

    Free text has no value to know: a detector reads it. Needle ids are paths (``input.patient_mrn``).
    """
    found = []
    for name, value in input.items():
        category = _category(spec, name)
        for place, text in _texts(value, name):
            known = "mrn" if place.endswith("].mrn") else "date" if place.endswith("].date") else category
            if known is not None and text.strip():
                found.append(Identifier(f"input.{place}", known, text))
    return tuple(found)


def met_values(texts: Any) -> tuple[Identifier, ...]:
    """What a detector is sure of in the texts of a record: full names, and numbers and addresses of six signs and more.

    Known from one place, they are then found in every other: a first name alone, a number without its label.
    """
    found: list[Identifier] = []
    for text in strings_of(texts):
        for one in detect(text, at_least=LIKELY):
            value = text[one.start : one.end].strip()
            full_name = one.category == "name" and len(value.split()) in {2, 3} and not any(map(str.isdigit, value))
            number = one.category in _NUMBERS and sum(map(str.isalnum, value)) >= _SHORTEST
            if full_name or number:
                found.append(Identifier(f"met.{one.category}.{len(found) + 1}", one.category, value))
    return tuple(found)


def merge_values(*lists: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """The values of several lists, each value of a category once, with needle ids that differ."""
    kept: dict[tuple[str, str], Identifier] = {}
    names: set[str] = set()
    for known in (one for values in lists for one in values):
        if (known.category, known.value) in kept:
            continue
        name, number = known.needle_id, 1
        while name in names:
            number += 1
            name = f"{known.needle_id}.{number}"
        names.add(name)
        kept[known.category, known.value] = Identifier(name, known.category, known.value, known.subject)
    return tuple(kept.values())


def _category(spec: Spec, name: str) -> Category | None:
    declared = spec.input.get(name)
    if declared is not None:
        return next((one for one in CATEGORIES if declared.phi == (one,)), None)
    words = name.lower().split("_")
    return next((category for word, category in _BY_NAME.items() if word in words), "other")


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """The texts that may be one value: of a field, of the entries of a list, of the number and day of a note."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, (list, tuple)):
        for number, entry in enumerate(value):
            if isinstance(entry, Mapping):
                yield from ((f"{place}[{number}].{key}", entry[key]) for key in ("date", "mrn")
                            if isinstance(entry.get(key), str))  # fmt: skip
            else:
                yield from _texts(entry, f"{place}[{number}]")
