"""What a measurement says besides its figures: the machine, the middle and the spread, as Markdown."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def describe() -> str:
    """``2 cores, Linux x86_64, Python 3.11.7``."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def compile_packages(python: str) -> None:
    """Make bytecode of an environment's packages and of evalkit: nobody is measured while compiling."""
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", find], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(
        [python, "-m", "compileall", "-q", packages, str(ROOT / "evalkit")], check=False, capture_output=True
    )


def spread(values: Sequence[float], unit: str, digits: int = 3) -> str:
    """Median with minimum and maximum: ``0.21 (0.20-0.25) s``."""
    middle, low, high = (f"{x:.{digits}g}" for x in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low}-{high}) {unit}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
