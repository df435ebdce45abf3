"""The offline agent: a dialogue machine that executes the tables of a conversation spec.

What a caller says becomes an event (`hearing`); the first row of *States* for state, event and guard says what is done
and which state comes next; what is done may be an event again. It reads words, it does not understand them: what no
cue, example utterance or form of a date covers is answered by asking again, and at last by a person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evalkit.agents.conversation import Conversation, Tools, Turn
from evalkit.errors import SpecError
from evalkit.spec.schema import Spec
from evalkit.tasks.patient_conversation.dialogue import Dialogue, Knowledge
from evalkit.tasks.patient_conversation.hearing import hear
from evalkit.tasks.patient_conversation.services import ACTIONS, transfer
from evalkit.tasks.patient_conversation.tables import ANY, END, STAY

AGENT_ID = "dialogue/offline@1"
MOST_STEPS = 12
"""Rows of *States* that one turn may take."""
_ENDS = {"call_911": "emergency", "leave_message": "message"}


def rules(spec: Spec) -> DialogueAgent:
    """The agent of a spec. Raises SpecError where its tables cannot be executed."""
    intents = spec.tables["Intents"].rows
    if len(intents) < 3:
        raise SpecError(
            "fewer than three intents cannot be told apart", where=f"{spec.path}:{spec.tables['Intents'].line}",
            next_step="add rows to Intents",
        )  # fmt: skip
    for state, event in (("open", "private"), ("open", "public"), ("open", "unclear"), ("verify", "found")):
        if not any(
            row.cells["on"] == event and {state, ANY} & set(row.cells["in"]) for row in spec.tables["States"].rows
        ):
            raise SpecError(
                f"no row says what happens on {event} in {state}", where=f"{spec.path}:{spec.tables['States'].line}",
                next_step="add a row to States",
            )  # fmt: skip
    return DialogueAgent(spec)


class DialogueAgent:
    """A spec, callable as a conversing agent. Made by `rules`."""

    __slots__ = ("_known", "_spec", "agent_id")

    model_id = AGENT_ID.partition("@")[0]

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._known: Knowledge | None = None
        self.agent_id = f"{AGENT_ID}+{spec.behaviour_sha[:8]}"

    def __call__(self, conversation: Conversation, tools: Tools) -> Turn:
        """One turn."""
        known = self._known = self._known or Knowledge(self._spec)  # it learns when first asked, not when read
        dialogue = conversation.memory.setdefault(
            "dialogue", Dialogue(conversation.request.input.get("session_date", ""))
        )
        event = hear(known, dialogue, conversation.heard)
        return _run(known, dialogue, event, tools)

    def __repr__(self) -> str:
        return f"DialogueAgent({self.agent_id})"


def _run(known: Knowledge, dialogue: Dialogue, event: str, tools: Tools) -> Turn:
    """Step through the rows of *States* until somebody has to speak."""
    said: list[str] = []
    trace: list[str] = list(dialogue.heard_rows)
    for _ in range(MOST_STEPS):
        row = known.step(dialogue, event)
        if row is None:
            event = "unclear" if event != "unclear" else "failed"
            row = known.step(dialogue, event)
            if row is None:
                return _transfer_anyway(known, said, trace, tools)
        trace.append(row.row_id)
        do, then = row.cells["do"], row.cells["next"]
        words, happened = _do(do)(known, dialogue, tools)
        said += filter(None, [words])
        if then not in {STAY, END}:
            dialogue.state = then
        if then == END:
            end: Any = _ENDS.get(do, "transferred" if do.startswith("transfer") else "done")
            return Turn(known.proper(said), end, trace=tuple(dict.fromkeys(trace)))
        if happened is None:
            return Turn(known.proper(said), trace=tuple(dict.fromkeys(trace)))
        event = happened
    return _transfer_anyway(known, said, trace, tools)


def _transfer_anyway(known: Knowledge, said: list[str], trace: list[str], tools: Tools) -> Turn:
    """A person takes over where the tables lead nowhere."""
    tools("transfer", queue="front_desk")
    words = known.say("hand_over", queue="front desk")
    return Turn(known.proper([*said, words]), "transferred", trace=tuple(dict.fromkeys(trace)))


Action = Callable[[Knowledge, Dialogue, Tools], tuple[str, str | None]]


def _do(name: str) -> Action:
    head, _, queue = name.partition(":")
    return transfer(queue) if head == "transfer" else ACTIONS[name]
