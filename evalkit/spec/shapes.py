"""The types of a spec's contract as pydantic models: strict, and closed to unknown fields.

They are built from the declared fields, so that the checks, the JSON Schema and the documentation are one thing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from evalkit.phi.identifiers import valid_date
from evalkit.spec.schema import InputField, OutputField, Spec

FORM_CODES = ("SCHEMA_INVALID", "FIELD_NOT_PERMITTED")
"""Refusal codes for requests that break the contract by their form."""
OTHER_PURPOSE = "PURPOSE_NOT_PERMITTED"
"""Refusal code for a request that is made for another purpose than the spec's."""
CONTRACT_CODES = (*FORM_CODES, OTHER_PURPOSE)
"""Refusal codes that every spec has besides its own."""
NOTE_KEYS = ("doc_id", "date", "type", "text", "mrn")
"""What a note of a ``list[note]`` may hold; ``mrn`` is compared and never reaches a model."""

ECHO_KEY = "x-may-repeat"
"""Key of a JSON Schema under which stand the identifiers that an output field may repeat."""

_CLOSED = ConfigDict(strict=True, extra="forbid", frozen=True)
_PURPOSE = r"^[A-Z][A-Z0-9]{2,15}$"
_FLAG_NAME = r"^[a-z][a-z0-9_]{0,63}$"


def _is_date(text: str) -> str:
    if not valid_date(text):
        raise ValueError("not a date")
    return text


def _is_text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character")
    return text


Day = Annotated[str, AfterValidator(_is_date), WithJsonSchema({"type": "string", "format": "date"})]
"""``YYYY-MM-DD``; stays text, as it is in the case."""
Text = Annotated[str, AfterValidator(_is_text)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Identifier = Annotated[Text, Field(min_length=1, max_length=200)]


class Note(BaseModel):
    """One document of a chart."""

    model_config = _CLOSED
    doc_id: Identifier | None = None
    date: Day
    type: Annotated[Text, Field(max_length=100)] | None = None
    text: Text
    mrn: Identifier | None = None


class ReplyRefusal(BaseModel):
    """Why there is no answer: a code and a field name, never a value."""

    model_config = _CLOSED
    code: str
    field: str | None = None


class ReplyUsage(BaseModel):
    """What an answer cost."""

    model_config = _CLOSED
    model_calls: Annotated[int, Field(ge=0)] = 0
    input_tokens: Annotated[int, Field(ge=0)] = 0
    output_tokens: Annotated[int, Field(ge=0)] = 0
    cost_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


_PLAIN: Mapping[str, Any] = {
    "string": Text,
    "date": Day,
    "boolean": bool,
    "integer": int,
    "number": Number,
    "list[string]": list[Text],
}


@lru_cache(maxsize=64)
def input_model(spec: Spec) -> type[BaseModel]:
    """The fields that a caller sends."""
    fields: dict[str, Any] = {}
    for name, declared in spec.input.items():
        type_ = _input_type(declared)
        fields[name] = (type_, ...) if declared.required else (type_ | None, None)
    return create_model("Input", __config__=_CLOSED, **fields)


@lru_cache(maxsize=64)
def output_model(spec: Spec) -> type[BaseModel]:
    """The fields that an agent gives back."""
    fields: dict[str, Any] = {}
    for name, declared in spec.output.items():
        type_ = _output_type(name, declared, spec)
        told = _echoing(spec, name)
        fields[name] = (type_, Field(**told)) if declared.required else (type_ | None, Field(default=None, **told))
    return create_model("Output", __config__=_CLOSED, **fields)


def _echoing(spec: Spec, path: str) -> dict[str, Any]:
    """What the schema of an output field says of the identifiers that may stand in it."""
    needles = sorted(spec.echoes.get(path, ()))
    return {"json_schema_extra": {ECHO_KEY: needles}} if needles else {}


@lru_cache(maxsize=64)
def request_model(spec: Spec) -> type[BaseModel]:
    """The whole request: envelope, flags and input."""
    fields: dict[str, Any] = {
        "request_id": (Identifier, ...),
        "spec_ref": (Literal[spec.ref] | None, None),
        "actor": (Identifier, "svc:evalkit"),
        "purpose_of_use": (Annotated[str, Field(pattern=_PURPOSE)], spec.purpose_of_use),
        "flags": (Annotated[dict[Annotated[str, Field(pattern=_FLAG_NAME)], bool], Field(max_length=64)], {}),
        "input": (input_model(spec), ...),
    }
    return create_model("Request", __config__=_CLOSED, **fields)


@lru_cache(maxsize=64)
def response_model(spec: Spec) -> type[BaseModel]:
    """The whole reply: ``output`` belongs to ok and needs_review, ``refusal`` to refused."""
    codes: Any = tuple(dict.fromkeys([*(rule.code for rule in spec.refuse), *CONTRACT_CODES]))
    code: dict[str, Any] = {"code": (Literal[codes], ...)}
    refusal = create_model("Refusal", __base__=ReplyRefusal, **code)
    fields: dict[str, Any] = {
        "status": (Literal["ok", "refused", "needs_review"], ...),
        "output": (output_model(spec) | None, None),
        "refusal": (refusal | None, None),
        "confidence": (Annotated[float, Field(ge=0, le=1)] | None, None),
        "trace": (list[str], []),
        "model_id": (str | None, None),
        "usage": (ReplyUsage, ReplyUsage()),
    }
    return create_model("Response", __config__=ConfigDict(**_CLOSED, protected_namespaces=()), **fields)


def _input_type(declared: InputField) -> Any:
    if declared.type == "enum":
        return Literal[declared.values]
    limit = Field(max_length=declared.max_chars)
    if declared.type == "string":
        return Annotated[Text, limit]
    if declared.type == "list[string]":
        return list[Annotated[Text, limit]]
    if declared.type == "list[note]":
        if declared.max_chars is None:
            return list[Note]
        return list[create_model("LimitedNote", __base__=Note, text=(Annotated[Text, limit], ...))]  # type: ignore[misc]
    return _PLAIN[declared.type]


def _output_type(name: str, declared: OutputField, spec: Spec) -> Any:
    if declared.type == "enum":
        return Literal[declared.values]
    if declared.type == "list":
        entries: dict[str, Any] = {
            entry: (_entry_type(type_, spec), Field(**_echoing(spec, f"{name}.{entry}")))
            for entry, type_ in (declared.item or {}).items()
        }
        return list[create_model(f"{name.title().replace('_', '')}Entry", __config__=_CLOSED, **entries)]  # type: ignore
    if declared.type in {"number", "integer"}:
        return Annotated[_PLAIN[declared.type], Field(ge=declared.min, le=declared.max)]
    return _entry_type(declared.type, spec)


def _entry_type(type_: str, spec: Spec) -> Any:
    if "|" in type_:
        return Literal[tuple(type_.split("|"))]
    return list[span_model(spec)] if type_ == "list[span]" else _PLAIN[type_]  # type: ignore[misc]


@lru_cache(maxsize=64)
def span_model(spec: Spec) -> type[BaseModel]:
    """Words of the input that bear something out: code points of a field that a model saw, half open."""
    names = [re.escape(name) for name, declared in spec.input.items() if declared.use == "send"]
    place = rf"^(?:{'|'.join(names)})(?:\[[0-9]{{1,6}}\](?:\.text)?)?$"
    return create_model(
        "Span",
        __config__=_CLOSED,
        field=(Annotated[str, Field(pattern=place)], ...),
        start=(Annotated[int, Field(ge=0)], ...),
        end=(Annotated[int, Field(ge=1)], ...),
    )
