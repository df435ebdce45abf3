"""The scan: every record of a ledger, hashed anew in one pass, in blocks of 256.

A block that is as it should be costs two comparisons of lists; one that is not is looked at record by record.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from evalkit.errors import SealError
from evalkit.vault.controls import Controls, Range, merge, outside
from evalkit.vault.entries import FIELDS, LINES, MAGIC, OWN
from evalkit.vault.findings import Finding, Reason
from evalkit.vault.merkle import BLOCK, Frontier, root_of
from evalkit.vault.subjects import Subjects

_KEPT = 256
"""Odd records that are looked at more closely; more are counted."""
_CLEAR = ", ".join(f"r.{name}" for name in ("seq", "at", *FIELDS, "digest", "leaf"))
_SELECT = f"SELECT {_CLEAR}, p.sealed FROM records r LEFT JOIN payloads p ON p.seq = r.seq ORDER BY r.seq"  # noqa: S608
_SUBJECT = 2 + FIELDS.index("subject")
_ENDED, _MS, _DIGEST, _LEAF = (2 + len(FIELDS) + offset for offset in (-2, -1, 0, 1))
_KINDS = ((0, int), (1, int), (_ENDED, int), (_MS, int), (_DIGEST, str))
_JOIN = "\n".join
_sha256 = hashlib.sha256

Values = tuple[Any, ...]
"""A row as it comes from the file: sequence, time, the clear fields, digest, leaf, and the sealed payload or None."""
Row = tuple[int, bytes, str, bytes]
"""Sequence, text, digest and leaf of a record that is looked at more closely."""


class Scan:
    """One pass over a ledger, and what was odd about it."""

    def __init__(
        self, connection: sqlite3.Connection, origin: str, controls: Controls, *, opener: Subjects | None,
        closed: Collection[str], sizes: Collection[int],
    ) -> None:  # fmt: skip
        """``opener`` opens payloads, but for subjects in ``closed``; at ``sizes`` the root is kept."""
        self.records = 0
        self.next_seq = 0
        self.roots: dict[int, bytes] = {}
        """Size -> root of the tree, where it was asked for."""
        self._connection = connection
        self._origin = origin
        self._controls = controls
        self._opener = opener
        self._closed = closed
        self._sizes = sorted(sizes)
        self._frontier = Frontier()
        self._blocks: list[Range] = []
        self._odd: list[Row] = []
        self._payloads: list[tuple[int, str, str]] = []
        self._counts = dict.fromkeys(("odd", "missing", "payloads", "added", "forged"), 0)
        self._firsts: dict[str, int] = {}
        self._absent: list[Range] = []

    @property
    def broken(self) -> bool:
        """Whether the records themselves show that they are not as they were: then no root says more."""
        return bool(self._counts["odd"] or self._counts["missing"])

    def run(self) -> None:
        """Read everything."""
        self._keep_root(0, self._frontier, ())
        cursor = self._connection.execute(_SELECT)
        stored = self._stored_blocks()
        while rows := cursor.fetchmany(BLOCK):
            fresh = self._hash(rows)
            before = self._frontier.copy()
            if len(fresh) == BLOCK and not self._frontier.size % BLOCK:
                root = root_of(fresh)
                self._frontier.extend_block(root)
                if next(stored, None) != root:
                    self._blocks.append((self.records, self.records + BLOCK - 1))
            else:
                self._frontier.extend(fresh)
            self._keep_root(self.records, before, fresh)
            self.records += len(rows)
        if next(stored, None) is not None:
            self._blocks.append((self.records, self.records))

    def _hash(self, rows: Sequence[Values]) -> list[bytes]:
        """The leaves of a block, hashed anew; what is odd about its records is noted.

        Raises TypeError for a value that has not the type of its column: as text it would look the same.
        """
        if any({type(row[place]) for row in rows} != {kind} for place, kind in _KINDS):
            raise TypeError("a value has not the type of its column")
        begin = f"\0{MAGIC}\n{self._origin}\n"
        leaves = [
            f"{begin}{row[0]}\n{row[1]}\n{_JOIN(row[2:_ENDED])}\n{row[_ENDED]}\n{row[_MS]}\n{row[_DIGEST]}\n".encode()
            for row in rows
        ]
        fresh = [_sha256(leaf).digest() for leaf in leaves]
        digests = ["" if row[-1] is None else _sha256(row[-1]).hexdigest() for row in rows]
        first = self.next_seq
        if [row[0] for row in rows] != list(range(first, first + len(rows))):
            self._find_gaps(rows)
        if fresh != [row[_LEAF] for row in rows] or {leaf.count(b"\n") for leaf in leaves} != {LINES}:
            for row, leaf, hashed in zip(rows, leaves, fresh, strict=True):
                if hashed != row[_LEAF] or leaf.count(b"\n") != LINES:
                    self._note("odd", row[0], self._odd, (row[0], _text_in(leaf), row[_DIGEST], row[_LEAF]))
        if digests != [row[_DIGEST] for row in rows]:
            self._find_payloads(rows, digests)
        if self._opener is not None:
            self._open([
                (row[0], _text_in(leaf), row[_SUBJECT], row[-1])
                for row, leaf, hashed, digest in zip(rows, leaves, fresh, digests, strict=True)
                if row[-1] is not None and digest == row[_DIGEST] and hashed == row[_LEAF]
            ])  # fmt: skip
        self.next_seq = rows[-1][0] + 1
        return fresh

    def _find_gaps(self, rows: Sequence[Values]) -> None:
        due = self.next_seq
        for row in rows:
            if row[0] != due:
                self._note("missing", due, count=row[0] - due)
            due = row[0] + 1

    def _find_payloads(self, rows: Sequence[Values], digests: Sequence[str]) -> None:
        for row, digest in zip(rows, digests, strict=True):
            seq, recorded = row[0], row[_DIGEST]
            if digest == recorded:
                continue
            if not digest:
                self._miss(seq)
            elif not recorded:
                self._note("added", seq)
            else:
                self._note("payloads", seq, self._payloads, (seq, digest, recorded))

    def _miss(self, seq: int) -> None:
        if self._absent and self._absent[-1][1] == seq - 1:
            self._absent[-1] = (self._absent[-1][0], seq)
        else:
            self._absent.append((seq, seq))

    def _open(self, sound: Sequence[tuple[int, bytes, str, bytes]]) -> None:
        """Open payloads: sequence, text, subject and sealed bytes of records that are as they were recorded."""
        assert self._opener is not None
        for seq, text, subject, sealed in sound:
            if (subject or OWN) in self._closed:
                continue
            try:
                self._opener.cipher(subject).unseal(sealed, aad=text)
            except SealError:
                self._note("forged", seq)

    def _note(self, what: str, seq: int, kept: list[Any] | None = None, item: Any = None, *, count: int = 1) -> None:
        self._counts[what] += count
        self._firsts.setdefault(what, seq)
        if kept is not None and len(kept) < _KEPT:
            kept.append(item)

    def _keep_root(self, size: int, before: Frontier, fresh: Sequence[bytes]) -> None:
        """Keep the roots at asked sizes from ``size`` up to ``size + len(fresh)``."""
        while self._sizes and self._sizes[0] <= size + len(fresh):
            asked = self._sizes.pop(0)
            at = before.copy()
            at.extend(fresh[: asked - size])
            self.roots[asked] = at.root()

    def _stored_blocks(self) -> Iterator[bytes]:
        for (root,) in self._connection.execute("SELECT root FROM blocks ORDER BY block"):
            yield root

    def first_changed_block(self) -> int | None:
        """Where the records first differ from the stored inner nodes, to the nearest 256, or None."""
        return self._blocks[0][0] if self._blocks else None

    def explain_tree(self) -> list[Finding]:
        """What is wrong with records and leaves that the signed root vouches for."""
        found = []
        if self._blocks:
            found.append(Finding(Reason.TREE_CHANGED, self._blocks[0][0], len(self._blocks)))
        if self._counts["forged"]:
            found.append(Finding(Reason.PAYLOAD_FORGED, self._firsts["forged"], self._counts["forged"]))
        return found

    def explain(self, signed: int | None) -> list[Finding]:
        """What was done to records and payloads; ``signed`` is how many records a trusted checkpoint signs."""
        found = []
        if self._counts["missing"]:
            found.append(Finding(Reason.RECORD_MISSING, self._firsts["missing"], self._counts["missing"]))
        if self._counts["odd"]:
            found.append(self._explain_odd(signed))
        if self._counts["payloads"]:
            recorded = {digest: seq for seq, _, digest in self._payloads}
            moved = all(recorded.get(mark, seq) != seq for seq, mark, _ in self._payloads)
            reason = Reason.PAYLOAD_MOVED if moved else Reason.PAYLOAD_CHANGED
            found.append(Finding(reason, self._firsts["payloads"], self._counts["payloads"]))
        return found + self._explain_absent()

    def _explain_odd(self, signed: int | None) -> Finding:
        """A record whose stored leaf is right for another place was moved there, or shifted with all after it."""
        first, count = self._firsts["odd"], self._counts["odd"]
        shift = 0 if signed is None else signed - self.next_seq
        if shift and all(_leaf_at(row, row[0] + shift) == row[3] for row in self._odd):
            if shift > 0:
                return Finding(Reason.RECORD_REMOVED, first, shift)
            return Finding(Reason.RECORD_INSERTED, first + shift, -shift)
        places = {row[0] for row in self._odd}
        row = self._odd[0]
        if any(_leaf_at(row, place) == row[3] for place in places - {row[0]}):
            return Finding(Reason.RECORD_MOVED, first, count)
        return Finding(Reason.RECORD_CHANGED, first, count)

    def _explain_absent(self) -> list[Finding]:
        found = []
        count, seq = outside(merge(self._absent), self._controls.purged)
        if count:
            found.append(Finding(Reason.PAYLOAD_MISSING, seq, count))
        stray = [self._firsts["added"]] if self._counts["added"] else []
        strays = self._counts["added"]
        for first, last in self._controls.purged:
            query = "SELECT min(seq), count(*) FROM payloads WHERE seq BETWEEN ? AND ?"
            place, back = self._connection.execute(query, (first, last)).fetchone()
            strays += back
            stray += [place] if back else []
        query = "SELECT min(seq), count(*) FROM payloads WHERE seq >= ? OR seq < 0"
        place, beyond = self._connection.execute(query, (self.next_seq,)).fetchone()
        stray += [place] if beyond else []
        if stray:
            found.append(Finding(Reason.PAYLOAD_ADDED, min(stray), strays + beyond))
        return found


def _text_in(leaf: bytes) -> bytes:
    """The text in what a leaf is the hash of, without the zero byte before it and the digest's line after it."""
    return leaf[1 : leaf.rindex(b"\n", 0, -1) + 1]


def _leaf_at(row: Row, seq: int) -> bytes:
    """The leaf that a record would have in another place."""
    lines = row[1].split(b"\n")
    lines[2] = b"%d" % seq
    return _sha256(b"\x00%b%b\n" % (b"\n".join(lines), row[2].encode())).digest()
