"""`evalkit compare` and `evalkit gate` on two stored runs of 10,000 cases: whole processes, from start to exit.

The limit beside it is the time in which Python starts and imports numpy and pydantic, which both commands need.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = 10_000
RUNS = 5
MAKE = f"""
import evalkit as ek
cases = ek.synthesize(ek.load_spec("billing_codes@1.0.0"), n={CASES}, seed=7)
for version in ("1.0.0", "2.0.0"):
    spec = ek.load_spec(f"billing_codes@{{version}}")
    ek.evaluate(spec, cases, ek.offline_agent(spec))
"""


def seconds(command: list[str], folder: str, environment: dict[str, str]) -> tuple[float, float, float]:
    """Median, minimum and maximum of whole-process seconds."""
    taken = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        taken.append(time.perf_counter() - start)
        assert done.returncode in {0, 1, 3}, done.stderr.decode()
    return statistics.median(taken[1:]), min(taken[1:]), max(taken[1:])


def main() -> None:
    """Make two runs, then time the commands that judge them."""
    evalkit = str(Path(sys.executable).with_name("evalkit"))
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "EVALKIT_HOME": f"{folder}/.evalkit",
            "EVALKIT_KEYRING": f"{folder}/keys/keyring.json",
        }
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", MAKE], cwd=folder, env=environment, check=True)
        made = time.perf_counter() - start
        rows = {
            "Python with numpy and pydantic": [sys.executable, "-c", "import numpy, pydantic"],
            "`evalkit compare`": [evalkit, "compare", "billing_codes@1.0.0", "billing_codes@2.0.0"],
            "`evalkit gate`": [evalkit, "gate", "billing_codes@2.0.0", "--baseline", "billing_codes@1.0.0"],
        }
        print(f"## Judging two stored runs of {CASES:,} cases\n")
        print(f"Made by two evaluations in {made:.0f} s together (synthesis, checks, metrics, baselines, ledger).\n")
        print("| whole process | median s | min-max | ratio to the first row |\n|---|---|---|---|")
        floor = 0.0
        for name, command in rows.items():
            median, low, high = seconds(command, folder, environment)
            floor = floor or median
            print(f"| {name} | {median:.2f} | {low:.2f}-{high:.2f} | {median / floor:.1f} |")


if __name__ == "__main__":
    main()
