"""Gates: pure functions of stored runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.errors import MetricError, SpecError, StatisticsError
from evalkit.evaluation.comparison import difference_of
from evalkit.evaluation.gates import GateReport, GateResult, gate
from evalkit.evaluation.run import Run, Stopped
from evalkit.evaluation.scoretable import tabulate
from evalkit.spec.schema import Gate
from evalkit.stats.intervals import one_sided

Build = Callable[..., Run]
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


# Runs built from columns: what happens exactly at a bound, one float beside it, and where figures are missing

EDGE = {"m": [True] * 40 + [False] * 10}


def above(bound: float) -> float:
    return math.nextafter(bound, 2.0)


def below(bound: float) -> float:
    return math.nextafter(bound, -2.0)


def test_a_floor_at_an_end_of_the_interval_counts_that_end_in(build: Build) -> None:
    run = build(EDGE)
    found = run.estimate("m")
    judged = [verdict(run, Gate(metric="m", min=floor)) for floor in (found.lo, above(found.lo))]
    assert judged == ["pass", "undecided"]
    judged = [verdict(run, Gate(metric="m", min=floor)) for floor in (found.hi, above(found.hi))]
    assert judged == ["undecided", "fail"]


def test_a_ceiling_at_an_end_of_the_interval_counts_that_end_in(build: Build) -> None:
    run = build(EDGE)
    found = run.estimate("m")
    judged = [verdict(run, Gate(metric="m", max=ceiling)) for ceiling in (found.hi, below(found.hi))]
    assert judged == ["pass", "undecided"]
    judged = [verdict(run, Gate(metric="m", max=ceiling)) for ceiling in (found.lo, below(found.lo))]
    assert judged == ["undecided", "fail"]


def test_equals_forgives_no_rounding(build: Build) -> None:
    run = build({"m": [True] * 7})
    assert verdict(run, Gate(metric="m", equals=1.0)) == "pass"
    assert verdict(run, Gate(metric="m", equals=below(1.0))) == "fail"


def test_a_drop_of_exactly_the_margin_is_not_excluded(build: Build) -> None:
    """The 90 % interval ends at the margin: open. One float more of margin excludes it."""
    before, after = build({"m": [True] * 200}), build({"m": [True] * 199 + [False]}, version=1)
    end = -difference_of(before, after, "m").lo90
    for margin, judged in ((end, "undecided"), (above(end), "pass")):
        assert verdict(after, Gate(metric="m", max_drop=margin, versus="production"), before) == judged


def test_a_sure_drop_fails_at_the_end_of_its_interval_and_passes_beyond_it(build: Build) -> None:
    before, after = build({"m": [True] * 200}), build({"m": [True] * 150 + [False] * 50}, version=1)
    end = -difference_of(before, after, "m").lo90
    assert difference_of(before, after, "m").verdict == "regressed"
    for margin, judged in ((end, "fail"), (above(end), "pass")):
        assert verdict(after, Gate(metric="m", max_drop=margin, versus="production"), before) == judged


def test_for_a_metric_that_should_be_low_it_is_the_rise_that_is_held_to_the_margin(build: Build) -> None:
    low = {"lower_is_better": frozenset({"m"})}
    before, after = build({"m": [False] * 200}, **low), build({"m": [False] * 150 + [True] * 50}, version=1, **low)
    end = difference_of(before, after, "m").hi90
    for margin, judged in ((end, "fail"), (above(end), "pass")):
        assert verdict(after, Gate(metric="m", max_drop=margin, versus="production"), before) == judged
    assert verdict(before, Gate(metric="m", max_drop=0.001, versus="production"), after) == "pass"


@pytest.mark.parametrize(("missing", "judged"), [(4, "pass"), (5, "undecided")])
def test_more_than_two_percent_of_missing_pairs_leave_a_drop_open(build: Build, missing: int, judged: str) -> None:
    before, after = build({"m": [True] * 200}), build({"m": [None] * missing + [True] * (200 - missing)}, version=1)
    assert verdict(after, Gate(metric="m", max_drop=0.5, versus="production"), before) == judged


def test_a_gate_may_name_its_own_level(build: Build) -> None:
    before, after = build({"m": [True] * 100}), build({"m": [False] * 5 + [True] * 95}, version=1)
    p = difference_of(before, after, "m").p_value
    for alpha, judged in ((p, "fail"), (below(p), "undecided")):
        rule = Gate(metric="m", max_drop=0.01, versus="production", alpha=alpha)
        assert verdict(after, rule, before) == judged


@pytest.mark.parametrize(
    "bound", [{"min": 0.1}, {"max": 0.9}, {"equals": 1}, {"max_drop": 0.02, "versus": "production"}]
)
def test_a_gate_on_a_slice_that_nobody_carries_is_undecided(build: Build, bound: dict[str, Any]) -> None:
    rule = Gate(metric="m", scope="tag:nowhere", **bound)
    report = gate(with_gates(build(EDGE), rule), build(EDGE))
    assert report.verdict == "undecided"
    assert report.exit_code == 3
    assert report.results[0].what == "no case of this run carries the tag: nothing is known"


def test_a_gate_on_a_metric_that_applied_to_no_case_is_undecided_and_fails_where_it_raised(build: Build) -> None:
    rule = Gate(metric="m", min=0.1)
    silent = build({"head": [True] * 30, "m": [None] * 30})
    assert gate(with_gates(silent, rule)).results[0].what == "it applied to no case of this run: nothing is known"
    assert verdict(silent, rule) == "undecided"
    raised = {"errors": {"m": dict.fromkeys(range(30), "KeyError")}}
    assert verdict(build({"head": [True] * 30, "m": [None] * 30}, given=raised), rule) == "fail"


def test_a_gate_on_a_metric_that_nobody_computed_is_a_mistake_in_one_line(build: Build) -> None:
    with pytest.raises(MetricError, match="no estimate of nothing on all") as refused:
        verdict(build(EDGE), Gate(metric="nothing", min=0.1))
    assert "\n" not in str(refused.value)


def test_few_clusters_and_missing_pairs_stand_beside_a_verdict(build: Build) -> None:
    few = {"clusters": [f"p{row % 8}" for row in range(200)]}
    before = build({"m": [True] * 200}, given=few)
    after = build({"m": [None] * 2 + [False] * 20 + [True] * 178}, given=few, version=1)
    seen = gate(with_gates(after, Gate(metric="m", min=0.1, max_drop=0.02, versus="production")), before).results
    assert "198 cases in 8 clusters: few independent units" in seen[0].what
    assert "198 pairs in 8 clusters: few independent units" in seen[1].what
    assert "2 cases left out: only one of the two runs has a value" in seen[1].what


def test_one_case_passes_no_floor_and_fails_none_that_it_does_not_exclude(build: Build) -> None:
    one = build({"m": [True]})
    assert verdict(one, Gate(metric="m", min=0.5)) == "undecided"
    assert "100.0 %" in gate(with_gates(one, Gate(metric="m", min=0.5))).results[0].what
    assert "1 case" in gate(with_gates(one, Gate(metric="m", min=0.5))).results[0].what


def test_every_bound_of_one_rule_is_judged_and_named(build: Build) -> None:
    rule = Gate(metric="m", min=0.5, max=0.9995, equals=0.8, max_drop=0.25, versus="1.0.0", scope="tag:t")
    run = with_gates(build(EDGE, given={"tags": [("t",)] * 50}), rule)
    assert [(one.name, one.verdict) for one in gate(run, run).results] == [
        ("m on tag:t >= 0.5", "pass"),
        ("m on tag:t <= 0.9995", "pass"),
        ("m on tag:t = 0.8", "pass"),
        ("m on tag:t drop <= 25 points versus 1.0.0", "pass"),
    ]


def stopped_at(run: Run, margin: float, decision: str = "noninferior", baseline: str = "run-0") -> Run:
    return replace(run, stopped=Stopped(decision, 50, 99, 40.0, margin, baseline))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("margin", "decision", "baseline", "judged"),
    [
        (0.05, "noninferior", "run-0", "pass"),
        (0.04, "noninferior", "run-0", "pass"),
        (0.06, "noninferior", "run-0", "undecided"),  # excluded a larger drop than the gate forbids
        (0.05, "noninferior", "run-7", "undecided"),
        (0.05, "improved", "run-0", "pass"),
        (0.05, "regressed", "run-0", "fail"),
    ],
)
def test_a_stopped_run_is_judged_by_the_drop_that_was_watched(
    build: Build, margin: float, decision: str, baseline: str, judged: str
) -> None:
    run = stopped_at(build({"m": [True] * 35 + [False] * 15}, version=1), margin, decision, baseline)
    assert verdict(run, Gate(metric="m", max_drop=0.05, versus="production"), build(EDGE)) == judged


def test_a_stopped_run_passes_no_figure_and_may_fail_one(build: Build) -> None:
    run = stopped_at(build(EDGE), 0.05)
    rules = (
        Gate(metric="m", min=0.1),
        Gate(metric="m", max=0.99),
        Gate(metric="m", equals=0.8),
        Gate(metric="m", min=0.99),
    )
    judged = gate(with_gates(run, *rules)).results
    assert [one.verdict for one in judged] == ["undecided", "undecided", "undecided", "fail"]
    assert all("stopped after 50 of 99 cases" in one.what for one in judged)


@pytest.mark.parametrize(
    ("verdicts", "worst", "code"),
    [
        ([], "pass", 0),
        (["pass", "undecided"], "undecided", 3),
        (["undecided", "fail", "pass"], "fail", 1),
        (["fail", "incomplete"], "incomplete", 4),
    ],
)
def test_the_worst_result_is_the_verdict_and_the_exit_code(
    build: Build, verdicts: list[str], worst: str, code: int
) -> None:
    results = tuple(GateResult(f"gate {at}", one, "seen") for at, one in enumerate(verdicts))  # type: ignore[arg-type]
    report = GateReport(build(EDGE).header, None, results)
    assert (report.verdict, report.exit_code, report.summary()["verdict"]) == (worst, code, worst)
    failed = verdicts.count("fail")
    assert repr(report) == f"GateReport(billing_codes@1.0.0: {worst}, {failed} of {len(verdicts)} failed)"


def test_refusals_that_nobody_asked_for_and_checks_that_applied_to_nothing_are_told_apart(build: Build) -> None:
    idle = CheckResult("idle", "t", "c", "current", 0, 50, 0, ())
    half = CheckResult("half", "t", "c", "current", 30, 0, 20, ())
    report = gate(with_gates(build(EDGE, checks=(idle, half), unprobed=("consent", "age"))))
    assert [(one.name, one.verdict, one.what) for one in report.results] == [
        ("boundary: idle", "pass", "nothing here that it applies to"),
        ("boundary: half", "pass", "30 executions, not observed in 20"),
        ("boundary: every refusal asked for", "undecided", "no request was made for consent, age"),
    ]


def test_a_gate_card_keeps_hostile_names_as_text(build: Build) -> None:
    hostile = "<img src=x>\u202e"
    report = GateReport(build(EDGE).header, None, (GateResult(hostile, "fail", hostile),))
    assert "<img" not in report._repr_html_()
    assert report._repr_html_().count("&lt;img src=x&gt;\\u202e") == 2
