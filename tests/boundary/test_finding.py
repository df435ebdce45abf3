from __future__ import annotations

import pytest

from evalkit.boundary.finding import CheckResult, Finding


def result(passed: int = 0, *, findings: tuple[Finding, ...] = (), error: str | None = None) -> CheckResult:
    return CheckResult("consent", "Consent", "45 CFR 164.508(a)", "current", passed, 0, 0, findings, error)


def test_executions_with_findings_are_counted_once_each() -> None:
    findings = tuple(Finding("consent", case, trial, "x") for case, trial in (("a", 0), ("a", 0), ("a", 1), ("b", 0)))
    assert result(findings=findings).failed == 3


@pytest.mark.parametrize(("given", "verdict"), [
    (result(), "not_observed"),
    (result(3), "pass"),
    (result(3, findings=(Finding("consent", "a", 0, "x"),)), "fail"),
    (result(3, error="KeyError"), "error"),
    (result(3, findings=(Finding("consent", "a", 0, "x"),), error="KeyError"), "error"),
])  # fmt: skip
def test_one_finding_fails_and_an_error_outweighs_everything(given: CheckResult, verdict: str) -> None:
    assert given.verdict == verdict
