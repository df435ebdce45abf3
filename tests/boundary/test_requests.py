from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.agents.agent import Refusal, Reply, Usage
from evalkit.boundary import requests
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Failure
from evalkit.spec.schema import Spec

CHECK_OF = {
    "CONSENT_MISSING": requests.enforce_flags,
    "PART2_NO_CONSENT": requests.enforce_flags,
    "PURPOSE_NOT_PERMITTED": requests.enforce_flags,
    "MRN_INVALID": requests.enforce_identifiers,
    "NPI_INVALID": requests.enforce_identifiers,
    "DOS_IN_FUTURE": requests.enforce_dates,
    "WRONG_PATIENT": requests.enforce_one_patient,
    "FIELD_NOT_PERMITTED": requests.enforce_fields,
    "SCHEMA_INVALID": requests.enforce_fields,
    "NO_CHART": requests.enforce_content,
    "A_CODE_OF_AN_OLDER_SPEC": requests.enforce_content,
}
ENFORCERS = sorted(set(CHECK_OF.values()), key=lambda check: check.__name__)


def ran(**parts: Any) -> Execution:
    return Execution("case", 1, Reply(**parts))


@pytest.mark.parametrize("code", CHECK_OF)
def test_every_refusal_that_is_due_is_looked_after_by_exactly_one_rule(
    spec: Spec, cases: tuple[Case, ...], code: str
) -> None:
    case = replace(cases[0], refusal=code)
    answered = ran(status="ok", output={})
    found = {check: check(spec, case, answered) for check in ENFORCERS}
    applied = [check for check, outcome in found.items() if outcome != "not_applicable"]
    assert applied == [CHECK_OF[code]]


@pytest.mark.parametrize("status", ["ok", "needs_review"])
def test_an_answer_where_a_refusal_is_due_is_a_finding(spec: Spec, cases: tuple[Case, ...], status: Any) -> None:
    (found,) = requests.enforce_flags(spec, replace(cases[0], refusal="CONSENT_MISSING"), ran(status=status, output={}))
    assert (found.check_id, found.case_id, found.trial) == ("consent", "case", 1)
    assert "CONSENT_MISSING" in found.what


def test_any_refusal_holds_the_boundary(spec: Spec, cases: tuple[Case, ...]) -> None:
    refused = ran(status="refused", refusal=Refusal("SOMETHING_ELSE"))
    assert requests.enforce_flags(spec, replace(cases[0], refusal="CONSENT_MISSING"), refused) == ()


def test_a_failure_proves_nothing(spec: Spec, cases: tuple[Case, ...]) -> None:
    failed = Execution("case", 0, None, Failure("ValueError"))
    assert requests.enforce_flags(spec, replace(cases[0], refusal="CONSENT_MISSING"), failed) == "not_observed"


def test_a_case_with_an_answer_due_is_left_out(spec: Spec, cases: tuple[Case, ...]) -> None:
    for check in ENFORCERS:
        assert check(spec, cases[0], ran(status="ok", output={})) == "not_applicable"


@pytest.mark.parametrize(("parts", "outcome"), [
    ({"received": ()}, ()),
    ({"received": None}, "not_observed"),
    ({"received": ({"note_text": "x"},)}, 1),
    ({"received": None, "usage": Usage(model_calls=1)}, 1),
    ({"received": (), "usage": Usage(model_calls=2)}, 1),
])  # fmt: skip
def test_a_refused_request_reaches_no_model(spec: Spec, cases: tuple[Case, ...], parts: Any, outcome: Any) -> None:
    found = requests.call_no_model(spec, cases[0], ran(status="refused", refusal=Refusal("NO_CHART"), **parts))
    assert len(found) == 1 if outcome == 1 else found == outcome


def test_an_answered_request_may_reach_a_model(spec: Spec, cases: tuple[Case, ...]) -> None:
    answered = ran(status="ok", output={}, received=({},))
    assert requests.call_no_model(spec, cases[0], answered) == "not_applicable"
