"""What a measurement says besides its figures: the machine, the middle and the spread, as Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence


def describe() -> str:
    """``2 cores, Linux x86_64, Python 3.11.7``."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def spread(values: Sequence[float], unit: str, digits: int = 3) -> str:
    """Median with minimum and maximum: ``0.21 (0.20-0.25) s``."""
    middle, low, high = (f"{x:.{digits}g}" for x in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low}-{high}) {unit}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
