"""Findings of the deterministic layer: what a boundary check saw. Zero tolerance, no statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from evalkit.cards import Grid, card
from evalkit.figures import upper_bound

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

    def _repr_html_(self) -> str:
        rows = [(name, value) for name in ("place", "needle_id", "category", "form") if (value := getattr(self, name))]
        where = f"{self.case_id}, trial {self.trial}"
        return card(f"Finding of {self.check_id}", lead=f"{self.what} ({where})", grids=[Grid(["", ""], rows)])


Outcome = Literal["not_applicable", "not_observed"]

NON_GOALS = ("paraphrase", "translation", "encryption under a key", "salted hashes", "images and sound")
"""What no check here can see, declared in every report."""
NOT_LOOKED_FOR = f"not looked for: {', '.join(NON_GOALS)}"


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
    over: Callable[[Sequence[Case]], Check] | None = None
    """For a rule about more than its own case: makes the check, knowing all cases."""


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
    evidence: str = ""
    """SHA-256 over everything that was judged, in order, and each outcome: the same evidence has the same digest."""
    sampled: bool = True
    """Whether what was judged stands for more of its kind, as executions do; the hops of a route are all there are."""

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
    def possible(self) -> str:
        """The breach rate that a clean result leaves possible at 95 % (rule of three), as percent; empty otherwise."""
        return upper_bound(self.passed) if self.verdict == "pass" and self.sampled else ""

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
            lead=f"{self.citation} ({self.basis}); {self.passed} passed, {self.failed} failed, "
            f"{self.not_observed} not observed",
            grids=[Grid(["case", "trial#", "what", "place", "form"], found)],
        )
