"""Run every benchmark and print one Markdown page; peers are measured in the same run, or named as absent.

python benchmarks/run.py --peers-python PATH    # a Python with benchmarks/requirements-*peers.txt installed
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHMARKS = (
    "runner", "imports", "compare", "simulate", "drift", "judge", "report", "boundary", "leaks", "detection", "vault",
    "faults", "tracking", "cases", "diversity", "bundles", "notes", "conversation", "first",
)  # fmt: skip
TAKES_PEERS = {"runner", "imports", "leaks", "detection"}


def main() -> None:
    """Each benchmark in a process of its own, so that none sees another's imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", default="", help="Python of an environment with the peers")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="default: all")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}\n")
    for name in chosen.names or BENCHMARKS:
        peers = ["--peers-python", chosen.peers_python] if name in TAKES_PEERS and chosen.peers_python else []
        subprocess.run([sys.executable, str(HERE / f"{name}.py"), *peers], check=True)
        print(flush=True)


if __name__ == "__main__":
    main()
