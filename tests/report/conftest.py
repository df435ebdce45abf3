"""A run, a comparison and a gate report with realistic figures, built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

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

SOURCE = "# Billing codes from a visit note\n\nCode what was documented.\n"

HEADER = RunHeader(
    run_id="20260105-101500-7f3a9c",
    spec_id="billing_codes",
    spec_version="2.0.0",
    family="billing_codes",
    content_sha=digest_bytes(SOURCE.encode()),
    behaviour_sha="be" * 32,
    dataset_digest="da" * 32,
    dataset_name="billing_codes synthetic seed 7",
    data_class="synthetic",
    agent_id="offline:billing_codes@2.0.0",
    metrics_digest="4e" * 32,
    trials=1,
    cases=300,
    probes=12,
    created_at="2026-01-05T10:15:00Z",
    evalkit_version="0.1.0",
)

SPEC = Spec(
    id="billing_codes", version="2.0.0", title="Billing codes from a visit note", family="billing_codes",
    owner="revenue-cycle", status="candidate", effective=date(2026, 1, 1), supersedes="1.0.0",
    change_note="Modifier 25 on fewer codes", data_class="synthetic", purpose_of_use="HPAYMT",
    legal_basis="45 CFR 164.506(c)(1)", code_table=None, input={}, minimum_necessary=MinimumNecessary(allow={}),
    refuse=(), output={}, review=Review(threshold=0.7), models=ModelPolicy(policy="offline_only", allow=()),
    gates=(), tables={}, prose={"Purpose": "Code what was documented."},
    source=SOURCE, path="billing_codes/2.0.0.md",
    content_sha=digest_bytes(SOURCE.encode()), behaviour_sha="be" * 32,
)  # fmt: skip


def difference(metric: str = "line_exact", scope: str = "all", **changes: object) -> Difference:
    plain = Difference(
        metric=metric, scope=scope, baseline=0.94, candidate=0.89, effect=-0.05, lo=-0.0812, hi=-0.0171,
        lo90=-0.0762, hi90=-0.0221, p_value=0.0021, p_adjusted=0.0126, p_exact=0.0041, test="McNemar mid-p",
        verdict="regressed", within_margin=False, n=300, n_clusters=300, broke=19, fixed=4, mde=0.041, need=None,
    )  # fmt: skip
    return replace(plain, **changes)


def check_result(check_id: str = "consent", **changes: object) -> CheckResult:
    plain = CheckResult(
        check_id=check_id, title="Consent is refused where it is missing", citation="45 CFR 164.508",
        basis="current", passed=300, not_applicable=12, not_observed=0, findings=(),
    )  # fmt: skip
    return replace(plain, **changes)


FINDING = Finding(
    check_id="no_identifier_in_output", case_id="billing-7-000000000004", trial=0,
    what="an identifier of the case stands in the output", place="output.lines[0].evidence",
    needle_id="patient.mrn", category="mrn", form="digits",
)  # fmt: skip


@pytest.fixture(scope="session")
def records() -> SimpleNamespace:
    """``run``, ``comparison``, ``gate`` and the makers ``difference`` and ``check_result``."""
    ids = tuple(f"billing-7-{index:012d}" for index in range(300))
    exact = tuple(index % 9 != 4 for index in range(300))
    scores = Scores(
        case_ids=ids,
        trials=(0,) * 300,
        clusters=ids,
        tags=tuple(("modifiers",) if index % 3 == 0 else ("timed units",) for index in range(300)),
        values={
            "line_exact": exact,
            "code_f1": tuple(Ratio(2.0 - (not right), 2.0) for right in exact),
            "reason": tuple("match" if right else "mismatch" for right in exact),
        },
        errors={"code_f1": {7: "agent:Timeout"}},
    )
    checks = (
        check_result("consent"),
        check_result("minimum_necessary", title="Only allowed fields reach a model", citation="45 CFR 164.502(b)"),
        check_result(
            "provider_baa", title="Only models under a BAA are called", citation="45 CFR 164.504(e)",
            passed=0, not_applicable=0, not_observed=312,
        ),
    )  # fmt: skip
    run = Run(
        header=HEADER,
        spec=SPEC,
        head_metric="line_exact",
        checks=checks,
        table=tabulate(scores),
        baselines={
            "majority": {"line_exact": 0.21, "code_f1": 0.30},
            "refuse-all": {"line_exact": 0.08, "code_f1": 0.0},
        },
    )
    run.__dict__["estimates"] = (
        Estimate("line_exact", "all", 0.89, 0.8495, 0.9207, 300, 300, "wilson"),
        Estimate("code_f1", "all", 0.9433, 0.9201, 0.9665, 299, 299, "clustered delta", errors=1),
        Estimate("needs_review", "all", float("nan"), float("nan"), float("nan"), 0, 0, "wilson", not_applicable=300),
        Estimate("line_exact", "tag:modifiers", 0.81, 0.7225, 0.8749, 100, 100, "wilson"),
        Estimate("line_exact", "tag:timed units", 0.93, 0.8863, 0.9576, 200, 200, "wilson"),
    )
    comparison = Comparison(
        baseline=replace(HEADER, run_id="20260104-090000-11aa22", spec_version="1.0.0", content_sha="c1" * 32),
        candidate=HEADER,
        head_metric="line_exact",
        differences=(
            difference(),
            difference("code_f1", effect=0.004, baseline=0.9393, candidate=0.9433, lo=-0.006, hi=0.014,
                       lo90=-0.0044, hi90=0.0124, p_value=0.78, p_adjusted=1.0, p_exact=None, test="clustered delta",
                       verdict="equivalent", within_margin=True, broke=4, fixed=7, mde=0.012),
            difference(scope="tag:modifiers", n=100, n_clusters=100, verdict="undecided", p_value=0.081,
                       p_adjusted=0.243, effect=-0.06, lo=-0.131, hi=0.018, mde=0.104, need=640,
                       warnings=("12 clusters are few",)),
            difference(scope="tag:timed units", effect=0.025, lo=0.004, hi=0.051, verdict="improved", p_value=0.992,
                       p_adjusted=1.0, broke=1, fixed=6, mde=0.031),
        ),
        changes=(
            CaseChange("billing-7-000000000004", "broke", 1.0, 0.0, ("Modifiers/25",), ("modifiers",)),
            CaseChange("billing-7-000000000013", "broke", 1.0, 0.0, ("Bundling/00074+00071", "Modifiers/25"), ()),
            CaseChange("billing-7-000000000022", "fixed", 0.0, 1.0, (), ("timed units",)),
        ),
        rows=(
            RowEffect("Modifiers/25", "applies to: 00031, 00032 -> 00031", 14, 0),
            RowEffect("Bundling/00074+00071", "row added", 5, 4),
        ),
        margin=0.02,
        warnings=("1 case stands in the baseline only",),
    )  # fmt: skip
    gate = GateReport(
        run=HEADER,
        baseline=comparison.baseline,
        results=(
            GateResult("line_exact >= 0.85", "pass", "89.0 % (95 % 85.0 to 92.1)"),
            GateResult(
                "line_exact drop <= 2 points versus production", "fail", "-5.0 points (-8.1 to -1.7), p = 0.002"
            ),
            GateResult("line_exact on modifiers >= 0.80", "undecided", "81.0 % (95 % 72.3 to 87.5)"),
            GateResult("boundary: consent", "pass", "0 findings in 300 executions"),
        ),
    )
    leaking = (*checks, check_result(
        "no_identifier_in_output", title="No identifier leaves in the output", citation="45 CFR 164.502(a)",
        findings=(FINDING,), passed=299,
    ))  # fmt: skip
    leaky = replace(run, checks=leaking)
    leaky.__dict__["estimates"] = run.estimates
    return SimpleNamespace(
        run=run, leaky=leaky, comparison=comparison, gate=gate, difference=difference, check_result=check_result,
        finding=FINDING,
    )  # fmt: skip


@pytest.fixture(scope="session")
def papers() -> SimpleNamespace:
    """A reference, a window that drifted, a quiet one, and the calibration of 600 answers that are too sure."""
    import numpy as np

    from evalkit.evaluation.calibration import Calibration
    from evalkit.stats.calibration import brier, calibration_error, recalibrate, reliability
    from evalkit.stats.drift import compare_profiles
    from evalkit.stats.profile import profile_columns
    from evalkit.stats.review import choose_threshold, review_band, threshold_curve

    rng = np.random.default_rng(7)

    def table(rows: int, shift: float) -> dict[str, object]:
        return {
            "confidence": rng.beta(8 - 3 * shift, 2, rows),
            "seconds": rng.lognormal(0, 0.5, rows),
            "code": rng.choice(
                ["99212", "99213", "99214"], rows, p=[0.3, 0.5 - 0.2 * shift, 0.2 + 0.2 * shift]
            ).tolist(),
        }

    reference = profile_columns(table(900, 0.0), about={"spec": "x@1"})
    window = profile_columns(table(500, 1.0), like=reference)
    stated = rng.beta(6, 2, 600)
    right = (rng.random(600) < stated**2).astype(float)
    return SimpleNamespace(
        reference=reference,
        window=window,
        drift=compare_profiles(reference, window),
        quiet=compare_profiles(reference, profile_columns(table(500, 0.0), like=reference)),
        calibration=Calibration(
            run=HEADER, metric="case_exact", bins=reliability(stated, right), error=calibration_error(stated, right),
            brier=brier(stated, right, bins=10), recalibration=recalibrate(stated, right),
            band=review_band(stated, right, threshold=0.8), curve=threshold_curve(stated, right), most_error=0.05,
            promised=choose_threshold(stated, right, most_error=0.05), without=3,
        ),
    )  # fmt: skip
