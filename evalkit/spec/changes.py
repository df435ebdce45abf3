"""What a new version of a spec changes, by meaning: rows, fields, refusals, gates; the text last.

``note``: cannot change an answer or a verdict for the worse (prose, reasons, a stricter gate). ``loud``: can change
answers or widen what is seen; a reviewer must look. ``blocking``: takes away a safeguard; needs a second person.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from evalkit.errors import SpecError
from evalkit.spec.contractchanges import contract_changes
from evalkit.spec.difference import Change, Severity, lines_changed, shown
from evalkit.spec.identity import contract_sha, plain, rules_sha
from evalkit.spec.schema import Gate, Row, Spec, Table

__all__ = ["Bump", "Change", "Changes", "Severity", "diff_specs"]

Bump = Literal["major", "minor", "patch"]
_ORDER: tuple[Severity, ...] = ("blocking", "loud", "note")


@dataclass(frozen=True)
class Changes:
    """Every difference between two versions, gravest first."""

    old: str
    """``id@version``."""
    new: str
    entries: tuple[Change, ...]
    bump: Bump
    """The least raise of the version that the changes need."""

    @cached_property
    def row_ids(self) -> dict[str, str]:
        """Row id -> what happened to it, for the executable rows that changed."""
        return {entry.row_id: entry.what for entry in self.entries if entry.row_id is not None}

    @property
    def severity(self) -> Severity:
        """The gravest of the entries; note for none."""
        return self.entries[0].severity if self.entries else "note"

    def __str__(self) -> str:
        if not self.entries:
            return f"{self.old} -> {self.new}: nothing changed"
        width = max(len(entry.place) for entry in self.entries)
        lines = [f"  {entry.severity:<8}  {entry.place:<{width}}  {entry.what}" for entry in self.entries]
        return "\n".join([f"{self.old} -> {self.new}: {self._summary()}", *lines])

    def _repr_html_(self) -> str:
        cells = (
            (entry.severity, entry.place, entry.what) for entry in self.entries
        )  # the document is a stranger's: nothing of it goes out unescaped
        rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
        head = f"<b>{html.escape(self.old)} &rarr; {html.escape(self.new)}</b>: {html.escape(self._summary())}"
        return f"<div>{head}<table><tr><th>severity</th><th>place</th><th>what</th></tr>{rows}</table></div>"

    def _summary(self) -> str:
        counts = [(sum(entry.severity == severity for entry in self.entries), severity) for severity in _ORDER]
        found = ", ".join(f"{count} {severity}" for count, severity in counts if count)
        return f"{found or 'nothing changed'}; needs a new {self.bump} version"


def diff_specs(old: Spec, new: Spec) -> Changes:
    """What changes from one version to another of one spec. Raises SpecError for two different specs."""
    if old.id != new.id:
        raise SpecError(
            "two different specs have no changes between them",
            where=f"{old.ref}, {new.ref}",
            next_step="compare two versions of one spec",
        )
    found = [
        *contract_changes(old, new),
        *_table_changes(old, new),
        *_gate_changes(old, new),
        *_prose_changes(old, new),
    ]
    bump: Bump = "patch"
    if contract_sha(old) != contract_sha(new):
        bump = "major"
    elif rules_sha(old) != rules_sha(new):
        bump = "minor"
    return Changes(old.ref, new.ref, tuple(sorted(found, key=lambda entry: _ORDER.index(entry.severity))), bump)


def _table_changes(old: Spec, new: Spec) -> Iterator[Change]:
    for heading in dict.fromkeys([*old.tables, *new.tables]):
        before, after = old.tables.get(heading), new.tables.get(heading)
        old_rows, new_rows = _rows(before), _rows(after)
        for row_id, row in old_rows.items():
            if row_id not in new_rows:
                yield Change("row removed", row_id, "row removed", "loud", row_id)
                continue
            written = (_written(old, before, row), _written(new, after, new_rows[row_id]))
            if what := _cells_changed(row, new_rows[row_id], written=written):
                yield Change("cell changed", row_id, what, "loud", row_id)
        for row_id in new_rows:
            if row_id not in old_rows:
                yield Change("row added", row_id, "row added", "loud", row_id)
        common = [row_id for row_id in old_rows if row_id in new_rows]
        if common != [row_id for row_id in new_rows if row_id in old_rows]:
            yield Change("rows reordered", heading, "the rows stand in another order", "loud")


def _rows(table: Table | None) -> dict[str, Row]:
    return {row.row_id: row for row in table.rows} if table is not None else {}


def _written(spec: Spec, table: Table | None, row: Row) -> Mapping[str, str]:
    """The cells of a row as its author wrote them, by column; nothing for a list or settings."""
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", spec.source.split("\n")[row.line - 1])[1:-1]]
    columns = table.columns if table is not None else ()
    return dict(zip(columns, cells, strict=True)) if len(cells) == len(columns) else {}


def _cells_changed(old: Row, new: Row, *, written: tuple[Mapping[str, str], Mapping[str, str]]) -> str:
    """``units: one -> each``, in the words of the document; empty where the cells mean the same."""
    columns = dict.fromkeys([*old.cells, *new.cells])
    changed = [name for name in columns if plain(old.cells.get(name)) != plain(new.cells.get(name))]
    steps = (_step(old.cells.get(name), new.cells.get(name), [row.get(name) for row in written]) for name in changed)
    return ", ".join(f"{name}: {step}" for name, step in zip(changed, steps, strict=True))


def _step(before: Any, after: Any, written: Sequence[str | None]) -> str:
    """Old to new; for lists of words what was added and taken out, which is what a reader looks for."""
    if _are_words(before) and _are_words(after):
        added = [f"+{shown(word)}" for word in after if word not in before]
        removed = [f"-{shown(word)}" for word in before if word not in after]
        if added or removed:
            return " ".join([*removed, *added])
    old, new = written
    return f"{old or shown(before)} -> {new or shown(after)}"


def _are_words(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) > 0 and all(isinstance(word, str) for word in value)


def _bounds(gates: Iterable[Gate]) -> dict[tuple[str, str, str, str], tuple[float, Gate]]:
    """Every single bound of the gates, by what it bounds."""
    found: dict[tuple[str, str, str, str], tuple[float, Gate]] = {}
    for gate in gates:
        for bound in ("min", "max", "equals", "max_drop"):
            value = getattr(gate, bound)
            versus = (gate.versus or "") if bound == "max_drop" else ""
            if value is not None:
                found[gate.figure, gate.scope, bound, versus] = (value, gate)
    return found


def _gate_changes(old: Spec, new: Spec) -> Iterator[Change]:
    before, after = _bounds(old.gates), _bounds(new.gates)
    for key, (value, gate) in before.items():
        place = _gate_place(key)
        if key not in after:
            yield Change("gate loosened", place, f"gate removed (was {shown(value)})", "blocking")
            continue
        raised, changed = after[key]
        if value != raised:
            looser = key[2] == "equals" or (raised < value) == (key[2] == "min")
            kind, severity = _LOOSENED if looser else _TIGHTENED
            yield Change(kind, place, f"{shown(value)} -> {shown(raised)}", severity)
        yield from _judged_otherwise(place, gate, changed, _POLICY[key[2]])
    for key in after:
        if key not in before:
            yield Change("gate tightened", _gate_place(key), f"gate added ({shown(after[key][0])})", "note")


_POLICY: Mapping[str, tuple[str, ...]] = {
    "min": ("bound", "alpha"), "max": ("bound", "alpha"), "equals": (), "max_drop": ("test", "alpha"),
}  # fmt: skip
"""What of a gate says how a bound is judged."""


def _judged_otherwise(place: str, old: Gate, new: Gate, policy: Sequence[str]) -> Iterator[Change]:
    """Another level, test or bound for one and the same figure: only a stricter test is not a loosening."""
    for name in policy:
        before, after = getattr(old, name), getattr(new, name)
        if before == after or (name == "alpha" and "bound" in policy and "one_sided" not in {old.bound, new.bound}):
            continue
        kind, severity = _TIGHTENED if (name, after) in _STRICTEST else _LOOSENED
        yield Change(kind, place, f"judged otherwise: {name} {shown(before)} -> {shown(after)}", severity)


_STRICTEST = {("bound", "two_sided")}
_LOOSENED: tuple[str, Severity] = ("gate loosened", "blocking")
_TIGHTENED: tuple[str, Severity] = ("gate tightened", "note")


def _gate_place(key: tuple[str, str, str, str]) -> str:
    metric, scope, bound, versus = key
    where = "" if scope == "all" else f" [{scope}]"
    return f"gates/{metric}{where} {bound}{f' versus {versus}' if versus else ''}"


def _prose_changes(old: Spec, new: Spec) -> Iterator[Change]:
    for heading in dict.fromkeys([*old.prose, *new.prose]):
        before, after = old.prose.get(heading, ""), new.prose.get(heading, "")
        if before != after:
            yield Change("prose changed", heading, lines_changed(before, after), "note")
    if old.source != new.source and old.content_sha != new.content_sha:
        for name in ("title", "owner", "status", "effective", "supersedes", "change_note"):
            before, after = getattr(old, name), getattr(new, name)
            if before != after:
                yield Change("head changed", name, f"{shown(before)} -> {shown(after)}", "note")
