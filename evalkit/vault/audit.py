"""The audit: questions to a ledger, each allowed by the access table and itself on record.

Who ran what, which PHI categories were in the prompt, which model and version, when each step happened, which tools
were called, and who has read or exported it since (45 CFR 164.312(b): record and examine). What is asked and what is
read is recorded before it is answered; what is refused is recorded too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from evalkit.cards import Grid, card
from evalkit.digests import digest_bytes
from evalkit.errors import AuditError
from evalkit.vault.access import DEFAULT, Access, Deed, Policy, parse_policy, refuse_access
from evalkit.vault.controls import merge, name_range, parse_range
from evalkit.vault.entries import Entry, Record, microseconds
from evalkit.vault.ledger import Ledger
from evalkit.vault.proofs import prove, prove_under
from evalkit.visible import visible

_LATER = ("read", "export", "purge")
_LONGEST_ANSWER = 100_000


@dataclass(frozen=True, slots=True)
class Question:
    """Which records are meant. What is left out does not matter."""

    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    subject: str | None = None
    spec: str | None = None
    """``id@version``, or ``id`` for every version."""
    model: str | None = None
    agent: str | None = None
    phi: str | None = None
    """A PHI category that was in the prompt."""
    tool: str | None = None
    """A tool that was called."""
    target: str | None = None
    """The beginning of it: a run, a run and a case."""
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> tuple[str, list[Any]]:
        """The question as an SQL condition and its values."""
        parts, values = ["1"], []
        for name in ("actor", "action", "outcome", "subject", "model", "agent"):
            if (value := getattr(self, name)) is not None:
                parts.append(f"{name} = ?")
                values.append(value)
        for name, value in (("phi", self.phi), ("tools", self.tool)):
            if value is not None:
                parts.append(f"instr(',' || {name} || ',', ?)")
                values.append(f",{value},")
        for name, value in (("spec", self.spec), ("target", self.target)):
            if value is not None:
                parts.append(f"({name} = ? OR substr({name}, 1, ?) = ?)")
                prefix = value + ("@" if name == "spec" else "/")
                values += [value, len(prefix), prefix]
        for sign, at in ((">=", self.since), ("<", self.until)):
            if at is not None:
                parts.append(f"at {sign} ?")
                values.append(microseconds(at))
        return " AND ".join(parts), values

    def words(self) -> str:
        """The names of what was asked for, for the record: never the values."""
        return ",".join(one.name for one in fields(self) if getattr(self, one.name) is not None) or "all"


@dataclass(frozen=True, repr=False)
class Account:
    """Everything that the ledger says in clear about one record."""

    record: Record
    since: tuple[Record, ...]
    """Who read or exported it, and what was done to it, in their order."""
    opens: bool
    """Whether its payload is still there and can be opened."""

    def summary(self) -> dict[str, Any]:
        """The account as JSON values."""
        return {
            "record": self.record.summary(),
            "began": self.record.began.isoformat(),
            "opens": self.opens,
            "since": [found.summary() for found in self.since],
        }

    def rows(self) -> list[tuple[str, str]]:
        """Question and answer, line by line."""
        one = self.record
        return [
            ("who", one.actor),
            ("did", f"{one.action} {one.target}".strip()),
            ("with the outcome", one.outcome),
            ("spec and version", one.spec or "-"),
            ("text of the spec", f"sha256 {one.spec_sha[:12]}" if one.spec_sha else "-"),
            ("agent", one.agent or "-"),
            ("model", one.model or "-"),
            ("PHI in the prompt", ", ".join(one.phi) or "none"),
            ("tools called", ", ".join(one.tools) or "none"),
            ("about", one.subject or "nobody"),
            ("began", _when(one.began)),
            ("ended", _when(one.ended or one.at)),
            ("recorded", _when(one.at)),
            ("payload", "sealed" if self.opens else "gone" if one.digest else "none"),
        ]

    def __str__(self) -> str:
        lines = [f"{name:<23} {visible(text)}" for name, text in self.rows()]
        later = [
            f"{_when(found.at):<23} {found.action} by {visible(found.actor)} (record {found.seq})"
            for found in self.since
        ]
        return "\n".join([f"record {self.record.seq}", *lines, *later])

    def __repr__(self) -> str:
        return f"Account(record {self.record.seq}, {len(self.since)} later)"

    def _repr_html_(self) -> str:
        later = [(found.seq, _when(found.at), found.action, found.actor) for found in self.since]
        return card(
            f"Record {self.record.seq}",
            grids=[
                Grid(["question", "answer"], self.rows()),
                Grid(["record#", "when", "was", "by"], later, caption="since then"),
            ],
        )


class Audit:
    """Questions to one ledger by one person or program."""

    def __init__(self, ledger: Ledger, access: Access, policy: Policy | None = None) -> None:
        self.ledger = ledger
        self.access = access
        self.policy = policy or policy_of(ledger)

    def __repr__(self) -> str:
        return f"Audit({self.access.actor} as {self.access.role})"

    def search(self, question: Question | None = None) -> tuple[Record, ...]:
        """The records that a question means, in their order. The question is recorded by the names of its parts.

        Raises AuditError for over 100,000 of them.
        """
        asked = question or Question()
        self._require("search", target=asked.words())
        self.ledger.append([Entry(self.access.actor, "search", target=asked.words())])
        return self._find(asked)

    def account(self, seq: int) -> Account:
        """What the ledger says of one record, and who has read or exported it since."""
        found = self.ledger.get(seq)
        self._require("search", found, target=name_range(seq, seq))
        self.ledger.append([Entry(self.access.actor, "search", target=name_range(seq, seq))])
        return Account(found, tuple(self._later(found)), self._opens(found))

    def read(self, seq: int) -> bytes:
        """A record's payload, opened. That it was read is on disk before it is opened."""
        return self.read_all([self.ledger.get(seq)])[0]

    def read_all(self, records: Sequence[Record]) -> list[bytes]:
        """The payloads of records, opened. That each was read is on disk, in one transaction, before any is opened."""
        for found in records:
            self._require("read", found, target=name_range(found.seq, found.seq))
        actor = self.access.actor
        self.ledger.append([
            Entry(actor, "read", subject=one.subject, phi=one.phi, target=name_range(one.seq, one.seq))
            for one in records
        ])  # fmt: skip
        return [self.ledger.payload(found.seq) for found in records]

    def prove(self, seq: int) -> str:
        """The proof that a record is in the ledger; it shows the clear part alone. Handing it out is an export."""
        target = name_range(seq, seq)
        self._require("prove", self.ledger.get(seq), target=target)
        self.ledger.append([Entry(self.access.actor, "export", target=target)])
        return prove(self.ledger, seq)

    def export(self, path: Path, question: Question | None = None) -> int:
        """Write the clear part of records, each with its proof, as JSON lines: a file that can be checked elsewhere.

        No payload is in it. Raises AuditError where the file is there already. Returns the number of records.
        """
        asked = question or Question()
        self._require("export", target=asked.words())
        found = self._find(asked)
        note = self.ledger.note()
        lines = [
            json.dumps({"record": one.summary(), "proof": prove_under(self.ledger, one, note)}) + "\n" for one in found
        ]
        body = "".join(lines).encode()
        ranges = [name_range(*one) for one in merge((one.seq, one.seq) for one in found)]
        entry = Entry(
            self.access.actor, "export", target=f"sha256:{digest_bytes(body)}", payload=json.dumps(ranges).encode()
        )
        self.ledger.append([entry])
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(body)
        except FileExistsError:
            raise AuditError("there is a file here already", where=str(path), next_step="choose another name") from None
        except OSError as error:
            raise AuditError(f"the file cannot be written ({error.strerror})", where=str(path)) from None
        return len(found)

    def require(self, deed: Deed, target: str = "") -> str:
        """The actor, where the deed is granted. Raises AccessRefused otherwise; the attempt is recorded."""
        self._require(deed, target=target)
        return self.access.actor

    def _require(self, deed: Deed, found: Record | None = None, *, target: str) -> None:
        categories = found.phi if found is not None and deed == "read" else ()
        spec = found.spec if found is not None else ""
        if not self.access.allows(self.policy, deed, categories=categories, spec=spec):
            self.ledger.append([Entry(self.access.actor, "refuse", outcome="refused", target=f"{deed}:{target}"[:200])])
            raise refuse_access(deed)

    def _find(self, asked: Question) -> tuple[Record, ...]:
        condition, values = asked.condition()
        found = []
        for one in self.ledger.records(condition, values):
            if not self.access.allows(self.policy, "search", spec=one.spec):
                continue
            found.append(one)
            if len(found) > _LONGEST_ANSWER:
                raise AuditError(f"over {_LONGEST_ANSWER} records answer", next_step="ask for less: --since, --spec")
        return tuple(found)

    def _later(self, found: Record) -> Iterator[Record]:
        marks = ", ".join(f"'{action}'" for action in (*_LATER, "hold", "lift", "shred"))
        for later in self.ledger.records(f"seq > ? AND action IN ({marks})", (found.seq,)):
            about = found.subject and later.subject == found.subject and later.action not in _LATER
            if about or any(low <= found.seq <= high for low, high in self._ranges(later)):
                yield later

    def _ranges(self, later: Record) -> list[tuple[int, int]]:
        texts = [later.target]
        if later.target.startswith("sha256:"):
            texts = json.loads(self.ledger.payload(later.seq)) if self._opens(later) else []
        return [found for found in map(parse_range, texts) if found is not None]

    def _opens(self, found: Record) -> bool:
        if not found.digest:
            return False
        try:
            self.ledger.payload(found.seq)
        except AuditError:
            return False
        return True


def policy_of(ledger: Ledger) -> Policy:
    """The newest access table on record, or the default one."""
    newest = None
    for newest in ledger.records("action = 'policy'"):  # noqa: B007 - the last one counts
        pass
    return DEFAULT if newest is None else parse_policy(ledger.payload(newest.seq))


def set_policy(audit: Audit, policy: Policy) -> None:
    """Put an access table on record: from now on it holds. Raises AuditError for one in which nobody may grant."""
    if not any("grant" in grant.deeds for grant in policy.grants):
        raise AuditError("nobody may change this access table again", next_step="give one role the deed grant")
    actor = audit.require("grant", "policy")
    body = policy.dump()
    audit.ledger.append([Entry(actor, "policy", target=f"sha256:{digest_bytes(body)}", payload=body)])
    audit.policy = policy


def _when(at: datetime) -> str:
    """UTC, to the millisecond."""
    return at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
