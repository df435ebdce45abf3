"""Simulated conversations a second on one core: held, journalled, checked.

Run: python benchmarks/conversation.py [--cases 480] [--trials 4] [--rounds 3] [--json]

A turn is one exchange: something heard (through the confusion model of its channel), what the tools did about it, and
what was said; an exchange has two utterances. Every step is timed on the same conversations:

- floor: the caller and the clinic alone, answered from a recording: no agent can be quicker on this stage;
- held: the offline agent by the runner, nothing written;
- journal: the same with every conversation sealed and on disk;
- turn checks: journal, and the two rules about conversations (what is said to whom, what tools are told);
- all checks: journal, and every rule of the boundary.

Only one worker runs, so all of it is one core's work. Rounds take turns; the table shows the middle and the spread.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from machine import describe, spread, table

from evalkit.agents.conversation import Conversation, Tools, Turn
from evalkit.boundary.conversations import RULES
from evalkit.boundary.suite import ALL, check
from evalkit.cases.case import Case
from evalkit.evaluation.pipeline import pair
from evalkit.executions.execution import Execution
from evalkit.executions.journal import Journal
from evalkit.executions.runner import Settings, execute
from evalkit.executions.talks import seated
from evalkit.tasks import load_spec, offline_agent, synthesize
from evalkit.tasks.patient_conversation.stage import stage
from evalkit.vault.keys import FileKeyring

SPEC = load_spec("patient_conversation@1.0.0")
ONE = Settings(concurrency=1)


def recorded(done: Sequence[Execution]) -> Callable[[Conversation, Tools], Turn]:
    """An agent that says and calls what was said and called before, as quickly as a look-up."""
    known = {
        f"{one.case_id}#{one.trial}" if one.trial else one.case_id: one.talk.exchanges for one in done if one.talk
    }  # fmt: skip
    refused = {one.case_id: one.refusal for one in done}

    def answer(conversation: Conversation, tools: Tools) -> Turn:
        exchange = known[conversation.request.request_id][len(conversation.exchanges)]
        for call in exchange.calls:
            tools(call.tool, **call.arguments)
        code = refused.get(conversation.request.request_id.partition("#")[0])
        return Turn(exchange.turn.say, exchange.turn.end, code)

    return answer


def hold(cases: Sequence[Case], agent: object, trials: int) -> tuple[Execution, ...]:
    """Every conversation, one after another."""
    return execute(cases, agent, spec_ref=SPEC.ref, trials=trials, settings=ONE)  # type: ignore[arg-type]


def hold_sealed(cases: Sequence[Case], agent: object, trials: int) -> tuple[Execution, ...]:
    """The same, with a journal made, filled and closed in a folder of the current one."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        keyring = FileKeyring(Path(folder) / "keys" / "keyring.json")
        with Journal.create(Path(folder) / "run.db", {"run_id": "bench"}, keyring) as journal:
            return execute(
                cases, agent, spec_ref=SPEC.ref, trials=trials, settings=ONE, journal=journal  # type: ignore[arg-type]
            )  # fmt: skip


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=480)
    options.add_argument("--trials", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()

    cases = synthesize(SPEC, n=asked.cases, seed=7).cases
    agent = offline_agent(SPEC)
    done = hold(cases, agent, asked.trials)  # the first conversation trains the intent model: not measured
    turns = sum(len(one.talk.exchanges) for one in done if one.talk is not None)
    replaying = seated(recorded(done), stage)
    held = hold(cases, replaying, asked.trials)
    assert sum(len(one.talk.exchanges) for one in held if one.talk is not None) == turns

    def checked(rules: object) -> None:
        check(SPEC, pair(cases, hold_sealed(cases, agent, asked.trials)), rules=rules)  # type: ignore[arg-type]

    steps: dict[str, Callable[[], object]] = {
        "floor": partial(hold, cases, replaying, asked.trials),
        "held": partial(hold, cases, agent, asked.trials),
        "journal": partial(hold_sealed, cases, agent, asked.trials),
        "turn checks": partial(checked, RULES),
        "all checks": partial(checked, (*ALL, *RULES)),
    }
    figures: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(asked.rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            figures[name].append(turns / (time.process_time() - start))
    if asked.json:
        print(json.dumps({"turns": turns, "conversations": len(done), "turns_per_second": figures}))
        return
    print(f"{len(done)} conversations, {turns} turns, one core of {describe()}; seconds of processor time\n")
    rows = [(name, spread(values, "turns/s", 4), spread([2 * one for one in values], "utterances/s", 4))
            for name, values in figures.items()]  # fmt: skip
    print(table(["step", "turns", "utterances"], rows))


if __name__ == "__main__":
    main()
