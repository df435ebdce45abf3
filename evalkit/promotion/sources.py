"""Recorded executions, opened for promotion: each reading is itself on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from evalkit.errors import PromotionError
from evalkit.evaluation.safekeeping import read_payload
from evalkit.phi.identifiers import Identifier
from evalkit.promotion.candidates import Source
from evalkit.spec.schema import Spec
from evalkit.vault.audit import Audit, Question
from evalkit.vault.entries import Record

Register = Callable[[Record], tuple[Identifier, ...]]
"""What the register of patients knows of the person of a record: names, relatives, addresses. PHI."""


def find_executions(audit: Audit, spec: Spec, *, run: str | None = None) -> tuple[Record, ...]:
    """The executions of a version that are on record, of one run where it is named. The search is recorded."""
    return audit.search(Question(action="execute", spec=spec.ref, target=run))


def open_sources(
    audit: Audit, spec: Spec, records: Iterable[Record], *,
    why: Mapping[str, tuple[str, ...]] | None = None, register: Register | None = None,
) -> tuple[Source, ...]:  # fmt: skip
    """Executions with their inputs. ``why`` is by the target of the record, in words without a value.

    Raises AccessRefused without the grant to read what was in the prompt, AuditError for a payload that was purged or
    shredded, PromotionError for a record of another spec version.
    """
    found = []
    for record in records:
        if (record.action, record.spec_sha) != ("execute", spec.content_sha):
            raise PromotionError("the record is no execution of this version", where=f"record {record.seq}")
        inputs, flags, execution = read_payload(audit.read(record.seq))
        found.append(
            Source(
                name=f"{audit.ledger.origin}#{record.seq}",
                spec=spec,
                input=inputs,
                flags=flags,
                execution=execution,
                subject=record.subject,
                known=register(record) if register is not None else (),
                why=(why or {}).get(record.target, ()),
            )
        )
    return tuple(found)
