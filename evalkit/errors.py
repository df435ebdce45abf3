"""The error tree: every error evalkit raises on purpose.

::

    EvalkitError                 exit code 2: usage or bad input
    ├── SpecError                a spec document that does not load
    │   ├── ConditionError       an expression of a spec that is not understood
    │   └── RegistryError        a version, alias or chain of the spec registry
    ├── CaseError                a case, gold set or case corpus
    ├── IdentifierError          a question about identifiers that has no answer
    ├── AgentError               an agent that cannot be built or reached
    ├── JournalError             a run or journal file
    │   └── ResumeRefused        a journal of another spec, case set or metric set
    ├── RecordedError            a file of runs made elsewhere
    ├── MetricError              a metric or check that cannot be used
    ├── StatisticsError          a comparison that would not be honest
    ├── SealError                a sealed payload or a key
    ├── AuditError               the ledger of executions, or what is asked of it
    │   └── AccessRefused        a person or program without the grant for it
    ├── PromotionError           a production run that does not become a gold case
    └── TrackingError            the tracking server or store

A message has three parts: what is wrong, where, and what to do next. It never carries the offending
value, which may be protected health information: category, position, count or digest instead.
"""

from __future__ import annotations


class EvalkitError(Exception):
    """One line for a person: what is wrong, where, and what to do next."""

    def __init__(self, what: str, *, where: str | None = None, next_step: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" -> {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{step}"


class SpecError(EvalkitError):
    """A spec document that does not load; ``where`` is ``file:line``."""


class ConditionError(SpecError):
    """An expression of a spec outside the small language of conditions."""


class RegistryError(SpecError):
    """A spec version, alias or hash chain that the registry refuses."""


class CaseError(EvalkitError):
    """A case, gold set or corpus that cannot be used."""


class IdentifierError(EvalkitError):
    """A question about identifiers that has no answer."""


class AgentError(EvalkitError):
    """An agent that cannot be built or reached."""


class JournalError(EvalkitError):
    """A run or journal file that cannot be read or written."""


class ResumeRefused(JournalError):
    """A journal that belongs to another spec, case set, agent or metric set."""


class RecordedError(EvalkitError):
    """A file of runs made elsewhere that cannot be imported."""


class MetricError(EvalkitError):
    """A metric or check that cannot be used."""


class StatisticsError(EvalkitError):
    """A comparison that would not be honest."""


class SealError(EvalkitError):
    """A sealed payload that does not open, or a key that is missing."""


class AuditError(EvalkitError):
    """The ledger of executions, a proof, a hold or a token that is not as it has to be."""


class AccessRefused(AuditError):
    """A person or program without the grant for what is asked."""


class PromotionError(EvalkitError):
    """A production run that cannot be de-identified, reviewed or promoted as it is."""


class TrackingError(EvalkitError):
    """The tracking server or store cannot be reached or refuses."""
