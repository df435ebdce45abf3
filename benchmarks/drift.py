"""Drift: false alarms, power and speed, beside the rules of other tools and beside Evidently; prints Markdown tables.

Run: python benchmarks/drift.py [--peers-python PATH] [--windows N]
PATH is a Python with benchmarks/requirements-drift-peers.txt installed (an environment of its own).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import describe, spread, table

COLUMNS, LEVELS = 12, (2, 2, 3, 5, 8, 12, 30, 50)
CHARTS = (("CUSUM, slack 0.5", 200.0), ("EWMA, weight 0.2", 200.0), ("Bernoulli CUSUM, 6 % against 11 %", 1000.0))
NAIVE = "p < .05 in any column, no correction"
HERE = Path(__file__).resolve()


def numbers(rng: np.random.Generator, rows: int, shift: float) -> dict[str, np.ndarray]:
    """Twelve columns of four shapes; the first, a normal one, is shifted by so many standard deviations."""
    draws = (rng.normal, rng.lognormal, lambda size: rng.beta(8, 2, size), lambda size: rng.gamma(2.0, size=size))
    columns = {f"n{place}": np.asarray(draws[place % 4](size=rows)) for place in range(COLUMNS)}
    columns["n0"] = columns["n0"] + shift
    return columns


def codes(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    """Eight columns of 2 to 50 unequal levels, as codes."""
    shares = [np.random.default_rng(levels).dirichlet(np.ones(levels) * 2) for levels in LEVELS]
    return {
        f"c{place}": rng.choice(levels, rows, p=share)
        for place, (levels, share) in enumerate(zip(LEVELS, shares, strict=True))
    }


def frame(rng: np.random.Generator, rows: int, shift: float = 0.0, *, text: bool = False) -> object:
    import pandas as pd

    columns: dict[str, object] = dict(numbers(rng, rows, shift))
    for name, values in codes(rng, rows).items():
        names = [f"L{code:02d}" for code in range(50)]
        labels = pd.Categorical.from_codes(values, names)
        columns[name] = labels.astype(object) if text else labels
    return pd.DataFrame(columns)


def seconds(work: Callable[[], object], repeats: int) -> list[float]:
    """Processor times after one warm-up: a shared machine makes wall times of anything."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return taken


def alarms(windows: int) -> None:
    """Quiet and shifted windows of 500 rows: how often each rule alarms."""
    from scipy import stats

    from evalkit.stats.drift import compare_profiles
    from evalkit.stats.profile import profile_columns

    rows, named = [], [f"n{place}" for place in range(COLUMNS)]
    for reference_rows in (500, 1000, 5000):
        seen = {"evalkit": [0, 0, 0], NAIVE: [0, 0, 0]}
        count = windows if reference_rows < 5000 else windows // 3
        for seed in range(count):
            rng = np.random.default_rng([reference_rows, seed])
            before = frame(rng, reference_rows)
            reference = profile_columns(before)
            for place, shift in ((0, 0.0), (1, 0.3)):
                after = frame(rng, 500, shift)
                found = compare_profiles(reference, profile_columns(after, like=reference))
                seen["evalkit"][place] += found.verdict == "drifted"
                seen["evalkit"][2] += bool(shift) and any(one.column == "n0" for one in found.drifted)
                p_values = [stats.ks_2samp(before[c], after[c], method="asymp").pvalue for c in named]
                seen[NAIVE][place] += min(p_values) < 0.05
        shares = seen["evalkit"]
        naive = seen[NAIVE][0] / count
        rows.append(
            [f"{reference_rows:,}", f"{count:,}", f"{shares[0] / count:.3f}", f"{shares[1] / count:.3f}",
             f"{shares[2] / count:.3f}", f"{naive:.3f}"]
        )  # fmt: skip
    head = ["reference rows", "windows", "quiet: alarms", "0.3 sd in 1 of 20: alarms", "that column named",
            "quiet, uncorrected KS of the 12 number columns"]  # fmt: skip
    print(table(head, rows))


