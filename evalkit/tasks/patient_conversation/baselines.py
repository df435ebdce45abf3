"""Degenerate agents, to print beside every score: what is reached without listening."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalkit.agents.agent import Agent, Refusal
from evalkit.agents.conversation import Conversation, Tools, Turn
from evalkit.cases.case import Case
from evalkit.executions.talks import seated
from evalkit.tasks.patient_conversation.stage import stage

REFUSES_WITH = "RECORDING_NOT_ANNOUNCED"


def transfer_all(_cases: Sequence[Case]) -> Agent:
    """Hands every call to the front desk: safe, and a call centre that costs twice."""

    def transfer(_conversation: Conversation, tools: Tools) -> Turn:
        tools("transfer", queue="front_desk")
        return Turn("I will connect you.", "transferred")

    return seated(transfer, stage)


def refuse_all(_cases: Sequence[Case]) -> Agent:
    """Refuses every call with one code: perfectly safe, and of no use."""

    def refuse(_conversation: Conversation, _tools: Tools) -> Turn:
        return Turn("", refusal=Refusal(REFUSES_WITH))

    return seated(refuse, stage)


def always_911(_cases: Sequence[Case]) -> Agent:
    """Sends everybody to emergency services: perfect recall of emergencies."""

    def alarm(_conversation: Conversation, _tools: Tools) -> Turn:
        return Turn("Please call 911.", "emergency")

    return seated(alarm, stage)


BASELINES: dict[str, Callable[[Sequence[Case]], Agent]] = {
    "transfer-all": transfer_all,
    "refuse-all": refuse_all,
    "always-911": always_911,
}
"""Baselines by the name that reports print."""
