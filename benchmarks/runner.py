"""`execute` with its encrypted, durable journal beside pydantic-evals, which keeps nothing on disk.

Run: python benchmarks/runner.py [--peers-python PATH] [--rounds 5] [--json]

Every figure comes from a process of its own; rounds take turns, so that a busy machine is busy for both. evalkit's
time covers making, filling and closing the journal in the current folder. pydantic-evals is measured twice: with its
``logfire`` extra (each case becomes a trace, which nobody stores) and as if that were not installed.

The peers live in an environment of their own:
    uv venv /tmp/peers && uv pip install --python /tmp/peers/bin/python -r benchmarks/requirements-peers.txt
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import ROOT, compile_packages, describe, spread, table

HERE = Path(__file__).resolve()
CONCURRENCY = 100
SLOW_CASES, SLOW_SECONDS = 2_000, 0.05
IDEAL = SLOW_CASES * SLOW_SECONDS / CONCURRENCY
SYSTEMS = {
    "evalkit": "evalkit, encrypted durable journal",
    "traced": "pydantic-evals[logfire]",
    "plain": "pydantic-evals",
}
WORKLOADS = {"no-op 1k": (1_000, 0.0), "no-op 10k": (10_000, 0.0), "slow": (SLOW_CASES, SLOW_SECONDS)}

Figures = dict[str, dict[str, list[dict[str, float]]]]
"""System -> workload -> one ``{"seconds", "megabytes"}`` a round."""


def run_evalkit(size: int, wait: float) -> float:
    """Seconds to execute, with every execution sealed and on disk."""
    from evalkit.agents.agent import Reply, Request
    from evalkit.cases.case import Case
    from evalkit.executions.journal import Journal
    from evalkit.executions.runner import Settings, execute
    from evalkit.vault.keys import FileKeyring

    async def agent(request: Request) -> Reply:
        if wait:
            await asyncio.sleep(wait)
        return Reply("ok", {"n": request.input["n"]})

    cases = [Case(f"billing_codes-7-{n:012d}", "billing_codes", {"n": n}, {}, {}) for n in range(size)]
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        keyring = FileKeyring(Path(folder) / "keys" / "keyring.json")
        keyring.keys()
        start = time.perf_counter()
        with Journal.create(Path(folder) / "run.db", {"run_id": "bench"}, keyring) as journal:
            done = execute(
                cases, agent, spec_ref="bench@1", settings=Settings(concurrency=CONCURRENCY), journal=journal
            )
            assert len(journal) == size
        seconds = time.perf_counter() - start
    assert [one.status for one in done] == ["ok"] * size
    assert not {"numpy", "pandas"} & set(sys.modules)
    return seconds


def run_peer(size: int, wait: float) -> float:
    """Seconds to evaluate a dataset without evaluators."""
    from pydantic_evals import Case, Dataset

    async def task(inputs: dict[str, int]) -> dict[str, int]:
        if wait:
            await asyncio.sleep(wait)
        return {"n": inputs["n"]}

    dataset = Dataset(name="bench", cases=[Case(name=f"case-{n}", inputs={"n": n}) for n in range(size)])
    start = time.perf_counter()
    report = asyncio.run(dataset.evaluate(task, max_concurrency=CONCURRENCY, progress=False))
    seconds = time.perf_counter() - start
    assert len(report.cases) == size
    return seconds


def run_here(system: str, workload: str) -> None:
    """The measured process itself: prints its seconds."""
    size, wait = WORKLOADS[workload]
    if system == "plain":
        sys.modules["logfire"] = None  # type: ignore[assignment]  # as if the extra were not installed
    print(run_evalkit(size, wait) if system == "evalkit" else run_peer(size, wait))


def measure(python: str, system: str, workload: str) -> dict[str, float]:
    """Seconds of the work, and peak memory of a whole process that does nothing else."""
    command = [python, str(HERE), "--here", system, workload]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LOGFIRE_SEND_TO_LOGFIRE": "false"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the process of {SYSTEMS[system]} ({workload}) ended with {process.returncode}")
    # Kibibytes on Linux, bytes on macOS.
    megabytes = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {"seconds": float(printed), "megabytes": megabytes}


def measure_all(pythons: dict[str, str], rounds: int) -> Figures:
    """Every system on every workload, one warm-up each, then round by round in turn."""
    figures: Figures = {system: {workload: [] for workload in WORKLOADS} for system in pythons}
    for system, python in pythons.items():
        compile_packages(python)
        measure(python, system, "no-op 1k")
    for _ in range(rounds):
        for workload in WORKLOADS:
            for system, python in pythons.items():
                figures[system][workload].append(measure(python, system, workload))
    return figures


def column(figures: Figures, system: str, workload: str, what: str = "seconds") -> list[float]:
    return [row[what] for row in figures[system][workload]]


def middle(figures: Figures, system: str, workload: str, what: str = "seconds") -> float:
    return statistics.median(column(figures, system, workload, what))


def goals(figures: Figures) -> list[dict[str, Any]]:
    """What the runner is held to, as ratios of medians from this one run."""
    found = [
        ("efficiency of 2,000 x 50 ms at 100-way", "evalkit", IDEAL / middle(figures, "evalkit", "slow"), ">= 0.93"),
        (
            "growth, time of 10k / time of 1k",
            "evalkit",
            middle(figures, "evalkit", "no-op 10k") / middle(figures, "evalkit", "no-op 1k"),
            "<= 10.5",
        ),
    ]
    for peer in [system for system in figures if system != "evalkit"]:
        faster = middle(figures, peer, "no-op 10k") / middle(figures, "evalkit", "no-op 10k")
        memory = middle(figures, "evalkit", "no-op 10k", "megabytes") / middle(figures, peer, "no-op 10k", "megabytes")
        found.append(("throughput, 10k no-op cases", f"beside {SYSTEMS[peer]}", faster, ">= 15"))
        found.append(("peak memory, 10k no-op cases", f"beside {SYSTEMS[peer]}", memory, "<= 0.6"))
    return [{"what": what, "of": of, "ratio": ratio, "goal": goal} for what, of, ratio, goal in found]


def render(figures: Figures, rounds: int) -> str:
    """The figures and the ratios as Markdown."""
    rows = []
    for system in figures:
        size, _ = WORKLOADS["no-op 10k"]
        speed = [size / seconds for seconds in column(figures, system, "no-op 10k")]
        rows.append(
            [
                SYSTEMS[system],
                spread(column(figures, system, "no-op 1k"), "s"),
                spread(column(figures, system, "no-op 10k"), "s"),
                f"{statistics.median(speed):,.0f}",
                f"{IDEAL / middle(figures, system, 'slow'):.3f}",
                spread(column(figures, system, "no-op 10k", "megabytes"), "MB"),
            ]
        )
    head = ["", "1k no-op", "10k no-op", "cases/s", "efficiency, 2,000 x 50 ms", "peak memory, 10k"]
    ratios = [[goal["what"], goal["of"], f"{goal['ratio']:.3g}", goal["goal"]] for goal in goals(figures)]
    return "\n\n".join(
        [
            f"{describe()}; concurrency {CONCURRENCY}; median (minimum-maximum) of {rounds} rounds.",
            table(head, rows),
            table(["ratio", "", "measured", "goal"], ratios),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers-python", default="/tmp/peers/bin/python", help="Python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--here", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        run_here(*given.here)
        return
    pythons = {"evalkit": sys.executable}
    if Path(given.peers_python).exists():
        pythons |= {"traced": given.peers_python, "plain": given.peers_python}
    else:
        print("pydantic-evals is not measured: its environment is not there (--peers-python)", file=sys.stderr)
    figures = measure_all(pythons, given.rounds)
    if given.as_json:
        print(json.dumps({"machine": describe(), "figures": figures, "goals": goals(figures)}, indent=1))
    else:
        print(render(figures, given.rounds))


if __name__ == "__main__":
    main()