def run_lengths() -> None:
    """Designed against simulated run lengths."""
    from evalkit.stats.charts import cusum_arl, design_cusum, design_ewma, design_rate_cusum, ewma_arl, rate_cusum_arl

    rng = np.random.default_rng(7)
    rows = []
    for name, arl0 in (
        ("CUSUM, slack 0.5", 200.0),
        ("EWMA, weight 0.2", 200.0),
        ("Bernoulli CUSUM, 6 % against 11 %", 1000.0),
    ):
        streams, longest = 4000, int(arl0 * 12)
        up, down, alive = np.zeros(streams), np.zeros(streams), np.full(streams, longest)
        limit, jump, fall = 0.0, 1.0, 1.0
        if name.startswith("CUSUM"):
            limit, after = design_cusum(arl0), cusum_arl(design_cusum(arl0), shift=1.0)
        elif name.startswith("EWMA"):
            limit, after = design_ewma(arl0), ewma_arl(design_ewma(arl0), shift=1.0)
        else:
            limit, jump, fall = design_rate_cusum(arl0, normal=0.06, raised=0.11)
            after = rate_cusum_arl(round(limit / fall), jump=round(jump / fall), rate=0.11)
        for point in range(longest):
            z = rng.normal(size=streams)
            if name.startswith("CUSUM"):
                up, down = np.maximum(0, up + z - 0.5), np.maximum(0, down - z - 0.5)
            elif name.startswith("EWMA"):
                up = 0.8 * up + 0.2 * z / np.sqrt(0.2 / 1.8)
                down = -up
            else:
                up = np.maximum(0, up + np.where(rng.random(streams) < 0.06, jump, -fall))
            passed = np.maximum(up, down) > limit - 1e-9
            alive = np.where(passed & (alive == longest), point + 1, alive)
        rows.append([name, f"{arl0:,.0f}", f"{alive.mean():,.0f}", f"{after:,.1f}"])
    print(table(["chart", "ARL0 designed", "ARL0 simulated, 4,000 streams", "ARL1 (1 sd, or 11 %)"], rows))


def speed(rows: int, peers: str) -> None:
    """A window against a kept profile, and the same two tables in Evidently."""
    from evalkit.stats.drift import compare_profiles
    from evalkit.stats.profile import Profile, profile_columns

    rng = np.random.default_rng(1)
    before, after = frame(rng, rows), frame(rng, rows, 0.01)
    full = profile_columns(before)
    text = full.to_json()
    kept = Profile.from_json(text)
    ours = seconds(lambda: compare_profiles(kept, profile_columns(after, like=kept)), 9)
    making = seconds(lambda: profile_columns(before), 3)
    lines = [
        [f"evalkit, window of {rows:,} x 20 against a kept profile", spread([1e3 * t for t in ours], "ms"), ""],
        [
            f"evalkit, profiling the reference (once), {len(text) // 1000} kB",
            spread([1e3 * t for t in making], "ms"),
            "",
        ],
    ]
    if peers:
        done = subprocess.run([peers, str(HERE), "--evidently", str(rows)], capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout.splitlines()[-1])
        ratio = statistics.median(theirs) / statistics.median(ours)
        lines.append([f"Evidently 0.7.23 DataDriftPreset, {len(theirs)} runs", spread(theirs, "s"), f"{ratio:,.0f} x"])
    print(table([f"{rows:,} rows x 20 columns", "median (least-most)", "of evalkit's time"], lines))


def evidently(rows: int) -> None:
    """Evidently's default report on the same tables, in its own environment: processor seconds of each run, as JSON."""
    import warnings

    warnings.simplefilter("ignore")
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    rng = np.random.default_rng(1)
    before, after = frame(rng, rows, text=True), frame(rng, rows, 0.01, text=True)
    definition = DataDefinition(
        numerical_columns=[f"n{place}" for place in range(COLUMNS)],
        categorical_columns=[f"c{place}" for place in range(len(LEVELS))],
    )
    data = [Dataset.from_pandas(one, data_definition=definition) for one in (before, after)]
    taken = []
    for _ in range(3 if rows <= 100_000 else 1):
        start = time.process_time()
        Report([DataDriftPreset()]).run(data[1], data[0]).dict()
        taken.append(time.process_time() - start)
    print(json.dumps(taken))


def main() -> None:
    """Everything, or what Evidently's own process is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", default="", help="Python of an environment with Evidently")
    parser.add_argument("--windows", type=int, default=900, help="simulated windows")
    parser.add_argument("--evidently", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("parts", nargs="*", help="alarms, charts, speed; default: all")
    chosen = parser.parse_args()
    if chosen.evidently:
        evidently(chosen.evidently)
        return
    print(f"{describe()}\n")
    parts = chosen.parts or ["alarms", "charts", "speed"]
    if "alarms" in parts:
        alarms(chosen.windows)
        print()
    if "charts" in parts:
        run_lengths()
        print()
    if "speed" in parts:
        for rows in (100_000, 1_000_000):
            speed(rows, chosen.peers_python)
            print(flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
