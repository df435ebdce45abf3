"""Executions of the ledger as sources of candidates, with what a register knows and why they were picked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from evalkit.errors import PromotionError
from evalkit.phi.identifiers import Identifier
from evalkit.promotion.candidates import Source
from evalkit.promotion.production import Stored
from evalkit.spec.schema import Spec

Register = Callable[[Stored], tuple[Identifier, ...]]
"""What the register of patients knows of the person of an execution: names, relatives, addresses. PHI."""


def sources_of(
    stored: Iterable[Stored], spec: Spec, *,
    origin: str, why: Mapping[str, Sequence[str]] | None = None, register: Register | None = None,
) -> Iterator[Source]:  # fmt: skip
    """Opened executions of one version as sources. ``origin`` names the ledger; ``why`` is by execution, in words
    without a value (`flags.Flags.why`).

    Raises PromotionError for an execution of another version.
    """
    for one in stored:
        if one.spec != spec.ref:
            raise PromotionError("the execution is of another version", where=f"record {one.seq}")
        yield Source(
            name=f"{origin}#{one.seq}",
            spec=spec,
            input=one.input,
            flags=one.flags,
            execution=one.execution,
            subject=one.subject,
            known=register(one) if register is not None else (),
            why=tuple((why or {}).get(one.name, ())),
        )
