"""Entries: one line of the ledger, and the bytes by which it is known.

What stands in clear is enums, ids, digests and counts, printable ASCII without spaces: it can be searched, signed and
verified by people who may not see PHI. Everything else belongs into ``payload``, which is sealed.

A record is known by a text of lines, from which its leaf in the tree is hashed and to which its payload is bound::

    evalkit/record/1
    origin, sequence, time, actor, action, outcome, subject, spec, spec_sha, model, agent, phi, tools, target, ended, ms
                         (one line each)
    SHA-256 of the sealed payload, in hex; an empty line where there is none
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from evalkit.errors import AuditError
from evalkit.records import record

Action = Literal[
    "create", "evaluate", "execute", "read", "search", "export", "refuse", "subject", "rewrap", "shred", "purge",
    "hold", "lift", "policy", "token", "revoke", "rotate", "silence", "clock", "break_glass",
    "deidentify", "review", "promote",
]  # fmt: skip
"""What happened."""
Outcome = Literal["ok", "refused", "needs_review", "error"]
OWN = "log"
"""The subject whose key seals what belongs to no person: audit events."""
FIELDS = (
    "actor", "action", "outcome", "subject", "spec", "spec_sha", "model", "agent", "phi", "tools", "target",
    "ended", "ms",
)  # fmt: skip
"""The clear fields of a record after its time, in their order."""
MAGIC = "evalkit/record/1"
LINES = len(FIELDS) + 5
"""Lines of a record's text."""
_LARGEST = 1 << 53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = r"[\x21-\x7e]{0,200}"
_SHAPE = re.compile(
    "\n".join(
        (
            r"(?:user|agent|svc):[a-z0-9][a-z0-9._-]{0,62}",
            "|".join(get_args(Action)).join(("(?:", ")")),
            "|".join(get_args(Outcome)).join(("(?:", ")")),
            r"(?:p_[0-9a-f]{24})?",
            _ID,
            r"(?:[0-9a-f]{64})?",
            _ID,
            _ID,
            r"(?:[a-z_]{1,24}(?:,[a-z_]{1,24})*)?",
            r"(?:[A-Za-z0-9_.:-]{1,64}(?:,[A-Za-z0-9_.:-]{1,64})*)?",
            _ID,
        )
    )
)
_PLAIN = re.compile(_ID)
_ACTOR = re.compile(r"[^a-z0-9._-]+")


@record
class Entry:
    """What is to be recorded. Only ``payload`` may hold PHI; ``repr`` shows none of it."""

    actor: str
    """``user:``, ``agent:`` or ``svc:`` and a name of small letters, digits, dots and dashes: one person or program."""
    action: Action
    outcome: Outcome = "ok"
    subject: str = ""
    """The random pseudonym of the person that it is about, as `Turn.subject` gives it; empty for none."""
    spec: str = ""
    """``id@version``."""
    spec_sha: str = ""
    """SHA-256 of the spec's text."""
    model: str = ""
    agent: str = ""
    phi: tuple[str, ...] = ()
    """PHI categories that were in the prompt, or that were read."""
    tools: tuple[str, ...] = ()
    """Names of the tools that were called, in order."""
    target: str = ""
    """What the action was on: ``run/case/trial``, ``seq:17``, ``token:...``."""
    ended: int = 0
    """When it ended, in microseconds since 1970, where that is another time than that of the record; else 0."""
    ms: int = 0
    """How long it took, in milliseconds."""
    payload: bytes | None = None

    def __repr__(self) -> str:
        return f"Entry({self.action}, {self.actor}, {self.target})"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the ledger, the part that stands in clear."""

    seq: int
    at: datetime
    """UTC."""
    actor: str
    action: str
    outcome: str
    subject: str
    spec: str
    spec_sha: str
    model: str
    agent: str
    phi: tuple[str, ...]
    tools: tuple[str, ...]
    target: str
    ended: datetime | None
    """When it ended, where that was not when it was recorded."""
    ms: int
    digest: str
    """SHA-256 of the sealed payload, in hex; empty where there never was one."""

    @property
    def began(self) -> datetime:
        """When it began."""
        return (self.ended or self.at) - timedelta(milliseconds=self.ms)

    def summary(self) -> dict[str, Any]:
        """The record as JSON values."""
        values = {name: getattr(self, name) for name in ("seq", *FIELDS, "digest")}
        ended = None if self.ended is None else self.ended.isoformat()
        return {**values, "at": self.at.isoformat(), "ended": ended, "phi": list(self.phi), "tools": list(self.tools)}


Values = tuple[str, str, str, str, str, str, str, str, str, str, str, int, int]
"""The clear fields of an entry, as they are stored."""


def values_of(entry: Entry) -> Values:
    """The clear fields. Raises AuditError for one that is not of its shape, by its name and never its value."""
    texts = (
        entry.actor, entry.action, entry.outcome, entry.subject, entry.spec, entry.spec_sha, entry.model, entry.agent,
        ",".join(entry.phi), ",".join(entry.tools), entry.target,
    )  # fmt: skip
    ended, ms = entry.ended, entry.ms
    if not _SHAPE.fullmatch("\n".join(texts)) or not (0 <= ended < _LARGEST and 0 <= ms < _LARGEST):
        raise _misshapen(texts)
    return (*texts, ended, ms)


def text_of(origin: str, seq: int, at: int, *, values: Sequence[Any]) -> bytes:
    """The text of a record without its last line: what its payload is bound to. ``at`` is microseconds since 1970."""
    return (
        "\n".join((MAGIC, origin, str(seq), str(at), *values[:-2], str(values[-2]), str(values[-1]))) + "\n"
    ).encode()


def record_of(row: Sequence[Any]) -> Record:
    """The record of a stored row: sequence, time, the clear fields, digest."""
    seq, at, actor, action, outcome, subject, spec, spec_sha, model, agent, phi, tools, target, ended, ms, digest = row
    names = (tuple(filter(None, phi.split(","))), tuple(filter(None, tools.split(","))))
    return Record(
        seq,
        moment(at),
        actor,
        action,
        outcome,
        subject,
        spec,
        spec_sha,
        model,
        agent,
        *names,
        target,
        moment(ended) if ended else None,
        ms,
        digest,
    )


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of a moment in any zone. Raises AuditError for a time without a zone."""
    if at.tzinfo is None:
        raise AuditError("a time without a zone says no moment", next_step="use datetime.now(UTC)")
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def stamp(at: datetime | None) -> int:
    """Microseconds since 1970, 0 for no moment."""
    return 0 if at is None else microseconds(at)


def moment(at: int) -> datetime:
    """The moment in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def plain(text: str, digest: str) -> str:
    """A text as it may stand in clear, or its digest where it is not printable ASCII without spaces."""
    return text if _PLAIN.fullmatch(text) else f"sha256:{digest[:16]}"


def actor_of(login: str) -> str:
    """The actor for a login name: ``user:`` and the part of it that an actor may be called."""
    name = _ACTOR.sub("-", login.lower()).strip("-._")[:63]
    return f"user:{name or 'unknown'}"


def _misshapen(texts: Sequence[Any]) -> AuditError:
    names = list(FIELDS)
    shapes = _SHAPE.pattern.split("\n")
    odd = [
        name
        for name, text, shape in zip(names, texts, shapes, strict=False)
        if not (isinstance(text, str) and re.fullmatch(shape, text))
    ] or ["ended", "ms"]
    return AuditError(
        f"{', '.join(odd)} of the entry may not stand in clear as it is",
        next_step="ids, enums and digests only: printable ASCII, no spaces; anything else goes into the payload",
    )
