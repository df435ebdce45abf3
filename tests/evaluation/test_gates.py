"""Gates: pure functions of stored runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.errors import SpecError, StatisticsError
from evalkit.evaluation.gates import gate
from evalkit.evaluation.run import Run
from evalkit.evaluation.scoretable import tabulate
from evalkit.spec.schema import Gate
from evalkit.stats.intervals import one_sided

Runs = tuple[Run, Run]


def with_gates(run: Run, *gates: Gate) -> Run:
    spec = run.spec
    values = {name: getattr(spec, name) for name in type(spec).__dataclass_fields__}
    return replace(run, spec=type(spec)(**{**values, "gates": gates}))


def verdict(run: Run, rule: Gate, baseline: Run | None = None) -> str:
    return gate(with_gates(run, rule), baseline).results[0].verdict


def test_the_first_version_passes_its_own_gates_or_cannot_tell_yet(runs: Runs) -> None:
    assert gate(runs[0]).verdict in {"pass", "undecided"}


def test_the_harmful_edit_fails_against_the_version_before(runs: Runs) -> None:
    report = gate(runs[1], runs[0])
    assert report.verdict == "fail"
    assert report.exit_code == 1
    assert any("drop" in result.name and result.verdict == "fail" for result in report.results)


def test_a_floor_is_passed_failed_or_undecided_by_the_whole_interval(runs: Runs) -> None:
    head = runs[0].estimate("line_exact")
    assert verdict(runs[0], Gate(metric="line_exact", min=head.lo - 0.01)) == "pass"
    assert verdict(runs[0], Gate(metric="line_exact", min=min(1.0, head.hi + 0.001))) == "fail"
    assert verdict(runs[0], Gate(metric="line_exact", min=head.value)) == "undecided"


def test_a_ceiling_is_a_floor_upside_down(runs: Runs) -> None:
    extra = runs[0].estimate("over_coded")
    assert verdict(runs[0], Gate(metric="over_coded", max=extra.hi + 0.01)) == "pass"
    assert verdict(runs[1], Gate(metric="over_coded", max=0.0001)) == "fail"


def test_equals_looks_at_the_figure_itself(runs: Runs) -> None:
    exact = runs[0].estimate("refusal_accuracy").value
    assert verdict(runs[0], Gate(metric="refusal_accuracy", equals=exact)) == "pass"
    assert verdict(runs[0], Gate(metric="refusal_accuracy", equals=0.5)) == "fail"


def test_no_drop_at_all_passes_and_a_missing_baseline_does_not(runs: Runs) -> None:
    rule = Gate(metric="line_exact", max_drop=0.2, versus="production")
    assert verdict(runs[0], rule, runs[0]) == "pass"
    assert verdict(runs[1], rule) == "undecided"


def test_the_first_version_has_nothing_to_drop_from(runs: Runs) -> None:
    assert runs[0].spec.supersedes is None
    assert verdict(runs[0], Gate(metric="line_exact", max_drop=0.02, versus="production")) == "pass"


def test_a_gate_may_stand_on_a_slice(runs: Runs) -> None:
    rule = Gate(metric="line_exact", max_drop=0.05, versus="production", scope="tag:mod25")
    assert verdict(runs[1], rule, runs[0]) == "fail"


def test_one_finding_fails_the_gate_at_any_number_of_cases(runs: Runs) -> None:
    found = Finding("sink.output", "case", 0, "an identifier in the output")
    leak = CheckResult("sink.output", "t", "45 CFR 164.502(b)", "current", 10_000, 0, 0, (found,))
    assert gate(replace(runs[0], checks=(leak,))).verdict == "fail"


def test_a_check_that_raised_fails_and_one_that_saw_nothing_is_no_pass(runs: Runs) -> None:
    raised = CheckResult("a", "t", "c", "current", 0, 0, 0, (), error="KeyError")
    blind = CheckResult("b", "t", "c", "current", 0, 0, 5, ())
    assert gate(replace(runs[0], checks=(raised,))).results[-1].verdict == "fail"
    assert gate(replace(runs[0], checks=(blind,))).results[-1].verdict == "undecided"


def test_an_incomplete_run_is_no_evidence(runs: Runs) -> None:
    report = gate(replace(runs[0], incomplete=1))
    assert (report.verdict, report.exit_code) == ("incomplete", 4)


def test_a_metric_that_raised_anywhere_fails_its_gate(runs: Runs) -> None:
    scores = replace(runs[0].scores, errors={"line_exact": {0: "KeyError"}})
    rule = Gate(metric="line_exact", min=0.0001)
    assert verdict(replace(runs[0], table=tabulate(scores)), rule) == "fail"


@pytest.mark.parametrize("key", ["run", "verdict", "results", "exit_code"])
def test_the_summary_has_what_a_machine_needs(runs: Runs, key: str) -> None:
    assert key in gate(runs[0]).summary()


def test_a_baseline_on_other_cases_is_refused_even_where_no_gate_looks_at_it(runs: Runs) -> None:
    other = replace(runs[0], header=replace(runs[0].header, dataset_digest="0" * 64))
    with pytest.raises(StatisticsError, match="different cases"):
        gate(with_gates(runs[1], Gate(metric="line_exact", min=0.1)), other)


def test_a_one_sided_bound_is_nearer_and_says_so(runs: Runs) -> None:
    lo, _ = one_sided(runs[0].column("case_exact"))
    assert lo > runs[0].estimate("case_exact").lo
    rule = Gate(metric="case_exact", min=lo - 1e-4)
    assert verdict(runs[0], rule) == "undecided"
    alone = Gate(metric="case_exact", min=lo - 1e-4, bound="one_sided")
    assert verdict(runs[0], alone) == "pass"
    assert "95 % bounds, each alone," in gate(with_gates(runs[0], alone)).results[0].what


def test_a_stored_run_is_judged_again_by_another_policy_without_a_call(runs: Runs) -> None:
    strict, loose = (with_gates(runs[0], Gate(metric="line_exact", min=floor)).spec for floor in (1.0, 0.01))
    names = [result.name for result in gate(runs[0], policy=strict).results]
    assert "line_exact >= 1" in names
    assert not any("drop" in name for name in names)
    assert gate(runs[0], policy=loose).results[0].verdict == "pass"


def test_a_policy_of_another_spec_is_refused(runs: Runs) -> None:
    with pytest.raises(SpecError, match="another spec"):
        gate(runs[0], policy=replace(runs[0].spec, id="intake"))


def test_an_exact_test_may_be_asked_for(runs: Runs) -> None:
    rule = Gate(metric="case_exact", max_drop=0.02, versus="production", test="exact")
    assert verdict(runs[1], rule, runs[0]) in {"fail", "undecided"}


def test_a_rise_of_a_rate_of_errors_is_what_its_gate_looks_at(runs: Runs) -> None:
    """A fall of over-coding by any amount is no change for the worse."""
    rule = Gate(metric="over_coded", max_drop=0.05, versus="production")
    assert verdict(runs[0], rule, runs[0]) == "pass"


def test_an_undecided_drop_says_what_the_pairs_can_see(runs: Runs) -> None:
    rule = Gate(metric="case_exact", max_drop=0.005, versus="production")
    result = gate(with_gates(runs[0], rule), runs[0]).results[0]
    assert result.verdict == "undecided"
    assert "see drops from" in result.what
