"""What tracking costs: one run of 10,000 cases in one batch, beside writing each figure with its own call.

    python benchmarks/tracking.py [--cases 10000]

Prints seconds (medians of 3) and their ratio. The store is SQLite in a temporary folder, its schema made beforehand.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from evalkit.boundary.finding import CheckResult
from evalkit.digests import digest_bytes
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Scores
from evalkit.spec.schema import MinimumNecessary, ModelPolicy, Review, Spec
from evalkit.stats.intervals import Estimate
from evalkit.tracking import track
from evalkit.tracking.entries import run_entry
from evalkit.tracking.sink import quiet

METRICS = tuple(f"metric_{index}" for index in range(8))
TAGS = tuple(f"tag_{index}" for index in range(20))


def make_run(cases: int) -> Run:
    """A run of eight metrics in twenty slices: 672 figures of estimates and a table of 8 x ``cases`` rows."""
    source = "# A spec\n"
    spec = Spec(
        id="billing_codes", version="1.0.0", title="", family="billing_codes", owner="", status="draft",
        effective=date(2026, 1, 1), supersedes=None, change_note="", data_class="synthetic", purpose_of_use="HPAYMT",
        legal_basis="", code_table=None, input={}, minimum_necessary=MinimumNecessary(allow={}), refuse=(), output={},
        review=Review(threshold=0.7), models=ModelPolicy(policy="offline_only", allow=()), gates=(), tables={},
        prose={}, source=source, path="1.0.0.md", content_sha=digest_bytes(source.encode()), behaviour_sha="be" * 32,
    )  # fmt: skip
    header = RunHeader(
        run_id="bench-0", spec_id=spec.id, spec_version=spec.version, family=spec.family, content_sha=spec.content_sha,
        behaviour_sha=spec.behaviour_sha, dataset_digest="da" * 32, dataset_name="bench", data_class="synthetic",
        agent_id="bench", metrics_digest="4e" * 32, trials=1, cases=cases, probes=0,
        created_at="2026-01-05T10:15:00Z", evalkit_version="0.1.0",
    )  # fmt: skip
    ids = tuple(f"billing-7-{index:012d}" for index in range(cases))
    scores = Scores(
        case_ids=ids, trials=(0,) * cases, clusters=ids, tags=((),) * cases,
        values=dict.fromkeys(METRICS, (True, False) * (cases // 2)), errors={},
    )  # fmt: skip
    checks = (CheckResult("consent", "", "", "current", cases, 0, 0, ()),)
    run = Run(header=header, spec=spec, head_metric=METRICS[0], checks=checks, table=tabulate(scores), baselines={})
    run.__dict__["estimates"] = tuple(
        Estimate(metric, scope, 0.5, 0.4, 0.6, cases, cases, "wilson")
        for scope in ("all", *(f"tag:{tag}" for tag in TAGS))
        for metric in METRICS
    )
    return run


def one_by_one(run: Run, uri: str) -> None:
    """The same figures with one call each, as a loop over ``log_metric`` writes them."""
    with quiet():
        from mlflow import MlflowClient

        client = MlflowClient(uri)
        entry = run_entry(run)
        experiment = client.get_experiment_by_name("one_by_one")
        known = experiment.experiment_id if experiment else client.create_experiment("one_by_one")
        run_id = client.create_run(known).info.run_id
        for name, value in entry.metrics.items():
            client.log_metric(run_id, name, value)
        for name, value in entry.params.items():
            client.log_param(run_id, name, value)
        for name, value in entry.tags.items():
            client.set_tag(run_id, name, value)


def seconds(action: Callable[[int], None]) -> float:
    """The median of three."""
    taken = []
    for index in range(3):
        began = time.perf_counter()
        action(index)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    cases = parser.parse_args().cases
    run = make_run(cases)

    few = make_run(2)

    def numbered(index: int, of: Run = run) -> Run:
        other = replace(of, header=replace(of.header, run_id=f"bench-{of.header.cases}-{index}"))
        other.__dict__["estimates"] = of.estimates
        return other

    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{Path(folder) / 'mlflow.db'}"
        began = time.perf_counter()
        track(numbered(99), uri=uri)
        first = time.perf_counter() - began
        batch = seconds(lambda index: void(track(numbered(index), uri=uri)))
        again = seconds(lambda _: void(track(numbered(0), uri=uri)))
        small = seconds(lambda index: void(track(numbered(index, few), uri=uri)))
        single = seconds(lambda _: one_by_one(run, uri))
    figures = len(run_entry(run).metrics)
    print(f"{cases} cases, {figures} figures, {len(METRICS) * cases} rows in the table of cases")
    print(f"first run, with the import of mlflow and the schema  {first:8.2f} s")
    print(f"track: one batch and the table                       {batch:8.2f} s")
    print(f"track again: found, nothing changes                  {again:8.2f} s")
    print(f"track: the same figures of 2 cases                   {small:8.2f} s")
    print(f"one call for each figure, no table                   {single:8.2f} s   {single / small:.1f}x")


def void(_: object) -> None:
    """Nothing."""


if __name__ == "__main__":
    main()
