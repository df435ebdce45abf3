"""Access: who may do what with which categories of PHI, as a table.

45 CFR 164.514(d)(2)(i) asks a covered entity to name the persons or classes of persons who need access, and for each
the categories of PHI and the conditions. A `Policy` is that table: a row is a role, what it does, the categories, and
why. What no row grants is refused, an unlabelled category too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from evalkit.cards import Grid, card
from evalkit.errors import AccessRefused, AuditError

Deed = Literal["execute", "search", "prove", "read", "export", "hold", "lift", "purge", "shred", "rotate", "grant",
               "review", "promote"]  # fmt: skip
"""What can be granted."""
DEEDS: tuple[Deed, ...] = get_args(Deed)
EVERY = "*"
"""Every category."""
_MAX_BYTES = 256 * 1024
_KEYS = {"role", "deeds", "categories", "why"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the table."""

    role: str
    deeds: frozenset[str]
    categories: frozenset[str]
    """PHI categories that the role may see; ``*`` for every one, none for the clear part alone."""
    why: str
    """Why the role needs it: one line."""


@dataclass(frozen=True)
class Policy:
    """The table. A role may have several rows; together they grant no more than each."""

    grants: tuple[Grant, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role, in the order of the table."""
        return tuple(dict.fromkeys(grant.role for grant in self.grants))

    def allows(self, role: str, deed: str, categories: Collection[str] = ()) -> bool:
        """Whether one row grants the deed on all of the categories."""
        wanted = frozenset(categories)
        return any(
            grant.role == role and deed in grant.deeds and (EVERY in grant.categories or wanted <= grant.categories)
            for grant in self.grants
        )

    def dump(self) -> bytes:
        """The table as JSON bytes, as `parse_policy` reads it."""
        rows = [
            {"role": g.role, "deeds": sorted(g.deeds), "categories": sorted(g.categories), "why": g.why}
            for g in self.grants
        ]
        return json.dumps(rows, indent=1).encode()

    def __repr__(self) -> str:
        return f"Policy({len(self.roles)} roles)"

    def _repr_html_(self) -> str:
        rows = [(g.role, ", ".join(sorted(g.deeds)), ", ".join(sorted(g.categories)) or "none", g.why)
                for g in self.grants]  # fmt: skip
        return card("Who may do what", grids=[Grid(["role", "may", "with PHI categories", "why"], rows)])


def _grant(role: str, deeds: str, categories: str, why: str) -> Grant:
    return Grant(role, frozenset(deeds.split()), frozenset(categories.split()), why)


DEFAULT = Policy(
    (
        _grant("operator", "execute", "", "runs agents; the record is written, not read"),
        _grant("reviewer", "search", "", "finds the cases to review"),
        _grant("reviewer", "read", "free_text date", "judges outputs beside the note that they rest on"),
        _grant("reviewer", "review", "", "decides on de-identified cases"),
        _grant("curator", "search promote", "", "adds reviewed cases to gold sets, and reads no PHI"),
        _grant("auditor", "search prove export", "", "examines who did what, without PHI (164.312(b))"),
        _grant("privacy_officer", "search prove read export hold lift purge shred", "*",
               "answers patients, courts and breach inquiries (164.524, 164.528, 164.410)"),
        _grant("custodian", " ".join(DEEDS), "*", "holds the keyring: could read everything anyway"),
    )
)  # fmt: skip
"""The table that holds where a ledger has none of its own."""


@dataclass(frozen=True, slots=True)
class Access:
    """One person or program, in one role, within the bounds of what they were given."""

    actor: str
    role: str
    deeds: frozenset[str] = frozenset(DEEDS)
    categories: frozenset[str] = frozenset({EVERY})
    specs: frozenset[str] = frozenset({EVERY})
    """``id@version`` of the specs whose records are meant; ``*`` for all."""

    def allows(self, policy: Policy, deed: str, *, categories: Collection[str] = (), spec: str = "") -> bool:
        """Whether the policy grants it to the role, and the bounds do not exclude it."""
        within = EVERY in self.categories or set(categories) <= self.categories
        about = EVERY in self.specs or not spec or spec in self.specs
        return deed in self.deeds and within and about and policy.allows(self.role, deed, categories)


def refuse_access(deed: str) -> AccessRefused:
    """The one answer to everybody who may not: it does not say what was missing."""
    return AccessRefused(f"no grant to {deed} this", next_step="ask whoever keeps the access table")


def parse_policy(data: bytes) -> Policy:
    """The table in a JSON document: a list of rows. Raises AuditError, by row, for anything that is not one."""
    if len(data) > _MAX_BYTES:
        raise AuditError(f"the access table is over {_MAX_BYTES} bytes")
    try:
        rows = json.loads(data.decode("utf-8"), object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        raise AuditError("the access table is not one JSON document without duplicate keys") from None
    if not isinstance(rows, list) or not rows:
        raise AuditError("the access table is not a list of rows", next_step="see docs/how-to/audit.md")
    return Policy(tuple(_parse_row(row, number) for number, row in enumerate(rows, 1)))


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ValueError
    return entries


def _parse_row(row: Any, number: int) -> Grant:
    where = f"row {number} of the access table"
    if not isinstance(row, Mapping) or set(row) != _KEYS:
        raise AuditError(f"it does not have exactly {', '.join(sorted(_KEYS))}", where=where)
    role, deeds, categories, why = row["role"], row["deeds"], row["categories"], row["why"]
    if not all(isinstance(text, str) and text.strip() and text.isprintable() for text in (role, why)):
        raise AuditError("role and why are one line of text each", where=where)
    for name, entries in (("deeds", deeds), ("categories", categories)):
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            raise AuditError(f"{name} is not a list of names", where=where)
    if not set(deeds) <= set(DEEDS):
        raise AuditError(f"deeds are among {', '.join(DEEDS)}", where=where)
    if not all(entry == EVERY or (entry.isascii() and entry.isidentifier()) for entry in categories):
        raise AuditError("a category is a name like free_text, or *", where=where)
    return Grant(role, frozenset(deeds), frozenset(categories), why)
