"""The shapes of FHIR R4: is a JSON value the resource that it says it is?

`fhir_r4.txt` holds the elements of 70 clinical, administrative and financial resources with types and cardinalities.
What is checked here: known elements only, required ones there, lists where lists belong and never empty, one of each
choice, every primitive by the grammar of the standard, extensions of primitives (``_birthDate``), contained resources.
What is not: value sets, invariants (FHIRPath), profiles such as US Core, whether a reference leads anywhere.

A flaw names a place by declared element names and positions, never a value and never an undeclared key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from evalkit.phi.identifiers import valid_date

UNDECLARED = "<undeclared>"
"""Stands in places for a key that FHIR does not know there: it may hold a value."""
MOST_FLAWS = 20
"""Flaws of one document that are collected."""
DEEPEST = 60
"""Levels of one resource; extensions and contained resources nest without a bound of their own."""

_TABLE = Path(__file__).with_name("fhir_r4.txt")
_ENTRY = re.compile(r"(?P<name>\w+):(?P<type>\w+)(?P<many>\*?)(?P<required>!?)(?:@(?P<choice>\w+))?")


class Flaw(NamedTuple):
    """What is wrong, and where: ``Bundle.entry[4].resource.clinicalStatus``."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type."""

    name: str
    type: str
    many: bool
    required: bool
    choice: str = ""
    """The group of which only one may stand here: ``value`` of valueString and valueQuantity."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One type: its elements by name, its required elements, and the choices of which one must stand there."""

    name: str
    is_resource: bool
    elements: Mapping[str, Element]
    required: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    """Group -> its elements."""
    required_choices: frozenset[str]


@cache
def shapes() -> Mapping[str, Shape]:
    """Every type by name: resources, their parts, and datatypes."""
    own: dict[str, tuple[str, list[Element]]] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        head, *entries = line.split(" ")
        name, _, parent = head.partition("<")
        own[name] = (parent, [_element(entry) for entry in entries if entry])
    return {name: _shape(name, own) for name in own}


def resource_types() -> tuple[str, ...]:
    """The names of the resources that are known, sorted."""
    return tuple(sorted(name for name, shape in shapes().items() if shape.is_resource and name not in _ABSTRACT))


def find_flaws(resource: Any) -> tuple[Flaw, ...]:
    """What keeps a JSON value from being a FHIR R4 resource, at most `MOST_FLAWS`; nothing where it is one."""
    visit = _Visit()
    visit.resource(resource, ())
    return tuple(visit.flaws)


_ABSTRACT = frozenset({"Resource", "DomainResource"})


def _element(entry: str) -> Element:
    found = _ENTRY.fullmatch(entry)
    assert found is not None, "fhir_r4.txt"
    return Element(found["name"], found["type"], bool(found["many"]), bool(found["required"]), found["choice"] or "")


def _shape(name: str, own: Mapping[str, tuple[str, list[Element]]]) -> Shape:
    line = name
    elements: dict[str, Element] = {}
    while line:
        parent, entries = own[line]
        elements |= {one.name: one for one in entries}
        is_resource = line == "Resource"
        line = parent
    choices: dict[str, tuple[str, ...]] = {}
    for one in elements.values():
        if one.choice:
            choices[one.choice] = (*choices.get(one.choice, ()), one.name)
    return Shape(
        name,
        is_resource,
        elements,
        required=tuple(one.name for one in elements.values() if one.required and not one.choice),
        choices=choices,
        required_choices=frozenset(one.choice for one in elements.values() if one.required and one.choice),
    )


Path_ = tuple[Any, ...]
"""A place as nested pairs (parent, step): building one costs a tuple, and only flaws are written out."""


