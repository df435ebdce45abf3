"""A gate that cannot see its own margin says so when it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.cases.case import GoldSet
from evalkit.evaluation.sight import measure_sight
from evalkit.spec.schema import Gate, Spec
from evalkit.stats.power import cases_needed, largest_rho
from evalkit.tasks import synthesize


def with_gates(spec: Spec, *gates: Gate) -> Spec:
    return replace(spec, gates=gates)


def test_a_small_gold_set_cannot_see_two_points(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    (sight,) = measure_sight(specs[0], gold.cases)
    assert not sight.sees
    assert sight.cases == sum(case.refusal is None for case in gold)
    assert sight.need == cases_needed(0.90, 0.88)
    assert "the margin needs" in str(sight)
    assert "cannot see" in sight._repr_html_()


def test_a_wide_margin_is_seen(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    spec = with_gates(specs[0], Gate(metric="line_exact", max_drop=0.15, versus="production"))
    (sight,) = measure_sight(spec, gold.cases)
    assert sight.sees
    assert sight.rate == pytest.approx(0.94)
    assert "is shown by" in str(sight)


def test_a_slice_has_the_cases_that_carry_its_tag(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    spec = with_gates(specs[0], Gate(metric="line_exact", scope="tag:mod25", max_drop=0.1, versus="production"))
    (sight,) = measure_sight(spec, gold.cases)
    assert sight.cases == sum("mod25" in case.tags and case.refusal is None for case in gold) > 0
    assert "tag:mod25" in str(sight)


def test_a_spec_without_a_gate_on_a_drop_has_nothing_to_see(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    assert measure_sight(with_gates(specs[0], Gate(metric="line_exact", min=0.9)), gold.cases) == ()


def test_more_cases_see_smaller_drops(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    few, many = (measure_sight(specs[0], synthesize(specs[0], n=n, seed=1).cases)[0] for n in (60, 240))
    assert many.mde < few.mde
    assert many.power > few.power


DROP = Gate(metric="line_exact", max_drop=0.05, versus="production")


def test_the_highest_floor_of_the_same_metric_and_scope_is_where_a_drop_starts(
    specs: tuple[Spec, Spec], gold: GoldSet
) -> None:
    floors = [Gate(metric="line_exact", min=low) for low in (0.8, 0.9)]
    elsewhere = [Gate(metric="case_exact", min=0.99), Gate(metric="line_exact", min=0.98, scope="tag:mod25")]
    (sight,) = measure_sight(with_gates(specs[0], DROP, *floors, *elsewhere), gold.cases)
    assert sight.rate == 0.9
    assert sight.need == cases_needed(0.9, 0.85)


def test_a_floor_below_the_margin_starts_at_the_margin_and_ends_at_nothing(
    specs: tuple[Spec, Spec], gold: GoldSet
) -> None:
    (sight,) = measure_sight(with_gates(specs[0], DROP, Gate(metric="line_exact", min=0.01)), gold.cases)
    assert sight.rate == 0.05
    assert sight.need == cases_needed(0.05, 0.0, rho=0.0)


def test_no_case_in_a_slice_sees_nothing_and_says_so(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    (sight,) = measure_sight(with_gates(specs[0], DROP.model_copy(update={"scope": "tag:none"})), gold.cases)
    assert (sight.cases, sight.power, sight.sees) == (0, 0.0, False)
    assert sight.mde == sight.rate
    assert "by 0 cases with chance 0.00 only" in str(sight)


def test_exactly_the_cases_that_are_needed_see(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    (sight,) = measure_sight(with_gates(specs[0], DROP), gold.cases)
    assert replace(sight, cases=sight.need).sees
    assert not replace(sight, cases=sight.need - 1).sees
    assert replace(sight, cases=sight.need)._repr_html_() != sight._repr_html_()


def test_versions_that_hardly_correlate_need_more_cases(specs: tuple[Spec, Spec], gold: GoldSet) -> None:
    near, far = (measure_sight(with_gates(specs[0], DROP), gold.cases, rho=rho)[0] for rho in (0.5, 0.0))
    assert far.need > near.need
    assert far.power < near.power
    most = measure_sight(with_gates(specs[0], DROP), gold.cases, rho=0.99)[0]
    assert most.need == cases_needed(0.94, 0.94 - 0.05, rho=largest_rho(0.94, 0.94 - 0.05))
