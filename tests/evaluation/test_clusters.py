"""Clusters by a field of the cases that a run was made on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.cases.case import GoldSet
from evalkit.errors import CaseError, StatisticsError
from evalkit.evaluation.clusters import find_cases, read_by
from evalkit.evaluation.run import Run


def test_the_cases_of_a_synthetic_run_are_made_again(runs: tuple[Run, Run], gold: GoldSet) -> None:
    assert find_cases(runs[0]).digest == gold.digest


@pytest.mark.parametrize("field", ["template", "doc_type", "rendering_npi"])
def test_a_field_of_the_maker_or_of_the_request_ties_cases_together(
    runs: tuple[Run, Run], gold: GoldSet, field: str
) -> None:
    read = read_by(runs[0], cluster=field)
    values = [case.provenance.get(field, case.input.get(field)) for case in gold]
    assert len(set(read.table.clusters)) == len(set(values))
    assert str(read.units) == f"clusters by {field}"


def test_a_value_of_a_request_is_nowhere_in_the_run_that_it_clusters(runs: tuple[Run, Run], gold: GoldSet) -> None:
    clusters = read_by(runs[0], cluster="patient_mrn").table.clusters
    assert not {str(case.input["patient_mrn"]) for case in gold} & set(clusters)


def test_a_field_that_no_case_has_is_refused(runs: tuple[Run, Run]) -> None:
    with pytest.raises(StatisticsError, match="no case has the field"):
        read_by(runs[0], cluster="ward")


def test_cases_that_are_not_those_of_the_run_are_refused(runs: tuple[Run, Run]) -> None:
    for changes in ({"dataset_digest": "0" * 64}, {"dataset_name": "somewhere@3"}, {"cases": 7}):
        run = replace(runs[0], header=replace(runs[0].header, **changes))
        with pytest.raises(CaseError, match="not to be found") as refused:
            read_by(run, cluster="template")
        assert "--gold" in str(refused.value)
