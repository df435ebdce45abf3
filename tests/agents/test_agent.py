from __future__ import annotations

import subprocess
import sys
from typing import Any

from evalkit.agents.agent import Refusal, Reply, Request, agent_id

SECRET = "Quillan Ostrander"


def one(_: Request) -> Reply:
    return Reply("ok", {"letter": "Seen."})


def test_a_function_is_named_with_a_digest_of_its_code() -> None:
    def edited(request: Request) -> Reply:
        return one(request)

    first = agent_id(edited)

    def edited(request: Request) -> Reply:  # type: ignore[no-redef]
        request.fields.items()
        return one(request)

    assert first.partition("@")[0] == agent_id(edited).partition("@")[0]
    assert first != agent_id(edited)


def test_an_edited_constant_makes_another_agent() -> None:
    source = "def letters(request):\n    def inner():\n        return 'PROMPT'\n    return inner()\n"
    made = []
    for prompt in ("be brief", "be long", "be brief"):
        scope: dict[str, Any] = {}
        exec(source.replace("PROMPT", prompt), scope)
        made.append(agent_id(scope["letters"]))
    assert made[0] == made[2] != made[1]


def test_an_agent_has_the_same_id_in_every_process() -> None:
    script = (
        "from evalkit.agents.agent import agent_id\n"
        "def letters(request):\n    return request in {'a', 'b', 'c', 'd'}\n"
        "print(agent_id(letters))"
    )
    seeds = ("1", "2", "3")
    runs = [
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in seeds
    ]
    assert len({run.stdout for run in runs}) == 1


def test_methods_of_one_class_are_different_agents() -> None:
    class Desk:
        def letters(self, request: Request) -> Reply:
            return one(request)

        def notes(self, request: Request) -> Reply:
            return Reply("ok", {"note": request.request_id})

    assert agent_id(Desk().letters).partition("@")[2] != agent_id(Desk().notes).partition("@")[2]
    assert not agent_id(Desk().letters).endswith("@builtin")


def test_a_callable_object_is_named_after_its_class() -> None:
    class Letters:
        def __call__(self, request: Request) -> Reply:
            return one(request)

    assert "Letters@" in agent_id(Letters())


def test_an_agent_may_name_itself() -> None:
    class Letters:
        agent_id = "letters@7"

        def __call__(self, request: Request) -> Reply:
            return one(request)

    assert agent_id(Letters()) == "letters@7"


def test_a_builtin_has_a_name_too() -> None:
    builtin: Any = {}.get
    assert agent_id(builtin)


def test_no_repr_shows_a_value() -> None:
    request = Request("case-1", "letters@1.0.0", {"note_text": SECRET}, {}, body=SECRET.encode())
    reply = Reply("ok", {"letter": SECRET}, received=({"note_text": SECRET},), stripped=(SECRET,))
    assert repr(request) == "Request(case-1, letters@1.0.0, 1 fields)"
    assert repr(reply) == "Reply(ok, 1 fields)"
    assert repr(Reply("refused", refusal=Refusal("NO_CHART", SECRET))) == "Reply(refused, NO_CHART, 0 fields)"


def test_fields_are_read_by_attribute() -> None:
    assert Request("case-1", "letters@1.0.0", {"note_text": "Seen."}, {}).fields.note_text == "Seen."
