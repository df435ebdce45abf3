"""The manifest of a gold-set version: what it is, who made it, where its cases come from, and what came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SHA256 = r"^[0-9a-f]{64}$"
FORMAT = 2
"""2 has origins, a datasheet and a signer; versions without any of them are still written, and read, as 1."""
_STRICT = ConfigDict(frozen=True, strict=True, extra="forbid")


class Origin(BaseModel):
    """How one case came in: from which execution, with what taken out, by whose word. No PHI."""

    model_config = _STRICT

    case_id: str
    kind: Literal["added", "corrected", "withdrawn"]
    """``corrected``: stands for a case of the version before, under another id; ``withdrawn``: that case is gone."""
    replaces: str | None = None
    """The id of the case that is corrected."""
    source: str
    """The record of the execution: ledger and number; for a stored case ``gold:<id>@<version>/<case id>``."""
    spec: str
    """``id@version`` that the execution ran."""
    verdict: Literal["accept", "correct", "reject"]
    """``accept``: the agent's output is the gold answer; ``correct``: a reviewer wrote it; ``reject``: withdrawn."""
    reviewers: tuple[str, ...]
    reason: str
    replaced: Mapping[str, int]
    """Replacements by Safe Harbor category."""
    values: int = Field(ge=0)
    """Known values of the record for which the case was searched, none of them found."""
    candidate: str = Field(pattern=SHA256)
    """Digest of what the reviewers saw."""


class Manifest(BaseModel):
    """What stands in ``manifest.json``."""

    model_config = _STRICT

    format: Literal[1, 2] = 1
    id: str
    version: int = Field(ge=1)
    name: str
    cases: int = Field(ge=1)
    file_sha256: str = Field(pattern=SHA256)
    """Of ``cases.jsonl``."""
    dataset_digest: str = Field(pattern=SHA256)
    """`case.dataset_digest`; the order of cases does not matter."""
    data_class: Literal["synthetic", "deidentified"]
    parent: str | None = Field(default=None, pattern=SHA256)
    """SHA-256 of the manifest of the version before, None for the first: the versions form a chain."""
    author: str = ""
    note: str = ""
    at: str = ""
    origins: tuple[Origin, ...] = ()
    """Of the cases that this version added or corrected; the others came with the version before."""
    datasheet_sha256: str | None = Field(default=None, pattern=SHA256)
    """Of ``datasheet.md``."""
    signer: str | None = None
    """The public key that signed this file, as C2SP's ``vkey`` writes it; None for a version that nobody signed."""

    def to_bytes(self) -> bytes:
        """The file. What format 1 did not have is left out of it where it is empty."""
        empty = {"origins", "datasheet_sha256", "signer"} if self.format == 1 else set()
        return self.model_dump_json(indent=2, exclude=empty).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Card:
    """Who saves a version, why and when. No PHI."""

    author: str = ""
    note: str = ""
    at: str = ""
    """ISO 8601, given by the caller: nothing here reads a clock."""
