"""The head of a document as one strict model, and its mistakes as lines a person can act on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from evalkit.errors import SpecError
from evalkit.spec.frontmatter import Node
from evalkit.spec.schema import (
    DataClass,
    Gate,
    InputField,
    MinimumNecessary,
    ModelPolicy,
    OutputField,
    RefusalRule,
    Review,
    SpecPart,
    Status,
)

SPEC_ID = r"^[a-z][a-z0-9_]{0,63}$"
VERSION = r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"

Line = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\n]*$")]
FieldName = Annotated[str, Field(pattern=SPEC_ID)]
Version = Annotated[str, Field(pattern=VERSION)]


class Header(SpecPart):
    """Everything between the two ``---`` lines."""

    spec: Literal["evalkit/1"]
    id: Annotated[str, Field(pattern=SPEC_ID)]
    version: Version
    title: Line
    family: Annotated[str, Field(pattern=SPEC_ID)]
    owner: Line
    status: Status
    effective: date
    supersedes: Version | None = None
    change_note: Line
    data_class: DataClass
    purpose_of_use: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,15}$")]
    legal_basis: Line
    code_table: Line | None = None
    input: Annotated[Mapping[FieldName, InputField], Field(min_length=1)]
    minimum_necessary: MinimumNecessary
    refuse: tuple[RefusalRule, ...]
    output: Annotated[Mapping[FieldName, OutputField], Field(min_length=1)]
    review: Review
    models: ModelPolicy
    gates: Annotated[tuple[Gate, ...], Field(min_length=1)]


def read_header(root: Node, *, path: str) -> Header:
    """The head, typed. Raises SpecError for the first mistake, with a count of the others."""
    try:
        # strict JSON mode takes lists for tuples and ISO text for dates; fields keep the order of the file
        return Header.model_validate_json(json.dumps(root.plain_value()))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=True, include_input=False)
    # a missing key is often a misspelt one, so what is there and wrong comes first
    mistakes = sorted((problem["type"] == "missing", *_translate(root, problem)) for problem in problems)
    _, line, what, next_step = mistakes[0]
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    raise SpecError(what + more, where=f"{path}:{line}", next_step=next_step)


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known word that comes closest, or None where none is near."""
    choices = {entry.casefold(): entry for entry in known}
    near = difflib.get_close_matches(word.casefold()[:80], list(choices), n=1, cutoff=0.6)
    return choices[near[0]] if near else None


def _translate(root: Node, problem: Mapping[str, Any]) -> tuple[int, str, str]:
    """``(line, what, next step)`` of one mistake that pydantic found; its own words are never passed on."""
    loc = tuple(step for step in problem["loc"] if step != "[key]")
    node, line = root.find(loc)
    name = _dotted(loc)
    if problem["type"] == "missing":
        return line, f"{name} is missing", f"add '{loc[-1]}:' here"
    if problem["type"] == "extra_forbidden":
        known = _keys_at(loc[:-1])
        near = suggest(str(loc[-1]), known)
        return line, f"{name} is not a key of a spec", f"did you mean {near}?" if near else f"known: {', '.join(known)}"
    if problem["loc"] and problem["loc"][-1] == "[key]":
        return line, f"{name} is not a field name", "use lower-case letters, digits and _, first a letter"
    if loc == ("minimum_necessary", "allow") and node is not None and node.kind == "sequence":
        step = "write one line 'field: reason' for each; 45 CFR 164.502(b) wants the reason"
        return line, "minimum_necessary.allow is a list of names without reasons", step
    if problem["type"] == "string_type" and node is not None and node.kind == "scalar" and node.plain:
        kind = "null" if node.value is None else "a boolean" if isinstance(node.value, bool) else "a number"
        step = "write some text" if node.value is None else "put the value in quotes: it is text here"
        return line, f"{name} is read as {kind}, and text is expected", step
    what, step = _explain(problem)
    return line, f"{name} {what}", step


def _explain(problem: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong and the next step for mistakes that are about the value alone."""
    context = problem.get("ctx", {})
    kind = problem["type"]
    if kind == "literal_error":
        return "is not one of the known words", f"write {context['expected']}"
    if kind == "string_pattern_mismatch":
        return "has the wrong form", _FORMS.get(context["pattern"], f"match {context['pattern']}")
    if kind in _BOUNDS:
        return "is out of range", f"write a number {_BOUNDS[kind]} {next(iter(context.values()))}"
    expected = _EXPECTED.get(kind)
    if expected is not None:
        return f"is not {expected}", f"write {expected}"
    if kind in {"too_short", "string_too_short"}:
        return "is empty", "write at least one entry"
    if kind == "string_too_long":
        return "is too long", f"keep it under {context['max_length']} characters"
    return "cannot be read", "compare it with the documentation of the format"


_FORMS = {
    SPEC_ID: "use lower-case letters, digits and _, first a letter",
    VERSION: "write three numbers: 1.0.0",
    r"^[^\n]*$": "keep it on one line",
    r"^[A-Z][A-Z0-9_]{2,40}$": "use capitals, digits and _: CONSENT_MISSING",
    r"^[A-Z][A-Z0-9]{2,15}$": "write an HL7 PurposeOfUse code: TREAT, HPAYMT, COVAUTH",
}
_BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "of at least",
    "less_than": "below",
    "less_than_equal": "of at most",
}
_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "dict_type": "'key: value' lines",
    "mapping_type": "'key: value' lines",
    "model_type": "'key: value' lines",
    "model_attributes_type": "'key: value' lines",
    "tuple_type": "a list",
    "date_type": "a date like 2026-07-01",
    "date_parsing": "a date like 2026-07-01",
    "date_from_datetime_parsing": "a date like 2026-07-01",
    "date_from_datetime_inexact": "a date like 2026-07-01",
}


def _dotted(loc: tuple[int | str, ...]) -> str:
    """``refuse[2].when``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return text.removeprefix(".") or "the head"


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that a spec may have at a place of the head."""
    at: Any = Header
    for step in loc:
        if _is_model(at):
            at = at.model_fields[str(step)].annotation
        else:  # Mapping[name, X] or tuple[X, ...]: what it holds
            at = next(part for part in get_args(at) if _is_model(part))
    return list(at.model_fields) if _is_model(at) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
