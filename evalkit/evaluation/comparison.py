"""Two runs compared, and every change joined to the spec rows that the case touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.evaluation.run import RunHeader
from evalkit.stats.comparison import Difference, Verdict


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that one of two versions has better, by the head metric."""

    case_id: str
    kind: Literal["broke", "fixed"]
    baseline: float
    candidate: float
    """Value of the head metric in [0, 1], mean over trials."""
    rows: tuple[str, ...]
    """Edited spec rows that the case touched in either version."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowEffect:
    """What one edited row did."""

    row_id: str
    change: str
    """One line: which cells changed and how."""
    broke: int
    fixed: int


@dataclass(frozen=True)
class Comparison:
    """Candidate against baseline on the same cases."""

    baseline: RunHeader
    candidate: RunHeader
    head_metric: str
    differences: tuple[Difference, ...]
    """The head metric first, then the other metrics over all cases, then the head metric by tag."""
    changes: tuple[CaseChange, ...]
    rows: tuple[RowEffect, ...]
    """Edited rows, most broken cases first; empty where the specs cannot be compared."""
    margin: float
    only_in_baseline: int = 0
    only_in_candidate: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def head(self) -> Difference:
        """The head metric over all cases."""
        return self.differences[0]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the head metric."""
        return self.head.verdict