@dataclass(slots=True)
class _Visit:
    """One walk through a document."""

    flaws: list[Flaw] = field(default_factory=list)
    depth: int = 0

    def add(self, place: Path_, what: str) -> None:
        if len(self.flaws) < MOST_FLAWS:
            self.flaws.append(Flaw(_written(place), what))

    def resource(self, value: Any, place: Path_) -> None:
        """A resource of any kind, where one stands."""
        if not isinstance(value, dict):
            self.add(place, "a resource is an object")
            return
        kind = value.get("resourceType")
        shape = shapes().get(kind) if isinstance(kind, str) else None
        if shape is None or not shape.is_resource or kind in _ABSTRACT:
            self.add((place, "resourceType"), "missing, or no resource that is read here")
            return
        self.object(value, shape, place or ((), shape.name))

    def object(self, value: dict[str, Any], shape: Shape, place: Path_) -> None:
        """The elements of one object."""
        if self.depth >= DEEPEST:
            self.add(place, "nested too deeply")
            return
        self.depth += 1
        elements = shape.elements
        for key, entry in value.items():
            element = elements.get(key)
            if element is None:
                self.odd_key(key, entry, place=place, shape=shape)
            elif element.many:
                self.many(entry, element, place, paired=value.get(f"_{key}"))
            elif entry is None:
                self.add((place, key), "null")
            else:
                self.one(entry, element.type, (place, key))
        for name in shape.required:
            if name not in value and f"_{name}" not in value:
                self.add((place, name), "missing")
        for group, names in shape.choices.items():
            there = sum(name in value or f"_{name}" in value for name in names)
            if there > 1:
                self.add((place, f"{group}[x]"), "more than one of a choice")
            elif not there and group in shape.required_choices:
                self.add((place, f"{group}[x]"), "missing")
        if len(value) == (1 if shape.is_resource else 0) and not shape.is_resource:
            self.add(place, "an empty object")
        self.depth -= 1

    def odd_key(self, key: str, entry: Any, *, shape: Shape, place: Path_) -> None:
        """``resourceType``, the extension of a primitive, or what does not belong here."""
        if key == "resourceType" and shape.is_resource:
            return
        element = shape.elements.get(key[1:]) if key[:1] == "_" else None
        if element is None or element.type not in _PRIMITIVES:
            self.add((place, UNDECLARED), "an element that FHIR R4 does not have here")
            return
        if element.many != isinstance(entry, list):
            self.add((place, key), "a list is needed" if element.many else "an object is needed")
            return
        for position, extension in enumerate(entry if element.many else [entry]):
            if extension is not None or not element.many:
                self.one(extension, "Element", ((place, key), position) if element.many else (place, key))

    def many(self, entries: Any, element: Element, place: Path_, *, paired: Any) -> None:
        """The entries of a list. Null stands only for a primitive that has an extension instead."""
        here = (place, element.name)
        if not isinstance(entries, list):
            self.add(here, "a list is needed")
            return
        if not entries:
            self.add(here, "an empty list")
        type_ = element.type
        for position, entry in enumerate(entries):
            if entry is None:
                stands_for = isinstance(paired, list) and position < len(paired) and paired[position] is not None
                if type_ not in _PRIMITIVES or not stands_for:
                    self.add((here, position), "null")
            else:
                self.one(entry, type_, (here, position))

    def one(self, value: Any, type_: str, place: Path_) -> None:
        """One value of a type."""
        check = _PRIMITIVES.get(type_)
        if check is not None:
            if not check(value):
                self.add(place, f"no {type_}")
        elif type_ == "Resource":
            self.resource(value, place)
        elif not isinstance(value, dict):
            self.add(place, f"{type_} is an object")
        else:
            self.object(value, shapes()[type_], place)


def _written(place: Path_) -> str:
    steps: list[str] = []
    while place:
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".") or "document"


def _matching(pattern: str) -> Callable[[Any], bool]:
    """A text that a pattern covers whole."""
    match = re.compile(pattern).fullmatch
    return lambda value: isinstance(value, str) and match(value) is not None


_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_YEAR = r"[0-9]{4}"
_is_partial_date = _matching(rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_is_instant = _matching(rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T{_TIME}{_ZONE}")


def is_date(value: Any) -> bool:
    """A year, a month or a day of the calendar: ``2025``, ``2025-02``, ``2025-02-28``."""
    return _is_partial_date(value) and not value.startswith("0000") and (len(value) < 10 or valid_date(value))


def _is_date_time(value: Any) -> bool:
    return is_date(value) or _is_moment(value)


def _is_moment(value: Any) -> bool:
    return _is_instant(value) and valid_date(value[:10])


def _is_whole(least: int, most: int = 2**31 - 1) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_is_text = _matching(r"[\s\S]*\S[\s\S]*")
_is_uri = _matching(r"\S+")
_PRIMITIVES: Mapping[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_whole(-(2**31)),
    "unsignedInt": _is_whole(0),
    "positiveInt": _is_whole(1),
    "decimal": lambda value: isinstance(value, (int, float, Decimal)) and not isinstance(value, bool),
    "string": _is_text,
    "markdown": _is_text,
    "code": _matching(r"\S+(\s\S+)*"),
    "id": _matching(r"[A-Za-z0-9.-]{1,64}"),
    "uri": _is_uri,
    "url": _is_uri,
    "canonical": _is_uri,
    "oid": _matching(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "uuid": _matching(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "date": is_date,
    "dateTime": _is_date_time,
    "instant": _is_moment,
    "time": _matching(_TIME),
    "base64Binary": _is_base64,
    "xhtml": _matching(r"\s*<div[\s\S]*</div>\s*|\s*<div[^>]*/>\s*"),
}
"""Primitive type -> is a JSON value one of it? Grammars of hl7.org/fhir/R4/datatypes.html."""
