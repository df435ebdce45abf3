"""The contract at work: what a request may hold, what of it reaches a model, and what of an answer leaves.

Nothing here repeats a value. Names of unknown fields are not repeated either: whoever sends the wrong thing may send a
name as a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from evalkit.spec.conditions import forbidden_names
from evalkit.spec.openapi import json_schema, openapi
from evalkit.spec.schema import Derivation, InputField, OutputField, Spec
from evalkit.spec.shapes import input_model, output_model, request_model, response_model
from evalkit.spec.strictjson import BreachCode, ContractBreach, strict_json

__all__ = [
    "BreachCode",
    "ContractBreach",
    "Envelope",
    "allowed_fields",
    "check_input",
    "check_output",
    "json_schema",
    "openapi",
    "read_request",
    "request_model",
    "response_model",
    "strict_json",
    "strip_output",
]

UNDECLARED = "<undeclared>"
"""Stands in paths for a name that the spec does not know."""
OLDEST_AGE = 90
"""Every age above 89 is one category: 45 CFR 164.514(b)(2)(i)(C)."""


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """A request that keeps the contract. Holds PHI; ``repr`` shows none."""

    request_id: str
    actor: str
    purpose_of_use: str
    flags: Mapping[str, bool]
    input: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Envelope({len(self.input)} fields, {len(self.flags)} flags)"


def read_request(spec: Spec, body: bytes) -> Envelope:
    """The request in a body.

    Raises ContractBreach: FIELD_NOT_PERMITTED for a field that is not declared, SCHEMA_INVALID for all else.
    """
    value = strict_json(body)
    fields = value.get("input")
    if isinstance(fields, dict):
        _refuse_forbidden(spec, fields)
    breach = _first_breach(request_model(spec), value)
    if breach is not None:
        raise breach
    return Envelope(
        request_id=value["request_id"],
        actor=value.get("actor", "svc:evalkit"),
        purpose_of_use=value.get("purpose_of_use", spec.purpose_of_use),
        flags=value.get("flags", {}),
        input=value["input"],
    )


def check_input(spec: Spec, values: Mapping[str, Any], flags: Mapping[str, Any]) -> ContractBreach | None:
    """The first breach of the contract by an input and its flags, or None where they keep it."""
    try:
        _refuse_forbidden(spec, values)
    except ContractBreach as breach:
        return breach
    if any(not isinstance(granted, bool) for granted in flags.values()):
        return ContractBreach("SCHEMA_INVALID", "flags", what="a flag is true or false")
    return _first_breach(input_model(spec), dict(values))


def allowed_fields(spec: Spec, values: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """What reaches a model: the fields of the allow list and no others (45 CFR 164.502(b)).

    Fields that are only validated are dropped, derived ones replaced by what is derived, notes lose their ``mrn`` and
    those older than ``chart_window_days`` before ``today`` stay out. The order is that of the spec, not the caller's.
    """
    declared = spec.minimum_necessary
    reaching: dict[str, Any] = {}
    for name, field in spec.input.items():
        if field.use == "validate_only" or values.get(name) is None:
            continue
        shown = field.derive or name
        if shown in declared.allow:
            reaching[shown] = _reaching(field, values[name], today=today, window=declared.chart_window_days)
    return reaching


def strip_output(spec: Spec, output: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``(declared part, paths of what was taken out)``, into the entries of lists and their spans.

    A path names declared fields and positions; what was taken out is called ``<undeclared>`` there, unless its name
    is one that the spec itself forbids.
    """
    stripped: list[str] = []
    known = frozenset(spec.minimum_necessary.forbid)
    kept: dict[str, Any] = {}
    for name, value in _declared(output, spec.output, "", stripped, known):
        kept[name] = _strip_field(value, spec.output[name], name, stripped, known)
    return kept, tuple(stripped)


def check_output(spec: Spec, output: Mapping[str, Any]) -> tuple[str, ...]:
    """Paths of the output that break its schema, in the order of the schema; empty where all is well."""
    try:
        output_model(spec).model_validate(_lists(output))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(dict.fromkeys(_path(problem["loc"], unknown=_is_unknown(problem)) for problem in problems))
    return tuple(_backward_spans(output))


