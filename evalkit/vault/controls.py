"""Controls: what the records themselves say about payloads and keys that are no longer there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evalkit.vault.entries import OWN
from evalkit.vault.findings import Finding, Reason
from evalkit.vault.subjects import mark_of

_RANGE = re.compile(r"seq:([0-9]{1,18})(?:-([0-9]{1,18}))?")

Range = tuple[int, int]
"""First and last sequence number."""


@dataclass(frozen=True, slots=True)
class Controls:
    """Purges and shreddings on record."""

    purged: tuple[Range, ...]
    shredded: frozenset[str]


def name_range(first: int, last: int) -> str:
    """How the ``target`` of a record names other records: ``seq:17`` or ``seq:17-40``."""
    return f"seq:{first}" if first == last else f"seq:{first}-{last}"


def parse_range(target: str) -> Range | None:
    """The records that a ``target`` names, or None where it names none."""
    found = _RANGE.fullmatch(target)
    return None if found is None else (int(found[1]), int(found[2] or found[1]))


def read_controls(connection: sqlite3.Connection) -> Controls:
    """What is on record. Reads the clear part once."""
    rows = connection.execute("SELECT action, subject, target FROM records WHERE action IN ('purge', 'shred')")
    purged, shredded = [], set()
    for action, subject, target in rows:
        if action == "shred":
            shredded.add(subject)
        elif (found := parse_range(target)) is not None:
            purged.append(found)
    return Controls(tuple(merge(purged)), frozenset(shredded))


def check_keys(connection: sqlite3.Connection, controls: Controls, findings: list[Finding]) -> frozenset[str]:
    """Compare wrapped keys with the records that vouch for them. Returns the subjects whose keys are not right."""
    odd: dict[Reason, list[int]] = {}
    bad = set()
    for subject, seq, reason in (*_changed_keys(connection, controls), *_missing_keys(connection, controls)):
        odd.setdefault(reason, []).append(seq)
        bad.add(subject)
    findings += [Finding(reason, seq=min(seqs), count=len(seqs)) for reason, seqs in odd.items()]
    return frozenset(bad)


def _changed_keys(connection: sqlite3.Connection, controls: Controls) -> Iterator[tuple[str, int, Reason]]:
    kept = connection.execute(
        "SELECT k.subject, k.seq, k.wrapped, r.action, r.subject, r.target FROM subject_keys k "
        "LEFT JOIN records r ON r.seq = k.seq ORDER BY k.seq"
    )
    for subject, seq, wrapped, action, owner, target in kept:
        mark = mark_of(wrapped)
        vouched = action in {"create", "subject", "rewrap"} and (owner or OWN) == subject and target == mark
        if subject in controls.shredded:
            yield subject, seq, Reason.KEY_RETURNED
        elif not vouched:
            query = (
                "SELECT 1 FROM records WHERE target = ? AND action IN ('create', 'subject', 'rewrap') AND subject != ?"
            )
            moved = connection.execute(query, (mark, "" if subject == OWN else subject)).fetchone()
            yield subject, seq, Reason.KEY_MOVED if moved else Reason.KEY_CHANGED


def _missing_keys(connection: sqlite3.Connection, controls: Controls) -> Iterator[tuple[str, int, Reason]]:
    gone = connection.execute(
        "SELECT r.seq, r.subject FROM records r WHERE r.action IN ('create', 'subject') AND NOT EXISTS "
        "(SELECT 1 FROM subject_keys k WHERE k.subject = iif(r.action = 'create', ?, r.subject)) ORDER BY r.seq",
        (OWN,),
    )
    for seq, subject in gone:
        if subject not in controls.shredded:
            yield subject or OWN, seq, Reason.KEY_MISSING


def merge(ranges: Iterable[Range]) -> Iterator[Range]:
    """The same records in as few ranges as there can be, in their order."""
    last: Range | None = None
    for first, end in sorted(ranges):
        if last is not None and first <= last[1] + 1:
            last = (last[0], max(last[1], end))
        else:
            if last is not None:
                yield last
            last = (first, end)
    if last is not None:
        yield last


def outside(ranges: Iterable[Range], allowed: Iterable[Range]) -> tuple[int, int | None]:
    """How many of the records are in none of the allowed ranges, and the first of them. Both are merged."""
    count, first = 0, None
    whole = list(allowed)
    for start, end in ranges:
        place = start
        for low, high in [*whole, (end + 1, end + 1)]:
            if high < place:
                continue
            gap = min(low, end + 1) - place
            if gap > 0:
                count, first = count + gap, place if first is None else first
            place = max(place, high + 1)
            if place > end:
                break
    return count, first
