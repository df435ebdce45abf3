"""Importing the 22 public Synthea bundles beside fhir.resources, which validates them and makes nothing of them.

Run: python benchmarks/bundles.py [--data PATH] [--rounds 7]

evalkit unpacks, parses, checks every element and makes cases with spans. fhir.resources (R4B) is given the parsed JSON
and is timed for validation alone. Rounds take turns in one process, after one round that is thrown away.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import time
from pathlib import Path

from machine import ROOT, describe, spread, table

from evalkit.cases.fhir import read_fhir
from evalkit.cases.fhircases import cases_of


def run_evalkit(folder: Path) -> float:
    """Seconds from packed files to cases."""
    begun = time.perf_counter()
    documents, refusals = read_fhir(folder)
    cases = cases_of(documents, name="bench", data_class="synthetic")
    assert len(cases) == 22
    assert not refusals
    return time.perf_counter() - begun


def run_oracle(bundles: list[dict[str, object]]) -> float:
    """Seconds of validation alone."""
    from fhir.resources.R4B.bundle import Bundle

    begun = time.perf_counter()
    for bundle in bundles:
        Bundle.model_validate(bundle)
    return time.perf_counter() - begun


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "synthea")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        print("FHIR: the public Synthea bundles are not there; name their folder with --data")
        return
    packed = sorted(chosen.data.rglob("*.json.gz"))
    bundles = [json.loads(gzip.decompress(file.read_bytes())) for file in packed]
    ours, theirs = [], []
    for number in range(chosen.rounds + 1):
        pair = run_evalkit(chosen.data), run_oracle(bundles)
        if number:
            ours.append(pair[0])
            theirs.append(pair[1])
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    resources = sum(len(bundle["entry"]) for bundle in bundles)
    print(f"## FHIR: 22 bundles, {resources:,} resources\n\n{describe()}\n")
    rows = [["evalkit: unpack, parse, check, make cases", spread(ours, "s")],
            ["fhir.resources: validate", spread(theirs, "s")],
            ["ratio (goal: at most 1.3)", f"{ratio:.2f}"]]  # fmt: skip
    print(table(["22 Synthea bundles", "median (min-max)"], rows))


if __name__ == "__main__":
    main()
