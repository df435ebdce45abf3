from __future__ import annotations

import pytest

from evalkit.agents.agent import Refusal, Reply
from evalkit.boundary.providers import ask_allowed_models
from evalkit.cases.case import Case
from evalkit.executions.execution import Execution, Failure
from evalkit.spec.schema import Spec


@pytest.mark.parametrize("model_id", ["rules/offline", "rules/offline@1"])
def test_an_allowed_model_passes(spec: Spec, cases: tuple[Case, ...], model_id: str) -> None:
    assert ask_allowed_models(spec, cases[0], Execution("case", 0, Reply("ok", {}, model_id=model_id))) == ()


def test_another_model_is_a_finding_that_does_not_show_it(spec: Spec, cases: tuple[Case, ...]) -> None:
    answered = Execution("case", 0, Reply("ok", {}, model_id="Quillan Ostrander"))
    (found,) = ask_allowed_models(spec, cases[0], answered)
    assert (found.check_id, found.place) == ("model_policy", "model_id")  # type: ignore[union-attr]
    assert "Quillan" not in str(found)


def test_an_unnamed_model_proves_nothing(spec: Spec, cases: tuple[Case, ...]) -> None:
    assert ask_allowed_models(spec, cases[0], Execution("case", 0, Reply("ok", {}))) == "not_observed"


def test_where_no_model_was_asked_the_rule_is_left_out(spec: Spec, cases: tuple[Case, ...]) -> None:
    for execution in (
        Execution("case", 0, Reply("refused", refusal=Refusal("NO_CHART"))),
        Execution("case", 0, None, Failure("ValueError")),
    ):
        assert ask_allowed_models(spec, cases[0], execution) == "not_applicable"
