"""What `import evalkit` costs a whole process, beside `import pydantic_evals`.

Run: python benchmarks/imports.py [--peers-python PATH] [--rounds 11] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import ROOT, compile_packages, describe, spread, table


def seconds(python: str, statement: str) -> float:
    """From start to exit of a process that runs one statement."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    subprocess.run([python, "-c", statement], check=True, env=environment)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers-python", default="/tmp/peers/bin/python", help="Python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    work = {
        "pass": (sys.executable, "pass"),
        "import evalkit": (sys.executable, "import evalkit"),
        "from evalkit import evaluate": (sys.executable, "from evalkit import evaluate"),
        "import pydantic_evals": (given.peers_python, "import pydantic_evals"),
    }
    if not Path(given.peers_python).exists():
        del work["import pydantic_evals"]
        print("pydantic-evals is not measured: its environment is not there (--peers-python)", file=sys.stderr)
    figures: dict[str, list[float]] = {name: [] for name in work}
    for command in work.values():
        compile_packages(command[0])
        seconds(*command)
    for _ in range(given.rounds):
        for name, command in work.items():
            figures[name].append(seconds(*command))
    if given.as_json:
        print(json.dumps({"machine": describe(), "seconds": figures}, indent=1))
        return
    peer = statistics.median(figures.get("import pydantic_evals", [0.0]))
    rows = []
    for name, taken in figures.items():
        share = f"{statistics.median(taken) / peer:.2f}" if peer else "-"
        rows.append([f"`{name}`", spread(taken, "s"), share])
    print(f"{describe()}; whole process, median (minimum-maximum) of {given.rounds} rounds.\n")
    print(table(["statement", "seconds", "of pydantic_evals"], rows))


if __name__ == "__main__":
    main()
