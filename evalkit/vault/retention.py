"""Retention: how long records are kept, who may hold them back, and how they are taken away for good.

45 CFR 164.316(b)(2)(i): six years from creation, or from when it last was in effect, whichever is later. Calendar
years, in UTC; 29 February falls on 1 March. A purge takes payloads away and leaves the clear part, its digest and its
place in the tree, so that every proof still holds. Shredding takes one person's key away: nothing sealed for them
opens again, their outside name included (cryptographic erase, NIST SP 800-88). Both are on record.

A legal hold keeps a person's records from either; it takes two people to lift it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from evalkit.errors import AuditError
from evalkit.vault.controls import merge, name_range
from evalkit.vault.entries import OWN, Entry, Record, microseconds, moment
from evalkit.vault.ledger import Ledger
from evalkit.vault.turn import Turn

YEARS = 6
PURGEABLE = ("execute", "evaluate", "read", "search", "export", "refuse")
"""Actions whose payloads a purge takes away; keys, holds, tokens and policies stay."""
Basis = Literal["retention_over", "recorded_in_error", "court_order", "state_law"]
"""Why a person's key is shredded: any but the first is a reason to do so before retention is over."""
LastInEffect = Callable[[str], datetime | None]
"""When a spec version (``id@version``) was last in effect; None while it still is."""

_BATCH = 500
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge took away."""

    records: int
    held: int
    """Records whose time is over and that a legal hold keeps."""
    scrubbed: bool
    """Whether the bytes are gone from the files too; False while another process reads the ledger."""


def keep_until(created: datetime, last_in_effect: datetime | None = None) -> datetime:
    """The first moment at which a record may go. Raises AuditError for a time without a zone."""
    latest = max(microseconds(at) for at in (created, last_in_effect or created))
    at = moment(latest)
    try:
        return at.replace(year=at.year + YEARS)
    except ValueError:  # 29 February, and no leap year
        return at.replace(year=at.year + YEARS, month=3, day=1)


def hold(ledger: Ledger, subject: str, *, name: str, actor: str) -> None:
    """Keep a person's records, whatever their age, under the name of a matter (``case-2026-17``)."""
    if not name:
        raise AuditError("a hold has no name", next_step="give the number of the matter")
    ledger.subjects.unwrap(subject)
    ledger.append([Entry(actor, "hold", subject=subject, target=name)])


def lift(ledger: Ledger, subject: str, *, name: str, actor: str) -> bool:
    """Ask for a hold to end. It does when a second person has asked: then True."""
    with ledger.turn() as turn:
        standing = _holds(ledger)
        asked = standing.get((subject, name))
        if asked is None:
            raise AuditError("there is no such hold", next_step="list them with `evalkit records holds`")
        turn.add([Entry(actor, "lift", subject=subject, target=name)])
        return len(asked | {actor}) >= 2


def holds(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """Every hold that stands: subject and name of the matter."""
    return tuple(_holds(ledger))


def _holds(ledger: Ledger) -> dict[tuple[str, str], set[str]]:
    """Every hold that stands, with who asked for its end."""
    standing: dict[tuple[str, str], set[str]] = {}
    for found in ledger.records("action IN ('hold', 'lift')"):
        key = (found.subject, found.target)
        if found.action == "hold":
            standing[key] = set()
        elif key in standing:
            standing[key].add(found.actor)
            if len(standing[key]) >= 2:
                del standing[key]
    return standing


def purge(ledger: Ledger, *, last_in_effect: LastInEffect, actor: str) -> Purged:
    """Take the payloads away whose time is over and that no hold keeps. The records themselves stay."""
    now = ledger.clock()
    with ledger.turn() as turn:
        held = {subject for subject, _ in _holds(ledger)}
        over = list(_over(ledger, now, last_in_effect))
        free = [found for found in over if found.subject not in held]
        ranges = list(merge((found.seq, found.seq) for found in free))
        for first, last in ranges:
            turn.run("DELETE FROM payloads WHERE seq BETWEEN ? AND ?", (first, last))
        turn.add([Entry(actor, "purge", target=name_range(*one)) for one in ranges])
    return Purged(len(free), len(over) - len(free), ledger.scrub())


def _over(ledger: Ledger, now: datetime, last_in_effect: LastInEffect) -> Iterator[Record]:
    """Records with a payload whose time is over."""
    aged = microseconds(now) - YEARS * 365 * _DAY
    for found in ledger.records("at < ? AND EXISTS (SELECT 1 FROM payloads p WHERE p.seq = records.seq)", (aged,)):
        if found.action not in PURGEABLE:
            continue
        effect = last_in_effect(found.spec) if found.spec else found.at
        if effect is not None and now >= keep_until(found.at, effect):
            yield found


def shred(ledger: Ledger, subject: str, *, basis: Basis, last_in_effect: LastInEffect, actor: str) -> bool:
    """Take a person's key away. Returns whether its bytes are gone from the files too.

    Raises AuditError under a hold, and with the basis ``retention_over`` while any record of theirs is to be kept.
    """
    with ledger.turn() as turn:
        if any(held == subject for held, _ in _holds(ledger)):
            raise AuditError("the person's records are under a legal hold", next_step="two people have to lift it")
        ledger.subjects.unwrap(subject)
        if basis == "retention_over" and not _all_over(ledger, subject, last_in_effect):
            raise AuditError(
                f"{YEARS} years are not over for every record of the person",
                next_step="wait, or name another basis",
            )
        turn.run("DELETE FROM subject_keys WHERE subject = ?", (subject,))
        turn.add([Entry(actor, "shred", subject=subject, target=basis)])
    ledger.subjects.forget()
    return ledger.scrub()


def _all_over(ledger: Ledger, subject: str, last_in_effect: LastInEffect) -> bool:
    now = ledger.clock()
    for found in ledger.records("subject = ? AND action IN ('execute', 'evaluate')", (subject,)):
        effect = last_in_effect(found.spec) if found.spec else found.at
        if effect is None or now < keep_until(found.at, effect):
            return False
    return True


def rewrap(ledger: Ledger, *, actor: str) -> int:
    """Wrap every person's key under the keyring's primary key, payloads untouched. Returns how many.

    Afterwards former keys of the keyring open nothing of this ledger and may be disabled.
    """
    last, count = "", 0
    while True:
        with ledger.turn() as turn:
            page = _subjects_after(turn, last)
            for subject in page:
                key = ledger.subjects.unwrap(subject)
                _, wrapped, mark = ledger.subjects.wrap(subject, key)
                named = "" if subject == OWN else subject
                turn.put_key(subject, wrapped, Entry(actor, "rewrap", subject=named, target=mark))
        count += len(page)
        if len(page) < _BATCH:
            ledger.scrub()
            return count
        last = page[-1]


def _subjects_after(turn: Turn, last: str) -> list[str]:
    query = "SELECT subject FROM subject_keys WHERE subject > ? ORDER BY subject LIMIT ?"
    return [subject for (subject,) in turn.run(query, (last, _BATCH)).fetchall()]
