"""Degenerate agents, to print beside every score: what is reached without reading a word of the chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalkit.agents.agent import Agent, Refusal, Reply, Request
from evalkit.cases.case import Case

REFUSES_WITH = "CONSENT_MISSING"
ANSWERED_AFTER = 7
"""Days."""


def majority(cases: Sequence[Case]) -> Agent:
    """Gives every request the decision that is right most often, and every criterion its commonest status."""
    answers = [case.gold for case in cases if case.refusal is None and "decision" in case.gold]
    decision = _commonest([answer["decision"] for answer in answers]) or "pend"
    return _same(decision, statuses=_statuses(answers))


def approve_all(cases: Sequence[Case]) -> Agent:
    """Approves every request. Where most gold is approved this looks good: read the false approvals beside it."""
    return _same("approve", statuses=dict.fromkeys(_statuses([case.gold for case in cases]), "met"))


def refuse_all(_cases: Sequence[Case]) -> Agent:
    """Refuses every request with one code: perfectly safe, and of no use."""

    def refuse(_request: Request) -> Reply:
        return Reply("refused", refusal=Refusal(REFUSES_WITH))

    return refuse


def _same(decision: str, *, statuses: Mapping[str, str]) -> Agent:
    criteria = [{"id": name, "status": status, "evidence": []} for name, status in statuses.items()]

    def answer(_request: Request) -> Reply:
        output = {"decision": decision, "criteria": criteria, "missing": [], "letter": [], "confidence": 1.0,
                  "needs_review": False, "due_in_days": ANSWERED_AFTER}  # fmt: skip
        return Reply("ok", output, confidence=1.0)

    return answer


def _statuses(answers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    seen: dict[str, list[str]] = {}
    for answer in answers:
        for one in answer.get("criteria", ()):
            seen.setdefault(one["id"], []).append(one["status"])
    return {name: _commonest(found) for name, found in sorted(seen.items())}


def _commonest(words: Sequence[str]) -> str:
    """The earliest of the commonest words; empty where there are none."""
    return Counter(words).most_common(1)[0][0] if words else ""


BASELINES: dict[str, Callable[[Sequence[Case]], Agent]] = {
    "majority": majority,
    "approve-all": approve_all,
    "refuse-all": refuse_all,
}
"""Baselines by the name that reports print."""
