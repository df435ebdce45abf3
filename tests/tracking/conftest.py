"""Two small runs and their comparison, built by hand, and a SQLite store that costs its schema only once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.digests import digest_bytes
from evalkit.evaluation.comparison import CaseChange, Comparison, RowEffect
from evalkit.evaluation.gates import GateReport, GateResult
from evalkit.evaluation.run import Run, RunHeader
from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Ratio, Scores
from evalkit.spec.schema import MinimumNecessary, ModelPolicy, Review, Spec
from evalkit.stats.comparison import Difference
from evalkit.stats.intervals import Estimate

CASES = 40


def make_spec(version: str, source: str) -> Spec:
    return Spec(
        id="billing_codes", version=version, title="Billing codes", family="billing_codes", owner="revenue-cycle",
        status="candidate", effective=date(2026, 1, 1), supersedes=None, change_note="", data_class="synthetic",
        purpose_of_use="HPAYMT", legal_basis="45 CFR 164.506(c)(1)", code_table=None, input={},
        minimum_necessary=MinimumNecessary(allow={}), refuse=(), output={}, review=Review(threshold=0.7),
        models=ModelPolicy(policy="offline_only", allow=()), gates=(), tables={}, prose={}, source=source,
        path=f"{version}.md", content_sha=digest_bytes(source.encode()), behaviour_sha=digest_bytes(version.encode()),
    )  # fmt: skip


def make_run(version: str, run_id: str, *, right: int = 36, cases: int = CASES) -> Run:
    spec = make_spec(version, f"# Billing codes {version}\n\nCode what {{{{note}}}} documents.\n")
    header = RunHeader(
        run_id=run_id, spec_id=spec.id, spec_version=version, family=spec.family, content_sha=spec.content_sha,
        behaviour_sha=spec.behaviour_sha, dataset_digest="da" * 32, dataset_name="billing_codes synthetic seed 7",
        data_class="synthetic", agent_id=f"offline:billing_codes@{version}", metrics_digest="4e" * 32, trials=1,
        cases=cases, probes=3, created_at="2026-01-05T10:15:00Z", evalkit_version="0.1.0",
    )  # fmt: skip
    ids = tuple(f"billing-7-{index:012d}" for index in range(cases))
    exact = tuple(index < right for index in range(cases))
    scores = Scores(
        case_ids=ids, trials=(0,) * cases, clusters=ids, tags=(("timed units",),) * cases,
        values={
            "line_exact": exact,
            "code_f1": tuple(Ratio(float(hit), 1.0) for hit in exact),
            "reason": tuple("match" if hit else None for hit in exact),
        },
        errors={},
    )  # fmt: skip
    checks = (CheckResult("consent", "Consent", "45 CFR 164.508", "current", cases, 0, 0, ()),)
    run = Run(header=header, spec=spec, head_metric="line_exact", checks=checks, table=tabulate(scores),
              baselines={"refuse-all": {"line_exact": 0.1}})  # fmt: skip
    share = right / cases
    run.__dict__["estimates"] = (
        Estimate("line_exact", "all", share, share - 0.1, share + 0.05, cases, cases, "wilson"),
        Estimate("needs_review", "all", float("nan"), float("nan"), float("nan"), 0, 0, "wilson"),
        Estimate("line_exact", "tag:timed units", share, share - 0.1, share + 0.05, cases, cases, "wilson"),
    )
    return run


def with_changes(run: Run, **changes: Any) -> Run:
    changed = replace(run, **changes)
    changed.__dict__["estimates"] = run.estimates
    return changed


@pytest.fixture(scope="session")
def records() -> SimpleNamespace:
    baseline, run = make_run("1.0.0", "r-base"), make_run("2.0.0", "r-cand", right=30)
    difference = Difference(
        metric="line_exact", scope="all", baseline=0.9, candidate=0.75, effect=-0.15, lo=-0.3, hi=-0.02, lo90=-0.27,
        hi90=-0.04, p_value=0.016, p_adjusted=0.032, p_exact=0.03, test="McNemar mid-p", verdict="regressed",
        within_margin=False, n=CASES, n_clusters=CASES, broke=6, fixed=0, mde=0.14, need=None,
    )  # fmt: skip
    comparison = Comparison(
        baseline=baseline.header, candidate=run.header, head_metric="line_exact",
        differences=(difference, replace(difference, scope="tag:timed units", verdict="undecided")),
        changes=(CaseChange("billing-7-000000000030", "broke", 1.0, 0.0, ("Modifiers/25",), ("timed units",)),),
        rows=(RowEffect("Modifiers/25", "applies to: 00031", 6, 0),), margin=0.02,
    )  # fmt: skip
    results = (
        GateResult("line_exact >= 0.9", "fail", "75.0 %"),
        GateResult("boundary: consent", "pass", "40 executions"),
    )
    gate = GateReport(run.header, baseline.header, results)
    finding = Finding("consent", "billing-7-000000000001", 0, "an identifier stands in the output", "output.note")
    return SimpleNamespace(
        run=run, baseline=baseline, comparison=comparison, gate=gate, difference=difference, finding=finding,
        make_run=make_run, make_spec=make_spec, with_changes=with_changes,
    )  # fmt: skip


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's schema and nothing in it: creating the schema takes seconds, copying it none."""
    from evalkit.tracking.sink import quiet

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with quiet():
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def uri(empty_store: Path, tmp_path: Path) -> str:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def client(uri: str) -> Any:
    from evalkit.tracking.sink import quiet

    with quiet():
        from mlflow import MlflowClient

        return MlflowClient(uri, registry_uri=uri)
