from __future__ import annotations

import pytest

from evalkit.agents.agent import Reply, Request, agent_id
from evalkit.agents.replay import replay
from evalkit.errors import AgentError
from evalkit.executions.execution import Execution, Failure


def ask(request_id: str) -> Request:
    return Request(request_id, "letters@1.0.0", {}, {})


def letter(text: str) -> Reply:
    return Reply("ok", {"letter": text})


def test_a_case_recorded_once_answers_the_same_in_every_trial() -> None:
    agent = replay([Execution("case-1", 0, letter("one"))])
    assert agent(ask("case-1")) == agent(ask("case-1#1")) == letter("one")


def test_a_case_recorded_in_trials_answers_each_as_it_was() -> None:
    agent = replay([Execution("case-1", 0, letter("one")), Execution("case-1", 1, letter("two"))])
    assert agent(ask("case-1#1")) == letter("two")


def test_a_trial_beyond_the_recorded_ones_is_an_error() -> None:
    agent = replay([Execution("case-1", 0, letter("one")), Execution("case-1", 1, letter("two"))])
    with pytest.raises(AgentError, match="nothing is recorded"):
        agent(ask("case-1#2"))


def test_replies_by_case_are_a_recording() -> None:
    assert replay({"case-1": letter("one")})(ask("case-1")) == letter("one")


def test_a_case_whose_own_id_ends_like_a_trial_is_found() -> None:
    assert replay({"case#1": letter("one")})(ask("case#1")) == letter("one")


def test_an_unknown_case_is_an_error_that_names_it() -> None:
    with pytest.raises(AgentError, match="case-9"):
        replay({})(ask("case-9"))


def test_a_recorded_failure_fails_again_without_its_text() -> None:
    agent = replay([Execution("case-1", 0, None, Failure("ValueError", "Ostrander"))])
    with pytest.raises(AgentError) as caught:
        agent(ask("case-1"))
    assert "Ostrander" not in str(caught.value)


def test_one_trial_recorded_twice_is_refused() -> None:
    with pytest.raises(AgentError, match="twice"):
        replay([Execution("case-1", 0, letter("one")), Execution("case-1", 0, letter("two"))])


def test_the_agent_id_moves_with_what_was_recorded_and_not_with_its_order() -> None:
    one, two = Execution("case-1", 0, letter("one")), Execution("case-2", 0, letter("two"))
    assert agent_id(replay([one, two])) == agent_id(replay([two, one]))
    assert agent_id(replay([one])) != agent_id(replay([Execution("case-1", 0, letter("other"))]))


def test_a_recording_says_that_it_is_one() -> None:
    assert replay({}).recorded


def test_its_repr_counts_cases() -> None:
    assert repr(replay({"case-1": letter("Ostrander")})) == "Replay(1 cases)"
