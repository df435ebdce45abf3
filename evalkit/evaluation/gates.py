"""Gates: pure functions of stored runs. A run is judged again without a new call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalkit.evaluation.run import RunHeader

GateVerdict = Literal["pass", "fail", "undecided", "incomplete"]
EXIT_CODES: dict[GateVerdict, int] = {"pass": 0, "fail": 1, "undecided": 3, "incomplete": 4}


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate of the spec, or one boundary rule, judged."""

    name: str
    """``line_exact >= 0.90``, ``line_exact drop <= 2 points versus production``, ``boundary: consent``."""
    verdict: GateVerdict
    what: str
    """What was seen, in one line with figures."""


@dataclass(frozen=True)
class GateReport:
    """All gates of one run. A failed gate outweighs an undecided one; an incomplete run is no evidence."""

    run: RunHeader
    baseline: RunHeader | None
    results: tuple[GateResult, ...]

    @property
    def verdict(self) -> GateVerdict:
        """The worst of the results."""
        seen = {result.verdict for result in self.results}
        for verdict in ("incomplete", "fail", "undecided"):
            if verdict in seen:
                return verdict
        return "pass"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 undecided, 4 incomplete."""
        return EXIT_CODES[self.verdict]
