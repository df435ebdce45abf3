"""What a spec is, in digests: which of its parts make its behaviour, its contract and its rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel

from evalkit.digests import digest
from evalkit.spec.schema import MinimumNecessary, Spec, Table


def behaviour_sha(spec: Spec) -> str:
    """SHA-256 over everything that an agent executes; moves with no prose, reason, comment, gate or version."""
    return digest([
        plain(spec.input), plain_necessity(spec.minimum_necessary), plain(spec.refuse), plain(spec.output),
        plain(spec.review), plain(spec.models), plain_tables(spec.tables),
    ])  # fmt: skip


def contract_sha(spec: Spec) -> str:
    """SHA-256 over what a caller relies on. Another one needs a new major version."""
    return digest([
        spec.family, spec.data_class, spec.purpose_of_use, plain(spec.input), plain_necessity(spec.minimum_necessary),
        plain(spec.refuse), plain(spec.output),
    ])  # fmt: skip


def rules_sha(spec: Spec) -> str:
    """SHA-256 over what decides answers and verdicts under one contract. Another one needs a new minor version."""
    return digest([
        plain_tables(spec.tables), plain(spec.review), plain(spec.models), plain(spec.gates), spec.code_table,
    ])  # fmt: skip


def plain_tables(tables: Mapping[str, Table]) -> dict[str, Any]:
    """The tables as JSON: heading -> rows in the order of the file, each with its id and typed cells."""
    return {heading: [[row.row_id, plain(row.cells)] for row in table.rows] for heading, table in tables.items()}


def plain_necessity(declared: MinimumNecessary) -> Any:
    """What minimum necessary does, as JSON; the reasons are for readers and left out."""
    echo = {"echo": sorted([echo.field, echo.needle] for echo in declared.echo)} if declared.echo else {}
    return {**plain(declared), "allow": sorted(declared.allow), "forbid": sorted(declared.forbid), **echo}


def plain(value: Any) -> Any:
    """A part of a spec as a JSON value. Keys at their default are left out, so that a new key moves no old digest.

    Raises TypeError for a cell of a kind that has no plain form.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(entry) for entry in value), key=digest)
    if dataclasses.is_dataclass(value):
        return {entry.name: plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    if isinstance(value, Iterable):
        return [plain(entry) for entry in value]
    raise TypeError(f"a cell of type {type(value).__name__} has no plain form")