def _refuse_forbidden(spec: Spec, values: Mapping[str, Any]) -> None:
    """A forbidden or unknown field outranks every other breach: it may hold what must not have come."""
    found = forbidden_names(values, spec.minimum_necessary.forbid)
    if found:
        raise ContractBreach("FIELD_NOT_PERMITTED", found[0], what="a forbidden field is there")
    if any(name not in spec.input for name in values):
        raise ContractBreach("FIELD_NOT_PERMITTED", what="a field that the spec does not declare")


def _first_breach(model: type[BaseModel], value: Mapping[str, Any]) -> ContractBreach | None:
    try:
        model.model_validate(value)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    else:
        return None
    unknown = next((problem for problem in problems if _is_unknown(problem)), None)
    if unknown is not None:
        place = _path(unknown["loc"][:-1], unknown=False).removeprefix("input").removeprefix(".")
        return ContractBreach("FIELD_NOT_PERMITTED", place or None, what="a field that the spec does not declare")
    place = _path(problems[0]["loc"], unknown=False)
    return ContractBreach("SCHEMA_INVALID", place.removeprefix("input."), what="a field is missing or has another type")


def _is_unknown(problem: Any) -> bool:
    return bool(problem["type"] == "extra_forbidden")


def _path(loc: tuple[int | str, ...], *, unknown: bool) -> str:
    """``lines[0].units``; the last step is hidden where the spec does not know it."""
    if "flags" in loc[:1]:
        return "flags"  # names of flags come from the caller
    steps = [*loc[:-1], UNDECLARED] if unknown else list(loc)
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _reaching(field: InputField, value: Any, *, today: date, window: int | None) -> Any:
    if field.derive is not None:
        return derive(field.derive, value, today=today)
    if field.type != "list[note]":
        return value
    oldest = (today - timedelta(days=window)).isoformat() if window is not None else ""
    return [{key: note[key] for key in note if key != "mrn"} for note in value if note["date"] >= oldest]


def derive(derivation: Derivation, value: str, *, today: date) -> int:
    """What a model gets instead of an ISO date: whole years of age on ``today`` (at most 90), or the year."""
    day = date.fromisoformat(value)
    if derivation == "year":
        return day.year
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return max(0, min(years, OLDEST_AGE))


def _declared(
    value: Mapping[str, Any], names: Iterable[str], place: str, stripped: list[str], known: frozenset[str]
) -> list[tuple[str, Any]]:
    """The declared entries of an object; the paths of the others are added to ``stripped``."""
    declared = frozenset(names)
    dot = f"{place}." if place else ""
    stripped += [f"{dot}{name if name in known else UNDECLARED}" for name in value if name not in declared]
    return [(name, entry) for name, entry in value.items() if name in declared]


def _strip_field(value: Any, field: OutputField, place: str, stripped: list[str], known: frozenset[str]) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    if field.type == "list[span]":
        return _strip_spans(value, place, stripped, known)
    if field.type != "list":
        return list(value)
    item = field.item or {}
    entries: list[Any] = []
    for number, entry in enumerate(value):
        at = f"{place}[{number}]"
        if not isinstance(entry, Mapping):
            entries.append(entry)
            continue
        kept = dict(_declared(entry, item, at, stripped, known))
        spans = {n: kept[n] for n in kept if item[n] == "list[span]" and isinstance(kept[n], (list, tuple))}
        kept |= {name: _strip_spans(found, f"{at}.{name}", stripped, known) for name, found in spans.items()}
        entries.append(kept)
    return entries


def _strip_spans(spans: Iterable[Any], place: str, stripped: list[str], known: frozenset[str]) -> list[Any]:
    return [
        dict(_declared(span, ("field", "start", "end"), f"{place}[{number}]", stripped, known))
        if isinstance(span, Mapping)
        else span
        for number, span in enumerate(spans)
    ]


def _lists(value: Any) -> Any:
    """JSON as the strict models take it: an agent in this process may give tuples and views for arrays and objects."""
    if isinstance(value, Mapping):
        return {key: _lists(entry) for key, entry in value.items()}
    return [_lists(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _backward_spans(value: Any, place: str = "") -> Iterable[str]:
    """Paths of spans that end before they begin."""
    if isinstance(value, Mapping):
        if {"field", "start", "end"} == set(value) and value["end"] <= value["start"]:
            yield place
        for name, entry in value.items():
            yield from _backward_spans(entry, f"{place}.{name}" if place else name)
    elif isinstance(value, (list, tuple)):
        for number, entry in enumerate(value):
            yield from _backward_spans(entry, f"{place}[{number}]")
