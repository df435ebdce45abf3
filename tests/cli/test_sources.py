"""Cases and agents from the words of the command line."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from evalkit import tasks
from evalkit.agents.agent import Reply, Request, agent_id
from evalkit.agents.endpoint import Endpoint
from evalkit.agents.faulty import FAULTS, Faulty
from evalkit.agents.replay import Replay
from evalkit.cases.goldset import save_gold
from evalkit.cli.sources import agent_option, case_options, find_agent, find_cases
from evalkit.errors import AgentError, CaseError, EvalkitError, JournalError, RecordedError
from evalkit.evaluation.recordings import save_recording
from evalkit.executions.execution import Execution
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, synthesize

pytestmark = pytest.mark.usefixtures("workspace")
TOKEN = "EVALKIT_AGENT_TOKEN"
FORMS = ("rules", "replay:NAME", "faulty:FAULT", "python:MODULE:FUNCTION", "https://")


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec("billing_codes@1.0.0")


@pytest.fixture(autouse=True)
def own_path() -> Iterator[None]:
    """The import path is given back as it was."""
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture
def module() -> Iterator[str]:
    """A module in the current folder with an agent, a number and a class."""
    name = "agents_of_mine"
    Path(f"{name}.py").write_text(
        "from evalkit import Reply\n"
        "def agent(request):\n    return Reply('ok', output={'lines': []})\n"
        "async def slow(request):\n    return Reply('ok', output={'lines': []})\n"
        "number = 3\n",
        encoding="utf-8",
    )
    importlib.invalidate_caches()
    yield name
    sys.modules.pop(name, None)


def shown(*words: str) -> tuple[int, str]:
    """What a command with both sets of options is handed."""

    @click.command()
    @case_options
    @agent_option
    def command(count: int | None, seed: int, gold: str | None, agent_text: str) -> None:
        click.echo(f"{count} {seed} {gold} {agent_text}")

    done = CliRunner().invoke(command, words)
    return done.exit_code, done.output.strip()


@pytest.mark.parametrize(
    ("words", "handed"),
    [
        ((), "None 7 None rules"),
        (("--synthesize", "12"), "12 7 None rules"),
        (("--seed", "3"), "None 3 None rules"),
        (("--gold", "mine@2"), "None 7 mine@2 rules"),
        (("--agent", "replay:system"), "None 7 None replay:system"),
    ],
)
def test_options_are_handed_on_as_they_are_typed(words: tuple[str, ...], handed: str) -> None:
    assert shown(*words) == (0, handed)


@pytest.mark.parametrize(
    "words", [("--synthesize", "0"), ("--synthesize", "-1"), ("--synthesize", "x"), ("--seed", "x")]
)
def test_a_number_that_makes_no_sense_is_usage(words: tuple[str, str]) -> None:
    assert shown(*words)[0] == 2


def test_without_a_word_400_cases_are_made(spec: Spec) -> None:
    assert find_cases(spec, None, 7, None).digest == synthesize(spec, n=400, seed=7).digest


@pytest.mark.parametrize(("count", "seed"), [(1, 7), (5, 7), (5, 8)])
def test_count_and_seed_decide_which_cases_are_made(spec: Spec, count: int, seed: int) -> None:
    assert find_cases(spec, count, seed, None).digest == synthesize(spec, n=count, seed=seed).digest


@pytest.mark.parametrize(("ref", "size"), [("mine", 4), ("mine@1", 3), ("mine@2", 4)])
def test_a_stored_gold_set_is_taken_by_name_and_version(spec: Spec, ref: str, size: int) -> None:
    for count in (3, 4):
        save_gold(Path("datasets"), "mine", synthesize(spec, n=count, seed=1))
    assert len(find_cases(spec, None, 7, ref)) == size


def test_the_seed_does_not_touch_a_stored_gold_set(spec: Spec) -> None:
    save_gold(Path("datasets"), "mine", synthesize(spec, n=3, seed=1))
    assert find_cases(spec, None, 1, "mine").digest == find_cases(spec, None, 2, "mine").digest


def test_two_sources_of_cases_are_refused_even_where_the_gold_set_is_not_there(spec: Spec) -> None:
    with pytest.raises(CaseError, match="both given -> choose one source"):
        find_cases(spec, 5, 7, "nowhere")


@pytest.mark.parametrize("ref", ["nowhere", "mine@first", ""])
def test_a_gold_set_that_is_not_there_is_refused(spec: Spec, ref: str) -> None:
    with pytest.raises(CaseError):
        find_cases(spec, None, 7, ref)


def test_a_family_without_made_up_cases_points_at_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    family = replace(tasks.FAMILIES["note_summary"], make_case=None)
    monkeypatch.setattr(tasks, "FAMILIES", {"note_summary": family})
    with pytest.raises(CaseError, match="evalkit import"):
        find_cases(load_spec("note_summary"), 5, 7, None)


def test_rules_is_the_offline_agent_of_the_spec(spec: Spec) -> None:
    assert agent_id(find_agent("rules", spec)) == agent_id(offline_agent(spec))


@pytest.mark.parametrize("fault", ["leak_output", "ignore_consent", "oversend"])
def test_a_fault_is_put_into_the_offline_agent(spec: Spec, fault: str) -> None:
    agent = find_agent(f"faulty:{fault}", spec)
    assert isinstance(agent, Faulty)
    assert (agent.fault, agent.rate) == (fault, 1.0)
    assert agent_id(agent.agent) == agent_id(offline_agent(spec))


def test_an_unknown_fault_lists_those_that_there_are(spec: Spec) -> None:
    with pytest.raises(AgentError) as refused:
        find_agent("faulty:typo", spec)
    assert all(fault in str(refused.value) for fault in FAULTS)


def test_a_recording_is_replayed_by_its_name(spec: Spec) -> None:
    save_recording("system", [Execution("c-1", 0, Reply("ok", output={"lines": [], "n": 3}))])
    agent = find_agent("replay:system", spec)
    assert isinstance(agent, Replay)
    assert agent(Request("c-1", spec.ref, {}, {})).output == {"lines": [], "n": 3}


@pytest.mark.parametrize(("text", "error"), [("replay:nobody", RecordedError), ("replay:../out", JournalError)])
def test_a_recording_that_is_not_there_is_refused(spec: Spec, text: str, error: type[EvalkitError]) -> None:
    with pytest.raises(error):
        find_agent(text, spec)


def test_a_function_in_the_current_folder_is_the_agent(spec: Spec, module: str) -> None:
    reply = find_agent(f"python:{module}:agent", spec)(Request("c-1", spec.ref, {}, {}))
    assert isinstance(reply, Reply)
    assert reply.output == {"lines": []}


def test_an_async_function_is_an_agent_too(spec: Spec, module: str) -> None:
    assert find_agent(f"python:{module}:slow", spec).__name__ == "slow"  # type: ignore[attr-defined]


def test_the_current_folder_is_put_on_the_path_once(spec: Spec, module: str) -> None:
    for _ in range(2):
        find_agent(f"python:{module}:agent", spec)
    assert sys.path.count(str(Path.cwd())) == 1


@pytest.mark.parametrize("path", ["no.such.module:agent", "json:no_such_function", "json", "json:", "json:loads:more"])
def test_a_module_or_function_that_is_not_there_is_one_clear_error(spec: Spec, path: str) -> None:
    with pytest.raises(AgentError, match="cannot be loaded .* -> run from the folder of the module"):
        find_agent(f"python:{path}", spec)


def test_what_cannot_be_called_is_no_agent(spec: Spec, module: str) -> None:
    with pytest.raises(AgentError, match="not callable"):
        find_agent(f"python:{module}:number", spec)


@pytest.mark.parametrize("url", ["https://agent.example/v1", "http://127.0.0.1:8080/v1", "http://localhost:8080/v1"])
def test_an_address_is_an_endpoint(spec: Spec, url: str) -> None:
    agent = find_agent(url, spec)
    assert isinstance(agent, Endpoint)
    assert url.split("/")[2] in agent.agent_id


@pytest.mark.parametrize("url", ["http://agent.example/v1", "https://me:secret@agent.example/", "https://", "https:"])
def test_an_unsafe_address_is_refused_without_showing_a_secret(spec: Spec, url: str) -> None:
    with pytest.raises(AgentError) as refused:
        find_agent(url, spec)
    assert "secret" not in str(refused.value)


def test_a_malformed_token_is_refused_and_not_shown(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "top secret\n")
    with pytest.raises(AgentError, match="token") as refused:
        find_agent("https://agent.example/v1", spec)
    assert "top secret" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oracle",
        "rules:",
        "RULES",
        "replay",
        "replay:",
        "faulty",
        "faulty:",
        "python",
        "python:",
        "ftp://host/",
        " rules",
    ],
)
def test_anything_else_lists_the_forms_that_there_are(spec: Spec, text: str) -> None:
    with pytest.raises(AgentError) as refused:
        find_agent(text, spec)
    assert refused.value.where == "--agent"
    assert all(form in str(refused.value.next_step) for form in FORMS)
