"""What the commands take: cases, agents and runs, from the words of the command line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from evalkit.agents.agent import Agent
from evalkit.agents.endpoint import endpoint
from evalkit.agents.faulty import faulty
from evalkit.cases.case import GoldSet
from evalkit.errors import AgentError, CaseError
from evalkit.evaluation.datasets import load_gold
from evalkit.evaluation.recordings import load_recording
from evalkit.executions.talks import Seated
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent, seat, synthesize


def case_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say where cases come from."""
    for option in (
        click.option("--gold", metavar="NAME[@N]", help="A stored gold set; without @N its newest version."),
        click.option("--seed", type=int, default=7, show_default=True, help="Seed of synthetic cases."),
        click.option("--synthesize", "count", type=click.IntRange(1), metavar="N", help="Make N synthetic cases."),
    ):
        command = option(command)
    return command


def agent_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that names the agent under test."""
    return click.option(
        "--agent", "agent_text", default="rules", show_default=True, metavar="AGENT",
        help="rules | replay:NAME | faulty:FAULT | python:MODULE:FUNCTION | https://URL (see $EVALKIT_AGENT_TOKEN).",
    )(command)  # fmt: skip


def find_cases(spec: Spec, count: int | None, seed: int, gold: str | None) -> GoldSet:
    """Synthetic cases or a stored gold set, whichever is asked for; 400 synthetic cases otherwise."""
    if gold is None:
        return synthesize(spec, n=count or 400, seed=seed)
    if count is not None:
        raise CaseError("--gold and --synthesize both given", next_step="choose one source of cases")
    return load_gold(gold)


def find_agent(text: str, spec: Spec) -> Agent:
    """The agent that the option names. Raises AgentError with the forms that there are."""
    kind, _, rest = text.partition(":")
    if text == "rules":
        return offline_agent(spec)
    if kind == "replay" and rest:
        return load_recording(rest)
    if kind == "faulty" and rest:
        agent = offline_agent(spec)
        return agent.through(faulty(agent.asked, rest)) if isinstance(agent, Seated) else faulty(agent, rest)
    if kind == "python" and rest:
        return seat(spec, _import_agent(rest))
    if kind in {"https", "http"}:
        token, ca = os.environ.get("EVALKIT_AGENT_TOKEN"), os.environ.get("EVALKIT_AGENT_CA")
        return seat(spec, endpoint(text, token=token, ca=ca))
    raise AgentError(
        "no such kind of agent",
        where="--agent",
        next_step="use rules, replay:NAME, faulty:FAULT, python:MODULE:FUNCTION or an https:// address",
    )


def _import_agent(path: str) -> Agent:
    module, _, name = path.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        agent = getattr(importlib.import_module(module), name)
    except Exception as raised:  # noqa: BLE001  # importing a module runs it, and it may raise anything
        raise AgentError(
            f"the module or the function in it cannot be loaded ({type(raised).__name__})",
            where="--agent python:MODULE:FUNCTION",
            next_step="run from the folder of the module, and import it yourself to see why",
        ) from None
    if not callable(agent):
        raise AgentError(
            "what is named is not callable", where="--agent", next_step="name a function (request) -> Reply"
        )
    return agent  # type: ignore[no-any-return]
