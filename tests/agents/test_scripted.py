from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.agents.agent import Reply, Request, agent_id
from evalkit.agents.scripted import case_of, scripted
from evalkit.errors import AgentError


def ask(case_id: str) -> Request:
    return Request(case_id, "letters@1.0.0", {}, {})


def test_every_trial_of_a_case_gets_the_written_answer() -> None:
    reply = Reply("ok", {"letter": "Seen."})
    agent = scripted({"case-1": reply})
    assert agent(ask("case-1")) is reply
    assert agent(ask("case-1#2")) is reply


def test_a_written_exception_is_raised() -> None:
    with pytest.raises(ConnectionError):
        scripted({"case-1": ConnectionError("gone")})(ask("case-1"))


def test_other_cases_get_the_default_or_an_error() -> None:
    reply = Reply("ok", {})
    assert scripted({}, default=reply)(ask("case-9")) is reply
    with pytest.raises(AgentError, match="case-9"):
        scripted({})(ask("case-9"))


def test_a_scripted_agent_has_a_name() -> None:
    assert agent_id(scripted({})) == "scripted"


def test_its_repr_counts_answers_and_shows_none() -> None:
    assert repr(scripted({"case-1": Reply("ok", {"letter": "Ostrander"})})) == "Scripted(1 answers)"


@given(st.text(min_size=1, max_size=10), st.integers(1, 10**6))
def test_a_request_id_names_its_case_and_trial(case_id: str, trial: int) -> None:
    assert case_of(f"{case_id}#{trial}") == (case_id, trial)


@pytest.mark.parametrize("plain", ["case-1", "case#", "case#x", "case#١", "case#-1"])
def test_an_id_without_a_trial_is_trial_0(plain: str) -> None:
    assert case_of(plain) == (plain, 0)
