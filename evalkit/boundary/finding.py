"""Findings of the deterministic layer: what a boundary check saw. Zero tolerance, no statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from evalkit.cards import Grid, card

if TYPE_CHECKING:
    from evalkit.cases.case import Case
    from evalkit.executions.execution import Execution
    from evalkit.spec.schema import Spec


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach, without any value: category, form, place and needle id only."""

    check_id: str
    case_id: str
    trial: int
    what: str
    """One line for a person, made of fixed words, field names and codes."""
    place: str = ""
    """Where it was seen: ``output.lines[0].note``, ``failure.text``, ``logs[2]``."""
    needle_id: str = ""
    category: str = ""
    form: str = ""
    """The normal form in which an identifier was found (``verbatim``, ``digits``, ``base64``)."""


Outcome = Literal["not_applicable", "not_observed"]


class Check(Protocol):
    """A boundary check: no findings is a pass.

    ``not_applicable`` leaves the execution out; ``not_observed`` says that nobody watched the place in question,
    which is never a pass.
    """

    def __call__(self, spec: Spec, case: Case, execution: Execution, /) -> Sequence[Finding] | Outcome: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its citation. ``check_id`` is stable; ``basis`` tells law in force from the 2025 proposal."""

    check_id: str
    title: str
    citation: str
    check: Check
    basis: Literal["current", "proposed"] = "current"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one rule saw over all executions. One breach in any trial is a breach."""

    check_id: str
    title: str
    citation: str
    basis: str
    passed: int
    not_applicable: int
    not_observed: int
    findings: tuple[Finding, ...]
    error: str | None = None
    """The class of the exception where the check itself raised; then nothing was proven and the gate fails."""

    @property
    def failed(self) -> int:
        """Executions with at least one finding."""
        return len({(found.case_id, found.trial) for found in self.findings})

    @property
    def verdict(self) -> Literal["pass", "fail", "error", "not_observed"]:
        """fail on any finding; not_observed where no execution could be judged."""
        if self.error is not None:
            return "error"
        if self.findings:
            return "fail"
        return "pass" if self.passed else "not_observed"

    @property
    def words(self) -> str:
        """The verdict for a person: what nobody watched is told apart from what nothing here was about."""
        if self.verdict == "not_observed" and not self.not_observed:
            return "nothing to check"
        return self.verdict.replace("_", " ")

    def _repr_html_(self) -> str:
        found = [(one.case_id, one.trial, one.what, one.place, one.form) for one in self.findings]
        return card(
            f"{self.title}: {self.words}",
            lead=f"{self.citation}; {self.passed} passed, {self.failed} failed, {self.not_observed} not observed",
            grids=[Grid(["case", "trial#", "what", "place", "form"], found)],
        )
