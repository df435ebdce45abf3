"""From nothing to the first result of one's own agent, timed step by step as a new user takes them.

Four commands in an empty folder: an environment, the package, a project, and its agent under test. Nothing is
prepared; what the package index takes is part of the wait.

python benchmarks/first.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """A line a command, with its seconds; then the sum."""
    with tempfile.TemporaryDirectory(prefix="first-") as name:
        folder = Path(name)
        bin_ = folder / "env" / "bin"
        spec = "specs/our_coder/1.0.0.md"
        steps: list[tuple[str, list[str], Path, set[int]]] = [
            ("python -m venv env", [sys.executable, "-m", "venv", "env"], folder, {0}),
            ("pip install evalkit", [str(bin_ / "pip"), "install", "-q", str(ROOT)], folder, {0}),
            ("evalkit init our_coder", [str(bin_ / "evalkit"), "init", "our_coder"], folder, {0}),
            (
                "evalkit suite SPEC --gold our_coder --agent python:agent:agent",
                [str(bin_ / "evalkit"), "suite", spec, "--gold", "our_coder", "--agent", "python:agent:agent"],
                folder / "our_coder",
                {0, 1, 3},
            ),
        ]
        print("| command | seconds | exit code |\n|---|---|---|")
        total = 0.0
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "EVALKIT_KEYRING": str(folder / "keyring.json")}
        for shown, command, place, allowed in steps:
            begun = time.perf_counter()
            done = subprocess.run(
                command, cwd=place, env={**os.environ, **quiet}, capture_output=True, text=True, check=False
            )
            seconds = time.perf_counter() - begun
            total += seconds
            if done.returncode not in allowed:
                raise SystemExit(f"{shown}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
            print(f"| `{shown}` | {seconds:.1f} | {done.returncode} |", flush=True)
        report = next((folder / "our_coder").rglob("report.html"))
        print(
            f"\n{len(steps)} commands, {total / 60:.1f} minutes; the report has {report.stat().st_size / 1024:.0f} KB"
        )


if __name__ == "__main__":
    main()
