"""Degenerate agents for note_summary: what a score is worth is seen beside theirs.

None of them is bound by the spec; they are there to be beaten, and to show which metric a copy would win.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalkit.agents.agent import Agent, Refusal, Reply, Request
from evalkit.agents.scripted import case_of
from evalkit.cases.case import Case
from evalkit.tasks.note_summary.dialogue import split_turns


def copy(_cases: Sequence[Case]) -> Agent:
    """Gives the dialogue back as the note."""

    def copy_the_transcript(request: Request) -> Reply:
        return Reply("ok", {"note": _dialogue(request)})

    return copy_the_transcript


def longest_turn(_cases: Sequence[Case]) -> Agent:
    """Gives the longest thing that the doctor said, which is often the plan."""

    def give_the_longest_turn(request: Request) -> Reply:
        said = [turn.said for turn in split_turns(_dialogue(request)) if turn.speaker == "doctor"]
        return Reply("ok", {"note": max(said, key=len, default="")})

    return give_the_longest_turn


def human_reference(cases: Sequence[Case]) -> Agent:
    """Gives the clinician's own note: what a metric says of a note that is right."""
    notes = {case.case_id: case.gold.get("note", "") for case in cases}

    def give_the_reference(request: Request) -> Reply:
        return Reply("ok", {"note": notes[case_of(request.request_id)[0]]})

    return give_the_reference


def refuse_all(_cases: Sequence[Case]) -> Agent:
    """Refuses everything: perfectly safe, and of no use."""

    def refuse(_request: Request) -> Reply:
        return Reply("refused", refusal=Refusal("CONSENT_MISSING"))

    return refuse


def _dialogue(request: Request) -> str:
    dialogue = request.input.get("dialogue")
    return dialogue if isinstance(dialogue, str) else ""


BASELINES: Mapping[str, Callable[[Sequence[Case]], Agent]] = {
    "copy": copy,
    "longest-turn": longest_turn,
    "human-reference": human_reference,
    "refuse-all": refuse_all,
}
