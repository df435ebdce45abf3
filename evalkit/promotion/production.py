"""Production: the executions of the ledger, opened with what was asked. That each was read is itself on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import AuditError
from evalkit.evaluation.safekeeping import read_payload
from evalkit.executions.execution import Execution
from evalkit.records import record
from evalkit.vault.audit import Audit, Question
from evalkit.vault.entries import Record

REPLAY = "replay-"
"""How the target of a replay begins: nobody's production."""


@record
class Stored:
    """An execution of the ledger, opened. Holds PHI; ``repr`` shows none."""

    seq: int
    """The number of its record."""
    name: str
    """The record's target: ``run/case/trial``. No PHI."""
    spec: str
    """``id@version`` that ran."""
    subject: str
    """The person's pseudonym."""
    input: Mapping[str, Any]
    flags: Mapping[str, bool]
    execution: Execution

    def __repr__(self) -> str:
        return f"Stored(record {self.seq}, {self.name}, {self.execution.status})"


def stored_executions(
    audit: Audit, *, spec: str | None = None, run: str | None = None, question: Question | None = None
) -> tuple[Stored, ...]:
    """The executions on record of a spec (``id@version`` or ``id``), of a run, or that a question means, opened.

    The search is on record, and so is each reading before anything is opened. Replays are left out, and what was
    purged or shredded. Raises AccessRefused where the role may not read what was in a prompt, AuditError where
    nothing answers.
    """
    asked = question or Question(action="execute", spec=spec, target=run)
    found = [
        one
        for one in audit.search(asked)
        if one.action == "execute" and not one.target.startswith(REPLAY) and audit.ledger.why_gone(one) is None
    ]
    if not found:
        raise AuditError(
            "no execution on record answers that can still be opened",
            where=", ".join(filter(None, (asked.spec, asked.target))),
            next_step="`evalkit audit search --action execute` lists what there is",
        )
    return tuple(_stored(one, payload) for one, payload in zip(found, audit.read_all(found), strict=True))


def stored_execution(audit: Audit, seq: int) -> Stored:
    """One execution on record, opened; that it was read is on record first.

    Raises AuditError for a number that is no execution's, and where its payload was purged or its person shredded.
    """
    found = audit.ledger.get(seq)
    if found.action != "execute":
        raise AuditError(
            f"the record is of {found.action} and no execution",
            where=f"record {seq}",
            next_step="`evalkit audit search --action execute` lists them",
        )
    gone = audit.ledger.why_gone(found)
    if gone is not None:
        raise AuditError(gone, where=f"record {seq}", next_step="its clear part and its proof are all that is left")
    return _stored(found, audit.read(seq))


def _stored(found: Record, payload: bytes) -> Stored:
    inputs, flags, execution = read_payload(payload)
    return Stored(found.seq, found.target, found.spec, found.subject, inputs, flags, execution)
